//! `xiaoer check`: every problem of the knowledge base, all at once.

use std::io::Write;

use clap::Args;

use super::{Common, print_json};
use crate::bot::{Bot, Severity};

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
    let (bot, problems) = Bot::load(&args.common.knowledge_base);
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
