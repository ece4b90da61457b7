//! `xiaoer serve`: the shop opens.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Common, Misuse, brain, live};
use crate::channels::{Identity, SocketLimits};
use crate::commerce::connect;
use crate::config::Config;
use crate::console::{AccountChange, change_account, random_password};
use crate::desk::Desk;
use crate::engine::{Clock, Engine, Hub, HubSettings, SystemClock};
use crate::server::{App, SITE, router, serve};
use crate::store::{Account, Accounts, Ledger, Role, Sqlite};

/// How long the bot waits for more before it answers.
const BURST_MS: u64 = 350;
/// The account that the first start makes.
const FIRST_ADMIN: &str = "admin";

/// Serve the widget, the console and the API
#[derive(Args, Debug)]
pub struct ServeArgs {
    #[command(flatten)]
    common: Common,
    /// Configuration file [default: xiaoer.toml, if it is there]
    #[arg(long, env = "XIAOER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "XIAOER_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Folder for the store [default: data]
    #[arg(long, env = "XIAOER_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Give the console's admin account a new password and print it
    #[arg(long)]
    reset_password: bool,
}

/// Runs the command.
///
/// # Errors
/// When settings, folders, models or the port cannot be used.
pub fn run(args: &ServeArgs) -> anyhow::Result<()> {
    let config = config_of(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(open(args, &config))
}

fn config_of(args: &ServeArgs) -> anyhow::Result<Config> {
    let read = args.config.as_deref().map_or_else(Config::usual, Config::read);
    let mut config = read.map_err(Misuse::from_error)?;
    config.listen = args.listen.unwrap_or(config.listen);
    if let Some(data) = &args.data {
        config.data.clone_from(data);
    }
    Ok(config)
}

async fn open(args: &ServeArgs, config: &Config) -> anyhow::Result<()> {
    let began = Instant::now();
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|e| Misuse::error(format!("cannot listen on {}: {e}; use --listen", config.listen)))?;
    let mut common = args.common.clone();
    common.encoder = common.encoder.or_else(|| config.encoder.clone());
    let store = Sqlite::open(&config.data).await.map_err(Misuse::from_error)?;
    let ledger = Ledger::open(&config.data).await.map_err(Misuse::from_error)?;
    let brain = brain::load(&common, |bot| connect(bot, ledger))?;
    let facts = facts_of(&brain);
    let accounts = store.accounts().await?;
    let files = store.files().await.map_err(Misuse::from_error)?;
    let password = first_password(&accounts, args.reset_password).await?;
    let store = Arc::new(store);
    let engine = Engine::new(brain);
    let watched = live::watch(&common.knowledge_base, engine.clone(), |change| {
        live::tell(&change);
    });
    if let Err(error) = &watched {
        tracing::warn!("{error:#}; a saved file is live after a restart only");
    }
    let settings = HubSettings {
        burst_ms: BURST_MS,
        ..HubSettings::default()
    };
    let hub = Hub::new(engine, store, Arc::new(SystemClock), settings);
    let desk = Desk::open(hub.clone(), accounts).await?;
    desk.keep_going_round();
    let caught_up = hub.catch_up().await?;
    let (drain, draining) = watch::channel(false);
    let app = App {
        desk,
        files,
        limits: Arc::new(SocketLimits::default()),
        identity: identity_of(config)?,
        draining: draining.clone(),
    };
    let base = config
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{}", listener.local_addr().unwrap_or(config.listen)));
    greet(&Opened {
        base,
        facts,
        password,
        caught_up,
        config,
        ms: began.elapsed().as_millis(),
    });
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("draining");
        // Nobody serves any more: nothing to drain.
        let _ended = drain.send(true);
    });
    serve(listener, router(app), draining).await;
    Ok(())
}

/// The secret of the environment or of the file that the settings name.
fn identity_of(config: &Config) -> anyhow::Result<Option<Arc<Identity>>> {
    let secret = match (
        std::env::var("XIAOER_IDENTITY_SECRET"),
        &config.identity_secret_file,
    ) {
        (Ok(secret), _) => secret,
        (Err(_), None) => return Ok(None),
        (Err(_), Some(file)) => std::fs::read_to_string(file).map_err(|e| {
            Misuse::error(format!(
                "cannot read identity_secret_file {}: {e}",
                file.display()
            ))
        })?,
    };
    let identity = Identity::new(&secret).map_err(Misuse::from_error)?;
    Ok(Some(Arc::new(identity)))
}

async fn stop_signal() {
    let interrupted = tokio::signal::ctrl_c();
    let mut terminated = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::warn!(%error, "SIGTERM is not heard");
            let _heard = interrupted.await;
            return;
        }
    };
    tokio::select! {
        _ = interrupted => {}
        _ = terminated.recv() => {}
    }
}

/// A password for `admin`, when nobody may change accounts yet or when asked for.
async fn first_password(accounts: &Accounts, reset: bool) -> anyhow::Result<Option<String>> {
    let has_admin = accounts.list().await?.iter().any(Account::is_active_admin);
    if has_admin && !reset {
        return Ok(None);
    }
    let password = random_password();
    let change = AccountChange {
        name: match accounts.get(FIRST_ADMIN).await? {
            None => Some("店长".to_owned()),
            Some(_) => None,
        },
        role: Some(Role::Admin),
        active: Some(true),
        password: Some(password.clone()),
        ..AccountChange::default()
    };
    change_account(
        accounts,
        (super::BY_COMMAND, SystemClock.now()),
        FIRST_ADMIN,
        change,
    )
    .await?;
    Ok(Some(password))
}

fn facts_of(brain: &crate::engine::Brain) -> String {
    let orders = match &brain.bot.shop.connector {
        Some(connector) => format!("orders from {}", connector.url),
        None => format!("{} orders", brain.bot.catalogue.orders.len()),
    };
    format!(
        "{} intents, {} articles, {} passages, {} products, {orders}; models {}",
        brain.bot.intents.len(),
        brain.bot.articles.len(),
        brain.knowledge.passages(),
        brain.bot.catalogue.products.len(),
        brain.nlu.version(),
    )
}

struct Opened<'a> {
    base: String,
    facts: String,
    password: Option<String>,
    caught_up: usize,
    config: &'a Config,
    ms: u128,
}

fn greet(opened: &Opened<'_>) {
    let Opened {
        base,
        facts,
        config,
        ms,
        ..
    } = opened;
    let password = match &opened.password {
        Some(password) => format!("admin   password (shown once) {password}"),
        None => "admin   (forgotten? --reset-password)".to_owned(),
    };
    let caught_up = match opened.caught_up {
        0 => String::new(),
        n => format!("\n  caught up {n} conversations that waited for an answer"),
    };
    let loopback = match config.listen.ip().is_loopback() {
        true => "this machine only; --listen 0.0.0.0:8080 opens it",
        false => "open to the network: put TLS in front",
    };
    let _gone = writeln!(
        std::io::stderr(),
        "xiaoer {} open in {ms} ms\n  shop      {facts}{caught_up}\n  widget    {base}/demo            <- open this, ask 我的订单到哪了\n  console   {base}/console         {password}\n  embed     <script async src=\"{base}/widget.js\" data-site=\"{SITE}\"></script>\n  data      {}   {loopback}",
        env!("CARGO_PKG_VERSION"),
        config.data.display(),
    );
}
