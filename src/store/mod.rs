//! Where events are kept. The contract stands on the trait; one suite (`tests/it/store_contract.rs`)
//! runs against every store. Nothing outside this room writes a conversation.

mod accounts;
mod audit;
mod drafts;
mod files;
mod ledger;
mod role;
mod schema;
mod sqlite;
mod sqlite_read;
mod writer;

use async_trait::async_trait;

pub use accounts::{Account, Accounts};
pub use audit::{Act, AuditEntry};
pub use drafts::{DRAFT_CHARS_MAX, Draft};
pub use files::{CONVERSATION_BYTES_MAX, FILES_MAX, FileError, FileKind, Files};
pub use ledger::{Entry, Ledger};
pub use role::Role;
pub use sqlite::Sqlite;

use crate::conversation::{Cid, ConversationId, Event, Lang, Ownership, Recorded};

/// Why a store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The conversation is not there.
    #[error("conversation is not known")]
    NotFound,
    /// It is there already.
    #[error("conversation exists already")]
    Exists,
    /// The same `cid` came before with another body.
    #[error("this cid was used for another message")]
    CidConflict,
    /// The conversation has changed hands since the writer looked.
    #[error("the conversation has changed hands")]
    Fenced,
    /// The message was answered before.
    #[error("the message is answered already")]
    AlreadyAnswered,
    /// More is waiting to be written than the store accepts.
    #[error("too many writes are waiting")]
    Busy,
    /// A draft is longer than what is kept.
    #[error("a draft has at most {DRAFT_CHARS_MAX} characters; this one is longer")]
    DraftTooLong,
    /// The change would leave nobody who may change accounts.
    #[error("this is the last active admin; make another account admin first")]
    LastAdmin,
    /// Another process has the data folder.
    #[error("the data folder {folder} is locked by pid {pid}; stop that process or use another --data")]
    Locked {
        /// The folder.
        folder: String,
        /// The process that has it.
        pid: String,
    },
    /// The store failed; nothing of the request was written.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The file cannot be used, and what to do.
    #[error("{0}")]
    Unusable(String),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A conversation without its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub id: ConversationId,
    /// Seq of its last event.
    pub last_seq: u64,
    /// Status, owner, fencing number.
    pub ownership: Ownership,
    /// SHA-256 of the customer's token, in hex.
    pub token_hash: String,
    /// Language it was opened in.
    pub lang: Lang,
    /// Time of the last event, milliseconds since 1970.
    pub updated_at: i64,
    /// Since when it waits for a person.
    pub waiting_since: Option<i64>,
    /// The shop's id of the customer, if it is proved who they are.
    pub customer: Option<String>,
    /// Time of the first event, milliseconds since 1970.
    pub opened_at: i64,
}

/// A conversation to be opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Its new id.
    pub id: ConversationId,
    /// SHA-256 of the customer's token, in hex.
    pub token_hash: String,
    /// Language of the browser.
    pub lang: Lang,
    /// Now, milliseconds since 1970.
    pub at: i64,
}

/// Events to be appended, all or none.
#[derive(Debug, Clone)]
pub struct Append {
    /// The conversation.
    pub id: ConversationId,
    /// Now, milliseconds since 1970.
    pub at: i64,
    /// The facts, in order.
    pub events: Vec<Event>,
    /// The `owner_epoch` the writer believes in; `None` for customers, who are never fenced.
    pub fence: Option<u64>,
    /// Makes the append happen once: the sender's id and the hash of the body.
    pub once: Option<(Cid, String)>,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// The events with their places; those of the first time when repeated.
    pub events: Vec<Recorded>,
    /// Whether this `cid` had been written before.
    pub repeated: bool,
}

/// Keeps conversations.
///
/// - `append` returns after the events are on disk, and gives them the next places without holes.
/// - All events of one append are visible or none; readers never see `n + 1` before `n`.
/// - The same `cid` in a conversation takes effect once; with another body it is a `CidConflict`.
/// - With a fence that is not the conversation's `owner_epoch` nothing is written (`Fenced`).
/// - A `TurnEnded` for a message already answered writes nothing (`AlreadyAnswered`).
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a conversation; its first event is `ConversationStarted`.
    async fn open(&self, opening: Opening) -> Result<Head, Error>;

    /// Appends events.
    async fn append(&self, append: Append) -> Result<Appended, Error>;

    /// At most `events_max` events behind `after`, in order.
    async fn read(&self, id: &ConversationId, after: u64, events_max: usize) -> Result<Vec<Recorded>, Error>;

    /// A conversation's head.
    async fn head(&self, id: &ConversationId) -> Result<Head, Error>;

    /// What needs eyes, and the lineage of this store.
    async fn survey(&self, survey: Survey) -> Result<Vec<Head>, Error>;

    /// Random name of this store's lineage: it changes when the data is another.
    fn epoch(&self) -> &str;

    /// What only this store's lineage knows: tokens are derived from it. Never leaves the server.
    fn secret(&self) -> &str;
}

/// Events read at a time.
const PAGE_EVENTS: usize = 1_000;

/// Reads a conversation behind `after` page by page, at most `events_max` events, each in order.
///
/// # Errors
/// What the store says.
pub async fn read_through(
    store: &dyn Store,
    id: &ConversationId,
    (after, events_max): (u64, usize),
    mut take: impl FnMut(Recorded) + Send,
) -> Result<(), Error> {
    let (mut last, mut taken) = (after, 0);
    while taken < events_max {
        let wanted = PAGE_EVENTS.min(events_max - taken);
        let page = store.read(id, last, wanted).await?;
        let is_whole = page.len() < wanted;
        last = page.last().map_or(last, |recorded| recorded.seq);
        taken += page.len();
        page.into_iter().for_each(&mut take);
        if is_whole {
            break;
        }
    }
    Ok(())
}

/// Which conversations to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Survey {
    /// Those customers wrote in: waiting ones, the longest waiting first; then those with agents, then the
    /// latest others.
    Board {
        /// Most rows.
        heads_max: usize,
    },
    /// What people have to do: every one that waits, the longest waiting first; every one with an agent;
    /// then the latest others that customers wrote in.
    Open {
        /// Most of the others. Waiting ones and those with agents are all there.
        heads_max: usize,
    },
    /// What changed since a moment, the oldest change first. Clocks and commits cross, so whoever asks
    /// again asks a little further back.
    Changed {
        /// From here on, milliseconds since 1970.
        since: i64,
        /// Most rows.
        heads_max: usize,
    },
    /// Those whose last event lies in `from..until`, the oldest first.
    Between {
        /// The first moment, milliseconds since 1970.
        from: i64,
        /// The first moment after the last.
        until: i64,
        /// Most rows.
        heads_max: usize,
    },
    /// Those of one proved customer, the latest first.
    Customer {
        /// The shop's id of the customer; an empty one has none.
        customer: String,
        /// Most rows.
        heads_max: usize,
    },
    /// Those whose last customer message the bot has not answered.
    Unanswered,
}
