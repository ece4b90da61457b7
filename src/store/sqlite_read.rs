//! Reading rows of the SQLite store back into types.

use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};

use super::{Error, Head, Survey};
use crate::conversation::{ConversationId, Lang, Owner, Ownership, Recorded, Status};

/// Most conversations answered late after a restart in one go.
const UNANSWERED_MAX: i64 = 100_000;

pub(super) fn decode_event(row: &SqliteRow) -> Result<Recorded, Error> {
    let body: String = row.try_get("body")?;
    let event = serde_json::from_str(&body)
        .map_err(|error| Error::Failed(format!("an event cannot be read: {error}")))?;
    Ok(Recorded {
        seq: number(row, "seq")?,
        at: row.try_get("at")?,
        event,
    })
}

pub(super) fn decode_head(row: &SqliteRow) -> Result<Head, Error> {
    let odd = |what: &str| Error::Failed(format!("a conversation's {what} cannot be read"));
    let status = match row.try_get::<&str, _>("status")? {
        "with_bot" => Status::WithBot,
        "waiting" => Status::Waiting,
        "with_agent" => Status::WithAgent,
        "resolved" => Status::Resolved,
        _ => return Err(odd("status")),
    };
    let owner = match row.try_get::<&str, _>("owner")? {
        "bot" => Owner::Bot,
        "nobody" => Owner::Nobody,
        agent => Owner::Agent(
            agent
                .strip_prefix("agent:")
                .ok_or_else(|| odd("owner"))?
                .to_owned(),
        ),
    };
    let lang: String = row.try_get("lang")?;
    Ok(Head {
        id: ConversationId::new(row.try_get::<String, _>("id")?).map_err(|_| odd("id"))?,
        last_seq: number(row, "last_seq")?,
        ownership: Ownership {
            status,
            owner,
            owner_epoch: number(row, "owner_epoch")?,
        },
        token_hash: row.try_get("token_hash")?,
        lang: Lang::from_locale(&lang),
        updated_at: row.try_get("updated_at")?,
        waiting_since: row.try_get("waiting_since")?,
    })
}

fn number(row: &SqliteRow, column: &str) -> Result<u64, Error> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| Error::Failed(format!("negative {column}")))
}

pub(super) async fn survey(pool: &SqlitePool, survey: Survey) -> Result<Vec<Head>, Error> {
    let rows = match survey {
        Survey::Board { heads_max } => {
            sqlx::query(
                "SELECT * FROM conversation WHERE said > 0 ORDER BY \
                 CASE status WHEN 'waiting' THEN 0 WHEN 'with_agent' THEN 1 ELSE 2 END, \
                 CASE status WHEN 'waiting' THEN waiting_since ELSE -updated_at END, id LIMIT $1",
            )
            .bind(i64::try_from(heads_max).unwrap_or(i64::MAX))
            .fetch_all(pool)
            .await?
        }
        Survey::Unanswered => {
            sqlx::query(
                "SELECT * FROM conversation WHERE status = 'with_bot' AND said > answered \
                 ORDER BY updated_at LIMIT $1",
            )
            .bind(UNANSWERED_MAX)
            .fetch_all(pool)
            .await?
        }
    };
    rows.iter().map(decode_head).collect()
}
