//! Examples that say the same: copies teach nothing, and the same words under two intents teach wrong.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::problem::Problems;
use super::{Bot, Intent};
use crate::conversation::fold;

/// Letters and characters an example needs before one of them more or less can be called a near copy.
const NEAR_CHARS_MIN: usize = 8;
/// Longest text looked at, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Letters and characters of a text, without case, width, script or punctuation; of a text that has
/// none, such as an emoji, all of it.
fn bare(text: &str) -> Vec<char> {
    let folded = fold(text, TEXT_CHARS_MAX);
    let letters: Vec<char> = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() {
        folded.chars().collect()
    } else {
        letters
    }
}

/// Hashes of the text and, when it is long enough, of the text without each of its characters: two texts one
/// slip apart have one of these in common (Garbe, 2012: symmetric deletion).
fn keys(bare: &[char]) -> Vec<u64> {
    let hash = |before: &[char], behind: &[char]| {
        let mut hasher = DefaultHasher::new();
        before.iter().chain(behind).for_each(|c| c.hash(&mut hasher));
        hasher.finish()
    };
    let mut keys = vec![hash(bare, &[])];
    if bare.len() >= NEAR_CHARS_MIN {
        keys.extend((0..bare.len()).map(|gone| hash(&bare[..gone], &bare[gone + 1..])));
    }
    keys
}

/// An example that was met.
struct Met<'a> {
    intent: &'a Intent,
    line: usize,
    bare: Vec<char>,
}

/// Warns of copies and near copies among all examples, each at its second place. Serving does not ask.
pub fn alike(bot: &Bot, problems: &mut Problems) {
    let mut met: Vec<Met<'_>> = Vec::new();
    let mut seen: HashMap<u64, usize> = HashMap::new();
    for intent in bot.intents.values() {
        for example in &intent.examples {
            let own = bare(&example.text);
            let keys = keys(&own);
            // One slip apart, two intents may both be right: `who are you`, `how are you`.
            let before = keys
                .iter()
                .filter_map(|key| met.get(*seen.get(key)?))
                .find(|other| other.bare == own || other.intent.name == intent.name);
            if let Some(other) = before {
                let (code, verb) = match (other.intent.name == intent.name, other.bare == own) {
                    (true, true) => ("repeated_example", "is a copy of"),
                    (true, false) => ("near_copy", "is nearly a copy of"),
                    (false, _) => ("conflicting_example", "says the same as"),
                };
                let file = other
                    .intent
                    .file
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy();
                let message = format!(
                    "`{}` {verb} line {} of {file}; keep one of them",
                    example.text, other.line
                );
                problems.warn(&intent.file, example.line, code, message);
            }
            for key in keys {
                seen.entry(key).or_insert(met.len());
            }
            met.push(Met {
                intent,
                line: example.line,
                bare: own,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_apart_is_near() {
        let common = |a: &str, b: &str| {
            let b = keys(&bare(b));
            keys(&bare(a)).iter().any(|key| b.contains(key))
        };
        assert!(common("Where is my parcel?", "where is my parcels"));
        assert!(common("我的包裹到哪里了呀", "我的包裹到哪裡了"));
        assert!(!common("退款", "退货"));
        assert!(!common("where is my parcel", "where is my refund"));
    }
}
