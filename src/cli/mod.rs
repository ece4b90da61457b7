//! The command line: one file a subcommand. Data goes to stdout, talk to stderr; exit code 0 is success,
//! 1 means that problems were found or the work failed, 2 that the command or its settings were wrong.

mod accounts;
mod bench;
mod brain;
mod chat;
mod check;
mod doctor;
mod eval;
mod explain;
mod kb;
pub mod live;
mod progress;
mod replay;
mod serve;
mod test;
mod threads;
mod train;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::Date;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::engine::{Clock, SystemClock};

/// Xiaoer (小二): customer service for online shops. Without a command it serves.
#[derive(Parser, Debug)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[derive(Subcommand, Debug)]
enum Command {
    Serve(serve::ServeArgs),
    Chat(chat::ChatArgs),
    Check(check::CheckArgs),
    Test(test::TestArgs),
    Train(train::TrainArgs),
    #[command(subcommand)]
    Bench(bench::BenchCommand),
    #[command(subcommand)]
    Eval(eval::EvalCommand),
    Explain(explain::ExplainArgs),
    #[command(subcommand)]
    Kb(kb::KbCommand),
    Replay(replay::ReplayArgs),
    #[command(subcommand)]
    Accounts(accounts::AccountsCommand),
    Doctor(doctor::DoctorArgs),
}

/// Who the audit names for what was done at the machine itself.
const BY_COMMAND: &str = "cli";

/// Today by universal time, where no shop names a zone.
fn utc_today() -> Date {
    let now = jiff::Timestamp::from_millisecond(SystemClock.now()).unwrap_or_default();
    jiff::tz::TimeZone::UTC.to_datetime(now).date()
}

/// Folders nearly every command needs.
#[derive(Args, Debug, Clone)]
pub struct Common {
    /// The shop's folder
    #[arg(
        long,
        env = "XIAOER_KNOWLEDGE_BASE",
        default_value = "knowledge_base",
        value_name = "DIR"
    )]
    pub knowledge_base: PathBuf,
    /// The trained artifacts
    #[arg(long, env = "XIAOER_MODELS", default_value = "models", value_name = "DIR")]
    pub models: PathBuf,
    /// The text encoder: ours, or a folder of Hugging Face's BERT type [default: encoder in the models]
    #[arg(long, env = "XIAOER_ENCODER", value_name = "DIR")]
    pub encoder: Option<PathBuf>,
}

impl Common {
    /// The encoder's folder: named, or in the usual configuration file, or the shipped one.
    fn encoder(&self) -> PathBuf {
        let configured = || Config::usual().ok().and_then(|config| config.encoder);
        let named = self.encoder.clone().or_else(configured);
        named.unwrap_or_else(|| self.models.join("encoder"))
    }
}

/// The command or its settings were wrong; exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(String);

impl Misuse {
    fn error(message: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self(message.into()))
    }

    fn from_error(error: impl std::fmt::Display) -> anyhow::Error {
        Self::error(error.to_string())
    }
}

/// Runs the command line and answers the exit code.
#[must_use]
pub fn run() -> u8 {
    threads::settle();
    let cli = Cli::parse();
    // Conversations that want a broken shop are not worth a warning each.
    let level = if matches!(cli.command, Some(Command::Test(_))) {
        "error"
    } else {
        "warn"
    };
    let filter = EnvFilter::try_from_env("XIAOER_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let fine = |()| true;
    let outcome = match cli.command {
        None => serve::run(&cli.serve).map(fine),
        Some(Command::Serve(args)) => serve::run(&args).map(fine),
        Some(Command::Chat(args)) => chat::run(&args).map(fine),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Test(args)) => test::run(&args),
        Some(Command::Train(args)) => train::run(&args).map(fine),
        Some(Command::Bench(command)) => bench::run(&command).map(fine),
        Some(Command::Eval(command)) => eval::run(&command).map(fine),
        Some(Command::Explain(args)) => explain::run(&args).map(fine),
        Some(Command::Kb(command)) => kb::run(&command),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Accounts(command)) => accounts::run(&command).map(fine),
        Some(Command::Doctor(args)) => doctor::run(&args),
    };
    match outcome {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => {
            let _gone = writeln!(std::io::stderr(), "error: {error:#}");
            if error.is::<Misuse>() { 2 } else { 1 }
        }
    }
}

/// Prints one JSON object on stdout.
fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{value}")?;
    Ok(())
}
