//! The same messages as other fingers and keyboards would have written them, by a seed.

use std::collections::HashMap;
use std::sync::LazyLock;

use hanconv::RawDictionary;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Seed of the slips.
const SEED: u64 = 20_261_125;
/// One character in so many is a slip.
const SLIP_SHARE: usize = 12;

/// Simplified characters with their traditional form.
static TRADITIONAL: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let first = |text: &str| text.chars().next();
    RawDictionary::STCharacters
        .iter()
        .filter_map(|(from, to)| Some((first(from)?, first(to)?)))
        .collect()
});

type Perturbation = fn(&str) -> String;

/// All perturbations with their names.
pub(super) const ALL: [(&str, Perturbation); 7] = [
    ("slips", slips),
    ("traditional", traditional),
    ("full_width", full_width),
    ("no_punctuation", no_punctuation),
    ("emoji", emoji),
    ("upper_case", upper_case),
    ("stretched", stretched),
];

/// Swapped, dropped and doubled characters: at least one of a text.
fn slips(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut random = StdRng::seed_from_u64(SEED ^ chars.len() as u64);
    for _ in 0..=chars.len() / SLIP_SHARE {
        if chars.len() < 3 {
            break;
        }
        let at = random.random_range(0..chars.len() - 1);
        match random.random_range(0..3) {
            0 => chars.swap(at, at + 1),
            1 => drop(chars.remove(at)),
            _ => chars.insert(at, chars[at]),
        }
    }
    chars.into_iter().collect()
}

fn traditional(text: &str) -> String {
    text.chars()
        .map(|c| TRADITIONAL.get(&c).copied().unwrap_or(c))
        .collect()
}

fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        c => c,
    };
    text.chars().map(wide).collect()
}

fn no_punctuation(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric() || c.is_whitespace())
        .collect()
}

fn emoji(text: &str) -> String {
    format!("{text} 😅🙏")
}

fn upper_case(text: &str) -> String {
    text.to_uppercase()
}

/// The last letter or character held down.
fn stretched(text: &str) -> String {
    let last = text.chars().last().filter(|c| c.is_alphanumeric());
    let more: String = last
        .iter()
        .cycle()
        .take(if last.is_some() { 4 } else { 0 })
        .collect();
    format!("{text}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_changes_what_it_says() {
        assert_eq!(traditional("退货"), "退貨");
        assert_eq!(full_width("a 1"), "ａ　１");
        assert_eq!(no_punctuation("a, b!"), "a b");
        assert_eq!(stretched("hi"), "hiiiii");
        assert_eq!(slips("hello there"), slips("hello there"));
        assert_ne!(slips("hello there"), "hello there");
        assert!(ALL.iter().all(|(_, change)| change("").chars().count() <= 3));
    }
}
