#!/usr/bin/env python3
"""Teaches the encoder how pleased a review is, from those that people judged.

Usage: python3 scripts/teach_feeling.py DATA TEXTS ENCODER OUT [--steps N]
DATA and TEXTS as for teach_answers.py, ENCODER the folder that it wrote, OUT the folder to write. Needs what train_encoder.py
needs; ten minutes on two cores.

The teacher has said of every text how pleased it is, but its own idea of that is a short lesson old. Here each review is met about
once, so that none is learnt by heart. What the vectors and pieces of other texts mean stays: theirs must lie where they lay, those
of the lessons' help centres above all.
"""

import argparse
import random
import re
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import prepare_encoder_data
import train_encoder
from lesson import follow
from shops import shops_of
from teach_answers import encoded, encoder
from teachers import DEVICE, say
from train_encoder import EMBEDDINGS, REVIEW_PIECES_MAX, SEED, Drawn, Texts, table, thinned, write

REVIEWS, KNOWN = 48, 96  # of a step
ENGLISH_SHARE = 0.25  # of the reviews, which are mostly Chinese
MEASURED = 1_000  # reviews, of each language a half
KNOWN_TEXTS = 60_000  # of the encoder's lessons and of the help centres each
# What counts how much: pleasure, vectors staying, pieces staying.
WEIGHTS = (1.0, 20.0, 5.0)
RATES = {"net": 6e-4, "polarity": 2e-2}
WARM_UP_STEPS = 40
NEIGHBOURHOOD = 4_000


class School:
    def __init__(self, data, tables, net, tokenizer, rng):
        fold, said, chosen = prepare_encoder_data.folding(data), [], random.Random(SEED)
        shops_of((), lambda text: said.append(fold(text)))
        known = chosen.sample([row[2] for row in table(tables / "lessons.tsv")], KNOWN_TEXTS)
        self.known = Texts(tokenizer, known + chosen.sample(said, KNOWN_TEXTS), 96)
        self.before = encoded(net, self.known)
        judged = [(text, float(label)) for _, text, label in table(tables / "reviews.tsv") if label]
        chosen.shuffle(judged)
        han = [re.search("[\u4e00-\u9fff]", text) is not None for text, _ in judged]
        sides = [[row for row, chinese in zip(judged, han) if chinese == ours] for ours in (True, False)]
        self.measured = [row for side in sides for row in side[: MEASURED // 2]]
        sides = [side[MEASURED // 2 :] for side in sides]
        self.reviews = [Texts(tokenizer, [text for text, _ in side], REVIEW_PIECES_MAX) for side in sides]
        self.pleased = [torch.tensor([label for _, label in side], device=DEVICE) for side in sides]
        self.texts = Texts(tokenizer, [text for text, _ in self.measured], REVIEW_PIECES_MAX)
        self.draws = [Drawn(texts.lengths, rng) for texts in (self.known, *self.reviews)]
        self.rng = rng

    def losses(self, net, before):
        side = int(self.rng.random() < ENGLISH_SHARE)
        at = self.draws[1 + side].draw(REVIEWS)
        logits = net.polarity(net(thinned(self.reviews[side].take(at)))).squeeze(1) * 4
        pleasure = F.binary_cross_entropy_with_logits(logits, self.pleased[side][torch.from_numpy(at).to(DEVICE)])
        known = self.draws[0].draw(KNOWN)
        x, mask = net.states(self.known.take(known))
        moved = 1 - (net.pooled(x, mask) * self.before[torch.from_numpy(known).to(DEVICE)]).sum(1)
        with torch.no_grad():
            theirs, weights = before.pieces(*before.states(self.known.take(known)))
        ours, weights_now = net.pieces(x, mask)
        apart = ((1 - (ours * theirs).sum(2)) * mask.squeeze(2)).sum() / mask.sum()
        return torch.stack([pleasure, moved.mean(), apart + (weights - weights_now).abs().mean()])

    @torch.no_grad()
    def measure(self, net):
        vectors, half = encoded(net, self.texts, 64), MEASURED // 2
        right = (net.polarity(vectors).squeeze(1) > 0) == (torch.tensor([at for _, at in self.measured], device=DEVICE) > 0.5)
        say(f"kept-out reviews: Chinese {right[:half].float().mean():.3f}, English {right[half:].float().mean():.3f}")


def teach(net, before, school, steps):
    for name in EMBEDDINGS:
        getattr(net, name).requires_grad_(False)
    torch.nn.init.zeros_(net.polarity.weight)
    torch.nn.init.zeros_(net.polarity.bias)
    moving = [p for name, p in net.named_parameters() if not name.startswith("polarity") and name not in EMBEDDINGS]
    groups = [
        {"params": moving, "base": RATES["net"]},
        {"params": list(net.polarity.parameters()), "base": RATES["polarity"]},
    ]
    follow(lambda: school.losses(net, before), WEIGHTS, groups, WARM_UP_STEPS, steps, lambda: school.measure(net))


def main():
    parser = argparse.ArgumentParser()
    for name in ("data", "texts", "encoder", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=800)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    train_encoder.NEIGHBOURHOOD = NEIGHBOURHOOD
    (net, tokenizer), (before, _) = encoder(args.encoder), encoder(args.encoder)
    school = School(args.data, args.texts, net, tokenizer, np.random.default_rng(SEED))
    say(f"{[len(texts.lengths) for texts in school.reviews]} reviews, {len(school.known.lengths)} texts")
    teach(net, before, school, args.steps)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(args.out / "tokenizer.json"))
    write(net, tokenizer, args.out)
    say(f"wrote {args.out}; now teach_usual.py")


if __name__ == "__main__":
    main()
