//! `xiaoer kb import`: what a shop wrote elsewhere into the knowledge base, with a report of all of it.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::super::print_json;
use crate::conversation::Lang;
use crate::exchange::{Import, Report, import, import_formats};

/// Notes shown to people; `--json` has more.
const NOTES_SHOWN: usize = 40;

/// Bring in questions and articles from tables, pages and other programs
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The file or folder to read
    path: PathBuf,
    /// Its format [default: told from the file]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(import_formats()))]
    from: Option<String>,
    /// The knowledge base
    #[arg(
        long,
        env = "XIAOER_KNOWLEDGE_BASE",
        default_value = "knowledge_base",
        value_name = "DIR"
    )]
    into: PathBuf,
    /// The language of what does not say its own [default: told from the text]
    #[arg(long, value_name = "zh|en", value_parser = super::lang_of)]
    lang: Option<Lang>,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// Replace what is there and differs
    #[arg(long)]
    overwrite: bool,
    /// Print the report as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command; answers whether all that could be taken was.
pub(super) fn run(args: &ImportArgs) -> anyhow::Result<bool> {
    let wanted = Import {
        from: &args.path,
        format: args.from.as_deref(),
        into: &args.into,
        lang: args.lang,
        dry_run: args.dry_run,
        overwrite: args.overwrite,
    };
    let report = match import(&wanted) {
        Ok(report) => report,
        Err(error) => {
            if args.json {
                print_json(&serde_json::json!({"error": error.to_string(), "code": error.code()}))?;
            }
            return Err(error.into());
        }
    };
    if args.json {
        print_json(&serde_json::to_value(&report)?)?;
    } else {
        // Talk is no data; nobody may be listening.
        let _gone = std::io::stderr().write_all(told(&report).as_bytes());
    }
    Ok(report.is_fine())
}

/// The report as people read it.
fn told(report: &Report) -> String {
    let mut lines: Vec<String> = report
        .notes
        .iter()
        .take(NOTES_SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = report.notes.len() + report.notes_left_out - lines.len();
    if more > 0 {
        lines.push(format!("... and {more} more; --json lists them"));
    }
    for (what, times) in &report.not_carried {
        lines.push(format!("not carried: {what} ({times} times)"));
    }
    lines.push(format!(
        "{}: {} new, {} changed, {} unchanged, {} duplicate, {} skipped, {} bad, {} conflicts",
        report.format,
        report.new,
        report.changed,
        report.unchanged,
        report.duplicate,
        report.skipped,
        report.bad,
        report.conflicts
    ));
    let files = report.files.len();
    lines.push(if report.dry_run {
        format!("nothing was written; {files} files would be")
    } else if files == 0 {
        "nothing was written".to_owned()
    } else {
        format!(
            "{files} files written below {}; xiaoer check reads them",
            report.into
        )
    });
    if report.files.iter().any(|file| file.starts_with("intents/")) && !report.dry_run {
        lines.push("intents have changed; xiaoer train learns them".to_owned());
    }
    lines.join("\n") + "\n"
}
