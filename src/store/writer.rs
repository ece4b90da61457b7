//! The one writer: requests queue up, one transaction takes as many as wait (group commit), and
//! everyone is answered after the commit. An fsync costs milliseconds; sharing it is the whole point.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Row};
use tokio::sync::{mpsc, oneshot};

use super::sqlite_read::{decode_event, decode_head};
use super::{Append, Appended, Error, Head, Opening};
use crate::conversation::{Event, Owner, Recorded, Status};

/// Most requests in one transaction.
const BATCH_MAX: usize = 64;

/// A request and where its outcome goes.
pub(super) enum Request {
    /// See [`super::Store::open`].
    Open(Opening, oneshot::Sender<Result<Head, Error>>),
    /// See [`super::Store::append`].
    Append(Append, oneshot::Sender<Result<Appended, Error>>),
}

/// An outcome that waits for the commit.
enum Outcome {
    Open(Result<Head, Error>, oneshot::Sender<Result<Head, Error>>),
    Append(Result<Appended, Error>, oneshot::Sender<Result<Appended, Error>>),
}

impl Outcome {
    fn send(self) {
        // A requester that has gone away needs no answer.
        match self {
            Self::Open(result, to) => drop(to.send(result)),
            Self::Append(result, to) => drop(to.send(result)),
        }
    }

    fn fail(self, error: &Error) {
        match self {
            Self::Open(_, to) => drop(to.send(Err(error.clone()))),
            Self::Append(_, to) => drop(to.send(Err(error.clone()))),
        }
    }
}

/// Serves requests until the store is dropped.
pub(super) async fn run(mut connection: SqliteConnection, mut requests: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while requests.recv_many(&mut batch, BATCH_MAX).await > 0 {
        commit_batch(&mut connection, &mut batch).await;
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the store failed");
    }
}

async fn commit_batch(connection: &mut SqliteConnection, batch: &mut Vec<Request>) {
    let mut outcomes = Vec::with_capacity(batch.len());
    let committed = write_batch(connection, batch, &mut outcomes).await;
    match committed {
        Ok(()) => outcomes.into_iter().for_each(Outcome::send),
        Err(error) => {
            tracing::error!(%error, "a batch could not be written");
            outcomes.into_iter().for_each(|outcome| outcome.fail(&error));
            batch.drain(..).for_each(|request| match request {
                Request::Open(_, to) => drop(to.send(Err(error.clone()))),
                Request::Append(_, to) => drop(to.send(Err(error.clone()))),
            });
        }
    }
}

async fn write_batch(
    connection: &mut SqliteConnection,
    batch: &mut Vec<Request>,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for request in batch.drain(..) {
        outcomes.push(match request {
            Request::Open(opening, to) => Outcome::Open(open(&mut transaction, opening).await, to),
            Request::Append(append, to) => Outcome::Append(write(&mut transaction, append).await, to),
        });
        if let Some(error) = broken(outcomes.last()) {
            return Err(error);
        }
    }
    #[cfg(feature = "mutant_ack_before_commit")]
    outcomes.drain(..).for_each(Outcome::send);
    transaction.commit().await?;
    Ok(())
}

/// A failure of the store itself spoils the whole transaction; a refusal wrote nothing and does not.
fn broken(outcome: Option<&Outcome>) -> Option<Error> {
    let error = match outcome? {
        Outcome::Open(result, _) => result.as_ref().err(),
        Outcome::Append(result, _) => result.as_ref().err(),
    }?;
    matches!(error, Error::Failed(_)).then(|| error.clone())
}

async fn open(connection: &mut SqliteConnection, opening: Opening) -> Result<Head, Error> {
    let known = sqlx::query("SELECT 1 FROM conversation WHERE id = $1")
        .bind(opening.id.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_some() {
        return Err(Error::Exists);
    }
    let head = Head {
        id: opening.id,
        last_seq: 1,
        ownership: crate::conversation::Ownership::default(),
        token_hash: opening.token_hash,
        lang: opening.lang,
        updated_at: opening.at,
        waiting_since: None,
        customer: None,
        opened_at: opening.at,
    };
    let event = Event::ConversationStarted { lang: opening.lang };
    insert_event(
        connection,
        &head,
        &Recorded {
            seq: 1,
            at: opening.at,
            event,
        },
    )
    .await?;
    sqlx::query(
        "INSERT INTO conversation (id, last_seq, status, owner, owner_epoch, said, answered, \
         token_hash, lang, updated_at, waiting_since, customer, opened_at) \
         VALUES ($1, 1, 'with_bot', 'bot', 0, 0, 0, $2, $3, $4, NULL, '', $4)",
    )
    .bind(head.id.as_str())
    .bind(&head.token_hash)
    .bind(head.lang.code())
    .bind(head.updated_at)
    .execute(connection)
    .await?;
    Ok(head)
}

async fn write(connection: &mut SqliteConnection, append: Append) -> Result<Appended, Error> {
    let row = sqlx::query("SELECT * FROM conversation WHERE id = $1")
        .bind(append.id.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Error::NotFound)?;
    let mut head = decode_head(&row)?;
    if let Some((cid, hash)) = &append.once
        && let Some(before) = repeated(connection, &append, cid.as_str(), hash).await?
    {
        return Ok(before);
    }
    let overtaken = append
        .fence
        .is_some_and(|fence| fence != head.ownership.owner_epoch);
    if overtaken && !cfg!(feature = "mutant_no_fence") {
        return Err(Error::Fenced);
    }
    let mut answered: i64 = row.try_get("answered")?;
    let mut said: i64 = row.try_get("said")?;
    let mut events = Vec::with_capacity(append.events.len());
    for event in append.events {
        match &event {
            Event::TurnEnded { answers, .. } if to_sql(*answers) <= answered => {
                return Err(Error::AlreadyAnswered);
            }
            Event::TurnEnded { answers, .. } => answered = to_sql(*answers),
            event if event.calls_the_bot() => said = to_sql(head.last_seq + 1),
            Event::Identified { customer, .. } => {
                head.customer = Some(customer.clone()).filter(|customer| !customer.is_empty());
            }
            _ => {}
        }
        head.last_seq += 1;
        head.ownership.apply(&event);
        head.waiting_since = match head.ownership.status {
            Status::Waiting => head.waiting_since.or(Some(append.at)),
            _ => None,
        };
        events.push(Recorded {
            seq: head.last_seq,
            at: append.at,
            event,
        });
    }
    head.updated_at = append.at;
    save(connection, &head, &events, (said, answered)).await?;
    if let Some((cid, hash)) = append.once {
        remember(connection, &head, cid.as_str(), &hash, events.len()).await?;
    }
    Ok(Appended {
        events,
        repeated: false,
    })
}

async fn save(
    connection: &mut SqliteConnection,
    head: &Head,
    events: &[Recorded],
    (said, answered): (i64, i64),
) -> Result<(), Error> {
    for recorded in events {
        insert_event(connection, head, recorded).await?;
    }
    let owner = match &head.ownership.owner {
        Owner::Bot => "bot".to_owned(),
        Owner::Nobody => "nobody".to_owned(),
        Owner::Agent(account) => format!("agent:{account}"),
    };
    sqlx::query(
        "UPDATE conversation SET last_seq = $1, status = $2, owner = $3, owner_epoch = $4, \
         said = $5, answered = $6, updated_at = $7, waiting_since = $8, customer = $9 WHERE id = $10",
    )
    .bind(to_sql(head.last_seq))
    .bind(head.ownership.status.name())
    .bind(owner)
    .bind(to_sql(head.ownership.owner_epoch))
    .bind(said)
    .bind(answered)
    .bind(head.updated_at)
    .bind(head.waiting_since)
    .bind(head.customer.as_deref().unwrap_or_default())
    .bind(head.id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_event(
    connection: &mut SqliteConnection,
    head: &Head,
    recorded: &Recorded,
) -> Result<(), Error> {
    let body = serde_json::to_string(&recorded.event).map_err(|e| Error::Failed(e.to_string()))?;
    sqlx::query("INSERT INTO event (conversation, seq, at, body) VALUES ($1, $2, $3, $4)")
        .bind(head.id.as_str())
        .bind(to_sql(recorded.seq))
        .bind(recorded.at)
        .bind(body)
        .execute(connection)
        .await?;
    Ok(())
}

/// The outcome of the first time, if this `cid` was written before.
async fn repeated(
    connection: &mut SqliteConnection,
    append: &Append,
    cid: &str,
    hash: &str,
) -> Result<Option<Appended>, Error> {
    let before = sqlx::query("SELECT hash, first, count FROM once WHERE conversation = $1 AND cid = $2")
        .bind(append.id.as_str())
        .bind(cid)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(before) = before else {
        return Ok(None);
    };
    if before.try_get::<String, _>("hash")? != hash {
        return Err(Error::CidConflict);
    }
    let (first, count): (i64, i64) = (before.try_get("first")?, before.try_get("count")?);
    let rows = sqlx::query(
        "SELECT seq, at, body FROM event WHERE conversation = $1 AND seq >= $2 AND seq < $3 \
         ORDER BY seq",
    )
    .bind(append.id.as_str())
    .bind(first)
    .bind(first + count)
    .fetch_all(connection)
    .await?;
    let events = rows.iter().map(decode_event).collect::<Result<_, _>>()?;
    Ok(Some(Appended {
        events,
        repeated: true,
    }))
}

async fn remember(
    connection: &mut SqliteConnection,
    head: &Head,
    cid: &str,
    hash: &str,
    count: usize,
) -> Result<(), Error> {
    let count = to_sql(count as u64);
    sqlx::query("INSERT INTO once (conversation, cid, hash, first, count) VALUES ($1, $2, $3, $4, $5)")
        .bind(head.id.as_str())
        .bind(cid)
        .bind(hash)
        .bind(to_sql(head.last_seq) - count + 1)
        .bind(count)
        .execute(connection)
        .await?;
    Ok(())
}

/// SQLite counts in signed numbers; ours never come near the limit.
pub(super) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
