#!/usr/bin/env python3
"""Fits the linear functions of src/knowledge/weigh.rs on development questions.

Usage: xiaoer eval knowledge --articles DIR --queries FILE --features FEATURES.tsv
       python3 scripts/fit_retrieval.py FEATURES.tsv [MORE.tsv ...]
Prints the constants, and how they do on questions left out of the fit (five folds). Needs only Python.
"""

import csv
import math
import sys

FOLDS = 5
STEPS = 250
PULL = 0.003


def read(paths):
    questions = {}
    for path in paths:
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            names = next(rows)[6:]
            for row in rows:
                question = questions.setdefault((path, row[0]), {"answerable": row[3] == "1", "candidates": []})
                question["candidates"].append((row[4], int(row[5]), [float(v) for v in row[6:]]))
    return names, list(questions.values())


def dot(weights, values):
    return sum(w * v for w, v in zip(weights, values))


def fit(questions, width, steps=STEPS):
    """Listwise: all right candidates together against the rest (softmax), by adaptive gradient descent."""
    weights, squares = [1.0] * width, [1e-6] * width
    asked = [q for q in questions if q["answerable"] and any(right for _, right, _ in q["candidates"])]
    for _ in range(steps):
        gradient = [PULL * w for w in weights]
        for question in asked:
            scores = [dot(weights, values) for _, _, values in question["candidates"]]
            top = max(scores)
            exps = [math.exp(s - top) for s in scores]
            whole = sum(exps)
            good = sum(e for e, (_, right, _) in zip(exps, question["candidates"]) if right)
            for e, (_, right, values) in zip(exps, question["candidates"]):
                push = (e / whole - (e / good if right else 0.0)) / len(asked)
                if abs(push) > 1e-6:
                    for at, value in enumerate(values):
                        gradient[at] += push * value
        for at, g in enumerate(gradient):
            squares[at] += g * g
            # Every feature is a reason for, never against.
            weights[at] = max(0.0, weights[at] - 0.5 * g / math.sqrt(squares[at]))
    return weights


def best(weights, question):
    ranked = sorted(question["candidates"], key=lambda c: -dot(weights, c[2]))
    if not ranked:
        return None
    first = ranked[0]
    other = next((c for c in ranked if c[0] != first[0]), None)
    lead = dot(weights, first[2]) - (dot(weights, other[2]) if other else 0.0)
    articles = list(dict.fromkeys(c[0] for c in ranked))
    return first, lead, articles


def wanted(question):
    """Articles that answer."""
    return {article for article, right, _ in question["candidates"] if right}


def narrowed(question):
    """The passages of right articles alone, those right that hold the answer: which passage of an article answers."""
    candidates = [(article, right == 2, values) for article, right, values in question["candidates"] if right]
    return {**question, "candidates": candidates}


def fit_answerable(rows, width, steps=1500):
    """Logistic regression: is the best hit right? Rows are (features with lead, label)."""
    weights, squares, bias, bias_square = [0.5] * width, [1e-6] * width, -2.0, 1e-6
    for _ in range(steps):
        gradient, slope = [PULL * w for w in weights], 0.0
        for values, right in rows:
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, dot(weights, values) + bias)))) - right
            slope += error / len(rows)
            for at, value in enumerate(values):
                gradient[at] += error * value / len(rows)
        for at, g in enumerate(gradient):
            squares[at] += g * g
            weights[at] = max(0.0, weights[at] - 0.3 * g / math.sqrt(squares[at]))
        bias_square += slope * slope
        bias -= 0.3 * slope / math.sqrt(bias_square)
    return weights, bias


def answer_rows(weights, questions):
    rows = []
    for question in questions:
        found = best(weights, question)
        if found:
            (article, _, values), lead, _ = found
            rows.append((values + [lead], 1.0 if article in wanted(question) else 0.0))
    return rows


def main():
    names, questions = read(sys.argv[1:])
    width = len(names)
    passages = first = fifth = asked = said = right_said = refused = others = 0
    for fold in range(FOLDS):
        train = [q for at, q in enumerate(questions) if at % FOLDS != fold]
        weights = fit(train, width)
        within = fit([narrowed(q) for q in train], width)
        answerable, bias = fit_answerable(answer_rows(weights, train), width + 1)
        for question in questions[fold::FOLDS]:
            found = best(weights, question)
            sure = answered = False
            if found:
                (article, _, values), lead, articles = found
                answers = wanted(question)
                answered = article in answers
                sure = 1 / (1 + math.exp(-(dot(answerable, values + [lead]) + bias))) >= 0.5
            if question["answerable"]:
                asked += 1
                first += answered
                fifth += bool(found and answers & set(articles[:5]))
                own = [c for c in question["candidates"] if found and c[0] == article]
                passages += bool(own and max(own, key=lambda c: dot(within, c[2]))[1] == 2)
            else:
                others += 1
                refused += not sure
            said += sure
            right_said += sure and answered
    print(f"left out: recall@1 {first / asked:.3f}, recall@5 {fifth / asked:.3f} of {asked},", end=" ")
    print(f"the very passage {passages / asked:.3f};", end=" ")
    print(f"answered {said}, right {right_said}; refused {refused} of {others}")
    weights = fit(questions, width)
    within = fit([narrowed(q) for q in questions], width)
    answerable, bias = fit_answerable(answer_rows(weights, questions), width + 1)
    print("names     ", names)
    print("RANKING   ", [round(w, 2) for w in weights])
    print("WITHIN    ", [round(w, 2) for w in within])
    print("ANSWERABLE", [round(w, 2) for w in answerable[:-1]], "LEAD", round(answerable[-1], 2), "BIAS", round(bias, 2))


main()
