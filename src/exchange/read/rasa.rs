//! A Rasa 3.x project: its `nlu` becomes intents, its retrieval intents faq rows, its responses ours. Stories,
//! rules, forms and the like are told of; the one rule that is carried is an intent answered by a response.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::bot::EXAMPLE_CHARS_MAX;
use crate::conversation::{Choice, Lang};

use super::super::Error;
use super::super::clean;
use super::super::draft::{FaqDraft, Found, IntentDraft, Place, ResponseDraft};
use super::super::source::{Source, place_of};
use super::Reader;
use super::markdown::yaml;
use super::rasa_nlu::{Written, annotations, examples_of, plain, template};

pub(super) const READER: Reader = Reader {
    name: "rasa",
    fits: |source| {
        let mut files = source.with_extension(&EXTENSIONS).take(LOOKED_AT);
        let is_rasa = |text: &str| {
            text.lines()
                .any(|line| MARKS.iter().any(|mark| line.starts_with(mark)))
        };
        files.any(|file| source.peek(file).is_some_and(|text| is_rasa(&text)))
    },
    read,
};

const EXTENSIONS: [&str; 2] = ["yml", "yaml"];
/// What Rasa's files begin lines with and others hardly do.
const MARKS: [&str; 3] = ["nlu:", "stories:", "rules:"];
/// Files looked at to tell the format.
const LOOKED_AT: usize = 50;
/// Largest file, in bytes.
const YAML_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Files that are not for us: secrets, addresses, settings of their training.
const LEFT_ALONE: [&str; 5] = ["credentials", "endpoints", "config", "docker-compose", "tests"];

type Document = BTreeMap<String, Value>;

/// A response variant in Rasa's words.
#[derive(Deserialize)]
struct Variant {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    buttons: Vec<Button>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Button {
    #[serde(default)]
    title: String,
    #[serde(default)]
    payload: String,
}

/// What all files together hold.
#[derive(Default)]
struct Project {
    intents: BTreeMap<String, (Place, Vec<String>)>,
    responses: BTreeMap<String, (Place, Vec<Variant>)>,
    /// The response an intent is answered with by a rule.
    replies: BTreeMap<String, String>,
}

fn read(source: &Source, found: &mut Found) -> Result<(), Error> {
    let mut project = Project::default();
    let mut files = 0;
    for file in source.with_extension(&EXTENSIONS) {
        files += 1;
        let place = place_of(file);
        let stem = file
            .file_stem()
            .map(|s| s.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        if LEFT_ALONE.contains(&stem.as_str()) {
            found.skip(&place, "not_ours", "settings and secrets are not carried");
            continue;
        }
        let Some(text) = found.text_of(source, file, YAML_BYTES_MAX) else {
            continue;
        };
        match yaml::<Document>(&text) {
            Ok(document) => project.take(&place, document, found),
            Err((line, message)) => found.bad(&Place::new(&place.file, line), "bad_yaml", message),
        }
    }
    if files == 0 {
        return Err(Error::unreadable(
            source.stem(),
            0,
            "nothing_found",
            "there is no .yml file; name a project",
        ));
    }
    project.give(found);
    Ok(())
}

impl Project {
    fn take(&mut self, place: &Place, document: Document, found: &mut Found) {
        for (key, value) in document {
            match (key.as_str(), value) {
                ("nlu", Value::Array(list)) => self.nlu(place, list, found),
                ("responses", Value::Object(of_key)) => {
                    for (name, variants) in of_key {
                        self.response(place, name, variants, found);
                    }
                }
                ("rules", Value::Array(list)) => self.rules(&list, found),
                // An intent without examples is a name only.
                ("version" | "intents" | "session_config" | "language", _) => {}
                (_, Value::Array(list)) => found.not_carried(format!("Rasa {key}"), list.len()),
                (_, Value::Object(object)) => found.not_carried(format!("Rasa {key}"), object.len()),
                (_, Value::Null) => {}
                _ => found.not_carried(format!("Rasa {key}"), 1),
            }
        }
    }

    fn nlu(&mut self, place: &Place, list: Vec<Value>, found: &mut Found) {
        for element in list {
            match serde_json::from_value::<Written>(element) {
                Ok(Written {
                    intent: Some(name),
                    examples,
                    ..
                }) => {
                    let examples = examples_of(&examples);
                    let entities = examples.iter().map(|e| annotations(e)).sum();
                    found.not_carried("entity annotation (its text is kept)", entities);
                    let (_, known) = self
                        .intents
                        .entry(name)
                        .or_insert_with(|| (place.clone(), Vec::new()));
                    known.extend(examples.iter().map(|example| plain(example)));
                }
                Ok(Written { kind, .. }) => {
                    let kind = kind.keys().next().map_or("nlu block", String::as_str).to_owned();
                    found.not_carried(format!("Rasa {kind}"), 1);
                }
                Err(error) => found.bad(place, "bad_row", format!("an nlu block: {error}; mend it")),
            }
        }
    }

    fn response(&mut self, place: &Place, name: String, variants: Value, found: &mut Found) {
        match serde_json::from_value::<Vec<Variant>>(variants) {
            Ok(variants) => {
                for what in variants.iter().flat_map(|variant| variant.rest.keys()) {
                    found.not_carried(format!("Rasa response `{what}`"), 1);
                }
                self.responses.insert(name, (place.clone(), variants));
            }
            Err(error) => found.bad(place, "bad_row", format!("response `{name}`: {error}; mend it")),
        }
    }

    /// `intent: a` and then `action: utter_b`, and nothing else, is a reply of ours.
    fn rules(&mut self, list: &[Value], found: &mut Found) {
        let mut others = 0;
        for rule in list {
            let steps = rule
                .get("steps")
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            let text = |at: usize, key: &str| Some(steps.get(at)?.get(key)?.as_str()?.to_owned());
            match (text(0, "intent"), text(1, "action")) {
                (Some(intent), Some(action)) if steps.len() == 2 && action.starts_with("utter_") => {
                    self.replies.insert(intent, action);
                }
                _ => others += 1,
            }
        }
        found.not_carried("Rasa rules", others);
    }

    fn give(mut self, found: &mut Found) {
        let (retrieval, plain): (Vec<_>, Vec<_>) = std::mem::take(&mut self.intents)
            .into_iter()
            .partition(|(name, _)| name.contains('/'));
        for (name, (place, examples)) in retrieval {
            self.give_faq(&name, &place, &examples, found);
        }
        let known: BTreeSet<String> = plain.iter().map(|(name, _)| name.clone()).collect();
        for (name, (place, examples)) in plain {
            self.give_intent(&name, place, examples, found);
        }
        for (name, (place, variants)) in self.responses {
            give_response(&name, &place, variants, &known, found);
        }
    }

    fn give_faq(&mut self, name: &str, place: &Place, examples: &[String], found: &mut Found) {
        let answer = self.responses.remove(&format!("utter_{name}"));
        let mut texts = answer
            .into_iter()
            .flat_map(|(_, variants)| variants)
            .filter_map(|v| v.text);
        let (Some(answer), Some((question, similar))) = (texts.next(), examples.split_first()) else {
            return found.skip(
                place,
                "no_answer",
                format!("`{name}` has no response text or no examples"),
            );
        };
        found.not_carried("further variant of a retrieval response", texts.count());
        let base = name.split('/').next().unwrap_or_default();
        found.take_faq(FaqDraft {
            question: question.clone(),
            answer,
            similar: Some(similar.to_vec()),
            tags: Some(vec![base.to_owned()]),
            lang: None,
            place: place.clone(),
        });
    }

    fn give_intent(&self, name: &str, place: Place, examples: Vec<String>, found: &mut Found) {
        let mut seen = BTreeSet::new();
        let mut taken = Vec::new();
        for example in examples {
            let text = clean::line(&example);
            if text.chars().count() > EXAMPLE_CHARS_MAX {
                found.not_carried(format!("example longer than {EXAMPLE_CHARS_MAX} characters"), 1);
            } else if !text.is_empty() && seen.insert(text.clone()) {
                let lang = found.lang.or_else(|| Lang::of_text(&text)).unwrap_or(Lang::Zh);
                taken.push((lang, text));
            }
        }
        let own = name_of_intent(name);
        if taken.is_empty() || own.is_empty() {
            return found.skip(&place, "no_examples", format!("intent `{name}` has no examples"));
        }
        let by_name = format!("utter_{name}");
        let reply = self.replies.get(name).cloned();
        let reply = reply.or_else(|| self.responses.contains_key(&by_name).then_some(by_name));
        found.intents.push(IntentDraft {
            name: own,
            examples: taken,
            reply: reply.map(|key| name_of_intent(&key)),
            place,
        });
    }
}

fn give_response(
    name: &str,
    place: &Place,
    variants: Vec<Variant>,
    intents: &BTreeSet<String>,
    found: &mut Found,
) {
    let mut choices = Vec::new();
    let mut by_lang: BTreeMap<Lang, Vec<String>> = BTreeMap::new();
    for variant in variants {
        for button in variant.buttons {
            let intent = button.payload.trim_start_matches('/');
            if intents.contains(intent) && !button.title.is_empty() {
                choices.push(Choice {
                    label: clean::line(&button.title),
                    choice: format!("intent:{}", name_of_intent(intent)),
                });
            } else {
                found.not_carried("button", 1);
            }
        }
        let text = clean::text(&variant.text.unwrap_or_default());
        if !text.is_empty() {
            let lang = found.lang.or_else(|| Lang::of_text(&text)).unwrap_or(Lang::Zh);
            by_lang.entry(lang).or_default().push(template(&text));
        }
    }
    if by_lang.is_empty() {
        return found.skip(place, "no_text", format!("response `{name}` has no text"));
    }
    choices.dedup();
    for (lang, variants) in by_lang {
        found.responses.push(ResponseDraft {
            key: name_of_intent(name),
            lang,
            variants,
            choices: choices.clone(),
            place: place.clone(),
        });
    }
}

/// Our names are lower case, with `_` between words.
fn name_of_intent(name: &str) -> String {
    clean::slug(name).replace('-', "_")
}
