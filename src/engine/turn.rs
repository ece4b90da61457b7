//! The story of one turn: understand, decide, carry out, until there is nothing more to say.

use std::sync::{Arc, PoisonError, RwLock};

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

/// Takes turns. Clones share the brain, which may be put in another's place at any time: a turn is taken
/// with the one that was there when it began.
#[derive(Clone)]
pub struct Engine {
    brain: Arc<RwLock<Arc<Brain>>>,
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
            brain: Arc::new(RwLock::new(Arc::new(brain))),
        }
    }

    /// What it answers with now.
    #[must_use]
    pub fn brain(&self) -> Arc<Brain> {
        self.brain.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a brain in the place of the one there is; turns that have begun keep theirs.
    pub fn put(&self, brain: Brain) {
        *self.brain.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(brain);
    }

    /// Takes the turn on the customer's last message. Pure but for the time it takes: the same
    /// tracker, brain and moment give the same events.
    #[must_use]
    pub fn take_turn(&self, conversation: &str, tracker: &Tracker, now: i64) -> Turned {
        let Some(said) = &tracker.said else {
            return Turned { events: Vec::new() };
        };
        let brain = self.brain();
        let today = brain.bot.shop.day_of(now);
        let understanding = brain.nlu.understand(&said.text, tracker.lang(), today);
        brain.turn(conversation, tracker, now, understanding)
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
        self.brain().turn(conversation, tracker, now, understanding)
    }
}

impl Brain {
    fn turn(&self, conversation: &str, tracker: &Tracker, now: i64, understanding: Understanding) -> Turned {
        let desk = Desk {
            bot: &self.bot,
            knowledge: &self.knowledge,
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
            match next_action(&ahead.tracker, &self.bot) {
                Action::Listen => break,
                action => ahead.take(actions::execute(&action, &ahead.tracker, &desk)),
            }
        }
        ahead.take(vec![Event::TurnEnded {
            answers,
            model: self.nlu.version().to_owned(),
            knowledge: self.bot.version.clone(),
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
