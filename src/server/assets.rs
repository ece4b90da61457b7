//! The built pages of `web/dist`, inside the binary.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::RustEmbed;

use crate::conversation::hex;

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Dist;

/// Serves a file of `web/dist`; a folder's page is its `index.html`.
pub(super) async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    if path.is_empty() {
        return Redirect::temporary("/demo").into_response();
    }
    // Only names that the build made are ever looked up, so `..` and its kin find nothing.
    let page = format!("{}/index.html", path.trim_end_matches('/'));
    let found = Dist::get(path)
        .map(|file| (path, file))
        .or_else(|| Dist::get(&page).map(|f| (page.as_str(), f)));
    let Some((name, file)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{}\"", hex(&hash[..8]));
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes())
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let kind = kind_of(name);
    let caching = "public, max-age=300";
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, caching),
        (header::ETAG, tag.as_str()),
    ];
    (headers, file.data).into_response()
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}
