//! How people really type: what is said in a conversation, slightly other. Numbers and buttons stay as they
//! are; somebody who mistypes an order number means another order.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;

use hanconv::RawDictionary;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::conversation::Lang;

/// One way to type otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Perturbation {
    /// A slip of the finger: two letters changed places, one is missing or doubled.
    Typo,
    /// Traditional characters.
    Traditional,
    /// A word of the other language in between.
    Mixed,
    /// The message in two pieces.
    Burst,
    /// Emoji and exclamation.
    Emoji,
}

impl FromStr for Perturbation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| format!("`{name}` is none of typo, traditional, mixed, burst, emoji"))
    }
}

impl Perturbation {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Typo,
        Self::Traditional,
        Self::Mixed,
        Self::Burst,
        Self::Emoji,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Typo => "typo",
            Self::Traditional => "traditional",
            Self::Mixed => "mixed",
            Self::Burst => "burst",
            Self::Emoji => "emoji",
        }
    }

    /// The messages that are sent instead of one; the same seed gives the same.
    #[must_use]
    pub fn of(self, text: &str, lang: Lang, seed: u64) -> Vec<String> {
        let mut random = StdRng::seed_from_u64(seed ^ fingerprint(text));
        // A number is exact or wrong.
        if text.chars().any(|c| c.is_ascii_digit()) || text.chars().count() < 3 {
            return vec![text.to_owned()];
        }
        match self {
            Self::Typo => vec![slipped(text, &mut random)],
            Self::Traditional => vec![traditional(text)],
            Self::Mixed => vec![mixed(text, lang, &mut random)],
            Self::Burst => burst(text),
            Self::Emoji => vec![format!(
                "{text}{}",
                pick(&["🙏", "😅", "！！！", "～😭"], &mut random)
            )],
        }
    }
}

fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(14_695_981_039_346_656_037, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
    })
}

fn pick<'a>(list: &[&'a str], random: &mut StdRng) -> &'a str {
    list[random.random_range(0..list.len())]
}

/// One slip somewhere behind the first letter.
fn slipped(text: &str, random: &mut StdRng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let letters: Vec<usize> = (1..chars.len())
        .filter(|at| chars[*at].is_alphabetic() && chars[at - 1].is_alphabetic())
        .collect();
    if letters.is_empty() {
        return text.to_owned();
    }
    let at = letters[random.random_range(0..letters.len())];
    match random.random_range(0..3) {
        0 => chars.swap(at, at - 1),
        1 if chars[at].is_ascii() => drop(chars.remove(at)),
        _ => chars.insert(at, chars[at]),
    }
    chars.into_iter().collect()
}

/// Simplified characters with their first traditional form.
static TRADITIONAL: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let first = |(from, to): (&str, &str)| Some((from.chars().next()?, to.chars().next()?));
    RawDictionary::STCharacters
        .iter()
        .filter_map(|(from, to)| first((from, to)))
        .collect()
});

fn traditional(text: &str) -> String {
    text.chars()
        .map(|c| TRADITIONAL.get(&c).copied().unwrap_or(c))
        .collect()
}

fn mixed(text: &str, lang: Lang, random: &mut StdRng) -> String {
    match lang {
        Lang::Zh => format!("{}{text}", pick(&["hi ", "OK ", "sorry ", "hello，"], random)),
        Lang::En => format!("{text} {}", pick(&["谢谢", "拜托了", "急", "好吗"], random)),
    }
}

/// Two pieces, cut at a mark in the middle if there is one.
fn burst(text: &str) -> Vec<String> {
    let marks = ['，', ',', '。', '.', '？', '?', '！', '!', ' '];
    let middle = text.len() / 2;
    let cut = text
        .match_indices(marks)
        .map(|(at, mark)| at + mark.len())
        .filter(|at| *at < text.len())
        .min_by_key(|at| at.abs_diff(middle));
    match cut {
        Some(at) => vec![text[..at].trim().to_owned(), text[at..].trim().to_owned()],
        None => vec![
            pick(&["在吗"], &mut StdRng::seed_from_u64(0)).to_owned(),
            text.to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perturbed_by_seed_and_numbers_are_left_alone() {
        for kind in Perturbation::ALL {
            let text = "帮我查一下，订单到哪了";
            assert_eq!(kind.of(text, Lang::Zh, 1), kind.of(text, Lang::Zh, 1));
            assert_ne!(kind.of(text, Lang::Zh, 1), [text]);
            assert_eq!(kind.of("QM2026110312", Lang::Zh, 1), ["QM2026110312"]);
        }
        assert_eq!(
            Perturbation::Traditional.of("订单还没发货", Lang::Zh, 1),
            ["訂單還沒發貨"]
        );
    }
}
