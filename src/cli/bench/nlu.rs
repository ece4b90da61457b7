//! `xiaoer bench nlu`: understanding, beside a peer in the same run on the same messages.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::super::eval::{report, rounded};
use super::super::{Common, brain};
use super::{ms_since, put};
use crate::bot::Bot;
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::nlu::{EntityRules, Nlu};
use crate::predictors::{Encoder, metrics};

/// Messages that warm up caches before anything is measured.
const WARM_UP: usize = 50;
/// Examples of an intent that nlp.js learns.
const NLPJS_EXAMPLES: usize = 40;
const QUANTILES: [(&str, f64); 2] = [("p50", 0.5), ("p99", 0.99)];

#[derive(Args, Debug)]
pub struct NluArgs {
    #[command(flatten)]
    common: Common,
    /// Messages to measure on, spread over the shop's examples
    #[arg(long, default_value_t = 1_000)]
    messages: usize,
    /// An encoder of BERT type to measure beside ours
    #[arg(long, value_name = "DIR")]
    peer: Option<PathBuf>,
    /// A folder with node_modules/node-nlp: nlp.js, through node, is measured on the same messages
    #[arg(long, value_name = "DIR")]
    nlpjs: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &NluArgs) -> anyhow::Result<()> {
    let bot = brain::load_bot(&args.common.knowledge_base)?;
    let predictors = brain::load_predictors(&args.common)?;
    let nlu = Nlu::new(predictors, EntityRules::of(&bot));
    let today = bot.shop.day_of(SystemClock.now());
    let all: Vec<&str> = bot
        .intents
        .values()
        .flat_map(|intent| intent.examples.iter().map(|e| e.text.as_str()))
        .collect();
    let stride = (all.len() / args.messages.max(1)).max(1);
    let messages: Vec<&str> = all.into_iter().step_by(stride).collect();
    let understand = |text: &str| drop(nlu.understand(text, Lang::Zh, today));
    let ours = times(&messages, understand);
    let mut figures = serde_json::Map::new();
    figures.insert("messages".to_owned(), messages.len().into());
    put(&mut figures, "understand", &ours, &QUANTILES);
    figures.insert(
        "messages_per_s_two_threads".to_owned(),
        rounded(throughput(&messages, understand)),
    );
    if let Some(folder) = &args.peer {
        let peer = Encoder::load(folder)?;
        let theirs = times(&messages, |text| drop(peer.encode(text)));
        put(&mut figures, "peer_encode", &theirs, &QUANTILES);
        let ratio = metrics::quantile(&theirs, 0.5) / metrics::quantile(&ours, 0.5);
        figures.insert("peer_p50_over_ours".to_owned(), rounded(f64::from(ratio)));
    }
    if let Some(folder) = &args.nlpjs {
        let theirs = nlpjs(folder, &bot, &messages)?;
        put(&mut figures, "nlpjs", &theirs, &QUANTILES);
        let ratio = metrics::quantile(&theirs, 0.5) / metrics::quantile(&ours, 0.5);
        figures.insert("nlpjs_p50_over_ours".to_owned(), rounded(f64::from(ratio)));
    }
    report(&json!(figures), args.json)
}

/// Milliseconds of each message, one after the other.
fn times(messages: &[&str], work: impl Fn(&str)) -> Vec<f32> {
    messages.iter().take(WARM_UP).for_each(|text| work(text));
    let one = |text: &&str| {
        let began = Instant::now();
        work(text);
        ms_since(began)
    };
    messages.iter().map(one).collect()
}

/// Milliseconds of each message in nlp.js, which is told some examples of each intent first: it learns slowly, and
/// how many it knows matters little for how long it takes.
fn nlpjs(folder: &Path, bot: &Bot, messages: &[&str]) -> anyhow::Result<Vec<f32>> {
    #[derive(Deserialize)]
    struct Told {
        times: Vec<f32>,
    }
    let lang = |text: &str| Lang::of_text(text).unwrap_or(Lang::En).code();
    let examples = bot.intents.values().flat_map(|intent| {
        let some = intent.examples.iter().take(NLPJS_EXAMPLES);
        some.map(|example| (lang(&example.text), &intent.name, &example.text))
    });
    let asked = json!({
        "train": examples.collect::<Vec<_>>(),
        "messages": messages.iter().map(|text| (lang(text), text)).collect::<Vec<_>>(),
    });
    let mut node = std::process::Command::new("node")
        .arg("benches/nlpjs.mjs")
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("node is not there; install it, or leave out --nlpjs")?;
    if let Some(mut stdin) = node.stdin.take() {
        stdin.write_all(asked.to_string().as_bytes())?;
    }
    let told = node.wait_with_output()?;
    anyhow::ensure!(
        told.status.success(),
        "nlp.js failed; is node-nlp in {}?",
        folder.display()
    );
    Ok(serde_json::from_slice::<Told>(&told.stdout)?.times)
}

/// Messages a second with two threads at work.
fn throughput(messages: &[&str], work: impl Fn(&str) + Sync) -> f64 {
    let began = Instant::now();
    let (first, second) = messages.split_at(messages.len() / 2);
    std::thread::scope(|scope| {
        for half in [first, second] {
            let work = &work;
            scope.spawn(move || half.iter().for_each(|text| work(text)));
        }
    });
    messages.len() as f64 / began.elapsed().as_secs_f64()
}
