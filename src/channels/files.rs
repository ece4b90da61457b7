//! Pictures and PDFs beside words: up as raw bytes, from customers and agents alike, and down to whoever may see
//! them.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::Semaphore;

use super::channel::Channel;
use super::limits::SocketLimits;
use super::requests::{Address, Refusal, visitor};
use super::wire::{Code, FilesTaken};
use crate::conversation::ConversationId;
use crate::store::{FileError, FileKind, Files};

/// Files of one message.
const FILES_OF_MESSAGE_MAX: usize = 4;
/// Nothing in a file runs, loads or reaches the page that shows it.
const SANDBOX: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// A saved file is named by so many characters of its id.
const NAME_CHARS: usize = 12;
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Files of conversations as people send and see them. Customers and agents share one, and with it the places for
/// what is on its way. Cheap to clone.
#[derive(Clone)]
pub struct Attachments {
    files: Files,
    limits: Arc<SocketLimits>,
    /// Files that may be on their way at once.
    places: Arc<Semaphore>,
}

impl Attachments {
    /// Over the store's files, within limits.
    #[must_use]
    pub fn new(files: Files, limits: Arc<SocketLimits>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limits.uploads_max)),
            files,
            limits,
        }
    }

    /// What may be sent.
    #[must_use]
    pub fn taken(&self) -> FilesTaken {
        FilesTaken {
            types: FileKind::ALL.map(FileKind::media_type).to_vec(),
            bytes_max: self.limits.file_bytes_max,
        }
    }

    /// Whether a message of this conversation may name these: few enough, and all of them its own files.
    ///
    /// # Errors
    /// `bad_field`; `unavailable` when the store does not answer.
    pub async fn check(&self, id: &ConversationId, files: &[String]) -> Result<(), Code> {
        if files.len() > FILES_OF_MESSAGE_MAX {
            return Err(Code::BadField);
        }
        for file in files {
            let found = self.files.kind(id, file).await;
            found.map_err(|error| code_of(&error))?.ok_or(Code::BadField)?;
        }
        Ok(())
    }

    /// Takes the bytes of one file and answers its id. Nothing is written before all of them have come.
    ///
    /// # Errors
    /// `too_large`, `bad_file`, `files_full`, `busy` or `unavailable`.
    pub async fn take(
        &self,
        id: &ConversationId,
        headers: &HeaderMap,
        body: Body,
        now: i64,
    ) -> Result<Response, Code> {
        let limits = &self.limits;
        let told = headers.get(header::CONTENT_LENGTH);
        let told = told.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if told.is_some_and(|bytes| bytes > limits.file_bytes_max) {
            return Err(Code::TooLarge);
        }
        let refused = |error: FileError| code_of(&error);
        self.files.has_room(id, 1).await.map_err(refused)?;
        let _place = self.places.try_acquire().map_err(|_| Code::Busy)?;
        let patience = Duration::from_millis(limits.upload_ms_max);
        let whole = tokio::time::timeout(patience, to_bytes(body, limits.file_bytes_max));
        let bytes = whole.await.map_err(|_| Code::Busy)?;
        let bytes = bytes.map_err(|_| Code::TooLarge)?;
        let kept = self.files.keep(id, bytes.to_vec(), now).await;
        let file = kept.map_err(refused)?;
        Ok(Json(json!({ "id": file })).into_response())
    }

    /// A file of this conversation as an answer: it is what its bytes are, and can do nothing.
    ///
    /// # Errors
    /// `not_found` for another conversation's file and for none; `unavailable`.
    pub async fn give(&self, id: &ConversationId, file: &str) -> Result<Response, Code> {
        let found = self.files.read(id, file).await;
        let found = found.map_err(|error| code_of(&error))?;
        let (kind, bytes) = found.ok_or(Code::NotFound)?;
        Ok(shown(kind, file, bytes))
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

/// `POST /v1/files`: the bytes of one file.
pub(super) async fn upload(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let now = channel.hub.now();
    let taken = channel.attachments.take(&head.id, &headers, body, now).await;
    taken.map_err(Refusal)
}

/// `GET /v1/files/{id}`: a file of the customer's own conversation.
pub(super) async fn download(
    State(channel): State<Channel>,
    Path(id): Path<String>,
    asked: Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    channel.attachments.give(&head.id, &id).await.map_err(Refusal)
}

fn shown(kind: FileKind, id: &str, bytes: Vec<u8>) -> Response {
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
