//! Text into search terms: Chinese by words and character bigrams, English by stems, codes whole.
//!
//! Index and queries share this one function, so what is written and what is asked meet.

use std::sync::{Arc, LazyLock};

use jieba_rs::Jieba;
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream};

use crate::conversation;

/// Longest text looked at, in characters; the rest cannot be found.
const TEXT_CHARS_MAX: usize = 20_000;
/// Longest term, in characters.
const TERM_CHARS_MAX: usize = 40;

/// One dictionary for the whole process: it is 30 MB and takes 0.3 s to read.
static JIEBA: LazyLock<Arc<Jieba>> = LazyLock::new(|| Arc::new(Jieba::new()));

/// Words that say nothing about the matter.
const STOP_WORDS: &[&str] = &[
    "a",
    "an",
    "the",
    "is",
    "are",
    "was",
    "be",
    "been",
    "am",
    "do",
    "does",
    "did",
    "i",
    "me",
    "my",
    "you",
    "your",
    "we",
    "our",
    "us",
    "it",
    "its",
    "this",
    "that",
    "these",
    "those",
    "to",
    "of",
    "in",
    "on",
    "at",
    "for",
    "and",
    "or",
    "if",
    "so",
    "with",
    "can",
    "could",
    "would",
    "will",
    "should",
    "shall",
    "may",
    "please",
    "hi",
    "hello",
    "hey",
    "there",
    "have",
    "has",
    "had",
    "get",
    "got",
    "want",
    "need",
    "know",
    "tell",
    "about",
    "just",
    "from",
    "by",
    "as",
    "any",
    "some",
    "what",
    "s",
    "t",
    "m",
    "re",
    "ve",
    "ll",
    "的",
    "了",
    "吗",
    "呢",
    "吧",
    "啊",
    "呀",
    "哦",
    "嘛",
    "我",
    "你",
    "您",
    "他",
    "她",
    "它",
    "们",
    "我们",
    "你们",
    "是",
    "在",
    "有",
    "就",
    "都",
    "也",
    "和",
    "跟",
    "与",
    "这",
    "那",
    "这个",
    "那个",
    "一个",
    "一下",
    "请问",
    "可以",
    "能",
    "会",
    "要",
    "想",
    "给",
    "把",
    "被",
    "还",
    "很",
    "吗？",
    "什么",
    "怎么",
    "如何",
    "么",
    "请",
    "问",
    "亲",
    "下",
    "个",
    "不",
    "没",
    "能不能",
    "是不是",
    "有没有",
    "知道",
    "告诉",
];

/// Folds as messages are folded, but longer texts.
#[must_use]
pub(super) fn fold(text: &str) -> String {
    conversation::fold(text, TEXT_CHARS_MAX)
}

/// Search terms in order of their place; repeated ones are kept.
#[must_use]
pub(super) fn terms(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut terms = Vec::new();
    let mut run = String::new();
    let mut kind = Kind::Other;
    for c in folded.chars() {
        let next = Kind::of(c);
        if next != kind {
            flush(&mut terms, &run, kind);
            run.clear();
            kind = next;
        }
        run.push(c);
    }
    flush(&mut terms, &run, kind);
    terms
}

/// Content words in order of their place: a Chinese word once, without its pairs of characters.
#[must_use]
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let cut = JIEBA.cut(&folded, true).into_iter();
    let words = cut
        .map(|token| token.word)
        .filter(|word| !STOP_WORDS.contains(word));
    let stem = |word: &str| match word.chars().next().map(Kind::of) {
        Some(Kind::Han) => Some(word.to_owned()),
        Some(Kind::Latin) => latin(word),
        _ => None,
    };
    words.filter_map(stem).collect()
}

/// Terms that a message must hold to be found by a question: words of two characters as they are, longer ones
/// by their pairs, so that it does not matter how jieba cuts them where they stand; single characters too.
#[must_use]
pub(super) fn needed(asked: &str) -> Vec<String> {
    let folded = fold(asked);
    let mut needed: Vec<String> = Vec::new();
    for token in JIEBA.cut(&folded, true) {
        let word = token.word;
        match word.chars().next().map(Kind::of) {
            _ if STOP_WORDS.contains(&word) => {}
            Some(Kind::Han) if word.chars().all(|c| Kind::of(c) == Kind::Han) => {
                let chars: Vec<char> = word.chars().collect();
                let pairs = chars
                    .windows(chars.len().min(2))
                    .map(|pair| pair.iter().collect());
                needed.extend(pairs.filter(|pair: &String| !STOP_WORDS.contains(&pair.as_str())));
            }
            _ => needed.extend(terms(word)),
        }
    }
    if needed.is_empty() {
        // Nothing but small words: any of their characters is something to look for.
        needed = single(asked);
    }
    needed.sort();
    needed.dedup();
    needed
}

/// The Chinese characters of a text one by one.
#[must_use]
pub(super) fn single(text: &str) -> Vec<String> {
    let folded = fold(text);
    let han = folded.chars().filter(|c| Kind::of(*c) == Kind::Han);
    han.map(String::from).collect()
}

/// Hashes of a text's terms, repeated ones too.
pub(super) fn hashes(text: &str) -> impl Iterator<Item = u64> {
    terms(text).into_iter().map(|term| hash(&term))
}

/// Shortest word that may be another with a slip, in letters.
const SLIP_LETTERS_MIN: usize = 4;

/// Hashes of every word that one slip of the finger could have made into this one: a letter left out, doubled
/// or wrong, or two that changed places (Damerau, 1964). None for short words and other scripts.
fn slips(term: &str) -> Vec<u64> {
    let letters = term.as_bytes();
    if letters.len() < SLIP_LETTERS_MIN || !letters.iter().all(u8::is_ascii_lowercase) {
        return Vec::new();
    }
    let mut meant = Vec::new();
    let mut keep = |before: &[u8], middle: &[u8], after: &[u8]| {
        let word = before.iter().chain(middle).chain(after);
        meant.push(word.fold(HASH_START, |hash, byte| hash_on(hash, *byte)));
    };
    for at in 1..=letters.len() {
        let (before, after) = letters.split_at(at);
        (b'a'..=b'z').for_each(|letter| keep(before, &[letter], after));
        if let [_, rest @ ..] = after {
            keep(before, &[], rest);
            (b'a'..=b'z').for_each(|letter| keep(before, &[letter], rest));
        }
        if let [first, second, rest @ ..] = after {
            keep(before, &[*second, *first], rest);
        }
    }
    meant
}

/// A set of terms, kept as their hashes in order: twenty thousand passages hold millions of terms.
#[derive(Debug, Default)]
pub(super) struct TermSet(Vec<u64>);

impl TermSet {
    /// The different terms of a text.
    pub fn of(text: &str) -> Self {
        Self::from_hashes(hashes(text).collect())
    }

    fn from_hashes(mut hashes: Vec<u64>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// The different terms of a text, as a shop that knows these (and how often) understands them: one that it
    /// does not know is the commonest that it knows with one slip, if there is any.
    pub fn mended(text: &str, known: impl Fn(u64) -> Option<u32>) -> Self {
        let meant = terms(text).into_iter().map(|term| {
            let written = hash(&term);
            if known(written).is_some() {
                return written;
            }
            let likely = slips(&term)
                .into_iter()
                .filter_map(|slip| Some((known(slip)?, slip)));
            likely.max().map_or(written, |(_, meant)| meant)
        });
        Self::from_hashes(meant.collect())
    }

    /// The hashes, in order.
    pub fn hashes(&self) -> &[u64] {
        &self.0
    }

    pub fn contains(&self, hash: u64) -> bool {
        self.0.binary_search(&hash).is_ok()
    }
}

const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same on every machine.
fn hash(term: &str) -> u64 {
    term.bytes().fold(HASH_START, hash_on)
}

fn hash_on(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Han,
    Latin,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}' => Self::Han,
            c if c.is_alphanumeric() => Self::Latin,
            _ => Self::Other,
        }
    }
}

fn flush(terms: &mut Vec<String>, run: &str, kind: Kind) {
    match kind {
        Kind::Other => {}
        Kind::Latin => {
            if let Some(term) = latin(run) {
                terms.push(term);
            }
        }
        Kind::Han => han(terms, run),
    }
}

/// A word's stem; numbers and codes stay whole.
fn latin(word: &str) -> Option<String> {
    if STOP_WORDS.contains(&word) {
        return None;
    }
    let word: String = word.chars().take(TERM_CHARS_MAX).collect();
    if !word.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Some(word);
    }
    let mut analyzer = TextAnalyzer::builder(RawTokenizer::default())
        .filter(Stemmer::new(Language::English))
        .build();
    let mut stream = analyzer.token_stream(&word);
    stream.next().map(|token| token.text.clone())
}

/// Words of two characters and more as jieba cuts them, and every pair of neighbours.
fn han(terms: &mut Vec<String>, run: &str) {
    let chars: Vec<char> = run.chars().collect();
    if chars.len() == 1 {
        if !STOP_WORDS.contains(&run) {
            terms.push(run.to_owned());
        }
        return;
    }
    for token in JIEBA.cut_for_search(run, true) {
        let long = token.word.chars().count();
        if (2..=TERM_CHARS_MAX).contains(&long) && !STOP_WORDS.contains(&token.word) {
            terms.push(token.word.to_owned());
        }
    }
    for pair in chars.windows(2) {
        let pair: String = pair.iter().collect();
        if !STOP_WORDS.contains(&pair.as_str()) && terms.last() != Some(&pair) {
            terms.push(pair);
        }
    }
}

/// Loads the dictionary now rather than with the first question.
pub(super) fn warm_up() {
    LazyLock::force(&JIEBA);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_mended_towards_what_is_known() {
        let words = ["refund", "return", "退款", "postage"];
        let known = |term: u64| words.iter().position(|word| hash(word) == term).map(|_| 1);
        for slip in ["rfund", "reefund", "refudn", "refumd", "refund"] {
            assert_eq!(TermSet::mended(slip, known).hashes(), [hash("refund")], "{slip}");
        }
        for far in ["reffnud", "tag", "退欵"] {
            assert_eq!(
                TermSet::mended(far, known).hashes(),
                TermSet::of(far).hashes(),
                "{far}"
            );
        }
    }

    #[test]
    fn terms_of_both_languages() {
        for (text, wanted) in [
            ("Refunds took refunding", vec!["refund", "took", "refund"]),
            ("ＱＭ２０２６ Q-KT01", vec!["qm2026", "q", "kt01"]),
            ("退款", vec!["退款", "退款"]),
            ("我的order到哪了", vec!["order"]),
            ("!!! ？？ 🙂", vec![]),
            ("", vec![]),
        ] {
            let found = terms(text);
            for term in &wanted {
                assert!(found.iter().any(|f| f == term), "{text}: {term} in {found:?}");
            }
            if wanted.is_empty() {
                assert!(found.is_empty(), "{text}: {found:?}");
            }
        }
        assert!(terms("七天无理由退货").contains(&"退货".to_owned()));
        assert_eq!(terms(&"a".repeat(100_000)).len(), 1);
    }
}
