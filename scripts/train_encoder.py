#!/usr/bin/env python3
"""Trains the text encoder from the tables of prepare_encoder_data.py and a teacher.

Usage: python3 scripts/train_encoder.py TEXTS TEACHER OUT [--steps N]
TEACHER is a folder of BERT type (config.json, tokenizer.json, model.safetensors), such as all-MiniLM-L6-v2. Needs torch,
numpy, tokenizers and safetensors; uses an accelerator when torch finds one. What is slow is kept beside the tables (the
teacher's vectors) and in OUT (state.pt, every thousand steps), so a run that was cut off goes on where it was.

The net is that of src/predictors/encoder/gated.rs. It learns to say of a text, in either language, what the teacher says
of its English (Reimers and Gurevych, 2020), draws texts together that mean the same (InfoNCE), and hears in reviews what
pleasure sounds like.
"""

import argparse
import collections
import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional as F

SEED = 20261125
PIECES = 16_000  # of the vocabulary
SEEN_MIN = 3  # a piece seen less often is no piece
NEIGHBOURS = 12_000  # pairs of pieces side by side that have a meaning of their own, in each script
TEXT_PIECES_MAX, REVIEW_PIECES_MAX = 28, 96  # looked at while training
WIDTH, LAYERS, WINDOW, HEADS = 256, 3, 3, 4
DRAWN = (288, 64, 32)  # lessons, pairs and reviews of a step
NEIGHBOURHOOD = 4_000  # rows of like length, from which a step draws
TEMPERATURE = 0.05
WEIGHTS = (2.0, 0.2, 0.2, 0.15)  # nearness to the teacher, telling its texts apart, pairs, pleasure
RATE, WARM_UP_STEPS = 3e-3, 300
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def table(path):
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f]


def say(*what):
    print(time.strftime("%H:%M:%S"), *what, file=sys.stderr, flush=True)


# The teacher


class Teacher:
    """BERT in sixteen bits: mean of the last layer, length one."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(64)
        weights = load_file(folder / "model.safetensors")
        self.weights = {k: v.to(DEVICE, torch.bfloat16) for k, v in weights.items() if v.is_floating_point()}

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights[name + ".bias"])

    def norm(self, x, name):
        name += ".LayerNorm"
        eps = self.config["layer_norm_eps"]
        return F.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"], eps)

    @torch.no_grad()
    def forward(self, ids):
        texts, length = ids.shape
        heads = self.config["num_attention_heads"]
        place = "embeddings.{}_embeddings.weight".format
        x = self.weights[place("word")][ids] + self.weights[place("position")][:length]
        x = self.norm(x + self.weights[place("token_type")][0], "embeddings")
        for layer in range(self.config["num_hidden_layers"]):
            at = f"encoder.layer.{layer}."
            q, k, v = (
                self.linear(x, at + "attention.self." + part).view(texts, length, heads, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(texts, length, -1)
            x = self.norm(x + self.linear(seen, at + "attention.output.dense"), at + "attention.output")
            inner = F.gelu(self.linear(x, at + "intermediate.dense"))
            x = self.norm(x + self.linear(inner, at + "output.dense"), at + "output")
        return F.normalize(x.float().mean(1), dim=1)

    def encode(self, texts):
        ids = [e.ids for e in self.tokenizer.encode_batch(texts)]
        vectors = torch.zeros(len(texts), self.config["hidden_size"], dtype=torch.float16)
        by_length = {}
        for at, row in enumerate(ids):
            by_length.setdefault(len(row), []).append(at)
        done = 0
        for length in sorted(by_length):
            for rows in torch.tensor(by_length[length]).split(max(16, 2048 // length)):
                batch = torch.tensor([ids[at] for at in rows.tolist()], device=DEVICE)
                vectors[rows] = self.forward(batch).half().cpu()
            done += len(by_length[length])
            say(f"teacher {done}/{len(texts)}")
        return vectors


def taught(english, teacher, cache):
    """The teacher's vectors of texts, asked for once."""
    if cache.exists():
        vectors = load_file(cache)["vectors"]
        if len(vectors) == len(english):
            return vectors
    vectors = Teacher(teacher).encode(english)
    save_file({"vectors": vectors}, cache)
    return vectors


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
    glosses = {text: english for english, text in lessons if len(text) == 1}
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
    seen = collections.Counter()
    for ids in texts:
        seen.update(zip(ids[:-1].tolist(), ids[1:].tolist()))
    latin = {at for piece, at in tokenizer.get_vocab().items() if piece.isascii()}
    common = [pair for pair, times in seen.most_common() if min(pair) > 0 and times >= SEEN_MIN]
    ours = [pair for pair in common if latin.issuperset(pair)]
    theirs = [pair for pair in common if latin.isdisjoint(pair)]
    return np.array(sorted(ours[:NEIGHBOURS] + theirs[:NEIGHBOURS]), dtype=np.int64)


# The net


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=inputs**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


def rms(x, weights):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * weights


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
        self.polarity = linear(dimensions, 1)

    def forward(self, rows):
        ids, mask = padded(rows)
        beside = F.embedding(self.pair_rows(ids), self.pair_embedding, padding_idx=len(self.pairs))
        x = (F.embedding(ids, self.embedding) + beside) * mask
        for at in range(LAYERS):
            x = getattr(self, f"layer{at}")(x, mask)
        x = rms(x, self.norm) * mask
        absent = (mask - 1) * 1e4
        shares = torch.softmax(self.attention(x) + absent, 1)
        attended = torch.einsum("blh,bld->bhd", shares, x).flatten(1)
        pooled = torch.cat([attended, x.sum(1) / mask.sum(1), (x + absent).amax(1)], 1)
        return F.normalize(self.out(pooled).float(), dim=1)

    def pair_rows(self, ids):
        """Rows of the pairs that each piece ends."""
        keys = F.pad(ids[:, :-1] * len(self.embedding) + ids[:, 1:], (1, 0), value=-1)
        rows = torch.searchsorted(self.keys, keys).clamp(max=len(self.keys) - 1)
        return torch.where(self.keys[rows] == keys, rows, len(self.keys))


def padded(rows):
    length = max(map(len, rows))
    ids = np.zeros((len(rows), length), dtype=np.int64)
    mask = np.zeros((len(rows), length, 1), dtype=np.float32)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = 1
    return torch.from_numpy(ids).to(DEVICE), torch.from_numpy(mask).to(DEVICE)


# The lessons


class Drawn:
    """Rows sorted by length; a step draws from a neighbourhood, so that little is padded."""

    def __init__(self, lengths, random):
        order = np.argsort(lengths, kind="stable")
        self.order = order[lengths[order] > 0]
        self.random = random

    def draw(self, count):
        start = self.random.integers(0, max(1, len(self.order) - NEIGHBOURHOOD + 1))
        return self.order[start + self.random.integers(0, min(NEIGHBOURHOOD, len(self.order)), count)]


class School:
    def __init__(self, texts, teacher, out, random):
        lessons, pairs, reviews = (table(texts / f"{name}.tsv") for name in ("lessons", "pairs", "reviews"))
        english = list(dict.fromkeys(taught for taught, _ in lessons))
        self.vectors = taught(english, teacher, texts / "teacher.safetensors")
        folded = [b for _, b in lessons] + [b for _, b in pairs] + [a for a, _ in reviews]
        self.tokenizer = vocabulary(folded)
        out.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(str(out / "tokenizer.json"))
        self.start = start(self.tokenizer, teacher, lessons)
        row = {text: at for at, text in enumerate(english)}
        self.lessons = self.ids([b for _, b in lessons])
        self.rows = torch.tensor([row[a] for a, _ in lessons])
        self.left, self.right = self.ids([a for a, _ in pairs]), self.ids([b for _, b in pairs])
        self.reviews = self.ids([a for a, _ in reviews], REVIEW_PIECES_MAX)
        self.pairs = neighbours(self.lessons + self.left + self.right + self.reviews, self.tokenizer)
        self.pleased = torch.tensor([float(b == "1") for _, b in reviews])
        longest = [max(len(a), len(b)) if len(a) and len(b) else 0 for a, b in zip(self.left, self.right)]
        self.draws = [
            Drawn(np.array(lengths), random)
            for lengths in ([len(r) for r in self.lessons], longest, [len(r) for r in self.reviews])
        ]

    def ids(self, texts, pieces_max=TEXT_PIECES_MAX):
        encoded = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return [np.array(e.ids[:pieces_max], dtype=np.int32) for e in encoded]

    def loss(self, net):
        lessons, pairs, reviews = (draws.draw(count) for draws, count in zip(self.draws, DRAWN))
        said = net([self.lessons[at] for at in lessons])
        wanted = self.vectors[self.rows[lessons]].float().to(DEVICE)
        near = 1 - (said * wanted).sum(1).mean()
        left, right = net([side[at] for side in (self.left, self.right) for at in pairs]).chunk(2)
        together = (contrast(left, right) + contrast(right, left)) / 2
        logits = net.polarity(net([self.reviews[at] for at in reviews])).squeeze(1) * 4
        pleasure = F.binary_cross_entropy_with_logits(logits.float(), self.pleased[reviews].to(DEVICE))
        parts = (near, contrast(said, wanted), together, pleasure)
        return sum(weight * part for weight, part in zip(WEIGHTS, parts)), near


def contrast(left, right):
    """Each row of one side must be nearest to its partner among all of the other."""
    return F.cross_entropy(left @ right.T / TEMPERATURE, torch.arange(len(left), device=left.device))


def teach(net, school, steps, out):
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01, fused=True)
    state, first = out / "state.pt", 0
    if state.exists():
        kept = torch.load(state)
        first = kept["step"]
        net.load_state_dict(kept["net"])
        optimizer.load_state_dict(kept["optimizer"])
        for draws in school.draws:
            draws.random.bit_generator.state = kept["random"]
        say(f"going on from step {first}")
    averages = []
    for step in range(first, steps):
        rate = RATE * min(1, (step + 1) / WARM_UP_STEPS) * max(0.01, 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(DEVICE, torch.bfloat16):
            loss, near = school.loss(net)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        averages.append((loss.item(), 1 - near.item()))
        if (step + 1) % 500 == 0:
            loss, cosine = np.mean(averages, 0)
            averages = []
            say(f"encoder {step + 1}/{steps} loss {loss:.3f} cosine {cosine:.3f}")
        if (step + 1) % 1000 == 0:
            random = school.draws[0].random.bit_generator.state
            kept = {"step": step + 1, "net": net.state_dict(), "optimizer": optimizer.state_dict(), "random": random}
            torch.save(kept, out / "state.new")
            (out / "state.new").replace(state)


def in_bytes(rows):
    """Rows as bytes around 128, with a scale each."""
    scale = (rows.abs().amax(1, keepdim=True) / 127).clamp(min=1e-12)
    return ((rows / scale).round() + 128).to(torch.uint8), scale.squeeze(1)


def write(net, school, out):
    config = {
        "model_type": "xiaoer-gated",
        "vocab_size": school.tokenizer.get_vocab_size(),
        "pairs": len(net.pairs),
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "window": WINDOW,
        "dimensions": net.out.out_features,
    }
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    weights = {k: v.half().cpu().contiguous() for k, v in net.state_dict().items() if not k.startswith("polarity")}
    for name, rows in (("embedding", net.embedding), ("pair_embedding", net.pair_embedding[:-1])):
        weights[name], weights[name + ".scale"] = in_bytes(rows.detach().cpu())
    weights["pairs"] = torch.from_numpy(net.pairs.astype(np.uint32))
    save_file(weights, out / "model.safetensors")
    (out / "state.pt").unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("texts", "teacher", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=10_000)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    school = School(args.texts, args.teacher, args.out, np.random.default_rng(SEED))
    say(f"{len(school.lessons)} lessons, {len(school.left)} pairs, {len(school.reviews)} reviews")
    net = Net(school.start, school.pairs, school.vectors.shape[1]).to(DEVICE)
    teach(net, school, args.steps, args.out)
    write(net, school, args.out)
    say(f"wrote {args.out}; now `xiaoer train`")


if __name__ == "__main__":
    main()
