//! `xiaoer train`: the shop's heads from its examples.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use sha2::{Digest, Sha256};

use super::eval::read_lines;
use super::progress::Bars;
use super::{Common, print_json};
use crate::bot::{Bot, Severity};
use crate::predictors::{Depth, Gate, Labelled, Material, train_shop};

/// Train the predictors
#[derive(Args, Debug)]
pub struct TrainArgs {
    #[command(flatten)]
    common: Common,
    /// Share of the examples kept out of training, chosen by their text alone
    #[arg(long, default_value_t = 0.0)]
    holdout: f64,
    /// Write the kept-out examples here, one JSON object a line
    #[arg(long, value_name = "FILE")]
    holdout_out: Option<PathBuf>,
    /// Calibrate and measure on these messages, as real shoppers wrote them, instead of on a tenth of the
    /// examples: {"text", "intent", "sentiment", "anger"} a line
    #[arg(long, value_name = "FILE")]
    valid: Vec<PathBuf>,
    /// Tune the encoder on the intents as well: minutes instead of seconds, and better ears
    #[arg(long)]
    deep: bool,
    /// Write the new heads even when they are worse than those that are there
    #[arg(long)]
    force: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the knowledge base has errors, there is too little data, or files cannot be written.
pub fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let mut bars = Bars::new();
    let (messages, kept) = messages_of(&args.common.knowledge_base, args.holdout)?;
    if let Some(file) = &args.holdout_out {
        write_messages(file, &kept)?;
    }
    let gate = if args.force { Gate::Open } else { Gate::Closed };
    let mut valid = Vec::new();
    for file in &args.valid {
        valid.extend(read_lines::<Labelled>(file)?);
    }
    let depth = if args.deep { Depth::Deep } else { Depth::Quick };
    let material = Material {
        messages: &messages,
        valid: &valid,
    };
    let trained = train_shop(
        material,
        (&args.common.encoder(), depth),
        (&args.common.models, gate),
        &mut |p| bars.show(p),
    )?;
    bars.say(&format!(
        "trained {} intents from {} messages ({} kept out) into {}",
        trained.intents,
        trained.messages,
        kept.len(),
        args.common.models.display()
    ));
    bars.say(match valid.len() {
        0 => "on a tenth of the examples, before it was learnt from too:",
        _ => "on the messages of --valid:",
    });
    for (name, figure) in &trained.figures {
        let before = trained
            .before
            .get(name)
            .map_or_else(String::new, |before| format!("   before {before:.3}"));
        bars.say(&format!("  {name:<22} {figure:.3}{before}"));
    }
    if args.json {
        print_json(&serde_json::json!({
            "messages": trained.messages, "intents": trained.intents, "kept_out": kept.len(),
            "figures": trained.figures, "before": trained.before,
        }))?;
    }
    Ok(())
}

/// The examples of a knowledge base: those to learn from and those kept out.
fn messages_of(root: &Path, holdout: f64) -> anyhow::Result<(Vec<Labelled>, Vec<Labelled>)> {
    let (bot, problems) = Bot::load(root);
    let Some(bot) = bot else {
        for problem in problems.iter().filter(|p| p.severity == Severity::Error) {
            tracing::error!("{problem}");
        }
        bail!("the knowledge base has errors; `xiaoer check` lists them");
    };
    let examples = bot.intents.values().flat_map(|intent| {
        intent.examples.iter().map(|example| Labelled {
            text: example.text.clone(),
            intent: intent.name.clone(),
            sentiment: example.sentiment,
            anger: example.anger,
        })
    });
    Ok(examples.partition(|message| !is_kept_out(&message.text, holdout)))
}

/// By the text alone, so that the same messages are kept out however the files change.
fn is_kept_out(text: &str, share: f64) -> bool {
    let hash = Sha256::digest(format!("holdout:{text}").as_bytes());
    let place = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    f64::from(place) / f64::from(u32::MAX) < share
}

fn write_messages(file: &Path, messages: &[Labelled]) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(
        std::fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?,
    );
    for m in messages {
        let line = serde_json::json!({
            "text": m.text, "intent": m.intent, "sentiment": m.sentiment.name(), "anger": m.anger,
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
