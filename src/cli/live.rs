//! A saved file is live: the knowledge base is watched, read again when it changes, checked, indexed beside
//! what is served, and put in its place in one move. A folder with an error in it is not served; what was
//! served before goes on until the file is mended.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::bot::{Bot, Problem, Severity, version_of};
use crate::engine::{Brain, Engine};
use crate::nlu::EntityRules;

/// Editors write in several moves; a save is over when nothing happens for so long.
const QUIET: Duration = Duration::from_millis(80);
/// A folder that never rests is read after so long all the same.
const RESTLESS_MAX: Duration = Duration::from_millis(600);
/// Readings of a folder that changes while it is read, before its next change is waited for.
const READINGS_MAX: usize = 5;

/// What became of a change.
#[derive(Debug)]
pub enum Change {
    /// It is served.
    Live {
        /// Version of the knowledge base.
        version: String,
        /// Passages served.
        passages: usize,
        /// Time from the first sign of the change, in milliseconds.
        ms: u128,
    },
    /// It has errors; what was served before goes on.
    Refused(Vec<Problem>),
    /// It could not be indexed; what was served before goes on.
    Failed(String),
}

/// Watches until it is dropped.
pub struct Live {
    _watcher: RecommendedWatcher,
}

/// Watches the folder and keeps the engine's brain to it; `told` hears of every change.
///
/// # Errors
/// When the system cannot watch the folder.
pub fn watch(root: &Path, engine: Engine, told: impl FnMut(Change) + Send + 'static) -> anyhow::Result<Live> {
    let (saw, seen) = channel();
    // It may have changed since it was loaded.
    let _listening = saw.send(());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading the folder is an event too. Nobody listens any more: the server is closing.
        if event.as_ref().map_or(true, |e| !e.kind.is_access()) {
            let _closing = saw.send(());
        }
    })?;
    watcher
        .watch(root, RecursiveMode::Recursive)
        .with_context(|| format!("cannot watch {}", root.display()))?;
    let root = root.to_owned();
    std::thread::Builder::new()
        .name("knowledge".to_owned())
        .spawn(move || keep(&root, &engine, &seen, told))?;
    Ok(Live { _watcher: watcher })
}

fn keep(root: &Path, engine: &Engine, seen: &Receiver<()>, mut told: impl FnMut(Change)) {
    while seen.recv().is_ok() {
        let began = Instant::now();
        settle(seen, began);
        if let Some(change) = renew(root, engine, began) {
            told(change);
        }
    }
}

/// Waits until the save is over.
fn settle(seen: &Receiver<()>, began: Instant) {
    while began.elapsed() < RESTLESS_MAX {
        match seen.recv_timeout(QUIET) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Reads the folder and serves it; `None` when nothing in it is different.
fn renew(root: &Path, engine: &Engine, began: Instant) -> Option<Change> {
    let before = engine.brain();
    let version = version_of(root);
    if version == before.bot.version {
        return None;
    }
    let bot = match read(root, version, &before.bot) {
        Ok(bot) => bot,
        Err(problems) => return Some(Change::Refused(problems)),
    };
    let knowledge = match before.knowledge.rebuilt(&bot.all_articles(), &bot.faq) {
        Ok(knowledge) => knowledge,
        Err(error) => return Some(Change::Failed(error.to_string())),
    };
    let (version, passages) = (bot.version.clone(), knowledge.passages());
    let bot = Arc::new(bot);
    engine.put(Brain {
        nlu: Arc::new(before.nlu.with_rules(EntityRules::of(&bot))),
        shop: before.shop.renewed(&bot),
        knowledge: Arc::new(knowledge),
        bot,
    });
    Some(Change::Live {
        version,
        passages,
        ms: began.elapsed().as_millis(),
    })
}

/// The folder as it stood at one moment: read again when it is no longer what it was, of this `version`, before.
fn read(root: &Path, mut version: String, before: &Bot) -> Result<Bot, Vec<Problem>> {
    let mut readings = 0;
    loop {
        let (bot, problems) = before.reloaded(root);
        readings += 1;
        match bot {
            Some(bot) if bot.version == version || readings == READINGS_MAX => return Ok(bot),
            Some(bot) => version = bot.version,
            None => {
                let errors = problems.into_iter().filter(|p| p.severity == Severity::Error);
                return Err(errors.collect());
            }
        }
    }
}

/// Tells people of a change, on stderr.
pub fn tell(change: &Change) {
    let told = match change {
        Change::Live {
            version,
            passages,
            ms,
        } => {
            format!("knowledge base {version} is live: {passages} passages, {ms} ms after it was saved")
        }
        Change::Refused(problems) => {
            let lines = problems.iter().map(|problem| format!("{problem}\n"));
            lines.collect::<String>() + "the knowledge base is served as it was before, until this is mended"
        }
        Change::Failed(why) => format!("the changed knowledge base could not be indexed: {why}"),
    };
    // Nobody to tell when stderr is gone.
    let _gone = writeln!(std::io::stderr(), "{told}");
}
