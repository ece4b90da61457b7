//! Logging in: argon2id, a random session token in a strict cookie, and a gate against guessing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use axum::Json;
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rand::Rng;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Console;
use crate::store::Account;

/// Time a login lasts, in milliseconds.
const LOGIN_MS: i64 = 12 * 3_600_000;
/// Wrong passwords before an account rests.
const WRONG_MAX: u32 = 5;
/// Time it rests, in milliseconds.
const REST_MS: i64 = 60_000;
/// Accounts remembered by the gate.
const GATE_ACCOUNTS_MAX: usize = 10_000;
/// Longest account name and password looked at, in bytes.
const FIELD_BYTES_MAX: usize = 256;
/// The cookie's name.
const COOKIE_NAME: &str = "xiaoer_console";

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

fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

pub(super) fn refusal(
    status: StatusCode,
    code: &str,
    message: &str,
    retry_after_ms: Option<i64>,
) -> Response {
    let body = json!({ "code": code, "message": message, "retry_after_ms": retry_after_ms });
    (status, Json(body)).into_response()
}

pub(super) async fn log_in(State(console): State<Console>, Json(form): Json<LoginForm>) -> Response {
    let now = console.desk.hub().now();
    if form.account.len() > FIELD_BYTES_MAX || form.password.len() > FIELD_BYTES_MAX {
        return refusal(
            StatusCode::BAD_REQUEST,
            "bad_field",
            "account or password is too long",
            None,
        );
    }
    if let Some(rest) = console.gate.rests_ms(&form.account, now) {
        let message = "too many wrong passwords; wait a minute";
        return refusal(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message, Some(rest));
    }
    let account = match console.desk.accounts().get(&form.account).await {
        Ok(account) => account,
        Err(error) => {
            tracing::error!(%error, "accounts cannot be read");
            return refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "try again",
                Some(3_000),
            );
        }
    };
    let Some(account) = verified(account, form.password).await else {
        console.gate.count(&form.account, now);
        return refusal(
            StatusCode::UNAUTHORIZED,
            "bad_login",
            "account or password is wrong",
            None,
        );
    };
    console.gate.forget(&form.account);
    let token: [u8; 24] = rand::rng().random();
    let token: String = token.iter().map(|b| format!("{b:02x}")).collect();
    let until = now + LOGIN_MS;
    if let Err(error) = console
        .desk
        .accounts()
        .put_login(&token_hash(&token), &account.account, now, until)
        .await
    {
        tracing::error!(%error, "a login cannot be kept");
        return refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "try again",
            Some(3_000),
        );
    }
    let cookie = format!(
        "{COOKIE_NAME}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}",
        LOGIN_MS / 1000
    );
    ([(SET_COOKIE, cookie)], described(&account)).into_response()
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

fn described(account: &Account) -> Json<serde_json::Value> {
    Json(json!({ "account": account.account, "name": account.name }))
}

pub(super) async fn log_out(State(console): State<Console>, headers: HeaderMap) -> Response {
    if let Some(token) = token_of(&headers)
        && let Err(error) = console.desk.accounts().end_login(&token_hash(&token)).await
    {
        tracing::error!(%error, "a login cannot be ended");
    }
    let cookie = format!("{COOKIE_NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    ([(SET_COOKIE, cookie)], StatusCode::NO_CONTENT).into_response()
}

pub(super) async fn me(State(console): State<Console>, headers: HeaderMap) -> Response {
    match who(&console, &headers).await {
        Some(account) => described(&account).into_response(),
        None => refusal(StatusCode::UNAUTHORIZED, "auth_required", "log in", None),
    }
}

/// The account behind a request's cookie.
pub(super) async fn who(console: &Console, headers: &HeaderMap) -> Option<Account> {
    let token = token_of(headers)?;
    console
        .desk
        .accounts()
        .login(&token_hash(&token), console.desk.hub().now())
        .await
        .ok()
        .flatten()
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
