//! The one door: whoever wants something of a conversation — customer, agent, restart — comes through
//! the hub, one at a time for each conversation, and the engine takes the turn.

mod act;
mod board;
mod clock;
mod conversation_task;
mod hub;
mod mail;
mod transcript;
mod turn;

pub use act::{Act, Person, Routed, Target, Writes, acted, routed};
pub use board::{Board, Place, Queue};
pub use clock::{Clock, FixedClock, SystemClock};
pub use hub::{Delivery, Hub, HubSettings, Inbound, Outcome, Signal, Who};
pub use mail::{MailError, Mailed};
pub use transcript::{transcript, transcript_of};
pub use turn::{Brain, Engine, Pause, Turn, Turned, ask};

use crate::store;

/// Why something could not be delivered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The conversation's mailbox is full, or the server holds as many conversations as it may.
    #[error("too much is waiting; try again in a moment")]
    Busy,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Only the owner may.
    #[error("the conversation belongs to someone else")]
    NotOwner,
    /// Another agent has it already.
    #[error("{by} has the conversation already")]
    Taken {
        /// Their name as shown.
        by: String,
    },
    /// The question was answered by somebody else, or is over.
    #[error("the question is no longer open")]
    Gone {
        /// Who answered it, as shown.
        by: Option<String>,
    },
    /// The conversation's task ended in the middle; the store knows what was written.
    #[error("interrupted; try again")]
    Interrupted,
}
