//! The SQLite store: write-ahead log, `synchronous=FULL`, one writer with group commit, a few readers.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Row};
use tokio::sync::{mpsc, oneshot};

use super::schema::{Lineage, damaged, prepare};
use super::writer::{self, Request, to_sql};
use super::{Append, Appended, Error, Head, Opening, Store, Survey, sqlite_read};
use crate::conversation::{ConversationId, Recorded};

/// SQLite before this has a bug that can corrupt the write-ahead log.
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// Requests that may wait for the writer.
const WRITES_WAITING_MAX: usize = 4_096;
/// Times to try for the lock of the data folder.
const LOCK_TRIES_MAX: usize = 10;
/// Time between two of them.
const BETWEEN_LOCK_TRIES: Duration = Duration::from_millis(50);
/// Connections that read.
const READERS_MAX: u32 = 4;

/// Conversations in one SQLite file.
pub struct Sqlite {
    readers: SqlitePool,
    requests: mpsc::Sender<Request>,
    lineage: Lineage,
    path: PathBuf,
    /// Held as long as the store is open, so that no second process writes the same file.
    _lock: std::fs::File,
}

impl Sqlite {
    /// Opens the store in a folder, creating both when they are not there.
    ///
    /// # Errors
    /// [`Error::Unusable`] with what to do: locked by another process, written by a newer version,
    /// too old an SQLite, or a damaged file (which is never silently created anew).
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let unusable = |error: std::io::Error| {
            Error::Unusable(format!(
                "cannot use the data folder {}: {error}",
                folder.display()
            ))
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        let lock = lock(folder).await?;
        let path = folder.join("xiaoer.sqlite");
        let options = SqliteConnectOptions::from_str("sqlite:")?
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let mut connection = options.connect().await.map_err(|error| damaged(&path, &error))?;
        check_version(&mut connection).await?;
        let lineage = prepare(&mut connection, &path).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        let (requests, waiting) = mpsc::channel(WRITES_WAITING_MAX);
        tokio::spawn(writer::run(connection, waiting));
        Ok(Self {
            readers,
            requests,
            lineage,
            path,
            _lock: lock,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn ask<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        let (to, outcome) = oneshot::channel();
        self.requests.try_send(make(to)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Failed("the writer has stopped".to_owned()),
        })?;
        outcome
            .await
            .unwrap_or_else(|_| Err(Error::Failed("the writer has stopped".to_owned())))
    }
}

/// Holds `xiaoer.lock`, which names the process that has it. One that is just ending, or starting another
/// program, may have it for a moment longer.
async fn lock(folder: &Path) -> Result<std::fs::File, Error> {
    let path = folder.join("xiaoer.lock");
    let failed = |e: std::io::Error| Error::Unusable(format!("cannot lock {}: {e}", path.display()));
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    let mut tries = 1;
    while file.try_lock().is_err() {
        if tries < LOCK_TRIES_MAX {
            tries += 1;
            tokio::time::sleep(BETWEEN_LOCK_TRIES).await;
            continue;
        }
        let holder = std::fs::read_to_string(&path).unwrap_or_default();
        return Err(Error::Locked {
            folder: folder.display().to_string(),
            pid: holder.trim().to_owned(),
        });
    }
    file.set_len(0).map_err(failed)?;
    std::io::Write::write_all(&mut &file, std::process::id().to_string().as_bytes()).map_err(failed)?;
    Ok(file)
}

async fn check_version(connection: &mut sqlx::SqliteConnection) -> Result<(), Error> {
    let version: String = sqlx::query("SELECT sqlite_version() AS v")
        .fetch_one(connection)
        .await?
        .try_get("v")?;
    let mut parts = version.split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    if (part(), part(), part()) < SQLITE_VERSION_MIN {
        return Err(Error::Unusable(format!(
            "SQLite {version} can corrupt its log; build with the bundled one (3.51.3 or later)"
        )));
    }
    Ok(())
}

#[async_trait]
impl Store for Sqlite {
    async fn open(&self, opening: Opening) -> Result<Head, Error> {
        self.ask(|to| Request::Open(opening, to)).await
    }

    async fn append(&self, append: Append) -> Result<Appended, Error> {
        self.ask(|to| Request::Append(append, to)).await
    }

    async fn read(&self, id: &ConversationId, after: u64, events_max: usize) -> Result<Vec<Recorded>, Error> {
        let rows = sqlx::query(
            "SELECT seq, at, body FROM event WHERE conversation = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(id.as_str())
        .bind(to_sql(after))
        .bind(to_sql(events_max as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(sqlite_read::decode_event).collect()
    }

    async fn head(&self, id: &ConversationId) -> Result<Head, Error> {
        let row = sqlx::query("SELECT * FROM conversation WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        sqlite_read::decode_head(&row.ok_or(Error::NotFound)?)
    }

    async fn survey(&self, survey: Survey) -> Result<Vec<Head>, Error> {
        sqlite_read::survey(&self.readers, survey).await
    }

    fn epoch(&self) -> &str {
        &self.lineage.epoch
    }

    fn secret(&self) -> &str {
        &self.lineage.secret
    }
}

impl Sqlite {
    /// The accounts kept in the same file.
    ///
    /// # Errors
    /// When the file cannot be opened a second time for writing accounts.
    pub async fn accounts(&self) -> Result<super::Accounts, Error> {
        Ok(super::Accounts::new(self.beside().await?))
    }

    /// The files of conversations: their bytes beside this one, and which is whose in it.
    ///
    /// # Errors
    /// When this file cannot be opened once more, or the folder cannot be used.
    pub async fn files(&self) -> Result<super::Files, Error> {
        let data = self.path.parent().unwrap_or(Path::new("."));
        super::Files::open(self.beside().await?, data)
    }

    /// One more connection that writes, for what is no conversation.
    async fn beside(&self) -> Result<SqlitePool, Error> {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        Ok(SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?)
    }
}
