//! The line to the shop: one request over HTTP with a deadline and a bounded answer. What went wrong is told
//! apart by what it means for a write: whether it may have been done.

use std::path::Path;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;

use super::Unusable;
use crate::bot::{ConnectorRule, address};

/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Largest file of a token.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// A connection that nobody used for so long is closed; shops close theirs after a while too.
const IDLE: Duration = Duration::from_secs(20);

/// Why a try has no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nothing was sent.
    NotSent(String),
    /// It was sent, wholly or in part, and no whole answer came.
    NoAnswer(String),
}

impl Fault {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::NotSent(text) | Self::NoAnswer(text) => text,
        }
    }
}

/// What is asked.
pub(super) struct Asking<'a> {
    /// Path and query behind the shop's address.
    pub path: &'a str,
    /// Idempotency key and body of a write.
    pub write: Option<(&'a str, String)>,
}

/// An answer as it came.
pub(super) struct Heard {
    pub status: StatusCode,
    /// The body as JSON; `Null` if it is none.
    pub body: Value,
}

/// Only addresses that are encrypted need certificates, and loading them takes a moment.
enum Wire {
    Plain(Client<HttpConnector, String>),
    Tls(Client<HttpsConnector<HttpConnector>, String>),
}

/// The line. It keeps connections open between requests.
pub(super) struct Line {
    wire: Wire,
    base: String,
    token: Option<HeaderValue>,
    deadline: Duration,
}

impl Line {
    pub(super) fn new(rule: &ConnectorRule) -> Result<Self, Unusable> {
        let uri = address(&rule.url).map_err(|why| Unusable(format!("url `{}`: {why}", rule.url)))?;
        let deadline = Duration::from_millis(rule.deadline_ms);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // A host that is not there is found out before the deadline, and then it is known that nothing was sent.
        connector.set_connect_timeout(Some(deadline / 2));
        connector.enforce_http(false);
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new());
        let wire = if uri.scheme_str() == Some("http") {
            Wire::Plain(builder.build(connector))
        } else {
            let tls = HttpsConnectorBuilder::new().with_native_roots();
            let tls = tls.map_err(|e| Unusable(format!("the system's certificates: {e}")))?;
            Wire::Tls(builder.build(tls.https_only().enable_http1().wrap_connector(connector)))
        };
        Ok(Self {
            wire,
            base: rule.url.trim_end_matches('/').to_owned(),
            token: token_of(rule)?,
            deadline,
        })
    }

    /// One try.
    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Heard, Fault> {
        let request = self.request(asking).map_err(|e| Fault::NotSent(e.to_string()))?;
        let heard = async {
            let answer = self.send(request).await.map_err(|e| fault_of(&e))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|e| Fault::NoAnswer(format!("its answer cannot be read: {e}")))?;
            let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
            Ok(Heard { status, body })
        };
        let late = |_| Fault::NoAnswer(format!("no answer within {} ms", self.deadline.as_millis()));
        tokio::time::timeout(self.deadline, heard).await.map_err(late)?
    }

    fn request(&self, asking: &Asking<'_>) -> Result<Request<String>, http::Error> {
        let uri: Uri = format!("{}{}", self.base, asking.path).parse()?;
        let mut request = Request::builder()
            .uri(uri)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("xiaoer/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        match &asking.write {
            None => request.body(String::new()),
            Some((key, body)) => request
                .method(Method::POST)
                .header(CONTENT_TYPE, "application/json")
                .header("idempotency-key", *key)
                .body(body.clone()),
        }
    }

    fn send(&self, request: Request<String>) -> ResponseFuture {
        match &self.wire {
            Wire::Plain(client) => client.request(request),
            Wire::Tls(client) => client.request(request),
        }
    }
}

/// A connection that could not be made carried nothing.
fn fault_of(error: &ClientError) -> Fault {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(deeper) = source {
        text = format!("{text}: {deeper}");
        source = deeper.source();
    }
    if error.is_connect() {
        Fault::NotSent(text)
    } else {
        Fault::NoAnswer(text)
    }
}

/// The header of the token that the rule names.
fn token_of(rule: &ConnectorRule) -> Result<Option<HeaderValue>, Unusable> {
    let (token, from) = if let Some(name) = &rule.token_env {
        let token = std::env::var(name);
        let token = token.map_err(|_| Unusable(format!("the environment variable {name} is not set")))?;
        (token, name.clone())
    } else if let Some(file) = &rule.token_file {
        (read_token(file)?, file.display().to_string())
    } else {
        return Ok(None);
    };
    let value = HeaderValue::from_str(&format!("Bearer {}", token.trim()));
    let mut value = value.map_err(|_| {
        Unusable(format!(
            "the token of {from} holds a character that none may hold"
        ))
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn read_token(file: &Path) -> Result<String, Unusable> {
    let unusable = |why: String| Unusable(format!("the token's file {}: {why}", file.display()));
    let token = std::fs::read_to_string(file).map_err(|e| unusable(e.to_string()))?;
    if token.trim().is_empty() || token.len() > TOKEN_BYTES_MAX {
        return Err(unusable("it holds no token".to_owned()));
    }
    Ok(token)
}
