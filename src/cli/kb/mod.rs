//! `xiaoer kb`: the knowledge base from the terminal. One file per subcommand.

mod check;
mod hits;
mod search;

use clap::Subcommand;

/// Look into the knowledge base
#[derive(Subcommand, Debug)]
pub enum KbCommand {
    Search(search::SearchArgs),
    Check(check::CheckArgs),
    Hits(hits::HitsArgs),
}

/// Runs the command; answers whether nothing is broken.
///
/// # Errors
/// When the knowledge base or the models cannot be used.
pub fn run(command: &KbCommand) -> anyhow::Result<bool> {
    match command {
        KbCommand::Search(args) => search::run(args).map(|()| true),
        KbCommand::Check(args) => check::run(args),
        KbCommand::Hits(args) => hits::run(args).map(|()| true),
    }
}
