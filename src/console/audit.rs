//! Who did what: writing it down, and reading it page by page.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account_change::BadField;
use super::refusal::Refusal;
use super::{Console, login};
use crate::store::Role;

/// Entries in one answer.
const PAGE_ENTRIES: usize = 100;

/// Where a page of the audit begins.
#[derive(Deserialize)]
pub(super) struct Page {
    before: Option<i64>,
}

pub(super) async fn page(
    State(console): State<Console>,
    headers: HeaderMap,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    login::require(&console, &headers, Role::Admin).await?;
    let Query(page) = page.map_err(|_| BadField::new("before", "the id of an entry"))?;
    let entries = console.desk.accounts().audit(page.before, PAGE_ENTRIES).await?;
    let entries: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!({
                "id": entry.id, "at": entry.at, "account": entry.account, "act": entry.act,
                "object": entry.object, "detail": entry.detail,
            })
        })
        .collect();
    Ok(Json(json!({ "entries": entries })))
}

/// Writes an act down, and what it was done to, if to anything. What was done stays done when that fails; the log
/// tells.
pub(super) async fn record(console: &Console, account: &str, (act, object): (&str, &str), detail: &str) {
    let now = console.desk.hub().now();
    if let Err(error) = console
        .desk
        .accounts()
        .record(now, account, act, object, detail)
        .await
    {
        tracing::error!(%error, account, act, "an act cannot be written into the audit");
    }
}
