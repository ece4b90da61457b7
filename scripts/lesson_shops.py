#!/usr/bin/env python3
"""Writes shops of scripts/lessons as folders of articles with questions, for `xiaoer eval knowledge`.

Usage: python3 scripts/lesson_shops.py OUT SHOP [MORE ...]
OUT/SHOP/articles holds the articles, OUT/SHOP/questions.jsonl the questions. Every third question is written into its article,
as admins do, and not asked. Only shops that the encoder did not learn from (teach_answers.py --kept-out) measure anything.
"""

import json
import sys
from pathlib import Path

import prepare_encoder_data

LESSONS = Path(__file__).parent / "lessons"
LANGS = {"zh": "", "en": " "}  # and what stands between sentences
WRITTEN = 3  # one question in so many stands in its article


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def shop(name, folder):
    asked = []
    for place, row in enumerate(map(json.loads, prepare_encoder_data.lines(LESSONS / f"{name}.jsonl"))):
        for lang, between in LANGS.items():
            if "unanswered" in row:
                asked += [{"q": q, "lang": lang, "answers": [], "kind": "unanswerable"} for q in row["unanswered"][lang]]
                continue
            text, article = row["text"][lang], f"a{place}"
            written = "".join(f"  - {quoted(q)}\n" for q, _ in row["asked"][lang][::WRITTEN])
            head = f"---\nid: {article}\ntitle: {quoted(row['title'][lang])}\nquestions:\n{written}---\n\n"
            file = folder / "articles" / lang / f"{article}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{head}{between.join(text)}\n", encoding="utf-8")
            asked += [
                {"q": q, "lang": lang, "answers": [article], "span": text[at], "kind": "direct"}
                for n, (q, at) in enumerate(row["asked"][lang])
                if n % WRITTEN
            ]
    (folder / "questions.jsonl").write_text("".join(quoted(q) + "\n" for q in asked), encoding="utf-8")


def main():
    for name in sys.argv[2:]:
        shop(name, Path(sys.argv[1]) / name)


if __name__ == "__main__":
    main()
