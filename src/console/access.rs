//! Who asks, and how requests are refused: the same words for all of the console's answers.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::Console;
use super::login::{refusal, who};
use crate::conversation::{IdError, Lang};
use crate::desk::{NoSpan, RecordsError};
use crate::store::{self, Account, Role};

/// When to try again what was unavailable, in milliseconds.
const RETRY_MS: i64 = 3_000;

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

/// Why a request gets no answer.
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub fn bad_field(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "bad_field",
            message: message.into(),
        }
    }

    pub fn too_much(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "too_much",
            message: message.into(),
        }
    }

    fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            message: "no such conversation".to_owned(),
        }
    }

    fn unavailable(error: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%error, "the console gets no answer");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "unavailable",
            message: "try again".to_owned(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry_after_ms = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_MS);
        refusal(self.status, self.code, &self.message, retry_after_ms)
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::not_found(),
            error => Self::unavailable(&error),
        }
    }
}

impl From<RecordsError> for Refusal {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Store(error) => error.into(),
            RecordsError::TooMany => Self::too_much(error.to_string()),
            error => Self::unavailable(&error),
        }
    }
}

impl From<NoSpan> for Refusal {
    fn from(error: NoSpan) -> Self {
        match error {
            NoSpan::TooLong(_) => Self::too_much(error.to_string()),
            NoSpan::BadDay(_) | NoSpan::Backwards => Self::bad_field(error.to_string()),
        }
    }
}

impl From<IdError> for Refusal {
    fn from(_: IdError) -> Self {
        Self::not_found()
    }
}

/// The language of a request's `lang`; Chinese without one.
pub(super) fn lang_of(lang: Option<&str>) -> Lang {
    lang.filter(|lang| !lang.is_empty())
        .map_or(Lang::Zh, Lang::from_locale)
}
