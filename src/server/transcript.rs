//! `GET /v1/transcript`: customers keep what was said to them. The token that opened the conversation proves
//! that it is theirs; pages of other sites may ask as far as `shop.yaml` lists them.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{App, origin};
use crate::channels::holds;
use crate::channels::wire::Code;
use crate::console::{file, transcript_of};
use crate::conversation::{ConversationId, Lang};
use crate::desk::RecordsError;
use crate::store;

/// How long a browser remembers that it may ask, in seconds.
const PREFLIGHT_S: &str = "600";

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    conversation: String,
    lang: Option<String>,
}

/// The transcript, for whoever has the token.
pub(super) async fn transcript(
    State(app): State<App>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    if !may_ask(&app, &headers) {
        return refused(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "this origin is not in shop.yaml",
        );
    }
    shared(
        answer(&app, &headers, &wanted)
            .await
            .unwrap_or_else(|refusal| refusal),
        &headers,
    )
}

/// What a browser asks before it sends a token from another site.
pub(super) async fn preflight(State(app): State<App>, headers: HeaderMap) -> Response {
    if !may_ask(&app, &headers) {
        return refused(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "this origin is not in shop.yaml",
        );
    }
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization"),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S),
    ];
    shared((StatusCode::NO_CONTENT, allowed).into_response(), &headers)
}

fn may_ask(app: &App, headers: &HeaderMap) -> bool {
    let brain = app.desk.hub().engine().brain();
    origin::may_connect(headers, &brain.bot.shop.origins)
}

async fn answer(app: &App, headers: &HeaderMap, wanted: &Wanted) -> Result<Response, Response> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let needs_token = || {
        refused(
            StatusCode::UNAUTHORIZED,
            "auth_required",
            "send the conversation's own token",
        )
    };
    let token = token.ok_or_else(needs_token)?;
    // Whether it is not there or not theirs is nothing to tell.
    let unknown = || {
        let code = Code::UnknownConversation;
        refused(StatusCode::NOT_FOUND, "unknown_conversation", code.message())
    };
    let failed = |error: RecordsError| match error {
        RecordsError::Store(store::Error::NotFound) => unknown(),
        error => {
            tracing::warn!(%error, "no transcript");
            refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again")
        }
    };
    let id = ConversationId::new(&*wanted.conversation).map_err(|_| unknown())?;
    let head = app
        .desk
        .hub()
        .store()
        .head(&id)
        .await
        .map_err(|error| failed(error.into()))?;
    if !holds(&head, token.trim()) {
        return Err(unknown());
    }
    let lang = wanted.lang.as_deref().map_or(head.lang, Lang::from_locale);
    let page = transcript_of(&app.desk, &id, lang).await.map_err(failed)?;
    Ok(file("text/plain; charset=utf-8", &format!("{id}.txt"), page))
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}

/// The answer, readable for the page of a listed origin.
fn shared(mut response: Response, headers: &HeaderMap) -> Response {
    let answered = response.headers_mut();
    answered.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = headers.get(header::ORIGIN) {
        answered.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    response
}
