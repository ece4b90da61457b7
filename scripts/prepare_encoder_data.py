#!/usr/bin/env python3
"""Turns the public sets into the tables the encoder learns from.

Usage: python3 scripts/prepare_encoder_data.py DATA_DIR OUT_DIR
Writes OUT_DIR/lessons.tsv (English for the English teacher, or nothing, TAB a text for the teacher of many languages TAB
a text of the same meaning), OUT_DIR/pairs.tsv (text TAB text of the same meaning) and OUT_DIR/reviews.tsv (a review for the
teacher TAB the same TAB 0, 1, or nothing where nobody has judged it); all but what is for the teachers is folded. Which sets,
under which licences: models/CARD.md. Test splits, CLINC150, Banking77, sets marked "not for training" and whatever a shop
writes are left out, and so are two tenths of the shop reviews, on which heads are calibrated and measured
(prepare_eval_data.py).
"""

import csv
import gzip
import io
import itertools
import json
import random
import re
import sys
import unicodedata
from pathlib import Path

SEED = 20261125
ENGLISH_CHARS_MAX = 160
HAN_CHARS_MAX = 48
REVIEW_CHARS_MAX = 240
KEPT_OUT_SEED = 42


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


def same_label(path, rounds, rng, text="text"):
    items = map(json.loads, lines(path))
    for texts in groups((item["label"], item[text]) for item in items).values():
        for _ in range(rounds):
            rng.shuffle(texts)
            yield from zip(texts[::2], texts[1::2])


def groups(named):
    """Texts by name, of (name, text)."""
    found = {}
    for name, text in named:
        found.setdefault(name, []).append(text)
    return found


def pairs(data, slip, rng):
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
    for row in lines(data / "zh_pairs_chinese_sts_b/sts-b-train.txt.gz"):
        parts = row.split("\t")
        if float(parts[2]) >= 4:
            yield parts[0], parts[1]
    for item in map(json.loads, lines(data / "zh_qbqtc/dev.jsonl.gz")):
        if item["label"] == "2":
            yield item["query"], item["title"]
    yield from same_label(data / "intent_hwu64/train.jsonl", 2, rng)
    yield from same_label(data / "smp_ecdt/smp2017_task1_train.jsonl", 2, rng)
    yield from same_label(data / "cic_zh_ecommerce_intent/train.jsonl", 2, rng, "sentence")
    for row in lines(data / "zh_dialog_jddc/seq2seq_train.tsv.gz"):
        said, answer = (row.split("\t") + [""])[:2]
        yield said.rstrip(",").split(",")[-1], answer.rstrip(",")
    # One text is its own partner, as another's fingers would have written it.
    for row in lines(data / "zh_ecom_queries_multicpr/train.query.txt.gz"):
        if rng.random() < 0.2:
            query = row.split("\t")[-1]
            yield query, slip(query)
    for row in lines(data / "zh_dialog_jddc/seq2seq_train.tsv.gz"):
        for text in row.split("\t")[0].split(","):
            yield text, slip(text)


def english(data, rng):
    """English texts of every kind, for the teacher."""
    for name in ("train_4000_dialogues", "dev"):
        for row in lines(data / f"sgd_user_turns/{name}.jsonl.gz"):
            yield json.loads(row)["text"]
    for path in sorted((data / "multidogo").glob("*_train.tsv.gz")) + sorted((data / "multidogo").glob("*_dev.tsv.gz")):
        for row in itertools.islice(lines(path), 1, None):
            parts = row.split("\t")
            if len(parts) >= 4 and len(parts[3]) > 8:
                yield parts[3]
    for name in ("intent_hwu64", "intent_snips", "intent_atis"):
        for row in lines(data / name / "train.jsonl"):
            yield json.loads(row)["text"]
    for row in itertools.islice(lines(data / "mrpc/msr_paraphrase_train.txt.gz"), 1, None):
        yield from row.split("\t")[3:5]
    for row in lines(data / "stsb_en/stsbenchmark.tsv.gz"):
        parts = row.split("\t")
        if parts[0] == "train":
            yield from parts[5 + 1:5 + 3]
    for row in lines(data / "sst2/train.tsv.gz"):
        yield row.split("\t")[0]
    for row in itertools.islice(lines(data / "sentiment_en_amazon_alexa/amazon_alexa.tsv.gz"), 1, None):
        yield (row.split("\t") + [""] * 4)[3]
    faq = json.loads((data / "faq_en_ecommerce/Ecommerce_FAQ_Chatbot_dataset.json").read_text(encoding="utf-8"))
    for item in faq["questions"]:
        yield from (item["question"], item["answer"])
    with gzip.open(next((data / "search_en_homedepot").glob("*.gz")), "rt", encoding="utf-8", errors="replace") as f:
        for row in csv.DictReader(f):
            if rng.random() < 0.3:
                yield row["search_term"]
            if rng.random() < 0.2:
                yield row["product_title"]
    with gzip.open(data / "faq_en_bank/BankFAQs.csv.gz", "rt", encoding="utf-8", errors="replace") as f:
        for row in csv.DictReader(f):
            yield from (row["Question"], row["Answer"])


def chinese(data, rng):
    """Chinese texts of every kind, for the teacher of many languages."""
    for name in (
        "lcqmc/dev.txt.gz",
        "bq/train_webank_sample.tsv.gz",
        "atec/train_part1_minus_evals.tsv.gz",
        "oppo_xiaobu/dev.txt.gz",
        "chinese_snli/dev.txt.gz",
        "chinese_mnli/dev.txt.gz",
        "chinese_sts_b/sts-b-train.txt.gz",
    ):
        for row in lines(data / f"zh_pairs_{name}"):
            yield from row.split("\t")[:2]
    for item in map(json.loads, lines(data / "zh_qbqtc/dev.jsonl.gz")):
        yield from (item["query"], item["title"])
    for path, field in (("smp_ecdt/smp2017_task1_train", "text"), ("cic_zh_ecommerce_intent/train", "sentence")):
        for item in map(json.loads, lines(data / f"{path}.jsonl")):
            yield item[field]
    for row in lines(data / "zh_dialog_jddc/seq2seq_train.tsv.gz"):
        said, answer = (row.split("\t") + [""])[:2]
        yield from (*said.split(","), answer)
    for row in lines(data / "zh_dialog_jddc/chat_0.1per.tsv.gz"):
        yield row.split("\t")[-1]
    for row in lines(data / "zh_ecom_queries_multicpr/train.query.txt.gz"):
        yield row.split("\t")[-1]
    for item in map(json.loads, lines(data / "crosswoz_zh/val_user_turns.jsonl.gz")):
        yield item["text"]
    # A review is many small statements.
    for review, _ in itertools.chain(shop_reviews(data)[0], takeaway_reviews(data)):
        parts = [part for part in re.split(r"(?<=[。！？!?；;\n])", review) if len(part) > 3]
        yield from rng.sample(parts, min(3, len(parts)))


RECOMBINED_ENGLISH, RECOMBINED_CHINESE = 800_000, 600_000
RECOMBINED_WORDS_MAX, RECOMBINED_CHARS_MAX = 22, 30


def recombined(said, reach, count, longest, rng):
    """Lists of words nobody said: walks that look `reach` words back, and beginnings of one with the end of another. A
    teacher has a vector for any text, and a student that only ever saw what people said learns sentences, not how words
    add up."""
    said = [words for words in said if 3 <= len(words) <= longest]
    after = {}
    for words in said:
        walk = [""] * reach + words + [""]
        for at in range(len(walk) - reach):
            after.setdefault(tuple(walk[at : at + reach]), []).append(walk[at + reach])
    for at in range(count):
        if at % 3 == 0:
            a, b = rng.choice(said), rng.choice(said)
            yield a[: rng.randint(1, len(a))] + b[rng.randint(0, len(b) - 1) :]
            continue
        words = []
        state = ("",) * reach
        while len(words) < longest and (word := rng.choice(after[state])):
            words.append(word)
            state = (*state[1:], word)
        yield words


def parallel(data):
    """(English, Chinese) sentences."""
    for row in lines(data / "parallel_tatoeba_cmn_eng/cmn.txt.gz"):
        parts = row.split("\t")
        yield parts[0], parts[1]
    for path in sorted((data / "parallel_wmt_zh_en").glob("wmt202[13]*.tsv")):
        for row in lines(path):
            parts = row.split("\t")
            if len(parts) >= 2:
                yield parts[0], parts[1]
    for row in lines(data / "parallel_xquad_questions/questions.en-zh.tsv"):
        yield tuple(row.split("\t")[:2])


def chinese_first(pair):
    """(English, Chinese), whichever came first."""
    return pair if re.search("[\u4e00-\u9fff]", pair[1]) else (pair[1], pair[0])


def dictionaries(data, rng):
    """(English, Chinese) words, and readings of single characters."""
    words, readings = [], {}
    for row in lines(data / "dict_cc_cedict/cedict_1_0_ts_utf-8_mdbg.txt.gz"):
        found = re.match(r"(\S+) (\S+) \[([^]]*)\] /([^/]+)/", row)
        if not found:
            continue
        if len(found[2]) == 1:
            readings.setdefault(re.sub(r"\d", "", found[3]).lower(), []).append(found[2])
        if not re.search(r"surname|variant of|see |\[|used in", found[4]):
            gloss = re.sub(r"\([^)]*\)", "", found[4]).strip()
            if gloss:
                words.append((re.sub(r"^to ", "", gloss), found[2]))
    by_english = {}
    for row in lines(data / "dict_ecdict_en_zh/ecdict_en_zh.tsv.gz"):
        parts = row.split("\t")
        if len(parts) == 2 and re.fullmatch(r"[a-z][a-z ]{2,24}", parts[0]):
            sense = re.sub(r"\b[a-z]+\.|\[[^]]*\]|\([^)]*\)|（[^）]*）", "", parts[1].split("\\n")[0])
            sense = re.split(r"[,;，；、.]", sense)[0].strip()
            if re.fullmatch("[\u4e00-\u9fff]{1,6}", sense):
                by_english[parts[0]] = re.sub("的$", "", sense) if len(sense) > 2 else sense
    singles = [w for w in words if len(w[1]) == 1]
    chosen = singles + rng.sample([w for w in words if 1 < len(w[1]) < 6], 60_000)
    chosen += rng.sample(sorted(by_english.items()), 50_000)
    return chosen, by_english, readings


FUNCTION_WORDS = dict(
    item.split("=")
    for item in """i=我 you=你 he=他 she=她 it=它 we=我们 they=他们 me=我 my=我的 your=你的 his=他的 her=她的 our=我们的
their=他们的 the= a= an= is=是 are=是 am=是 was=是 were=是 be=是 been= to= of=的 in=在 on=在 at=在 for=为 with=和 and=和 or=或者
not=不 no=没有 don't=不 doesn't=不 didn't=没 can=能 could=能 can't=不能 will=会 would=会 should=应该 do= does= did= have=有 has=有
had=有 this=这个 that=那个 these=这些 those=那些 what=什么 which=哪个 who=谁 where=哪里 when=什么时候 why=为什么 how=怎么 there=那里
here=这里 want=想要 need=需要 like=喜欢 please=请 yes=是的 ok=好的 okay=好的 so=所以 but=但是 if=如果 because=因为 about=关于 from=从
by=被 as=作为 get=得到 got=收到 one=一个 two=两个 some=一些 any=任何 all=全部 my=我的 i'm=我是 i'd=我想 i'll=我会 it's=这是 what's=是什么
that's=那是 hello=你好 hi=你好 thanks=谢谢 thank=谢谢 much=多少 many=多少 more=更多 now=现在 today=今天 tomorrow=明天 order=订单 book=预订
find=找 make=做 give=给 tell=告诉 show=显示 know=知道 help=帮助 time=时间 price=价格 money=钱 return=退货 refund=退款 ship=发货 shipping=运费
delivery=配送 package=包裹 parcel=包裹 size=尺码 color=颜色 colour=颜色 address=地址 phone=手机 account=账号 password=密码 card=卡 pay=付款
payment=付款 paid=付了 buy=买 bought=买了 cancel=取消 change=改 broken=坏了 store=店 shop=店 item=商品 product=商品 customer=顾客 service=服务
someone=人 person=人 arrive=到 arrived=到了 still=还 yet=还 wrong=错 missing=少了 never=从来没 just=刚 also=也 only=只 very=很 too=太 good=好
bad=差 new=新 old=旧 big=大 small=小 long=长 free=免费 open=打开 close=关闭 send=寄 sent=寄了 number=号码 day=天 days=天 week=周 hours=小时""".split()
)


def switched(text, by_english, rng):
    """The words of an English text in Chinese, as far as they are known."""
    words = re.findall(r"[A-Za-z']+|[^A-Za-z'\s]+", text.lower())
    known = 0
    said = []
    for word in words:
        chinese = FUNCTION_WORDS.get(word, by_english.get(word, by_english.get(word.rstrip("s"))))
        if chinese is None or (word not in FUNCTION_WORDS and rng.random() < 0.1):
            said.append(word)
        else:
            known += 1
            said.append(chinese)
    return "".join(w if not w.isascii() else f" {w} " for w in said) if known * 3 >= len(words) * 2 else None


NEAR_KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wqwrtyuioposdfghjkkxzcvbn"))


def slipped(text, readings_of, readings, rng):
    """The text with one or two slips: of a finger, or of an input method by sound."""
    chars = list(text)
    for _ in range(1 if len(chars) < 14 else 2):
        at = rng.randrange(len(chars))
        c, kind = chars[at], rng.randrange(5)
        if not c.isalpha():
            continue
        if kind == 0:
            chars[at] = ""
        elif kind == 1:
            chars[at] = c + c
        elif kind == 2 and at + 1 < len(chars):
            chars[at], chars[at + 1] = chars[at + 1], c
        elif c in readings_of:
            chars[at] = rng.choice(readings[readings_of[c]])
        else:
            chars[at] = NEAR_KEYS.get(c, c)
        chars = [c for c in chars if c] or ["?"]
    return "".join(chars)


def lessons(data, words, by_english, slip, rng):
    """(English or nothing, what both mean, text), the text not yet folded."""
    for english_text, text in map(chinese_first, parallel(data)):
        english_text, text = clean(english_text), clean(text)
        if len(english_text) <= ENGLISH_CHARS_MAX and len(text) <= HAN_CHARS_MAX:
            # Sentences bind the languages best and are few: each comes in several dresses.
            yield from ((english_text, text, text), (english_text, english_text, text), (english_text,) * 3)
            yield english_text, text, slip(text)
    for text in unlike(english_texts(data, rng), 4, ENGLISH_CHARS_MAX):
        yield text, text, text
        if rng.random() < 0.35:
            yield text, text, slip(text)
        if rng.random() < 0.5 and (translated := switched(text, by_english, rng)):
            yield text, text, translated
    for text in unlike(chinese_texts(data, rng), 2, HAN_CHARS_MAX):
        yield "", text, text
        if rng.random() < 0.35:
            yield "", text, slip(text)
    for english_text, text in words:
        if english_text:
            yield english_text, text, text
            if rng.random() < 0.2:
                yield (english_text,) * 3


def english_texts(data, rng):
    said = list(map(clean, english(data, rng)))
    words = [text.lower().split() for text in said]
    yield from said
    yield from map(" ".join, recombined(words, 2, RECOMBINED_ENGLISH, RECOMBINED_WORDS_MAX, rng))


def chinese_texts(data, rng):
    said = [text for text in map(clean, chinese(data, rng)) if re.search("[\u4e00-\u9fff]", text)]
    yield from said
    yield from map("".join, recombined(map(list, said), 3, RECOMBINED_CHINESE, RECOMBINED_CHARS_MAX, rng))


def unlike(texts, least, most):
    """Texts of so many characters, each once."""
    seen = set()
    for text in texts:
        key = text.lower()
        if least <= len(text) <= most and key not in seen:
            seen.add(key)
            yield text


def shop_reviews(data):
    """(review, label) of the shops: eight tenths to learn from, one to calibrate on and one to measure on; none that
    ChnSentiCorp has too."""
    skip = set(lines(data / "zh_sentiment_shopping10/rows_also_in_chnsenticorp_dev_or_test.txt"))
    text = "\n".join(lines(data / "zh_sentiment_shopping10/online_shopping_10_cats.csv.gz"))
    rows = enumerate(csv.DictReader(io.StringIO(text)))
    kept = list({row["review"]: row["label"] for at, row in rows if str(at) not in skip and row["review"]}.items())
    random.Random(KEPT_OUT_SEED).shuffle(kept)
    measured = len(kept) * 9 // 10
    calibrating = measured // 10
    return kept[calibrating:measured], kept[:calibrating], kept[measured:]


def takeaway_reviews(data):
    text = "\n".join(lines(data / "zh_sentiment_waimai10k/waimai_10k.csv.gz"))
    for row in csv.DictReader(io.StringIO(text)):
        yield row["review"], row["label"]


def judged(data):
    """(review, label)"""
    yield from shop_reviews(data)[0]
    yield from takeaway_reviews(data)
    for row in lines(data / "sst2/train.tsv.gz"):
        parts = row.split("\t")
        if len(parts) == 2:
            yield parts[0], parts[1]
    for row in itertools.islice(lines(data / "sentiment_en_amazon_alexa/amazon_alexa.tsv.gz"), 1, None):
        parts = row.split("\t")
        if len(parts) >= 5 and parts[4] in "01":
            yield parts[3], parts[4]


PATCHED_CHINESE, PATCHED_ENGLISH = 240_000, 120_000
PATCHES_MAX = 4  # of one review
CLAUSE_END = re.compile(r"(?<=[。！？!?；;，,\n.])\s*|\s+(?=(?:but|and|though|although|which|that|while|yet)\b)")


def reviews(data, rng):
    """Reviews that people judged, and reviews patched together from clauses of several, which only the teacher judges:
    nobody can learn those by heart."""
    said = [(clean(text)[:REVIEW_CHARS_MAX], label) for text, label in judged(data)]
    yield from ((text, label) for text, label in said if label in ("0", "1"))
    chinese = [re.search("[\u4e00-\u9fff]", text) is not None for text, _ in said]
    for count, ours, between in ((PATCHED_CHINESE, True, ""), (PATCHED_ENGLISH, False, " ")):
        clauses = [
            [part for part in CLAUSE_END.split(text) if len(part) > 1]
            for (text, _), theirs in zip(said, chinese)
            if theirs == ours
        ]
        clauses = [parts for parts in clauses if parts]
        for _ in range(count):
            patches = []
            for parts in rng.choices(clauses, k=rng.randint(1, PATCHES_MAX)):
                start = rng.randrange(len(parts))
                patches += parts[start : start + rng.randint(1, 4)]
            yield between.join(patches)[:REVIEW_CHARS_MAX], ""


def folding(data):
    """A text as the net gets it: as conversation/fold.rs folds, near enough for learning."""
    simplified = {}
    for row in lines(data / "dict_cc_cedict/cedict_1_0_ts_utf-8_mdbg.txt.gz"):
        if found := re.match(r"(\S) (\S) \[", row):
            simplified.setdefault(ord(found[1]), found[2])
    forms = set(simplified.values())
    # What is itself the simplified form of something stays: the dictionary knows 么 as a rare form of 幺, too.
    simplified = {key: form for key, form in simplified.items() if chr(key) not in forms}
    simplified |= {ord(quote): "'" for quote in "\u2018\u2019"}

    def fold(text):
        text = re.sub("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]", "", unicodedata.normalize("NFKC", text).lower())
        return clean(re.sub(r"([^\d])\1{3,}", r"\1\1\1", text.translate(simplified)))

    return fold


def table(path, rows):
    seen, written = set(), 0
    with open(path, "w", encoding="utf-8") as f:
        for row in rows:
            # A lesson may stand more than once: that is its weight.
            if row not in seen or path.name == "lessons.tsv":
                seen.add(row)
                written += 1
                f.write("\t".join(row) + "\n")
    print(f"{path.name}: {written} rows, {len(seen)} different", file=sys.stderr)


def main():
    data, out = map(Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(SEED)
    fold = folding(data)
    words, by_english, readings = dictionaries(data, rng)
    readings_of = {c: sound for sound, chars in readings.items() for c in chars}

    def slip(text):
        return slipped(text, readings_of, readings, rng) if text else text

    taught = ((clean(a), clean(b), fold(text)) for a, b, text in lessons(data, words, by_english, slip, rng))
    table(out / "lessons.tsv", (row for row in taught if row[1] and row[2]))
    twins = ((fold(a), fold(b)) for a, b in pairs(data, slip, rng))
    table(out / "pairs.tsv", ((a, b) for a, b in twins if len(a) > 1 and len(b) > 1))
    heard = ((clean(text), fold(text), label) for text, label in reviews(data, rng))
    table(out / "reviews.tsv", (row for row in heard if len(row[1]) > 1))


if __name__ == "__main__":
    main()
