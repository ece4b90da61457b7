//! The state of one conversation, folded from its events.

use std::collections::BTreeMap;

use super::{
    Acting, ActiveFlow, ApprovalEnd, Card, Choice, Event, FlowOutcome, Lang, LastSaid, Ownership, Recorded,
    Said, Status, Turn, Understanding, follows_up,
};

/// The response that offers a second wish.
pub const ALSO: &str = "also";

/// The repair that notes, in the middle of a task, a matter that is left to people.
pub const SENSITIVE: &str = "sensitive";

/// What people wrote beside their yes or no, among the values of texts.
pub const APPROVAL_NOTE: &str = "approval_note";

/// The outcomes of an `approve` step.
pub const APPROVAL_OUTCOMES: [&str; 3] = [YES, NO, LATE];
const YES: &str = "yes";
const NO: &str = "no";
const LATE: &str = "late";

/// The slot that a `confirm` step fills.
pub const CONFIRMED: &str = "confirmed";

/// Everything the dialogue needs to know; never changed but by [`Tracker::apply`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tracker {
    /// The seq of the last event.
    pub last_seq: u64,
    /// Who may speak.
    pub ownership: Ownership,
    /// Language of the last message that told one.
    pub lang: Option<Lang>,
    /// The customer, once proved.
    pub customer: Option<String>,
    /// Their level, where the shop told it.
    pub level: Option<String>,
    /// What is on the page they look at.
    pub page: BTreeMap<String, String>,
    /// The product and the order that messages named last.
    pub spoken_of: BTreeMap<String, String>,
    /// Values collected.
    pub slots: BTreeMap<String, String>,
    /// What the shop told, for texts.
    pub values: BTreeMap<String, String>,
    /// The last card of each kind.
    pub cards: BTreeMap<String, Card>,
    /// What the shop listed last.
    pub listed: Vec<Choice>,
    /// The flow under way.
    pub flow: Option<ActiveFlow>,
    /// Flows that wait for it to end; the last one goes on first.
    pub below: Vec<ActiveFlow>,
    /// An effect that is under way.
    pub acting: Option<Acting>,
    /// The question to people that is open, by its seq.
    pub approval: Option<u64>,
    /// The last message of the customer, or what people decided since.
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
    /// Misunderstandings since the conversation began or was last with a person.
    pub misunderstood: u8,
    /// Corrections and steps back since a task last ended.
    pub corrected: u8,
    /// The buttons offered last.
    pub choices: Vec<Choice>,
    /// What the bot said last.
    pub last_said: Option<LastSaid>,
    /// How many bot messages there were, for choosing response variants.
    pub bot_said: u64,
    /// Whether words of regret were said in the turn before.
    pub regretted: bool,
    /// How angry the message before the last one was, 0 to 2; 0 where people were in between.
    pub anger_before: u8,
    /// The intent that people are called for when the task under way is over.
    pub left_to_people: Option<String>,
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

    /// The seq of what still waits for the bot's turn: a customer's message, or what people decided.
    #[must_use]
    pub fn unanswered(&self) -> Option<u64> {
        let said = self.said.as_ref()?;
        // What was said to people is not the bot's to answer once it is back.
        let to_bot = said.epoch == self.ownership.owner_epoch && self.bot_may_speak();
        (to_bot && said.seq > self.answered).then_some(said.seq)
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

    /// The names of the flows under way, the one that speaks first.
    pub fn flows(&self) -> impl Iterator<Item = &str> {
        let waiting = self.below.iter().rev();
        self.flow.iter().chain(waiting).map(|flow| flow.flow.as_str())
    }

    /// Takes in one event. Events come in order, each one seq further.
    pub fn apply(&mut self, recorded: &Recorded) {
        debug_assert_eq!(recorded.seq, self.last_seq + 1, "events are dense");
        self.last_seq = recorded.seq;
        self.last_at = recorded.at;
        self.ownership.apply(&recorded.event);
        match &recorded.event {
            Event::ConversationStarted { lang } => self.lang = Some(*lang),
            Event::CustomerSaid {
                text, choice, photos, ..
            } => self.hear(Said {
                seq: recorded.seq,
                text: text.clone(),
                choice: choice.clone(),
                photos: photos.clone(),
                epoch: self.ownership.owner_epoch,
                decision: false,
            }),
            Event::ApprovalAsked { .. } => {
                self.approval = Some(recorded.seq);
                if let Some(flow) = &mut self.flow {
                    flow.awaits = self.approval;
                }
            }
            Event::ApprovalGiven { asked, yes, note, .. } => {
                let note = note.clone().unwrap_or_default();
                self.values.insert(APPROVAL_NOTE.to_owned(), note);
                self.decide(recorded.seq, *asked, if *yes { YES } else { NO });
            }
            Event::ApprovalClosed { asked, cause } => match cause {
                ApprovalEnd::Late => self.decide(recorded.seq, *asked, LATE),
                ApprovalEnd::Withdrawn => self.approval = None,
            },
            Event::Understood { understanding } => self.understand(understanding),
            Event::BotSaid {
                text,
                choices,
                card,
                why,
                ..
            } => {
                let source = why.as_ref().map_or("", |why| why.source.as_str());
                if source == ALSO {
                    self.also = None;
                }
                self.turn
                    .said
                    .extend(why.iter().flat_map(|why| why.lead.iter().cloned()));
                self.turn.said.push(source.to_owned());
                self.choices.clone_from(choices);
                self.last_said = Some(LastSaid {
                    text: text.clone(),
                    choices: choices.clone(),
                    card: card.clone(),
                });
                self.bot_said += 1;
                self.turn.replied = true;
                self.turn.aside |= why.as_ref().is_none_or(|why| why.policy != "flow");
                self.turn.step_pending = false;
            }
            Event::TurnEnded { answers, .. } => self.end_turn(*answers),
            event => self.apply_inner(event),
        }
    }

    fn understand(&mut self, understanding: &Understanding) {
        self.lang = Some(understanding.lang);
        if understanding.also.is_some() {
            self.also.clone_from(&understanding.also);
        }
        for kind in ["product", "order_no"] {
            if let Some(entity) = understanding.entity(kind) {
                self.spoken_of.insert(kind.to_owned(), entity.value.clone());
            }
        }
        self.understanding = Some(understanding.clone());
    }

    /// A message that comes before the one before it was answered is one with it.
    fn hear(&mut self, mut said: Said) {
        if let Some(before) = self.said.take() {
            let open = before.seq > self.answered && before.epoch == said.epoch && self.bot_may_speak();
            if open {
                said.choice = said.choice.take().or(before.choice);
                said.text = format!("{}\n{}", before.text, said.text);
                said.photos.splice(0..0, before.photos);
            } else {
                let before_people = before.epoch != said.epoch;
                let understood = self.understanding.as_ref().filter(|_| !before_people);
                self.anger_before = understood.map_or(0, |u| u.anger);
                // What leans on the question before it is none to lean on.
                let leans = self.said_before.is_some() && follows_up(&before.text);
                if !before.decision && !leans {
                    self.said_before = Some(before.text);
                }
                self.count_turn();
            }
        }
        self.said = Some(said);
        self.understanding = None;
        self.turn = Turn::default();
    }

    /// People decided. The flow that waits for it goes on by the outcome: now, or when it is its turn again.
    fn decide(&mut self, seq: u64, asked: u64, outcome: &str) {
        let open = self.unanswered().is_some();
        if self.approval.take_if(|open| *open == asked).is_none() {
            return;
        }
        let below = self.flow.as_ref().is_none_or(|flow| flow.awaits != Some(asked));
        let mut flows = self.flow.iter_mut().chain(&mut self.below);
        if let Some(flow) = flows.find(|flow| flow.awaits == Some(asked)) {
            flow.awaits = None;
            flow.outcome = Some(outcome.to_owned());
        }
        // A message that came before it is answered first, and the flow goes on with that.
        if open {
            return;
        }
        self.count_turn();
        self.said = Some(Said {
            seq,
            epoch: self.ownership.owner_epoch,
            decision: true,
            ..Said::default()
        });
        self.understanding = None;
        self.turn = Turn {
            decided_below: below,
            ..Turn::default()
        };
    }

    fn count_turn(&mut self) {
        for flow in self.flow.iter_mut().chain(&mut self.below) {
            flow.turns += 1;
        }
    }

    fn end_turn(&mut self, answers: u64) {
        self.answered = answers;
        self.fallback_stage = self.turn.fell_back.unwrap_or(0);
        if self.turn.fell_back.is_some() {
            self.misunderstood = self.misunderstood.saturating_add(1);
        }
        self.regretted = self.turn.took("regret");
    }

    /// The bot's inner workings.
    fn apply_inner(&mut self, event: &Event) {
        match event {
            Event::Identified { customer, level } => {
                self.customer = Some(customer.clone()).filter(|customer| !customer.is_empty());
                self.level.clone_from(level);
            }
            Event::PageSeen { page } => self.page.clone_from(page),
            // Wishes, forms and misunderstandings begin anew behind people.
            Event::HandoffRequested { .. }
            | Event::AgentJoined { .. }
            | Event::HandedBack { .. }
            | Event::Resolved { .. } => {
                self.also = None;
                self.approval = None;
                self.flow = None;
                self.below.clear();
                self.choices.clear();
                self.left_to_people = None;
                self.misunderstood = 0;
                self.corrected = 0;
                self.fallback_stage = 0;
            }
            Event::FellBack { stage } => self.turn.fell_back = Some(*stage),
            Event::Searched {
                outcome, passages, ..
            } => {
                self.turn.searched = Some((*outcome, passages.clone()));
            }
            event => self.apply_to_flow(event),
        }
    }

    /// What happens to the flow under way.
    fn apply_to_flow(&mut self, event: &Event) {
        match event {
            Event::FlowStarted { flow } => self.begin(flow),
            Event::StepReached { step, asked } => {
                let replied = self.turn.replied;
                if let Some(flow) = &mut self.flow {
                    // The same question once more, after something in between.
                    let again = replied && *asked > 0 && flow.step.as_ref() == Some(step);
                    flow.digressions = flow.digressions.saturating_add(u8::from(again));
                    flow.step = Some(step.clone());
                    flow.asked = *asked;
                    flow.outcome = None;
                    flow.awaits = None;
                }
                self.turn.retrace = false;
                self.turn.step_pending = true;
                self.turn.asked = *asked > 0;
            }
            Event::SlotSet { slot, value } => self.set_slot(slot, value),
            Event::FlowEnded {
                flow,
                outcome,
                result,
            } => self.end(flow, *outcome, result.as_deref()),
            Event::Repaired { pattern, slot } => {
                self.turn.retrace = slot.is_some();
                self.corrected = self.corrected.saturating_add(u8::from(slot.is_some()));
                if pattern == SENSITIVE {
                    self.left_to_people = self.understanding.as_ref().map(|u| u.intent().to_owned());
                }
                self.turn.repaired.push((pattern.clone(), slot.clone()));
            }
            Event::ActionStarted { key, call, fields } => {
                self.acting = Some(Acting {
                    key: key.clone(),
                    call: call.clone(),
                    fields: fields.clone(),
                });
            }
            Event::ShopAnswered {
                outcome,
                values,
                card,
                choices,
                ..
            } => {
                self.acting = None;
                self.values.extend(values.clone());
                if let Some(card) = card {
                    self.cards.insert(card.kind.clone(), card.clone());
                }
                if !choices.is_empty() {
                    self.listed.clone_from(choices);
                }
                if let Some(flow) = &mut self.flow {
                    flow.outcome = Some(outcome.clone());
                }
                self.turn.step_pending = false;
            }
            _ => {}
        }
    }

    /// A flow begins: at a `run` step as a part of the one under way, else in its place.
    fn begin(&mut self, flow: &str) {
        let run = self.flow.is_some() && self.turn.step_pending;
        if let Some(below) = self.flow.take() {
            self.below.push(below);
        }
        self.flow = Some(ActiveFlow {
            flow: flow.to_owned(),
            run,
            ..ActiveFlow::default()
        });
        self.turn.step_pending = false;
        self.turn.flow_started = true;
    }

    /// The flow under way ends; the one below it goes on.
    fn end(&mut self, name: &str, outcome: FlowOutcome, result: Option<&str>) {
        let Some(ended) = self.flow.take() else {
            return;
        };
        self.turn.step_pending = false;
        self.turn.asked = false;
        self.turn.retrace = false;
        self.flow = self.below.pop();
        match self.flow.as_mut().filter(|_| ended.run) {
            Some(parent) if outcome == FlowOutcome::Completed => {
                parent.outcome = Some(result.unwrap_or("done").to_owned());
                for slot in ended.filled {
                    parent.filled.retain(|filled| *filled != slot);
                    parent.filled.push(slot);
                }
            }
            _ => {
                self.corrected = 0;
                self.turn.flow_ended = Some(outcome);
                self.turn.ended = Some((name.to_owned(), ended.turns));
            }
        }
    }

    /// An empty value empties the slot.
    fn set_slot(&mut self, slot: &str, value: &str) {
        let flows = self.flow.iter_mut().chain(&mut self.below);
        if value.is_empty() {
            self.slots.remove(slot);
            flows.for_each(|flow| flow.filled.retain(|filled| filled != slot));
            return;
        }
        self.slots.insert(slot.to_owned(), value.to_owned());
        self.turn.slots_set.push(slot.to_owned());
        if let Some(flow) = &mut self.flow {
            flow.filled.retain(|filled| filled != slot);
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
            photos: Vec::new(),
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
        let handoff = Event::handoff(HandoffReason::Asked);
        let joined = Event::joined("lin", "小林");
        let mut events = vec![said("转人工"), handoff, joined, said("在吗")];
        let tracker = Tracker::replay(&record(events.clone()));
        assert!(!tracker.bot_may_speak());
        assert_eq!(tracker.unanswered(), None);
        assert_eq!(tracker.ownership.owner_epoch, 2);
        events.push(Event::resolved("lin", "小林"));
        events.push(said("再问一下"));
        let tracker = Tracker::replay(&record(events));
        assert_eq!(
            (tracker.unanswered(), tracker.ownership.owner_epoch),
            (Some(6), 3)
        );
    }
}
