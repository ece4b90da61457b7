//! What every way in needs, and the check that every one makes.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::identity::Identity;
use super::limits::SocketLimits;
use super::meters::Meters;
use super::wire::Code;
use crate::conversation::ConversationId;
use crate::engine::Hub;
use crate::store::{self, Head};

/// What customers' sockets, streams and requests need. Cheap to clone.
#[derive(Clone)]
pub struct Channel {
    /// The door to conversations.
    pub hub: Hub,
    /// Bounds.
    pub limits: Arc<SocketLimits>,
    /// Checks who customers are; without it nobody is known.
    pub identity: Option<Arc<Identity>>,
    /// The rate of what comes without a socket.
    pub meters: Arc<Meters>,
    /// Turns true when the server drains.
    pub draining: watch::Receiver<bool>,
}

impl Channel {
    /// The conversation, for whoever holds its token.
    pub(super) async fn head(&self, id: &str, token: Option<&str>) -> Result<Head, Code> {
        let id = ConversationId::new(id).map_err(|_| Code::UnknownConversation)?;
        let head = self
            .hub
            .store()
            .head(&id)
            .await
            .map_err(|error| store_code(&error))?;
        let token = token.ok_or(Code::AuthRequired)?;
        // Both are hashes of high-entropy secrets, so comparing them leaks nothing worth having.
        if token_hash(token) == head.token_hash {
            return Ok(head);
        }
        Err(Code::UnknownConversation)
    }
}

/// SHA-256 of a token, in hex.
pub(super) fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

pub(super) fn store_code(error: &store::Error) -> Code {
    Code::from(&crate::engine::Error::Store(error.clone()))
}
