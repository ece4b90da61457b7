//! `xiaoer kb check`: what is not well with the articles and faq rows.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::civil::Date;

use super::super::progress::Bars;
use super::super::{Common, brain, print_json, utc_today};
use crate::bot::{Bot, Problem, Problems, Severity, files_in, load_articles, load_faq};
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::knowledge::{Encoder, Finding, Knowledge, Level, Place, Subject, audit};

/// Check the articles and faq rows: copies, contradictions, dates, links, translations, whether each is found
///
/// Exit code 0 when there is nothing worse than a warning, 1 with errors (an article or a faq row that cannot
/// be read), 2 when the command was wrong.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Check as if on this day (YYYY-MM-DD); else the shop's today
    #[arg(long, value_name = "DAY")]
    day: Option<Date>,
    /// List links to other sites too; they are not followed
    #[arg(long)]
    links: bool,
    #[command(flatten)]
    common: Common,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<bool> {
    let root = &args.common.knowledge_base;
    let (bot, problems) = Bot::load(root);
    let (ours, elsewhere): (Vec<_>, Vec<_>) = problems.into_iter().partition(|p| is_ours(&p.file));
    let mut bars = Bars::new();
    let others = elsewhere.iter().filter(|p| p.severity == Severity::Error).count();
    if others > 0 {
        bars.say(&format!(
            "{others} errors in other files; `xiaoer check` lists them"
        ));
    }
    let mut findings: Vec<Finding> = ours.into_iter().map(finding_of).collect();
    findings.extend(audited(bot, args, &mut bars)?);
    findings.sort_by(|a, b| (&a.place, a.level, a.code).cmp(&(&b.place, b.level, b.code)));
    let count = |level: Level| findings.iter().filter(|f| f.level == level).count();
    let [errors, warnings, infos] = [Level::Error, Level::Warning, Level::Info].map(count);
    if args.json {
        print_json(&serde_json::json!({
            "errors": errors, "warnings": warnings, "infos": infos, "findings": findings,
        }))?;
    } else {
        show(&findings)?;
    }
    bars.say(&format!(
        "{errors} errors, {warnings} warnings, {infos} for information"
    ));
    Ok(errors + others == 0)
}

/// What the loader found in what is checked here.
fn finding_of(problem: Problem) -> Finding {
    Finding {
        level: match problem.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        },
        code: problem.code,
        place: Place {
            file: problem.file,
            line: problem.line,
        },
        other: None,
        likeness: None,
        message: problem.message,
    }
}

fn is_ours(file: &Path) -> bool {
    file.starts_with("articles") || file.starts_with("faq")
}

fn audited(bot: Option<Bot>, args: &CheckArgs, bars: &mut Bars) -> anyhow::Result<Vec<Finding>> {
    let root = &args.common.knowledge_base;
    let today = bot.as_ref().map(|bot| bot.shop.day_of(SystemClock.now()));
    let bilingual = bot
        .as_ref()
        .is_none_or(|bot| Lang::ALL.iter().all(|lang| bot.shop.name.contains_key(lang)));
    let served = bot.as_ref().map(Bot::all_articles);
    // What can be read is checked even where something else holds the folder back.
    let mut known = Problems::new(root);
    let (articles, faq) = match bot {
        Some(bot) => (bot.articles, bot.faq),
        None => (
            load_articles(&root.join("articles"), &mut known),
            load_faq(&root.join("faq"), &mut known),
        ),
    };
    let encoder = match brain::load_predictors(&args.common) {
        Ok(predictors) => Some(predictors as Arc<dyn Encoder>),
        Err(error) => {
            bars.say(&format!("checked by words alone: {error:#}"));
            None
        }
    };
    let knowledge = Knowledge::build(served.as_deref().unwrap_or(&articles), &faq, encoder)?;
    let files = files_in(root);
    let subject = Subject {
        knowledge: &knowledge,
        articles: &articles,
        faq: &faq,
        root,
        files: &files,
        bilingual,
        day: args.day.or(today).unwrap_or_else(utc_today),
        links: args.links,
    };
    Ok(audit(&subject, &mut |progress| bars.show(progress)))
}

fn show(findings: &[Finding]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for of_file in findings.chunk_by(|a, b| a.place.file == b.place.file) {
        if let Some(first) = of_file.first() {
            writeln!(out, "{}", first.place.file.display())?;
        }
        for finding in of_file {
            let word = match finding.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Info => "info",
            };
            let (line, code) = (finding.place.line, finding.code);
            writeln!(out, "  {line}: {word}[{code}] {}", finding.message)?;
            if let Some(other) = &finding.other {
                writeln!(out, "      see {}:{}", other.file.display(), other.line)?;
            }
        }
    }
    Ok(())
}
