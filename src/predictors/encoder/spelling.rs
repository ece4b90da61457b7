//! Slips of the finger: a Latin word that nobody knows, one slip away from a usual one, is read as that; a blank may have
//! slipped as well. Found by symmetric deletion (Garbe, 2012). A vocabulary's pieces are known, but nothing is mended to
//! them: `porcel` begins porcelain, and is no better than parcel.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Letters of the shortest word that is mended, and of the longest.
const WORD_LETTERS: std::ops::RangeInclusive<usize> = 4..=20;
/// Letters of the longest word that is mended only where two of them are swapped: of short ones too many are one letter
/// away.
const SHORT_LETTERS: usize = 3;
/// So many words stand in all kinds of sentences; a short word is mended to one of these.
const EVERYWHERE: u32 = 150;
/// A blank is moved or put in between so many: of more, some make names of places.
const BESIDE_BLANK: u32 = 1_000;
/// Words of one and two letters, which `words.txt` lacks and a blank may stand beside.
const SHORTEST: [&str; 29] = [
    "a", "i", "am", "an", "as", "at", "be", "by", "do", "go", "he", "hi", "if", "im", "in", "is", "it", "me",
    "my", "no", "of", "ok", "on", "or", "so", "to", "up", "us", "we",
];
/// Letters of the longer part, at least, of a word that was two.
const PART_LETTERS: usize = 3;
/// English words, the most usual first (`scripts/usual_words.py`).
const WORDS: &str = include_str!("words.txt");
/// So many of them are usual enough to be what was meant.
const USUAL: usize = 8_000;

/// Words known whole.
pub(super) struct Spelling {
    known: HashSet<String>,
    /// Each usual word's rank: the lower, the more usual.
    ranks: HashMap<String, u32>,
    /// Words by what is left of them without one letter.
    left: HashMap<String, Vec<String>>,
}

impl Spelling {
    /// Of English, and over the pieces of a vocabulary.
    pub fn new(pieces: HashMap<String, u32>) -> Self {
        Self::over(WORDS.lines(), pieces.into_keys())
    }

    fn over<'a>(words: impl Iterator<Item = &'a str>, pieces: impl Iterator<Item = String>) -> Self {
        let words: Vec<String> = words.map(str::to_owned).collect();
        let known = pieces.chain(words.iter().cloned()).collect();
        let ranks: HashMap<String, u32> = words.into_iter().take(USUAL).zip(0..).collect();
        let mut left: HashMap<String, Vec<String>> = HashMap::new();
        for word in ranks.keys() {
            for rest in deletions(word) {
                left.entry(rest).or_default().push(word.clone());
            }
        }
        Self { known, ranks, left }
    }

    /// A folded text with its slips mended.
    pub fn mend(&self, folded: &str) -> String {
        let mut parts: Vec<Cow<'_, str>> = parts(folded).map(Cow::Borrowed).collect();
        for at in 0..parts.len() {
            if !self.is_strange(&parts[at]) {
                continue;
            }
            let beside = at.checked_sub(2).into_iter().chain([at]);
            let mut moved =
                beside.filter_map(|first| Some((first, self.moved(parts.get(first..first + 3)?)?)));
            if let Some((first, [one, two])) = moved.next() {
                (parts[first], parts[first + 2]) = (Cow::Owned(one), Cow::Owned(two));
            } else if let Some(meant) = self.meant(&parts[at]) {
                parts[at] = Cow::Owned(meant);
            }
        }
        parts.concat()
    }

    /// What a strange word was meant for.
    fn meant(&self, word: &str) -> Option<String> {
        self.nearest(word)
            .map(str::to_owned)
            .or_else(|| self.parted(word))
    }

    /// Whether letters are no word that anybody knows.
    fn is_strange(&self, part: &str) -> bool {
        part.bytes().all(|b| b.is_ascii_lowercase()) && !self.known.contains(part) && !self.is_usual(part)
    }

    /// Whether somebody might well have meant this word.
    fn is_usual(&self, word: &str) -> bool {
        self.ranks.contains_key(word) || SHORTEST.contains(&word)
    }

    /// Whether that is likely enough to move a blank.
    fn is_beside_blank(&self, word: &str) -> bool {
        self.ranks.get(word).is_some_and(|rank| *rank < BESIDE_BLANK) || SHORTEST.contains(&word)
    }

    /// Two words that nobody means with the blank between them one letter further, if that makes both of them usual.
    fn moved(&self, parts: &[Cow<'_, str>]) -> Option<[String; 2]> {
        let [one, gap, two] = parts else {
            return None;
        };
        let letters = format!("{one}{two}");
        if gap != " "
            || self.is_usual(one)
            || self.is_usual(two)
            || !letters.bytes().all(|b| b.is_ascii_lowercase())
        {
            return None;
        }
        let at = [one.len() + 1, one.len() - 1].into_iter();
        let mut cut = at
            .filter(|at| (1..letters.len()).contains(at))
            .map(|at| letters.split_at(at));
        let (one, two) = cut.find(|(one, two)| self.is_beside_blank(one) && self.is_beside_blank(two))?;
        Some([one.to_owned(), two.to_owned()])
    }

    /// Two usual words that lost the blank between them. One is such as stand in every sentence: `whatcan` is two words,
    /// `overlong` is one.
    fn parted(&self, word: &str) -> Option<String> {
        let rank = |part: &str| self.ranks.get(part).copied().unwrap_or(0);
        let halves = (2..word.len().saturating_sub(1)).map(|at| word.split_at(at));
        let usual = halves.filter(|(one, two)| {
            one.len().max(two.len()) >= PART_LETTERS
                && rank(one).min(rank(two)) < EVERYWHERE
                && self.is_beside_blank(one)
                && self.is_beside_blank(two)
        });
        let (one, two) = usual.min_by_key(|(one, two)| rank(one).max(rank(two)))?;
        Some(format!("{one} {two}"))
    }

    /// The usual word that is near a strange one.
    fn nearest(&self, word: &str) -> Option<&str> {
        if word.len() == SHORT_LETTERS {
            let swapped = (0..2).filter_map(|at| self.ranks.get_key_value(&swapped(word, at)));
            let near = swapped.filter(|(known, rank)| **rank < EVERYWHERE && same_start(word, known));
            return near
                .min_by_key(|(_, rank)| **rank)
                .map(|(known, _)| known.as_str());
        }
        if !WORD_LETTERS.contains(&word.len()) {
            return None;
        }
        let rests = deletions(word);
        let longer = self.left.get(word).into_iter().flatten();
        let alike = rests.iter().filter_map(|rest| self.left.get(rest)).flatten();
        let shorter = rests
            .iter()
            .filter_map(|rest| self.ranks.get_key_value(rest).map(|(known, _)| known));
        let near = longer
            .chain(alike)
            .chain(shorter)
            .filter(|known| same_start(word, known) && is_one_slip(word, known));
        near.min_by_key(|known| self.ranks.get(*known).copied())
            .map(String::as_str)
    }
}

/// Latin words and what stands between them, in turn or not.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let is_latin = |c: char| c.is_ascii_alphanumeric();
    let mut rest = text;
    std::iter::from_fn(move || {
        let kind = is_latin(rest.chars().next()?);
        let end = rest.find(|c| is_latin(c) != kind).unwrap_or(rest.len());
        let part;
        (part, rest) = rest.split_at(end);
        Some(part)
    })
}

/// People seldom slip on the first letter; mumble is not tumble.
fn same_start(a: &str, b: &str) -> bool {
    a.as_bytes().first() == b.as_bytes().first()
}

/// A word of ASCII letters with the one at a place behind its neighbour.
fn swapped(word: &str, at: usize) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if at + 1 < letters.len() {
        letters.swap(at, at + 1);
    }
    letters.into_iter().collect()
}

fn deletions(word: &str) -> Vec<String> {
    (0..word.len())
        .map(|at| format!("{}{}", &word[..at], &word[at + 1..]))
        .collect()
}

/// Whether one letter more, less or another, or two swapped neighbours, make one word of the other.
fn is_one_slip(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([x, y, a @ ..], [v, w, b @ ..]) if (x, y) == (w, v) && a == b => true,
        ([_, a @ ..], b) if a == b => true,
        (a, [_, b @ ..]) if a == b => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling() -> Spelling {
        let everywhere = ["the", "for", "where"].map(str::to_owned);
        let filled = (0..EVERYWHERE).map(|n| n.to_string());
        let rarer = ["refund", "order", "money", "monkey"].map(str::to_owned);
        let words: Vec<String> = everywhere.into_iter().chain(filled).chain(rarer).collect();
        Spelling::over(
            words.iter().map(String::as_str),
            ["##fund", "mony"].map(str::to_owned).into_iter(),
        )
    }

    #[test]
    fn one_slip_is_mended() {
        for (said, read) in [
            ("where is my refudn", "where is my refund"),
            ("wheree my oder?", "where my order?"),
            ("mney", "money"),
            ("mony", "mony"),
            ("border noney", "border noney"),
            ("我的refnd呢", "我的refund呢"),
            ("ordrre", "ordrre"),
            ("teh otrder, eht", "the order, eht"),
            ("where is m yorder", "where is my order"),
            ("myo rder fro the money", "my order for the money"),
            ("whereis theorder", "where is the order"),
            ("moneyorder", "moneyorder"),
            ("or der 2m yorder", "or der 2m yorder"),
            ("in torder", "in torder"),
            ("qm20261 refund", "qm20261 refund"),
            ("", ""),
        ] {
            assert_eq!(spelling().mend(said), read);
        }
    }

    #[test]
    fn what_shoppers_say_is_known() {
        let english = Spelling::over(WORDS.lines(), std::iter::empty());
        assert_eq!(english.mend("please ship my parcel"), "please ship my parcel");
        assert_eq!(
            english.mend("where is my pacrel, i want a refnud"),
            "where is my parcel, i want a refund"
        );
    }

    #[test]
    fn swaps_and_their_like_are_one_slip() {
        assert!(is_one_slip("refudn", "refund") && is_one_slip("rfund", "refund"));
        assert!(is_one_slip("order", "ordre") && is_one_slip("arder", "order"));
        assert!(!is_one_slip("refund", "refund") && !is_one_slip("dnufer", "refund"));
    }
}
