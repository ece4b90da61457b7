//! What customers had done at a shop that has no system of its own: one row a request, by its key.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};

use super::Error;

/// A request that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its idempotency key.
    pub key: String,
    /// What was done, such as `return`.
    pub kind: String,
    /// The order it is about; empty if about none.
    pub order_no: String,
    /// The customer, if known.
    pub customer: String,
    /// What came along.
    pub fields: BTreeMap<String, String>,
    /// Its number.
    pub number: String,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// The ledger. Clones share it.
#[derive(Clone)]
pub struct Ledger {
    pool: SqlitePool,
}

impl Ledger {
    /// Opens or makes the ledger of a data folder.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("shop.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        Self::over(options, 2).await
    }

    /// A ledger that is forgotten when it is dropped.
    ///
    /// # Errors
    /// When SQLite fails.
    pub async fn forgetful() -> Result<Self, Error> {
        Self::over(SqliteConnectOptions::new().in_memory(true), 1).await
    }

    async fn over(options: SqliteConnectOptions, connections_max: u32) -> Result<Self, Error> {
        let pool = SqlitePoolOptions::new()
            .max_connections(connections_max)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options)
            .await?;
        sqlx::query(
            "CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, \
             order_no TEXT NOT NULL, customer TEXT NOT NULL, fields TEXT NOT NULL, number TEXT NOT NULL, \
             at INTEGER NOT NULL)",
        )
        .execute(&pool)
        .await?;
        sqlx::query("CREATE INDEX IF NOT EXISTS entry_order ON entry (order_no)")
            .execute(&pool)
            .await?;
        Ok(Self { pool })
    }

    /// Writes an entry unless its key is there, and gives the one that is there now.
    ///
    /// # Errors
    /// When the ledger fails; nothing was written then.
    pub async fn put(&self, entry: Entry) -> Result<Entry, Error> {
        let fields = serde_json::to_string(&entry.fields).map_err(|e| Error::Failed(e.to_string()))?;
        sqlx::query(
            "INSERT INTO entry (key, kind, order_no, customer, fields, number, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (key) DO NOTHING",
        )
        .bind(&entry.key)
        .bind(&entry.kind)
        .bind(&entry.order_no)
        .bind(&entry.customer)
        .bind(fields)
        .bind(&entry.number)
        .bind(entry.at)
        .execute(&self.pool)
        .await?;
        Ok(self.entry(&entry.key).await?.unwrap_or(entry))
    }

    /// The entry of a key.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn entry(&self, key: &str) -> Result<Option<Entry>, Error> {
        let row = sqlx::query("SELECT * FROM entry WHERE key = $1")
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(decode).transpose()
    }

    /// What was done to an order, the first first.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn of_order(&self, order_no: &str) -> Result<Vec<Entry>, Error> {
        let rows = sqlx::query("SELECT * FROM entry WHERE order_no = $1 ORDER BY id")
            .bind(order_no)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(decode).collect()
    }
}

fn decode(row: &SqliteRow) -> Result<Entry, Error> {
    let fields: String = row.try_get("fields")?;
    Ok(Entry {
        key: row.try_get("key")?,
        kind: row.try_get("kind")?,
        order_no: row.try_get("order_no")?,
        customer: row.try_get("customer")?,
        fields: serde_json::from_str(&fields).map_err(|e| Error::Failed(e.to_string()))?,
        number: row.try_get("number")?,
        at: row.try_get("at")?,
    })
}
