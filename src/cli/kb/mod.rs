//! `xiaoer kb`: the knowledge base from the terminal. One file per subcommand.

mod check;
mod export;
mod hits;
mod import;
mod search;

use clap::Subcommand;

use crate::conversation::Lang;

/// Look into the knowledge base, bring things in and take them out
#[derive(Subcommand, Debug)]
pub enum KbCommand {
    Search(search::SearchArgs),
    Check(check::CheckArgs),
    Hits(hits::HitsArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
}

/// Runs the command; answers whether it went without problems.
///
/// # Errors
/// When the knowledge base or the models cannot be used, or a file cannot be read or written.
pub fn run(command: &KbCommand) -> anyhow::Result<bool> {
    match command {
        KbCommand::Search(args) => search::run(args).map(|()| true),
        KbCommand::Check(args) => check::run(args),
        KbCommand::Hits(args) => hits::run(args).map(|()| true),
        KbCommand::Import(args) => import::run(args),
        KbCommand::Export(args) => export::run(args).map(|()| true),
    }
}

/// Reads `zh` or `en`.
fn lang_of(written: &str) -> Result<Lang, String> {
    Lang::of_code(written).ok_or_else(|| "write zh or en".to_owned())
}
