//! Refusals of the console's HTTP side: a status and `{code, message}`, with the field that is meant.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::account_change::{BadField, ChangeError};
use crate::channels::status_of;
use crate::channels::wire::Code;
use crate::store::{self, Role};

/// When to try again after a failure of the store, in milliseconds.
const RETRY_MS: i64 = 3_000;

/// Why a request was not carried out.
pub(super) struct Refusal {
    status: StatusCode,
    code: Value,
    message: String,
    field: Option<String>,
    retry_after_ms: Option<i64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: impl Into<Value>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            field: None,
            retry_after_ms: None,
        }
    }

    pub(super) fn retry_after_ms(self, ms: i64) -> Self {
        Self {
            retry_after_ms: Some(ms),
            ..self
        }
    }

    pub(super) fn auth_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "auth_required", "log in")
    }

    pub(super) fn bad_query(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_field", message)
    }

    pub(super) fn too_much(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "too_much", message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "no such conversation")
    }

    pub(super) fn unavailable(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "the console gets no answer");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again").retry_after_ms(RETRY_MS)
    }

    pub(super) fn needs(role: Role) -> Self {
        let message = format!("this needs the role {}; ask an admin", role.name());
        Self::new(StatusCode::FORBIDDEN, "not_allowed", message)
    }
}

/// What a frame would be refused with.
impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self {
            retry_after_ms: code.retry_after_ms().and_then(|ms| i64::try_from(ms).ok()),
            ..Self::new(status_of(code), json!(code), code.message())
        }
    }
}

impl From<BadField> for Refusal {
    fn from(bad: BadField) -> Self {
        Self {
            field: Some(bad.field.clone()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_field", bad.to_string())
        }
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::LastAdmin => Self::new(StatusCode::CONFLICT, "last_admin", error.to_string()),
            store::Error::NotFound => Self::not_found(),
            error => Self::unavailable(&error),
        }
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::BadField(bad) => bad.into(),
            ChangeError::Store(error) => error.into(),
            ChangeError::Password(why) => {
                tracing::error!(why, "a password cannot be hashed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again")
                    .retry_after_ms(RETRY_MS)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({
            "code": self.code, "message": self.message, "retry_after_ms": self.retry_after_ms,
        });
        if let Some(field) = self.field {
            body["field"] = field.into();
        }
        (self.status, Json(body)).into_response()
    }
}
