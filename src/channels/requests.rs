//! Where a WebSocket is blocked: frames come as requests, answered by at most one frame, and events go out as
//! a stream. Same admission, same checks, same rate as the socket's.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::admission::{Guest, admit};
use super::channel::Channel;
use super::seat::Seat;
use super::wire::{CLIENT_TYPES, ClientFrame, Code, ServerFrame, parse};
use super::{files, stream, transcript};
use crate::store::Head;

/// The customers' routes besides the socket.
pub fn routes(channel: Channel) -> Router {
    Router::new()
        .route("/v1/frames", post(frame))
        .route("/v1/events", get(events))
        .route("/v1/files", post(files::upload))
        .route("/v1/files/{id}", get(files::download))
        .route("/v1/transcript", get(transcript::transcript))
        .route("/v1/transcript/mail", post(transcript::mail))
        .with_state(channel)
}

/// What an address names.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    /// The conversation.
    #[serde(default)]
    pub conversation: Option<String>,
    /// The last seq seen.
    #[serde(default)]
    after: u64,
    /// Language of a text.
    #[serde(default)]
    pub lang: Option<String>,
}

pub(super) type Address = Result<Query<Asked>, QueryRejection>;

/// A refusal as an answer: the frame that a socket would get, under the status that fits.
pub(super) struct Refusal(pub Code);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer(ServerFrame::error(self.0, None))
    }
}

pub(super) fn answer(frame: ServerFrame) -> Response {
    let status = match &frame {
        ServerFrame::Error(error) => status_of(error.code),
        _ => StatusCode::OK,
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(frame)).into_response()
}

/// The status that a refusal comes under over HTTP.
#[must_use]
pub fn status_of(code: Code) -> StatusCode {
    match code {
        Code::AuthRequired | Code::BadIdentity => StatusCode::UNAUTHORIZED,
        Code::UnknownConversation | Code::NotFound => StatusCode::NOT_FOUND,
        Code::NotAllowed => StatusCode::FORBIDDEN,
        Code::BadFile => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::FilesFull | Code::CidConflict | Code::Fenced | Code::Taken => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::RateLimited | Code::SlowDown => StatusCode::TOO_MANY_REQUESTS,
        Code::Busy | Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The conversation that a request is about, for whoever shows its token and is within the rate.
pub(super) async fn visitor(
    channel: &Channel,
    asked: &Address,
    headers: &HeaderMap,
) -> Result<Head, Refusal> {
    let Query(asked) = asked.as_ref().map_err(|_| Refusal(Code::BadField))?;
    let id = asked.conversation.as_deref().ok_or(Refusal(Code::AuthRequired))?;
    let head = channel.head(id, bearer(headers)).await.map_err(Refusal)?;
    if channel.meters.allow(&head.id) {
        return Ok(head);
    }
    Err(Refusal(Code::RateLimited))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// `POST /v1/frames`: one frame.
async fn frame(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let text = read(&channel, body).await.map_err(Refusal)?;
    let frame = parse::<ClientFrame>(&text, &CLIENT_TYPES).map_err(Refusal)?;
    if let ClientFrame::Hello(hello) = frame {
        let (guest, welcome) = admit(&channel, &hello).await.map_err(Refusal)?;
        // What a stranger has just opened has not spoken yet.
        let known = hello.conversation.is_some() || hello.identity.is_some();
        if known && !channel.meters.allow(&guest.id) {
            return Err(Refusal(Code::RateLimited));
        }
        return Ok(answer(ServerFrame::Welcome(welcome)));
    }
    let head = visitor(&channel, &asked, &headers).await?;
    let answered = channel.take_in(&head.id, frame).await;
    Ok(answered.map_or_else(|| StatusCode::OK.into_response(), answer))
}

/// The body of a request, in the time and size that a frame may have.
pub(super) async fn read(channel: &Channel, body: Body) -> Result<String, Code> {
    let limits = &channel.limits;
    let patience = Duration::from_millis(limits.hello_ms_max);
    let whole = tokio::time::timeout(patience, to_bytes(body, limits.message_bytes_max));
    // Whoever breaks off is not there to read the refusal.
    let bytes = whole
        .await
        .map_err(|_| Code::BadJson)?
        .map_err(|_| Code::TooLarge)?;
    String::from_utf8(bytes.into()).map_err(|_| Code::BadJson)
}

/// `GET /v1/events`: everything behind `after`, and what happens from then on.
async fn events(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let after = asked.map_or(0, |Query(asked)| asked.after);
    // Beyond the end, as after a lost continuity, everything follows.
    let after = if after <= head.last_seq { after } else { 0 };
    let guest = Guest::new(&channel, &head, after).map_err(Refusal)?;
    Ok(stream::open(&channel, Seat::new(&channel, guest)))
}
