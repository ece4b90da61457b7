//! Who may speak: the bot, two agents, a supervisor, the desk's timers and the customer act on one conversation
//! in seeded order, each between looking and writing overtaken by the others; a checker reads what was stored. The
//! bot's words while somebody else owns the conversation (overlap) and writes by whoever does not own it any more
//! (stale) must be none, and the same checker must catch the build without the fence.
//!
//! `XIAOER_INTERLEAVINGS` sets the number of conversations (400 without it). The seed is printed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use xiaoer::conversation::{
    Cid, ConversationId, Event, HandoffReason, Lang, LeaveCause, Owner, Ownership, Recorded, Service, Status,
};
use xiaoer::engine::{self, Act, Person, Routed, Target, Writes, acted, routed};
use xiaoer::store::{Append, Error, Opening, Sqlite, Store};

const SEED: u64 = 20_261_126;
const STEPS: usize = 40;
/// Conversations at once, so that they share the cost of a commit.
const AT_ONCE: usize = 64;
/// The last one supervises.
const AGENTS: [&str; 3] = ["lin", "may", "boss"];
const BOSS: &str = AGENTS[2];

/// Somebody who has looked and is about to write.
#[derive(Default)]
struct Actor {
    looked: Option<Service>,
}

struct Play {
    store: Arc<dyn Store>,
    id: ConversationId,
    random: StdRng,
    /// The bot, the agents, the desk.
    actors: [Actor; 5],
    number: usize,
    refused: usize,
}

fn bot_said() -> Event {
    Event::BotSaid {
        text: "…".to_owned(),
        choices: Vec::new(),
        citations: Vec::new(),
        card: None,
        why: None,
    }
}

impl Play {
    async fn write(&mut self, events: Vec<Event>, fence: Option<u64>) {
        let append = Append {
            id: self.id.clone(),
            at: 1,
            events,
            fence,
            once: None,
        };
        match self.store.append(append).await {
            Ok(_) => {}
            Err(Error::Fenced | Error::AlreadyAnswered) => self.refused += 1,
            Err(error) => panic!("{error}"),
        }
    }

    fn cid(&mut self) -> Cid {
        self.number += 1;
        Cid::new(format!("model-{:08}", self.number)).unwrap()
    }

    async fn look(&self) -> Service {
        Service::replay(&self.store.read(&self.id, 0, 10_000).await.unwrap())
    }

    async fn step(&mut self) {
        let who = self.random.random_range(0..6);
        if who == 5 {
            let (cid, text) = (self.cid(), "hello".to_owned());
            let said = Event::CustomerSaid {
                cid,
                text,
                choice: None,
                photos: Vec::new(),
            };
            self.write(vec![said], None).await;
            return;
        }
        // Look now, write at some later step: whatever happens in between overtakes.
        match self.actors[who].looked.take() {
            None => self.actors[who].looked = Some(self.look().await),
            Some(service) if who == 0 => self.bot(&service).await,
            Some(service) if who == 4 => self.desk(&service).await,
            Some(service) => self.agent(&service, AGENTS[who - 1]).await,
        }
    }

    async fn bot(&mut self, service: &Service) {
        if service.ownership.status != Status::WithBot {
            return;
        }
        let mut events = vec![bot_said()];
        match self.random.random_range(0..10) {
            0..3 => events.push(Event::handoff(HandoffReason::Asked)),
            3..6 => events.push(Event::ApprovalAsked {
                flow: "model".to_owned(),
                question: BTreeMap::new(),
                supervisor: false,
                until: 1,
            }),
            _ => {}
        }
        self.write(events, Some(service.ownership.owner_epoch)).await;
    }

    async fn agent(&mut self, service: &Service, account: &str) {
        let person = Person {
            account: account.to_owned(),
            name: account.to_owned(),
            supervises: account == BOSS,
        };
        let act = match &service.approval {
            Some(open) if self.random.random_bool(0.5) => Act::Decide {
                asked: open.asked,
                yes: true,
                note: None,
            },
            _ => self.act(service.agent() == Some(account)),
        };
        match acted(service, &person, act) {
            Ok(Writes { events, fence }) if !events.is_empty() => self.write(events, fence).await,
            Ok(_) | Err(engine::Error::NotOwner | engine::Error::Taken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Whoever has the conversation mostly speaks; the others mostly want it.
    fn act(&mut self, is_own: bool) -> Act {
        let to = match self.random.random_range(0..3) {
            0 => Target::Team("after".to_owned()),
            n => Target::Agent(AGENTS[n].to_owned(), AGENTS[n].to_owned()),
        };
        match self.random.random_range(0..if is_own { 10 } else { 4 }) {
            0 => Act::Transfer { to, note: None },
            1 | 2 => Act::Claim {
                force: self.random.random_bool(0.5),
            },
            3 => Act::Decline,
            4 => Act::Resolve { reason: None },
            5 => Act::HandBack,
            6 => Act::Release,
            _ => Act::Reply {
                cid: self.cid(),
                text: "hi".to_owned(),
                files: Vec::new(),
            },
        }
    }

    /// Timers and lost connections.
    async fn desk(&mut self, service: &Service) {
        let agent = AGENTS[self.random.random_range(0..AGENTS.len())].to_owned();
        let account = service.agent().map_or(agent.clone(), str::to_owned);
        let asked = service.approval.as_ref().map_or(0, |open| open.asked);
        let act = match self.random.random_range(0..4) {
            0 => Routed::Offer { account, agent },
            3 => Routed::Late { asked },
            1 => Routed::Lapse { account },
            _ => Routed::Lose { account, agent },
        };
        let Writes { events, fence } = routed(service, act);
        if !events.is_empty() {
            self.write(events, fence).await;
        }
    }
}

/// What was stored that should not be.
fn check(events: &[Recorded]) -> Vec<String> {
    let (mut ownership, mut wrong) = (Ownership::default(), Vec::new());
    for recorded in events {
        let status = ownership.status;
        let owns = |name: &str| ownership.owner == Owner::Agent(name.to_owned());
        let with_people = matches!(status, Status::Waiting | Status::WithAgent);
        let fault = match &recorded.event {
            Event::BotSaid { .. } | Event::HandoffRequested { .. } if status != Status::WithBot => {
                Some("overlap")
            }
            Event::AgentSaid { agent, .. } if !owns(agent) => Some("stale reply"),
            Event::Resolved { account, .. } if !owns(account) => Some("stale resolve"),
            Event::HandedBack { account, .. } if !owns(account) => Some("stale hand-back"),
            Event::AgentLeft { account, cause, .. } if !owns(account) => Some(match cause {
                LeaveCause::Lost => "stale loss",
                LeaveCause::Released => "stale release",
            }),
            Event::Transferred { account, .. } if !(owns(account) || (account == BOSS && with_people)) => {
                Some("stale transfer")
            }
            Event::AgentJoined { from: Some(from), .. } if !owns(from) => Some("stale take-over"),
            Event::AgentJoined { from: None, .. } if status == Status::WithAgent => Some("two owners"),
            Event::ApprovalGiven { .. } | Event::ApprovalClosed { .. } if status != Status::WithBot => {
                Some("stale decision")
            }
            Event::Offered { .. } if status != Status::Waiting => Some("stale offer"),
            _ => None,
        };
        wrong.extend(fault.map(|fault| format!("{fault} at {}", recorded.seq)));
        ownership.apply(&recorded.event);
    }
    wrong
}

/// Plays conversations and gives how many writes were refused, and what was wrong.
async fn scenario(conversations: usize, seed: u64) -> (usize, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(folder.path()).await.unwrap());
    let (mut refused, mut wrong) = (0, Vec::new());
    for batch in 0..conversations.div_ceil(AT_ONCE) {
        let mut plays = tokio::task::JoinSet::new();
        for number in batch * AT_ONCE..conversations.min((batch + 1) * AT_ONCE) {
            plays.spawn(play(store.clone(), number, seed));
        }
        while let Some(played) = plays.join_next().await {
            let (refusals, faults) = played.unwrap();
            refused += refusals;
            wrong.extend(faults);
        }
    }
    (refused, wrong)
}

async fn play(store: Arc<dyn Store>, number: usize, seed: u64) -> (usize, Vec<String>) {
    let id = ConversationId::new(format!("model-{number:06}")).unwrap();
    let opening = Opening {
        id: id.clone(),
        token_hash: "hash".to_owned(),
        lang: Lang::En,
        at: 1,
    };
    store.open(opening).await.unwrap();
    let mut play = Play {
        store: store.clone(),
        id: id.clone(),
        random: StdRng::seed_from_u64(seed ^ number as u64),
        actors: Default::default(),
        number: 0,
        refused: 0,
    };
    for _ in 0..STEPS {
        play.step().await;
    }
    let events = store.read(&id, 0, 10_000).await.unwrap();
    let wrong = check(&events).into_iter().map(|fault| format!("{id}: {fault}"));
    (play.refused, wrong.collect())
}

#[cfg(not(feature = "mutant_no_fence"))]
#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_over_the_owner() {
    let number = std::env::var("XIAOER_INTERLEAVINGS")
        .ok()
        .and_then(|n| n.parse().ok());
    let conversations = number.unwrap_or(400);
    let (refused, wrong) = scenario(conversations, SEED).await;
    println!(
        "seed={SEED} interleavings={conversations} refused={refused} overlap=0 stale=0 wrong={}",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused > 0, "nobody was ever overtaken: the model tests nothing");
}

#[cfg(feature = "mutant_no_fence")]
#[tokio::test(flavor = "multi_thread")]
async fn the_model_catches_a_build_without_the_fence() {
    let (_, wrong) = scenario(400, SEED).await;
    println!("seed={SEED} interleavings=400 wrong={}", wrong.len());
    assert!(!wrong.is_empty(), "the build without the fence looked right");
}
