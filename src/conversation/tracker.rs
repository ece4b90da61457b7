//! The state of one conversation, folded from its events.

use std::collections::BTreeMap;

use super::{Choice, Event, Lang, Ownership, Recorded, Status, Understanding};

/// The flow under way and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveFlow {
    /// Flow name.
    pub flow: String,
    /// The step reached; `None` before the first.
    pub step: Option<String>,
    /// How often this step has asked.
    pub asked: u8,
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
    /// The last message of the customer: its seq, text, and the button tapped.
    pub said: Option<(u64, String, Option<String>)>,
    /// What the last message was taken for.
    pub understanding: Option<Understanding>,
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
    /// When the customer began to wait for a person.
    pub waiting_since: Option<i64>,
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
        let (seq, ..) = self.said.as_ref()?;
        (self.bot_may_speak() && *seq > self.answered).then_some(*seq)
    }

    /// The language to speak.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or(Lang::Zh)
    }

    /// Takes in one event. Events come in order, each one seq further.
    pub fn apply(&mut self, recorded: &Recorded) {
        debug_assert_eq!(recorded.seq, self.last_seq + 1, "events are dense");
        self.last_seq = recorded.seq;
        self.last_at = recorded.at;
        self.ownership.apply(&recorded.event);
        self.apply_event(recorded.seq, recorded.at, &recorded.event);
    }

    fn apply_event(&mut self, seq: u64, at: i64, event: &Event) {
        match event {
            Event::ConversationStarted { lang } => self.lang = Some(*lang),
            Event::CustomerSaid { text, choice, .. } => {
                self.said = Some((seq, text.clone(), choice.clone()));
                self.understanding = None;
                if let Some(lang) = Lang::of_text(text) {
                    self.lang = Some(lang);
                }
            }
            Event::Understood { understanding } => {
                self.lang = Some(understanding.lang);
                self.understanding = Some(understanding.clone());
            }
            Event::FlowStarted { flow } => {
                self.flow = Some(ActiveFlow { flow: flow.clone(), step: None, asked: 0 });
            }
            Event::StepReached { step, asked } => {
                if let Some(flow) = &mut self.flow {
                    flow.step = Some(step.clone());
                    flow.asked = *asked;
                }
            }
            Event::SlotSet { slot, value } => {
                self.slots.insert(slot.clone(), value.clone());
            }
            Event::FlowEnded { .. } => self.flow = None,
            Event::FellBack { stage } => self.fallback_stage = *stage,
            Event::BotSaid { choices, .. } => {
                self.choices.clone_from(choices);
                self.bot_said += 1;
            }
            Event::HandoffRequested { .. } => self.waiting_since = Some(at),
            Event::AgentJoined { .. } | Event::Resolved { .. } => self.waiting_since = None,
            Event::TurnEnded { answers, .. } => self.answered = *answers,
            Event::ActionStarted { .. } | Event::AgentSaid { .. } => {}
        }
    }
}
