//! What was said, as a text to keep: saved by the browser, or sent by the shop.

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::channel::Channel;
use super::requests::{self, Refusal, answer, visitor};
use super::wire::{Code, ErrorFrame, ServerFrame};
use crate::commerce::Address;
use crate::conversation::Lang;
use crate::engine::{MailError, transcript_of};

/// Where a transcript is to be sent.
#[derive(Deserialize)]
struct MailTo {
    to: String,
}

/// `GET /v1/transcript`.
pub(super) async fn transcript(
    State(channel): State<Channel>,
    asked: requests::Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let lang = lang_of(asked, head.lang);
    let told = transcript_of(&channel.hub, &head.id, lang).await;
    let (page, _) = told.map_err(|error| Refusal(Code::from(&error)))?;
    Ok(saved(
        "text/plain; charset=utf-8",
        &format!("{}.txt", head.id),
        page,
    ))
}

/// `POST /v1/transcript/mail`.
pub(super) async fn mail(
    State(channel): State<Channel>,
    asked: requests::Address,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let text = requests::read(&channel, body).await.map_err(Refusal)?;
    let object: serde_json::Value = serde_json::from_str(&text).map_err(|_| Refusal(Code::BadJson))?;
    let MailTo { to } = serde_json::from_value(object).map_err(|_| Refusal(Code::BadField))?;
    let to = Address::new(&to).map_err(|_| Refusal(Code::BadField))?;
    let mailed = channel.hub.mail(&head.id, &to, lang_of(asked, head.lang)).await;
    match mailed {
        Ok(mailed) => Ok(([(header::CACHE_CONTROL, "no-store")], Json(mailed)).into_response()),
        Err(MailError::NotOffered) => Err(Refusal(Code::NotFound)),
        Err(MailError::SlowDown { retry_after_ms }) => Ok(answer(ServerFrame::Error(ErrorFrame {
            code: Code::SlowDown,
            message: Code::SlowDown.message().to_owned(),
            cid: None,
            retry_after_ms: Some(retry_after_ms),
        }))),
        Err(MailError::Engine(error)) => Err(Refusal(Code::from(&error))),
    }
}

/// The language that an address asks for, or else the conversation's.
fn lang_of(asked: requests::Address, of_conversation: Lang) -> Lang {
    let asked = asked.ok().and_then(|Query(asked)| asked.lang);
    asked.map_or(of_conversation, |lang| Lang::from_locale(&lang))
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
