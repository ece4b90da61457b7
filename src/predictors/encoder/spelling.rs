//! Slips of the finger: a Latin word that nobody knows, one slip away from a usual one, is read as that. Found by
//! symmetric deletion (Garbe, 2012). A vocabulary's pieces are known, but nothing is mended to them: `porcel` begins
//! porcelain, and is no better than parcel.

use std::collections::{HashMap, HashSet};

/// Letters of the shortest word that is mended, and of the longest.
const WORD_LETTERS: std::ops::RangeInclusive<usize> = 4..=20;
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
        let mut mended = String::with_capacity(folded.len());
        let mut word = String::new();
        // A blank ends the last word and goes again.
        for c in folded.chars().chain([' ']) {
            if c.is_alphanumeric() && c.is_ascii() {
                word.push(c);
                continue;
            }
            mended.push_str(self.nearest(&word).unwrap_or(&word));
            mended.push(c);
            word.clear();
        }
        mended.pop();
        mended
    }

    /// The word that was meant; `None` when it is known as it is, or nothing is near.
    fn nearest(&self, word: &str) -> Option<&str> {
        let fits = WORD_LETTERS.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase());
        if !fits || self.known.contains(word) {
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

/// People seldom slip on the first letter; mumble is not tumble.
fn same_start(a: &str, b: &str) -> bool {
    a.as_bytes().first() == b.as_bytes().first()
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
        let words = ["refund", "order", "the", "where", "money", "monkey"];
        Spelling::over(
            words.into_iter(),
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
            ("teh", "teh"),
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
