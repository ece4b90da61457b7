#!/usr/bin/env python3
"""The English words that slips are mended to, the most usual first.

Usage: python3 scripts/usual_words.py DATA TEXTS > src/predictors/encoder/words.txt
DATA is the folder of public sets, TEXTS that of prepare_encoder_data.py. Counts what people said (a help centre's words
count more, since shoppers use them) and keeps what a dictionary knows, too.
"""

import collections
import json
import re
import sys
from pathlib import Path

from prepare_encoder_data import lines
from train_encoder import table

WORDS = 40_000
SEEN_MIN = 2
HELP_CENTRE = 20  # times that a word of the help centres counts
WORD = re.compile(r"[a-z]{3,20}")


def main():
    data, texts = map(Path, sys.argv[1:])
    known = (row.split("\t")[0] for row in lines(data / "dict_ecdict_en_zh/ecdict_en_zh.tsv.gz"))
    known = {word for word in known if WORD.fullmatch(word)}
    seen = collections.Counter()
    for english, meant, _ in table(texts / "lessons.tsv"):
        if english == meant and " " in english:
            seen.update(WORD.findall(english.lower()))
    for path in sorted((Path(__file__).parent / "lessons").glob("*.jsonl")):
        for row in map(json.loads, lines(path)):
            for word in WORD.findall(json.dumps(row, ensure_ascii=False).lower()):
                seen[word] += HELP_CENTRE
    usual = sorted((-times, word) for word, times in seen.items() if times >= SEEN_MIN and is_word(word, known))
    print("\n".join(word for _, word in usual[:WORDS]))


def is_word(word, known):
    """Whether a dictionary has it, or what it is bent from."""
    endings = (("", ""), ("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("d", ""))
    return any(word.endswith(end) and word[: len(word) - len(end)] + instead in known for end, instead in endings)


if __name__ == "__main__":
    main()
