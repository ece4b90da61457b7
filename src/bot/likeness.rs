//! Examples that say the same: copies teach nothing, and the same words under two intents teach wrong.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::problem::Problems;
use super::{Bot, Intent};
use crate::conversation::fold;

/// Letters and characters an example needs before one of them more or less can be called a near copy.
const NEAR_CHARS_MIN: usize = 8;
/// Of the polynomial that hashes a text: odd, and large, so that every character moves all bits.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
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
/// slip apart have one of these in common (Garbe, 2012: symmetric deletion). The hash is a polynomial, so that
/// what is left of a text is hashed out of what stands before and behind the gap.
fn keys(bare: &[char]) -> Vec<u64> {
    let chars = bare.len();
    let mut before: Vec<u64> = vec![1];
    for c in bare {
        let last = before.last().copied().unwrap_or_default();
        before.push(last.wrapping_mul(BASE).wrapping_add(u64::from(*c)));
    }
    let mut keys = vec![before[chars]];
    let (mut behind, mut power) = (0_u64, 1_u64);
    for gone in (0..chars).rev().filter(|_| chars >= NEAR_CHARS_MIN) {
        keys.push(before[gone].wrapping_mul(power).wrapping_add(behind));
        behind = behind.wrapping_add(u64::from(bare[gone]).wrapping_mul(power));
        power = power.wrapping_mul(BASE);
    }
    keys
}

/// Where a hash was met first.
type Seen = HashMap<u64, usize, BuildHasherDefault<Mixed>>;

/// A hash of a hash: there are a million of them, and nobody chooses them to collide.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number ^ (number >> 32)).wrapping_mul(BASE);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
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
    // The same may stand anywhere; what is only nearly the same counts within an intent, since one slip apart
    // two intents may both be right: `who are you`, `how are you`.
    let mut same = Seen::default();
    for intent in bot.intents.values() {
        let mut near = Seen::default();
        for example in &intent.examples {
            let own = bare(&example.text);
            let keys = keys(&own);
            let before = keys.iter().find_map(|key| near.get(key)).or(same.get(&keys[0]));
            if let Some(other) = before.and_then(|at| met.get(*at)) {
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
            same.entry(keys[0]).or_insert(met.len());
            for key in keys {
                near.entry(key).or_insert(met.len());
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
