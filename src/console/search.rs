//! Looking for a conversation by what was said in it.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Console;
use super::access::LoggedIn;
use super::refusal::Refusal;
use crate::conversation::Status;
use crate::desk::Span;
use crate::knowledge::Filter;

/// Longest question, in characters.
const ASKED_CHARS_MAX: usize = 200;

/// What is looked for; what is empty does not matter.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    page: String,
}

/// `GET /console/api/search`.
pub(super) async fn search(
    State(console): State<Console>,
    _agent: LoggedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    if wanted.q.chars().count() > ASKED_CHARS_MAX {
        return Err(Refusal::bad_query("q has more than 200 characters"));
    }
    let page = match wanted.page.as_str() {
        "" => 1,
        page => page
            .parse::<usize>()
            .map_err(|_| Refusal::bad_query("page is no number"))?,
    };
    let filter = filter_of(&console, &wanted)?;
    // Pages count from 1.
    let page = page.saturating_sub(1);
    let hits = console.desk.records().search(&wanted.q, filter, page).await;
    Ok(Json(hits?).into_response())
}

fn filter_of(console: &Console, wanted: &Wanted) -> Result<Filter, Refusal> {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let status = |name: String| {
        let status: Result<Status, _> = serde_json::from_value(name.into());
        status.map_err(|_| Refusal::bad_query("status is with_bot, waiting, with_agent or resolved"))
    };
    let brain = console.desk.hub().engine().brain();
    let day = |day: String| Span::new(&day, &day, &brain.bot.shop);
    let from = given(&wanted.from).map(day).transpose()?;
    let to = given(&wanted.to).map(day).transpose()?;
    Ok(Filter {
        status: given(&wanted.status).map(status).transpose()?,
        agent: given(&wanted.agent),
        label: given(&wanted.label),
        from: from.map(|day| day.begins()),
        until: to.map(|day| day.ends()),
    })
}
