//! A conversation as a file to keep, or sent by e-mail to whom an agent names.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::access::{LoggedIn, lang_of};
use super::account_change::BadField;
use super::packet::InLang;
use super::refusal::Refusal;
use super::{Console, audit, login};
use crate::channels::saved;
use crate::commerce::Address;
use crate::conversation::ConversationId;
use crate::engine::{MailError, transcript_of};
use crate::store::Role;

/// Where a transcript is to be sent.
#[derive(Deserialize)]
struct MailTo {
    to: String,
}

/// `GET /console/api/conversations/{id}/transcript`.
pub(super) async fn transcript(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path(id): Path<String>,
    Query(wanted): Query<InLang>,
) -> Result<Response, Refusal> {
    let id = ConversationId::new(id)?;
    let (page, _) = transcript_of(console.desk.hub(), &id, lang_of(wanted.lang.as_deref())).await?;
    Ok(saved("text/plain; charset=utf-8", &format!("{id}.txt"), page))
}

/// `POST /console/api/conversations/{id}/transcript/mail`.
pub(super) async fn mail(
    State(console): State<Console>,
    Path(id): Path<String>,
    Query(wanted): Query<InLang>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let by = login::require(&console, &headers, Role::Agent).await?;
    let id = ConversationId::new(id)?;
    let wrong = || BadField::new("to", "an e-mail address of at most 254 bytes");
    let MailTo { to } = serde_json::from_slice(&body).map_err(|_| wrong())?;
    let to = Address::new(&to).map_err(|_| wrong())?;
    let lang = lang_of(wanted.lang.as_deref());
    // A task of its own: what is sent stands in the audit, even if the agent does not wait for the answer.
    let mailed = tokio::spawn(async move {
        let mailed = console.desk.hub().mail(&id, &to, lang).await?;
        let detail = format!("{}: {}", to.veiled(), mailed.name());
        audit::record(&console, &by.account, ("transcript_mailed", id.as_str()), &detail).await;
        Ok::<_, MailError>(mailed)
    });
    let mailed = mailed.await.map_err(|error| Refusal::unavailable(&error))??;
    Ok(Json(mailed).into_response())
}

impl From<MailError> for Refusal {
    fn from(error: MailError) -> Self {
        match error {
            MailError::NotOffered => Self::new(StatusCode::NOT_FOUND, "not_offered", error.to_string()),
            MailError::SlowDown { retry_after_ms } => {
                let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "slow_down", error.to_string());
                refusal.retry_after_ms(i64::try_from(retry_after_ms).unwrap_or(i64::MAX))
            }
            MailError::Engine(error) => error.into(),
        }
    }
}
