//! `patterns.yaml`: how the bot repairs a conversation, by name. What a shop leaves out is built in.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::places::Places;
use super::problem::{Problems, or_nearest};
use super::response::{Response, Responses, check_response};
use super::shape::Variants;
use super::yaml;
use crate::conversation::{Choice, Lang, fold};

/// Largest patterns file, in bytes.
const PATTERNS_BYTES_MAX: u64 = 256 * 1024;
/// Longest message searched for phrases, in characters.
const MESSAGE_CHARS_MAX: usize = 400;
/// What every shop begins with.
const BUILT_IN: &str = include_str!("patterns.yaml");

/// One repair pattern. Its words are the response of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Folded phrases that call for it.
    pub phrases: Vec<String>,
    /// Characters a message may have besides the phrase.
    pub beside_max: usize,
    /// How often something may happen before the pattern is taken, where it counts.
    pub times_max: u8,
}

/// Patterns by name.
pub type Patterns = BTreeMap<String, Pattern>;

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
struct PatternFile {
    phrases: Option<BTreeMap<Lang, Vec<String>>>,
    beside_max: Option<usize>,
    times_max: Option<u8>,
    say: Option<BTreeMap<Lang, Variants>>,
    choices: Option<Vec<ChoiceFile>>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct ChoiceFile {
    choice: String,
    zh: String,
    en: String,
}

impl Pattern {
    /// The phrase of a folded message that calls for the pattern.
    #[must_use]
    pub fn called_by(&self, folded: &str) -> Option<&str> {
        let chars = folded.chars().count();
        self.phrases
            .iter()
            .filter(|phrase| chars <= phrase.chars().count() + self.beside_max)
            .find(|phrase| holds(folded, phrase))
            .map(String::as_str)
    }
}

/// Whether a folded text holds a folded phrase; Latin phrases as whole words. One slip of the finger in a
/// longer word, or a character typed twice, is passed over.
#[must_use]
pub fn holds(folded: &str, phrase: &str) -> bool {
    stands_in(folded, phrase) || nearly_in(&pieces(folded), &pieces(phrase))
}

fn stands_in(folded: &str, phrase: &str) -> bool {
    folded.match_indices(phrase).any(|(at, _)| {
        let glued = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let (first, last) = (phrase.chars().next(), phrase.chars().next_back());
        let before = glued(folded[..at].chars().next_back()) && glued(first);
        let behind = glued(folded[at + phrase.len()..].chars().next()) && glued(last);
        !before && !behind
    })
}

/// Latin words and single characters of other scripts, one of those that follow each other alike.
fn pieces(folded: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in folded.chars() {
        let word = c.is_ascii_alphanumeric() || c == '\'';
        match pieces.last_mut() {
            Some(last) if word && in_word => last.push(c),
            Some(last) if !word && last.len() == c.len_utf8() && last.starts_with(c) => {}
            _ if c.is_alphanumeric() => pieces.push(c.to_string()),
            _ => {}
        }
        in_word = word;
    }
    pieces
}

fn nearly_in(text: &[String], phrase: &[String]) -> bool {
    let letters: usize = phrase.iter().map(|piece| piece.chars().count()).sum();
    let same = |(one, other): (&String, &String)| {
        one == other
            || (other.len() >= 4
                && letters > 4
                && one.as_bytes()[0] == other.as_bytes()[0]
                && one_slip(one, other))
    };
    !phrase.is_empty()
        && letters > 1
        && text
            .windows(phrase.len())
            .any(|part| part.iter().zip(phrase).all(same))
}

/// Whether two words differ by one letter that is other, missing or too much, or by two that changed places.
#[must_use]
pub fn one_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let same_start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same_start..], &other[same_start..]);
    let same_end = one
        .iter()
        .rev()
        .zip(other.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (one, other) = (&one[..one.len() - same_end], &other[..other.len() - same_end]);
    match (one, other) {
        ([_] | [], [_]) | ([_], []) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// A message as phrases are looked for in it.
#[must_use]
pub fn folded_message(text: &str) -> String {
    fold(text, MESSAGE_CHARS_MAX)
}

/// Reads the shop's patterns over those built in; their words join `responses`.
pub(super) fn load_patterns(file: &Path, responses: &mut Responses, problems: &mut Problems) -> Patterns {
    let mut patterns = parse(file, BUILT_IN, problems);
    let own = file
        .exists()
        .then(|| yaml::read(file, PATTERNS_BYTES_MAX, problems))
        .flatten();
    let source = own.unwrap_or_default();
    let places = Places::of(&source);
    for (name, own) in if source.is_empty() {
        BTreeMap::new()
    } else {
        parse(file, &source, problems)
    } {
        match patterns.get_mut(&name) {
            Some(pattern) => pattern.take(own),
            None => {
                let known: Vec<&str> = patterns.keys().map(String::as_str).collect();
                let otherwise = format!("write one of {}", known.join(", "));
                let instead = or_nearest(&name, known, &otherwise);
                let message = format!("there is no pattern `{name}`; {instead}");
                problems.error(file, places.line(&[&name]), "unknown_pattern", message);
            }
        }
    }
    let said = |(name, pattern): (String, PatternFile)| {
        say(&name, &pattern, (file, &places), responses, problems);
        (name, pattern.into_pattern())
    };
    patterns.into_iter().map(said).collect()
}

fn parse(file: &Path, text: &str, problems: &mut Problems) -> BTreeMap<String, PatternFile> {
    yaml::parse(file, 0, text, "bad_yaml", problems).unwrap_or_default()
}

fn say(
    name: &str,
    pattern: &PatternFile,
    (file, places): (&Path, &Places),
    responses: &mut Responses,
    problems: &mut Problems,
) {
    let Some(written) = &pattern.say else {
        return;
    };
    for lang in Lang::ALL {
        let variants = written.get(&lang).map(|Variants(list)| list.clone());
        let of = |choice: &ChoiceFile| Choice {
            label: if lang == Lang::Zh { &choice.zh } else { &choice.en }.clone(),
            choice: choice.choice.clone(),
        };
        let response = Response {
            variants: variants.unwrap_or_default(),
            choices: pattern.choices.iter().flatten().map(of).collect(),
        };
        if response.variants.is_empty() {
            let message = format!("`say` of pattern `{name}` has no `{lang}`; write it");
            problems.error(file, places.line(&[name, "say"]), "missing_lang", message);
            continue;
        }
        let line = |at: usize| places.line(&[name, "say", lang.code(), &at.to_string()]);
        check_response(file, line, name, &response, problems);
        let of_lang = responses.entry(lang).or_default();
        if of_lang.insert(name.to_owned(), response).is_some() {
            let file = file.with_file_name("responses").join(format!("{lang}.yaml"));
            let line = Places::in_file(&file).line(&[name]);
            let message = format!("`{name}` is a pattern; move its words from here to patterns.yaml");
            problems.error(&file, line, "pattern_in_responses", message);
        }
    }
}

impl PatternFile {
    /// What the shop wrote stands before what is built in.
    fn take(&mut self, own: Self) {
        self.phrases = own.phrases.or(self.phrases.take());
        self.beside_max = own.beside_max.or(self.beside_max);
        self.times_max = own.times_max.or(self.times_max);
        self.say = own.say.or(self.say.take());
        self.choices = own.choices.or(self.choices.take());
    }

    fn into_pattern(self) -> Pattern {
        let phrases = self.phrases.into_iter().flat_map(BTreeMap::into_values).flatten();
        let mut phrases: Vec<String> = phrases.map(|phrase| folded_message(&phrase)).collect();
        phrases.retain(|phrase| !phrase.is_empty());
        // The longest first: it says most exactly what is meant.
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.chars().count()));
        Pattern {
            phrases,
            beside_max: self.beside_max.unwrap_or(MESSAGE_CHARS_MAX),
            times_max: self.times_max.unwrap_or(u8::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words_and_stand_nearly_alone() {
        let (mut responses, mut problems) = (Responses::new(), Problems::new(Path::new(".")));
        let patterns = load_patterns(Path::new("no such file"), &mut responses, &mut problems);
        assert!(problems.into_sorted().is_empty());
        for (message, pattern, called) in [
            ("算了，不办了", "cancel", true),
            ("Never mind!", "cancel", true),
            ("算了一下，这个订单的运费好像多收了我二十块钱", "cancel", false),
            ("the backpack is fine", "back", false),
            ("go back please", "back", true),
            ("我說錯了，是M碼", "correction", true),
            ("我填错错了", "correction", true),
            ("never mnd", "cancel", true),
            ("black", "back", false),
        ] {
            let found = patterns[pattern].called_by(&folded_message(message));
            assert_eq!(found.is_some(), called, "{message}: {found:?}");
        }
    }
}
