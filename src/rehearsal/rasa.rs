//! Conversations in the shape of Rasa's end-to-end tests: `test_cases` with `user`, `bot`, `utter` and
//! `slot_was_set` steps.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::script::{ByLang, Given, Script, Turn};
use crate::bot::{Problems, Variants, parse_yaml};
use crate::conversation::Lang;

#[derive(Deserialize)]
struct RasaFile {
    test_cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    test_case: Spanned<String>,
    steps: Vec<Spanned<Step>>,
}

#[derive(Deserialize, Default)]
struct Step {
    user: Option<String>,
    bot: Option<String>,
    utter: Option<String>,
    #[serde(default)]
    slot_was_set: Vec<SlotWasSet>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SlotWasSet {
    Value(BTreeMap<String, String>),
    Name(#[expect(dead_code, reason = "a slot that is set to anything at all")] String),
}

/// Whether a file is of that shape.
pub(super) fn is_rasa(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("test_cases:"))
}

/// Its conversations; each in the language that its first message is written in.
pub(super) fn read(file: &Path, text: &str, problems: &mut Problems) -> Vec<Script> {
    let parsed: Option<RasaFile> = parse_yaml(file, 0, text, "bad_yaml", problems);
    let cases = parsed.map(|file| file.test_cases).unwrap_or_default();
    cases.into_iter().map(|case| script(file, case)).collect()
}

fn script(file: &Path, case: Case) -> Script {
    let mut turns: Vec<Turn> = Vec::new();
    let mut expected: Vec<String> = Vec::new();
    for step in case.steps {
        let line = usize::try_from(step.referenced.line()).unwrap_or(0);
        let step = step.value;
        if let Some(said) = step.user {
            expected.clear();
            turns.push(Turn {
                say: Some(ByLang::All(Variants(vec![said]))),
                line,
                ..Turn::default()
            });
            continue;
        }
        let Some(turn) = turns.last_mut() else {
            continue;
        };
        if let Some(said) = step.bot {
            expected.push(said.trim().to_owned());
            turn.expect = Some(ByLang::All(Variants(expected.clone())));
        }
        if let Some(key) = step.utter {
            turn.response = Some(key.trim_start_matches("utter_").to_owned());
        }
        for slot in step.slot_was_set {
            if let SlotWasSet::Value(values) = slot {
                turn.slots.extend(values);
            }
        }
    }
    let first = turns
        .first()
        .and_then(|turn| turn.say.as_ref())
        .map(|say| say.of(Lang::En));
    let lang = first
        .and_then(|texts| Lang::of_text(texts.first()?))
        .unwrap_or(Lang::En);
    Script {
        line: usize::try_from(case.test_case.referenced.line()).unwrap_or(0),
        name: case.test_case.value,
        langs: vec![lang],
        given: Given::default(),
        turns,
        file: file.to_owned(),
    }
}
