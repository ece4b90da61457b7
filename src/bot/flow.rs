//! `flows/*.yaml`: scripted tasks. How they are written is told in `docs/flows.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::problem::Problems;
use super::response::{Response, Responses};
use super::slot::{Slot, check_slot};
use super::yaml;
use crate::conversation::{CONFIRMED, Choice, Lang};

/// Largest flow file, in bytes.
const FLOW_BYTES_MAX: u64 = 256 * 1024;
/// Most steps of a flow.
const STEPS_MAX: usize = 200;
/// Questions a `collect` step asks unless it says otherwise.
const ASKS_DEFAULT: u8 = 3;
/// Kinds of cards that a step may show.
const CARDS: [&str; 2] = ["order", "request"];

/// One button of a `collect` step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The value it gives the slot.
    pub value: String,
    /// What it shows, by language.
    pub label: BTreeMap<Lang, String>,
    /// Other ways to say it.
    pub words: Vec<String>,
}

/// What a `collect` step offers to tap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offers {
    /// These buttons; none if empty.
    Written(Vec<Offer>),
    /// What the shop listed last.
    FromCall,
}

impl Offers {
    /// The buttons in a language.
    #[must_use]
    pub fn choices(&self, slot: &str, lang: Lang, listed: &[Choice]) -> Vec<Choice> {
        match self {
            Self::FromCall => listed.to_vec(),
            Self::Written(offers) => offers
                .iter()
                .map(|offer| Choice {
                    label: offer.label.get(&lang).cloned().unwrap_or_default(),
                    choice: format!("{slot}:{}", offer.value),
                })
                .collect(),
        }
    }
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepKind {
    /// Ask until a slot is filled.
    Collect {
        /// The slot.
        slot: String,
        /// Response key of the question.
        ask: String,
        /// Response key after an answer that does not fit.
        invalid: Option<String>,
        /// Buttons.
        offers: Offers,
        /// Questions before the flow gives up.
        asks_max: u8,
    },
    /// Say a response, with a card if named.
    Say {
        /// Response key.
        say: String,
        /// Kind of card.
        card: Option<String>,
    },
    /// Call the shop.
    Call {
        /// Name of the call.
        call: String,
        /// Slots sent along.
        send: Vec<String>,
    },
    /// Go on by the value of a slot.
    Branch {
        /// The slot.
        slot: String,
    },
    /// Ask for a yes before something is done.
    Confirm {
        /// Response key of the question.
        ask: String,
        /// Kind of card that shows what is about to be done.
        card: Option<String>,
        /// The two buttons.
        offers: Offers,
    },
    /// Run another flow and come back.
    Run {
        /// Its name.
        flow: String,
    },
    /// Go over to another flow for good.
    Link {
        /// Its name.
        flow: String,
    },
    /// Give the conversation to people.
    Handoff,
    /// End here, with a result for the flow that ran this one.
    End {
        /// The result.
        result: Option<String>,
    },
}

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its id, unique in the flow.
    pub id: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What it does.
    pub kind: StepKind,
    /// The step to go on with, by outcome or value.
    pub on: BTreeMap<String, String>,
    /// The step to go on with otherwise; the one below if there is none.
    pub next: Option<String>,
    /// Slots emptied when the step is left.
    pub clear: Vec<String>,
}

impl Step {
    /// The slot it asks for.
    #[must_use]
    pub fn asks_for(&self) -> Option<&str> {
        match &self.kind {
            StepKind::Collect { slot, .. } => Some(slot),
            StepKind::Confirm { .. } => Some(CONFIRMED),
            _ => None,
        }
    }
}

/// A scripted task.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// What people call it, by language.
    pub label: BTreeMap<Lang, String>,
    /// Phrases that start it, by language.
    pub starts: BTreeMap<Lang, Vec<String>>,
    /// The kind of entity that opens it when a message is little more.
    pub opens: Option<String>,
    /// Slots only it collects.
    pub slots: BTreeMap<String, Slot>,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// The file it was read from.
    pub file: PathBuf,
}

impl Flow {
    /// A step by id.
    #[must_use]
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == id)
    }

    /// The step that follows in the file.
    #[must_use]
    pub fn below(&self, id: &str) -> Option<&Step> {
        let at = self.steps.iter().position(|s| s.id == id)?;
        self.steps.get(at + 1)
    }
}

/// A response key, or the words themselves.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Text {
    Key(String),
    Written(BTreeMap<Lang, Variants>),
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Variants {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile {
    flow: String,
    label: BTreeMap<Lang, String>,
    #[serde(default)]
    starts: BTreeMap<Lang, Vec<String>>,
    opens: Option<String>,
    #[serde(default)]
    slots: BTreeMap<String, Slot>,
    steps: Vec<StepFile>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ChoicesFile {
    FromCall(String),
    Written(Vec<OfferFile>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferFile {
    value: Scalar,
    zh: String,
    en: String,
    #[serde(default)]
    words: Vec<String>,
}

/// A value as people write it; YAML takes a bare `yes` for a truth.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum EndFile {
    Plain(#[expect(dead_code, reason = "`end: true` says no more than that it ends")] bool),
    Result(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    id: Spanned<String>,
    collect: Option<String>,
    ask: Option<Text>,
    invalid: Option<Text>,
    choices: Option<ChoicesFile>,
    asks_max: Option<u8>,
    say: Option<Text>,
    card: Option<String>,
    call: Option<String>,
    #[serde(default)]
    send: Vec<String>,
    branch: Option<String>,
    confirm: Option<Text>,
    yes: Option<BTreeMap<Lang, String>>,
    no: Option<BTreeMap<Lang, String>>,
    run: Option<String>,
    link: Option<String>,
    handoff: Option<bool>,
    end: Option<EndFile>,
    #[serde(default)]
    on: BTreeMap<String, String>,
    next: Option<String>,
    #[serde(default)]
    clear: Vec<String>,
}

/// Reads every flow in `dir`, sorted by name. Words written in a flow join `responses` under
/// `flow.step.part`.
pub(super) fn load_flows(dir: &Path, responses: &mut Responses, problems: &mut Problems) -> Vec<Flow> {
    let mut flows: Vec<Flow> = Vec::new();
    for file in yaml::files_below(dir, "yaml", problems) {
        let Some(text) = yaml::read(&file, FLOW_BYTES_MAX, problems) else {
            continue;
        };
        let Some(parsed) = yaml::parse::<FlowFile>(&file, 0, &text, "bad_yaml", problems) else {
            continue;
        };
        let flow = Reading {
            file: &file,
            source: &text,
            flow: parsed.flow.clone(),
            responses,
            problems,
        }
        .flow(parsed);
        if let Some(other) = flows.iter().find(|other| other.name == flow.name) {
            let message = format!(
                "flow `{}` stands in {} too; rename one",
                flow.name,
                other.file.display()
            );
            problems.error(&file, yaml::line_of(&text, 1, "flow"), "duplicate_flow", message);
        }
        flows.push(flow);
    }
    flows.sort_by(|a, b| a.name.cmp(&b.name));
    flows
}

/// One file on its way to a flow.
struct Reading<'a> {
    file: &'a Path,
    source: &'a str,
    flow: String,
    responses: &'a mut Responses,
    problems: &'a mut Problems,
}

impl Reading<'_> {
    fn error(&mut self, line: usize, code: &'static str, message: String) {
        self.problems.error(self.file, line, code, message);
    }

    fn flow(mut self, parsed: FlowFile) -> Flow {
        let line = yaml::line_of(self.source, 1, "label");
        for lang in Lang::ALL
            .into_iter()
            .filter(|lang| !parsed.label.contains_key(lang))
        {
            let message = format!("the label has no `{lang}`; add it");
            self.error(line, "missing_lang", message);
        }
        let at = yaml::line_of(self.source, 1, "slots");
        for (name, slot) in &parsed.slots {
            let line = yaml::line_of(self.source, at, name);
            check_slot(self.file, line, name, slot, self.problems);
        }
        if parsed.steps.is_empty() || parsed.steps.len() > STEPS_MAX {
            let message = format!("a flow has 1 to {STEPS_MAX} steps, not {}", parsed.steps.len());
            self.error(yaml::line_of(self.source, 1, "steps"), "empty_flow", message);
        }
        let steps = parsed.steps.into_iter().filter_map(|step| self.step(step));
        let steps: Vec<Step> = steps.collect();
        self.check_targets(&steps);
        Flow {
            name: parsed.flow,
            label: parsed.label,
            starts: parsed.starts,
            opens: parsed.opens,
            slots: parsed.slots,
            steps,
            file: self.file.to_owned(),
        }
    }

    fn step(&mut self, mut step: StepFile) -> Option<Step> {
        let line = usize::try_from(step.id.referenced.line()).unwrap_or(0);
        let id = step.id.value.clone();
        let mut kinds = Vec::new();
        kinds.extend(self.collect(&mut step, line));
        let card = self.card(&step, line);
        if let Some(text) = step.say.take() {
            let say = self.text(text, &id, "say", line);
            kinds.push(StepKind::Say {
                say,
                card: card.clone(),
            });
        }
        if let Some(call) = step.call.take() {
            let send = std::mem::take(&mut step.send);
            kinds.push(StepKind::Call { call, send });
        }
        kinds.extend(step.branch.take().map(|slot| StepKind::Branch { slot }));
        if let Some(text) = step.confirm.take() {
            let ask = self.text(text, &id, "confirm", line);
            let offers = self.yes_and_no(&step, line);
            kinds.push(StepKind::Confirm { ask, card, offers });
        }
        kinds.extend(step.run.take().map(|flow| StepKind::Run { flow }));
        kinds.extend(step.link.take().map(|flow| StepKind::Link { flow }));
        if step.handoff == Some(true) {
            kinds.push(StepKind::Handoff);
        }
        kinds.extend(step.end.take().map(|end| StepKind::End {
            result: match end {
                EndFile::Plain(_) => None,
                EndFile::Result(result) => Some(result),
            },
        }));
        if kinds.len() != 1 {
            let message = format!(
                "step `{id}` has {} of collect, say, call, branch, confirm, run, link, handoff, end; give it exactly one",
                kinds.len()
            );
            self.error(line, "bad_step", message);
            return None;
        }
        Some(Step {
            id,
            line,
            kind: kinds.pop()?,
            on: step.on,
            next: step.next,
            clear: step.clear,
        })
    }

    fn collect(&mut self, step: &mut StepFile, line: usize) -> Option<StepKind> {
        let slot = step.collect.take()?;
        let id = step.id.value.clone();
        let ask = step.ask.take();
        let ask = ask.map_or_else(|| format!("ask_{slot}"), |text| self.text(text, &id, "ask", line));
        let invalid = step.invalid.take();
        let invalid = invalid.map(|text| self.text(text, &id, "invalid", line));
        let offers = match step.choices.take() {
            None => Offers::Written(Vec::new()),
            Some(ChoicesFile::FromCall(word)) => {
                if word != "from_call" {
                    let message = format!("choices `{word}`; write from_call or a list of buttons");
                    self.error(
                        yaml::line_of(self.source, line, "choices"),
                        "bad_choices",
                        message,
                    );
                }
                Offers::FromCall
            }
            Some(ChoicesFile::Written(offers)) => Offers::Written(offers.into_iter().map(offer).collect()),
        };
        Some(StepKind::Collect {
            invalid,
            asks_max: step.asks_max.unwrap_or(ASKS_DEFAULT).clamp(1, 10),
            slot,
            ask,
            offers,
        })
    }

    fn card(&mut self, step: &StepFile, line: usize) -> Option<String> {
        let card = step.card.clone()?;
        if !CARDS.contains(&card.as_str()) {
            let message = format!("there is no card `{card}`; write one of {}", CARDS.join(", "));
            self.error(yaml::line_of(self.source, line, "card"), "unknown_card", message);
        }
        Some(card)
    }

    fn yes_and_no(&mut self, step: &StepFile, line: usize) -> Offers {
        let mut label = |written: &Option<BTreeMap<Lang, String>>, key: &str, zh: &str, en: &str| {
            let label = written
                .clone()
                .unwrap_or_else(|| BTreeMap::from([(Lang::Zh, zh.to_owned()), (Lang::En, en.to_owned())]));
            for lang in Lang::ALL.into_iter().filter(|lang| !label.contains_key(lang)) {
                let message = format!("`{key}` has no `{lang}`; add it");
                self.error(yaml::line_of(self.source, line, key), "missing_lang", message);
            }
            Offer {
                value: key.to_owned(),
                label,
                words: Vec::new(),
            }
        };
        Offers::Written(vec![
            label(&step.yes, "yes", "确认", "Confirm"),
            label(&step.no, "no", "取消", "Cancel"),
        ])
    }

    /// The key of a text; written words become a response of their own.
    fn text(&mut self, text: Text, id: &str, part: &str, line: usize) -> String {
        let written = match text {
            Text::Key(key) => return key,
            Text::Written(written) => written,
        };
        let key = format!("{}.{id}.{part}", self.flow);
        let line = yaml::line_of(self.source, line, part);
        for lang in Lang::ALL {
            let variants = match written.get(&lang) {
                Some(Variants::One(text)) => vec![text.clone()],
                Some(Variants::Many(list)) => list.clone(),
                None => Vec::new(),
            };
            if variants.is_empty() {
                let message = format!("`{part}` of step `{id}` has no `{lang}`; write it");
                self.error(line, "missing_lang", message);
                continue;
            }
            let response = Response {
                variants,
                choices: Vec::new(),
            };
            super::response::check_response(self.file, line, &key, &response, self.problems);
            self.responses
                .entry(lang)
                .or_default()
                .insert(key.clone(), response);
        }
        key
    }

    fn check_targets(&mut self, steps: &[Step]) {
        for (at, step) in steps.iter().enumerate() {
            if steps[..at].iter().any(|other| other.id == step.id) {
                let message = format!("step `{}` is there twice; rename one", step.id);
                self.error(step.line, "duplicate_step", message);
            }
            let known = |target: &str| target == "end" || steps.iter().any(|s| s.id == target);
            for (key, target) in step.on.iter().filter(|(_, target)| !known(target)) {
                let message = format!("step `{}` goes on to `{target}`, which is not there", step.id);
                self.error(
                    yaml::line_of(self.source, step.line, key),
                    "unknown_step",
                    message,
                );
            }
            if let Some(target) = step.next.as_ref().filter(|target| !known(target)) {
                let message = format!("step `{}` goes on to `{target}`, which is not there", step.id);
                self.error(
                    yaml::line_of(self.source, step.line, "next"),
                    "unknown_step",
                    message,
                );
            }
        }
    }
}

fn offer(file: OfferFile) -> Offer {
    Offer {
        value: match file.value {
            Scalar::Text(text) => text,
            Scalar::Bool(yes) => if yes { "yes" } else { "no" }.to_owned(),
            Scalar::Number(number) => number.to_string(),
        },
        label: BTreeMap::from([(Lang::Zh, file.zh), (Lang::En, file.en)]),
        words: file.words,
    }
}
