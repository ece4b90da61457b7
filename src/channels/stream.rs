//! Server-sent events: the frames of a seat, one a block, with a comment when nothing happens.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel as Pipe, Sender};

use super::channel::Channel;
use super::limits::SocketLimits;
use super::seat::Seat;
use super::wire::ServerFrame;

/// Frames that may wait for the connection to take them.
const WAITING_FRAMES_MAX: usize = 4;
/// What is sent when nothing happens: it keeps proxies from cutting the line, and tells when nobody listens.
const BEAT: &str = ":\n\n";
/// Asks the proxy in front not to hold anything back.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers with a stream that lasts as long as the seat and the reader.
pub(super) fn open(channel: &Channel, seat: Seat) -> Response {
    let (sender, body) = Pipe::<Bytes>::new(WAITING_FRAMES_MAX);
    tokio::spawn(pour(seat, sender, channel.limits.clone()));
    let mut response = Body::new(body).into_response();
    let mut set = |name, value| {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value))
    };
    set(header::CONTENT_TYPE, "text/event-stream");
    set(header::CACHE_CONTROL, "no-store");
    set(UNBUFFERED, "no");
    response
}

/// Ends with the seat (the server drains), with the reader, and with one who reads too slowly.
async fn pour(mut seat: Seat, mut sender: Sender<Bytes>, limits: Arc<SocketLimits>) {
    let beat = Duration::from_millis(limits.beat_ms);
    let patience = Duration::from_millis(limits.write_ms_max);
    loop {
        let block = match tokio::time::timeout(beat, seat.next()).await {
            Ok(Ok(frame)) => block_of(&frame),
            Ok(Err(_)) => return,
            Err(_) => Bytes::from_static(BEAT.as_bytes()),
        };
        match tokio::time::timeout(patience, sender.send_data(block)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::debug!(conversation.id = %seat.guest.id, "a stream is read too slowly");
                return;
            }
        }
    }
}

fn block_of(frame: &ServerFrame) -> Bytes {
    // JSON has no line breaks of its own.
    let text = serde_json::to_string(frame).unwrap_or_default();
    format!("data: {text}\n\n").into()
}
