//! From the tracker to the next action. Pure: no IO, no clock, no randomness; the same tracker and
//! the same bot always give the same action, so a replay can be compared to the original.

mod collects;
mod fallback;
mod flow;
mod people;
mod policies;
mod reference;
mod repair;
mod say;
mod value;

pub use collects::words_of;
pub use policies::next_action;
pub use reference::says_it;
pub use say::{part_of_day, render, variant};

use crate::conversation::{Choice, FlowOutcome, HandoffReason};

/// What is to be done next, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing more: wait for the customer. Ends the turn.
    Listen,
    /// Say a response.
    Say {
        /// Response key.
        response: String,
        /// Patterns whose words come before it.
        lead: Vec<String>,
        /// Buttons besides those written with the response.
        choices: Vec<Choice>,
        /// Kind of card to put under it.
        card: Option<String>,
        /// The policy that decided.
        policy: &'static str,
    },
    /// Ask the knowledge base.
    Search,
    /// Show an article chosen by button.
    ShowArticle {
        /// Article id.
        article: String,
    },
    /// Begin a flow.
    StartFlow {
        /// Its name.
        flow: String,
    },
    /// Go to a step.
    Reach {
        /// Its id.
        step: String,
        /// How often it has asked, this time included.
        asked: u8,
    },
    /// Fill a slot, or empty it with an empty value.
    Set {
        /// Slot name.
        slot: String,
        /// Its value.
        value: String,
    },
    /// Call the shop.
    Call {
        /// Name of the call.
        call: String,
        /// Slots sent along.
        send: Vec<String>,
    },
    /// Ask people whether the flow may go on.
    Approve {
        /// Response key of the question.
        question: String,
        /// Response key of what the customer is told meanwhile.
        hold: String,
        /// Only supervisors may answer.
        supervisor: bool,
        /// Seconds it waits at most.
        wait_s: u32,
    },
    /// Take back a question to people that no flow waits for any more.
    Withdraw {
        /// Its seq.
        asked: u64,
    },
    /// End the flow under way.
    EndFlow {
        /// How.
        outcome: FlowOutcome,
        /// The outcome its `end` step names.
        result: Option<String>,
    },
    /// End the flow under way and begin another.
    Link {
        /// Its name.
        flow: String,
    },
    /// Take a repair pattern.
    Repair {
        /// Its name.
        pattern: String,
        /// The slot it is about.
        slot: Option<String>,
        /// The slot's new value; emptied without one.
        value: Option<String>,
    },
    /// Say what was said last again.
    Repeat,
    /// Move to a stage of fallback.
    FallBack {
        /// 1 clarify, 2 rephrase, 3 offer a person.
        stage: u8,
    },
    /// Give the conversation to people.
    Handoff {
        /// Why.
        reason: HandoffReason,
    },
}

impl Action {
    /// A plain saying.
    fn say(response: &str, policy: &'static str) -> Self {
        Self::Say {
            response: response.to_owned(),
            lead: Vec::new(),
            choices: Vec::new(),
            card: None,
            policy,
        }
    }

    /// A repair that is about no slot.
    fn repair(pattern: &str) -> Self {
        Self::Repair {
            pattern: pattern.to_owned(),
            slot: None,
            value: None,
        }
    }

    /// The end of a flow without a result.
    fn end(outcome: FlowOutcome) -> Self {
        Self::EndFlow {
            outcome,
            result: None,
        }
    }
}
