//! `xiaoer eval`: figures anyone can check, each command printing one JSON object with `--json`.

mod classifier;
mod knowledge;
mod messages;
mod pairs;
mod perturb;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;

use super::print_json;

/// Measure the bot, the recipe or the knowledge base
#[derive(Subcommand, Debug)]
pub enum EvalCommand {
    /// Messages through the served bot: {"text", "intent", "sentiment"?, "anger"?} a line
    Messages(messages::MessagesArgs),
    /// Our recipe on any labelled files: {"text", "label"} a line
    Classifier(classifier::ClassifierArgs),
    /// Questions to a folder of articles: {"q", "lang", "answers", "span"?, "kind"?, "context"?} a line
    Knowledge(knowledge::KnowledgeArgs),
    /// Whether the encoder knows what means the same: {"a", "b", "score"} a line
    Pairs(pairs::PairsArgs),
}

/// The encoder, for commands that need no shop.
#[derive(Args, Debug)]
pub(super) struct EncoderArgs {
    /// The text encoder
    #[arg(
        long,
        env = "XIAOER_ENCODER",
        default_value = "models/encoder",
        value_name = "DIR"
    )]
    encoder: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// When files cannot be read or the folders cannot be used.
pub fn run(command: &EvalCommand) -> anyhow::Result<()> {
    match command {
        EvalCommand::Messages(args) => messages::run(args),
        EvalCommand::Classifier(args) => classifier::run(args),
        EvalCommand::Knowledge(args) => knowledge::run(args),
        EvalCommand::Pairs(args) => pairs::run(args),
    }
}

/// Reads one JSON value a line; a mistake names its line.
pub(super) fn read_lines<T: DeserializeOwned>(file: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut rows = Vec::new();
    for (at, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let row = serde_json::from_str(line);
        rows.push(row.with_context(|| format!("{}:{}", file.display(), at + 1))?);
    }
    anyhow::ensure!(!rows.is_empty(), "{} has no lines", file.display());
    Ok(rows)
}

/// One object on stdout, or its fields as lines for people.
pub(super) fn report(value: &serde_json::Value, json: bool) -> anyhow::Result<()> {
    if json {
        return print_json(value);
    }
    let mut out = std::io::stdout().lock();
    for (key, figure) in value.as_object().into_iter().flatten() {
        writeln!(out, "{key:<32} {figure}")?;
    }
    Ok(())
}

/// Rounds for printing; figures that do not exist become null.
pub(super) fn rounded(figure: f64) -> serde_json::Value {
    if figure.is_finite() {
        ((figure * 10_000.0).round() / 10_000.0).into()
    } else {
        serde_json::Value::Null
    }
}
