//! Agents' accounts and logins. Passwords and tokens come here hashed; this file never sees them.

use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};

use super::audit::{self, Act};
use super::{Error, Role};
use crate::conversation::Lang;

/// Conversations an agent has at a time, unless told otherwise.
const CAPACITY_USUAL: u32 = 5;

/// Accounts, their logins and drafts, and the audit of one store.
#[derive(Clone)]
pub struct Accounts {
    pool: SqlitePool,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub account: String,
    /// Name as shown to customers.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Ids of the teams it belongs to.
    pub teams: Vec<String>,
    /// Languages it answers in; empty for all.
    pub langs: Vec<Lang>,
    /// Conversations it has at a time.
    pub capacity: u32,
    /// Whether it may log in.
    pub active: bool,
    /// Password hash in PHC form.
    pub password_hash: String,
}

impl Account {
    /// An active agent for all languages, in no team.
    #[must_use]
    pub fn new(
        account: impl Into<String>,
        name: impl Into<String>,
        password_hash: impl Into<String>,
    ) -> Self {
        Self {
            account: account.into(),
            name: name.into(),
            role: Role::Agent,
            teams: Vec::new(),
            langs: Vec::new(),
            capacity: CAPACITY_USUAL,
            active: true,
            password_hash: password_hash.into(),
        }
    }

    /// The same with another role.
    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Whether it answers in a language.
    #[must_use]
    pub fn answers_in(&self, lang: Lang) -> bool {
        self.langs.is_empty() || self.langs.contains(&lang)
    }

    /// Whether it may change accounts.
    #[must_use]
    pub fn is_active_admin(&self) -> bool {
        self.active && self.role.at_least(Role::Admin)
    }
}

impl Accounts {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(&self) -> Result<i64, Error> {
        Ok(sqlx::query("SELECT COUNT(*) FROM account")
            .fetch_one(&self.pool)
            .await?
            .try_get(0)?)
    }

    /// All accounts by login name, also those that are not active.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self) -> Result<Vec<Account>, Error> {
        let rows = sqlx::query("SELECT * FROM account ORDER BY account")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(decode).collect()
    }

    /// Creates an account, or changes all of it. Whoever is no longer active, or has another password,
    /// is logged out everywhere.
    ///
    /// # Errors
    /// [`Error::LastAdmin`] when nobody would be left who may change accounts, or when the store fails;
    /// nothing was changed then.
    pub async fn put(&self, account: &Account) -> Result<(), Error> {
        self.put_audited(account, &[]).await
    }

    /// As [`Accounts::put`], together with what the audit is to tell of it: both are on disk, or neither.
    ///
    /// # Errors
    /// As [`Accounts::put`].
    pub async fn put_audited(&self, account: &Account, acts: &[Act<'_>]) -> Result<(), Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let before = find(&mut transaction, &account.account).await?;
        let was_admin = before.as_ref().is_some_and(Account::is_active_admin);
        if was_admin && !account.is_active_admin() {
            refuse_last_admin(&mut transaction, &account.account).await?;
        }
        write(&mut transaction, account).await?;
        if before.is_some_and(|before| before.password_hash != account.password_hash) || !account.active {
            log_out(&mut transaction, &account.account).await?;
        }
        for act in acts {
            audit::insert(&mut transaction, act).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Gives an account another password and logs it out everywhere; answers whether there is such an account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_password(&self, account: &str, password_hash: &str) -> Result<bool, Error> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let changed = sqlx::query("UPDATE account SET password_hash = $2 WHERE account = $1")
            .bind(account)
            .bind(password_hash)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        log_out(&mut transaction, account).await?;
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// An account by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, account: &str) -> Result<Option<Account>, Error> {
        let mut connection = self.pool.acquire().await?;
        find(&mut connection, account).await
    }

    /// Keeps a login until a moment (milliseconds since 1970), and forgets those that are over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put_login(
        &self,
        token_hash: &str,
        account: &str,
        now: i64,
        until: i64,
    ) -> Result<(), Error> {
        sqlx::query("DELETE FROM login WHERE until < $1")
            .bind(now)
            .execute(&self.pool)
            .await?;
        sqlx::query("INSERT INTO login (token_hash, account, until) VALUES ($1, $2, $3)")
            .bind(token_hash)
            .bind(account)
            .bind(until)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The account a login belongs to, unless it is over or the account is not active.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn login(&self, token_hash: &str, now: i64) -> Result<Option<Account>, Error> {
        let row = sqlx::query(
            "SELECT account.* FROM login JOIN account ON account.account = login.account \
             WHERE token_hash = $1 AND until >= $2 AND active = 1",
        )
        .bind(token_hash)
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(decode).transpose()
    }

    /// Ends a login.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_login(&self, token_hash: &str) -> Result<(), Error> {
        sqlx::query("DELETE FROM login WHERE token_hash = $1")
            .bind(token_hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

async fn find(connection: &mut SqliteConnection, account: &str) -> Result<Option<Account>, Error> {
    let row = sqlx::query("SELECT * FROM account WHERE account = $1")
        .bind(account)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(decode).transpose()
}

async fn refuse_last_admin(connection: &mut SqliteConnection, account: &str) -> Result<(), Error> {
    let other = sqlx::query("SELECT 1 FROM account WHERE account <> $1 AND active = 1 AND role = 'admin'")
        .bind(account)
        .fetch_optional(connection)
        .await?;
    other.map(drop).ok_or(Error::LastAdmin)
}

async fn write(connection: &mut SqliteConnection, account: &Account) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO account (account, name, password_hash, role, teams, langs, capacity, active) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account) DO UPDATE SET \
         name = $2, password_hash = $3, role = $4, teams = $5, langs = $6, capacity = $7, active = $8",
    )
    .bind(&account.account)
    .bind(&account.name)
    .bind(&account.password_hash)
    .bind(account.role.name())
    .bind(json(&account.teams)?)
    .bind(json(&account.langs)?)
    .bind(account.capacity)
    .bind(account.active)
    .execute(connection)
    .await?;
    Ok(())
}

async fn log_out(connection: &mut SqliteConnection, account: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM login WHERE account = $1")
        .bind(account)
        .execute(connection)
        .await?;
    Ok(())
}

fn decode(row: &SqliteRow) -> Result<Account, Error> {
    let odd = |what: &str| Error::Failed(format!("an account's {what} cannot be read"));
    Ok(Account {
        account: row.try_get("account")?,
        name: row.try_get("name")?,
        role: Role::of_name(row.try_get("role")?).ok_or_else(|| odd("role"))?,
        teams: serde_json::from_str(row.try_get("teams")?).map_err(|_| odd("teams"))?,
        langs: serde_json::from_str(row.try_get("langs")?).map_err(|_| odd("langs"))?,
        capacity: row.try_get("capacity")?,
        active: row.try_get("active")?,
        password_hash: row.try_get("password_hash")?,
    })
}

fn json(list: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(list).map_err(|error| Error::Failed(error.to_string()))
}
