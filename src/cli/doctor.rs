//! `xiaoer doctor`: is everything there that `serve` needs, and if not, what to do.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;

use clap::Args;

use super::{Common, brain, print_json};
use crate::bot::{Bot, ConnectorRule, Severity};
use crate::commerce::{Address, Http, Letter, Probed, Samples};
use crate::config::{Config, USUAL_FILE};
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::predictors::Predictors;
use crate::store::Ledger;

/// Look over everything that serve needs
#[derive(Args, Debug)]
pub struct DoctorArgs {
    #[command(flatten)]
    common: Common,
    /// Folder for the store
    #[arg(long, env = "XIAOER_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// An order of the shop's own system, to look over the answers of its connector
    #[arg(long, value_name = "NUMBER")]
    order: Option<String>,
    /// A customer of it [default: the order's]
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// A coupon of it
    #[arg(long, value_name = "CODE")]
    coupon: Option<String>,
    /// An address to which it sends one line, as it would a transcript
    #[arg(long, value_name = "ADDRESS", value_parser = Address::new)]
    mail: Option<Address>,
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
    let mut findings = vec![knowledge_base(args), models(args), data(args), port(), config()];
    findings.extend(connector(args)?);
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

/// Every read endpoint of the shop's own system, if there is one.
fn connector(args: &DoctorArgs) -> anyhow::Result<Vec<Finding>> {
    let (bot, _) = Bot::load(&args.common.knowledge_base);
    let Some((rule, zone)) = bot.and_then(|bot| Some((bot.shop.connector?, bot.shop.zone))) else {
        return Ok(Vec::new());
    };
    brain::runtime()?.block_on(async {
        let ledger = Ledger::forgetful().await?;
        let shop = match Http::new(&rule, &zone, ledger) {
            Ok(shop) => shop,
            Err(error) => return Ok(vec![finding("connector", Err(error.to_string()))]),
        };
        let samples = Samples {
            order_no: args.order.clone(),
            customer: args.customer.clone(),
            coupon: args.coupon.clone(),
            letter: args.mail.clone().map(trial_letter),
        };
        let probed = shop.probe(&samples).await;
        Ok(probed.iter().map(|probed| of_probe(&rule, probed)).collect())
    })
}

fn trial_letter(to: Address) -> Letter {
    Letter {
        key: format!("xiaoer-doctor:{}", uuid::Uuid::new_v4()),
        conversation: "xiaoer-doctor".to_owned(),
        to,
        lang: Lang::En,
        subject: "xiaoer doctor".to_owned(),
        text: "This is how a transcript comes.\n".to_owned(),
        at: SystemClock.now(),
    }
}

fn of_probe(rule: &ConnectorRule, probed: &Probed) -> Finding {
    let level = match (probed.works, probed.whole) {
        (true, true) => "ok",
        (true, false) => "warn",
        (false, _) => "fail",
    };
    Finding {
        what: "connector",
        level,
        text: format!("{} of {}: {}", probed.what, rule.url, probed.text),
    }
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
