//! What was said, as a text to keep.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::channel::Channel;
use super::requests::{Address, Refusal, visitor};
use super::wire::Code;
use crate::conversation::Lang;
use crate::engine::transcript_of;

/// `GET /v1/transcript`.
pub(super) async fn transcript(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let asked = asked.ok().and_then(|Query(asked)| asked.lang);
    let lang = asked.map_or(head.lang, |lang| Lang::from_locale(&lang));
    let told = transcript_of(&channel.hub, &head.id, lang).await;
    let (page, _) = told.map_err(|error| Refusal(Code::from(&error)))?;
    Ok(saved(
        "text/plain; charset=utf-8",
        &format!("{}.txt", head.id),
        page,
    ))
}

/// An answer that browsers save under a name.
#[must_use]
pub fn saved(kind: &'static str, name: &str, body: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, body).into_response()
}
