//! What was said, as a text to keep.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::channel::{Channel, store_code};
use super::requests::{Address, Refusal, visitor};
use super::wire::Code;
use crate::conversation::Lang;
use crate::engine;

/// Events told at most; a longer conversation is told from its beginning.
const TRANSCRIPT_EVENTS_MAX: usize = 5_000;

/// `GET /v1/transcript`.
pub(super) async fn transcript(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let read = channel.hub.store().read(&head.id, 0, TRANSCRIPT_EVENTS_MAX);
    let events = read.await.map_err(|error| Refusal(store_code(&error)))?;
    let asked = asked.ok().and_then(|Query(asked)| asked.lang);
    let lang = asked.map_or(head.lang, |lang| Lang::from_locale(&lang));
    let bot = channel.hub.engine().brain().bot.clone();
    let disposition = format!("attachment; filename=\"{}.txt\"", head.id);
    let told =
        tokio::task::spawn_blocking(move || engine::transcript(head.id.as_str(), &events, &bot.shop, lang));
    let text = told.await.map_err(|_| Refusal(Code::Unavailable))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text).into_response())
}
