//! Files of conversations, for the people who serve them: what customers sent, and what agents send them.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::access::LoggedIn;
use super::refusal::Refusal;
use super::{Console, login};
use crate::channels::wire::Code;
use crate::conversation::ConversationId;

/// `POST /console/api/files/{conversation}`: the bytes of one file, from the agent who has the conversation.
pub(super) async fn upload(
    State(console): State<Console>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let account = login::who(&console, &headers).await;
    let account = account.ok_or_else(Refusal::auth_required)?.account;
    let id = ConversationId::new(conversation)?;
    let hub = console.desk.hub();
    let row = hub.board().get(&id);
    if row.is_none_or(|row| row.agent() != Some(&account)) {
        return Err(Code::NotAllowed.into());
    }
    Ok(console.attachments.take(&id, &headers, body, hub.now()).await?)
}

/// `GET /console/api/files/{conversation}/{id}`.
pub(super) async fn file(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path((conversation, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let conversation = ConversationId::new(conversation)?;
    Ok(console.attachments.give(&conversation, &id).await?)
}
