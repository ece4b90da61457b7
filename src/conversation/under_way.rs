//! What is under way in a conversation: the message, the flow, the effect, the turn.

use std::collections::BTreeMap;

use super::{Card, Choice, FlowOutcome, SearchOutcome, Weighed};

/// A flow under way and where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActiveFlow {
    /// Flow name.
    pub flow: String,
    /// The step reached; `None` before the first.
    pub step: Option<String>,
    /// How often this step has asked.
    pub asked: u8,
    /// Slots filled since the flow began, in order.
    pub filled: Vec<String>,
    /// What the shop answered to the step's call, the result of the flow it ran, or what people decided.
    pub outcome: Option<String>,
    /// The question to people that it waits for, by its seq.
    pub awaits: Option<u64>,
    /// Whether a `run` step of the flow below began it.
    pub run: bool,
    /// Messages of the customer since it began, the first one not counted.
    pub turns: u32,
    /// How often something else came in between.
    pub digressions: u8,
}

/// A message of the customer; several that were not answered yet are one. What people decided stands here as
/// well, without words: the bot owes a turn on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Its seq.
    pub seq: u64,
    /// What they wrote.
    pub text: String,
    /// The button they tapped.
    pub choice: Option<String>,
    /// Pictures that came along.
    pub photos: Vec<String>,
    /// The `owner_epoch` it was said under.
    pub epoch: u64,
    /// It is a decision of people, and no message.
    pub decision: bool,
}

/// An effect outside that has begun and whose outcome is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acting {
    /// Its idempotency key.
    pub key: String,
    /// The shop call.
    pub call: String,
    /// What is sent along.
    pub fields: BTreeMap<String, String>,
}

/// What the bot said last, to be said again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSaid {
    /// The text.
    pub text: String,
    /// Its buttons.
    pub choices: Vec<Choice>,
    /// Its card.
    pub card: Option<Card>,
}

/// What has happened since the customer's last message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// The bot has said something.
    pub replied: bool,
    /// Something was said that is no part of the flow under way.
    pub aside: bool,
    /// A step was reached and its saying, asking or calling is still to be done.
    pub step_pending: bool,
    /// The flow has asked its question.
    pub asked: bool,
    /// What the knowledge base answered.
    pub searched: Option<(SearchOutcome, Vec<Weighed>)>,
    /// A flow ended that no other flow had run.
    pub flow_ended: Option<FlowOutcome>,
    /// The flow that ended and how many further messages it took.
    pub ended: Option<(String, u32)>,
    /// A flow began because of the message.
    pub flow_started: bool,
    /// The stage of fallback reached.
    pub fell_back: Option<u8>,
    /// Slots filled in this turn.
    pub slots_set: Vec<String>,
    /// Repair patterns taken in this turn, each with the slot it is about.
    pub repaired: Vec<(String, Option<String>)>,
    /// A slot changed behind the step reached: the flow goes back for it.
    pub retrace: bool,
    /// Responses said in this turn.
    pub said: Vec<String>,
    /// People decided something that a task below the one under way waits for: it is gone on with later.
    pub decided_below: bool,
}

impl Turn {
    /// Whether a repair pattern was taken in this turn.
    #[must_use]
    pub fn took(&self, pattern: &str) -> bool {
        self.repaired.iter().any(|(taken, _)| taken == pattern)
    }
}
