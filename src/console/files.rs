//! What customers sent, for the people who serve them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::refusal::Refusal;
use super::{Console, login};
use crate::channels::shown;
use crate::conversation::ConversationId;

/// `GET /console/api/files/{conversation}/{id}`.
pub(super) async fn file(
    State(console): State<Console>,
    Path((conversation, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if login::who(&console, &headers).await.is_none() {
        return Err(Refusal::auth_required());
    }
    let absent = || Refusal::new(StatusCode::NOT_FOUND, "not_found", "no such file");
    let conversation = ConversationId::new(conversation).map_err(|_| absent())?;
    let read = console.files.read(&conversation, &id).await.map_err(|error| {
        tracing::error!(%error, "a file was not read");
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the file cannot be read now",
        )
    })?;
    let (kind, bytes) = read.ok_or_else(absent)?;
    Ok(shown(kind, &id, bytes))
}
