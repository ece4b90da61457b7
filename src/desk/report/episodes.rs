//! A conversation cut into episodes: one matter each, from the customer's first words until people bring it to
//! an end. Pure; everything that reports tell is counted from these.

use crate::conversation::{Event, Recorded};

/// Silence after which a customer who is with the bot begins a new episode, in milliseconds.
const PAUSE_MS: i64 = 24 * 3_600_000;

/// In whose hands something happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hands {
    /// Account of the agent.
    pub account: String,
    /// Their name as shown then.
    pub name: String,
    /// The team it was for; direct claims have none.
    pub team: Option<String>,
}

/// An agent's time with a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stint {
    /// Whose.
    pub hands: Hands,
    /// Since when the customer had waited; `None` when it was taken from the bot or from a colleague.
    pub since: Option<i64>,
    /// When it began, milliseconds since 1970.
    pub joined: i64,
    /// When the agent said something first.
    pub first_reply: Option<i64>,
    /// What the agent said, in messages.
    pub replies: u32,
    /// When it ended.
    pub left: Option<i64>,
}

/// It was passed on among people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// By whom, and from which team.
    pub hands: Hands,
    /// To this team.
    pub to_team: Option<String>,
}

/// It was brought to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// By whom.
    pub hands: Hands,
    /// When people had been called.
    pub called: i64,
    /// When it ended.
    pub at: i64,
}

/// See the module's word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Episode {
    /// When it began, milliseconds since 1970.
    pub began: i64,
    /// Whether the customer said anything.
    pub spoken: bool,
    /// When people were called, or came, first.
    pub called: Option<i64>,
    /// The agents' times, in order.
    pub stints: Vec<Stint>,
    /// How it was passed on.
    pub passed: Vec<Passed>,
    /// How it ended.
    pub ended: Option<Ended>,
    /// The last rating.
    pub stars: Option<u8>,
}

/// The episodes of a conversation.
#[must_use]
pub fn episodes(events: &[Recorded]) -> Vec<Episode> {
    let mut cutting = Cutting::default();
    events.iter().for_each(|recorded| cutting.take(recorded));
    cutting.done.extend(cutting.open);
    cutting.done
}

#[derive(Default)]
struct Cutting {
    done: Vec<Episode>,
    open: Option<Episode>,
    /// The last call for people that has not come to an end.
    called: Option<i64>,
    waiting: Option<i64>,
    team: Option<String>,
    /// When something was said last.
    said: i64,
}

impl Cutting {
    fn take(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        match &recorded.event {
            Event::CustomerSaid { .. } => {
                let pause = self.called.is_none() && at - self.said > PAUSE_MS;
                self.episode(at, pause).spoken = true;
                self.said = at;
            }
            Event::BotSaid { .. } => self.said = at,
            Event::HandoffRequested { team, .. } => {
                self.call(at);
                self.leave(at);
                self.team.clone_from(team);
                self.waiting = Some(at);
            }
            Event::AgentJoined { account, agent, .. } => self.join(account, agent, at),
            Event::AgentLeft { .. } => {
                self.leave(at);
                self.waiting = Some(at);
            }
            Event::Transferred {
                account,
                agent,
                to_team,
                ..
            } => self.pass(account, agent, to_team.as_ref(), at),
            Event::AgentSaid { .. } => {
                self.said = at;
                if let Some(stint) = self.stint() {
                    stint.first_reply.get_or_insert(at);
                    stint.replies += 1;
                }
            }
            Event::HandedBack { .. } => self.give_back(at),
            Event::Resolved { by, account, .. } => self.end(account, by, at),
            Event::Rated { stars, .. } => {
                if let Some(open) = &mut self.open {
                    open.stars = Some(*stars);
                }
            }
            _ => {}
        }
    }

    /// The episode under way, or a new one behind what is over.
    fn episode(&mut self, at: i64, anew: bool) -> &mut Episode {
        let over = |open: &Episode| anew || open.ended.is_some();
        if self.open.as_ref().is_some_and(over) {
            self.done.extend(self.open.take());
        }
        self.open.get_or_insert_with(|| Episode {
            began: at,
            ..Episode::default()
        })
    }

    fn stint(&mut self) -> Option<&mut Stint> {
        let last = self.open.as_mut()?.stints.last_mut();
        last.filter(|stint| stint.left.is_none())
    }

    fn call(&mut self, at: i64) {
        self.episode(at, false).called.get_or_insert(at);
        self.called = Some(at);
    }

    fn leave(&mut self, at: i64) {
        if let Some(stint) = self.stint() {
            stint.left = Some(at);
        }
    }

    fn hands(&self, account: &str, name: &str) -> Hands {
        Hands {
            account: account.to_owned(),
            name: name.to_owned(),
            team: self.team.clone(),
        }
    }

    fn join(&mut self, account: &str, name: &str, at: i64) {
        if self.called.is_none() {
            self.call(at);
            self.team = None;
        }
        self.leave(at);
        let stint = Stint {
            hands: self.hands(account, name),
            since: self.waiting.take(),
            joined: at,
            first_reply: None,
            replies: 0,
            left: None,
        };
        self.episode(at, false).stints.push(stint);
    }

    fn pass(&mut self, account: &str, name: &str, to_team: Option<&String>, at: i64) {
        let passed = Passed {
            hands: self.hands(account, name),
            to_team: to_team.cloned(),
        };
        self.leave(at);
        self.episode(at, false).passed.push(passed);
        self.waiting = Some(at);
        if to_team.is_some() {
            self.team = to_team.cloned();
        }
    }

    fn give_back(&mut self, at: i64) {
        self.leave(at);
        self.waiting = None;
        self.called = None;
    }

    fn end(&mut self, account: &str, name: &str, at: i64) {
        let owner = self.stint().map(|stint| stint.hands.account.clone());
        // Conversations of old do not tell the account.
        let account = Some(account).filter(|account| !account.is_empty());
        let account = account.map(str::to_owned).or(owner).unwrap_or_default();
        let ended = Ended {
            hands: self.hands(&account, name),
            called: self.called.unwrap_or(at),
            at,
        };
        self.give_back(at);
        if let Some(open) = &mut self.open {
            open.ended = Some(ended);
        }
    }
}
