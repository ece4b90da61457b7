"""Turns the public sets of docs/evaluation.md into the lines that `xiaoer eval classifier` reads.

Usage: python3 scripts/prepare_eval_data.py DATA OUT
OUT gets NAME-{train,valid,test}.jsonl for clinc, bank, cic, hwu, chn (reviews), shop (reviews of ten kinds of goods) and sst
(film reviews), and
{clinc,bank}10-train.jsonl with ten examples an intent; NAME-pairs.jsonl is for `xiaoer eval pairs`. The sets' own splits are kept. Where a set has no validation part,
a tenth of its training rows, chosen by a hash of the text, becomes one. Needs only Python.
"""

import csv
import gzip
import hashlib
import json
import pathlib
import random
import sys

from prepare_encoder_data import shop_reviews

FEW = 10
FEW_SEED = 42


def write(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for text, label in rows:
            out.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
    print(path, len(rows), file=sys.stderr)


def lines(path):
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="\n") as file:
            return file.read().splitlines()
    return path.read_text(encoding="utf-8").splitlines()


def few(rows):
    """The first ten of each label after a shuffle."""
    rows, counts, kept = list(rows), {}, []
    random.Random(FEW_SEED).shuffle(rows)
    for text, label in rows:
        counts[label] = counts.get(label, 0) + 1
        if counts[label] <= FEW:
            kept.append((text, label))
    return kept


def clinc(data, out):
    full = json.loads((data / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    for ours, theirs in (("train", "train"), ("valid", "val"), ("test", "test")):
        write(out / f"clinc-{ours}.jsonl", full[theirs] + full[f"oos_{theirs}"])
    write(out / "clinc10-train.jsonl", few(full["train"]))


def banking(data, out):
    def rows(name):
        with open(data / "banking77" / name, encoding="utf-8", newline="") as file:
            return [(row["text"], row["category"]) for row in csv.DictReader(file)]

    def is_valid(text):
        return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 == 0

    train = rows("train.csv")
    learnt = [row for row in train if not is_valid(row[0])]
    write(out / "bank-train.jsonl", learnt)
    write(out / "bank10-train.jsonl", few(learnt))
    write(out / "bank-valid.jsonl", [row for row in train if is_valid(row[0])])
    write(out / "bank-test.jsonl", rows("test.csv"))


def cic(data, out):
    for ours, theirs in (("train", "train"), ("valid", "dev"), ("test", "test_public")):
        rows = [json.loads(line) for line in lines(data / "cic_zh_ecommerce_intent" / f"{theirs}.jsonl")]
        write(out / f"cic-{ours}.jsonl", [(row["sentence"], str(row["label"])) for row in rows])


def hwu(data, out):
    for part in ("train", "valid", "test"):
        rows = [json.loads(line) for line in lines(data / "intent_hwu64" / f"{part}.jsonl")]
        write(out / f"hwu-{part}.jsonl", [(row["text"], row["label"]) for row in rows])


def reviews(data, out):
    """Chinese reviews, without the training rows that stand in the other parts as well."""
    folder = data / "zh_sentiment_chnsenticorp"
    leaked = set(map(int, lines(folder / "train_rows_also_in_dev_or_test.txt")))
    for ours, theirs in (("train", "train"), ("valid", "dev"), ("test", "test")):
        rows = [line.split("\t", 1) for line in lines(folder / f"{theirs}.tsv.gz")[1:]]
        kept = [(row[1], row[0]) for at, row in enumerate(rows) if ours != "train" or at not in leaked]
        write(out / f"chn-{ours}.jsonl", kept)


def shops(data, out):
    """Reviews of shops; the encoder has read the training part alone."""
    for part, rows in zip(("train", "valid", "test"), shop_reviews(data)):
        write(out / f"shop-{part}.jsonl", rows)


def films(data, out):
    for ours, theirs in (("train", "train"), ("valid", "dev"), ("test", "test")):
        rows = [line.rsplit("\t", 1) for line in lines(data / "sst2" / f"{theirs}.tsv.gz")]
        write(out / f"sst-{ours}.jsonl", [(row[0], row[1]) for row in rows])


def pairs(data, out):
    """Pairs of texts with how alike they are."""

    def write_pairs(name, rows):
        with open(out / f"{name}-pairs.jsonl", "w", encoding="utf-8") as file:
            for a, b, score in rows:
                file.write(json.dumps({"a": a, "b": b, "score": float(score)}, ensure_ascii=False) + "\n")

    def threes(path):
        return [row for row in (line.split("\t") for line in lines(data / path)) if len(row) == 3]

    write_pairs("afqmc", threes("zh_pairs_afqmc/dev.txt.gz"))
    write_pairs("lcqmc", threes("zh_pairs_lcqmc/test.txt.gz"))
    write_pairs("sts-zh", threes("zh_pairs_chinese_sts_b/sts-b-test.txt.gz"))
    rows = [line.split("\t") for line in lines(data / "stsb_en/stsbenchmark.tsv.gz")]
    write_pairs("sts-en", [(row[6], row[7], row[5]) for row in rows if row[0] == "test"])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    for prepare in (clinc, banking, cic, hwu, reviews, shops, films, pairs):
        prepare(data, out)


main()
