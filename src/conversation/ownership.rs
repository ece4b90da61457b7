//! Who may speak for the shop in a conversation: one owner at a time, counted by `owner_epoch`.
//!
//! Stores and trackers both fold this same state, so that what the database fences and what the bot
//! believes cannot drift apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Event;

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The bot answers.
    WithBot,
    /// Asked for a person; in the queue. The bot has stepped back.
    Waiting,
    /// An agent has it; the bot is silent.
    WithAgent,
    /// Done. A new message of the customer opens it again with the bot.
    Resolved,
}

impl Status {
    /// The status as written in stores.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WithBot => "with_bot",
            Self::Waiting => "waiting",
            Self::WithAgent => "with_agent",
            Self::Resolved => "resolved",
        }
    }
}

/// The one who may speak for the shop.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The machine.
    Bot,
    /// Nobody yet: the conversation waits in the queue.
    Nobody,
    /// A person, by account name.
    Agent(String),
}

/// Status, owner and fencing number, as a fold of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// Where the conversation stands.
    pub status: Status,
    /// Who may speak.
    pub owner: Owner,
    /// Grows by one with every change of owner; a write under an older number is refused.
    pub owner_epoch: u64,
}

impl Default for Ownership {
    fn default() -> Self {
        Self {
            status: Status::WithBot,
            owner: Owner::Bot,
            owner_epoch: 0,
        }
    }
}

impl Ownership {
    /// Takes in one event.
    pub fn apply(&mut self, event: &Event) {
        let (status, owner) = match event {
            Event::HandoffRequested { .. } | Event::AgentLeft { .. } | Event::Transferred { .. } => {
                (Status::Waiting, Owner::Nobody)
            }
            Event::HandedBack { .. } => (Status::WithBot, Owner::Bot),
            Event::AgentJoined { account, .. } => (Status::WithAgent, Owner::Agent(account.clone())),
            Event::Resolved { .. } => (Status::Resolved, Owner::Bot),
            Event::CustomerSaid { .. } if self.status == Status::Resolved => (Status::WithBot, Owner::Bot),
            _ => return,
        };
        if owner != self.owner {
            self.owner_epoch += 1;
        }
        self.status = status;
        self.owner = owner;
    }
}
