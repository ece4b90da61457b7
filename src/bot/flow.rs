//! `flows/*.yaml` and `slots.yaml`: scripted tasks and the values they collect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::problem::Problems;
use super::yaml;
use crate::conversation::{Choice, Lang};

/// Largest flow or slot file, in bytes.
const FLOW_BYTES_MAX: u64 = 256 * 1024;

/// Where a slot's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotFrom {
    /// An entity of the same name as the slot.
    Entity,
    /// A tapped button `<slot>:<value>`, or its label typed out.
    Choice,
    /// `yes` or `no`, from the intents `affirm` and `deny` or from a button.
    YesNo,
    /// Whatever the customer writes.
    Text,
}

/// A value a flow may collect.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Where it comes from.
    pub from: SlotFrom,
    /// Whether it outlives the flow, so that the next one need not ask again.
    #[serde(default)]
    pub keep: bool,
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
        invalid: String,
        /// Buttons by language.
        choices: BTreeMap<Lang, Vec<Choice>>,
        /// Questions before the flow gives up.
        asks_max: u8,
    },
    /// Say a response, with a card if named.
    Say {
        /// Response key.
        say: String,
        /// Kind of card: `order` or `return`.
        card: Option<String>,
    },
    /// Call the shop.
    Call {
        /// Name of the call.
        call: String,
    },
    /// Go on by the value of a slot.
    Branch {
        /// The slot.
        slot: String,
    },
    /// Give the conversation to people.
    Handoff,
}

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its id, unique in the flow.
    pub id: String,
    /// What it does.
    pub kind: StepKind,
    /// Next step by outcome (calls) or value (branches).
    pub on: BTreeMap<String, String>,
    /// Next step otherwise; `None`: the step below, or the end. `end` ends the flow.
    pub next: Option<String>,
    /// Slots emptied when the step is left.
    pub clear: Vec<String>,
}

/// A scripted task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// Steps in order; never empty.
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlowFile {
    flow: String,
    #[serde(default, rename = "description")]
    _description: BTreeMap<Lang, String>,
    steps: Vec<StepFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepFile {
    id: String,
    collect: Option<String>,
    ask: Option<String>,
    invalid: Option<String>,
    #[serde(default)]
    choices: BTreeMap<Lang, Vec<Choice>>,
    asks_max: Option<u8>,
    say: Option<String>,
    card: Option<String>,
    call: Option<String>,
    branch: Option<String>,
    handoff: Option<bool>,
    #[serde(default)]
    on: BTreeMap<String, String>,
    next: Option<String>,
    #[serde(default)]
    clear: Vec<String>,
}

/// Questions a `collect` step asks unless it says otherwise.
const ASKS_DEFAULT: u8 = 3;

/// Reads `slots.yaml`.
pub(super) fn load_slots(file: &Path, problems: &mut Problems) -> BTreeMap<String, Slot> {
    yaml::read(file, FLOW_BYTES_MAX, problems)
        .and_then(|text| yaml::parse(file, 0, &text, "bad_yaml", problems))
        .unwrap_or_default()
}

/// Reads every flow in `dir`, sorted by name.
pub(super) fn load_flows(dir: &Path, problems: &mut Problems) -> Vec<Flow> {
    let mut flows: Vec<Flow> = Vec::new();
    for file in yaml::files_below(dir, "yaml", problems) {
        let Some(text) = yaml::read(&file, FLOW_BYTES_MAX, problems) else {
            continue;
        };
        let Some(parsed) = yaml::parse::<FlowFile>(&file, 0, &text, "bad_yaml", problems) else {
            continue;
        };
        let steps: Vec<Step> = parsed
            .steps
            .into_iter()
            .filter_map(|step| read_step(&file, &text, step, problems))
            .collect();
        let flow = Flow {
            name: parsed.flow,
            steps,
            file: file.clone(),
        };
        check_targets(&flow, &text, problems);
        flows.push(flow);
    }
    flows.sort_by(|a, b| a.name.cmp(&b.name));
    flows
}

fn read_step(file: &Path, text: &str, step: StepFile, problems: &mut Problems) -> Option<Step> {
    let mut kinds = Vec::new();
    if let Some(slot) = step.collect {
        let ask = step.ask.unwrap_or_else(|| format!("ask_{slot}"));
        kinds.push(StepKind::Collect {
            invalid: step.invalid.unwrap_or_else(|| format!("{slot}_invalid")),
            choices: step.choices,
            asks_max: step.asks_max.unwrap_or(ASKS_DEFAULT).max(1),
            slot,
            ask,
        });
    }
    if let Some(say) = step.say {
        kinds.push(StepKind::Say { say, card: step.card });
    }
    if let Some(call) = step.call {
        kinds.push(StepKind::Call { call });
    }
    if let Some(slot) = step.branch {
        kinds.push(StepKind::Branch { slot });
    }
    if step.handoff == Some(true) {
        kinds.push(StepKind::Handoff);
    }
    if kinds.len() != 1 {
        let message = format!(
            "step `{}` has {} of collect, say, call, branch, handoff; give it exactly one",
            step.id,
            kinds.len()
        );
        problems.error(file, line_of_step(text, &step.id), "bad_step", message);
        return None;
    }
    let kind = kinds.pop()?;
    Some(Step {
        id: step.id,
        kind,
        on: step.on,
        next: step.next,
        clear: step.clear,
    })
}

fn check_targets(flow: &Flow, text: &str, problems: &mut Problems) {
    if flow.steps.is_empty() {
        problems.error(
            &flow.file,
            0,
            "empty_flow",
            "the flow has no steps; write at least one",
        );
    }
    let mut seen = BTreeSet::new();
    for step in &flow.steps {
        let line = line_of_step(text, &step.id);
        if !seen.insert(step.id.as_str()) {
            let message = format!("step `{}` is there twice; rename one", step.id);
            problems.error(&flow.file, line, "duplicate_step", message);
        }
        for target in step.on.values().chain(&step.next) {
            if target != "end" && flow.step(target).is_none() {
                let message = format!("step `{}` goes on to `{target}`, which is not there", step.id);
                problems.error(&flow.file, line, "unknown_step", message);
            }
        }
    }
}

/// The line on which a step's id stands, or 0.
pub(super) fn line_of_step(text: &str, id: &str) -> usize {
    let wanted = format!("- id: {id}");
    text.lines()
        .position(|line| line.trim() == wanted)
        .map_or(0, |index| index + 1)
}
