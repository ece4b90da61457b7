//! `xiaoer bench nlu`: understanding, beside a peer in the same run on the same messages.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::super::eval::{report, rounded};
use super::super::{Common, brain};
use super::{ms_since, put};
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::nlu::{EntityRules, Nlu};
use crate::predictors::{Encoder, metrics};

/// Messages that warm up caches before anything is measured.
const WARM_UP: usize = 50;
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
