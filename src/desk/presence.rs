//! Who is there: agents' connections, what they say of themselves, what they look at.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Inner;
use crate::conversation::ConversationId;
use crate::store::{Account, Role};

/// Whether an agent takes conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Takes more.
    Online,
    /// There, but takes no more.
    Busy,
    /// Not at the desk.
    Away,
    /// No connection.
    Offline,
}

/// An agent as colleagues see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Agent {
    /// Account name.
    pub account: String,
    /// Name as shown.
    pub name: String,
    /// What they may.
    pub role: Role,
    /// Ids of their teams.
    pub teams: Vec<String>,
    /// Whether they take conversations.
    pub state: State,
    /// Conversations in hand.
    pub load: u32,
    /// Most that are offered to them.
    pub capacity: u32,
    /// Codes of the languages they speak; none stands for all.
    pub langs: Vec<String>,
}

/// Everybody's presence.
pub struct Presence {
    people: Mutex<BTreeMap<String, Here>>,
    /// Grows with every change.
    changes: watch::Sender<u64>,
    began: i64,
}

struct Here {
    account: Account,
    connections: u32,
    wanted: State,
    heard_at: i64,
}

impl Here {
    fn state(&self) -> State {
        if self.connections == 0 {
            State::Offline
        } else {
            self.wanted
        }
    }
}

impl Presence {
    /// Nobody is there yet. Who had conversations before counts as heard of now.
    pub(super) fn new(now: i64) -> Self {
        Self {
            people: Mutex::default(),
            changes: watch::channel(0).0,
            began: now,
        }
    }

    fn people(&self) -> MutexGuard<'_, BTreeMap<String, Here>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// A number that grows with every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// These work here now.
    pub(super) fn staff(&self, accounts: Vec<Account>) {
        let mut people = self.people();
        let mut before = std::mem::take(&mut *people);
        for account in accounts.into_iter().filter(|account| account.active) {
            let here = match before.remove(&account.account) {
                Some(here) => Here { account, ..here },
                None => Here {
                    account,
                    connections: 0,
                    wanted: State::Online,
                    heard_at: self.began,
                },
            };
            people.insert(here.account.account.clone(), here);
        }
        drop(people);
        self.changed();
    }

    /// Whether the account still works here.
    #[must_use]
    pub fn works_here(&self, account: &str) -> bool {
        self.people().contains_key(account)
    }

    /// The name as shown of an account.
    #[must_use]
    pub fn name_of(&self, account: &str) -> Option<String> {
        self.people().get(account).map(|here| here.account.name.clone())
    }

    /// The account as it is now.
    #[must_use]
    pub fn account(&self, account: &str) -> Option<Account> {
        self.people().get(account).map(|here| here.account.clone())
    }

    /// Says whether an agent takes conversations. Nobody is offline by wish.
    pub fn set(&self, account: &str, state: State) {
        if let Some(here) = self.people().get_mut(account) {
            here.wanted = if state == State::Offline {
                State::Away
            } else {
                state
            };
        }
        self.changed();
    }

    /// The state of an account.
    #[must_use]
    pub fn state(&self, account: &str) -> State {
        self.people().get(account).map_or(State::Offline, Here::state)
    }

    /// Something was heard from an agent.
    pub fn heard(&self, account: &str, now: i64) {
        if let Some(here) = self.people().get_mut(account) {
            here.heard_at = now;
        }
    }

    /// Whether an account has had no connection for so long that its conversations are taken away.
    #[must_use]
    pub fn is_lost(&self, account: &str, now: i64, lost_ms: i64) -> bool {
        let people = self.people();
        people
            .get(account)
            .is_none_or(|here| here.connections == 0 && here.heard_at + lost_ms <= now)
    }

    /// Everybody, with what they have in hand.
    pub(super) fn agents(&self, loads: &HashMap<String, u32>) -> Vec<Agent> {
        let people = self.people();
        let agent = |here: &Here| Agent {
            account: here.account.account.clone(),
            name: here.account.name.clone(),
            role: here.account.role,
            teams: here.account.teams.clone(),
            state: here.state(),
            load: loads.get(&here.account.account).copied().unwrap_or(0),
            capacity: here.account.capacity,
            langs: here
                .account
                .langs
                .iter()
                .map(|lang| lang.code().to_owned())
                .collect(),
        };
        people.values().map(agent).collect()
    }

    fn sit(&self, account: &str, now: i64) {
        if let Some(here) = self.people().get_mut(account) {
            if here.connections == 0 && here.wanted == State::Away {
                here.wanted = State::Online;
            }
            here.connections += 1;
            here.heard_at = now;
        }
        self.changed();
    }

    fn leave(&self, account: &str) {
        if let Some(here) = self.people().get_mut(account) {
            here.connections = here.connections.saturating_sub(1);
        }
        self.changed();
    }
}

/// One connection of an agent; they are there as long as one is held.
pub struct Seat {
    desk: super::Desk,
    account: String,
}

impl Seat {
    /// Sits down.
    #[must_use]
    pub fn take(desk: &super::Desk, account: &str) -> Self {
        desk.presence().sit(account, desk.hub().now());
        Self {
            desk: desk.clone(),
            account: account.to_owned(),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.desk.presence().leave(&self.account);
    }
}

/// Who looks at what.
#[derive(Default)]
pub(super) struct Viewing {
    by_conversation: HashMap<ConversationId, Vec<String>>,
}

impl Viewing {
    /// Everybody once, although they may look with two pages.
    pub fn names(&self, id: &ConversationId) -> Vec<String> {
        let mut names = self.by_conversation.get(id).cloned().unwrap_or_default();
        names.sort();
        names.dedup();
        names
    }
}

/// An agent looks at a conversation.
pub struct Look {
    desk: Arc<Inner>,
    id: ConversationId,
    name: String,
}

impl Look {
    pub(super) fn begin(desk: Arc<Inner>, id: ConversationId, name: String) -> Self {
        let mut viewing = desk.viewing();
        viewing
            .by_conversation
            .entry(id.clone())
            .or_default()
            .push(name.clone());
        drop(viewing);
        // Nobody else looks: fine.
        let _listeners = desk.views.send(id.clone());
        Self { desk, id, name }
    }
}

impl Drop for Look {
    fn drop(&mut self) {
        let mut viewing = self.desk.viewing();
        if let Some(names) = viewing.by_conversation.get_mut(&self.id) {
            if let Some(at) = names.iter().position(|name| *name == self.name) {
                names.remove(at);
            }
            if names.is_empty() {
                viewing.by_conversation.remove(&self.id);
            }
        }
        drop(viewing);
        let _listeners = self.desk.views.send(self.id.clone());
    }
}
