#!/usr/bin/env python3
"""Teaches the encoder which article answers a question, on the help centres in scripts/lessons.

Usage: python3 scripts/teach_answers.py DATA TEXTS ENCODER OUT [--steps N] [--kept-out SHOP ...]
DATA is the folder of public sets, TEXTS that of prepare_encoder_data.py, ENCODER one that train_encoder.py wrote, OUT the folder to
write. Needs what train_encoder.py needs: a minute or two on an accelerator. Shops that are kept out are measured instead.

Until here the encoder was told what texts mean, not what they are for. A help centre's question and its answer seldom mean
the same ("three weeks. no money" – "Ask us for the refund's reference number"), and its articles are near to each other. So each
step takes one shop, in both languages at random, and the questions of one language must find their articles among all of the
shop's: as whole vectors, and piece by piece, each piece of a question looking for the nearest of a text (MaxSim: Khattab and
Zaharia, 2020, "ColBERT"). Questions that the shop does not answer must find nothing as near. What the encoder knew before
it keeps: texts of its own lessons must lie where they lay, and pairs stay together. What single pieces mean stays as it was.
"""

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F

import prepare_encoder_data
import train_encoder
from lesson import follow
from shops import LANGS, shops_of
from teachers import DEVICE, say
from train_encoder import (
    EMBEDDINGS, REVIEW_PIECES_MAX, SEED, TEMPERATURE, WIDTH, Drawn, Net, Texts, contrast, table, thinned, write,
)

TEXT_PIECES_MAX = 96
ASKED, UNANSWERED, SAME, KNOWN, PAIRS = 112, 16, 48, 384, 96  # questions, sentences in both languages, texts and pairs of a step
KNOWN_TEXTS, KNOWN_REVIEWS, KNOWN_PAIRS = 160_000, 40_000, 60_000  # of the encoder's own lessons
FOREIGN = 0.4  # chance that an article is there in the language that is not asked in
NEIGHBOURHOOD = 8_000
SEEN_AT_ONCE = 64 if DEVICE == "cpu" else 512  # texts
# What counts how much: articles by whole vectors and by pieces, the very sentence, what is not answered, one sentence in both
# languages, staying, pairs.
WEIGHTS = (1.0, 1.0, 0.3, 0.3, 0.3, 20.0, 0.3)
RATES = {"net": 1e-3, "piece": 3e-3, "sharp": 0.2, "edge": 1e-2}
WARM_UP_STEPS = 30


def encoder(folder):
    """A net with the weights of a folder, and its tokenizer. Without weights for pieces they start at random."""
    weights = load_file(folder / "model.safetensors")
    for name in EMBEDDINGS:
        scale = weights.pop(name + ".scale").float()[:, None]
        weights[name] = (weights[name].float() - 128) * scale
    weights = {name: w for name, w in weights.items() if not name.startswith("usual.")}  # teach_usual.py's
    pairs = weights.pop("pairs").numpy().astype(np.int64)
    net = Net(weights["embedding"], pairs, weights["out.weight"].shape[0])
    weights["pair_embedding"] = torch.cat([weights["pair_embedding"], torch.zeros(1, WIDTH)])
    missing, unknown = net.load_state_dict({name: w.float() for name, w in weights.items()}, strict=False)
    assert not unknown and all(name.startswith(("piece.", "polarity.")) for name in missing), (missing, unknown)
    return net.to(DEVICE), Tokenizer.from_file(str(folder / "tokenizer.json"))


class Shelf:
    """Texts of several articles as the net sees them; `groups` holds places of each article's texts."""

    def __init__(self, net, texts, groups):
        flat = np.array([place for group in groups for place in group])
        order, length = np.argsort(texts.lengths[flat], kind="stable"), texts.lengths[flat].max()
        vectors, pieces = [], []
        for some in np.array_split(order, max(1, len(order) // SEEN_AT_ONCE)):
            x, mask = net.states(texts.take(flat[some]))
            vectors.append(net.pooled(x, mask))
            said = net.pieces(x, mask)[0]
            pieces.append(F.pad(said, (0, 0, 0, length - said.shape[1])))
        back = torch.from_numpy(np.argsort(order)).to(DEVICE)
        self.vectors, self.pieces = torch.cat(vectors)[back], torch.cat(pieces)[back]
        # Places of each article's texts, those that are missing behind the last.
        places, self.of = iter(range(len(flat))), torch.full((len(groups), max(map(len, groups))), len(flat))
        for row, group in zip(self.of, groups):
            row[: len(group)] = torch.tensor([next(places) for _ in group])

    def by_article(self, scores):
        """`[.., texts]` to `[.., articles, most]`."""
        padded = F.pad(scores, (0, 1), value=-1.0)
        return padded[..., self.of.flatten()].unflatten(-1, self.of.shape)

    def scores(self, net, ids):
        """Of questions and texts: cosines; of questions and articles, and of questions and texts: how much of a question is
        met piece by piece."""
        x, mask = net.states(ids)
        pieces, weights = net.pieces(x, mask)
        weights = weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
        best = (pieces.flatten(0, 1) @ self.pieces.flatten(0, 1).T).unflatten(1, self.pieces.shape[:2]).amax(2)
        best = best.unflatten(0, pieces.shape[:2])
        by_article = self.by_article(best).amax(3)
        return net.pooled(x, mask) @ self.vectors.T, *((b * weights[..., None]).sum(1) for b in (by_article, best))


# Teaching


class School:
    def __init__(self, data, tables, net, tokenizer, kept_out, random_state):
        fold = prepare_encoder_data.folding(data)
        said = []

        def add(text):
            said.append(fold(text))
            return len(said) - 1

        self.shops, self.kept_out = shops_of(kept_out, add)
        self.texts = Texts(tokenizer, said, TEXT_PIECES_MAX)
        chosen = random.Random(SEED)
        known = chosen.sample([row[2] for row in table(tables / "lessons.tsv")], KNOWN_TEXTS)
        known += chosen.sample([row[1] for row in table(tables / "reviews.tsv")], KNOWN_REVIEWS)
        pairs = chosen.sample(table(tables / "pairs.tsv"), KNOWN_PAIRS)
        self.known = Texts(tokenizer, known, REVIEW_PIECES_MAX)
        self.left, self.right = (Texts(tokenizer, [row[of] for row in pairs]) for of in (0, 1))
        self.before = encoded(net, self.known)
        a, b = self.left.lengths, self.right.lengths
        longest = np.where((a > 0) & (b > 0), np.maximum(a, b), 0)
        self.draws = [Drawn(lengths, random_state) for lengths in (self.known.lengths, longest)]
        # How sharply pieces tell articles apart, and how much of a question must be met.
        self.sharp, self.edge = (nn.Parameter(torch.tensor(at, device=DEVICE)) for at in (20.0, 0.5))

    def take(self, places):
        return self.texts.take(np.array(places))

    def of_shop(self, net):
        shop, lang = random.choice(self.shops), random.choice(LANGS)
        asked = random.sample(shop.asked[lang], ASKED)
        but, count = {place for _, place, _ in asked}, len(asked)
        there, articles = shop.shelf(lang, FOREIGN)
        groups = [texts + shop.written(of, at, but) for at, (of, texts) in enumerate(zip(there, articles))]
        sentences = torch.tensor([len(article) - 1 for article in articles])
        shelf = Shelf(net, self.texts, groups)
        questions = [place for _, place, _ in asked] + random.sample(shop.unanswered[lang], UNANSWERED)
        near, met, met_by_text = shelf.scores(net, thinned(self.take(questions)))
        own, each = torch.tensor([at for at, _, _ in asked], device=DEVICE), torch.arange(count, device=DEVICE)
        near, by_text = shelf.by_article(near[:count]) / TEMPERATURE, shelf.by_article(met_by_text[:count]) * self.sharp
        # Absent texts have a cosine of -1, which is next to nothing here.
        whole = F.cross_entropy(torch.logsumexp(near, 2), own)
        piecewise = F.cross_entropy(met[:count] * self.sharp, own)
        sentence = torch.tensor([at for _, _, at in asked], device=DEVICE)
        beyond = torch.arange(near.shape[2] - 1)[None] >= sentences[own.cpu()][:, None]
        very = sum(
            F.cross_entropy(scores[each, own][:, 1:].masked_fill(beyond.to(DEVICE), -1e4), sentence)
            for scores in (near, by_text)
        )
        missed = F.softplus((self.edge - met[each, own]) * self.sharp).mean()
        imagined = F.softplus((met[count:].amax(1) - self.edge) * self.sharp).mean()
        zh, en = (net(self.take(list(texts))) for texts in zip(*shop.both(SAME)))
        return whole, piecewise, very, (missed + imagined) / 2, drawn_together(zh, en)

    def of_before(self, net):
        known, pairs = (draws.draw(count) for draws, count in zip(self.draws, (KNOWN, PAIRS)))
        moved = 1 - (net(self.known.take(known)) * self.before[torch.from_numpy(known).to(DEVICE)]).sum(1)
        return moved.mean(), drawn_together(*(net(thinned(side.take(pairs))) for side in (self.left, self.right)))

    @torch.no_grad()
    def measure(self, net):
        of_all = []
        for shop in self.kept_out:
            for lang, there in (("zh", "zh"), ("en", "en"), ("zh", "en"), ("en", "zh")):
                shelf = Shelf(net, self.texts, [article[there] for article in shop.articles])
                own = torch.tensor([at for at, _, _ in shop.asked[lang]], device=DEVICE)
                near, met, _ = shelf.scores(net, self.take([place for _, place, _ in shop.asked[lang]]))
                near = shelf.by_article(near).amax(2)
                found = [(scores.argmax(1) == own).float().mean().item() for scores in (near, met, near + met)]
                of_all.append(found)
                say(f"{shop.name} {lang} in {there}: whole, by pieces, both " + ", ".join(f"{f:.3f}" for f in found))
        say("mean: whole, by pieces, both " + ", ".join(f"{f:.3f}" for f in np.mean(of_all, 0)))


@torch.no_grad()
def encoded(net, texts, some=512):
    vectors, order = torch.zeros(len(texts.lengths), train_encoder.DIMENSIONS, device=DEVICE), np.argsort(texts.lengths)
    order = order[texts.lengths[order] > 0]
    for at in np.array_split(order, len(order) // some + 1):
        vectors[torch.from_numpy(at).to(DEVICE)] = net(texts.take(at))
    return vectors


def drawn_together(left, right):
    each, one = torch.arange(len(left), device=DEVICE), torch.ones(len(left), device=DEVICE)
    return (contrast(left, right, each, one) + contrast(right, left, each, one)) / 2


def teach(net, school, steps):
    named = [(name, p) for name, p in net.named_parameters() if not name.startswith("polarity")]
    for _, weights in (row for row in named if row[0] in EMBEDDINGS):
        weights.requires_grad_(False)
    of = {
        "net": [p for name, p in named if name not in EMBEDDINGS and not name.startswith("piece.")],
        "piece": [p for name, p in named if name.startswith("piece.")],
        "sharp": [school.sharp],
        "edge": [school.edge],
    }
    groups = [{"params": params, "base": RATES[name]} for name, params in of.items()]
    follow(
        lambda: torch.stack([*school.of_shop(net), *school.of_before(net)]), WEIGHTS, groups, WARM_UP_STEPS, steps
    )


def main():
    parser = argparse.ArgumentParser()
    for name in ("data", "texts", "encoder", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--kept-out", nargs="*", default=[])
    args = parser.parse_args()
    torch.manual_seed(SEED)
    random.seed(SEED)
    train_encoder.NEIGHBOURHOOD = NEIGHBOURHOOD
    net, tokenizer = encoder(args.encoder)
    school = School(args.data, args.texts, net, tokenizer, args.kept_out, np.random.default_rng(SEED))
    say(f"{len(school.shops)} shops, {len(school.texts.lengths)} texts")
    teach(net, school, args.steps)
    school.measure(net)
    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(args.out / "tokenizer.json"))
    write(net, tokenizer, args.out)
    say(f"wrote {args.out}; now `xiaoer train`")


if __name__ == "__main__":
    main()
