//! Slips of the finger: a Latin word that the vocabulary does not know, one slip away from a word that it
//! knows whole, is read as that word. Found by symmetric deletion (Garbe, 2012).

use std::collections::HashMap;

/// Letters of the shortest word that is mended, and of the longest.
const WORD_LETTERS: std::ops::RangeInclusive<usize> = 4..=20;
/// Letters of the shortest word that is known.
const KNOWN_LETTERS_MIN: usize = 3;

/// Words known whole.
pub(super) struct Spelling {
    /// Each word's rank: the lower, the more usual.
    ranks: HashMap<String, u32>,
    /// Words by what is left of them without one letter.
    left: HashMap<String, Vec<String>>,
}

impl Spelling {
    /// Over the pieces of a vocabulary, with their ids as ranks.
    pub fn new(pieces: HashMap<String, u32>) -> Self {
        let is_word =
            |word: &String| word.len() >= KNOWN_LETTERS_MIN && word.bytes().all(|b| b.is_ascii_lowercase());
        let ranks: HashMap<String, u32> = pieces.into_iter().filter(|(word, _)| is_word(word)).collect();
        let mut left: HashMap<String, Vec<String>> = HashMap::new();
        for word in ranks.keys() {
            for rest in deletions(word) {
                left.entry(rest).or_default().push(word.clone());
            }
        }
        Self { ranks, left }
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
        if !fits || self.ranks.contains_key(word) {
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
            .filter(|known| is_one_slip(word, known));
        let order = |known: &&String| (!same_start(word, known), self.ranks.get(*known).copied());
        near.min_by_key(order).map(String::as_str)
    }
}

/// People slip less often on the first letter.
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
        let words = ["refund", "order", "the", "where", "money", "monkey", "##fund"];
        Spelling::new(words.iter().map(|w| (*w).to_owned()).zip(1..).collect())
    }

    #[test]
    fn one_slip_is_mended() {
        for (said, read) in [
            ("where is my refudn", "where is my refund"),
            ("wheree my oder?", "where my order?"),
            ("mney", "money"),
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
    fn swaps_and_their_like_are_one_slip() {
        assert!(is_one_slip("refudn", "refund") && is_one_slip("rfund", "refund"));
        assert!(is_one_slip("order", "ordre") && is_one_slip("arder", "order"));
        assert!(!is_one_slip("refund", "refund") && !is_one_slip("dnufer", "refund"));
    }
}
