#!/usr/bin/env python3
"""Tunes multilingual-e5-small to what the encoder will be used for, before it teaches.

Usage: python3 scripts/tune_teacher.py TEXTS E5 OUT [--steps N] [--kept-out SHOP ...]
TEXTS is what prepare_encoder_data.py wrote, E5 the file of multilingual-e5-small, OUT the file of weights to write. A minute on an
accelerator. Shops that are kept out are measured instead, and so are some reviews.

As it comes the teacher knows what texts mean. Here it learns, like the encoder after it (teach_answers.py), which article of a help
centre answers a question, in either language; that the two languages of a parallel sentence mean the same; and to hear pleasure
in reviews, by a linear function of its vector. A big net learns that from few examples better than a small one, and can then
say it of millions of texts. What its words mean by themselves stays.
"""

import argparse
import random
import re
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

import teachers
from lesson import follow
from shops import LANGS, shops_of
from teachers import DEVICE, say
from train_encoder import SEED, contrast, table

ASKED, UNANSWERED, SAME, PARALLEL, PAIRS, REVIEWS = 112, 16, 32, 64, 96, 64  # of a step
FOREIGN = 0.4  # chance that an article is there in the language that is not asked in
PAIRS_KNOWN = 60_000
REVIEWS_MEASURED = 2_000
TEMPERATURE = 0.02  # its vectors all point much the same way
POLARITY_SCALE = 20.0
# What counts how much: articles, the very sentence, what is not answered, one sentence of a shop in both languages, parallel
# sentences, pairs, pleasure.
WEIGHTS = (1.0, 0.3, 0.3, 0.3, 0.3, 0.3, 0.5)
RATES = {"net": 5e-5, "head": 2e-3}
WARM_UP_STEPS = 50
CHUNKS = 2  # texts of a step are seen by length, in so many parts


class School:
    def __init__(self, texts, teacher, kept_out):
        said = []

        def add(text):
            said.append(text)
            return len(said) - 1

        self.teacher, self.random = teacher, random.Random(SEED)
        self.shops, self.kept_out = shops_of(kept_out, add)
        lessons = {(a, b) for a, b, _ in table(texts / "lessons.tsv") if a and len(b) > 6 and re.search("[\u4e00-\u9fff]", b)}
        self.parallel = [(add(a), add(b)) for a, b in sorted(lessons)]
        self.pairs = [(add(a), add(b)) for a, b in self.random.sample(table(texts / "pairs.tsv"), PAIRS_KNOWN)]
        reviews = [(add(text), float(label)) for text, _, label in table(texts / "reviews.tsv") if label]
        self.random.shuffle(reviews)
        self.measured, self.reviews = reviews[:REVIEWS_MEASURED], reviews[REVIEWS_MEASURED:]
        self.ids = teacher.ids(said)
        head = torch.zeros(teacher.width + 1, device=DEVICE)
        self.head, self.edge = (torch.nn.Parameter(at) for at in (head, torch.tensor(0.85, device=DEVICE)))

    @torch.autocast(DEVICE, torch.bfloat16, enabled=DEVICE == "cuda")
    def see(self, places):
        """Vectors of texts, in their order."""
        rows = [self.ids[place] for place in places]
        order, vectors = np.argsort([len(row) for row in rows], kind="stable"), []
        for some in np.array_split(order, min(CHUNKS, len(order))):
            ids = np.zeros((len(some), len(rows[some[-1]])), dtype=np.int64)
            mask = np.zeros(ids.shape, dtype=bool)
            for to, at in enumerate(some):
                ids[to, : len(rows[at])], mask[to, : len(rows[at])] = rows[at], True
            ids, mask = (torch.from_numpy(array).to(DEVICE) for array in (ids, mask))
            vectors.append(self.teacher.forward(ids, mask))
        return torch.cat(vectors)[torch.from_numpy(np.argsort(order)).to(DEVICE)]

    def polarity(self, vectors):
        return POLARITY_SCALE * (vectors @ self.head[:-1]) + self.head[-1]

    def losses(self):
        shop, lang = random.choice(self.shops), random.choice(LANGS)
        asked = random.sample(shop.asked[lang], min(ASKED, len(shop.asked[lang])))
        but = {place for _, place, _ in asked}
        there, articles = shop.shelf(lang, FOREIGN)
        groups = [texts + shop.written(of, at, but) for at, (of, texts) in enumerate(zip(there, articles))]
        unanswered = random.sample(shop.unanswered[lang], min(UNANSWERED, len(shop.unanswered[lang])))
        reviews = self.random.sample(self.reviews, REVIEWS)
        parts = [
            [place for _, place, _ in asked],
            unanswered,
            [place for group in groups for place in group],
            *zip(*shop.both(SAME)),
            *zip(*self.random.sample(self.parallel, PARALLEL)),
            *zip(*self.random.sample(self.pairs, PAIRS)),
            [place for place, _ in reviews],
        ]
        seen = self.see([place for part in parts for place in part]).split(list(map(len, parts)))
        questions, others, texts, zh, en, english, chinese, left, right, heard = seen
        own = torch.tensor([at for at, _, _ in asked], device=DEVICE)
        near = by_article(questions @ texts.T, groups)
        whole = F.cross_entropy(torch.logsumexp(near / TEMPERATURE, 2), own)
        sentences = torch.tensor([len(article) - 1 for article in articles], device=DEVICE)
        beyond = torch.arange(near.shape[2] - 1, device=DEVICE)[None] >= sentences[own][:, None]
        mine = near[torch.arange(len(own), device=DEVICE), own]
        sentence = torch.tensor([at for _, _, at in asked], device=DEVICE)
        very = F.cross_entropy(mine[:, 1:].masked_fill(beyond, -1) / TEMPERATURE, sentence)
        missed = F.softplus((self.edge - mine.amax(1)) / TEMPERATURE).mean()
        imagined = F.softplus(((others @ texts.T).amax(1) - self.edge) / TEMPERATURE).mean()
        pleased = torch.tensor([label for _, label in reviews], device=DEVICE)
        pleasure = F.binary_cross_entropy_with_logits(self.polarity(heard), pleased)
        together = (drawn_together(*two) for two in ((zh, en), (english, chinese), (left, right)))
        return torch.stack([whole, very, (missed + imagined) / 2, *together, pleasure])

    @torch.no_grad()
    def measure(self):
        found, apart = [], []
        for shop in self.kept_out:
            for lang, there in (("zh", "zh"), ("en", "en"), ("zh", "en"), ("en", "zh")):
                groups = [article[there] for article in shop.articles]
                texts = self.see([place for group in groups for place in group])
                asked = shop.asked[lang]
                near = by_article(self.see([place for _, place, _ in asked]) @ texts.T, groups).amax(2)
                own = torch.tensor([at for at, _, _ in asked], device=DEVICE)
                found.append((near.argmax(1) == own).float().mean().item())
                others = (self.see(shop.unanswered[lang]) @ texts.T).amax(1)
                apart.append((near.amax(1)[:, None] > others[None]).float().mean().item())
        say(f"kept-out shops: found at once {np.mean(found):.3f}, answered above not answered {np.mean(apart):.3f}")
        heard = self.polarity(torch.cat([self.see([place for place, _ in self.measured[at::20]]) for at in range(20)]))
        pleased = torch.tensor([label for at in range(20) for _, label in self.measured[at::20]], device=DEVICE)
        say(f"kept-out reviews: {((heard > 0) == (pleased > 0.5)).float().mean():.4f}")


def by_article(scores, groups):
    """`[questions, texts]` to `[questions, articles, most]`, those that are missing at -1."""
    padded = F.pad(scores, (0, 1), value=-1.0)
    places, of = iter(range(scores.shape[1])), torch.full((len(groups), max(map(len, groups))), scores.shape[1])
    for row, group in zip(of, groups):
        row[: len(group)] = torch.tensor([next(places) for _ in group])
    return padded[:, of.flatten().to(DEVICE)].unflatten(1, of.shape)


def drawn_together(left, right):
    each, one = torch.arange(len(left), device=DEVICE), torch.ones(len(left), device=DEVICE)
    return (contrast(left, right, each, one, TEMPERATURE) + contrast(right, left, each, one, TEMPERATURE)) / 2


def tune(school, steps):
    weights = school.teacher.weights
    tuned = [name for name in weights if not name.endswith("_embeddings.weight")]
    for name in tuned:
        weights[name] = torch.nn.Parameter(weights[name].float())
    groups = [
        {"params": [weights[name] for name in tuned], "base": RATES["net"]},
        {"params": [school.head, school.edge], "base": RATES["head"]},
    ]
    follow(school.losses, WEIGHTS, groups, WARM_UP_STEPS, steps)


def main():
    parser = argparse.ArgumentParser()
    for name in ("texts", "e5", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--kept-out", nargs="*", default=[])
    args = parser.parse_args()
    torch.manual_seed(SEED)
    random.seed(SEED)
    school = School(args.texts, teachers.e5(args.e5), args.kept_out)
    say(f"{len(school.shops)} shops, {len(school.parallel)} parallel sentences, {len(school.reviews)} reviews")
    school.measure()
    tune(school, args.steps)
    school.measure()
    kept = {name: value.detach().to("cpu", torch.bfloat16) for name, value in school.teacher.weights.items()}
    save_file(kept | {"polarity": school.head.detach().cpu()}, args.out)
    say(f"wrote {args.out}")


if __name__ == "__main__":
    main()
