//! Saying a written response, with its buttons and card.

use std::collections::BTreeMap;

use super::{Desk, order_card};
use crate::conversation::{Choice, Event, Tracker, Why};
use crate::dialogue::render;

/// Said when not even `internal_error` is written; the loader makes this unreachable for served bots.
const LAST_RESORT: &str = "…";

pub(super) fn say(
    desk: &Desk<'_>,
    tracker: &Tracker,
    response: &str,
    more: &[Choice],
    card: Option<&str>,
    policy: &str,
) -> Event {
    let values = order_card::values(desk, tracker);
    let (text, mut choices) = render(desk.bot, tracker, response, &values)
        .or_else(|| render(desk.bot, tracker, "internal_error", &values))
        .unwrap_or_else(|| (LAST_RESORT.to_owned(), Vec::new()));
    choices.splice(0..0, more.iter().cloned());
    let card = card.and_then(|kind| order_card::card(desk, tracker, kind));
    let why = Why {
        policy: policy.to_owned(),
        source: response.to_owned(),
        score: None,
    };
    Event::BotSaid {
        text,
        choices,
        citations: Vec::new(),
        card,
        why: Some(why),
    }
}

/// The text of a response without buttons, for actions that say more than one thing.
pub(super) fn text_of(desk: &Desk<'_>, tracker: &Tracker, response: &str) -> String {
    render(desk.bot, tracker, response, &BTreeMap::new()).map_or_else(String::new, |(text, _)| text)
}
