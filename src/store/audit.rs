//! Who did what to accounts, logins and other people's conversations. Entries are only ever added.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{Accounts, Error};

/// Most entries of one kind of act; the oldest go. Counted by kind, so that a flood of failed logins
/// pushes out nothing that people did.
const ENTRIES_OF_ACT_MAX: i64 = 100_000;
/// Entries between two looks at that limit.
const ENTRIES_BETWEEN_CUTS: i64 = 256;
/// Longest account, act and object kept, in characters.
const WORD_CHARS_MAX: usize = 64;
/// Longest detail kept, in characters.
const DETAIL_CHARS_MAX: usize = 1_000;

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; later ones are larger.
    pub id: i64,
    /// When, milliseconds since 1970.
    pub at: i64,
    /// Who; `cli` for somebody at the machine itself.
    pub account: String,
    /// What was done, such as `login` or `account_changed`.
    pub act: String,
    /// To what: an account, a conversation; empty if to nothing.
    pub object: String,
    /// What changed, in words; never a secret.
    pub detail: String,
}

/// An act to be written down. Texts that are too long are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act<'a> {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// Who.
    pub account: &'a str,
    /// What was done.
    pub act: &'a str,
    /// To what; empty if to nothing.
    pub object: &'a str,
    /// What changed, in words; never a secret.
    pub detail: String,
}

impl Accounts {
    /// Adds an act to the audit. Texts that are too long are cut.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn record(
        &self,
        at: i64,
        account: &str,
        act: &str,
        object: &str,
        detail: &str,
    ) -> Result<(), Error> {
        let done = Act {
            at,
            account,
            act,
            object,
            detail: detail.to_owned(),
        };
        let id = insert(&mut *self.pool().acquire().await?, &done).await?;
        if id % ENTRIES_BETWEEN_CUTS == 0 {
            self.cut_audit(act, ENTRIES_OF_ACT_MAX).await?;
        }
        Ok(())
    }

    async fn cut_audit(&self, act: &str, entries_max: i64) -> Result<(), Error> {
        sqlx::query(
            "DELETE FROM audit WHERE act = $1 AND id <= \
             (SELECT id FROM audit WHERE act = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
        )
        .bind(cut(act, WORD_CHARS_MAX))
        .bind(entries_max)
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// The latest acts before an entry, or of all; the latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audit(&self, before_id: Option<i64>, entries_max: usize) -> Result<Vec<AuditEntry>, Error> {
        let rows = sqlx::query("SELECT * FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2")
            .bind(before_id.unwrap_or(i64::MAX))
            .bind(i64::try_from(entries_max).unwrap_or(i64::MAX))
            .fetch_all(self.pool())
            .await?;
        let entries = rows.iter().map(|row| {
            Ok(AuditEntry {
                id: row.try_get("id")?,
                at: row.try_get("at")?,
                account: row.try_get("account")?,
                act: row.try_get("act")?,
                object: row.try_get("object")?,
                detail: row.try_get("detail")?,
            })
        });
        entries.collect()
    }
}

/// Writes one entry and answers its number.
pub(super) async fn insert(connection: &mut SqliteConnection, done: &Act<'_>) -> Result<i64, Error> {
    let row = sqlx::query("INSERT INTO audit (at, account, act, object, detail) VALUES ($1, $2, $3, $4, $5)")
        .bind(done.at)
        .bind(cut(done.account, WORD_CHARS_MAX))
        .bind(cut(done.act, WORD_CHARS_MAX))
        .bind(cut(done.object, WORD_CHARS_MAX))
        .bind(cut(&done.detail, DETAIL_CHARS_MAX))
        .execute(connection)
        .await?;
    Ok(row.last_insert_rowid())
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use crate::store::Sqlite;

    #[tokio::test]
    async fn a_flood_of_one_act_pushes_out_only_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path()).await.unwrap();
        let accounts = store.accounts().await.unwrap();
        accounts.record(1, "boss", "login", "", "").await.unwrap();
        for at in 2..10 {
            accounts.record(at, "x", "login_failed", "", "").await.unwrap();
        }
        accounts.cut_audit("login_failed", 3).await.unwrap();
        let left: Vec<i64> = accounts
            .audit(None, 100)
            .await
            .unwrap()
            .iter()
            .map(|e| e.at)
            .collect();
        assert_eq!(left, [9, 8, 7, 1]);
    }
}
