//! The tables of the SQLite store, version by version. A file of an older version is brought up to date in
//! one transaction when it is opened; a new file takes the same steps, so both have the same tables.

use std::path::Path;

use rand::Rng;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};

use super::Error;
use crate::conversation::hex;

/// What leads from each version of the tables to the next, the first from nothing. A step is never changed
/// once it has been released.
const STEPS: [&str; 3] = [VERSION_1, VERSION_2, VERSION_3];

const VERSION_1: &str = "
CREATE TABLE store (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE conversation (
  id TEXT PRIMARY KEY, last_seq INTEGER NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL,
  owner_epoch INTEGER NOT NULL, said INTEGER NOT NULL, answered INTEGER NOT NULL,
  token_hash TEXT NOT NULL, lang TEXT NOT NULL, updated_at INTEGER NOT NULL, waiting_since INTEGER
) STRICT;
CREATE INDEX conversation_by_status ON conversation (status, updated_at);
CREATE TABLE event (
  conversation TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE once (
  conversation TEXT NOT NULL, cid TEXT NOT NULL, hash TEXT NOT NULL,
  first INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (conversation, cid)
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
  account TEXT PRIMARY KEY, name TEXT NOT NULL, password_hash TEXT NOT NULL
) STRICT;
CREATE TABLE login (
  token_hash TEXT PRIMARY KEY, account TEXT NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Roles and rights of accounts, drafts, the audit, and whose a conversation is.
const VERSION_2: &str = "
ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'agent';
ALTER TABLE account ADD COLUMN teams TEXT NOT NULL DEFAULT '[]';
ALTER TABLE account ADD COLUMN langs TEXT NOT NULL DEFAULT '[]';
ALTER TABLE account ADD COLUMN capacity INTEGER NOT NULL DEFAULT 5;
ALTER TABLE account ADD COLUMN active INTEGER NOT NULL DEFAULT 1;
UPDATE account SET role = 'admin' WHERE account = 'admin';
CREATE INDEX login_by_account ON login (account);
CREATE TABLE draft (
  account TEXT NOT NULL, conversation TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (account, conversation)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, account TEXT NOT NULL, act TEXT NOT NULL,
  object TEXT NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_act ON audit (act, id);
ALTER TABLE conversation ADD COLUMN customer TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
UPDATE conversation SET
  opened_at = COALESCE(
    (SELECT e.at FROM event e WHERE e.conversation = conversation.id ORDER BY e.seq LIMIT 1), updated_at),
  customer = COALESCE(
    (SELECT json_extract(e.body, '$.customer') FROM event e WHERE e.conversation = conversation.id
     AND json_extract(e.body, '$.type') = 'identified' ORDER BY e.seq DESC LIMIT 1), '');
CREATE INDEX conversation_by_customer ON conversation (customer, updated_at);
CREATE INDEX conversation_by_opening ON conversation (opened_at);
CREATE INDEX conversation_by_update ON conversation (updated_at);
";

/// Files that customers sent; their bytes lie beside.
const VERSION_3: &str = "
CREATE TABLE file (
  conversation TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (conversation, id)
) STRICT, WITHOUT ROWID;
";

/// What a store keeps of itself.
pub(super) struct Lineage {
    /// Its name.
    pub epoch: String,
    /// What only it knows.
    pub secret: String,
}

/// Creates the tables on first use, brings older ones up to date, and answers what the lineage is.
pub(super) async fn prepare(connection: &mut SqliteConnection, path: &Path) -> Result<Lineage, Error> {
    let row = sqlx::query("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| damaged(path, &error))?;
    let found: i64 = row.try_get(0)?;
    let missing = usize::try_from(found).ok().and_then(|found| STEPS.get(found..));
    let Some(missing) = missing else {
        return Err(Error::Unusable(format!(
            "{} was written by a newer version (schema {found}, this one knows {}); run that version",
            path.display(),
            STEPS.len()
        )));
    };
    if !missing.is_empty() {
        if found > 0 {
            tracing::warn!(file = %path.display(), from = found, to = STEPS.len(), "bringing the store up to date");
        }
        walk(connection, missing, found == 0).await?;
    }
    let secret: [u8; 32] = rand::rng().random();
    // The first start makes it up; a later one keeps it.
    sqlx::query("INSERT OR IGNORE INTO store VALUES ('secret', $1)")
        .bind(hex(&secret))
        .execute(&mut *connection)
        .await?;
    Ok(Lineage {
        epoch: value(connection, "epoch").await?,
        secret: value(connection, "secret").await?,
    })
}

async fn value(connection: &mut SqliteConnection, key: &str) -> Result<String, Error> {
    let row = sqlx::query("SELECT value FROM store WHERE key = $1")
        .bind(key)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("value")?)
}

/// Takes the steps, all or none.
async fn walk(connection: &mut SqliteConnection, steps: &[&'static str], is_new: bool) -> Result<(), Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for step in steps {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    if is_new {
        sqlx::query("INSERT INTO store VALUES ('epoch', $1)")
            .bind(uuid::Uuid::new_v4().simple().to_string())
            .execute(&mut *transaction)
            .await?;
    }
    // A pragma takes no parameters.
    const _: () = assert!(STEPS.len() == 3, "name the new version below");
    sqlx::raw_sql("PRAGMA user_version = 3")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

pub(super) fn damaged(path: &Path, error: &sqlx::Error) -> Error {
    Error::Unusable(format!(
        "{} cannot be opened as a store: {error}; run `PRAGMA integrity_check` on a copy, or restore a \
         backup (it is never replaced by an empty one)",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;
    use crate::conversation::{ConversationId, Event};
    use crate::store::{Role, Sqlite, Store, Survey};

    /// Rows as version 1 wrote them.
    const OLD_ROWS: &str = r#"
        INSERT INTO store VALUES ('epoch', 'old lineage');
        INSERT INTO account VALUES ('admin', 'Boss', 'h1'), ('lin', 'Lin', 'h2');
        INSERT INTO login VALUES ('t1', 'lin', 9000);
        INSERT INTO conversation VALUES
          ('conversation-known', 4, 'with_bot', 'bot', 0, 3, 0, 'h', 'en', 40, NULL),
          ('conversation-nobody', 1, 'with_bot', 'bot', 0, 0, 0, 'h', 'zh', 20, NULL);
        INSERT INTO event VALUES
          ('conversation-known', 1, 10, '{"type":"conversation_started","lang":"en"}'),
          ('conversation-known', 2, 11, '{"type":"identified","customer":"C-1"}'),
          ('conversation-known', 3, 12, '{"type":"customer_said","cid":"cid-00000001","text":"identified"}'),
          ('conversation-known', 4, 40, '{"type":"identified","customer":"C-2"}'),
          ('conversation-nobody', 1, 20, '{"type":"conversation_started","lang":"zh"}');
        PRAGMA user_version = 1;
    "#;

    async fn old_file(folder: &Path) {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("xiaoer.sqlite"))
            .create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(VERSION_1).execute(&mut connection).await.unwrap();
        sqlx::raw_sql(OLD_ROWS).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_of_version_1_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        old_file(folder.path()).await;
        let store = Sqlite::open(folder.path()).await.unwrap();
        assert_eq!(store.epoch(), "old lineage");
        let id = ConversationId::new("conversation-known").unwrap();
        let head = store.head(&id).await.unwrap();
        assert_eq!((head.customer.as_deref(), head.opened_at), (Some("C-2"), 10));
        let events = store.read(&id, 0, 10).await.unwrap();
        assert!(matches!(&events[2].event, Event::CustomerSaid { text, .. } if text == "identified"));
        let nobody = ConversationId::new("conversation-nobody").unwrap();
        let head = store.head(&nobody).await.unwrap();
        assert_eq!((head.customer, head.opened_at), (None, 20));
        let of = Survey::Customer {
            customer: "C-2".to_owned(),
            heads_max: 10,
        };
        assert_eq!(store.survey(of).await.unwrap().len(), 1);

        let accounts = store.accounts().await.unwrap();
        let (admin, lin) = (
            accounts.get("admin").await.unwrap(),
            accounts.get("lin").await.unwrap(),
        );
        assert_eq!(admin.unwrap().role, Role::Admin);
        let lin = lin.unwrap();
        assert_eq!((lin.role, lin.capacity, lin.active), (Role::Agent, 5, true));
        assert!(lin.teams.is_empty() && lin.langs.is_empty());
        let login = accounts.login("t1", 8_000).await.unwrap();
        assert_eq!(login.unwrap().account, "lin", "whoever was logged in stays so");
    }

    #[tokio::test]
    async fn the_file_is_opened_again_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let first = Sqlite::open(folder.path()).await.unwrap();
        let (epoch, secret) = (first.epoch().to_owned(), first.secret().to_owned());
        assert_eq!(secret.len(), 64);
        drop(first);
        let again = Sqlite::open(folder.path()).await.unwrap();
        assert_eq!((again.epoch(), again.secret()), (&*epoch, &*secret));
    }
}
