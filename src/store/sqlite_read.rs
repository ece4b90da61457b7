//! Reading rows of the SQLite store back into types.

use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};

use super::{Error, Head, Survey};
use crate::conversation::{ConversationId, Lang, Owner, Ownership, Recorded, Status};

/// Most conversations answered late after a restart in one go.
const UNANSWERED_MAX: i64 = 100_000;
/// Most conversations that wait, and most with agents; far beyond what people can answer.
const OPEN_MAX: i64 = 100_000;

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
        customer: Some(row.try_get("customer")?).filter(|customer: &String| !customer.is_empty()),
        opened_at: row.try_get("opened_at")?,
    })
}

fn number(row: &SqliteRow, column: &str) -> Result<u64, Error> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| Error::Failed(format!("negative {column}")))
}

pub(super) async fn survey(pool: &SqlitePool, survey: Survey) -> Result<Vec<Head>, Error> {
    let rows = match survey {
        Survey::Board { heads_max } => sqlx::query(
            "SELECT * FROM conversation WHERE said > 0 ORDER BY \
                 CASE status WHEN 'waiting' THEN 0 WHEN 'with_agent' THEN 1 ELSE 2 END, \
                 CASE status WHEN 'waiting' THEN waiting_since ELSE -updated_at END, id LIMIT $1",
        )
        .bind(limit(heads_max)),
        Survey::Open { heads_max } => return open(pool, heads_max).await,
        Survey::Changed { since, heads_max } => {
            sqlx::query("SELECT * FROM conversation WHERE updated_at >= $1 ORDER BY updated_at, id LIMIT $2")
                .bind(since)
                .bind(limit(heads_max))
        }
        Survey::Between {
            from,
            until,
            heads_max,
        } => sqlx::query(
            "SELECT * FROM conversation WHERE updated_at >= $1 AND updated_at < $2 \
             ORDER BY updated_at, id LIMIT $3",
        )
        .bind(from)
        .bind(until)
        .bind(limit(heads_max)),
        Survey::Customer { customer, heads_max } => sqlx::query(
            "SELECT * FROM conversation WHERE customer = $1 AND customer <> '' \
             ORDER BY updated_at DESC, id LIMIT $2",
        )
        .bind(customer)
        .bind(limit(heads_max)),
        Survey::Unanswered => sqlx::query(
            "SELECT * FROM conversation WHERE status = 'with_bot' AND said > answered \
             ORDER BY updated_at LIMIT $1",
        )
        .bind(UNANSWERED_MAX),
    };
    decode_heads(&rows.fetch_all(pool).await?)
}

/// See [`Survey::Open`]. Each query walks one index, so that closed conversations cost nothing.
async fn open(pool: &SqlitePool, others_max: usize) -> Result<Vec<Head>, Error> {
    const QUERIES: [&str; 3] = [
        "SELECT * FROM conversation WHERE status = 'waiting' ORDER BY waiting_since, id LIMIT $1",
        "SELECT * FROM conversation WHERE status = 'with_agent' ORDER BY updated_at DESC, id LIMIT $1",
        "SELECT * FROM conversation WHERE status NOT IN ('waiting', 'with_agent') AND said > 0 \
         ORDER BY updated_at DESC, id LIMIT $1",
    ];
    // One transaction, so that a conversation which changes hands meanwhile is neither lost nor twice there.
    let mut transaction = pool.begin().await?;
    let mut heads = Vec::new();
    for (query, rows_max) in QUERIES.into_iter().zip([OPEN_MAX, OPEN_MAX, limit(others_max)]) {
        let rows = sqlx::query(query)
            .bind(rows_max)
            .fetch_all(&mut *transaction)
            .await?;
        heads.extend(decode_heads(&rows)?);
    }
    transaction.commit().await?;
    Ok(heads)
}

fn decode_heads(rows: &[SqliteRow]) -> Result<Vec<Head>, Error> {
    rows.iter().map(decode_head).collect()
}

fn limit(heads_max: usize) -> i64 {
    i64::try_from(heads_max).unwrap_or(i64::MAX)
}
