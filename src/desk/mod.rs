//! How do people share the work? Who is there, who gets what, how long it will take, and what a colleague
//! needs to know. It decides and tells conversations through the hub, like everybody else.

mod clocks;
mod packet;
mod presence;
mod records;
mod report;
mod router;
mod routing;
mod shorten;
mod suggest;
mod wait;

use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

pub use clocks::{Clock, Due, due};
pub use packet::Packet;
pub use presence::{Agent, Look, Presence, Seat, State};
pub use records::{Before, Hit, Hits, Records, RecordsError};
pub use report::{DAYS_MAX, Episode, NoSpan, Report, Sheet, Span, Terms, csv, episodes};
pub use routing::{Candidate, choose};
pub use suggest::{Suggestion, open_question, pairs, suggest};

use crate::conversation::ConversationId;
use crate::engine::Hub;
use crate::store::{self, Accounts};
use router::Router;

/// Notices a console may lag behind.
const NOTICES_MAX: usize = 64;

/// Something that one or some colleagues should see at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// Where.
    pub conversation: ConversationId,
    /// For these accounts; for all supervisors if there are none.
    pub to: Vec<String>,
    /// Name as shown of who caused it.
    pub by: Option<String>,
    /// What they wrote.
    pub text: Option<String>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A note calls them.
    Mention,
    /// A conversation was passed on to them.
    Transfer,
    /// It has waited for too long.
    Alarm,
}

/// The people's side of the shop. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    hub: Hub,
    accounts: Accounts,
    presence: Presence,
    notices: broadcast::Sender<Notice>,
    router: tokio::sync::Mutex<Router>,
    viewing: Mutex<presence::Viewing>,
    views: broadcast::Sender<ConversationId>,
    records: Records,
}

impl Desk {
    /// Opens the desk: the board is filled from the store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn open(hub: Hub, accounts: Accounts) -> Result<Self, store::Error> {
        hub.board().load(&**hub.store()).await?;
        let now = hub.now();
        let desk = Self {
            inner: Arc::new(Inner {
                presence: Presence::new(now),
                records: Records::new(hub.clone()),
                hub,
                accounts,
                notices: broadcast::channel(NOTICES_MAX).0,
                router: tokio::sync::Mutex::default(),
                viewing: Mutex::default(),
                views: broadcast::channel(NOTICES_MAX).0,
            }),
        };
        desk.reload().await?;
        Ok(desk)
    }

    /// Reads the accounts anew, after one has changed.
    ///
    /// # Errors
    /// What the store says.
    pub async fn reload(&self) -> Result<(), store::Error> {
        let accounts = self.inner.accounts.list().await?;
        self.inner.presence.staff(accounts);
        Ok(())
    }

    /// Goes round for as long as the desk is open: whenever the board changes, and every second.
    pub fn keep_going_round(&self) {
        tokio::spawn(router::keep_going_round(Arc::downgrade(&self.inner)));
        self.inner.records.keep_filled();
    }

    /// One round: offers, lapses, agents lost, places in the queue, alarms.
    pub async fn round(&self) {
        self.inner.round().await;
    }

    /// The door to conversations.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.inner.accounts
    }

    /// All conversations, to search and to count.
    #[must_use]
    pub fn records(&self) -> &Records {
        &self.inner.records
    }

    /// Who is there.
    #[must_use]
    pub fn presence(&self) -> &Presence {
        &self.inner.presence
    }

    /// Everybody who works here, with what they have in hand.
    #[must_use]
    pub fn agents(&self) -> Vec<Agent> {
        let loads = router::loads(&self.inner.hub.board().all(), self.inner.hub.now());
        self.inner.presence.agents(&loads)
    }

    /// Notices from now on.
    #[must_use]
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// Sends a notice to whoever listens.
    pub fn notify(&self, notice: Notice) {
        let _listeners = self.inner.notices.send(notice);
    }

    /// The conversations whose lookers-on change, from now on.
    #[must_use]
    pub fn views(&self) -> broadcast::Receiver<ConversationId> {
        self.inner.views.subscribe()
    }

    /// An agent looks at a conversation as long as the answer is held.
    #[must_use]
    pub fn look(&self, id: &ConversationId, name: &str) -> Look {
        Look::begin(self.inner.clone(), id.clone(), name.to_owned())
    }

    /// Names of those who look at it.
    #[must_use]
    pub fn lookers(&self, id: &ConversationId) -> Vec<String> {
        self.inner.viewing().names(id)
    }
}

impl Inner {
    fn viewing(&self) -> std::sync::MutexGuard<'_, presence::Viewing> {
        self.viewing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
