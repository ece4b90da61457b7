#!/usr/bin/env python3
"""Trains the text encoder from the tables of prepare_encoder_data.py and what two teachers say of them (ask_teacher.py).

Usage: python3 scripts/train_encoder.py TEXTS MINILM OUT [--steps N | --seconds S]
MINILM is the folder of all-MiniLM-L6-v2, whose pieces ours start from. Needs torch, numpy, tokenizers and safetensors. An
accelerator takes minutes; without one, give fewer and smaller steps. OUT keeps the vocabulary, and state.pt every few thousand
steps, so a run that was cut off goes on where it was.

The net is that of src/predictors/encoder/gated.rs. Its vector has room for both teachers: they stand side by side, turned
so that most of both fits. Of an English text it learns what MiniLM and E5 say, of Chinese what E5 says and, where the
English is known, what MiniLM says of that (Reimers and Gurevych, 2020). It draws texts together that mean the same
(InfoNCE), and hears in texts, reviews above all, as much pleasure as the tuned E5 does.
"""

import argparse
import json
import math
import re
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional as F

from teachers import DEVICE, say

SEED = 20261125
PIECES = 16_000  # of the vocabulary
SEEN_MIN = 3  # a piece seen less often is no piece
NEIGHBOURS = 18_000  # pairs of pieces side by side that have a meaning of their own, in each script
TEXT_PIECES_MAX, REVIEW_PIECES_MAX = 40, 192  # looked at while training
EMBEDDINGS = ("embedding", "pair_embedding")  # kept as bytes
WIDTH, LAYERS, WINDOW, HEADS = 256, 3, 3, 4
DIMENSIONS, PIECE_DIMENSIONS = 384, 48
ENGLISH_SHARE = 0.5  # of the vector's squared length, that MiniLM has; the rest is E5's
DRAWN = (6144, 512, 512)  # lessons, pairs and reviews of a step
DROPPED = 0.1  # of the pieces of pairs and reviews, which are few and would be learnt by heart
NEIGHBOURHOOD = 60_000  # rows of like length, from which a step draws
TEMPERATURE = 0.05
# Of lessons: nearness to the teachers, telling texts apart as each teacher does, pleasure; of reviews: nearness, pleasure.
LESSON_WEIGHTS, PAIR_WEIGHT, REVIEW_WEIGHTS = (2.0, 0.1, 0.1, 0.2), 0.2, (0.5, 0.2)
RATE, WARM_UP_STEPS = 3e-3, 500


def table(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f]


# What the teachers say


def told(texts):
    """What the teachers are asked: English of MiniLM, what any text means of E5."""
    lessons, reviews = (table(texts / f"{name}.tsv") for name in ("lessons", "reviews"))
    english = [text for text in dict.fromkeys(row[0] for row in lessons) if text]
    return english, list(dict.fromkeys([row[1] for row in lessons] + [row[0] for row in reviews]))


def centred(vectors, texts):
    """Without what all texts of a language have in common, length one: E5's vectors all point one way, and a little
    differently in each language."""
    vectors = vectors.float()
    han = torch.tensor([re.search("[\u4e00-\u9fff]", text) is not None for text in texts])
    for rows in (han, ~han):
        vectors[rows] -= vectors[rows].mean(0)
    return F.normalize(vectors, dim=1)


def side_by_side(english, meant):
    """The turn `[DIMENSIONS, both]` under which most is seen of both teachers' vectors of the same texts `[N, both]`."""
    both = torch.cat([english, meant], 1)
    values, vectors = torch.linalg.eigh(both.T @ both / len(both))
    say(f"{DIMENSIONS} dimensions keep {values[-DIMENSIONS:].sum() / values.sum():.3f} of both teachers")
    return vectors[:, -DIMENSIONS:].T.contiguous()


# The vocabulary


def vocabulary(texts):
    """Latin words in pieces, each Han character by itself."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=False
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=PIECES, min_frequency=SEEN_MIN, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def start(tokenizer, teacher, lessons):
    """Embeddings to start from: those of the teacher's pieces, thrown at random into our width (which keeps likenesses);
    a Han character starts from the words that translate it."""
    theirs = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    theirs.no_padding()
    weights = load_file(teacher / "model.safetensors")["embeddings.word_embeddings.weight"].float()
    pieces = theirs.get_vocab()
    glosses = {text: english for english, _, text in lessons if len(text) == 1 and english}
    random = torch.Generator().manual_seed(SEED)
    rows = torch.randn(tokenizer.get_vocab_size(), weights.shape[1], generator=random) * 0.05
    for piece, at in sorted(tokenizer.get_vocab().items()):
        gloss = glosses.get(piece.removeprefix("##"))
        if piece.isascii() and piece in pieces:
            rows[at] = weights[pieces[piece]]
        elif gloss:
            rows[at] = weights[theirs.encode(gloss, add_special_tokens=False).ids].sum(0)
    thrown = rows @ torch.randn(weights.shape[1], WIDTH, generator=random)
    return thrown / thrown.square().mean(1, keepdim=True).sqrt() * 0.1


def neighbours(texts, tokenizer):
    """The pairs of pieces most often side by side, of each script as many, in order: `[pairs, 2]`."""
    pieces = tokenizer.get_vocab_size()
    sides = ((text.ids[:, :-1].long(), text.ids[:, 1:].long()) for text in texts)
    seen = [(before * pieces + after)[(before > 0) & (after > 0)].cpu().numpy() for before, after in sides]
    keys, times = np.unique(np.concatenate(seen), return_counts=True)
    keys = keys[times >= SEEN_MIN][np.argsort(-times[times >= SEEN_MIN], kind="stable")]
    latin = np.zeros(pieces, dtype=bool)
    latin[[at for piece, at in tokenizer.get_vocab().items() if piece.isascii()]] = True
    pairs = np.stack([keys // pieces, keys % pieces], 1)
    ours, theirs = latin[pairs].all(1), ~latin[pairs].any(1)
    chosen = np.concatenate([keys[ours][:NEIGHBOURS], keys[theirs][:NEIGHBOURS]])
    return np.stack([np.sort(chosen) // pieces, np.sort(chosen) % pieces], 1)


# The net


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=inputs**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


def rms(x, weights):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * weights


def looked_up(table, rows):
    """An embedding. What flows back is added up in place, which can be recorded (`replayed`)."""
    return table.index_select(0, rows.flatten()).unflatten(0, rows.shape)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.Parameter(torch.ones(WIDTH))
        self.open = linear(WINDOW * WIDTH, 2 * WIDTH)
        self.close = linear(WIDTH, WIDTH)

    def forward(self, x, mask):
        reach, length = WINDOW // 2, x.shape[1]
        padded = F.pad(rms(x, self.norm) * mask, (0, 0, reach, reach))
        seen = torch.cat([padded[:, at : at + length] for at in range(WINDOW)], -1)
        content, gate = self.open(seen).chunk(2, -1)
        return x + self.close(content * torch.sigmoid(gate)) * mask


class Net(nn.Module):
    def __init__(self, embedding, pairs, dimensions):
        super().__init__()
        self.embedding = nn.Parameter(embedding)
        # A pair adds nothing until it has learnt something; the row after the last stays nothing.
        self.pair_embedding = nn.Parameter(torch.zeros(len(pairs) + 1, WIDTH))
        self.pairs = pairs
        self.keys = torch.from_numpy(pairs[:, 0] * len(embedding) + pairs[:, 1]).to(DEVICE)
        for at in range(LAYERS):
            setattr(self, f"layer{at}", Layer())
        self.norm = nn.Parameter(torch.ones(WIDTH))
        self.attention = linear(WIDTH, HEADS)
        self.out = linear((HEADS + 2) * WIDTH, dimensions)
        self.piece = linear(WIDTH, PIECE_DIMENSIONS + 1)
        self.polarity = linear(dimensions, 1)

    def forward(self, ids):
        """Unit vectors of `[texts, pieces]`, nothing being written as -1."""
        return self.pooled(*self.states(ids))

    def states(self, ids):
        """What each piece means where it stands, and where one is."""
        mask = (ids >= 0).unsqueeze(2).float()
        ids = ids.clamp(min=0)
        rows = self.pair_rows(ids)
        beside = looked_up(self.pair_embedding, rows) * (rows < len(self.pairs)).unsqueeze(2)
        x = (looked_up(self.embedding, ids) + beside) * mask
        for at in range(LAYERS):
            x = getattr(self, f"layer{at}")(x, mask)
        return rms(x, self.norm) * mask, mask

    def pooled(self, x, mask):
        absent = (mask - 1) * 1e4
        shares = torch.softmax(self.attention(x) + absent, 1)
        attended = torch.einsum("blh,bld->bhd", shares, x).flatten(1)
        pooled = torch.cat([attended, x.sum(1) / mask.sum(1), (x + absent).amax(1)], 1)
        return F.normalize(self.out(pooled).float(), dim=1)

    def pieces(self, x, mask):
        """Of each piece a unit vector and how much it matters to a question."""
        said = self.piece(x)
        return F.normalize(said[..., :-1], dim=2) * mask, F.softplus(said[..., -1]) * mask.squeeze(2)

    def pair_rows(self, ids):
        """Rows of the pairs that each piece ends."""
        keys = F.pad(ids[:, :-1] * len(self.embedding) + ids[:, 1:], (1, 0), value=-1)
        rows = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        return torch.where(self.keys[rows] == keys, rows, len(self.keys))


# The lessons


class Texts:
    """Ids of many texts, on the device, as rows of one length."""

    def __init__(self, tokenizer, texts, pieces_max=TEXT_PIECES_MAX):
        encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
        rows = [np.array(e.ids[:pieces_max], dtype=np.int16) for e in encoded]
        self.lengths = np.array([len(row) for row in rows])
        ids = np.full((len(rows), pieces_max), -1, dtype=np.int16)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = row
        self.ids = torch.from_numpy(ids).to(DEVICE)

    def take(self, at):
        return self.of_length(torch.from_numpy(at).to(DEVICE), self.lengths[at].max())

    def of_length(self, at, length):
        return self.ids[at, :length].long()


class Drawn:
    """Rows sorted by length; a step draws from a neighbourhood, so that little is padded."""

    def __init__(self, lengths, random, every=1):
        order = np.argsort(lengths, kind="stable")
        self.order = order[lengths[order] > 0]
        self.lengths, self.random, self.every = lengths, random, every

    def draw(self, count):
        start = self.random.integers(0, max(1, len(self.order) - NEIGHBOURHOOD + 1))
        return self.order[start + self.random.integers(0, min(NEIGHBOURHOOD, len(self.order)), count)]

    def length(self, at):
        """Of the longest, up to the next of `every`."""
        return self.rounded(self.lengths[at].max())

    def rounded(self, lengths):
        return -(-lengths // self.every) * self.every


def places(texts, lessons, column):
    """Where among the texts that of each lesson stands."""
    place = {text: at for at, text in enumerate(texts)}
    return torch.tensor([place[row[column]] for row in lessons])


class School:
    def __init__(self, texts, minilm, out, random):
        lessons, pairs, reviews = (table(texts / f"{name}.tsv") for name in ("lessons", "pairs", "reviews"))
        folded = [row[2] for row in lessons] + [b for _, b in pairs] + [row[1] for row in reviews]
        out.mkdir(parents=True, exist_ok=True)
        kept = str(out / "tokenizer.json")
        # The trainer breaks ties anew each time, so a run that goes on keeps its vocabulary.
        self.tokenizer = Tokenizer.from_file(kept) if Path(kept).exists() else vocabulary(folded)
        self.tokenizer.save(kept)
        self.start = start(self.tokenizer, minilm, lessons)
        self.lessons = Texts(self.tokenizer, [row[2] for row in lessons])
        self.left, self.right = (Texts(self.tokenizer, [row[of] for row in pairs]) for of in (0, 1))
        self.reviews = Texts(self.tokenizer, [row[1] for row in reviews], REVIEW_PIECES_MAX)
        self.pairs = neighbours([self.lessons, self.left, self.right, self.reviews], self.tokenizer)
        self.listen(texts, lessons, reviews)
        a, b = self.left.lengths, self.right.lengths
        longest = np.where((a > 0) & (b > 0), np.maximum(a, b), 0)
        of = ((self.lessons.lengths, 4), (longest, 8), (self.reviews.lengths, 16))
        self.draws = [Drawn(lengths, random, every) for lengths, every in of]

    def listen(self, texts, lessons, reviews):
        """What the teachers say of the texts."""
        english, meant = told(texts)
        self.english = load_file(texts / "minilm.safetensors")["vectors"].float() * math.sqrt(ENGLISH_SHARE)
        of_e5 = load_file(texts / "e5.safetensors")
        self.meant = centred(of_e5["vectors"], meant) * math.sqrt(1 - ENGLISH_SHARE)
        assert (len(self.english), len(self.meant)) == (len(english), len(meant)), "the teachers were asked other texts"
        self.pleased = of_e5["pleased"].float().to(DEVICE)
        # What is not known in English is a last row of zeros.
        self.english = torch.cat([self.english, torch.zeros(1, self.english.shape[1])])
        english_of, meant_of = places(english + [""], lessons, 0), places(meant, lessons, 1)
        same = torch.tensor([row[0] == row[1] for row in lessons])
        self.turn = side_by_side(self.english[english_of[same]], self.meant[meant_of[same]])
        self.english_of, self.meant_of = english_of.to(DEVICE), meant_of.to(DEVICE)
        self.review_of = places(meant, reviews, 0).to(DEVICE)
        self.english, self.meant = self.english.half().to(DEVICE), self.meant.half().to(DEVICE)
        self.turn = self.turn.to(DEVICE)

    def of_lessons(self, net, at, length):
        english_of, meant_of = self.english_of[at], self.meant_of[at]
        english, meant = self.english[english_of].float(), self.meant[meant_of].float()
        vectors = net(self.lessons.of_length(at, length))
        said = (vectors @ self.turn).split([english.shape[1], meant.shape[1]], 1)
        known = (english_of < len(self.english) - 1).float()
        apart = (said[0] - english).square().sum(1) * known + (said[1] - meant).square().sum(1)
        of_english = contrast(said[0], english, english_of, known)
        of_meant = contrast(said[1], meant, meant_of, torch.ones_like(known))
        near = (F.cosine_similarity(said[0], english) * known).sum() / known.sum().clamp(min=1)
        figures = (near, F.cosine_similarity(said[1], meant).mean())
        parts = (apart.mean() / 2, of_english, of_meant, self.pleasure(net, vectors, meant_of))
        return weighed(LESSON_WEIGHTS, parts), torch.stack((*figures, parts[-1]))

    def of_pairs(self, net, at, length):
        left, right = (net(thinned(side.of_length(at, length))) for side in (self.left, self.right))
        one = torch.ones(len(at), device=DEVICE)
        each = torch.arange(len(at), device=DEVICE)
        together = (contrast(left, right, each, one) + contrast(right, left, each, one)) / 2
        return PAIR_WEIGHT * together, together[None]

    def of_reviews(self, net, at, length):
        meant_of = self.review_of[at]
        vectors = net(thinned(self.reviews.of_length(at, length)))
        said = (vectors @ self.turn)[:, self.english.shape[1] :]
        apart = (said - self.meant[meant_of].float()).square().sum(1).mean() / 2
        pleasure = self.pleasure(net, vectors, meant_of)
        return weighed(REVIEW_WEIGHTS, (apart, pleasure)), pleasure[None]

    def pleasure(self, net, vectors, meant_of):
        """How far the net's idea of how pleased texts are is from the teacher's."""
        logits = net.polarity(vectors).squeeze(1) * 4
        return F.binary_cross_entropy_with_logits(logits.float(), self.pleased[meant_of])


def weighed(weights, parts):
    return sum(weight * part for weight, part in zip(weights, parts))


def thinned(ids):
    """Without some of the pieces; the first stays, so that something is left."""
    dropped = torch.rand(ids.shape, device=ids.device) < DROPPED
    dropped[:, 0] = False
    return ids.masked_fill(dropped, -1)


def contrast(left, right, names, weights, temperature=TEMPERATURE):
    """Each row of one side must be nearest to its partner among all of the other; rows of one name are no rivals, nor is
    what weighs nothing."""
    scores = F.normalize(left, dim=1) @ F.normalize(right, dim=1).T / temperature
    rivals = (names[:, None] != names[None]) & (weights[None] > 0)
    rivals.fill_diagonal_(True)
    lost = F.cross_entropy(
        scores.masked_fill(~rivals, -1e4), torch.arange(len(left), device=left.device), reduction="none"
    )
    return (lost * weights).sum() / weights.sum().clamp(min=1)


class Recorded:
    """A part of a step, forward and backward. What an accelerator does for it is recorded once for each length and then
    replayed: to start thousands of small kernels one by one would take ten times as long as they run."""

    def __init__(self, part, net, draws, count, pool):
        self.part, self.net, self.draws, self.count, self.pool = part, net, draws, count, pool
        self.records = {}

    def run(self, at, length):
        with torch.autocast(DEVICE, torch.bfloat16, enabled=DEVICE == "cuda", cache_enabled=False):
            loss, figures = self.part(self.net, at, length)
        loss.backward()
        return figures.detach()

    def record(self):
        for length in np.unique(self.draws.rounded(self.draws.lengths[self.draws.order])):
            at = torch.from_numpy(self.draws.draw(self.count)).to(DEVICE)
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self.run(at, length)
            torch.cuda.current_stream().wait_stream(stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.pool):
                figures = self.run(at, length)
            self.records[length] = at, graph, figures

    def step(self):
        at = self.draws.draw(self.count)
        length, at = self.draws.length(at), torch.from_numpy(at)
        if length not in self.records:
            return self.run(at.to(DEVICE), length)
        there, graph, figures = self.records[length]
        there.copy_(at)
        graph.replay()
        return figures


def recorded(net, school):
    pool = torch.cuda.graph_pool_handle() if DEVICE == "cuda" else None
    parts = (school.of_lessons, school.of_pairs, school.of_reviews)
    parts = [Recorded(part, net, draws, count, pool) for part, draws, count in zip(parts, school.draws, DRAWN)]
    if DEVICE == "cuda":
        for part in parts:
            part.step()  # What is learnt gets its gradient, to be added up in place.
            part.record()
            say(f"recorded {len(part.records)} lengths")
    return parts


def teach(net, school, steps, seconds, out):
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01, fused=DEVICE == "cuda")
    state, step, parts = out / "state.pt", 0, recorded(net, school)
    if state.exists():
        kept = torch.load(state)
        step = kept["step"]
        net.load_state_dict(kept["net"])
        optimizer.load_state_dict(kept["optimizer"])
        for draws in school.draws:
            draws.random.bit_generator.state = kept["random"]
        say(f"going on from step {step}")
    averages, began = [], time.time()
    while (done := (time.time() - began) / seconds if seconds else step / steps) < 1:
        rate = RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.01, 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=DEVICE == "cpu")
        figures = [part.step() for part in parts]
        optimizer.step()
        step += 1
        if step % 10 == 0:
            averages.append(torch.cat(figures))
        if step % 500 == 0:
            names = ("minilm", "e5", "pleasure", "pairs", "pleasure in reviews")
            figures = [f"{name} {at:.3f}" for name, at in zip(names, torch.stack(averages).mean(0).tolist())]
            averages = []
            say(f"encoder {step} {done:.0%}", *figures)
        if step % 5000 == 0 and not seconds:
            random = school.draws[0].random.bit_generator.state
            kept = {"step": step, "net": net.state_dict(), "optimizer": optimizer.state_dict(), "random": random}
            torch.save(kept, out / "state.new")
            (out / "state.new").replace(state)


def in_bytes(rows):
    """Rows as bytes around 128, with a scale each."""
    scale = (rows.abs().amax(1, keepdim=True) / 127).clamp(min=1e-12)
    return ((rows / scale).round() + 128).to(torch.uint8), scale.squeeze(1)


def write(net, tokenizer, out):
    config = {
        "model_type": "xiaoer-gated",
        "vocab_size": tokenizer.get_vocab_size(),
        "pairs": len(net.pairs),
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "window": WINDOW,
        "dimensions": net.out.out_features,
        "piece_dimensions": net.piece.out_features - 1,
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    weights = {k: v.half().cpu().contiguous() for k, v in net.state_dict().items() if not k.startswith("polarity")}
    for name, rows in zip(EMBEDDINGS, (net.embedding, net.pair_embedding[:-1])):
        weights[name], weights[name + ".scale"] = in_bytes(rows.detach().cpu())
    weights["pairs"] = torch.from_numpy(net.pairs.astype(np.uint32))
    save_file(weights, out / "model.safetensors")


def main():
    parser = argparse.ArgumentParser()
    for name in ("texts", "minilm", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=8_200)
    parser.add_argument("--seconds", type=float, help="instead: as many steps as fit, all at once")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    school = School(args.texts, args.minilm, args.out, np.random.default_rng(SEED))
    say(f"{len(school.lessons.ids)} lessons, {len(school.left.ids)} pairs, {len(school.reviews.ids)} reviews")
    net = Net(school.start, school.pairs, DIMENSIONS).to(DEVICE)
    teach(net, school, args.steps, args.seconds, args.out)
    write(net, school.tokenizer, args.out)
    (args.out / "state.pt").unlink(missing_ok=True)
    say(f"wrote {args.out}; now `xiaoer train`")


if __name__ == "__main__":
    main()
