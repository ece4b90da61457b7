"""Turns the public sets of docs/evaluation.md into the lines that `xiaoer eval classifier` reads.

Usage: python3 scripts/prepare_eval_data.py DATA OUT
DATA holds clinc150/, banking77/ and cic_zh_ecommerce_intent/; OUT gets {clinc,bank,cic}-{train,valid,test}.jsonl.
The sets' own splits are kept. Banking77 has no validation part: a tenth of its training rows, chosen by a hash of the
text, becomes one. Needs only Python.
"""

import csv
import hashlib
import json
import pathlib
import sys


def write(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        for text, label in rows:
            out.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
    print(path, len(rows), file=sys.stderr)


def clinc(data, out):
    full = json.loads((data / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    for ours, theirs in (("train", "train"), ("valid", "val"), ("test", "test")):
        write(out / f"clinc-{ours}.jsonl", full[theirs] + full[f"oos_{theirs}"])


def banking(data, out):
    def rows(name):
        with open(data / "banking77" / name, encoding="utf-8", newline="") as file:
            return [(row["text"], row["category"]) for row in csv.DictReader(file)]

    def is_valid(text):
        return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 == 0

    train = rows("train.csv")
    write(out / "bank-train.jsonl", [row for row in train if not is_valid(row[0])])
    write(out / "bank-valid.jsonl", [row for row in train if is_valid(row[0])])
    write(out / "bank-test.jsonl", rows("test.csv"))


def cic(data, out):
    for ours, theirs in (("train", "train"), ("valid", "dev"), ("test", "test_public")):
        lines = (data / "cic_zh_ecommerce_intent" / f"{theirs}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        write(out / f"cic-{ours}.jsonl", [(row["sentence"], str(row["label"])) for row in rows])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    clinc(data, out)
    banking(data, out)
    cic(data, out)


main()
