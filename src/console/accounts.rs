//! Accounts over HTTP: supervisors see them, admins create and change them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::account_change::{AccountChange, change_account};
use super::refusal::Refusal;
use super::{Console, login};
use crate::store::{Account, Role};

pub(super) async fn list(State(console): State<Console>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    login::require(&console, &headers, Role::Supervisor).await?;
    let accounts = console.desk.accounts().list().await?;
    let accounts: Vec<Value> = accounts.iter().map(described).collect();
    Ok(Json(json!({ "accounts": accounts })))
}

pub(super) async fn put(
    State(console): State<Console>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let by = login::require(&console, &headers, Role::Admin).await?;
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        let message = "the body has to be a JSON object";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "bad_json", message));
    };
    let change = AccountChange::of_json(fields)?;
    let who = (by.account.as_str(), console.desk.hub().now());
    let changed = change_account(console.desk.accounts(), who, &account, change).await?;
    console.desk.reload().await?;
    let status = match changed.is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(described(&changed.account))).into_response())
}

/// An account as pages and the command line show it.
pub fn described(account: &Account) -> Value {
    json!({
        "account": account.account, "name": account.name, "role": account.role, "teams": account.teams,
        "langs": account.langs, "capacity": account.capacity, "active": account.active,
    })
}
