//! What a message points to without naming it: the second one, the last one, the other one.

use crate::bot::folded_message;
use crate::conversation::Choice;

/// Words for places in a list; the place counts from 1, 0 is the last.
const PLACES: [(usize, &[&str]); 6] = [
    (
        1,
        &[
            "第一个",
            "第一单",
            "第1个",
            "头一个",
            "the first",
            "first one",
            "1st",
            "number one",
            "number 1",
        ],
    ),
    (
        2,
        &[
            "第二个",
            "第二单",
            "第2个",
            "the second",
            "second one",
            "2nd",
            "number two",
            "number 2",
        ],
    ),
    (
        3,
        &[
            "第三个",
            "第三单",
            "第3个",
            "the third",
            "third one",
            "3rd",
            "number three",
            "number 3",
        ],
    ),
    (
        4,
        &[
            "第四个",
            "第四单",
            "第4个",
            "the fourth",
            "fourth one",
            "4th",
            "number four",
            "number 4",
        ],
    ),
    (
        5,
        &[
            "第五个",
            "第五单",
            "第5个",
            "the fifth",
            "fifth one",
            "5th",
            "number five",
            "number 5",
        ],
    ),
    (0, &["最后一", "最后那", "倒数第一", "the last", "last one"]),
];
/// Words for what is not the one at hand.
const OTHER: [&str; 8] = [
    "另一",
    "另外一",
    "别的那",
    "the other order",
    "the other one",
    "other one",
    "other order",
    "not that one",
];
/// Words that point to what was spoken of last.
const IT: [&str; 16] = [
    "这个", "那个", "这款", "那款", "这件", "那件", "它", "这双", "这条", "这本", "it", "this", "that",
    "this one", "that one", "them",
];
/// Longest message that points into a list, in characters.
const POINTING_CHARS_MAX: usize = 32;

/// The entry of a list that a message points to by its place.
#[must_use]
pub(super) fn nth<'a>(text: &str, list: &'a [Choice]) -> Option<&'a Choice> {
    let folded = folded_message(text);
    if folded.chars().count() > POINTING_CHARS_MAX {
        return None;
    }
    let holds = |words: &[&str]| words.iter().any(|word| crate::bot::holds(&folded, word));
    let (place, _) = PLACES.iter().find(|(_, words)| holds(words))?;
    match place {
        0 => list.last(),
        place => list.get(place - 1),
    }
}

/// The entry that is not the one at hand, when there are just two.
#[must_use]
pub(super) fn other<'a>(text: &str, list: &'a [Choice], now: &str) -> Option<&'a Choice> {
    let mut others = list.iter().filter(|entry| !entry.choice.ends_with(now));
    let one = others.next()?;
    (others.next().is_none() && says_other(text)).then_some(one)
}

/// Whether a message speaks of another one than the one at hand.
#[must_use]
pub(super) fn says_other(text: &str) -> bool {
    let folded = folded_message(text);
    OTHER.iter().any(|word| crate::bot::holds(&folded, word))
}

/// Whether a message speaks of a thing it does not name.
#[must_use]
pub fn says_it(text: &str) -> bool {
    let folded = folded_message(text);
    IT.iter().any(|word| crate::bot::holds(&folded, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_list() {
        let list = ["a", "b", "c"].map(|name| Choice {
            label: name.to_owned(),
            choice: format!("product:{name}"),
        });
        for (text, wanted) in [
            ("第二个", Some("b")),
            ("the second one please", Some("b")),
            ("最后一个吧", Some("c")),
            ("第四个", None),
            ("seconds", None),
        ] {
            assert_eq!(nth(text, &list).map(|c| c.label.as_str()), wanted, "{text}");
        }
        assert_eq!(
            other("另一个", &list[..2], "a").map(|c| c.label.as_str()),
            Some("b")
        );
        assert!(says_it("这个有货吗") && says_it("is it waterproof") && !says_it("item"));
    }
}
