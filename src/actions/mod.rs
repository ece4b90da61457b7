//! Carrying out an action: what it does, returned as events. Nothing here sends or stores.

mod call_shop;
mod handoff;
mod order_card;
mod say;
mod search;

use std::sync::Arc;

use crate::bot::Bot;
use crate::conversation::{Event, Tracker};
use crate::dialogue::Action;
use crate::knowledge::Knowledge;

/// What actions work with during one turn.
pub struct Desk<'a> {
    /// The shop's bot.
    pub bot: &'a Arc<Bot>,
    /// The index over its articles.
    pub knowledge: &'a Knowledge,
    /// The conversation's id, part of idempotency keys.
    pub conversation: &'a str,
    /// Now, milliseconds since 1970.
    pub now: i64,
}

/// Carries out one action on the conversation as it stands.
#[must_use]
pub fn execute(action: &Action, tracker: &Tracker, desk: &Desk<'_>) -> Vec<Event> {
    match action {
        Action::Listen => Vec::new(),
        Action::Say {
            response,
            choices,
            card,
            policy,
        } => {
            vec![say::say(
                desk,
                tracker,
                response,
                choices,
                card.as_deref(),
                policy,
            )]
        }
        Action::Search => search::search(desk, tracker),
        Action::ShowArticle { article } => search::show_article(desk, tracker, article),
        Action::StartFlow { flow } => vec![Event::FlowStarted { flow: flow.clone() }],
        Action::Reach { step, asked } => {
            vec![Event::StepReached {
                step: step.clone(),
                asked: *asked,
            }]
        }
        Action::Set { slot, value } => {
            vec![Event::SlotSet {
                slot: slot.clone(),
                value: value.clone(),
            }]
        }
        Action::Call { call } => call_shop::call(desk, tracker, call),
        Action::EndFlow { outcome } => {
            let flow = tracker.flow.as_ref().map(|f| f.flow.clone()).unwrap_or_default();
            vec![Event::FlowEnded {
                flow,
                outcome: *outcome,
            }]
        }
        Action::FallBack { stage } => vec![Event::FellBack { stage: *stage }],
        Action::Handoff { reason } => handoff::hand_off(desk, tracker, *reason),
    }
}
