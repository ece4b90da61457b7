//! `xiaoer kb`: the knowledge base from the terminal. One file per subcommand.

mod hits;
mod search;

use clap::Subcommand;

/// Look into the knowledge base
#[derive(Subcommand, Debug)]
pub enum KbCommand {
    Search(search::SearchArgs),
    Hits(hits::HitsArgs),
}

/// Runs the command.
///
/// # Errors
/// When the knowledge base or the models cannot be used.
pub fn run(command: &KbCommand) -> anyhow::Result<()> {
    match command {
        KbCommand::Search(args) => search::run(args),
        KbCommand::Hits(args) => hits::run(args),
    }
}
