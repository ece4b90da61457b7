//! `xiaoer kb search`: what the knowledge base answers, and what every passage's score is made of.

use std::io::Write;

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::super::eval::rounded;
use super::super::{Common, brain, print_json};
use crate::bot::Audience;
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::knowledge::{Answer, Decision, Hit, PART_NAMES, Query};

/// Passages shown.
const SHOWN: usize = 5;

/// Ask a question and see what every passage's score is made of
#[derive(Args, Debug)]
pub struct SearchArgs {
    /// The question, as a shopper would ask it
    question: String,
    /// The question before it, which a follow-up such as 那退货呢 leans on
    #[arg(long, value_name = "QUESTION")]
    before: Option<String>,
    /// Also search what is written for the shop's people alone
    #[arg(long)]
    agents: bool,
    /// Ask as if on this day (YYYY-MM-DD); else the shop's today
    #[arg(long, value_name = "DAY")]
    day: Option<Date>,
    #[command(flatten)]
    common: Common,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &SearchArgs) -> anyhow::Result<()> {
    let brain = brain::runtime()?.block_on(brain::load_for_trial(&args.common))?;
    let answer = brain.knowledge.answer(&Query {
        text: &args.question,
        lang: Lang::of_text(&args.question).unwrap_or(Lang::Zh),
        context: args.before.as_deref(),
        audience: if args.agents {
            Audience::Agents
        } else {
            Audience::Public
        },
        today: args
            .day
            .unwrap_or_else(|| brain.bot.shop.day_of(SystemClock.now())),
    });
    if args.json {
        print_json(&as_json(&answer))
    } else {
        show(&answer)
    }
}

fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Answer => "answer",
        Decision::Unsure => "unsure",
        Decision::Refuse => "refuse",
    }
}

fn as_json(answer: &Answer) -> serde_json::Value {
    let passages: Vec<_> = answer.hits.iter().take(SHOWN).map(hit_as_json).collect();
    json!({
        "decision": decided(answer.decision), "score": rounded(f64::from(answer.score)),
        "text": answer.text, "curated": answer.curated, "passages": passages,
    })
}

fn hit_as_json(hit: &Hit) -> serde_json::Value {
    let values = hit.parts.values().map(|value| rounded(f64::from(value)));
    let parts: serde_json::Map<_, _> = PART_NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .zip(values)
        .collect();
    json!({
        "passage": hit.passage, "lang": hit.lang.code(), "title": hit.title, "heading": hit.heading,
        "score": rounded(f64::from(hit.score)), "parts": parts,
    })
}

fn show(answer: &Answer) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let how = if answer.curated { ", curated" } else { "" };
    writeln!(out, "{} ({:.2}{how})", decided(answer.decision), answer.score)?;
    for line in answer.text.lines() {
        writeln!(out, "  {line}")?;
    }
    for (place, hit) in (1..).zip(answer.hits.iter().take(SHOWN)) {
        let heading = if hit.heading.is_empty() {
            String::new()
        } else {
            format!(" · {}", hit.heading)
        };
        writeln!(
            out,
            "{place}. {:.2}  {} ({})  {}{heading}",
            hit.score,
            hit.passage,
            hit.lang.code(),
            hit.title
        )?;
        let parts = PART_NAMES
            .iter()
            .zip(hit.parts.values())
            .filter(|(_, value)| *value > 0.0);
        let parts: Vec<String> = parts.map(|(name, value)| format!("{name} {value:.2}")).collect();
        writeln!(out, "     {}", parts.join(" · "))?;
    }
    Ok(())
}
