//! `xiaoer eval messages`: labelled messages through exactly what the server understands with.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::super::{Common, brain};
use super::{perturb, read_lines, report, rounded};
use crate::conversation::{Lang, Sentiment, Understanding};
use crate::engine::{Clock, SystemClock};
use crate::nlu::{EntityRules, Nlu};
use crate::predictors::{OUT_OF_SCOPE, metrics};

#[derive(Args, Debug)]
pub struct MessagesArgs {
    /// The labelled messages
    file: PathBuf,
    #[command(flatten)]
    common: Common,
    /// Measure the same messages with slips, in traditional characters, full width and so on as well
    #[arg(long)]
    perturb: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize, Debug)]
struct Message {
    text: String,
    intent: String,
    #[serde(default)]
    sentiment: Option<Sentiment>,
    #[serde(default)]
    anger: Option<u8>,
    #[serde(default)]
    lang: Option<Lang>,
}

/// A message with what was understood of it.
struct Scored {
    message: Message,
    lang: Lang,
    understanding: Understanding,
    ms: f32,
}

pub(super) fn run(args: &MessagesArgs) -> anyhow::Result<()> {
    let messages: Vec<Message> = read_lines(&args.file)?;
    let bot = brain::load_bot(&args.common.knowledge_base)?;
    let predictors = brain::load_predictors(&args.common)?;
    let nlu = Nlu::new(predictors, EntityRules::of(&bot));
    let today = bot.shop.day_of(SystemClock.now());
    let perturbed = args.perturb.then(|| perturbed(&nlu, &messages, today));
    let scored: Vec<Scored> = messages.into_iter().map(|m| score(&nlu, m, today)).collect();
    let mut figures = figures(&scored.iter().collect::<Vec<_>>());
    let mut by_lang = serde_json::Map::new();
    for lang in Lang::ALL {
        let part: Vec<&Scored> = scored.iter().filter(|s| s.lang == lang).collect();
        if !part.is_empty() {
            by_lang.insert(lang.code().to_owned(), figures_value(&part));
        }
    }
    figures.insert("by_lang".to_owned(), by_lang.into());
    if let Some(perturbed) = perturbed {
        figures.insert("accuracy_perturbed".to_owned(), perturbed);
    }
    report(&figures.into(), args.json)
}

/// Accuracy on the same messages, changed in one way after the other.
fn perturbed(nlu: &Nlu, messages: &[Message], today: jiff::civil::Date) -> serde_json::Value {
    let accuracy = |change: fn(&str) -> String| {
        let right = messages.iter().filter(|message| {
            let understood = nlu.understand(&change(&message.text), Lang::Zh, today);
            understood.intent() == message.intent
        });
        rounded(right.count() as f64 / messages.len() as f64)
    };
    let rows = perturb::ALL
        .iter()
        .map(|(name, change)| ((*name).to_owned(), accuracy(*change)));
    serde_json::Value::Object(rows.collect())
}

fn score(nlu: &Nlu, message: Message, today: jiff::civil::Date) -> Scored {
    let lang = message
        .lang
        .or_else(|| Lang::of_text(&message.text))
        .unwrap_or(Lang::Zh);
    let began = Instant::now();
    let understanding = nlu.understand(&message.text, lang, today);
    let ms = began.elapsed().as_secs_f32() * 1_000.0;
    Scored {
        message,
        lang,
        understanding,
        ms,
    }
}

fn figures_value(scored: &[&Scored]) -> serde_json::Value {
    figures(scored).into()
}

fn figures(scored: &[&Scored]) -> serde_json::Map<String, serde_json::Value> {
    let mut names: Vec<&str> = scored.iter().map(|s| s.message.intent.as_str()).collect();
    names.extend(scored.iter().map(|s| s.understanding.intent()));
    names.sort_unstable();
    names.dedup();
    let place = |name: &str| names.binary_search(&name).unwrap_or(names.len());
    let truth: Vec<usize> = scored.iter().map(|s| place(&s.message.intent)).collect();
    let said: Vec<usize> = scored.iter().map(|s| place(s.understanding.intent())).collect();
    let right: Vec<bool> = truth.iter().zip(&said).map(|(t, s)| t == s).collect();
    let best = |s: &&Scored| s.understanding.intents.first().map_or(0.0, |r| r.score);
    let confidence: Vec<f32> = scored.iter().map(best).collect();
    let scope = |outside: bool| -> Vec<f32> {
        let part = scored
            .iter()
            .filter(|s| (s.message.intent == OUT_OF_SCOPE) == outside);
        part.map(|s| s.understanding.in_scope).collect()
    };
    let times: Vec<f32> = scored.iter().map(|s| s.ms).collect();
    let (sentiment_accuracy, sentiment_macro_f1) = sentiment_figures(scored);
    let figures = json!({
        "n": scored.len(),
        "accuracy": rounded(metrics::accuracy(&truth, &said)),
        "macro_f1": rounded(metrics::macro_f1(&truth, &said, names.len())),
        "oos_recall_at_5pct_false_refusal":
            rounded(metrics::oos_recall_at_5pct(&scope(false), &scope(true))),
        "ece": rounded(metrics::ece(&confidence, &right)),
        "sentiment_accuracy": rounded(sentiment_accuracy),
        "sentiment_macro_f1": rounded(sentiment_macro_f1),
        "anger_macro_f1": rounded(anger_f1(scored)),
        "p50_ms": rounded(f64::from(metrics::quantile(&times, 0.5))),
        "p99_ms": rounded(f64::from(metrics::quantile(&times, 0.99))),
    });
    figures.as_object().cloned().unwrap_or_default()
}

fn sentiment_figures(scored: &[&Scored]) -> (f64, f64) {
    let place = |sentiment: Sentiment| Sentiment::ALL.iter().position(|s| *s == sentiment).unwrap_or(0);
    let (truth, said): (Vec<usize>, Vec<usize>) = scored
        .iter()
        .filter_map(|s| Some((place(s.message.sentiment?), place(s.understanding.sentiment))))
        .unzip();
    if truth.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    (
        metrics::accuracy(&truth, &said),
        metrics::macro_f1(&truth, &said, 3),
    )
}

/// Over the messages labelled negative.
fn anger_f1(scored: &[&Scored]) -> f64 {
    let (truth, said): (Vec<usize>, Vec<usize>) = scored
        .iter()
        .filter(|s| s.message.sentiment == Some(Sentiment::Negative))
        .filter_map(|s| Some((usize::from(s.message.anger?), usize::from(s.understanding.anger))))
        .unzip();
    if truth.is_empty() {
        f64::NAN
    } else {
        metrics::macro_f1(&truth, &said, 3)
    }
}
