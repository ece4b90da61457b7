//! `xiaoer eval classifier`: the recipe that trains the shop's heads, on anyone's files.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::super::progress::Bars;
use super::{EncoderArgs, read_lines, report};
use crate::predictors::{Depth, evaluate_classifier};

#[derive(Args, Debug)]
pub struct ClassifierArgs {
    /// Messages to learn from
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Messages to calibrate on
    #[arg(long, value_name = "FILE")]
    valid: PathBuf,
    /// Messages to measure on
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// The label that stands for out of scope
    #[arg(long, value_name = "LABEL")]
    oos_label: Option<String>,
    /// What the labels are
    #[arg(long, value_enum, default_value_t = Task::Intent)]
    task: Task,
    #[command(flatten)]
    encoder: EncoderArgs,
    /// Tune the encoder on the messages as well, as `xiaoer train --deep` does
    #[arg(long)]
    deep: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Intent,
    Sentiment,
}

#[derive(Deserialize)]
struct Row {
    text: String,
    label: Label,
}

/// Sentiment files often have numbers for labels.
#[derive(Deserialize)]
#[serde(untagged)]
enum Label {
    Text(String),
    Number(i64),
}

pub(super) fn run(args: &ClassifierArgs) -> anyhow::Result<()> {
    let (train, valid, test) = (rows(&args.train)?, rows(&args.valid)?, rows(&args.test)?);
    let mut bars = Bars::new();
    // Sentiments have nothing out of scope; the recipe is otherwise the same.
    let oos = args.oos_label.as_deref().filter(|_| args.task == Task::Intent);
    let depth = if args.deep { Depth::Deep } else { Depth::Quick };
    let sets = [train.as_slice(), &valid, &test];
    let figures = evaluate_classifier(sets, oos, (&args.encoder.encoder, depth), &mut |p| bars.show(p))?;
    report(&serde_json::to_value(figures)?, args.json)
}

fn rows(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let rows: Vec<Row> = read_lines(file)?;
    let labelled = rows.into_iter().map(|row| match row.label {
        Label::Text(label) => (row.text, label),
        Label::Number(label) => (row.text, label.to_string()),
    });
    Ok(labelled.collect())
}
