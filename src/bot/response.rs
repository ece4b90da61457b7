//! `responses/{zh,en}.yaml`: what the bot says, in variants, with the buttons that go with it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use super::places::Places;
use super::problem::Problems;
use super::shape::{Shape, shaped};
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

/// Variants, or variants with buttons.
struct Written(Response);

impl Shape for Written {
    const WRITE: &'static str = "a text, a list of texts, or `text:` with `choices:`";
    const LIST: bool = true;
    const KEYS: bool = true;
    type Item = String;
    type Keys = Full;

    fn of_text(text: String) -> Option<Self> {
        Self::of_list(vec![text])
    }

    fn of_list(variants: Vec<String>) -> Option<Self> {
        let choices = Vec::new();
        Some(Self(Response { variants, choices }))
    }

    fn of_keys(full: Full) -> Option<Self> {
        Some(Self(Response {
            variants: full.text,
            choices: full.choices.into_iter().map(|button| button.0).collect(),
        }))
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    text: Vec<String>,
    #[serde(default)]
    choices: Vec<Button>,
}

/// A button; `Choice` is for machines too and would pass over a key that it does not know.
struct Button(Choice);

impl<'de> Deserialize<'de> for Button {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            label: String,
            choice: String,
        }
        let Keys { label, choice } = Keys::deserialize(deserializer)?;
        Ok(Self(Choice { label, choice }))
    }
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
        // Of a file that cannot be read nothing is missing.
        let Some(written) = written else {
            continue;
        };
        let places = Places::of(&text);
        let mut of_lang = BTreeMap::new();
        for (key, Written(response)) in written {
            let line = |at: usize| {
                let below = places.line(&[&key, "text", &at.to_string()]);
                below.max(places.line(&[&key, &at.to_string()]))
            };
            check_response(&file, line, &key, &response, problems);
            of_lang.insert(key, response);
        }
        responses.insert(lang, of_lang);
    }
    compare_languages(dir, &responses, problems);
    for response in responses.values_mut() {
        response.retain(|_, response| !response.variants.is_empty());
    }
    responses
}

/// Tells what is wrong with a response in itself; `line` is where a variant stands.
pub(super) fn check_response(
    file: &Path,
    line: impl Fn(usize) -> usize,
    key: &str,
    response: &Response,
    problems: &mut Problems,
) {
    if response.variants.is_empty() {
        let message = format!("`{key}` has no text; write one");
        problems.error(file, line(0), "empty_response", message);
    }
    let templates = minijinja::Environment::new();
    for (at, variant) in response.variants.iter().enumerate() {
        if let Err(error) = templates.template_from_str(variant) {
            let message = format!("`{key}`: {}; mend the {{{{ }}}} in it", template_fault(&error));
            problems.error(file, line(at), "bad_template", message);
        }
    }
}

/// What is wrong with a template; its own file name and lines say nothing to whoever wrote it.
fn template_fault(error: &minijinja::Error) -> String {
    let detail = error.detail().map(str::to_owned);
    detail.unwrap_or_else(|| error.kind().to_string())
}

fn compare_languages(dir: &Path, responses: &Responses, problems: &mut Problems) {
    for lang in Lang::ALL {
        let other = if lang == Lang::Zh { Lang::En } else { Lang::Zh };
        let (Some(these), Some(those)) = (responses.get(&lang), responses.get(&other)) else {
            continue;
        };
        let file = dir.join(format!("{lang}.yaml"));
        let places = Places::in_file(&file);
        for key in these.keys().filter(|key| !those.contains_key(*key)) {
            let message = format!("response `{key}` is missing in {other}.yaml; write it there too");
            problems.error(&file, places.line(&[key]), "missing_response", message);
        }
    }
}
