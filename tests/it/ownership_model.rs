//! Who may speak: the bot, two agents and the customer act on one conversation in seeded order, each between
//! looking and writing overtaken by the others; a checker reads what was stored. The bot's words while somebody
//! else owns the conversation (overlap) and writes by whoever does not own it any more (stale) must be none, and
//! the same checker must catch the build without the fence.
//!
//! `XIAOER_INTERLEAVINGS` sets the number of conversations (400 without it). The seed is printed.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use xiaoer::conversation::{
    Cid, ConversationId, Event, HandoffReason, Lang, Owner, Ownership, Recorded, Status,
};
use xiaoer::store::{Append, Error, Head, Opening, Sqlite, Store};

const SEED: u64 = 20_261_126;
const STEPS: usize = 40;
/// Conversations at once, so that they share the cost of a commit.
const AT_ONCE: usize = 64;
const AGENTS: [&str; 2] = ["lin", "may"];

/// Somebody who has looked and is about to write.
#[derive(Default)]
struct Actor {
    looked: Option<Head>,
}

struct Play {
    store: Arc<dyn Store>,
    id: ConversationId,
    random: StdRng,
    /// The bot, then the agents.
    actors: [Actor; 3],
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

    async fn step(&mut self) {
        let who = self.random.random_range(0..4);
        if who == 3 {
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
            None => self.actors[who].looked = Some(self.store.head(&self.id).await.unwrap()),
            Some(head) if who == 0 => self.bot(&head).await,
            Some(head) => self.agent(&head, AGENTS[who - 1]).await,
        }
    }

    async fn bot(&mut self, head: &Head) {
        if head.ownership.status != Status::WithBot {
            return;
        }
        let mut events = vec![bot_said()];
        if self.random.random_bool(0.3) {
            let reason = HandoffReason::Asked;
            events.push(Event::handoff(reason));
        }
        self.write(events, Some(head.ownership.owner_epoch)).await;
    }

    async fn agent(&mut self, head: &Head, account: &str) {
        let fence = Some(head.ownership.owner_epoch);
        let (account, agent) = (account.to_owned(), account.to_owned());
        if head.ownership.owner == Owner::Agent(account.clone()) {
            let event = if self.random.random_bool(0.6) {
                let (cid, text) = (self.cid(), "hi".to_owned());
                Event::AgentSaid { cid, agent, text }
            } else {
                Event::resolved(&account, &agent)
            };
            self.write(vec![event], fence).await;
        } else if head.ownership.status != Status::WithAgent {
            self.write(vec![Event::joined(&account, &agent)], fence).await;
        }
    }
}

/// What was stored that should not be.
fn check(events: &[Recorded]) -> Vec<String> {
    let (mut ownership, mut wrong) = (Ownership::default(), Vec::new());
    for recorded in events {
        let status = ownership.status;
        let owns = |name: &str| ownership.owner == Owner::Agent(name.to_owned());
        let fault = match &recorded.event {
            Event::BotSaid { .. } | Event::HandoffRequested { .. } if status != Status::WithBot => {
                Some("overlap")
            }
            Event::AgentSaid { agent, .. } if !owns(agent) => Some("stale reply"),
            Event::Resolved { by, .. } if !owns(by) => Some("stale resolve"),
            Event::AgentJoined { .. } if status == Status::WithAgent => Some("two owners"),
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
