#!/usr/bin/env python3
"""Turns the public sets into the two tables the encoder learns from.

Usage: python3 scripts/prepare_encoder_data.py DATA_DIR OUT_DIR
Writes OUT_DIR/pairs.tsv (text TAB text of the same meaning) and OUT_DIR/reviews.tsv (text TAB 0|1).
Which sets, under which licences: models/CARD.md. Test splits, CLINC150, Banking77, and sets marked
"not for training" are left out.
"""

import csv
import gzip
import io
import itertools
import json
import random
import re
import sys
from pathlib import Path

SEED = 20261123


def lines(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="\n") as f:
        yield from (line.rstrip("\r\n") for line in f)


def clean(text):
    return re.sub(r"\s+", " ", text).strip()[:300]


def labelled_pairs(path, positive):
    for row in lines(path):
        parts = row.split("\t")
        if len(parts) == 3 and parts[2].strip() == positive:
            yield parts[0], parts[1]


def same_label(path, rounds, rng):
    groups = {}
    for row in lines(path):
        item = json.loads(row)
        groups.setdefault(item["label"], []).append(item["text"])
    for texts in groups.values():
        for _ in range(rounds):
            rng.shuffle(texts)
            yield from zip(texts[::2], texts[1::2])


def pairs(data, rng):
    yield from labelled_pairs(data / "zh_pairs_lcqmc/dev.txt.gz", "1")
    yield from labelled_pairs(data / "zh_pairs_bq/train_webank_sample.tsv.gz", "1")
    yield from labelled_pairs(data / "zh_pairs_atec/train_part1_minus_evals.tsv.gz", "1")
    yield from labelled_pairs(data / "zh_pairs_oppo_xiaobu/dev.txt.gz", "1")
    yield from labelled_pairs(data / "zh_pairs_chinese_snli/dev.txt.gz", "entailment")
    yield from labelled_pairs(data / "zh_pairs_chinese_mnli/dev.txt.gz", "entailment")
    for row in itertools.islice(lines(data / "mrpc/msr_paraphrase_train.txt.gz"), 1, None):
        parts = row.split("\t")
        if len(parts) == 5 and parts[0] == "1":
            yield parts[3], parts[4]
    for row in lines(data / "stsb_en/stsbenchmark.tsv.gz"):
        parts = row.split("\t")
        if parts[0] == "train" and float(parts[5]) >= 4:
            yield parts[6], parts[7]
    yield from same_label(data / "intent_hwu64/train.jsonl", 2, rng)
    for row in lines(data / "parallel_tatoeba_cmn_eng/cmn.txt.gz"):
        parts = row.split("\t")
        yield parts[0], parts[1]
        yield parts[1], parts[0]
    for path in sorted((data / "parallel_wmt_zh_en").glob("wmt202[13]*.tsv")):
        for row in lines(path):
            parts = row.split("\t")
            if len(parts) >= 2:
                yield parts[0], parts[1]
    for row in lines(data / "parallel_xquad_questions/questions.en-zh.tsv"):
        yield tuple(row.split("\t")[:2])
    for row in lines(data / "dict_cc_cedict/cedict_1_0_ts_utf-8_mdbg.txt.gz"):
        found = re.match(r"(\S+) (\S+) \[[^]]*\] /([^/]+)/", row)
        if found and not re.search(r"surname|variant of|see |\[", found[3]):
            yield found[2], re.sub(r"\([^)]*\)", "", found[3])
            if found[1] != found[2] and rng.random() < 0.3:
                yield found[1], found[2]
    words = []
    for row in lines(data / "dict_ecdict_en_zh/ecdict_en_zh.tsv.gz"):
        parts = row.split("\t")
        if len(parts) == 2 and re.fullmatch(r"[a-z][a-z ]{2,24}", parts[0]):
            sense = re.sub(r"\b[a-z]+\.|\[[^]]*\]|\([^)]*\)", "", parts[1].split("\\n")[0]).strip()
            words.append((parts[0], re.split(r"[,;，；]", sense)[0]))
    yield from rng.sample(words, min(60_000, len(words)))
    for row in lines(data / "zh_dialog_jddc/seq2seq_train.tsv.gz"):
        said, answer = (row.split("\t") + [""])[:2]
        yield said.rstrip(",").split(",")[-1], answer.rstrip(",")
    # One text is its own partner: dropped pieces make the two sides differ.
    for name in ("train_4000_dialogues.jsonl.gz",):
        for row in lines(data / "sgd_user_turns" / name):
            text = json.loads(row)["text"]
            if rng.random() < 0.5:
                yield text, text
    for path in sorted((data / "multidogo").glob("*_train.tsv.gz")):
        for row in itertools.islice(lines(path), 1, None):
            parts = row.split("\t")
            if len(parts) >= 4 and rng.random() < 0.3:
                yield parts[3], parts[3]
    for row in lines(data / "zh_ecom_queries_multicpr/train.query.txt.gz"):
        if rng.random() < 0.2:
            query = row.split("\t")[-1]
            yield query, query
    for row in lines(data / "zh_dialog_jddc/seq2seq_train.tsv.gz"):
        for text in row.split("\t")[0].split(","):
            yield text, text


def reviews(data):
    skip = set(lines(data / "zh_sentiment_shopping10/rows_also_in_chnsenticorp_dev_or_test.txt"))
    text = "\n".join(lines(data / "zh_sentiment_shopping10/online_shopping_10_cats.csv.gz"))
    for at, row in enumerate(csv.DictReader(io.StringIO(text))):
        if str(at) not in skip and row["review"]:
            yield row["review"], row["label"]
    text = "\n".join(lines(data / "zh_sentiment_waimai10k/waimai_10k.csv.gz"))
    for row in csv.DictReader(io.StringIO(text)):
        yield row["review"], row["label"]
    for row in lines(data / "sst2/train.tsv.gz"):
        parts = row.split("\t")
        if len(parts) == 2:
            yield parts[0], parts[1]
    for row in itertools.islice(lines(data / "sentiment_en_amazon_alexa/amazon_alexa.tsv.gz"), 1, None):
        parts = row.split("\t")
        if len(parts) >= 5 and parts[4] in "01":
            yield parts[3], parts[4]


def main():
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    seen = set()
    with open(out / "pairs.tsv", "w", encoding="utf-8") as f:
        for pair in pairs(data, rng):
            a, b = clean(pair[0]), clean(pair[1])
            if len(a) >= 2 and len(b) >= 2 and (a, b) not in seen:
                seen.add((a, b))
                f.write(f"{a}\t{b}\n")
    count = 0
    with open(out / "reviews.tsv", "w", encoding="utf-8") as f:
        for text, label in reviews(data):
            text = clean(text)[:120]
            if len(text) >= 2 and label in ("0", "1"):
                count += 1
                f.write(f"{text}\t{label}\n")
    print(f"{len(seen)} pairs, {count} reviews", file=sys.stderr)


if __name__ == "__main__":
    main()
