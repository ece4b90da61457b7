//! What people and the desk may do with a conversation, as a pure function: who it belongs to decides.

use super::Error;
use crate::conversation::{ApprovalEnd, Cid, Event, LeaveCause, Owner, Service, Status};

/// An agent as conversations know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Account name.
    pub account: String,
    /// Name as shown.
    pub name: String,
    /// May take conversations from others and pass them on.
    pub supervises: bool,
}

/// Whom a conversation is passed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// One agent: account and name as shown.
    Agent(String, String),
    /// A team, by its id.
    Team(String),
}

/// What an agent does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Takes the conversation; by force from another agent too, if they supervise.
    Claim {
        /// From another agent.
        force: bool,
    },
    /// Lets an offer go on to the next.
    Decline,
    /// Says something to the customer.
    Reply {
        /// Their id of it.
        cid: Cid,
        /// What they wrote; may be empty beside files.
        text: String,
        /// Ids of files that come along.
        files: Vec<String>,
    },
    /// Writes something down for colleagues.
    Note {
        /// Their id of it.
        cid: Cid,
        /// What they wrote.
        text: String,
        /// Accounts it calls.
        mentions: Vec<String>,
    },
    /// Passes it on.
    Transfer {
        /// To whom.
        to: Target,
        /// For colleagues' eyes.
        note: Option<String>,
    },
    /// Puts it back into the queue.
    Release,
    /// Gives it back to the bot.
    HandBack,
    /// Ends it.
    Resolve {
        /// Why, by its id.
        reason: Option<String>,
    },
    /// Sets its labels.
    Label {
        /// All of them.
        labels: Vec<String>,
    },
    /// Looks at it again later.
    Snooze {
        /// Until then, milliseconds since 1970; `None` wakes it.
        until: Option<i64>,
    },
    /// Answers a question of the bot's.
    Decide {
        /// The question's seq.
        asked: u64,
        /// Yes or no.
        yes: bool,
        /// What the bot may tell the customer of it.
        note: Option<String>,
    },
}

/// What the desk does on nobody's behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routed {
    /// A waiting conversation is offered.
    Offer {
        /// Account name.
        account: String,
        /// Name as shown.
        agent: String,
    },
    /// The offer was not taken in time.
    Lapse {
        /// Account name.
        account: String,
    },
    /// Nobody has answered a question of the bot's in time.
    Late {
        /// The question's seq.
        asked: u64,
    },
    /// The owner has been without a connection for too long.
    Lose {
        /// Account name.
        account: String,
        /// Name as shown.
        agent: String,
    },
}

/// Events of an act, and the fence they are written under.
#[derive(Debug, Default)]
pub struct Writes {
    /// The facts; none, where it is so already.
    pub events: Vec<Event>,
    /// The `owner_epoch` that was believed in; `None` for what does not depend on it.
    pub fence: Option<u64>,
}

/// What an act comes to.
///
/// # Errors
/// [`Error::NotOwner`], [`Error::Taken`] and [`Error::Gone`].
pub fn acted(service: &Service, person: &Person, act: Act) -> Result<Writes, Error> {
    let owner = &service.ownership.owner;
    let is_own = *owner == Owner::Agent(person.account.clone());
    let (account, agent) = (person.account.clone(), person.name.clone());
    let own = |event: Event| {
        let fence = Some(service.ownership.owner_epoch);
        let events = vec![event];
        is_own.then_some(Writes { events, fence }).ok_or(Error::NotOwner)
    };
    let free = |event: Event| {
        Ok(Writes {
            events: vec![event],
            fence: None,
        })
    };
    match act {
        Act::Claim { .. } if is_own => Ok(Writes::default()),
        Act::Claim { force } => claimed(service, person, force),
        Act::Decline => match &service.offer {
            Some(offer) if offer.account == account => {
                let declined = true;
                free(Event::OfferLapsed { account, declined })
            }
            _ => Ok(Writes::default()),
        },
        Act::Reply { cid, text, files } => own(Event::AgentSaid {
            cid,
            agent,
            text,
            files,
        }),
        Act::Note { cid, text, mentions } => free(Event::Noted {
            cid,
            account,
            agent,
            text,
            mentions,
        }),
        Act::Transfer { to, note } => transferred(service, person, to, note),
        Act::Release => own(Event::AgentLeft {
            account,
            agent,
            cause: LeaveCause::Released,
        }),
        Act::HandBack => own(Event::HandedBack { account, agent }),
        Act::Resolve { reason } => own(Event::Resolved {
            by: agent,
            account,
            reason,
        }),
        Act::Label { labels } if labels == service.labels => Ok(Writes::default()),
        Act::Label { labels } => free(Event::Labelled { account, labels }),
        Act::Snooze { until } => own(Event::Snoozed { account, until }),
        Act::Decide { asked, yes, note } => decided(service, person, asked, yes, note),
    }
}

/// A question is answered once, by whoever may and is first.
fn decided(
    service: &Service,
    person: &Person,
    asked: u64,
    yes: bool,
    note: Option<String>,
) -> Result<Writes, Error> {
    let Some(open) = service.approval.as_ref().filter(|open| open.asked == asked) else {
        return match &service.decided {
            Some((known, account, _)) if *known == asked && *account == person.account => {
                Ok(Writes::default())
            }
            Some((known, _, agent)) if *known == asked => Err(Error::Gone {
                by: Some(agent.clone()),
            }),
            _ => Err(Error::Gone { by: None }),
        };
    };
    if open.supervisor && !person.supervises {
        return Err(Error::NotOwner);
    }
    let event = Event::ApprovalGiven {
        asked,
        account: person.account.clone(),
        agent: person.name.clone(),
        yes,
        note,
    };
    Ok(Writes {
        events: vec![event],
        fence: Some(service.ownership.owner_epoch),
    })
}

fn claimed(service: &Service, person: &Person, force: bool) -> Result<Writes, Error> {
    let from = match &service.ownership.owner {
        Owner::Agent(other) if force && person.supervises => Some(other.clone()),
        Owner::Agent(_) => {
            let by = service.agent_name.clone().unwrap_or_default();
            return Err(Error::Taken { by });
        }
        Owner::Bot | Owner::Nobody => None,
    };
    let joined = Event::AgentJoined {
        account: person.account.clone(),
        agent: person.name.clone(),
        from,
    };
    Ok(Writes {
        events: vec![joined],
        fence: Some(service.ownership.owner_epoch),
    })
}

fn transferred(
    service: &Service,
    person: &Person,
    to: Target,
    note: Option<String>,
) -> Result<Writes, Error> {
    let is_own = service.agent() == Some(&person.account);
    let may = is_own || (person.supervises && service.is_with_people());
    if !may {
        return Err(Error::NotOwner);
    }
    let (to_account, to_agent, to_team) = match to {
        Target::Agent(account, name) => (Some(account), Some(name), None),
        Target::Team(team) => (None, None, Some(team)),
    };
    let event = Event::Transferred {
        account: person.account.clone(),
        agent: person.name.clone(),
        to_account,
        to_agent,
        to_team,
        note,
    };
    Ok(Writes {
        events: vec![event],
        fence: Some(service.ownership.owner_epoch),
    })
}

/// What the desk's routing comes to. It decides by what the board showed, so all may have changed.
#[must_use]
pub fn routed(service: &Service, routed: Routed) -> Writes {
    let waiting = service.ownership.status == Status::Waiting;
    let event = match routed {
        Routed::Offer { account, agent } if waiting && service.offer.is_none() => {
            Event::Offered { account, agent }
        }
        Routed::Lapse { account } if service.offer.as_ref().is_some_and(|o| o.account == account) => {
            let declined = false;
            Event::OfferLapsed { account, declined }
        }
        Routed::Late { asked } if service.approval.as_ref().is_some_and(|open| open.asked == asked) => {
            let cause = ApprovalEnd::Late;
            Event::ApprovalClosed { asked, cause }
        }
        Routed::Lose { account, agent } if service.agent() == Some(&account) => Event::AgentLeft {
            account,
            agent,
            cause: LeaveCause::Lost,
        },
        _ => return Writes::default(),
    };
    Writes {
        events: vec![event],
        fence: Some(service.ownership.owner_epoch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{HandoffReason, Recorded};

    fn person(account: &str) -> Person {
        Person {
            account: account.to_owned(),
            name: account.to_uppercase(),
            supervises: account == "boss",
        }
    }

    fn fold(events: Vec<Event>) -> Service {
        let recorded = (1..)
            .zip(events)
            .map(|(seq, event)| Recorded { seq, at: 0, event });
        Service::replay(&recorded.collect::<Vec<_>>())
    }

    #[test]
    fn only_supervisors_take_from_others() {
        let service = fold(vec![
            Event::handoff(HandoffReason::Asked),
            Event::joined("lin", "LIN"),
        ]);
        let claim = |who: &str, force| acted(&service, &person(who), Act::Claim { force });
        assert!(matches!(claim("may", true), Err(Error::Taken { by }) if by == "LIN"));
        assert!(matches!(claim("boss", false), Err(Error::Taken { .. })));
        assert_eq!(claim("boss", true).unwrap().events.len(), 1);
        assert!(claim("lin", false).unwrap().events.is_empty(), "has it already");
    }

    #[test]
    fn only_the_owner_speaks_and_anybody_takes_notes() {
        let service = fold(vec![
            Event::handoff(HandoffReason::Asked),
            Event::joined("lin", "LIN"),
        ]);
        let cid = || Cid::new("cid-00000001").unwrap();
        let (text, mentions) = ("好".to_owned(), Vec::new());
        let reply = Act::Reply {
            cid: cid(),
            text: text.clone(),
            files: Vec::new(),
        };
        assert!(matches!(
            acted(&service, &person("may"), reply),
            Err(Error::NotOwner)
        ));
        let note = Act::Note {
            cid: cid(),
            text,
            mentions,
        };
        assert!(acted(&service, &person("may"), note).is_ok());
    }

    #[test]
    fn routing_that_comes_too_late_does_nothing() {
        let service = fold(vec![
            Event::handoff(HandoffReason::Asked),
            Event::joined("lin", "LIN"),
        ]);
        let offer = Routed::Offer {
            account: "may".to_owned(),
            agent: "MAY".to_owned(),
        };
        assert!(routed(&service, offer).events.is_empty());
        let lose = |account: &str| Routed::Lose {
            account: account.to_owned(),
            agent: String::new(),
        };
        assert!(routed(&service, lose("may")).events.is_empty());
        assert_eq!(routed(&service, lose("lin")).events.len(), 1);
    }

    fn asking(supervisor: bool) -> Vec<Event> {
        let question = std::collections::BTreeMap::new();
        vec![Event::ApprovalAsked {
            flow: "bargain".to_owned(),
            question,
            supervisor,
            until: 1,
        }]
    }

    fn decide(service: &Service, who: &str) -> Result<Writes, Error> {
        let (asked, yes, note) = (1, true, None);
        acted(service, &person(who), Act::Decide { asked, yes, note })
    }

    #[test]
    fn a_question_is_answered_once_by_who_may() {
        let mut events = asking(true);
        let open = fold(events.clone());
        assert!(
            matches!(decide(&open, "lin"), Err(Error::NotOwner)),
            "supervisors only"
        );
        events.extend(decide(&open, "boss").unwrap().events);
        let answered = fold(events);
        assert!(
            decide(&answered, "boss").unwrap().events.is_empty(),
            "once is enough"
        );
        assert!(matches!(decide(&answered, "lin"), Err(Error::Gone { by: Some(by) }) if by == "BOSS"));
        let late = Routed::Late { asked: 1 };
        assert_eq!(routed(&open, late.clone()).events.len(), 1);
        assert!(routed(&answered, late).events.is_empty());
    }

    #[test]
    fn whoever_takes_over_answers_themselves() {
        let mut events = asking(false);
        assert!(decide(&fold(events.clone()), "lin").is_ok());
        events.push(Event::joined("may", "MAY"));
        assert!(matches!(
            decide(&fold(events), "lin"),
            Err(Error::Gone { by: None })
        ));
    }
}
