//! What the archive knows of conversations, and what it is asked.

use crate::conversation::{ConversationId, Status};

/// What is known of a conversation besides its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Where it stands.
    pub status: Status,
    /// Accounts of all agents who had it.
    pub agents: Vec<String>,
    /// Name as shown of the last of them.
    pub agent_name: Option<String>,
    /// Labels it bears.
    pub labels: Vec<String>,
    /// Time of its last event, milliseconds since 1970.
    pub at: i64,
    /// Seq of the last thing said in it; 0 if nothing was.
    pub last_said: u64,
    /// Seq of its last event that was taken in.
    pub last_seq: u64,
}

impl Filed {
    /// A conversation of which nothing is known yet.
    #[must_use]
    pub fn new(status: Status) -> Self {
        Self {
            status,
            agents: Vec::new(),
            agent_name: None,
            labels: Vec::new(),
            at: 0,
            last_said: 0,
            last_seq: 0,
        }
    }
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Its place.
    pub seq: u64,
    /// When, milliseconds since 1970.
    pub at: i64,
    /// The words.
    pub text: String,
}

/// Which conversations count; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where they stand.
    pub status: Option<Status>,
    /// An agent who had them, by account.
    pub agent: Option<String>,
    /// A label they bear.
    pub label: Option<String>,
    /// Their last event lies here or later, milliseconds since 1970.
    pub from: Option<i64>,
    /// Their last event lies before this.
    pub until: Option<i64>,
}

/// A conversation that was found, by the message that says most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub id: ConversationId,
    /// The message; 0 if nothing was said.
    pub seq: u64,
    /// When it was said.
    pub at: i64,
}

impl Filter {
    pub(super) fn lets_pass(&self, filed: &Filed) -> bool {
        let has = |list: &[String], wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| list.contains(wanted))
        };
        self.status.is_none_or(|status| status == filed.status)
            && has(&filed.agents, &self.agent)
            && has(&filed.labels, &self.label)
            && self.from.is_none_or(|from| filed.at >= from)
            && self.until.is_none_or(|until| filed.at < until)
    }
}
