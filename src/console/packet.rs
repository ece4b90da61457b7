//! What helps an agent with one conversation: the packet, suggestions, the customer's history.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::access::{LoggedIn, lang_of};
use super::refusal::Refusal;
use crate::conversation::ConversationId;
use crate::desk::{Packet, RecordsError, open_question};

/// Settings of a request.
#[derive(Deserialize)]
pub(super) struct InLang {
    pub lang: Option<String>,
}

/// `GET /console/api/conversations/{id}/packet`.
pub(super) async fn packet(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path(id): Path<String>,
    Query(wanted): Query<InLang>,
) -> Result<Response, Refusal> {
    let id = ConversationId::new(id)?;
    let events = console.desk.records().events(&id).await?;
    let brain = console.desk.hub().engine().brain();
    let lang = lang_of(wanted.lang.as_deref());
    let bot = brain.bot.clone();
    let packet = tokio::task::spawn_blocking(move || Packet::of(&events, &bot, lang)).await;
    let packet = packet.map_err(|_| RecordsError::Interrupted)?;
    let packet = packet.asked(brain.shop.clone(), &brain.bot, lang).await;
    Ok(Json(packet).into_response())
}

/// `GET /console/api/conversations/{id}/suggestions`.
pub(super) async fn suggestions(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path(id): Path<String>,
    Query(wanted): Query<InLang>,
) -> Result<Response, Refusal> {
    let id = ConversationId::new(id)?;
    let lang = lang_of(wanted.lang.as_deref());
    let records = console.desk.records();
    let events = records.events(&id).await?;
    let suggestions = match open_question(&events) {
        Some(question) => records.suggestions(question, lang).await?,
        None => Vec::new(),
    };
    Ok(Json(json!({ "suggestions": suggestions })).into_response())
}

/// `GET /console/api/conversations/{id}/history`.
pub(super) async fn history(
    State(console): State<Console>,
    _agent: LoggedIn,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = ConversationId::new(id)?;
    let before = console.desk.records().history(&id).await?;
    Ok(Json(json!({ "conversations": before })).into_response())
}
