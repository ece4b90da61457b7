//! Figures for supervisors, on the page and for spreadsheets.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Console;
use super::access::{Supervisor, lang_of};
use super::refusal::Refusal;
use crate::channels::saved;
use crate::desk::{RecordsError, Report, Sheet, Span, Terms, csv};

/// Which figures.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    by: String,
    lang: Option<String>,
}

/// `GET /console/api/report`.
pub(super) async fn report(
    State(console): State<Console>,
    _supervisor: Supervisor,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let sheet = sheet_of(&wanted)?;
    let lang = lang_of(wanted.lang.as_deref());
    let bot = console.desk.hub().engine().brain().bot.clone();
    let span = Span::new(&wanted.from, &wanted.to, &bot.shop)?;
    let episodes = console.desk.records().episodes(&span).await?;
    let accounts = console.desk.accounts().list().await?;
    let now = console.desk.hub().now();
    let counted = tokio::task::spawn_blocking(move || {
        let agents = accounts
            .into_iter()
            .map(|account| (account.account, account.name));
        let named =
            |(id, team): (&String, &crate::bot::Team)| Some((id.clone(), team.name.get(&lang)?.clone()));
        let agents: BTreeMap<String, String> = agents.collect();
        let teams: BTreeMap<String, String> = bot.handoff.teams.iter().filter_map(named).collect();
        let terms = Terms {
            rules: &bot.handoff,
            shop: &bot.shop,
            now,
        };
        Report::of(&episodes, &span, terms, &agents, &teams)
    });
    let report = counted.await.map_err(|_| RecordsError::Interrupted)?;
    Ok(match sheet {
        None => Json(report).into_response(),
        Some(sheet) => {
            let name = format!("{}-{}-{}.csv", wanted.by, report.from, report.to);
            saved("text/csv; charset=utf-8", &name, csv(&report, sheet, lang))
        }
    })
}

/// The table that is asked for; `None` for all of it as JSON.
fn sheet_of(wanted: &Wanted) -> Result<Option<Sheet>, Refusal> {
    match wanted.format.as_str() {
        "" | "json" => Ok(None),
        "csv" => {
            let sheet = serde_json::from_value(wanted.by.clone().into());
            sheet
                .map(Some)
                .map_err(|_| Refusal::bad_query("by is agents, teams or days"))
        }
        _ => Err(Refusal::bad_query("format is json or csv")),
    }
}
