//! A conversation as a file to keep.

use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::Console;
use super::access::{LoggedIn, lang_of};
use super::packet::InLang;
use super::refusal::Refusal;
use crate::conversation::{ConversationId, Lang};
use crate::desk::{Desk, RecordsError};

/// `GET /console/api/conversations/{id}/transcript`.
pub(super) async fn transcript(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path(id): Path<String>,
    Query(wanted): Query<InLang>,
) -> Result<Response, Refusal> {
    let id = ConversationId::new(id)?;
    let page = transcript_of(&console.desk, &id, lang_of(wanted.lang.as_deref())).await?;
    Ok(file("text/plain; charset=utf-8", &format!("{id}.txt"), page))
}

/// A conversation as a page of text.
///
/// # Errors
/// What the store says; [`RecordsError::Interrupted`].
pub async fn transcript_of(desk: &Desk, id: &ConversationId, lang: Lang) -> Result<String, RecordsError> {
    let events = desk.records().events(id).await?;
    let (bot, id) = (desk.hub().engine().brain().bot.clone(), id.clone());
    let page = move || crate::engine::transcript(id.as_str(), &events, &bot.shop, lang);
    tokio::task::spawn_blocking(page)
        .await
        .map_err(|_| RecordsError::Interrupted)
}

/// An answer that browsers save under a name.
pub fn file(kind: &'static str, name: &str, body: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}
