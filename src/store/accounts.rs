//! Agents' accounts and logins. Passwords and tokens come here hashed; this file never sees them.

use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use super::Error;

/// Accounts and logins of one store.
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
    /// Password hash in PHC form.
    pub password_hash: String,
}

impl Accounts {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool }
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

    /// Creates an account, or gives it a new name and password.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put(&self, account: &Account) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO account (account, name, password_hash) VALUES ($1, $2, $3) \
             ON CONFLICT (account) DO UPDATE SET name = $2, password_hash = $3",
        )
        .bind(&account.account)
        .bind(&account.name)
        .bind(&account.password_hash)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// An account by name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn get(&self, account: &str) -> Result<Option<Account>, Error> {
        let row = sqlx::query("SELECT * FROM account WHERE account = $1")
            .bind(account)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| {
            Ok(Account {
                account: row.try_get("account")?,
                name: row.try_get("name")?,
                password_hash: row.try_get("password_hash")?,
            })
        })
        .transpose()
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

    /// The account a login belongs to, unless it is over.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn login(&self, token_hash: &str, now: i64) -> Result<Option<Account>, Error> {
        let row = sqlx::query("SELECT account FROM login WHERE token_hash = $1 AND until >= $2")
            .bind(token_hash)
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        match row {
            Some(row) => self.get(row.try_get::<&str, _>("account")?).await,
            None => Ok(None),
        }
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
