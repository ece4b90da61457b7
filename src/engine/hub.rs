//! One task and one bounded mailbox for each live conversation: order without locks, and a crash or a
//! slow turn of one conversation never touches another.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, mpsc, oneshot};

use super::act::{Act, Person, Routed};
use super::board::Board;
use super::conversation_task;
use super::mail::Tries;
use super::{Clock, Engine, Error};
use crate::conversation::{Cid, ConversationId, Recorded};
use crate::store::{Append, Store, Survey};

/// Bounds of the hub.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// Messages that may wait for one conversation.
    pub mailbox_len_max: usize,
    /// Deliveries a subscriber may lag behind before it reads from the store instead.
    pub subscriber_lag_max: usize,
    /// Conversations that are live at once.
    pub live_conversations_max: usize,
    /// How long more messages are waited for before the bot answers; 0 answers each at once.
    pub burst_ms: u64,
    /// How long they are waited for at most while the customer goes on writing.
    pub burst_ms_max: u64,
    /// Idle time after which a conversation's task ends; its tracker is folded anew when needed.
    pub idle_ms: u64,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            mailbox_len_max: 32,
            subscriber_lag_max: 64,
            live_conversations_max: 100_000,
            burst_ms: 0,
            burst_ms_max: 4_000,
            idle_ms: 300_000,
        }
    }
}

/// What somebody wants of a conversation.
#[derive(Debug, Clone)]
pub enum Inbound {
    /// The customer said something.
    CustomerSaid {
        /// Their id of it.
        cid: Cid,
        /// What they wrote.
        text: String,
        /// The button they tapped.
        choice: Option<String>,
        /// Ids of the pictures that came along.
        photos: Vec<String>,
    },
    /// The customer came or looks at another page.
    Arrived {
        /// Who they proved to be, empty if nobody; `None` if that has not changed.
        customer: Option<String>,
        /// What is on the page.
        page: BTreeMap<String, String>,
    },
    /// The customer says how it was with people.
    Rated {
        /// 1 to 5.
        stars: u8,
        /// Its id in `handoff.yaml`.
        reason: Option<String>,
        /// In their words.
        comment: Option<String>,
    },
    /// The customer leaves word where they can be answered later.
    ContactLeft {
        /// E-mail address or telephone number.
        contact: String,
    },
    /// An agent does something.
    Act(Person, Act),
    /// The desk does something on nobody's behalf.
    Routed(Routed),
    /// A message that was never answered is answered now.
    CatchUp,
}

impl Inbound {
    /// Whether it has to wait until the bot's turn is over: what the customer wants, and what the bot asked.
    pub(super) fn waits_for_the_bot(&self) -> bool {
        self.decides() || !matches!(self, Self::Act(..) | Self::Routed(_))
    }

    /// Whether it is the answer to a question of the bot's.
    pub(super) fn decides(&self) -> bool {
        matches!(
            self,
            Self::Act(_, Act::Decide { .. }) | Self::Routed(Routed::Late { .. })
        )
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The place of the (first) event it became; 0 when there was nothing to do.
    pub seq: u64,
}

/// Who a signal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The customer.
    Customer,
    /// The machine.
    Bot,
    /// A person of the shop.
    Agent,
}

/// A hint that is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// Somebody is writing.
    Typing {
        /// Who.
        who: Who,
        /// Their name as shown, for people of the shop.
        name: Option<String>,
        /// Whether they are, or have stopped.
        on: bool,
    },
    /// Somebody has seen everything up to a place.
    Read {
        /// Who.
        who: Who,
        /// The last seq seen.
        seq: u64,
    },
}

/// What subscribers of a conversation get.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// New events, in order, without holes between deliveries unless the subscriber lagged.
    Events(Arc<[Recorded]>),
    /// A hint.
    Signal(Signal),
}

pub(super) struct Envelope {
    pub inbound: Inbound,
    pub outcome: oneshot::Sender<Result<Outcome, Error>>,
}

#[derive(Clone)]
struct Live {
    mailbox: mpsc::Sender<Envelope>,
    deliveries: broadcast::Sender<Delivery>,
    typing: Arc<AtomicBool>,
}

/// The one door to conversations. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub engine: Engine,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub settings: HubSettings,
    pub board: Board,
    tries: Tries,
    live: Mutex<HashMap<ConversationId, Live>>,
}

impl Inner {
    /// Forgets a conversation whose task ends; answers false when something came in just now.
    pub fn retire(&self, id: &ConversationId, mailbox: &mut mpsc::Receiver<Envelope>) -> bool {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if !mailbox.is_empty() {
            return false;
        }
        mailbox.close();
        live.remove(id);
        true
    }
}

impl Hub {
    /// A hub over an engine and a store.
    #[must_use]
    pub fn new(engine: Engine, store: Arc<dyn Store>, clock: Arc<dyn Clock>, settings: HubSettings) -> Self {
        let live = Mutex::new(HashMap::new());
        Self {
            inner: Arc::new(Inner {
                engine,
                store,
                clock,
                settings,
                live,
                board: Board::default(),
                tries: Tries::default(),
            }),
        }
    }

    /// Where events are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.inner.store
    }

    /// What answers.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Now, milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.inner.clock.now()
    }

    /// Brings something to a conversation and waits until it is on disk. The bot's turn on it goes on
    /// behind that.
    ///
    /// # Errors
    /// [`Error::Busy`] when too much waits; what the store refuses; [`Error::NotOwner`].
    pub async fn deliver(&self, id: &ConversationId, inbound: Inbound) -> Result<Outcome, Error> {
        let (outcome, done) = oneshot::channel();
        let live = self.live(id)?;
        live.mailbox
            .try_send(Envelope { inbound, outcome })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Error::Busy,
                mpsc::error::TrySendError::Closed(_) => Error::Interrupted,
            })?;
        done.await.unwrap_or(Err(Error::Interrupted))
    }

    /// Everything that happens in a conversation from now on.
    ///
    /// # Errors
    /// [`Error::Busy`] when the server holds as many conversations as it may.
    pub fn subscribe(&self, id: &ConversationId) -> Result<broadcast::Receiver<Delivery>, Error> {
        Ok(self.live(id)?.deliveries.subscribe())
    }

    /// What people look at.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.inner.board
    }

    /// How often conversations were mailed.
    pub(super) fn tries(&self) -> &Tries {
        &self.inner.tries
    }

    /// Passes a hint on to whoever listens.
    pub fn signal(&self, id: &ConversationId, signal: Signal) {
        let live = self.inner.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(live) = live.get(id) {
            if let Signal::Typing {
                who: Who::Customer,
                on,
                ..
            } = signal
            {
                live.typing.store(on, Ordering::Relaxed);
            }
            let _listeners = live.deliveries.send(Delivery::Signal(signal));
        }
    }

    /// Answers every message that was acknowledged but not answered before the last stop.
    ///
    /// # Errors
    /// What the store says.
    pub async fn catch_up(&self) -> Result<usize, Error> {
        let waiting = self.inner.store.survey(Survey::Unanswered).await?;
        for head in &waiting {
            match self.deliver(&head.id, Inbound::CatchUp).await {
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, conversation.id = %head.id, "not caught up"),
            }
        }
        Ok(waiting.len())
    }

    /// The conversation's task, started when there is none.
    fn live(&self, id: &ConversationId) -> Result<Live, Error> {
        let mut all = self.inner.live.lock().unwrap_or_else(PoisonError::into_inner);
        // A task that panicked has closed its mailbox; a fresh one folds the tracker anew.
        if let Some(live) = all.get(id).filter(|live| !live.mailbox.is_closed()) {
            return Ok(live.clone());
        }
        if all.len() >= self.inner.settings.live_conversations_max {
            return Err(Error::Busy);
        }
        let (mailbox, received) = mpsc::channel(self.inner.settings.mailbox_len_max);
        let before = all.remove(id).map(|live| live.deliveries);
        let deliveries =
            before.unwrap_or_else(|| broadcast::channel(self.inner.settings.subscriber_lag_max).0);
        let typing = Arc::new(AtomicBool::new(false));
        let live = Live {
            mailbox,
            deliveries: deliveries.clone(),
            typing: typing.clone(),
        };
        all.insert(id.clone(), live.clone());
        tokio::spawn(conversation_task::run(
            self.inner.clone(),
            id.clone(),
            received,
            deliveries,
            typing,
        ));
        Ok(live)
    }
}

/// An append that is not tied to an owner.
pub(super) fn unfenced(id: &ConversationId, at: i64) -> Append {
    Append {
        id: id.clone(),
        at,
        events: Vec::new(),
        fence: None,
        once: None,
    }
}
