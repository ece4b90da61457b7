//! What was said, as a text to keep.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::channel::{Channel, store_code};
use super::requests::{Address, Refusal, visitor};
use crate::conversation::{Event, Lang, Recorded};

/// Events read from the store at a time.
const PAGE_EVENTS: usize = 500;
/// Longest text, in bytes, give or take a message; a longer conversation is told from its beginning.
const TRANSCRIPT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// `GET /v1/transcript`.
pub(super) async fn transcript(
    State(channel): State<Channel>,
    asked: Address,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let head = visitor(&channel, &asked, &headers).await?;
    let zone = channel.hub.engine().brain().bot.shop.zone.clone();
    let (mut text, mut cursor) = (String::new(), 0);
    while text.len() < TRANSCRIPT_BYTES_MAX {
        let read = channel.hub.store().read(&head.id, cursor, PAGE_EVENTS).await;
        let page = read.map_err(|error| Refusal(store_code(&error)))?;
        for recorded in &page {
            if text.len() < TRANSCRIPT_BYTES_MAX {
                write_line(&mut text, recorded, head.lang, &zone);
            }
        }
        cursor = page.last().map_or(cursor, |recorded| recorded.seq);
        if page.len() < PAGE_EVENTS {
            break;
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

fn write_line(text: &mut String, recorded: &Recorded, lang: Lang, zone: &str) {
    let (you, bot) = match lang {
        Lang::Zh => ("我", "智能客服"),
        Lang::En => ("You", "Automated assistant"),
    };
    let (who, said) = match &recorded.event {
        Event::CustomerSaid { text, .. } => (you, text),
        Event::BotSaid { text, .. } => (bot, text),
        Event::AgentSaid { agent, text, .. } => (&**agent, text),
        _ => return,
    };
    let at = jiff::Timestamp::from_millisecond(recorded.at).and_then(|at| at.in_tz(zone));
    let at = at.map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M").to_string());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{at}  {who}: {said}");
}
