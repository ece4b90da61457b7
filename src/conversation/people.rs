//! What is said of people: why they are called, how they leave, and what of all this customers see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Event;

/// Why a conversation goes to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The customer asked.
    Asked,
    /// The bot did not understand several times.
    NotUnderstood,
    /// The customer is furious.
    Anger,
    /// A matter that the shop leaves to people.
    Sensitive,
    /// A flow came to a point that only people may decide.
    Flow,
    /// A customer whom people serve.
    Vip,
    /// Much money is at stake.
    Value,
}

/// How an agent left a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeaveCause {
    /// No connection for too long.
    Lost,
    /// They put it back into the queue.
    Released,
}

/// Why a question to people is over without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalEnd {
    /// Nobody answered in time.
    Late,
    /// No task waits for it any more: the customer dropped or corrected it.
    Withdrawn,
}

impl Event {
    /// Whether the bot owes a turn on it.
    #[must_use]
    pub fn calls_the_bot(&self) -> bool {
        match self {
            Self::CustomerSaid { .. } | Self::ApprovalGiven { .. } => true,
            Self::ApprovalClosed { cause, .. } => *cause == ApprovalEnd::Late,
            _ => false,
        }
    }

    /// People are called, and nothing more is known.
    #[must_use]
    pub fn handoff(reason: HandoffReason) -> Self {
        Self::HandoffRequested {
            reason,
            topic: None,
            team: None,
            priority: 0,
        }
    }

    /// An agent takes a conversation that nobody has.
    #[must_use]
    pub fn joined(account: &str, agent: &str) -> Self {
        Self::AgentJoined {
            account: account.to_owned(),
            agent: agent.to_owned(),
            from: None,
        }
    }

    /// An agent ends a conversation, and tells no reason.
    #[must_use]
    pub fn resolved(account: &str, agent: &str) -> Self {
        Self::Resolved {
            by: agent.to_owned(),
            account: account.to_owned(),
            reason: None,
        }
    }

    /// The event as the customer may see it, or `None` for what is none of their business.
    #[must_use]
    pub fn for_customer(&self) -> Option<Self> {
        let mut seen = self.clone();
        match &mut seen {
            Self::ConversationStarted { .. }
            | Self::CustomerSaid { .. }
            | Self::AgentSaid { .. }
            | Self::ContactLeft { .. }
            | Self::Rated { .. } => {}
            Self::HandoffRequested {
                topic,
                team,
                priority,
                ..
            } => (*topic, *team, *priority) = (None, None, 0),
            Self::AgentJoined { account, from, .. } => {
                account.clear();
                *from = None;
            }
            Self::AgentLeft { account, .. } | Self::HandedBack { account, .. } => account.clear(),
            Self::Transferred {
                account,
                to_account,
                note,
                ..
            } => {
                account.clear();
                (*to_account, *note) = (None, None);
            }
            Self::Resolved { account, reason, .. } => {
                account.clear();
                *reason = None;
            }
            Self::BotSaid { why, .. } => *why = None,
            _ => return None,
        }
        Some(seen)
    }
}
