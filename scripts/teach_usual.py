#!/usr/bin/env python3
"""Tells the encoder which questions a help centre usually answers.

Usage: python3 scripts/teach_usual.py DATA ENCODER [--kept-out SHOP ...]
DATA is what prepare_encoder_data.py reads, ENCODER the folder that teach_answers.py wrote; its weights get two tensors more,
and `xiaoer train` has to follow. Needs what train_encoder.py needs; a minute on two cores.

Whether a shop answers a question hangs on its articles first, but not alone: returns and delivery are in every help centre,
gift wrap for a company party is in few. A logistic regression over questions' vectors learns that from the lessons' questions,
those that their shops answer and those that they do not; both kinds count alike. It knows nothing of the shop's articles, so it
may lower what speaks for one and never rule it out: `knowledge/weigh.rs` weighs it with everything else. Shops that are kept
out, or were written later, are measured instead.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

import prepare_encoder_data
from shops import LANGS, shops_of
from teach_answers import TEXT_PIECES_MAX, encoded, encoder
from teachers import say
from train_encoder import Texts

STEPS, RATE, PULL = 400, 0.1, 1e-4


def asked(shops):
    """Places of the shops' questions, and whether they are answered."""
    answered = [place for shop in shops for lang in LANGS for _, place, _ in shop.asked[lang]]
    others = [place for shop in shops for lang in LANGS for place in shop.unanswered[lang]]
    return torch.tensor(answered + others), torch.tensor([1.0] * len(answered) + [0.0] * len(others))


def fitted(vectors, answered):
    weight, bias = torch.zeros(vectors.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=RATE)
    counts = torch.where(answered > 0, 0.5 / answered.sum(), 0.5 / (1 - answered).sum())
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        surprise = F.binary_cross_entropy_with_logits(vectors @ weight + bias, answered, weight=counts, reduction="sum")
        optimizer.zero_grad()
        (surprise + PULL * weight.square().sum()).backward()
        optimizer.step()
    return weight.detach(), bias.detach()


def told_apart(scores, answered):
    """Area under the curve: how often an answered question scores above one that is not."""
    ranks = np.argsort(np.argsort(scores.numpy())) + 1
    yes = answered.numpy() > 0
    return (ranks[yes].sum() - yes.sum() * (yes.sum() + 1) / 2) / (yes.sum() * (~yes).sum())


def main():
    parser = argparse.ArgumentParser()
    for name in ("data", "encoder"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--kept-out", nargs="*", default=[])
    args = parser.parse_args()
    fold, said = prepare_encoder_data.folding(args.data), []

    def add(text):
        said.append(fold(text))
        return len(said) - 1

    learnt, kept_out = shops_of(args.kept_out, add)
    net, tokenizer = encoder(args.encoder)
    vectors = encoded(net, Texts(tokenizer, said, TEXT_PIECES_MAX)).cpu()
    places, answered = asked(learnt)
    weight, bias = fitted(vectors[places], answered)
    for shop in kept_out:
        theirs, truth = asked([shop])
        say(f"{shop.name}: {told_apart(vectors[theirs] @ weight + bias, truth):.3f}")
    file = args.encoder / "model.safetensors"
    tensors = load_file(file)
    tensors |= {"usual.weight": weight, "usual.bias": bias}
    save_file(tensors, file, metadata={"format": "pt"})
    say(f"wrote {file}; now `xiaoer train`")


if __name__ == "__main__":
    main()
