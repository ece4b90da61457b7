//! Scripted tasks. How they are written is told in `docs/flows.md`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::slot::Slot;
use crate::conversation::{CONFIRMED, Choice, Lang};

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

/// What an `approve` step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approve {
    /// Response key of the question to people.
    pub question: String,
    /// Response key of what the customer is told meanwhile.
    pub hold: String,
    /// Only supervisors may answer.
    pub supervisor: bool,
    /// Seconds it waits at most.
    pub wait_s: u32,
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
    /// Ask the shop's people whether to go on.
    Approve(Approve),
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
