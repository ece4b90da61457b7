//! Frames between the console's page and the server.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::Row;
use crate::bot::{Canned, Item, Named};
use crate::channels::wire::{Code, FilesTaken};
use crate::conversation::{Cid, Recorded};
use crate::desk::{Agent, State};
use crate::store::Role;

/// The types of agents' frames.
pub const AGENT_TYPES: [&str; 16] = [
    "watch",
    "unwatch",
    "claim",
    "decline",
    "reply",
    "note",
    "transfer",
    "release",
    "hand_back",
    "resolve",
    "label",
    "snooze",
    "decide",
    "presence",
    "typing",
    "draft",
];

/// A frame of an agent's browser.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AgentFrame {
    /// Show a conversation, and go on showing it; colleagues see who looks.
    Watch {
        /// Which.
        conversation: String,
        /// The last seq seen.
        #[serde(default)]
        after: u64,
    },
    /// Look at none.
    Unwatch,
    /// Take a conversation.
    Claim {
        /// Which.
        conversation: String,
        /// From another agent too (supervisors).
        #[serde(default)]
        force: bool,
    },
    /// Let an offer go on to the next agent.
    Decline {
        /// Which.
        conversation: String,
    },
    /// Speak to the customer.
    Reply {
        /// Where.
        conversation: String,
        /// The agent's random id of it.
        cid: String,
        /// The text; it may be empty beside files.
        text: String,
        /// Ids of files of this conversation; up to four.
        #[serde(default)]
        files: Vec<String>,
    },
    /// Write something down for colleagues.
    Note {
        /// Where.
        conversation: String,
        /// The agent's random id of it.
        cid: String,
        /// The text.
        text: String,
        /// Accounts it calls.
        #[serde(default)]
        mentions: Vec<String>,
    },
    /// Pass it on: to an agent or to a team.
    Transfer {
        /// Which.
        conversation: String,
        /// An account.
        #[serde(default)]
        to_agent: Option<String>,
        /// A team's id.
        #[serde(default)]
        to_team: Option<String>,
        /// For colleagues' eyes.
        #[serde(default)]
        note: Option<String>,
    },
    /// Put it back into the queue.
    Release {
        /// Which.
        conversation: String,
    },
    /// Give it back to the bot.
    HandBack {
        /// Which.
        conversation: String,
    },
    /// End a conversation.
    Resolve {
        /// Which.
        conversation: String,
        /// Why, by its id.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Set its labels.
    Label {
        /// Which.
        conversation: String,
        /// All of them.
        labels: Vec<String>,
    },
    /// Look at it again later.
    Snooze {
        /// Which.
        conversation: String,
        /// Until then, milliseconds since 1970; without it, it wakes.
        #[serde(default)]
        until: Option<i64>,
    },
    /// Answer a question of the bot's; the conversation stays with it.
    Decide {
        /// Where.
        conversation: String,
        /// The question's seq.
        asked: u64,
        /// Yes or no.
        yes: bool,
        /// What the bot may tell the customer of it.
        #[serde(default)]
        note: Option<String>,
    },
    /// Whether the agent takes conversations.
    Presence {
        /// `online`, `busy` or `away`.
        state: State,
    },
    /// The agent is writing, or has stopped.
    Typing {
        /// Where.
        conversation: String,
        /// Writing.
        on: bool,
    },
    /// What stands in the composer; kept for other devices.
    Draft {
        /// Where.
        conversation: String,
        /// Empty forgets it.
        text: String,
    },
}

/// A team as pages show it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TeamName {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Named,
}

/// What a page needs to know before all else.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Opened {
    /// The agent's account.
    pub account: String,
    /// Their name as shown.
    pub name: String,
    /// What they may.
    pub role: Role,
    /// Ids of their teams.
    pub teams: Vec<String>,
    /// Whether they take conversations.
    pub state: State,
    /// The server's time, milliseconds since 1970.
    pub now: i64,
    /// Everybody who works here.
    pub agents: Vec<Agent>,
    /// The shop's teams.
    pub all_teams: Vec<TeamName>,
    /// Labels to choose from.
    pub labels: Vec<Item>,
    /// Why a conversation can be over.
    pub reasons: Vec<Item>,
    /// Phrases kept ready.
    pub canned: Vec<Canned>,
    /// What stood in the composer, by conversation.
    pub drafts: BTreeMap<String, String>,
    /// What files may be sent.
    pub files: FilesTaken,
    /// The shop's name.
    pub shop: Named,
    /// Whether it is opening time.
    pub open: bool,
    /// Whether the shop sends transcripts by e-mail.
    pub transcript_mail: bool,
}

/// A frame to an agent's browser.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ConsoleFrame {
    /// The first frame, and again when the shop's files have changed.
    Desk(Box<Opened>),
    /// All conversations worth showing.
    Board {
        /// In no order.
        conversations: Vec<Row>,
    },
    /// What has changed on the board.
    Rows {
        /// New or other.
        changed: Vec<Row>,
        /// No longer on it.
        gone: Vec<String>,
    },
    /// Who is there.
    Agents {
        /// Everybody who works here.
        agents: Vec<Agent>,
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
    /// A reply or a note is on disk.
    Ack {
        /// Where.
        conversation: String,
        /// Its id.
        cid: Cid,
        /// Its place.
        seq: u64,
    },
    /// Something else was carried out.
    Done {
        /// Where.
        conversation: String,
        /// The frame's type.
        act: &'static str,
    },
    /// A hint.
    Signal {
        /// Where.
        conversation: String,
        /// The hint.
        #[serde(flatten)]
        hint: Hint,
    },
    /// Something to be seen at once.
    Notice {
        /// `mention`, `transfer` or `alarm`.
        kind: &'static str,
        /// Where.
        conversation: String,
        /// Who caused it.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// What they wrote.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A refusal.
    Error(Refused),
}

/// A hint that is never stored.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hint {
    /// Somebody is writing.
    Typing {
        /// `customer` or `agent`.
        who: &'static str,
        /// Name of the agent as shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Writing, or stopped.
        on: bool,
    },
    /// The customer has seen everything up to a place.
    Read {
        /// The last seq seen.
        seq: u64,
    },
    /// Who looks at the conversation, oneself included.
    Viewing {
        /// Names as shown.
        names: Vec<String>,
    },
}

/// A refusal and what it is about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Refused {
    /// Stable name.
    pub code: Code,
    /// For developers.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The message it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cid: Option<String>,
    /// The frame's type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<&'static str>,
    /// Who has the conversation (`taken`), or answered the question (`gone`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl AgentFrame {
    /// The frame's type.
    #[must_use]
    pub fn act(&self) -> &'static str {
        match self {
            Self::Watch { .. } => "watch",
            Self::Unwatch => "unwatch",
            Self::Claim { .. } => "claim",
            Self::Decline { .. } => "decline",
            Self::Reply { .. } => "reply",
            Self::Note { .. } => "note",
            Self::Transfer { .. } => "transfer",
            Self::Release { .. } => "release",
            Self::HandBack { .. } => "hand_back",
            Self::Resolve { .. } => "resolve",
            Self::Label { .. } => "label",
            Self::Snooze { .. } => "snooze",
            Self::Decide { .. } => "decide",
            Self::Presence { .. } => "presence",
            Self::Typing { .. } => "typing",
            Self::Draft { .. } => "draft",
        }
    }

    /// The conversation it is about.
    #[must_use]
    pub fn conversation(&self) -> Option<&str> {
        match self {
            Self::Unwatch | Self::Presence { .. } => None,
            Self::Watch { conversation, .. }
            | Self::Claim { conversation, .. }
            | Self::Decline { conversation }
            | Self::Reply { conversation, .. }
            | Self::Note { conversation, .. }
            | Self::Transfer { conversation, .. }
            | Self::Release { conversation }
            | Self::HandBack { conversation }
            | Self::Resolve { conversation, .. }
            | Self::Label { conversation, .. }
            | Self::Snooze { conversation, .. }
            | Self::Decide { conversation, .. }
            | Self::Typing { conversation, .. }
            | Self::Draft { conversation, .. } => Some(conversation),
        }
    }

    /// The sender's id, where there is one.
    #[must_use]
    pub fn cid(&self) -> Option<&str> {
        match self {
            Self::Reply { cid, .. } | Self::Note { cid, .. } => Some(cid),
            _ => None,
        }
    }
}
