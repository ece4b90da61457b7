//! Who asks, and what is refused of what they ask.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::refusal::Refusal;
use super::{Console, login};
use crate::conversation::{IdError, Lang};
use crate::desk::{NoSpan, RecordsError};
use crate::engine;
use crate::store::Role;

/// Somebody is logged in.
pub(super) struct LoggedIn;

impl FromRequestParts<Console> for LoggedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Refusal> {
        login::require(console, &parts.headers, Role::Agent).await?;
        Ok(Self)
    }
}

/// Somebody who supervises is logged in.
pub(super) struct Supervisor;

impl FromRequestParts<Console> for Supervisor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Refusal> {
        login::require(console, &parts.headers, Role::Supervisor).await?;
        Ok(Self)
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

impl From<engine::Error> for Refusal {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Store(error) => error.into(),
            error => Self::unavailable(&error),
        }
    }
}

impl From<NoSpan> for Refusal {
    fn from(error: NoSpan) -> Self {
        match error {
            NoSpan::TooLong(_) => Self::too_much(error.to_string()),
            NoSpan::BadDay(_) | NoSpan::Backwards => Self::bad_query(error.to_string()),
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
