//! Two wishes in one message: parts that a sentence's end, a new line or a word such as `顺便` sets apart.

/// Words that begin another matter.
const CONNECTORS: [&str; 14] = [
    "另外",
    "还有",
    "還有",
    "顺便",
    "順便",
    "对了",
    "對了",
    "再问",
    "另一个问题",
    "by the way",
    "and also",
    "also,",
    "another thing",
    "one more thing",
];
/// Characters that end a part.
const ENDS: [char; 9] = ['。', '！', '？', '!', '?', '；', ';', '\n', '…'];
/// Shortest part that can hold a wish, in letters and characters.
const PART_CHARS_MIN: usize = 4;
/// Most parts looked at.
const PARTS_MAX: usize = 6;

/// Parts of a message in their order; fewer than two when nothing sets them apart.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut parts = vec![text];
    for connector in CONNECTORS {
        parts = parts
            .into_iter()
            .flat_map(|part| cut_before(part, connector))
            .collect();
    }
    let sentences = parts
        .into_iter()
        .flat_map(|part| part.split(ENDS))
        .flat_map(|part| part.split(". "));
    sentences
        .map(str::trim)
        .filter(|part| part.chars().filter(|c| c.is_alphanumeric()).count() >= PART_CHARS_MIN)
        .take(PARTS_MAX)
        .collect()
}

/// The part before the connector and the part that begins with it.
fn cut_before<'a>(part: &'a str, connector: &str) -> Vec<&'a str> {
    // Connectors are found without case; only ASCII changes case here, so places stay the same.
    match part.to_ascii_lowercase().find(connector) {
        Some(at) if at > 0 => vec![&part[..at], &part[at..]],
        _ => vec![part],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (text, wanted) in [
            ("我要退货，顺便开个发票", vec!["我要退货，", "顺便开个发票"]),
            (
                "Cancel my order. How do points work?",
                vec!["Cancel my order", "How do points work"],
            ),
            (
                "where is it By the way do you gift wrap",
                vec!["where is it", "By the way do you gift wrap"],
            ),
            ("退款到了吗", vec!["退款到了吗"]),
            ("好的！！", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), wanted, "{text}");
        }
    }
}
