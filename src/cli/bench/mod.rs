//! `xiaoer bench`: speed, one file a subject.

mod knowledge;
mod nlu;

use std::time::Instant;

use clap::Subcommand;

use super::eval::rounded;
use crate::predictors::metrics;

/// Measure speed
#[derive(Subcommand, Debug)]
pub enum BenchCommand {
    /// Understanding a message: intent, sentiment, anger and entities
    Nlu(nlu::NluArgs),
    /// A knowledge base of made-up articles: questions, and saved files going live
    Knowledge(knowledge::KnowledgeArgs),
}

/// Runs the command.
///
/// # Errors
/// When the folders cannot be used.
pub fn run(command: &BenchCommand) -> anyhow::Result<()> {
    match command {
        BenchCommand::Nlu(args) => nlu::run(args),
        BenchCommand::Knowledge(args) => knowledge::run(args),
    }
}

/// Milliseconds since a moment.
fn ms_since(began: Instant) -> f32 {
    began.elapsed().as_secs_f32() * 1_000.0
}

/// Puts quantiles of times under names that tell their unit.
fn put(
    figures: &mut serde_json::Map<String, serde_json::Value>,
    name: &str,
    times: &[f32],
    quantiles: &[(&str, f64)],
) {
    for (part, share) in quantiles {
        let figure = rounded(f64::from(metrics::quantile(times, *share)));
        figures.insert(format!("{name}_{part}_ms"), figure);
    }
}
