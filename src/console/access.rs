//! Who asks, and how requests are refused: the same words for all of the console's answers.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use super::Console;
use super::login::{refusal, who};
use crate::conversation::{ConversationId, Lang};
use crate::desk::RecordsError;
use crate::store::{self, Account, Role};

/// The account that is logged in.
pub(super) struct LoggedIn(pub Account);

impl FromRequestParts<Console> for LoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let account = who(console, &parts.headers).await;
        account
            .map(Self)
            .ok_or_else(|| refusal(StatusCode::UNAUTHORIZED, "auth_required", "log in", None))
    }
}

/// The account that is logged in, where it is a supervisor or more.
pub(super) struct Supervisor;

impl FromRequestParts<Console> for Supervisor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let LoggedIn(account) = LoggedIn::from_request_parts(parts, console).await?;
        let may = account.role.at_least(Role::Supervisor);
        let refused = || refusal(StatusCode::FORBIDDEN, "not_allowed", "for supervisors", None);
        may.then_some(Self).ok_or_else(refused)
    }
}

pub(super) fn conversation(id: &str) -> Result<ConversationId, Response> {
    ConversationId::new(id).map_err(|_| not_found())
}

fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "not_found", "no such conversation", None)
}

pub(super) fn bad_field(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, "bad_field", message, None)
}

/// The language of a request's `lang`; Chinese without one.
pub(super) fn lang_of(lang: Option<&str>) -> Lang {
    lang.filter(|lang| !lang.is_empty())
        .map_or(Lang::Zh, Lang::from_locale)
}

pub(super) fn store_refusal(error: &store::Error) -> Response {
    if matches!(error, store::Error::NotFound) {
        return not_found();
    }
    unavailable(error)
}

pub(super) fn records_refusal(error: &RecordsError) -> Response {
    match error {
        RecordsError::Store(error) => store_refusal(error),
        RecordsError::TooMany => {
            let message = error.to_string();
            refusal(StatusCode::UNPROCESSABLE_ENTITY, "too_much", &message, None)
        }
        error => unavailable(error),
    }
}

fn unavailable(error: &dyn std::fmt::Display) -> Response {
    tracing::warn!(%error, "the console gets no answer");
    let status = StatusCode::SERVICE_UNAVAILABLE;
    refusal(status, "unavailable", "try again", Some(3_000))
}
