//! `xiaoer kb export`: the knowledge base in formats that others read.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::super::print_json;
use crate::conversation::Lang;
use crate::exchange::{export, export_formats};

/// Take articles and faq rows out, for spreadsheets and other programs
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The file to write; for markdown a folder
    out: PathBuf,
    /// The format
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(export_formats()))]
    to: String,
    /// The knowledge base
    #[arg(
        long,
        env = "XIAOER_KNOWLEDGE_BASE",
        default_value = "knowledge_base",
        value_name = "DIR"
    )]
    knowledge_base: PathBuf,
    /// Only this language
    #[arg(long, value_name = "zh|en", value_parser = super::lang_of)]
    lang: Option<Lang>,
    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,
    /// Print the counts as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<()> {
    let exported = export(
        &args.knowledge_base,
        &args.to,
        &args.out,
        args.lang,
        args.overwrite,
    )?;
    if args.json {
        return print_json(&serde_json::to_value(&exported)?);
    }
    let guarded = if exported.guarded_cells == 0 {
        String::new()
    } else {
        let cells = exported.guarded_cells;
        format!("; {cells} cells begin like formulas and got a ' before them, kb import takes it off")
    };
    let _gone = writeln!(
        std::io::stderr(),
        "{} articles and {} faq rows in {} files at {}{guarded}",
        exported.articles,
        exported.faq,
        exported.files,
        args.out.display()
    );
    Ok(())
}
