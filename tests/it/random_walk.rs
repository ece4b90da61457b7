//! A seeded walk through the dialogue: whatever is said and tapped, in whatever order, a turn ends of itself in
//! listening, a handoff or the end of a flow, says something, and never sticks. `XIAOER_WALK` sets the number of
//! turns (3,000 without it); the seed is printed.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use xiaoer::commerce::Embedded;
use xiaoer::conversation::{ApprovalEnd, Cid, Event, Lang, Status, Tracker, Understanding};
use xiaoer::engine::{Turn, Turned};
use xiaoer::rehearsal::load_scripts;
use xiaoer::store::Ledger;

use crate::support::{ENGINE, block_on, record, root};

const SEED: u64 = 20_261_126;
const TURNS_PER_CONVERSATION: usize = 25;
/// Turns in a row in one flow at one step; more means that it sticks.
const AT_ONE_STEP_MAX: usize = 12;

/// What people say in the shop's own conversations, and what nobody should say.
fn sayings() -> Vec<String> {
    let (scripts, _) = load_scripts(&root().join("knowledge_base"));
    let mut said: Vec<String> = scripts
        .iter()
        .flat_map(|script| {
            let of = |lang: Lang| script.turns.iter().flat_map(move |turn| turn.said(lang));
            Lang::ALL.into_iter().flat_map(of)
        })
        .collect();
    let odd = [
        "算了",
        "never mind",
        "上一步",
        "go back",
        "再说一遍",
        "say that again",
        "我说错了",
        "i made a mistake",
        "第二个",
        "the other one",
        "{{7*7}}",
        "\u{202e}abc",
        "👍👍👍",
        "....",
        "转人工",
        "快点",
        "你们是骗子",
        "0",
        "-1",
        "99999999999999999999",
    ];
    said.extend(odd.map(str::to_owned));
    said.sort();
    said.dedup();
    said
}

struct Walk {
    random: StdRng,
    sayings: Vec<String>,
    /// Understanding is not what is tested here; each saying is understood once.
    understood: BTreeMap<(String, Lang), Understanding>,
}

impl Walk {
    fn next(&mut self, tracker: &Tracker) -> (String, Option<String>) {
        let tap = !tracker.choices.is_empty() && self.random.random_bool(0.45);
        if tap {
            let choice = &tracker.choices[self.random.random_range(0..tracker.choices.len())];
            return (choice.label.clone(), Some(choice.choice.clone()));
        }
        (
            self.sayings[self.random.random_range(0..self.sayings.len())].clone(),
            None,
        )
    }

    /// What people answer to a question of the bot's.
    fn decide(&mut self, asked: u64) -> Event {
        if self.random.random_bool(0.3) {
            let cause = ApprovalEnd::Late;
            return Event::ApprovalClosed { asked, cause };
        }
        let (account, agent) = ("lin".to_owned(), "小林".to_owned());
        Event::ApprovalGiven {
            asked,
            account,
            agent,
            yes: self.random.random_bool(0.5),
            note: None,
        }
    }

    fn understand(&mut self, text: &str, lang: Lang) -> Understanding {
        let brain = ENGINE.brain();
        let key = (text.to_owned(), lang);
        let understand = || brain.nlu.understand(text, lang, brain.bot.shop.day_of(0));
        self.understood.entry(key).or_insert_with(understand).clone()
    }
}

/// The events of a turn that ended of itself.
fn settled(turned: Turned, on: &str) -> Vec<Event> {
    assert!(
        turned.settled,
        "the turn on {on:?} was cut off: {:#?}",
        turned.events
    );
    turned.events
}

async fn converse(walk: &mut Walk, turns: usize) {
    let brain = ENGINE.brain();
    let shop = Embedded::new(brain.bot.clone(), Ledger::forgetful().await.unwrap());
    let (mut log, mut tracker) = (Vec::new(), Tracker::default());
    let lang = Lang::ALL[walk.random.random_range(0..2)];
    record(&mut log, &mut tracker, Event::ConversationStarted { lang });
    if walk.random.random_bool(0.5) {
        let customer = format!("C{:03}", walk.random.random_range(1..26));
        record(
            &mut log,
            &mut tracker,
            Event::Identified {
                customer,
                level: None,
            },
        );
    }
    let (mut place, mut same, mut trail) = (None, 0, Vec::new());
    for at in 0..turns {
        if tracker.ownership.status != Status::WithBot {
            record(&mut log, &mut tracker, Event::resolved("may", "May"));
        }
        if let Some(asked) = tracker.approval.filter(|_| walk.random.random_bool(0.4)) {
            record(&mut log, &mut tracker, walk.decide(asked));
            let turn = Turn::begin(brain.clone(), "walk", &tracker, tracker.last_at).unwrap();
            let events = settled(turn.finish(&shop).await, "a decision");
            events
                .into_iter()
                .for_each(|event| record(&mut log, &mut tracker, event));
            continue;
        }
        let (text, choice) = walk.next(&tracker);
        let cid = Cid::new(format!("walk-{at:06}")).unwrap();
        let said = Event::CustomerSaid {
            cid,
            text: text.clone(),
            choice,
            photos: Vec::new(),
        };
        record(&mut log, &mut tracker, said);
        let mut turn = Turn::begin(brain.clone(), "walk", &tracker, tracker.last_at).unwrap();
        turn.understand(walk.understand(&text, tracker.lang()));
        let events = settled(turn.finish(&shop).await, &text);
        trail.push(text.clone());
        let spoke = events
            .iter()
            .any(|event| matches!(event, Event::BotSaid { text, .. } if !text.is_empty()));
        assert!(spoke, "nothing was said to {text:?}: {events:#?}");
        events
            .into_iter()
            .for_each(|event| record(&mut log, &mut tracker, event));
        assert!(tracker.unanswered().is_none() && tracker.acting.is_none());
        let flows: Vec<String> = tracker.flows().map(str::to_owned).collect();
        let now = tracker.flow.as_ref().map(|flow| (flows, flow.step.clone()));
        same = if now.is_some() && now == place {
            same + 1
        } else {
            0
        };
        assert!(same <= AT_ONE_STEP_MAX, "stuck at {now:?} after {trail:#?}");
        place = now;
    }
    assert_eq!(Tracker::replay(&log), tracker, "the fold is the live state");
}

#[test]
fn a_random_walk_never_sticks() {
    let turns: usize = std::env::var("XIAOER_WALK")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3_000);
    let mut walk = Walk {
        random: StdRng::seed_from_u64(SEED),
        sayings: sayings(),
        understood: BTreeMap::new(),
    };
    block_on(async {
        for _ in 0..turns.div_ceil(TURNS_PER_CONVERSATION) {
            converse(&mut walk, TURNS_PER_CONVERSATION).await;
        }
    });
    println!(
        "seed={SEED} turns={turns} sayings={} stuck=0 cut_off=0",
        walk.sayings.len()
    );
}
