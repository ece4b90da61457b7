//! The state of one conversation, folded from its events.

use std::collections::BTreeMap;

use super::{
    Choice, Event, FlowOutcome, Lang, Ownership, Recorded, SearchOutcome, Status, Understanding, Weighed,
};

/// The response that offers a second wish.
pub const ALSO: &str = "also";

/// The flow under way and where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActiveFlow {
    /// Flow name.
    pub flow: String,
    /// The step reached; `None` before the first.
    pub step: Option<String>,
    /// How often this step has asked.
    pub asked: u8,
    /// Slots filled since the flow began.
    pub filled: Vec<String>,
    /// What the shop answered to the step's call.
    pub outcome: Option<String>,
}

/// A message of the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its seq.
    pub seq: u64,
    /// What they wrote.
    pub text: String,
    /// The button they tapped.
    pub choice: Option<String>,
}

/// What has happened since the customer's last message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// The bot has said something.
    pub replied: bool,
    /// A step was reached and its saying, asking or calling is still to be done.
    pub step_pending: bool,
    /// The flow has asked its question.
    pub asked: bool,
    /// What the knowledge base answered.
    pub searched: Option<(SearchOutcome, Vec<Weighed>)>,
    /// A flow ended.
    pub flow_ended: Option<FlowOutcome>,
    /// The stage of fallback reached.
    pub fell_back: Option<u8>,
    /// A button or slot was taken from the message already.
    pub slots_set: Vec<String>,
}

/// Everything the dialogue needs to know; never changed but by [`Tracker::apply`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tracker {
    /// The seq of the last event.
    pub last_seq: u64,
    /// Who may speak.
    pub ownership: Ownership,
    /// Language of the last message that told one.
    pub lang: Option<Lang>,
    /// Values collected.
    pub slots: BTreeMap<String, String>,
    /// The flow under way.
    pub flow: Option<ActiveFlow>,
    /// The last message of the customer.
    pub said: Option<Said>,
    /// The message of the customer before the last one, for follow-up questions.
    pub said_before: Option<String>,
    /// What the last message was taken for.
    pub understanding: Option<Understanding>,
    /// A second wish that has not been offered yet.
    pub also: Option<String>,
    /// The current turn.
    pub turn: Turn,
    /// The customer's last message that was answered.
    pub answered: u64,
    /// Stage of fallback reached by misunderstandings in a row; 0 after an understood message.
    pub fallback_stage: u8,
    /// The buttons offered last.
    pub choices: Vec<Choice>,
    /// How many bot messages there were, for choosing response variants.
    pub bot_said: u64,
    /// When the last event happened, milliseconds since 1970.
    pub last_at: i64,
}

impl Tracker {
    /// Folds a list of events.
    #[must_use]
    pub fn replay(events: &[Recorded]) -> Self {
        let mut tracker = Self::default();
        for recorded in events {
            tracker.apply(recorded);
        }
        tracker
    }

    /// Whether the bot may speak now.
    #[must_use]
    pub fn bot_may_speak(&self) -> bool {
        self.ownership.status == Status::WithBot
    }

    /// The seq of a customer's message that still waits for the bot's turn.
    #[must_use]
    pub fn unanswered(&self) -> Option<u64> {
        let said = self.said.as_ref()?;
        (self.bot_may_speak() && said.seq > self.answered).then_some(said.seq)
    }

    /// The language to speak.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or(Lang::Zh)
    }

    /// The button tapped with the last message, as (kind, value).
    #[must_use]
    pub fn choice(&self) -> Option<(&str, &str)> {
        self.said.as_ref()?.choice.as_deref()?.split_once(':')
    }

    /// Takes in one event. Events come in order, each one seq further.
    pub fn apply(&mut self, recorded: &Recorded) {
        debug_assert_eq!(recorded.seq, self.last_seq + 1, "events are dense");
        self.last_seq = recorded.seq;
        self.last_at = recorded.at;
        self.ownership.apply(&recorded.event);
        match &recorded.event {
            Event::ConversationStarted { lang } => self.lang = Some(*lang),
            Event::CustomerSaid { text, choice, .. } => {
                self.hear(recorded.seq, text, choice.as_deref());
            }
            Event::Understood { understanding } => {
                self.lang = Some(understanding.lang);
                if understanding.also.is_some() {
                    self.also.clone_from(&understanding.also);
                }
                self.understanding = Some(understanding.clone());
            }
            Event::BotSaid { choices, why, .. } => {
                if why.as_ref().is_some_and(|why| why.source == ALSO) {
                    self.also = None;
                }
                self.choices.clone_from(choices);
                self.bot_said += 1;
                self.turn.replied = true;
                self.turn.step_pending = false;
            }
            Event::TurnEnded { answers, .. } => {
                self.answered = *answers;
                self.fallback_stage = self.turn.fell_back.unwrap_or(0);
            }
            event => self.apply_inner(event),
        }
    }

    fn hear(&mut self, seq: u64, text: &str, choice: Option<&str>) {
        self.said_before = self.said.take().map(|said| said.text);
        let choice = choice.map(str::to_owned);
        self.said = Some(Said {
            seq,
            text: text.to_owned(),
            choice,
        });
        self.understanding = None;
        self.turn = Turn::default();
    }

    /// The bot's inner workings: flows, searches, fallbacks.
    fn apply_inner(&mut self, event: &Event) {
        match event {
            Event::FlowStarted { flow } => {
                self.flow = Some(ActiveFlow {
                    flow: flow.clone(),
                    ..ActiveFlow::default()
                });
            }
            Event::StepReached { step, asked } => {
                if let Some(flow) = &mut self.flow {
                    flow.step = Some(step.clone());
                    flow.asked = *asked;
                    flow.outcome = None;
                }
                self.turn.step_pending = true;
                self.turn.asked = *asked > 0;
            }
            Event::SlotSet { slot, value } => self.set_slot(slot, value),
            Event::FlowEnded { outcome, .. } => {
                self.flow = None;
                self.turn.step_pending = false;
                self.turn.flow_ended = Some(*outcome);
            }
            // People take both wishes from here.
            Event::HandoffRequested { .. } => self.also = None,
            Event::FellBack { stage } => self.turn.fell_back = Some(*stage),
            Event::Searched {
                outcome, passages, ..
            } => {
                self.turn.searched = Some((*outcome, passages.clone()));
            }
            Event::ShopAnswered { outcome, .. } => {
                if let Some(flow) = &mut self.flow {
                    flow.outcome = Some(outcome.clone());
                }
                self.turn.step_pending = false;
            }
            _ => {}
        }
    }

    /// An empty value empties the slot.
    fn set_slot(&mut self, slot: &str, value: &str) {
        if value.is_empty() {
            self.slots.remove(slot);
            if let Some(flow) = &mut self.flow {
                flow.filled.retain(|filled| filled != slot);
            }
            return;
        }
        self.slots.insert(slot.to_owned(), value.to_owned());
        self.turn.slots_set.push(slot.to_owned());
        if let Some(flow) = &mut self.flow {
            flow.filled.push(slot.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Cid, HandoffReason};

    fn record(events: Vec<Event>) -> Vec<Recorded> {
        (1..)
            .zip(events)
            .map(|(seq, event)| Recorded { seq, at: 0, event })
            .collect()
    }

    fn said(text: &str) -> Event {
        let cid = Cid::new("cid-00000001").unwrap();
        Event::CustomerSaid {
            cid,
            text: text.to_owned(),
            choice: None,
        }
    }

    #[test]
    fn a_message_waits_until_its_turn_ended() {
        let mut events = vec![Event::ConversationStarted { lang: Lang::Zh }, said("hello there")];
        let tracker = Tracker::replay(&record(events.clone()));
        assert_eq!(tracker.unanswered(), Some(2));
        events.push(Event::TurnEnded {
            answers: 2,
            model: String::new(),
            knowledge: String::new(),
        });
        assert_eq!(Tracker::replay(&record(events)).unanswered(), None);
    }

    #[test]
    fn the_bot_is_silent_until_resolved() {
        let handoff = Event::HandoffRequested {
            reason: HandoffReason::Asked,
        };
        let joined = Event::AgentJoined {
            account: "lin".to_owned(),
            agent: "小林".to_owned(),
        };
        let mut events = vec![said("转人工"), handoff, joined, said("在吗")];
        let tracker = Tracker::replay(&record(events.clone()));
        assert!(!tracker.bot_may_speak());
        assert_eq!(tracker.unanswered(), None);
        assert_eq!(tracker.ownership.owner_epoch, 2);
        events.push(Event::Resolved {
            by: "小林".to_owned(),
        });
        events.push(said("再问一下"));
        let tracker = Tracker::replay(&record(events));
        assert_eq!(
            (tracker.unanswered(), tracker.ownership.owner_epoch),
            (Some(6), 3)
        );
    }
}
