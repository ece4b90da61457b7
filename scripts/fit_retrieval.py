#!/usr/bin/env python3
"""Fits the linear functions of src/knowledge/weigh.rs on development questions.

Usage: xiaoer eval knowledge --articles DIR --queries FILE --features FEATURES.tsv
       python3 scripts/fit_retrieval.py FEATURES.tsv [MORE.tsv ...]
One file is one shop. Prints how each shop does when the others alone were fitted on, and on questions left out of the fit
(five folds), and then the constants fitted on everything. Needs numpy.
"""

import csv
import sys

import numpy as np

FOLDS = 5
STEPS = 300
PULL, ANSWERABLE_PULL = 0.0003, 0.003  # towards no weight at all
REFUSED_MAX = 0.07  # of the answerable questions, when the limit of refusing is chosen


def read(path):
    questions = {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        names = next(rows)[6:]
        for row in rows:
            new = {"answerable": row[3] == "1", "articles": [], "right": [], "values": []}
            question = questions.setdefault(row[0], new)
            question["articles"].append(row[4])
            question["right"].append(int(row[5]))
            question["values"].append([float(v) for v in row[6:]])
    for question in questions.values():
        question["right"] = np.array(question["right"])
        question["values"] = np.array(question["values"])
    return names, list(questions.values())


def fit(lists):
    """Listwise: all right candidates together against the rest (softmax), by adaptive gradient descent. `lists` holds
    (values, right) of each question."""
    lists = [(values, right) for values, right in lists if right.any() and not right.all()]
    longest, width = max(len(right) for _, right in lists), lists[0][0].shape[1]
    x, absent = np.zeros((len(lists), longest, width)), np.full((len(lists), longest), -1e9)
    good = np.zeros((len(lists), longest), bool)
    for at, (values, right) in enumerate(lists):
        x[at, : len(right)], absent[at, : len(right)], good[at, : len(right)] = values, 0, right
    # A feature is pulled as often as it tells candidates apart: few questions are asked across languages.
    pull = PULL * np.mean([values.max(0) > values.min(0) for values, _ in lists], axis=0)
    weights, squares = (pull > 0) * 1.0, np.full(width, 1e-6)
    for _ in range(STEPS):
        scores = x @ weights + absent
        exps = np.exp(scores - scores.max(1, keepdims=True))
        wanted = np.where(good, exps, 0)
        push = exps / exps.sum(1, keepdims=True) - wanted / (wanted.sum(1, keepdims=True) + 1e-12)
        gradient = pull * weights + (push[:, :, None] * x).sum((0, 1)) / len(lists)
        squares += gradient**2
        # Every feature is a reason for, never against.
        weights = np.maximum(0, weights - 0.5 * gradient / np.sqrt(squares))
    return weights


def fit_answerable(rows, right, steps=1500):
    """Logistic regression: is the best hit right?"""
    weights, squares = np.append(np.full(rows.shape[1], 0.5), -2.0), np.full(rows.shape[1] + 1, 1e-6)
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    for _ in range(steps):
        error = sigmoid(rows @ weights) - right
        gradient = rows.T @ error / len(rows) + ANSWERABLE_PULL * np.append(weights[:-1], 0)
        squares += gradient**2
        weights = weights - 0.3 * gradient / np.sqrt(squares)
        weights[:-1] = np.maximum(0, weights[:-1])
    return weights[:-1], weights[-1]


def sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def best(weights, question):
    """Place of the best candidate, its features with how far it leads before another article, and articles by rank."""
    scores = question["values"] @ weights
    order = np.argsort(-scores, kind="stable")
    articles = [question["articles"][at] for at in order]
    others = [at for at in order if question["articles"][at] != articles[0]]
    lead = scores[order[0]] - (scores[others[0]] if others else 0.0)
    return order[0], np.append(question["values"][order[0]], lead), list(dict.fromkeys(articles))


def of_right_articles(question):
    """Passages of right articles alone, those right that hold the answer: which passage of an article answers."""
    own = question["right"] > 0
    return question["values"][own], question["right"][own] == 2


class Fitted:
    def __init__(self, questions):
        asked = [q for q in questions if q["answerable"]]
        self.ranking = fit([(q["values"], q["right"] > 0) for q in asked])
        self.within = fit([of_right_articles(q) for q in asked])
        found = [best(self.ranking, q) for q in questions]
        rows = np.array([row for _, row, _ in found])
        right = np.array([q["right"][at] > 0 for q, (at, _, _) in zip(questions, found)], float)
        self.answerable, self.bias = fit_answerable(rows, right)
        scores = sigmoid(rows @ self.answerable + self.bias)
        self.refuse = np.quantile(scores[[q["answerable"] for q in questions]], REFUSED_MAX)

    def count(self, questions):
        """asked, right at once, among five, very passage, answerable refused; others, refused."""
        counts = np.zeros(7)
        for question in questions:
            at, row, articles = best(self.ranking, question)
            refused = sigmoid(row @ self.answerable + self.bias) < self.refuse
            if not question["answerable"]:
                counts[5:] += 1, refused
                continue
            wanted = {a for a, right in zip(question["articles"], question["right"]) if right}
            article = question["articles"][at]
            own = [i for i, a in enumerate(question["articles"]) if a == article]
            passage = max(own, key=lambda i: question["values"][i] @ self.within)
            among = bool(wanted & set(articles[:5]))
            counts[:5] += 1, article in wanted, among, question["right"][passage] == 2, refused
        return counts


def told(name, counts):
    shares = counts[1:5] / counts[0]
    print(f"{name}: recall@1 {shares[0]:.3f}, recall@5 {shares[1]:.3f}, the very passage {shares[2]:.3f}, refused {shares[3]:.3f}", end=" ")
    print(f"of {counts[0]:.0f} answerable and {counts[6] / counts[5]:.3f} of {counts[5]:.0f} others")


def main():
    shops = {path: read(path) for path in sys.argv[1:]}
    names = next(iter(shops.values()))[0]
    everything = [q for _, questions in shops.values() for q in questions]
    if len(shops) > 1:
        for path, (_, questions) in shops.items():
            others = [q for other, (_, theirs) in shops.items() if other != path for q in theirs]
            told(f"{path}, fitted on the others", Fitted(others).count(questions))
    counts = [
        Fitted([q for at, q in enumerate(everything) if at % FOLDS != fold]).count(everything[fold::FOLDS])
        for fold in range(FOLDS)
    ]
    told("left out", sum(counts))
    fitted = Fitted(everything)
    for name, weights in (("RANKING", fitted.ranking), ("WITHIN", fitted.within), ("ANSWERABLE", fitted.answerable)):
        print(f"{name:10}", [float(round(w, 2)) for w in weights])
    print("the last of ANSWERABLE is LEAD; BIAS", round(float(fitted.bias), 2), "UNSURE_MIN", round(float(fitted.refuse), 3))
    print("names     ", names)


if __name__ == "__main__":
    main()
