//! What people need to know of a conversation at a glance: who waits since when and for whom, what was
//! said last. A fold of the same events as the tracker, for the board instead of the bot.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, HandoffReason, Lang, Owner, Ownership, Recorded, Status};

/// Characters kept of the last words.
const LAST_TEXT_CHARS: usize = 80;

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The customer.
    Customer,
    /// The machine.
    Bot,
    /// A person of the shop.
    Agent,
}

/// An agent the waiting conversation was offered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Account name.
    pub account: String,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// An agent who let a waiting conversation go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapse {
    /// Account name.
    pub account: String,
    /// When they said no or gave it up; `None` if they were just not at their desk.
    pub declined_at: Option<i64>,
}

/// A question of the bot's to people that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// Its seq, which names it.
    pub asked: u64,
    /// The question, by language.
    pub question: BTreeMap<Lang, String>,
    /// Only supervisors may answer.
    pub supervisor: bool,
    /// When it was asked, milliseconds since 1970.
    pub at: i64,
    /// Until when it waits.
    pub until: i64,
}

/// Messages of the customer that no person has answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// When the first of them came.
    pub since: i64,
    /// How many there are.
    pub count: u32,
}

/// The people's side of a conversation; never changed but by [`Service::apply`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Service {
    /// The seq of the last event.
    pub last_seq: u64,
    /// Who may speak.
    pub ownership: Ownership,
    /// Language of the last message that told one.
    pub lang: Option<Lang>,
    /// The customer, once proved.
    pub customer: Option<String>,
    /// Their level, where the shop told it.
    pub level: Option<String>,
    /// Why people were called last.
    pub reason: Option<HandoffReason>,
    /// What it was about.
    pub topic: Option<String>,
    /// The team it is for.
    pub team: Option<String>,
    /// The account it is meant for.
    pub target: Option<String>,
    /// 0 to 2; the higher is served first.
    pub priority: u8,
    /// The question to people that is open.
    pub approval: Option<Approval>,
    /// The last question that was answered: its seq, the account, and its name as shown.
    pub decided: Option<(u64, String, String)>,
    /// The offer that is open.
    pub offer: Option<Offer>,
    /// Who let it go by since it waits.
    pub lapsed: Vec<Lapse>,
    /// Name of the owning agent as shown.
    pub agent_name: Option<String>,
    /// The account that had it last, and when it spoke or joined last.
    pub last_agent: Option<(String, i64)>,
    /// When people were called, or one came, this time.
    pub handed_at: Option<i64>,
    /// Since when it waits for a person.
    pub waiting_since: Option<i64>,
    /// Whether a person has said something this time.
    pub replied: bool,
    /// What the customer said that people have not answered.
    pub asked: Option<Asked>,
    /// Labels it bears.
    pub labels: Vec<String>,
    /// The owning agent looks at it again then.
    pub snoozed_until: Option<i64>,
    /// Where the customer can be answered later.
    pub contact: Option<String>,
    /// The stars of the last rating.
    pub stars: Option<u8>,
    /// How angry the customer sounded last, 0 to 3.
    pub anger: u8,
    /// Whether the customer has said anything.
    pub spoken: bool,
    /// The last thing said, cut short.
    pub last_text: String,
    /// Who said it.
    pub last_by: Option<By>,
    /// When it changed last, milliseconds since 1970.
    pub last_at: i64,
}

impl Service {
    /// Folds a list of events.
    #[must_use]
    pub fn replay(events: &[Recorded]) -> Self {
        let mut service = Self::default();
        events.iter().for_each(|recorded| service.apply(recorded));
        service
    }

    /// The account that has it.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        match &self.ownership.owner {
            Owner::Agent(account) => Some(account),
            Owner::Bot | Owner::Nobody => None,
        }
    }

    /// Whether people have to do with it now.
    #[must_use]
    pub fn is_with_people(&self) -> bool {
        matches!(self.ownership.status, Status::Waiting | Status::WithAgent)
    }

    /// Takes in one event. Events come in order, each one seq further.
    pub fn apply(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        self.last_seq = recorded.seq;
        self.last_at = at;
        self.ownership.apply(&recorded.event);
        match &recorded.event {
            Event::ConversationStarted { lang } => self.lang = Some(*lang),
            Event::CustomerSaid { text, .. } => self.hear(text, at),
            Event::BotSaid { text, .. } => self.say(By::Bot, text),
            Event::Understood { understanding } => {
                self.lang = Some(understanding.lang);
                self.anger = understanding.anger;
            }
            Event::Identified { customer, level } => {
                self.customer = Some(customer.clone()).filter(|customer| !customer.is_empty());
                self.level.clone_from(level);
            }
            Event::Labelled { labels, .. } => self.labels.clone_from(labels),
            Event::Snoozed { until, .. } => self.snoozed_until = *until,
            Event::ContactLeft { contact } => self.contact = Some(contact.clone()),
            Event::Rated { stars, .. } => self.stars = Some(*stars),
            Event::ApprovalAsked {
                question,
                supervisor,
                until,
                ..
            } => {
                self.approval = Some(Approval {
                    asked: recorded.seq,
                    question: question.clone(),
                    supervisor: *supervisor,
                    at,
                    until: *until,
                });
            }
            Event::ApprovalGiven {
                asked,
                account,
                agent,
                ..
            } => {
                self.decided = Some((*asked, account.clone(), agent.clone()));
                self.approval = None;
            }
            Event::ApprovalClosed { .. } => self.approval = None,
            event => self.pass(event, at),
        }
    }

    fn say(&mut self, by: By, text: &str) {
        self.last_by = Some(by);
        self.last_text = text.chars().take(LAST_TEXT_CHARS).collect();
    }

    fn hear(&mut self, text: &str, at: i64) {
        self.spoken = true;
        self.say(By::Customer, text);
        self.snoozed_until = None;
        if self.is_with_people() {
            let asked = self.asked.get_or_insert(Asked { since: at, count: 0 });
            asked.count += 1;
        }
    }

    /// From hand to hand.
    fn pass(&mut self, event: &Event, at: i64) {
        match event {
            Event::HandoffRequested {
                reason,
                topic,
                team,
                priority,
            } => {
                self.begin(at);
                self.reason = Some(*reason);
                self.topic.clone_from(topic);
                self.team.clone_from(team);
                self.priority = *priority;
                self.wait(at);
                // What the customer asked people for is what they said to the bot last.
                self.asked = Some(Asked { since: at, count: 1 });
            }
            Event::Offered { account, .. } => {
                let account = account.clone();
                self.offer = Some(Offer { account, at });
            }
            Event::OfferLapsed { account, declined } => {
                self.offer = None;
                self.target = None;
                self.lapsed.push(Lapse {
                    account: account.clone(),
                    declined_at: declined.then_some(at),
                });
            }
            Event::AgentJoined { account, agent, .. } => self.join(account, agent, at),
            Event::AgentLeft { account, .. } => self.give_up(account, at),
            Event::Transferred {
                account,
                to_account,
                to_team,
                ..
            } => {
                self.give_up(account, at);
                self.target.clone_from(to_account);
                if to_team.is_some() {
                    self.team.clone_from(to_team);
                }
            }
            Event::AgentSaid { text, .. } => {
                self.say(By::Agent, text);
                self.asked = None;
                self.replied = true;
                if let Some((_, last)) = &mut self.last_agent {
                    *last = at;
                }
            }
            Event::HandedBack { .. } | Event::Resolved { .. } => self.end(),
            _ => {}
        }
    }

    /// People have to do with it from now on.
    fn begin(&mut self, at: i64) {
        self.end();
        self.contact = None;
        self.stars = None;
        self.replied = false;
        self.handed_at = Some(at);
    }

    fn wait(&mut self, at: i64) {
        self.approval = None;
        self.agent_name = None;
        self.offer = None;
        self.target = None;
        self.lapsed.clear();
        self.snoozed_until = None;
        self.waiting_since = Some(at);
    }

    /// Whoever gave it up is the last to get it back.
    fn give_up(&mut self, account: &str, at: i64) {
        self.wait(at);
        self.lapsed.push(Lapse {
            account: account.to_owned(),
            declined_at: Some(at),
        });
    }

    fn join(&mut self, account: &str, agent: &str, at: i64) {
        if self.handed_at.is_none() {
            self.begin(at);
            (self.reason, self.topic, self.team, self.priority) = (None, None, None, 0);
        }
        self.approval = None;
        self.agent_name = Some(agent.to_owned());
        self.last_agent = Some((account.to_owned(), at));
        self.waiting_since = None;
        self.offer = None;
        self.target = None;
        self.lapsed.clear();
    }

    fn end(&mut self) {
        self.approval = None;
        self.agent_name = None;
        self.waiting_since = None;
        self.offer = None;
        self.target = None;
        self.lapsed.clear();
        self.asked = None;
        self.handed_at = None;
        self.snoozed_until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Cid, LeaveCause};

    fn fold(events: Vec<Event>) -> Service {
        let recorded = (1..)
            .zip(events)
            .map(|(seq, event)| Recorded {
                seq,
                at: i64::try_from(seq).unwrap() * 1_000,
                event,
            })
            .collect::<Vec<_>>();
        Service::replay(&recorded)
    }

    fn said(text: &str) -> Event {
        Event::CustomerSaid {
            cid: Cid::new("cid-00000001").unwrap(),
            text: text.to_owned(),
            choice: None,
            photos: Vec::new(),
        }
    }

    fn replied() -> Event {
        Event::AgentSaid {
            cid: Cid::new("cid-00000002").unwrap(),
            agent: "小林".to_owned(),
            text: "好的".to_owned(),
            files: Vec::new(),
        }
    }

    #[test]
    fn clocks_begin_with_the_call_and_end_with_the_reply() {
        let call = Event::handoff(HandoffReason::Asked);
        let joined = Event::joined("lin", "小林");
        let waiting = fold(vec![said("转人工"), call.clone(), said("在吗")]);
        assert_eq!(waiting.waiting_since, Some(2_000));
        assert_eq!(
            waiting.asked,
            Some(Asked {
                since: 2_000,
                count: 2
            })
        );
        let served = fold(vec![said("转人工"), call, joined, replied(), said("谢谢")]);
        assert_eq!(served.handed_at, Some(2_000));
        assert_eq!(
            served.asked,
            Some(Asked {
                since: 5_000,
                count: 1
            })
        );
        assert!(served.replied && served.waiting_since.is_none());
    }

    #[test]
    fn whoever_let_it_lapse_is_remembered_while_it_waits() {
        let offered = Event::Offered {
            account: "lin".to_owned(),
            agent: "小林".to_owned(),
        };
        let lapsed = Event::OfferLapsed {
            account: "lin".to_owned(),
            declined: false,
        };
        let mut events = vec![
            said("转人工"),
            Event::handoff(HandoffReason::Asked),
            offered,
            lapsed,
        ];
        let service = fold(events.clone());
        let lapse = |account: &str, declined_at| Lapse {
            account: account.to_owned(),
            declined_at,
        };
        assert_eq!(service.lapsed, [lapse("lin", None)]);
        assert_eq!(service.offer, None);
        events.push(Event::joined("may", "May"));
        events.push(Event::AgentLeft {
            account: "may".to_owned(),
            agent: "May".to_owned(),
            cause: LeaveCause::Lost,
        });
        let service = fold(events);
        assert_eq!(service.lapsed, [lapse("may", Some(6_000))], "a new wait begins");
        assert_eq!(service.waiting_since, Some(6_000));
        assert_eq!(
            service.handed_at,
            Some(2_000),
            "the customer has waited since the call"
        );
    }
}
