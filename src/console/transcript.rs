//! A conversation as a file to keep.

use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::Console;
use super::access::{LoggedIn, conversation, lang_of, records_refusal, store_refusal};
use super::packet::InLang;
use crate::conversation::{ConversationId, Lang};
use crate::desk::{Desk, RecordsError};
use crate::store;

/// `GET /console/api/conversations/{id}/transcript`.
pub(super) async fn transcript(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path(id): Path<String>,
    Query(wanted): Query<InLang>,
) -> Result<Response, Response> {
    let id = conversation(&id)?;
    let page = transcript_of(&console.desk, &id, lang_of(wanted.lang.as_deref())).await;
    match page {
        Ok(Some(page)) => Ok(file("text/plain; charset=utf-8", &format!("{id}.txt"), page)),
        Ok(None) => Err(records_refusal(&RecordsError::Interrupted)),
        Err(error) => Err(store_refusal(&error)),
    }
}

/// A conversation as a page of text; `None` if the work was broken off.
///
/// # Errors
/// What the store says.
pub async fn transcript_of(
    desk: &Desk,
    id: &ConversationId,
    lang: Lang,
) -> Result<Option<String>, store::Error> {
    let events = desk.records().events(id).await?;
    let (bot, id) = (desk.hub().engine().brain().bot.clone(), id.clone());
    let page = move || crate::desk::transcript(id.as_str(), &events, &bot.shop, lang);
    Ok(tokio::task::spawn_blocking(page).await.ok())
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
