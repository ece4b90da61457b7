//! Frames between the console's page and the server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::channels::wire::{ErrorFrame, SignalFrame};
use crate::conversation::{Cid, HandoffReason, Lang, Recorded, Status};

/// The types of agents' frames.
pub const AGENT_TYPES: [&str; 5] = ["watch", "claim", "reply", "resolve", "typing"];

/// A frame of an agent's browser.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentFrame {
    /// Show a conversation, and go on showing it.
    Watch {
        /// Which.
        conversation: String,
        /// The last seq seen.
        #[serde(default)]
        after: u64,
    },
    /// Take a conversation.
    Claim {
        /// Which.
        conversation: String,
    },
    /// Speak to the customer.
    Reply {
        /// Where.
        conversation: String,
        /// The agent's random id of it.
        cid: String,
        /// The text.
        text: String,
    },
    /// End a conversation.
    Resolve {
        /// Which.
        conversation: String,
    },
    /// The agent is writing, or has stopped.
    Typing {
        /// Where.
        conversation: String,
        /// Writing.
        on: bool,
    },
}

/// A conversation on the board.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BoardRow {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub status: Status,
    /// The account that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Its language.
    pub lang: Lang,
    /// The last thing said.
    pub last_text: String,
    /// When, milliseconds since 1970.
    pub last_at: i64,
    /// Since when the customer waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<i64>,
    /// Why it was handed off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<HandoffReason>,
}

/// A frame to an agent's browser.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConsoleFrame {
    /// All conversations worth showing.
    Board {
        /// Waiting first, the longest waiting at the top.
        conversations: Vec<BoardRow>,
    },
    /// What happened in the watched conversation.
    Events {
        /// Which.
        conversation: String,
        /// First seq.
        from: u64,
        /// Last seq.
        to: u64,
        /// All of them.
        items: Vec<Recorded>,
    },
    /// A reply is on disk.
    Ack {
        /// Where.
        conversation: String,
        /// Its id.
        cid: Cid,
        /// Its place.
        seq: u64,
    },
    /// A hint.
    Signal {
        /// Where.
        conversation: String,
        /// The hint.
        #[serde(flatten)]
        signal: SignalFrame,
    },
    /// A refusal.
    Error {
        /// Where.
        #[serde(skip_serializing_if = "Option::is_none")]
        conversation: Option<String>,
        /// The refusal.
        #[serde(flatten)]
        error: ErrorFrame,
    },
}
