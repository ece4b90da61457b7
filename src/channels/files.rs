//! Pictures of the customer: up as raw bytes, down to whoever may see them.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::channel::Channel;
use super::requests::{Address, Refusal, visitor};
use super::wire::{Code, FilesTaken};
use crate::conversation::ConversationId;
use crate::store::{FileError, FileKind};

/// Files of one message.
pub(super) const PHOTOS_MAX: usize = 4;
/// Nothing in a file runs, loads or reaches the page that shows it.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// A saved file is named by so many characters of its id.
const NAME_CHARS: usize = 12;
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

impl Channel {
    /// What customers may send.
    pub(super) fn files_taken(&self) -> FilesTaken {
        FilesTaken {
            types: FileKind::ALL.map(FileKind::media_type).to_vec(),
            bytes_max: self.limits.file_bytes_max,
        }
    }

    /// Photos of a message are files of its conversation.
    pub(super) async fn check_photos(&self, id: &ConversationId, photos: &[String]) -> Result<(), Code> {
        if photos.len() > PHOTOS_MAX {
            return Err(Code::BadField);
        }
        for photo in photos {
            let found = self
                .files
                .kind(id, photo)
                .await
                .map_err(|error| code_of(&error))?;
            found.ok_or(Code::BadField)?;
        }
        Ok(())
    }
}

fn code_of(error: &FileError) -> Code {
    match error {
        FileError::Kind => Code::BadFile,
        FileError::Full => Code::FilesFull,
        FileError::Failed(why) => {
            tracing::error!(why, "a file was not stored or read");
            Code::Unavailable
        }
    }
}

/// `POST /v1/files`: the bytes of one file. Nothing is written before all of them have come.
pub(super) async fn upload(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let limits = &channel.limits;
    let told = headers.get(header::CONTENT_LENGTH);
    let told = told.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|bytes| bytes > limits.file_bytes_max) {
        return Err(Refusal(Code::TooLarge));
    }
    let refused = |error: FileError| Refusal(code_of(&error));
    channel.files.has_room(&head.id, 1).await.map_err(refused)?;
    let _place = channel.uploads.try_acquire().map_err(|_| Refusal(Code::Busy))?;
    let patience = Duration::from_millis(limits.upload_ms_max);
    let whole = tokio::time::timeout(patience, to_bytes(body, limits.file_bytes_max));
    let bytes = whole.await.map_err(|_| Refusal(Code::Busy))?;
    let bytes = bytes.map_err(|_| Refusal(Code::TooLarge))?;
    let kept = channel
        .files
        .keep(&head.id, bytes.to_vec(), channel.hub.now())
        .await;
    let id = kept.map_err(refused)?;
    Ok(Json(json!({ "id": id })).into_response())
}

/// `GET /v1/files/{id}`: a file of the customer's own conversation.
pub(super) async fn download(
    State(channel): State<Channel>,
    Path(id): Path<String>,
    asked: Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let found = channel.files.read(&head.id, &id).await;
    let (kind, bytes) = found
        .map_err(|error| Refusal(code_of(&error)))?
        .ok_or(Refusal(Code::NotFound))?;
    Ok(shown(kind, &id, bytes))
}

/// A file as an answer. It is what its bytes are, and can do nothing.
#[must_use]
pub fn shown(kind: FileKind, id: &str, bytes: Vec<u8>) -> Response {
    // Browsers' own viewers of PDF do not start in a sandbox.
    let how = if kind == FileKind::Pdf {
        "attachment"
    } else {
        "inline"
    };
    let name: String = id.chars().take(NAME_CHARS).collect();
    let disposition = format!("{how}; filename=\"{name}.{}\"", kind.ending());
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let mut set = |name, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, kind.media_type());
    set(header::CONTENT_SECURITY_POLICY, SANDBOX);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CACHE_CONTROL, "private, max-age=86400, immutable");
    set(RESOURCE_POLICY, "same-origin");
    // Ids are hexadecimal, so the name always is a header.
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
