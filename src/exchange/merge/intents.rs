//! Intents: examples are added to those that are there, none is ever taken away. Responses: new keys are
//! added to both languages' files; one that is there is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::de::IgnoredAny;

use crate::bot::{INTENT_BYTES_MAX, Intent, RESPONSES_BYTES_MAX};
use crate::conversation::Lang;

use super::super::draft::{IntentDraft, ResponseDraft};
use super::super::render::{self, Example};
use super::super::report::Outcome;
use super::Merge;

impl Merge<'_> {
    /// Adds intents; replies lead only to `keys` or to responses that are there.
    pub(super) fn intents(&mut self, drafts: Vec<IntentDraft>, keys: &BTreeSet<String>) {
        let mut seen = BTreeSet::new();
        for mut draft in drafts {
            if !seen.insert(draft.name.clone()) {
                let message = format!("another intent is called `{}` here too; rename one", draft.name);
                self.note(Outcome::Duplicate, &draft.place, "duplicate", message);
                continue;
            }
            if let Some(key) = draft.reply.take() {
                if keys.contains(&key) || self.has_response(&key) {
                    draft.reply = Some(key);
                } else {
                    self.report.not_carried("reply whose response was not carried", 1);
                }
            }
            self.intent(&draft);
        }
    }

    fn has_response(&self, key: &str) -> bool {
        self.base
            .responses
            .values()
            .any(|responses| responses.contains_key(key))
    }

    fn intent(&mut self, draft: &IntentDraft) {
        let there = self
            .base
            .intents
            .iter()
            .find(|intent| intent.name == draft.name)
            .cloned();
        let Some(there) = there else {
            let examples: Vec<Example> = draft.examples.iter().map(example_of).collect();
            let name = format!("intents/{}.yaml", draft.name);
            if self.put_intent(draft, &name, &head_of_new(draft), &examples) {
                self.report.count(Outcome::New);
            }
            return;
        };
        let mut examples = examples_of(&there);
        let known: BTreeSet<&str> = there.examples.iter().map(|e| e.text.as_str()).collect();
        let new: Vec<_> = draft
            .examples
            .iter()
            .filter(|(_, text)| !known.contains(text.as_str()))
            .collect();
        if new.is_empty() {
            return self.report.count(Outcome::Unchanged);
        }
        examples.extend(new.into_iter().map(example_of));
        let name = self.relative(&there.file);
        if self.may_replace(&draft.place, &format!("intent `{}`", draft.name), &name) {
            self.put_intent(draft, &name, &head_of(&there), &examples);
        }
    }

    fn put_intent(
        &mut self,
        draft: &IntentDraft,
        name: &str,
        head: &[(&str, String)],
        examples: &[Example],
    ) -> bool {
        let text = render::intent(head, examples);
        let fits = text.len() as u64 <= INTENT_BYTES_MAX;
        if fits {
            self.files.insert(name.to_owned(), text.into_bytes());
        } else {
            let message = format!(
                "intent `{}` is larger than {INTENT_BYTES_MAX} bytes; split it",
                draft.name
            );
            self.note(Outcome::Bad, &draft.place, "too_large", message);
        }
        fits
    }

    /// Adds responses and answers the keys that will be there; `intents` are on their way.
    pub(super) fn responses(
        &mut self,
        drafts: Vec<ResponseDraft>,
        intents: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut by_key: BTreeMap<String, BTreeMap<Lang, ResponseDraft>> = BTreeMap::new();
        for draft in drafts {
            by_key
                .entry(draft.key.clone())
                .or_default()
                .entry(draft.lang)
                .or_insert(draft);
        }
        let mut added: BTreeMap<Lang, String> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for (key, drafts) in by_key {
            if self.has_response(&key) {
                self.known_response(&key, &drafts);
                continue;
            }
            for lang in Lang::ALL {
                // A key must be there in both languages; what is not translated is said as it is.
                let Some(draft) = drafts.get(&lang).or_else(|| drafts.values().next()) else {
                    continue;
                };
                if draft.lang != lang {
                    self.report.not_carried(
                        format!("response in {lang} (has the text of the other language)"),
                        1,
                    );
                }
                let mut choices = draft.choices.clone();
                choices.retain(|choice| self.leads(&choice.choice, intents));
                self.report
                    .not_carried("button", draft.choices.len() - choices.len());
                let text = render::response(&key, &draft.variants, &choices);
                added.entry(lang).or_default().push_str(&text);
            }
            keys.insert(key);
        }
        if self.append(&added) {
            self.report.new += keys.len();
            keys
        } else {
            BTreeSet::new()
        }
    }

    fn known_response(&mut self, key: &str, drafts: &BTreeMap<Lang, ResponseDraft>) {
        let says = |draft: &ResponseDraft| {
            let there = self.base.responses.get(&draft.lang).and_then(|r| r.get(key));
            there.is_some_and(|there| there.variants == draft.variants)
        };
        if drafts.values().all(says) {
            return self.report.count(Outcome::Unchanged);
        }
        if let Some(draft) = drafts.values().next() {
            let place = draft.place.clone();
            let message =
                format!("response `{key}` is there with other text; change it by hand in responses/");
            self.note(Outcome::Conflict, &place, "conflict", message);
        }
    }

    fn leads(&self, choice: &str, intents: &BTreeSet<String>) -> bool {
        choice.strip_prefix("intent:").is_some_and(|name| {
            intents.contains(name) || self.base.intents.iter().any(|intent| intent.name == name)
        })
    }

    /// Adds text to the end of both files, so that what people wrote above it stays as it is.
    fn append(&mut self, added: &BTreeMap<Lang, String>) -> bool {
        let mut files = BTreeMap::new();
        for (lang, text) in added {
            let name = format!("responses/{lang}.yaml");
            let mut whole = std::fs::read_to_string(self.root.join(&name)).unwrap_or_default();
            if !whole.is_empty() && !whole.ends_with('\n') {
                whole.push('\n');
            }
            let _fine = write!(whole, "{text}");
            let reads = serde_saphyr::from_str::<BTreeMap<String, IgnoredAny>>(&whole).is_ok();
            if !reads || whole.len() as u64 > RESPONSES_BYTES_MAX {
                let place = super::Place::new(&name, 0);
                let message =
                    "responses cannot be added at its end; make it a plain list of keys, or smaller";
                self.note(Outcome::Conflict, &place, "bad_responses", message);
                return false;
            }
            files.insert(name, whole.into_bytes());
        }
        self.files.extend(files);
        true
    }
}

fn example_of((lang, text): &(Lang, String)) -> Example {
    Example {
        lang: *lang,
        tone: render::NEUTRAL,
        text: text.clone(),
    }
}

fn examples_of(intent: &Intent) -> Vec<Example> {
    let written = |e: &crate::bot::Example| Example {
        lang: e.lang,
        tone: render::tone(e.sentiment, e.anger),
        text: e.text.clone(),
    };
    intent.examples.iter().map(written).collect()
}

/// A new intent is called by its name until somebody writes a better description.
fn head_of_new(draft: &IntentDraft) -> Vec<(&'static str, String)> {
    let words = draft.name.replace('_', " ");
    let both = || render::by_lang(Lang::ALL.into_iter().map(|lang| (lang, words.as_str())));
    let mut head = vec![
        ("intent", render::scalar(&draft.name)),
        ("description", both()),
        ("label", both()),
    ];
    head.extend(draft.reply.iter().map(|key| ("reply", render::scalar(key))));
    head
}

fn head_of(intent: &Intent) -> Vec<(&'static str, String)> {
    let written =
        |texts: &BTreeMap<Lang, String>| render::by_lang(texts.iter().map(|(l, t)| (*l, t.as_str())));
    let mut head = vec![
        ("intent", render::scalar(&intent.name)),
        ("description", written(&intent.description)),
        ("label", written(&intent.label)),
    ];
    head.extend(intent.flow.iter().map(|flow| ("flow", render::scalar(flow))));
    head.extend(intent.reply.iter().map(|reply| ("reply", render::scalar(reply))));
    head.push(("knowledge", intent.knowledge.to_string()));
    head
}
