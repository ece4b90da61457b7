//! A conversation as a file to keep.

use axum::extract::{Path, Query, State};
use axum::response::Response;

use super::Console;
use super::access::{LoggedIn, lang_of};
use super::packet::InLang;
use super::refusal::Refusal;
use crate::channels::saved;
use crate::conversation::ConversationId;
use crate::engine::transcript_of;

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
