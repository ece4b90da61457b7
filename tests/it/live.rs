//! A saved file is live, a broken one is refused by file and line, and no answer mixes two versions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use xiaoer::bot::{Article, Bot, Handling};
use xiaoer::cli::live::{Change, watch};
use xiaoer::conversation::{Cid, Event, Lang, Ranked, Recorded, Sentiment, Tracker, Understanding};
use xiaoer::engine::{Brain, Engine};
use xiaoer::nlu::EntityRules;

use crate::support::{ENGINE, copy_folder, root};

/// How long a change may take on a busy machine before the test calls it lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// Changes under load; `XIAOER_SWAPS` says how many.
const SWAPS: usize = 100;
const QUESTION: &str = "how are unicycles juggled";

/// Saves as an editor does: beside, then renamed.
fn save(folder: &Path, text: &str) {
    let file = folder.join("articles/en/juggling.md");
    std::fs::write(file.with_extension("new"), text).unwrap();
    std::fs::rename(file.with_extension("new"), file).unwrap();
}

fn juggling(number: usize) -> String {
    format!("Unicycles {number} are juggled.\n\nAsk for unicycles {number} again.\n")
}

/// The turn on the question, and what the bot said in it.
fn ask(engine: &Engine) -> (Vec<Event>, String) {
    let mut tracker = Tracker::default();
    let said = Event::CustomerSaid {
        cid: Cid::new("scripted-live".to_owned()).unwrap(),
        text: QUESTION.to_owned(),
        choice: None,
    };
    for (seq, event) in (1..).zip([Event::ConversationStarted { lang: Lang::En }, said]) {
        tracker.apply(&Recorded { seq, at: 0, event });
    }
    let understanding = Understanding {
        lang: Lang::En,
        intents: vec![Ranked {
            intent: "business_info".to_owned(),
            score: 1.0,
        }],
        in_scope: 1.0,
        certain: true,
        sentiment: Sentiment::Neutral,
        anger: 0,
        also: None,
        entities: Vec::new(),
    };
    let events = engine
        .take_turn_understood("live", &tracker, 0, understanding)
        .events;
    let texts = events.iter().filter_map(|event| match event {
        Event::BotSaid { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n");
    (events, text)
}

fn next(changes: &Receiver<Change>) -> Change {
    changes.recv_timeout(PATIENCE).expect("the change is seen")
}

#[test]
fn a_saved_file_is_live_and_a_broken_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("knowledge_base"), folder.path());
    let brain = ENGINE.brain();
    let (bot, _) = Bot::load(folder.path());
    let engine = Engine::new(Brain {
        bot: Arc::new(bot.unwrap()),
        knowledge: brain.knowledge.rebuilt(&[], &[]).unwrap(),
        nlu: brain.nlu.with_rules(EntityRules::of(&brain.bot)),
    });
    let (told, changes) = channel();
    let _live = watch(folder.path(), engine.clone(), move |change| {
        drop(told.send(change));
    })
    .unwrap();

    let front = "---\nid: juggling\ntitle: How unicycles are juggled\n---\n";
    save(folder.path(), &format!("{front}{}", juggling(1)));
    match next(&changes) {
        Change::Live { version, .. } => assert_eq!(version, engine.brain().bot.version),
        other => panic!("{other:?}"),
    }
    assert!(ask(&engine).1.contains("Unicycles 1"));

    save(
        folder.path(),
        "---\nid: juggling\ntitle: [broken\n---\nUnicycles 2.\n",
    );
    match next(&changes) {
        Change::Refused(problems) => {
            let told = problems[0].to_string();
            assert!(told.contains("articles/en/juggling.md:3"), "{told}");
        }
        other => panic!("{other:?}"),
    }
    assert!(ask(&engine).1.contains("Unicycles 1"), "the old version goes on");

    save(folder.path(), &format!("{front}{}", juggling(3)));
    assert!(matches!(next(&changes), Change::Live { .. }));
    assert!(ask(&engine).1.contains("Unicycles 3"));
}

/// A brain that knows one article, which says its number twice.
fn numbered(before: &Brain, number: usize) -> Brain {
    let article = Article {
        id: "juggling".to_owned(),
        title: "How unicycles are juggled".to_owned(),
        lang: Lang::En,
        tags: Vec::new(),
        questions: Vec::new(),
        handling: Handling::default(),
        body: juggling(number),
        file: "juggling.md".into(),
        body_line: 1,
        source: 0,
    };
    let mut bot = Bot::clone(&before.bot);
    bot.intents
        .values_mut()
        .for_each(|intent| intent.examples.clear());
    bot.version = format!("v{number}");
    Brain {
        knowledge: before.knowledge.rebuilt(&[Arc::new(article)], &[]).unwrap(),
        nlu: before.nlu.with_rules(EntityRules::of(&bot)),
        bot: Arc::new(bot),
    }
}

#[test]
fn no_answer_mixes_two_versions() {
    let swaps = std::env::var("XIAOER_SWAPS").map_or(SWAPS, |n| n.parse().unwrap());
    let engine = Engine::new(numbered(&ENGINE.brain(), 0));
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            while !over.load(Ordering::Relaxed) {
                let (events, text) = ask(&engine);
                asked.fetch_add(1, Ordering::Relaxed);
                let Some(Event::TurnEnded { knowledge, .. }) = events.last() else {
                    panic!("a turn that does not end: {events:?}");
                };
                let wanted = juggling(knowledge[1..].parse().unwrap());
                let whole = wanted
                    .lines()
                    .filter(|l| !l.is_empty())
                    .all(|line| text.contains(line));
                assert!(whole, "{knowledge}: {text}");
                *seen.entry(knowledge.clone()).or_default() += 1;
            }
            seen
        });
        for number in 1..=swaps {
            engine.put(numbered(&engine.brain(), number));
            // The turn that is under way may keep the brain it began with; the next one has the new one.
            let before = asked.load(Ordering::Relaxed);
            while asked.load(Ordering::Relaxed) < before + 2 && !asking.is_finished() {
                std::thread::yield_now();
            }
        }
        over.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    println!(
        "swaps={swaps} answers={} versions={}",
        asked.load(Ordering::Relaxed),
        seen.len()
    );
    assert!(seen.len() >= swaps, "only {} versions answered", seen.len());
}
