//! Hashed n-grams: words and character sequences of a message as sparse features.

use crate::conversation::fold;

/// Longest text looked at, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// Number of hash places (2^20): far more than a shop's n-grams, so that collisions are rare.
const PLACES: u32 = 1 << 20;

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
/// Latin words alone, in pairs, and as character 3- to 5-grams with their edges marked; Han
/// characters alone, in pairs and in threes; punctuation and emoji alone.
#[must_use]
pub(super) fn places(text: &str) -> Vec<u32> {
    let words = words(&shape_of(text));
    let mut places = Vec::with_capacity(words.len() * 8);
    for (at, word) in words.iter().enumerate() {
        places.push(hash("w", word, ""));
        if let Some(next) = words.get(at + 1) {
            places.push(hash("b", word, next));
        }
        if let Some(after) = words.get(at + 2) {
            places.push(hash("s", word, after));
            if word.chars().all(is_wide) {
                places.push(hash("t", &format!("{word}{}", words[at + 1]), after));
            }
        }
        character_grams(word, &mut places);
    }
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        places.push(hash("^", first, ""));
        places.push(hash("$", last, ""));
    }
    places.sort_unstable();
    places.dedup();
    places
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

fn character_grams(word: &str, places: &mut Vec<u32>) {
    let count = word.chars().count();
    if !(3..=30).contains(&count) {
        return;
    }
    let marked: Vec<char> = std::iter::once('<').chain(word.chars()).chain(['>']).collect();
    for size in 3..=5 {
        for gram in marked.windows(size) {
            let gram: String = gram.iter().collect();
            places.push(hash("c", &gram, ""));
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
    fn folding() {
        assert_eq!(shape_of("ＱＭ２０２６ 退貨"), "qm00 退货");
        assert_eq!(places("Hello"), places("ｈｅｌｌｏ"));
        assert!(places("").is_empty());
        assert!(places("退货").len() >= 3);
        assert!(places(&"长".repeat(100_000)).len() < 20);
    }
}
