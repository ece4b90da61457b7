//! A saved file is live, a broken one is refused by file and line, and no answer mixes two versions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use xiaoer::bot::{Article, Bot, Handling};
use xiaoer::cli::live::{Change, Live, watch};
use xiaoer::conversation::{Cid, Event, Lang, Ranked, Recorded, Sentiment, Tracker, Understanding};
use xiaoer::engine::{Brain, Engine};
use xiaoer::nlu::EntityRules;

use crate::support::{ENGINE, block_on, copy_folder, root};

/// How long a change may take on a busy machine before the test calls it lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// Changes under load; `XIAOER_SWAPS` says how many.
const SWAPS: usize = 100;
/// Files saved under load; `XIAOER_SAVES` says how many.
const SAVES: usize = 12;
const FRONT: &str = "---\nid: juggling\ntitle: How unicycles are juggled\n---\n";
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
        photos: Vec::new(),
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
        part: None,
        entities: Vec::new(),
    };
    let brain = engine.brain();
    let mut turn = xiaoer::engine::Turn::begin(brain.clone(), "live", &tracker, 0).unwrap();
    turn.understand(understanding);
    let events = block_on(turn.finish(&*brain.shop)).events;
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

/// A copy of the shop whose changes are served.
struct Watched {
    folder: tempfile::TempDir,
    engine: Engine,
    changes: Receiver<Change>,
    _live: Live,
}

impl Watched {
    /// `prepare` writes into the folder before it is loaded.
    fn new(prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(&root().join("knowledge_base"), folder.path());
        prepare(folder.path());
        let brain = ENGINE.brain();
        let bot = Bot::load(folder.path()).0.unwrap();
        let engine = Engine::new(Brain {
            knowledge: Arc::new(brain.knowledge.rebuilt(&bot.all_articles(), &bot.faq).unwrap()),
            nlu: brain.nlu.clone(),
            shop: brain.shop.clone(),
            bot: Arc::new(bot),
        });
        let (told, changes) = channel();
        let live = watch(folder.path(), engine.clone(), move |change| {
            drop(told.send(change));
        });
        Self {
            folder,
            engine,
            changes,
            _live: live.unwrap(),
        }
    }
}

#[test]
fn a_saved_file_is_live_and_a_broken_one_is_refused() {
    let Watched {
        folder,
        engine,
        changes,
        ..
    } = &Watched::new(|_| {});
    save(folder.path(), &format!("{FRONT}{}", juggling(1)));
    match next(changes) {
        Change::Live { version, .. } => assert_eq!(version, engine.brain().bot.version),
        other => panic!("{other:?}"),
    }
    assert!(ask(engine).1.contains("Unicycles 1"));

    save(
        folder.path(),
        "---\nid: juggling\ntitle: [broken\n---\nUnicycles 2.\n",
    );
    match next(changes) {
        Change::Refused(problems) => {
            let told = problems[0].to_string();
            assert!(told.contains("articles/en/juggling.md:3"), "{told}");
        }
        other => panic!("{other:?}"),
    }
    assert!(ask(engine).1.contains("Unicycles 1"), "the old version goes on");

    save(folder.path(), &format!("{FRONT}{}", juggling(3)));
    assert!(matches!(next(changes), Change::Live { .. }));
    assert!(ask(engine).1.contains("Unicycles 3"));
}

/// The number that an answer says, which it must say twice.
fn number_of(text: &str) -> usize {
    let of = |before: &str| -> usize {
        let rest = text.split(before).nth(1).unwrap_or_default();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap_or_else(|_| panic!("no answer: {text}"))
    };
    let number = of("Unicycles ");
    assert_eq!(number, of("for unicycles "), "{text}");
    number
}

#[test]
fn saves_with_broken_ones_among_them_never_mix_and_never_fail() {
    let saves = std::env::var("XIAOER_SAVES").map_or(SAVES, |n| n.parse().unwrap());
    let Watched {
        folder,
        engine,
        changes,
        ..
    } = &Watched::new(|folder| save(folder, &format!("{FRONT}{}", juggling(0))));
    let over = AtomicBool::new(false);
    let (answers, broken) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut answers, mut last) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                let number = number_of(&ask(engine).1);
                assert!(number >= last && !is_broken(number), "{number} after {last}");
                (answers, last) = (answers + 1, number);
            }
            answers
        });
        for number in 1..=saves {
            if is_broken(number) {
                save(
                    folder.path(),
                    &format!("---\nid: juggling\ntitle: [{number}\n---\n{}", juggling(number)),
                );
                assert!(matches!(next(changes), Change::Refused(_)), "{number}");
            } else {
                save(folder.path(), &format!("{FRONT}{}", juggling(number)));
                assert!(matches!(next(changes), Change::Live { .. }), "{number}");
                assert_eq!(number_of(&ask(engine).1), number);
            }
            assert!(!asking.is_finished(), "the asking stopped at {number}");
        }
        over.store(true, Ordering::Relaxed);
        (
            asking.join().unwrap(),
            (1..=saves).filter(|number| is_broken(*number)).count(),
        )
    });
    println!("saves={saves} broken={broken} answers={answers}");
}

/// Every fourth save is broken.
fn is_broken(number: usize) -> bool {
    number % 4 == 2
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
        knowledge: Arc::new(before.knowledge.rebuilt(&[Arc::new(article)], &[]).unwrap()),
        nlu: Arc::new(before.nlu.with_rules(EntityRules::of(&bot))),
        shop: before.shop.clone(),
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
