//! Carrying out an action: what it does, returned as events. Nothing here sends, stores or waits; a call to
//! the shop comes back as what is to be asked.

mod approve;
mod call_shop;
mod handoff;
mod say;
mod search;

use std::sync::Arc;

use crate::bot::Bot;
use crate::commerce::{Answer, Asked};
use crate::conversation::{ApprovalEnd, Event, FlowOutcome, Tracker};
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

/// What carrying out an action gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// These facts.
    Events(Vec<Event>),
    /// The shop is to be asked; the event, if there is one, has to be on disk before.
    Ask(Box<Asked>, Box<Option<Event>>),
}

/// Carries out one action on the conversation as it stands.
#[must_use]
pub fn execute(action: &Action, tracker: &Tracker, desk: &Desk<'_>) -> Done {
    if let Action::Call { call, send } = action {
        let (asked, started) = call_shop::ask(desk, tracker, call, send);
        return Done::Ask(Box::new(asked), Box::new(started));
    }
    Done::Events(events(action, tracker, desk))
}

/// What the shop's answer is in a conversation.
#[must_use]
pub fn answered(asked: &Asked, answer: Answer) -> Vec<Event> {
    call_shop::answered(asked, answer)
}

fn events(action: &Action, tracker: &Tracker, desk: &Desk<'_>) -> Vec<Event> {
    let ended = |outcome: FlowOutcome, result: Option<String>| Event::FlowEnded {
        flow: tracker.flow.as_ref().map(|f| f.flow.clone()).unwrap_or_default(),
        outcome,
        result,
    };
    match action {
        Action::Listen | Action::Call { .. } => Vec::new(),
        Action::Say {
            response,
            lead,
            choices,
            card,
            policy,
        } => {
            let saying = say::Saying {
                response,
                lead,
                choices,
                card: card.as_deref(),
                policy,
            };
            vec![say::say(desk, tracker, &saying)]
        }
        Action::Repeat => vec![say::again(desk, tracker)],
        Action::Search => search::search(desk, tracker),
        Action::ShowArticle { article } => search::show_article(desk, tracker, article),
        Action::StartFlow { flow } => vec![Event::FlowStarted { flow: flow.clone() }],
        Action::Reach { step, asked } => {
            vec![Event::StepReached {
                step: step.clone(),
                asked: *asked,
            }]
        }
        Action::Set { slot, value } => vec![set(slot, value)],
        Action::Approve {
            question,
            hold,
            supervisor,
            wait_s,
        } => {
            let waits = (*supervisor, *wait_s);
            approve::ask_people(desk, tracker, (question, hold), waits)
        }
        Action::Withdraw { asked } => vec![Event::ApprovalClosed {
            asked: *asked,
            cause: ApprovalEnd::Withdrawn,
        }],
        Action::EndFlow { outcome, result } => vec![ended(*outcome, result.clone())],
        Action::Link { flow } => vec![
            ended(FlowOutcome::Completed, None),
            Event::FlowStarted { flow: flow.clone() },
        ],
        Action::Repair { pattern, slot, value } => {
            let repaired = Event::Repaired {
                pattern: pattern.clone(),
                slot: slot.clone(),
            };
            let slot = slot
                .iter()
                .map(|slot| set(slot, value.as_deref().unwrap_or_default()));
            let cancelled = (pattern == "cancel").then(|| ended(FlowOutcome::Cancelled, None));
            [repaired].into_iter().chain(slot).chain(cancelled).collect()
        }
        Action::FallBack { stage } => vec![Event::FellBack { stage: *stage }],
        Action::Handoff { reason } => handoff::hand_off(desk, tracker, *reason),
    }
}

fn set(slot: &str, value: &str) -> Event {
    Event::SlotSet {
        slot: slot.to_owned(),
        value: value.to_owned(),
    }
}
