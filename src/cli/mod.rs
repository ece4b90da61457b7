//! The command line: one file a subcommand. Data goes to stdout, talk to stderr; exit code 0 is success,
//! 1 means that problems were found or the work failed, 2 that the command or its settings were wrong.

mod progress;
mod train;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Xiaoer (小二): customer service for online shops
#[derive(Parser, Debug)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    Train(train::TrainArgs),
}

/// Folders nearly every command needs.
#[derive(Args, Debug, Clone)]
pub struct Common {
    /// The shop's folder
    #[arg(long, env = "XIAOER_KNOWLEDGE_BASE", default_value = "knowledge_base", value_name = "DIR")]
    pub knowledge_base: PathBuf,
    /// The trained artifacts
    #[arg(long, env = "XIAOER_MODELS", default_value = "models", value_name = "DIR")]
    pub models: PathBuf,
}

/// Runs the command line and answers the exit code.
#[must_use]
pub fn run() -> u8 {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(Command::Train(args)) => train::run(&args),
        None => Ok(()),
    };
    match outcome {
        Ok(()) => 0,
        Err(error) => {
            let _gone = writeln!(std::io::stderr(), "error: {error:#}");
            1
        }
    }
}

/// Prints one JSON object on stdout.
fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{value}")?;
    Ok(())
}
