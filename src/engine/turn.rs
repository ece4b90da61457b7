//! The story of one turn: understand, decide, carry out, until there is nothing more to say. Thinking is pure
//! and synchronous; where the shop has to be asked, the turn stops and goes on with the answer.

use std::sync::{Arc, PoisonError, RwLock};

use crate::actions::{self, Desk, Done};
use crate::bot::Bot;
use crate::commerce::{self, Answer, Asked, Connector, Counter};
use crate::conversation::{Event, Recorded, Tracker, Understanding};
use crate::dialogue::{Action, next_action};
use crate::knowledge::Knowledge;
use crate::nlu::Nlu;

/// Actions of one turn; more means that the dialogue goes in circles.
const ACTIONS_PER_TURN_MAX: usize = 80;

/// Everything a bot answers with: one whole version, never a mix of two.
pub struct Brain {
    /// What the shop wrote.
    pub bot: Arc<Bot>,
    /// The index over it.
    pub knowledge: Arc<Knowledge>,
    /// Understanding.
    pub nlu: Arc<Nlu>,
    /// The shop's system.
    pub shop: Arc<dyn Connector>,
}

impl Brain {
    /// The same over another shop.
    #[must_use]
    pub fn over(&self, shop: Arc<dyn Connector>) -> Self {
        Self {
            bot: self.bot.clone(),
            knowledge: self.knowledge.clone(),
            nlu: self.nlu.clone(),
            shop,
        }
    }
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
    /// Whether it ended of itself and not at the limit of actions.
    pub settled: bool,
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

    /// A turn on the customer's last message, `None` if nothing was said.
    #[must_use]
    pub fn begin(&self, conversation: &str, tracker: &Tracker, now: i64) -> Option<Turn> {
        Turn::begin(self.brain(), conversation, tracker, now)
    }

    /// Takes a whole turn where nothing is stored: in the terminal and in tests.
    pub async fn take_turn(&self, conversation: &str, tracker: &Tracker, now: i64) -> Turned {
        let brain = self.brain();
        let shop = brain.shop.clone();
        match Turn::begin(brain, conversation, tracker, now) {
            Some(turn) => turn.finish(&*shop).await,
            None => Turned {
                events: Vec::new(),
                settled: true,
            },
        }
    }
}

/// What a turn needs to go on.
#[derive(Debug)]
pub enum Pause {
    /// Nothing: it is over.
    Over,
    /// The shop's answer. With an effect ahead, what has happened so far has to be stored first.
    Shop {
        /// What is to be asked.
        asked: Box<Asked>,
        /// Whether it has an effect outside.
        writes: bool,
    },
}

/// A turn under way. It owns its brain, so that it can move between threads.
pub struct Turn {
    brain: Arc<Brain>,
    conversation: String,
    now: i64,
    /// The tracker as it will be once the turn's events are stored.
    tracker: Tracker,
    events: Vec<Event>,
    answers: u64,
    actions: usize,
    over: bool,
}

impl Turn {
    /// Begins a turn, or goes on with one that was broken off. Nothing is thought yet.
    #[must_use]
    pub fn begin(brain: Arc<Brain>, conversation: &str, tracker: &Tracker, now: i64) -> Option<Self> {
        Some(Self {
            brain,
            conversation: conversation.to_owned(),
            now,
            answers: tracker.said.as_ref()?.seq,
            tracker: tracker.clone(),
            events: Vec::new(),
            actions: 0,
            over: false,
        })
    }

    /// What it answers with.
    #[must_use]
    pub fn brain(&self) -> &Arc<Brain> {
        &self.brain
    }

    /// Takes an understanding that is known already, as when replaying.
    pub fn understand(&mut self, understanding: Understanding) {
        self.take(vec![Event::Understood { understanding }]);
    }

    /// Thinks until the turn is over or the shop has to be asked. The same tracker, brain and moment give
    /// the same events.
    #[must_use]
    pub fn advance(&mut self) -> Pause {
        let spoken = self.tracker.said.as_ref().is_some_and(|said| !said.decision);
        if spoken && self.tracker.understanding.is_none() {
            let text = self.tracker.said.as_ref().map_or("", |said| said.text.as_str());
            let today = self.brain.bot.shop.day_of(self.now);
            let understanding = self.brain.nlu.understand(text, self.tracker.lang(), today);
            self.understand(understanding);
        }
        while self.actions < ACTIONS_PER_TURN_MAX {
            self.actions += 1;
            let action = next_action(&self.tracker, &self.brain.bot);
            if action == Action::Listen {
                self.over = true;
                break;
            }
            let desk = Desk {
                bot: &self.brain.bot,
                knowledge: &self.brain.knowledge,
                conversation: &self.conversation,
                now: self.now,
            };
            match actions::execute(&action, &self.tracker, &desk) {
                Done::Events(events) => self.take(events),
                Done::Ask(asked, started) => {
                    self.take((*started).into_iter().collect());
                    let writes = self.tracker.acting.is_some();
                    return Pause::Shop { asked, writes };
                }
            }
        }
        self.end();
        Pause::Over
    }

    fn end(&mut self) {
        if !self.over {
            tracing::error!(conversation.id = %self.conversation, "the turn went in circles and was cut off");
        }
        let ended = Event::TurnEnded {
            answers: self.answers,
            model: self.brain.nlu.version().to_owned(),
            knowledge: self.brain.bot.version.clone(),
        };
        self.take(vec![ended]);
    }

    /// Goes on with what the shop answered.
    pub fn answered(&mut self, asked: &Asked, answer: Answer) {
        self.take(actions::answered(asked, answer));
    }

    /// The events that were not taken away yet.
    #[must_use]
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The rest of the turn, with a shop to ask and nothing to store.
    pub async fn finish(mut self, shop: &dyn Connector) -> Turned {
        while let Pause::Shop { asked, .. } = self.advance() {
            let answer = ask(&self.brain.bot, shop, &asked).await;
            self.answered(&asked, answer);
        }
        Turned {
            settled: self.over,
            events: self.take_events(),
        }
    }

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

/// Carries a call to a shop.
pub async fn ask(bot: &Bot, shop: &dyn Connector, asked: &Asked) -> Answer {
    commerce::call(&Counter { bot, shop }, asked).await
}
