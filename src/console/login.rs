//! Logging in: argon2id, a random session token in a strict cookie, and a gate against guessing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use axum::Json;
use axum::extract::State;
use axum::http::header::{COOKIE, HeaderName, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rand::Rng;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account_change::PASSWORD_BYTES_MAX;
use super::refusal::Refusal;
use super::{Console, audit};
use crate::conversation::{hex, sha256};
use crate::store::{Account, Role};

/// Time a login lasts, in milliseconds.
const LOGIN_MS: i64 = 12 * 3_600_000;
/// Wrong passwords before an account rests.
const WRONG_MAX: u32 = 5;
/// Time it rests, in milliseconds.
const REST_MS: i64 = 60_000;
/// Accounts remembered by the gate.
const GATE_ACCOUNTS_MAX: usize = 10_000;
/// Longest account name looked at, in bytes.
const ACCOUNT_BYTES_MAX: usize = 256;
/// The cookie's name.
const COOKIE_NAME: &str = "xiaoer_console";
/// What a proxy in front says of how the browser came.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Letters of passwords made up here: none that looks like another.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";
/// Length of such a password.
const RANDOM_PASSWORD_CHARS: usize = 14;

/// Counts wrong passwords by account.
#[derive(Default)]
pub struct LoginGate {
    wrong: Mutex<HashMap<String, (u32, i64)>>,
}

impl LoginGate {
    /// Milliseconds the account still rests.
    fn rests_ms(&self, account: &str, now: i64) -> Option<i64> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = wrong.get(account)?;
        let rest = last + REST_MS - now;
        (*count >= WRONG_MAX && rest > 0).then_some(rest)
    }

    fn count(&self, account: &str, now: i64) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if wrong.len() >= GATE_ACCOUNTS_MAX {
            wrong.retain(|_, (_, last)| *last + REST_MS > now);
        }
        let entry = wrong.entry(account.to_owned()).or_insert((0, now));
        entry.0 = if entry.1 + REST_MS < now { 1 } else { entry.0 + 1 };
        entry.1 = now;
    }

    fn forget(&self, account: &str) {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(account);
    }
}

/// What a login form sends.
#[derive(Deserialize)]
pub(super) struct LoginForm {
    account: String,
    password: String,
}

/// The hash of a password, in PHC form.
///
/// # Errors
/// When the system has no randomness for a salt.
pub fn hash_password(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// A password nobody has thought of, to be shown once.
#[must_use]
pub fn random_password() -> String {
    let mut random = rand::rng();
    (0..RANDOM_PASSWORD_CHARS)
        .map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]))
        .collect()
}

pub(super) async fn log_in(
    State(console): State<Console>,
    headers: HeaderMap,
    Json(form): Json<LoginForm>,
) -> Result<Response, Refusal> {
    let now = console.desk.hub().now();
    if form.account.len() > ACCOUNT_BYTES_MAX || form.password.len() > PASSWORD_BYTES_MAX {
        let message = "account or password is too long";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_field", message));
    }
    if let Some(rest) = console.gate.rests_ms(&form.account, now) {
        let message = "too many wrong passwords; wait a minute";
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message);
        return Err(refusal.retry_after_ms(rest));
    }
    let known = console.desk.accounts().get(&form.account).await?;
    let Some(account) = verified(known, form.password).await else {
        console.gate.count(&form.account, now);
        return Err(failed(&console, &form.account, "").await);
    };
    console.gate.forget(&form.account);
    if !account.active {
        return Err(failed(&console, &form.account, "not active").await);
    }
    let token: [u8; 24] = rand::rng().random();
    let token = hex(&token);
    let (hash, until) = (sha256(&token), now + LOGIN_MS);
    console
        .desk
        .accounts()
        .put_login(&hash, &account.account, now, until)
        .await?;
    audit::record(&console, &account.account, ("login", ""), "").await;
    let cookie = cookie_of(&headers, &token, LOGIN_MS / 1000);
    Ok(([(SET_COOKIE, cookie)], described(&account)).into_response())
}

/// The same words whether the account, the password or the right to come in is missing.
async fn failed(console: &Console, account: &str, why: &str) -> Refusal {
    audit::record(console, account, ("login_failed", ""), why).await;
    let message = "account or password is wrong";
    Refusal::new(StatusCode::UNAUTHORIZED, "bad_login", message)
}

fn cookie_of(headers: &HeaderMap, token: &str, age_s: i64) -> String {
    let cookie = format!("{COOKIE_NAME}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age_s}");
    match came_by_https(headers) {
        true => format!("{cookie}; Secure"),
        false => cookie,
    }
}

/// The first of several proxies spoke with the browser. Whoever forges this only locks themselves out.
fn came_by_https(headers: &HeaderMap) -> bool {
    let proto = headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
    let first = proto.and_then(|value| value.split(',').next());
    first.is_some_and(|first| first.trim().eq_ignore_ascii_case("https"))
}

/// Takes as long for an account that is not there, so that guessing names tells nothing.
async fn verified(account: Option<Account>, password: String) -> Option<Account> {
    let checked = tokio::task::spawn_blocking(move || {
        let hash = match &account {
            Some(account) => account.password_hash.clone(),
            None => hash_password("nobody has this password").ok()?,
        };
        let parsed = PasswordHash::new(&hash).ok()?;
        let right = Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok();
        account.filter(|_| right)
    });
    checked.await.ok().flatten()
}

fn described(account: &Account) -> Json<Value> {
    Json(json!({ "account": account.account, "name": account.name, "role": account.role }))
}

pub(super) async fn log_out(State(console): State<Console>, headers: HeaderMap) -> Response {
    let account = who(&console, &headers).await;
    if let Some(hash) = login_of(&headers)
        && let Err(error) = console.desk.accounts().end_login(&hash).await
    {
        tracing::error!(%error, "a login cannot be ended");
    }
    if let Some(account) = account {
        audit::record(&console, &account.account, ("logout", ""), "").await;
    }
    let cookie = cookie_of(&headers, "", 0);
    ([(SET_COOKIE, cookie)], StatusCode::NO_CONTENT).into_response()
}

pub(super) async fn me(State(console): State<Console>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let account = require(&console, &headers, Role::Agent).await?;
    Ok(described(&account))
}

/// The account behind a request's cookie.
pub(super) async fn who(console: &Console, headers: &HeaderMap) -> Option<Account> {
    let login = console
        .desk
        .accounts()
        .login(&login_of(headers)?, console.desk.hub().now())
        .await;
    login.ok().flatten()
}

/// The account behind a request's cookie, if it has a role or a higher one.
pub(super) async fn require(console: &Console, headers: &HeaderMap, role: Role) -> Result<Account, Refusal> {
    let hash = login_of(headers).ok_or_else(Refusal::auth_required)?;
    let login = console
        .desk
        .accounts()
        .login(&hash, console.desk.hub().now())
        .await?;
    let account = login.ok_or_else(Refusal::auth_required)?;
    match account.role.at_least(role) {
        true => Ok(account),
        false => Err(Refusal::needs(role)),
    }
}

/// What the store knows the login of a request's cookie by; see [`crate::store::Accounts::login`].
pub(super) fn login_of(headers: &HeaderMap) -> Option<String> {
    token_of(headers).map(sha256)
}

fn token_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    let wanted = format!("{COOKIE_NAME}=");
    cookies
        .split(';')
        .find_map(|cookie| cookie.trim().strip_prefix(&wanted))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_secure_where_the_browser_came_by_https() {
        for (proto, secure) in [
            (None, false),
            (Some("http"), false),
            (Some("https"), true),
            (Some("HTTPS, http"), true),
            (Some("http, https"), false),
        ] {
            let proto = proto.map(|proto| (FORWARDED_PROTO, proto.parse().unwrap()));
            let headers: HeaderMap = proto.into_iter().collect();
            assert_eq!(cookie_of(&headers, "t", 1).ends_with("; Secure"), secure);
        }
    }

    #[test]
    fn the_gate_rests_and_opens_again() {
        let gate = LoginGate::default();
        for _ in 0..WRONG_MAX {
            assert_eq!(gate.rests_ms("lin", 1_000), None);
            gate.count("lin", 1_000);
        }
        assert_eq!(gate.rests_ms("lin", 1_000), Some(REST_MS));
        assert_eq!(gate.rests_ms("lin", 1_000 + REST_MS), None);
        assert_eq!(gate.rests_ms("other", 1_000), None);
    }
}
