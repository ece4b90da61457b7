//! The HTTP side: routes, embedded pages, health, origins, and an accept loop with deadlines.

mod accept;
mod article;
mod assets;
mod linger;
mod origin;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::watch;
use tower_http::limit::RequestBodyLimitLayer;

pub use accept::serve;

use crate::channels::{self, Attachments, Channel, Identity, SocketLimits, socket_of, websocket};
use crate::console::{self, Console, LoginGate};
use crate::desk::Desk;
use crate::store::Files;

/// The site that the server's own pages keep conversations under, unless their address names another: who
/// goes from the demo to an article goes on with the same conversation.
pub const SITE: &str = "demo";
/// Largest request body, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Everything the server serves with.
#[derive(Clone)]
pub struct App {
    /// Who serves people, and the door to conversations.
    pub desk: Desk,
    /// What is sent besides words.
    pub files: Files,
    /// Bounds of sockets.
    pub limits: Arc<SocketLimits>,
    /// Checks who customers are; without it nobody is known.
    pub identity: Option<Arc<Identity>>,
    /// Turns true when the server drains.
    pub draining: watch::Receiver<bool>,
}

/// All routes.
pub fn router(app: App) -> Router {
    let attachments = Attachments::new(app.files.clone(), app.limits.clone());
    let console = Console {
        desk: app.desk.clone(),
        attachments: attachments.clone(),
        gate: Arc::new(LoginGate::default()),
        limits: app.limits.clone(),
        draining: app.draining.clone(),
    };
    let agents_files = console::file_routes(console.clone()).layer(middleware::from_fn(own_origin_only));
    let agents = console::routes(console).layer(middleware::from_fn(own_origin_only));
    let channel = Channel::new(
        app.desk.hub().clone(),
        attachments,
        app.limits.clone(),
        app.identity.clone(),
        app.draining.clone(),
    );
    // Each of these measures its own body.
    let customers = channels::routes(channel.clone()).layer(middleware::from_fn_with_state(
        app.desk.hub().clone(),
        origin::for_shops,
    ));
    let chat = Router::new().route("/v1/chat", get(chat)).with_state(channel);
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/articles/{lang}/{id}", get(article::page))
        .fallback(assets::asset)
        .with_state(app)
        .merge(agents)
        .merge(chat)
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
        .merge(customers)
        .merge(agents_files)
        .layer(middleware::from_fn(safe_headers))
}

async fn chat(State(channel): State<Channel>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let brain = channel.hub.engine().brain();
    if !origin::may_connect(&headers, &brain.bot.shop.origins) {
        return origin::refused();
    }
    let upgrade = socket_of(upgrade, &channel.limits);
    upgrade.on_upgrade(move |socket| websocket::serve(channel, socket))
}

/// The console is never embedded and never called from another site.
async fn own_origin_only(request: Request, next: Next) -> Response {
    if origin::is_own(request.headers()) {
        return next.run(request).await;
    }
    (
        StatusCode::FORBIDDEN,
        Json(json!({ "code": "not_allowed", "message": "other origin" })),
    )
        .into_response()
}

async fn ready(State(app): State<App>) -> Response {
    let brain = app.desk.hub().engine().brain();
    let body = json!({
        "model": brain.nlu.version(), "knowledge": brain.bot.version,
        "passages": brain.knowledge.passages(), "draining": *app.draining.borrow(),
    });
    Json(body).into_response()
}

async fn safe_headers(request: Request, next: Next) -> Response {
    let is_widget = request.uri().path().starts_with("/widget");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // What customers sent is shown under a stricter policy of its own.
    let sandboxed = headers.contains_key(header::CONTENT_SECURITY_POLICY);
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if is_widget {
        // Shops load the widget from their own pages.
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(
            header::HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        );
    } else if !sandboxed {
        set(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
        );
    }
    response
}
