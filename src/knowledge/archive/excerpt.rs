//! The part of a message around what was asked for, with the words that were found marked.

use super::super::text;

/// Longest excerpt, in characters.
const EXCERPT_CHARS_MAX: usize = 120;
/// Characters before the first mark.
const BEFORE_CHARS: usize = 30;

/// A piece of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mark {
    /// The words.
    pub text: String,
    /// Whether they are what was asked for.
    pub hit: bool,
}

/// The excerpt of a message for a question.
#[must_use]
pub fn excerpt(message: &str, asked: &str) -> Vec<Mark> {
    let squeezed = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars: Vec<char> = squeezed.chars().collect();
    let marked = marks(&chars, asked);
    let first = marked.iter().position(|hit| *hit).unwrap_or(0);
    let from = if chars.len() <= EXCERPT_CHARS_MAX {
        0
    } else {
        first
            .saturating_sub(BEFORE_CHARS)
            .min(chars.len() - EXCERPT_CHARS_MAX)
    };
    let to = chars.len().min(from + EXCERPT_CHARS_MAX);
    let mut pieces: Vec<Mark> = Vec::new();
    let mut add = |c: char, hit: bool| match pieces.last_mut().filter(|last| last.hit == hit) {
        Some(last) => last.text.push(c),
        None => pieces.push(Mark {
            text: c.to_string(),
            hit,
        }),
    };
    if from > 0 {
        add('…', false);
    }
    (from..to).for_each(|at| add(chars[at], marked[at]));
    if to < chars.len() {
        add('…', false);
    }
    pieces
}

/// Which characters stand in a word that was asked for.
fn marks(chars: &[char], asked: &str) -> Vec<bool> {
    let mut marked = vec![false; chars.len()];
    let needed = text::needed(asked);
    // One character may fold to none or to several; only the first counts here.
    let folded: Vec<char> = chars
        .iter()
        .map(|c| {
            text::fold(c.encode_utf8(&mut [0; 4]))
                .chars()
                .next()
                .unwrap_or(' ')
        })
        .collect();
    for word in &needed {
        let word: Vec<char> = word.chars().collect();
        for (at, window) in folded.windows(word.len().max(1)).enumerate() {
            if window == word {
                marked[at..at + word.len()].fill(true);
            }
        }
    }
    mark_inflected(&folded, &needed, &mut marked);
    marked
}

/// Words of letters are marked whole, whatever their ending.
fn mark_inflected(folded: &[char], needed: &[String], marked: &mut [bool]) {
    let is_letter = |c: &char| c.is_ascii_alphanumeric();
    let mut from = 0;
    while from < folded.len() {
        let length = folded[from..].iter().take_while(|c| is_letter(c)).count();
        let word: String = folded[from..from + length].iter().collect();
        if length > 0 {
            let same = text::terms(&word).iter().any(|stem| needed.contains(stem));
            marked[from..from + length].fill(same);
        }
        from += length.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str, asked: &str) -> String {
        let piece = |mark: Mark| {
            if mark.hit {
                format!("[{}]", mark.text)
            } else {
                mark.text
            }
        };
        excerpt(message, asked).into_iter().map(piece).collect()
    }

    #[test]
    fn what_was_asked_for_is_marked() {
        for (message, asked, wanted) in [
            ("我要退貨，运费谁出", "退货", "我要[退貨]，运费谁出"),
            ("我要退货运费", "退货运费", "我要[退货运费]"),
            ("Where are my Refunds?", "refunding", "Where are my [Refunds]?"),
            ("order QM2026 fund", "fund", "order QM2026 [fund]"),
            ("a refund", "fund", "a refund"),
            ("你好", "", "你好"),
            ("", "x", ""),
        ] {
            assert_eq!(shown(message, asked), wanted);
        }
    }

    #[test]
    fn a_long_message_is_cut_around_the_hit() {
        let long = format!("{}退货{}", "啊一".repeat(100), "好的".repeat(100));
        let cut = shown(&long, "退货");
        assert!(
            cut.starts_with('…') && cut.ends_with('…') && cut.contains("[退货]"),
            "{cut}"
        );
        assert_eq!(cut.chars().count(), EXCERPT_CHARS_MAX + 4);
        let end = format!("{}退货", "啊一".repeat(100));
        assert!(shown(&end, "退货").ends_with("[退货]"));
    }
}
