//! `responses/{zh,en}.yaml`: what the bot says, in variants, with the buttons that go with it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::problem::Problems;
use super::yaml;
use crate::conversation::{Choice, Lang};

/// Largest responses file, in bytes.
pub const RESPONSES_BYTES_MAX: u64 = 1024 * 1024;

/// One response in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Templates to choose from; never empty.
    pub variants: Vec<String>,
    /// Buttons under it.
    pub choices: Vec<Choice>,
}

/// Responses by language and key.
pub type Responses = BTreeMap<Lang, BTreeMap<String, Response>>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Many(Vec<String>),
    Full(Full),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    text: Vec<String>,
    #[serde(default)]
    choices: Vec<Choice>,
}

/// Reads both languages and compares their keys.
#[must_use]
pub fn load_responses(dir: &Path, problems: &mut Problems) -> Responses {
    let mut responses = Responses::new();
    for lang in Lang::ALL {
        let file = dir.join(format!("{lang}.yaml"));
        let Some(text) = yaml::read(&file, RESPONSES_BYTES_MAX, problems) else {
            continue;
        };
        let written: Option<BTreeMap<String, Written>> = yaml::parse(&file, 0, &text, "bad_yaml", problems);
        let mut of_lang = BTreeMap::new();
        for (key, written) in written.unwrap_or_default() {
            let response = match written {
                Written::One(text) => Response {
                    variants: vec![text],
                    choices: Vec::new(),
                },
                Written::Many(variants) => Response {
                    variants,
                    choices: Vec::new(),
                },
                Written::Full(full) => Response {
                    variants: full.text,
                    choices: full.choices,
                },
            };
            let line = line_of_key(&text, &key);
            check_response(&file, line, &key, &response, problems);
            if !response.variants.is_empty() {
                of_lang.insert(key, response);
            }
        }
        responses.insert(lang, of_lang);
    }
    compare_languages(dir, &responses, problems);
    responses
}

pub(super) fn check_response(
    file: &Path,
    line: usize,
    key: &str,
    response: &Response,
    problems: &mut Problems,
) {
    if response.variants.is_empty() {
        problems.error(
            file,
            line,
            "empty_response",
            format!("`{key}` has no text; write one"),
        );
    }
    let templates = minijinja::Environment::new();
    for variant in &response.variants {
        if let Err(error) = templates.template_from_str(variant) {
            let message = format!("`{key}`: {error}; mend the {{{{ }}}} in it");
            problems.error(file, line, "bad_template", message);
        }
    }
}

fn compare_languages(dir: &Path, responses: &Responses, problems: &mut Problems) {
    for lang in Lang::ALL {
        let other = if lang == Lang::Zh { Lang::En } else { Lang::Zh };
        let (Some(these), Some(those)) = (responses.get(&lang), responses.get(&other)) else {
            continue;
        };
        for key in these.keys().filter(|key| !those.contains_key(*key)) {
            let message = format!("response `{key}` is missing; {lang}.yaml has it");
            problems.error(&dir.join(format!("{other}.yaml")), 0, "missing_response", message);
        }
    }
}

/// The line on which a top-level key stands, or 0.
pub(super) fn line_of_key(text: &str, key: &str) -> usize {
    let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    text.lines().position(starts).map_or(0, |index| index + 1)
}

/// The first line on which a text stands, or 0.
pub(super) fn line_of_text(text: &str, wanted: &str) -> usize {
    text.lines()
        .position(|line| line.contains(wanted))
        .map_or(0, |index| index + 1)
}
