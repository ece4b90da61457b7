//! `xiaoer doctor`: is everything there that `serve` needs, and if not, what to do.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;

use clap::Args;

use super::{Common, print_json};
use crate::bot::{Bot, Severity};
use crate::config::{Config, USUAL_FILE};
use crate::predictors::Predictors;

/// Look over everything that serve needs
#[derive(Args, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    common: Common,
    /// Folder for the store
    #[arg(long, env = "XIAOER_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

struct Finding {
    what: &'static str,
    level: &'static str,
    text: String,
}

/// Runs the command; answers whether nothing failed.
///
/// # Errors
/// When stdout is gone.
pub fn run(args: &DoctorArgs) -> anyhow::Result<bool> {
    let findings = [knowledge_base(args), models(args), data(args), port(), config()];
    if args.json {
        let list: Vec<_> = findings
            .iter()
            .map(|f| serde_json::json!({ "what": f.what, "level": f.level, "text": f.text }))
            .collect();
        print_json(&serde_json::json!({ "findings": list }))?;
    } else {
        let mut out = std::io::stdout().lock();
        for f in &findings {
            writeln!(out, "{:<5} {:<15} {}", f.level, f.what, f.text)?;
        }
    }
    Ok(findings.iter().all(|f| f.level != "fail"))
}

fn finding(what: &'static str, result: Result<String, String>) -> Finding {
    match result {
        Ok(text) => Finding {
            what,
            level: "ok",
            text,
        },
        Err(text) => Finding {
            what,
            level: "fail",
            text,
        },
    }
}

fn knowledge_base(args: &DoctorArgs) -> Finding {
    let (bot, problems) = Bot::load(&args.common.knowledge_base);
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let told = match bot {
        Some(bot) => Ok(format!("version {}, {warnings} warnings", bot.version)),
        None => Err(format!("{errors} errors; run `xiaoer check`")),
    };
    finding("knowledge base", told)
}

fn models(args: &DoctorArgs) -> Finding {
    let loaded = Predictors::load(&args.common.encoder(), &args.common.models);
    let told = loaded.map(|p| format!("version {}, {} intents", p.version(), p.intents().len()));
    finding("models", told.map_err(|e| format!("{e}; run `xiaoer train`")))
}

fn data(args: &DoctorArgs) -> Finding {
    let probe = args.data.join(".probe");
    let written = std::fs::create_dir_all(&args.data).and_then(|()| std::fs::write(&probe, b"x"));
    let _left = std::fs::remove_file(&probe);
    let told = written.map(|()| format!("{} can be written", args.data.display()));
    finding(
        "data folder",
        told.map_err(|e| format!("{}: {e}; use --data", args.data.display())),
    )
}

fn port() -> Finding {
    let listen = Config::default().listen;
    match TcpListener::bind(listen) {
        Ok(_) => finding("port", Ok(format!("{listen} is free"))),
        Err(e) => Finding {
            what: "port",
            level: "warn",
            text: format!("{listen}: {e}; a server may be running, or use --listen"),
        },
    }
}

fn config() -> Finding {
    let file = PathBuf::from(USUAL_FILE);
    if !file.is_file() {
        return finding(
            "configuration",
            Ok("no xiaoer.toml: defaults, this machine only".to_owned()),
        );
    }
    let told = Config::read(&file).map(|c| format!("listen {}, data {}", c.listen, c.data.display()));
    finding("configuration", told.map_err(|e| e.to_string()))
}
