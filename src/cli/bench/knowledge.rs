//! `xiaoer bench knowledge`: a shop with thousands of articles. They are recombined from the sentences of the
//! shop's own, by a seed, so words and lengths are those of real ones.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::super::eval::{report, rounded};
use super::super::live::{Change, watch};
use super::super::progress::Bars;
use super::super::{Common, brain};
use super::{ms_since, put};
use crate::bot::{Audience, Bot};
use crate::conversation::Lang;
use crate::engine::{Clock, Engine, SystemClock};
use crate::knowledge::Query;
use crate::predictors::Progress;

/// Seed of the articles and of the questions.
const SEED: u64 = 20_261_125;
/// Sections of an article, and sentences of a section.
const SECTIONS: usize = 2;
const SENTENCES: usize = 4;
/// A save that takes longer than this, in seconds, is lost.
const SAVE_S_MAX: u64 = 60;

#[derive(Args, Debug)]
pub struct KnowledgeArgs {
    #[command(flatten)]
    common: Common,
    /// Made-up articles, beside the shop's own
    #[arg(long, default_value_t = 10_000)]
    articles: usize,
    /// Questions asked
    #[arg(long, default_value_t = 1_000)]
    questions: usize,
    /// Files saved one after the other
    #[arg(long, default_value_t = 40)]
    saves: usize,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &KnowledgeArgs) -> anyhow::Result<()> {
    let folder = Folder::made(args)?;
    let common = Common {
        knowledge_base: folder.0.clone(),
        ..args.common.clone()
    };
    let mut bars = Bars::new();
    bars.say("indexing, which takes the encoder a while ...");
    let began = Instant::now();
    let brain = brain::runtime()?.block_on(brain::load_for_trial(&common))?;
    let mut figures = serde_json::Map::new();
    figures.insert("articles".to_owned(), brain.bot.articles.len().into());
    figures.insert("passages".to_owned(), brain.knowledge.passages().into());
    figures.insert("load_s".to_owned(), rounded(began.elapsed().as_secs_f64()));
    let engine = Engine::new(brain);
    let asked = questions(&engine, args.questions);
    let ms: Vec<f32> = asked
        .iter()
        .map(|(text, lang)| ask(&engine, text, *lang).0)
        .collect();
    put(
        &mut figures,
        "question",
        &ms,
        &[("p50", 0.5), ("p95", 0.95), ("p99", 0.99)],
    );
    let saves = saves(&folder.0, &engine, args.saves, &mut bars)?;
    put(
        &mut figures,
        "save_to_answer",
        &saves,
        &[("p50", 0.5), ("p95", 0.95), ("most", 1.0)],
    );
    figures.insert(
        "resident_mib".to_owned(),
        resident_mib().map_or(json!(null), Into::into),
    );
    report(&json!(figures), args.json)
}

/// A folder that goes away with its owner.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies among temporary files, which the system clears as well.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    /// The shop's folder with made-up articles in it.
    fn made(args: &KnowledgeArgs) -> anyhow::Result<Self> {
        let from = &args.common.knowledge_base;
        let bot = brain::load_bot(from)?;
        let folder = Self(std::env::temp_dir().join(format!("xiaoer-bench-{}", std::process::id())));
        copy(from, &folder.0).with_context(|| format!("cannot copy {}", from.display()))?;
        let mut random = StdRng::seed_from_u64(SEED);
        let pools = Lang::ALL.map(|lang| (lang, sentences(&bot, lang)));
        for at in 0..args.articles {
            let (lang, pool) = &pools[at % pools.len()];
            let text = article(at, *lang, pool, &mut random);
            std::fs::write(file_of(&folder.0, at), text)?;
        }
        Ok(folder)
    }
}

fn file_of(folder: &Path, at: usize) -> PathBuf {
    let lang = Lang::ALL[at % Lang::ALL.len()];
    folder.join(format!("articles/{}/made-up-{at}.md", lang.code()))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Sentences of the shop's articles.
fn sentences(bot: &Bot, lang: Lang) -> Vec<String> {
    let of_lang = bot.articles.iter().filter(|article| article.lang == lang);
    let lines = of_lang.flat_map(|article| article.body.lines());
    lines
        .filter(|line| !line.starts_with(['#', '|', '-', ' ']))
        .flat_map(|line| line.split_inclusive(['。', '.', '!', '？']))
        .map(|sentence| sentence.trim().to_owned())
        .filter(|sentence| sentence.chars().count() > 8)
        .collect()
}

fn article(at: usize, lang: Lang, pool: &[String], random: &mut StdRng) -> String {
    let line = |random: &mut StdRng| pool.choose(random).cloned().unwrap_or_default();
    let short =
        |random: &mut StdRng| -> String { line(random).replace(['"', ':'], " ").chars().take(40).collect() };
    let code = format!("{}{at}", ["XM", "QM", "TR", "KB"][random.random_range(0..4)]);
    let mut text = format!(
        "---\nid: made-up-{at}\ntitle: \"{code} {}\"\nquestions:\n",
        short(random)
    );
    for _ in 0..2 {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  - \"{} {code}\"", short(random));
    }
    text.push_str("---\n");
    for section in 0..SECTIONS {
        if section > 0 {
            let _ = writeln!(text, "\n## {}\n", short(random));
        }
        let _ = write!(text, "{code}: ");
        for _ in 0..SENTENCES {
            text.push_str(&line(random));
            text.push_str(if lang == Lang::En { " " } else { "" });
        }
        text.push('\n');
    }
    text
}

/// Questions as shoppers ask them: the examples of the shop's intents.
fn questions(engine: &Engine, count: usize) -> Vec<(String, Lang)> {
    let brain = engine.brain();
    let mut random = StdRng::seed_from_u64(SEED);
    let examples = brain.bot.intents.values().flat_map(|intent| &intent.examples);
    let all: Vec<(String, Lang)> = examples
        .filter_map(|example| Some((example.text.clone(), Lang::of_text(&example.text)?)))
        .collect();
    let chosen = (0..count).filter_map(|_| all.choose(&mut random).cloned());
    chosen.collect()
}

/// Milliseconds of an answer, and its text.
fn ask(engine: &Engine, text: &str, lang: Lang) -> (f32, String) {
    let brain = engine.brain();
    let query = Query {
        text,
        lang,
        context: None,
        audience: Audience::Public,
        today: brain.bot.shop.day_of(SystemClock.now()),
    };
    let began = Instant::now();
    let answer = brain.knowledge.answer(&query);
    (ms_since(began), answer.text)
}

/// Milliseconds from a file's save to the first answer from it.
fn saves(folder: &Path, engine: &Engine, count: usize, bars: &mut Bars) -> anyhow::Result<Vec<f32>> {
    let (told, changes) = channel();
    let _live = watch(folder, engine.clone(), move |change| {
        // Nobody listens once everything is measured.
        let _over = told.send(change);
    })?;
    let mut all = Vec::with_capacity(count);
    for at in 0..count {
        let file = file_of(folder, at * 7);
        let (word, beside) = (format!("zyxxel{at}q"), file.with_extension("new"));
        let text = format!(
            "---\nid: made-up-{}\ntitle: {word}\n---\nThe word is {word} number {at}.\n",
            at * 7
        );
        let began = Instant::now();
        std::fs::write(&beside, text)?;
        std::fs::rename(&beside, &file)?;
        wait(&changes)?;
        let (_, answer) = ask(engine, &word, Lang::En);
        all.push(ms_since(began));
        if !answer.contains(&format!("number {at}.")) {
            bail!("the saved file {} does not answer: {answer}", file.display());
        }
        bars.show(Progress {
            what: "save",
            done: at + 1,
            all: count,
            loss: None,
        });
    }
    Ok(all)
}

fn wait(changes: &Receiver<Change>) -> anyhow::Result<()> {
    match changes.recv_timeout(Duration::from_secs(SAVE_S_MAX))? {
        Change::Live { .. } => Ok(()),
        other => bail!("a save did not go live: {other:?}"),
    }
}

/// Memory that this process holds, where the system tells.
fn resident_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1_024)
}
