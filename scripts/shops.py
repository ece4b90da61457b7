"""The made-up help centres of scripts/lessons: articles in two languages, questions to them, and questions that nothing
answers."""

import json
import random
from pathlib import Path

import prepare_encoder_data

LESSONS = Path(__file__).parent / "lessons"
LANGS = ("zh", "en")
WRITTEN_MAX = 3  # questions that an article itself names


class Shop:
    """Places of a shop's texts: articles by language as titles and sentences; questions as (article, place, sentence)."""

    def __init__(self, path, add):
        self.name, self.articles, self.unanswered = path.stem, [], {lang: [] for lang in LANGS}
        self.asked = {lang: [] for lang in LANGS}
        for row in map(json.loads, prepare_encoder_data.lines(path)):
            if "unanswered" in row:
                self.unanswered = {lang: list(map(add, row["unanswered"][lang])) for lang in LANGS}
                continue
            at = len(self.articles)
            self.articles.append(
                {lang: [add(row["title"][lang]), *map(add, row["text"][lang])] for lang in LANGS}
            )
            for lang in LANGS:
                self.asked[lang] += [(at, add(question), sentence) for question, sentence in row["asked"][lang]]

    def written(self, lang, at, but):
        """A few questions that an article could name, none of those that are asked."""
        own = [place for article, place, _ in self.asked[lang] if article == at and place not in but]
        return random.sample(own, random.randint(0, min(WRITTEN_MAX, len(own))))

    def shelf(self, lang, foreign):
        """Language of each article and its texts, some in the language that is not asked in."""
        there = [lang if random.random() >= foreign else LANGS[LANGS.index(lang) - 1] for _ in self.articles]
        return there, [article[lang] for article, lang in zip(self.articles, there)]

    def both(self, count):
        """Sentences in Chinese and in English."""
        return random.sample([pair for article in self.articles for pair in zip(*article.values())], count)


def shops_of(kept_out, add):
    """Shops to learn from, and shops to measure, which are kept out by name."""
    shops = [Shop(path, add) for path in sorted(LESSONS.glob("*.jsonl"))]
    unknown = set(kept_out) - {shop.name for shop in shops}
    assert not unknown, f"no such shop: {unknown}"
    return [shop for shop in shops if shop.name not in kept_out], [shop for shop in shops if shop.name in kept_out]
