//! `xiaoer explain`: which words made the intent, and how far the explanation can be trusted.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::index;
use serde::Deserialize;
use serde_json::json;

use super::eval::{read_lines, rounded};
use super::{Common, Misuse, brain, print_json};
use crate::conversation::Lang;
use crate::predictors::Predictors;
use crate::predictors::explain::{Explanation, without, word_count};

/// Words taken out to measure fidelity.
const WORDS_OUT: usize = 2;
/// Fewest words of a text on which it is measured.
const WORDS_MIN: usize = 5;
/// Seed of the random words.
const SEED: u64 = 20_261_125;

/// Say which words made the intent of a message
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The message
    text: Option<String>,
    /// Measure fidelity on these messages instead, {"text"} a line: how much the probability falls
    /// without the two words named first, against two words by chance
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    fidelity: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Message {
    text: String,
}

/// Runs the command.
///
/// # Errors
/// When the models or the file cannot be read.
pub fn run(args: &ExplainArgs) -> anyhow::Result<()> {
    let predictors = brain::load_predictors(&args.common)?;
    match (&args.text, &args.fidelity) {
        (Some(text), _) => {
            let told = predictors.explain(text);
            let told = told.ok_or_else(|| Misuse::error("there is only one intent: nothing to explain"))?;
            show(&told, args.json)
        }
        (None, Some(file)) => {
            let messages: Vec<Message> = read_lines(file)?;
            print_json(&fidelity(&predictors, &messages))
        }
        (None, None) => Err(Misuse::error("give a message, or --fidelity FILE")),
    }
}

fn show(told: &Explanation, json: bool) -> anyhow::Result<()> {
    if json {
        let reasons = told
            .reasons
            .iter()
            .map(|r| json!({ "word": r.word, "lead": r.lead }));
        return print_json(&json!({
            "intent": told.intent, "score": told.score,
            "other": told.other, "other_score": told.other_score,
            "reasons": reasons.collect::<Vec<_>>(),
        }));
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} {:.3}, then {} {:.3}",
        told.intent, told.score, told.other, told.other_score
    )?;
    let most = told
        .reasons
        .iter()
        .fold(f32::EPSILON, |most, r| most.max(r.lead.abs()));
    for reason in &told.reasons {
        let bar = "█".repeat((reason.lead.abs() / most * 20.0).round() as usize);
        let sign = if reason.lead < 0.0 { '-' } else { '+' };
        writeln!(out, "  {sign}{:5.2} {bar:<20} {}", reason.lead.abs(), reason.word)?;
    }
    Ok(())
}

/// Mean fall of the probability of the best intent, by language.
fn fidelity(predictors: &Predictors, messages: &[Message]) -> serde_json::Value {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut figures = serde_json::Map::new();
    for lang in Lang::ALL {
        let (mut named, mut chance, mut count) = (0.0, 0.0, 0);
        for message in messages.iter().filter(|m| Lang::of_text(&m.text) == Some(lang)) {
            let words = word_count(&message.text);
            let Some(told) = predictors.explain(&message.text).filter(|_| words >= WORDS_MIN) else {
                continue;
            };
            let fall = |gone: &[usize]| {
                let rest = predictors.predict(&without(&message.text, gone));
                let now = rest.intents.iter().find(|(name, _)| *name == told.intent);
                f64::from(told.score - now.map_or(0.0, |(_, score)| *score))
            };
            named += fall(&told.strongest(WORDS_OUT));
            chance += fall(&index::sample(&mut random, words, WORDS_OUT).into_vec());
            count += 1;
        }
        let mean = |sum: f64| rounded(sum / f64::from(count));
        figures.insert(
            lang.code().to_owned(),
            json!({ "n": count, "fall_without_named": mean(named), "fall_by_chance": mean(chance) }),
        );
    }
    figures.into()
}
