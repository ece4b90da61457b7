//! `xiaoer check`: every problem of the knowledge base, all at once.

use std::io::Write;
use std::path::Path;

use clap::Args;

use super::{Common, print_json};
use crate::bot::{Bot, Places, Problem, Severity};
use crate::predictors::{Confusion, confusions_of};
use crate::rehearsal::check_folder;

/// List every problem of the knowledge base with its file and line
#[derive(Args, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    common: Common,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command; answers whether the folder can be served.
///
/// # Errors
/// When stdout is gone.
pub fn run(args: &CheckArgs) -> anyhow::Result<bool> {
    let (bot, mut problems) = check_folder(&args.common.knowledge_base);
    if let Some(bot) = &bot {
        problems.extend(confusions(bot, args));
    }
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    if args.json {
        print_json(&serde_json::json!({
            "errors": errors, "warnings": warnings, "problems": problems,
        }))?;
    } else {
        let mut out = std::io::stdout().lock();
        for problem in &problems {
            writeln!(out, "{problem}")?;
        }
    }
    let counts = bot.map_or_else(String::new, |bot| {
        let examples: usize = bot.intents.values().map(|i| i.examples.len()).sum();
        format!(
            "{} intents with {examples} examples, {} articles, {} faq rows, {} flows: ",
            bot.intents.len(),
            bot.articles.len(),
            bot.faq.len(),
            bot.flows.len()
        )
    });
    let _gone = writeln!(std::io::stderr(), "{counts}{errors} errors, {warnings} warnings");
    Ok(errors == 0)
}

/// Share of an intent's messages taken for one other intent from which on it is worth a warning.
const CONFUSED_SHARE_MIN: f64 = 0.2;
/// Fewest such messages.
const CONFUSED_MIN: usize = 3;

/// What the trained model takes for something else; nothing when there is no model.
fn confusions(bot: &Bot, args: &CheckArgs) -> Vec<Problem> {
    let root = &args.common.knowledge_base;
    let relative = |file: &Path| file.strip_prefix(root).unwrap_or(file).to_owned();
    let confused = confusions_of(&args.common.models).unwrap_or_default();
    let often =
        |c: &&Confusion| c.times >= CONFUSED_MIN && c.times as f64 >= CONFUSED_SHARE_MIN * c.of as f64;
    let known = |c: &Confusion| Some((bot.intents.get(&c.meant)?, c.clone()));
    let found = confused.iter().filter(often).filter_map(known);
    found
        .map(|(intent, c)| Problem {
            severity: Severity::Warning,
            file: relative(&intent.file),
            line: Places::in_file(&intent.file).line(&["examples"]),
            code: "confused_intents",
            message: format!(
                "{} of {} messages of {} kept out of training were taken for {}; write clearer examples of both",
                c.times, c.of, c.meant, c.said
            ),
        })
        .collect()
}
