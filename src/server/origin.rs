//! Which pages may open sockets and ask for what customers ask for. An `Origin` header never proves who somebody is; it only keeps other
//! sites' pages from speaking with a visitor's browser.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::engine::Hub;

/// How long a browser may remember what is allowed, in seconds.
const PREFLIGHT_S: &str = "600";

/// Whether a browser on this origin may open a customer's socket: the server's own pages, the origins
/// listed in `shop.yaml`, and callers that are no browsers and send none.
pub(super) fn may_connect(headers: &HeaderMap, listed: &[String]) -> bool {
    match origin_of(headers) {
        None => true,
        Some(origin) => is_own(headers) || listed.iter().any(|o| o.eq_ignore_ascii_case(origin)),
    }
}

/// Whether the request comes from the server's own pages, or from no page at all.
pub(super) fn is_own(headers: &HeaderMap) -> bool {
    let Some(origin) = origin_of(headers) else {
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .unwrap_or_default();
    let bare = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    !host.is_empty() && bare.is_some_and(|bare| bare.eq_ignore_ascii_case(host))
}

/// What a page of another site is told.
pub(super) fn refused() -> Response {
    (StatusCode::FORBIDDEN, "this origin is not in shop.yaml").into_response()
}

/// Lets the shops' pages in, and lets their browsers read the answers (CORS).
pub(super) async fn for_shops(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    let brain = hub.engine().brain();
    if !may_connect(request.headers(), &brain.bot.shop.origins) {
        return refused();
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if request.method() == Method::OPTIONS {
        let mut allowed = StatusCode::NO_CONTENT.into_response();
        let mut set = |name, value| {
            allowed
                .headers_mut()
                .insert(name, HeaderValue::from_static(value))
        };
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        set(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type",
        );
        set(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S);
        allowed
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

fn origin_of(headers: &HeaderMap) -> Option<&str> {
    // An origin that cannot be read is no origin of ours.
    headers
        .get(header::ORIGIN)
        .map(|value| value.to_str().unwrap_or("unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "chat.shop.example:8080".parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn origins() {
        let listed = vec!["https://shop.com".to_owned()];
        for (origin, may) in [
            (None, true),
            (Some("http://chat.shop.example:8080"), true),
            (Some("https://shop.com"), true),
            (Some("https://SHOP.com"), true),
            (Some("null"), false),
            (Some("https://shop.com.evil"), false),
            (Some("https://shop.com:444"), false),
            (Some("https://evil.example"), false),
            (Some("https://shоp.com".replace('о', "xn--").as_str()), false),
        ] {
            assert_eq!(may_connect(&headers(origin), &listed), may, "{origin:?}");
        }
        assert!(!is_own(&headers(Some("https://shop.com"))));
    }
}
