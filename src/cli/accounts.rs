//! `xiaoer accounts`: who may log in at the console, from the terminal. It works on the data folder of a
//! server that is stopped; one that runs has a page for it.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{BY_COMMAND, Misuse, print_json};
use crate::config::Config;
use crate::console::{AccountChange, ChangeError, Changed, change_account, described, random_password};
use crate::conversation::Lang;
use crate::engine::{Clock, SystemClock};
use crate::store::{self, Account, Accounts, Role, Sqlite};

/// The store's file in the data folder.
const STORE_FILE: &str = "xiaoer.sqlite";

/// List, add and change the accounts of agents (of a server that is stopped)
#[derive(Subcommand, Debug)]
pub enum AccountsCommand {
    List(ListArgs),
    Add(AddArgs),
    Set(SetArgs),
    Password(PasswordArgs),
}

/// Where the accounts are.
#[derive(Args, Debug)]
struct Folder {
    /// Folder of the store (of a server that is stopped)
    #[arg(long, env = "XIAOER_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
}

/// List all accounts
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    folder: Folder,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// What an account may be given.
#[derive(Args, Debug)]
struct Rights {
    /// What it may do: agent, supervisor or admin; each includes the one before
    #[arg(long, value_parser = role_of)]
    role: Option<Role>,
    /// Ids of its teams, with commas between; '' for none
    #[arg(long, value_name = "IDS")]
    teams: Option<String>,
    /// Languages it answers in: zh, en or zh,en; '' for all
    #[arg(long, value_name = "LANGS", value_parser = langs_of)]
    langs: Option<Langs>,
    /// Conversations it has at a time, 1 to 50
    #[arg(long, value_name = "CONVERSATIONS")]
    capacity: Option<u32>,
}

/// Where a password comes from.
#[derive(Args, Debug)]
struct PasswordSource {
    /// Read the password from the first line of stdin; otherwise one is made up and printed once
    #[arg(long)]
    password_stdin: bool,
}

/// Add an account
#[derive(Args, Debug)]
pub struct AddArgs {
    #[command(flatten)]
    folder: Folder,
    /// Login name: 2 to 32 of a-z, 0-9, dot, hyphen and underscore
    account: String,
    /// Name as customers see it
    #[arg(long)]
    name: String,
    #[command(flatten)]
    rights: Rights,
    #[command(flatten)]
    password: PasswordSource,
}

/// Change an account; what is not named stays
#[derive(Args, Debug)]
pub struct SetArgs {
    #[command(flatten)]
    folder: Folder,
    /// Login name
    account: String,
    /// Name as customers see it
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    rights: Rights,
    /// Let it log in again
    #[arg(long, conflicts_with = "inactive")]
    active: bool,
    /// Let it log in no more, and end its logins
    #[arg(long)]
    inactive: bool,
}

/// Give an account another password and end its logins
#[derive(Args, Debug)]
pub struct PasswordArgs {
    #[command(flatten)]
    folder: Folder,
    /// Login name
    account: String,
    #[command(flatten)]
    password: PasswordSource,
}

#[derive(Debug, Clone)]
struct Langs(Vec<Lang>);

fn role_of(written: &str) -> Result<Role, String> {
    Role::of_name(written).ok_or_else(|| "write agent, supervisor or admin".to_owned())
}

fn langs_of(written: &str) -> Result<Langs, String> {
    let langs =
        listed(written).map(|code| Lang::of_code(code).ok_or_else(|| "write zh, en or zh,en".to_owned()));
    langs.collect::<Result<_, _>>().map(Langs)
}

fn listed(written: &str) -> impl Iterator<Item = &str> {
    written.split(',').map(str::trim).filter(|item| !item.is_empty())
}

impl Rights {
    fn change(&self) -> AccountChange {
        let teams = self.teams.as_deref();
        AccountChange {
            role: self.role,
            teams: teams.map(|teams| listed(teams).map(str::to_owned).collect()),
            langs: self.langs.as_ref().map(|langs| langs.0.clone()),
            capacity: self.capacity,
            ..AccountChange::default()
        }
    }
}

/// Runs the command.
///
/// # Errors
/// When the data folder cannot be used (a running server has it), or the account cannot be what was asked.
pub fn run(command: &AccountsCommand) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match command {
            AccountsCommand::List(args) => list(args).await,
            AccountsCommand::Add(args) => add(args).await,
            AccountsCommand::Set(args) => set(args).await,
            AccountsCommand::Password(args) => password(args).await,
        }
    })
}

async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let opened = args.folder.open().await?;
    let accounts = opened.accounts.list().await?;
    if args.json {
        let accounts: Vec<Value> = accounts.iter().map(described).collect();
        return print_json(&json!({ "accounts": accounts }));
    }
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<20} {:<10} {:<8} {:>8} {:<5} {:<20} name",
        "account", "role", "active", "capacity", "langs", "teams"
    )?;
    for account in accounts {
        let langs: Vec<&str> = account.langs.iter().map(|lang| lang.code()).collect();
        let langs = if langs.is_empty() {
            "all".to_owned()
        } else {
            langs.join(",")
        };
        writeln!(
            out,
            "{:<20} {:<10} {:<8} {:>8} {langs:<5} {:<20} {}",
            account.account,
            account.role.name(),
            if account.active { "yes" } else { "no" },
            account.capacity,
            account.teams.join(","),
            account.name,
        )?;
    }
    Ok(())
}

async fn add(args: &AddArgs) -> anyhow::Result<()> {
    let opened = args.folder.open_or_create().await?;
    if opened.accounts.get(&args.account).await?.is_some() {
        anyhow::bail!(
            "the account {0} is there already; change it with `xiaoer accounts set {0}`",
            args.account
        );
    }
    let (password, made_up) = args.password.take()?;
    let change = AccountChange {
        name: Some(args.name.clone()),
        password: Some(password),
        ..args.rights.change()
    };
    let changed = opened.change(&args.account, change).await?;
    tell(&format!(
        "{} is there, as {}",
        args.account,
        changed.account.role.name()
    ));
    show_once(made_up)
}

async fn set(args: &SetArgs) -> anyhow::Result<()> {
    let opened = args.folder.open().await?;
    opened.known(&args.account).await?;
    let change = AccountChange {
        name: args.name.clone(),
        active: (args.active || args.inactive).then_some(args.active),
        ..args.rights.change()
    };
    let changed = opened.change(&args.account, change).await?;
    tell(&format!("now {}", described(&changed.account)));
    Ok(())
}

async fn password(args: &PasswordArgs) -> anyhow::Result<()> {
    let opened = args.folder.open().await?;
    let account = opened.known(&args.account).await?;
    let (password, made_up) = args.password.take()?;
    let change = AccountChange {
        password: Some(password),
        ..AccountChange::default()
    };
    opened.change(&args.account, change).await?;
    tell(&format!(
        "{} has a new password and is logged out everywhere",
        args.account
    ));
    if !account.active {
        tell(&format!(
            "it is not active: `xiaoer accounts set {} --active` lets it log in",
            args.account
        ));
    }
    show_once(made_up)
}

/// Accounts of a data folder, which is locked meanwhile.
struct Opened {
    accounts: Accounts,
    data: String,
    _store: Sqlite,
}

impl Folder {
    async fn open(&self) -> anyhow::Result<Opened> {
        let data = self.data.display();
        if !self.data.join(STORE_FILE).is_file() {
            return Err(Misuse::error(format!(
                "there is no store in {data}; name its folder with --data, or add an account to begin one"
            )));
        }
        self.open_or_create().await
    }

    async fn open_or_create(&self) -> anyhow::Result<Opened> {
        let store = Sqlite::open(&self.data).await.map_err(|error| match error {
            store::Error::Locked { folder, pid } => Misuse::error(format!(
                "the data folder {folder} is locked by pid {pid}, which is a server at work: change accounts on \
                 its page {}, under accounts, or stop it first",
                console_page()
            )),
            error => Misuse::from_error(error),
        })?;
        Ok(Opened {
            accounts: store.accounts().await?,
            data: self.data.display().to_string(),
            _store: store,
        })
    }
}

/// Where the console of the usual configuration is.
fn console_page() -> String {
    let config = Config::usual().unwrap_or_default();
    let base = config
        .public_url
        .unwrap_or_else(|| format!("http://{}", config.listen));
    format!("{}/console", base.trim_end_matches('/'))
}

impl Opened {
    async fn known(&self, account: &str) -> anyhow::Result<Account> {
        let known = self.accounts.get(account).await?;
        known.with_context(|| {
            format!(
                "there is no account {account} in {}; `xiaoer accounts list` shows all",
                self.data
            )
        })
    }

    async fn change(&self, account: &str, change: AccountChange) -> anyhow::Result<Changed> {
        let who = (BY_COMMAND, SystemClock.now());
        let changed = change_account(&self.accounts, who, account, change).await;
        changed.map_err(|error| match error {
            ChangeError::BadField(bad) => Misuse::from_error(bad),
            error => error.into(),
        })
    }
}

impl PasswordSource {
    /// The password, and again if it was made up here and has to be shown.
    fn take(&self) -> anyhow::Result<(String, Option<String>)> {
        if !self.password_stdin {
            let password = random_password();
            return Ok((password.clone(), Some(password)));
        }
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("stdin cannot be read")?;
        Ok((line.trim_end_matches(['\r', '\n']).to_owned(), None))
    }
}

fn show_once(made_up: Option<String>) -> anyhow::Result<()> {
    if let Some(password) = made_up {
        tell("its password, shown once:");
        writeln!(std::io::stdout(), "{password}")?;
    }
    Ok(())
}

fn tell(text: &str) {
    let _gone = writeln!(std::io::stderr(), "{text}");
}
