//! The people's pages: login, the board, conversations and what agents do with them. Everything goes through
//! the same hub as what a customer does.

mod access;
mod account_change;
mod accounts;
mod acts;
mod audit;
mod files;
mod frames;
mod login;
mod packet;
mod refusal;
mod report;
mod rows;
mod search;
mod socket;
mod transcript;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};
use tokio::sync::watch;

pub use account_change::{AccountChange, BadField, ChangeError, Changed, change_account};
pub use accounts::described;
pub use frames::{AgentFrame, ConsoleFrame};
pub use login::{LoginGate, hash_password, random_password};

use crate::channels::{Attachments, SocketLimits};
use crate::desk::Desk;

/// What the console needs.
#[derive(Clone)]
pub struct Console {
    /// Who is there, and the door to conversations.
    pub desk: Desk,
    /// What is sent besides words.
    pub attachments: Attachments,
    /// Slows down guessing.
    pub gate: Arc<LoginGate>,
    /// Bounds of a socket.
    pub limits: Arc<SocketLimits>,
    /// Turns true when the server drains.
    pub draining: watch::Receiver<bool>,
}

/// Files up and down. These measure their own bodies.
pub fn file_routes(console: Console) -> Router {
    Router::new()
        .route("/console/api/files/{conversation}", post(files::upload))
        .route("/console/api/files/{conversation}/{id}", get(files::file))
        .with_state(console)
}

/// The console's other routes.
pub fn routes(console: Console) -> Router {
    Router::new()
        .route("/console/api/login", post(login::log_in))
        .route("/console/api/logout", post(login::log_out))
        .route("/console/api/me", get(login::me))
        .route("/console/api/accounts", get(accounts::list))
        .route("/console/api/accounts/{account}", put(accounts::put))
        .route("/console/api/audit", get(audit::page))
        .route("/console/api/conversations/{id}/packet", get(packet::packet))
        .route(
            "/console/api/conversations/{id}/suggestions",
            get(packet::suggestions),
        )
        .route("/console/api/conversations/{id}/history", get(packet::history))
        .route(
            "/console/api/conversations/{id}/transcript",
            get(transcript::transcript),
        )
        .route(
            "/console/api/conversations/{id}/transcript/mail",
            post(transcript::mail),
        )
        .route("/console/api/search", get(search::search))
        .route("/console/api/report", get(report::report))
        .route("/v1/console", get(socket::upgrade))
        .with_state(console)
}
