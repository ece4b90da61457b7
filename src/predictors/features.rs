//! Hashed n-grams: words and character sequences of a message as sparse features.

use std::ops::Range;

use crate::conversation::fold;

/// Longest text looked at, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// Number of hash places (2^20): far more than a shop's n-grams, so that collisions are rare.
pub(super) const PLACES: u32 = 1 << 20;

/// Folds the text and replaces digits by `0`: which number it is says nothing about the intent.
fn shape_of(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    for c in fold(text, TEXT_CHARS_MAX).chars() {
        let c = if c.is_numeric() { '0' } else { c };
        if !(c == '0' && shape.ends_with("00")) {
            shape.push(c);
        }
    }
    shape
}

fn is_wide(c: char) -> bool {
    ('\u{2e80}'..='\u{9fff}').contains(&c) || ('\u{f900}'..='\u{faff}').contains(&c) || c >= '\u{20000}'
}

/// Places of all n-grams of a text, sorted, each once.
///
/// Latin words alone, in pairs, beside one another but one, and as character 2- to 5-grams with their edges marked;
/// Han characters alone, in pairs, threes and fours, and in pairs of either order; punctuation and emoji alone.
#[must_use]
pub(super) fn places(text: &str) -> Vec<u32> {
    let mut places: Vec<u32> = grams(&words(&shape_of(text)))
        .into_iter()
        .map(|gram| gram.place)
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// An n-gram and the words it stands on.
pub(super) struct Gram {
    pub place: u32,
    pub words: Range<usize>,
}

/// The words of a text as they are shown, and its n-grams with the words they stand on.
pub(super) fn read(text: &str) -> (Vec<String>, Vec<Gram>) {
    let grams = grams(&words(&shape_of(text)));
    (words(&fold(text, TEXT_CHARS_MAX)), grams)
}

fn grams(words: &[String]) -> Vec<Gram> {
    let mut grams = Vec::with_capacity(words.len() * 8);
    let mut put = |place: u32, from: usize, count: usize| {
        grams.push(Gram {
            place,
            words: from..from + count,
        });
    };
    for (at, word) in words.iter().enumerate() {
        put(hash("w", word, ""), at, 1);
        let (next, after) = (words.get(at + 1), words.get(at + 2));
        if let Some(next) = next {
            put(hash("b", word, next), at, 2);
        }
        if word.chars().all(is_wide) {
            for (other, count) in next.into_iter().chain(after).zip(2..) {
                put(together(word, other), at, count);
            }
            if let (Some(next), Some(after)) = (next, after) {
                put(hash("t", &format!("{word}{next}"), after), at, 3);
                if let Some(fourth) = words.get(at + 3) {
                    put(hash("f", &format!("{word}{next}{after}"), fourth), at, 4);
                }
            }
        } else if let Some(after) = after {
            put(hash("s", word, after), at, 3);
        }
        character_grams(word, |place| put(place, at, 1));
    }
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        put(hash("^", first, ""), 0, 1);
        put(hash("$", last, ""), words.len() - 1, 1);
    }
    grams
}

/// Two characters near each other, in whichever order: what is left when a finger swaps, drops or doubles one.
fn together(one: &str, other: &str) -> u32 {
    hash("u", one.min(other), one.max(other))
}

/// Latin words as they are, every other visible character on its own.
fn words(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut glued = false;
    for c in folded.chars() {
        let letter = c.is_alphanumeric() && !is_wide(c) || c == '\'';
        if letter && glued {
            if let Some(word) = words.last_mut() {
                word.push(c);
            }
        } else if !c.is_whitespace() {
            words.push(c.to_string());
        }
        glued = letter;
    }
    words
}

/// Words put together again: blanks between Latin ones alone.
pub(super) fn join(words: &[&str]) -> String {
    let mut text = String::new();
    let mut glue = true;
    for word in words {
        let latin = word.chars().any(|c| c.is_alphanumeric() && !is_wide(c));
        if latin && !glue {
            text.push(' ');
        }
        glue = !latin;
        text.push_str(word);
    }
    text
}

fn character_grams(word: &str, mut put: impl FnMut(u32)) {
    let count = word.chars().count();
    if !(3..=30).contains(&count) {
        return;
    }
    let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(['>']).collect();
    for size in 2..=5 {
        for gram in marked.windows(size) {
            let gram: String = gram.iter().collect();
            put(hash("c", &gram, ""));
        }
    }
}

/// FNV-1a over kind and parts, folded to the number of places.
fn hash(kind: &str, first: &str, second: &str) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in kind
        .bytes()
        .chain(first.bytes())
        .chain([0x1f])
        .chain(second.bytes())
    {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    (hash ^ (hash >> 20)) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_place() {
        let (words, grams) = read("退款 for QM2026110312 please");
        assert_eq!(words, ["退", "款", "for", "qm2026110312", "please"]);
        assert!(grams.iter().all(|gram| gram.words.end <= words.len()));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(join(&words), "退款for qm2026110312 please");
    }

    #[test]
    fn folding() {
        assert_eq!(shape_of("ＱＭ２０２６ 退貨"), "qm00 退货");
        assert_eq!(places("Hello"), places("ｈｅｌｌｏ"));
        assert!(places("").is_empty());
        assert!(places("退货").len() >= 3);
        assert!(places(&"长".repeat(100_000)).len() < 20);
        // Swapped characters still stand together, Latin words have an order.
        let shared = |a: &str, b: &str| {
            let there = places(b);
            places(a).iter().filter(|place| there.contains(place)).count()
        };
        assert_eq!(shared("退货", "货退"), 3);
        assert_eq!(shared("no ok", "ok no"), 2);
    }
}
