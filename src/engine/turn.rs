//! The story of one turn: understand, decide, carry out, until there is nothing more to say.

use std::sync::Arc;

use crate::actions::{self, Desk};
use crate::bot::Bot;
use crate::conversation::{Event, Recorded, Tracker, Understanding};
use crate::dialogue::{Action, next_action};
use crate::knowledge::Knowledge;
use crate::nlu::Nlu;

/// Actions of one turn; more means that the dialogue goes in circles.
const ACTIONS_PER_TURN_MAX: usize = 40;

/// Everything a bot answers with: one whole version, never a mix of two.
pub struct Brain {
    /// What the shop wrote.
    pub bot: Arc<Bot>,
    /// The index over it.
    pub knowledge: Knowledge,
    /// Understanding.
    pub nlu: Nlu,
}

/// Takes turns.
#[derive(Clone)]
pub struct Engine {
    brain: Arc<Brain>,
}

/// What a turn gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Turned {
    /// The facts, the last one a `TurnEnded`.
    pub events: Vec<Event>,
}

impl Engine {
    /// An engine over one brain.
    #[must_use]
    pub fn new(brain: Brain) -> Self {
        Self {
            brain: Arc::new(brain),
        }
    }

    /// What it answers with.
    #[must_use]
    pub fn brain(&self) -> &Brain {
        &self.brain
    }

    /// Takes the turn on the customer's last message. Pure but for the time it takes: the same
    /// tracker, brain and moment give the same events.
    #[must_use]
    pub fn take_turn(&self, conversation: &str, tracker: &Tracker, now: i64) -> Turned {
        let Some(said) = &tracker.said else {
            return Turned { events: Vec::new() };
        };
        let today = self.brain.bot.shop.day_of(now);
        let understanding = self.brain.nlu.understand(&said.text, tracker.lang(), today);
        self.take_turn_understood(conversation, tracker, now, understanding)
    }

    /// The same with an understanding that is known already, as when replaying.
    #[must_use]
    pub fn take_turn_understood(
        &self,
        conversation: &str,
        tracker: &Tracker,
        now: i64,
        understanding: Understanding,
    ) -> Turned {
        let brain = &self.brain;
        let desk = Desk {
            bot: &brain.bot,
            knowledge: &brain.knowledge,
            conversation,
            now,
        };
        let mut ahead = Ahead {
            tracker: tracker.clone(),
            events: Vec::new(),
            now,
        };
        let answers = tracker.said.as_ref().map_or(0, |said| said.seq);
        ahead.take(vec![Event::Understood { understanding }]);
        for _ in 0..ACTIONS_PER_TURN_MAX {
            match next_action(&ahead.tracker, &brain.bot) {
                Action::Listen => break,
                action => ahead.take(actions::execute(&action, &ahead.tracker, &desk)),
            }
        }
        ahead.take(vec![Event::TurnEnded {
            answers,
            model: brain.nlu.version().to_owned(),
            knowledge: brain.bot.version.clone(),
        }]);
        Turned { events: ahead.events }
    }
}

/// The tracker as it will be once the turn's events are stored.
struct Ahead {
    tracker: Tracker,
    events: Vec<Event>,
    now: i64,
}

impl Ahead {
    fn take(&mut self, events: Vec<Event>) {
        for event in events {
            let recorded = Recorded {
                seq: self.tracker.last_seq + 1,
                at: self.now,
                event,
            };
            self.tracker.apply(&recorded);
            self.events.push(recorded.event);
        }
    }
}
