//! Saying a written response, with what leads it in, its buttons and its card.

use std::collections::BTreeMap;

use super::Desk;
use crate::conversation::{Choice, Event, Tracker, Why};
use crate::dialogue::{part_of_day, render};

/// Said when not even `internal_error` is written; the loader makes this unreachable for served bots.
const LAST_RESORT: &str = "…";

/// What is to be said.
pub(super) struct Saying<'a> {
    /// Response key.
    pub response: &'a str,
    /// Patterns whose words come before it.
    pub lead: &'a [String],
    /// Buttons besides those written with the response.
    pub choices: &'a [Choice],
    /// Kind of card to put under it.
    pub card: Option<&'a str>,
    /// The policy that decided.
    pub policy: &'a str,
}

impl<'a> Saying<'a> {
    /// A response alone.
    pub fn plain(response: &'a str, policy: &'a str) -> Self {
        Self {
            response,
            lead: &[],
            choices: &[],
            card: None,
            policy,
        }
    }
}

pub(super) fn say(desk: &Desk<'_>, tracker: &Tracker, saying: &Saying<'_>) -> Event {
    let more = values(desk);
    let (text, mut choices) = render(desk.bot, tracker, saying.response, &more)
        .or_else(|| render(desk.bot, tracker, "internal_error", &more))
        .unwrap_or_else(|| (LAST_RESORT.to_owned(), Vec::new()));
    choices.splice(0..0, saying.choices.iter().cloned());
    let mut lines = Vec::new();
    for lead in saying.lead {
        if let Some((line, buttons)) = render(desk.bot, tracker, lead, &more) {
            lines.push(line);
            choices.extend(buttons);
        }
    }
    lines.push(text);
    let card = saying.card.and_then(|kind| tracker.cards.get(kind).cloned());
    let why = Why {
        policy: saying.policy.to_owned(),
        source: saying.response.to_owned(),
        lead: saying.lead.to_vec(),
        score: None,
    };
    Event::BotSaid {
        text: lines.join("\n"),
        choices,
        citations: Vec::new(),
        card,
        why: Some(why),
    }
}

/// What was said last, again.
pub(super) fn again(desk: &Desk<'_>, tracker: &Tracker) -> Event {
    let Some(last) = &tracker.last_said else {
        return say(desk, tracker, &Saying::plain("rephrase", "repeat"));
    };
    Event::BotSaid {
        text: last.text.clone(),
        choices: last.choices.clone(),
        citations: Vec::new(),
        card: last.card.clone(),
        why: Some(Why {
            policy: "repeat".to_owned(),
            source: "repeat".to_owned(),
            lead: Vec::new(),
            score: None,
        }),
    }
}

/// The text of a response without buttons, for actions that say more than one thing.
pub(super) fn text_of(desk: &Desk<'_>, tracker: &Tracker, response: &str) -> String {
    render(desk.bot, tracker, response, &values(desk)).map_or_else(String::new, |(text, _)| text)
}

/// What texts may tell of the moment.
fn values(desk: &Desk<'_>) -> BTreeMap<String, String> {
    let part = desk.bot.shop.hour_of(desk.now).map_or("", part_of_day);
    BTreeMap::from([("part_of_day".to_owned(), part.to_owned())])
}
