//! What every way in needs, and the check that every one makes.

use std::sync::Arc;

use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};
use tokio::sync::watch;

use super::files::Attachments;
use super::identity::Identity;
use super::limits::SocketLimits;
use super::meters::Meters;
use super::wire::Code;
use crate::conversation::{ConversationId, sha256};
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
    /// What is sent besides words.
    pub attachments: Attachments,
    /// Turns true when the server drains.
    pub draining: watch::Receiver<bool>,
    pub(super) meters: Arc<Meters>,
}

impl Channel {
    /// The ways in to a hub.
    #[must_use]
    pub fn new(
        hub: Hub,
        attachments: Attachments,
        limits: Arc<SocketLimits>,
        identity: Option<Arc<Identity>>,
        draining: watch::Receiver<bool>,
    ) -> Self {
        Self {
            meters: Arc::new(Meters::new(limits.clone())),
            hub,
            limits,
            identity,
            attachments,
            draining,
        }
    }

    /// The conversation, for whoever holds its token.
    pub(super) async fn head(&self, id: &str, token: Option<&str>) -> Result<Head, Code> {
        let id = ConversationId::new(id).map_err(|_| Code::UnknownConversation)?;
        let head = self
            .hub
            .store()
            .head(&id)
            .await
            .map_err(|error| store_code(&error))?;
        let hash = sha256(token.ok_or(Code::AuthRequired)?);
        // All are hashes of high-entropy secrets, so comparing them leaks nothing worth having.
        if hash == head.token_hash || hash == sha256(self.token(&head.id)?) {
            return Ok(head);
        }
        Err(Code::UnknownConversation)
    }

    /// The conversation's token. It can be told again to whoever proves to be the customer, though only its
    /// hash stands beside the conversation: it is an HMAC of the id under the store's secret.
    pub(super) fn token(&self, id: &ConversationId) -> Result<String, Code> {
        let key = EncodingKey::from_secret(self.hub.store().secret().as_bytes());
        let named = format!("conversation token {id}");
        sign(named.as_bytes(), &key, Algorithm::HS256).map_err(|_| Code::Unavailable)
    }
}

pub(super) fn store_code(error: &store::Error) -> Code {
    Code::from(&crate::engine::Error::Store(error.clone()))
}
