//! Response choice and rendering: which variant, with which values, in which language.

use std::collections::BTreeMap;

use crate::bot::Bot;
use crate::conversation::{Choice, Tracker};

/// Steps a template may take; far more than any response needs.
const TEMPLATE_FUEL_MAX: u64 = 20_000;
/// Longest rendered response, in characters.
const RESPONSE_CHARS_MAX: usize = 4_000;

/// Which of `count` variants comes now: they take turns, so that no one hears the same twice in a
/// row.
#[must_use]
pub fn variant(tracker: &Tracker, count: usize) -> usize {
    let turn = usize::try_from(tracker.bot_said).unwrap_or(0);
    turn.checked_rem(count).unwrap_or(0)
}

/// The text and the written buttons of a response in the tracker's language. `values` join the slots
/// as template variables. A template that fails shows its raw text rather than nothing.
#[must_use]
pub fn render(
    bot: &Bot,
    tracker: &Tracker,
    key: &str,
    values: &BTreeMap<String, String>,
) -> Option<(String, Vec<Choice>)> {
    let response = bot.response(tracker.lang(), key)?;
    let written = &response.variants[variant(tracker, response.variants.len())];
    let mut context = tracker.slots.clone();
    context.extend(values.iter().map(|(k, v)| (k.clone(), v.clone())));
    context.insert("shop".to_owned(), bot.shop.name(tracker.lang()).to_owned());
    let mut templates = minijinja::Environment::new();
    templates.set_fuel(Some(TEMPLATE_FUEL_MAX));
    let text = templates
        .render_str(written, &context)
        .unwrap_or_else(|_| written.clone());
    let text = text
        .chars()
        .take(RESPONSE_CHARS_MAX)
        .collect::<String>()
        .trim()
        .to_owned();
    Some((text, response.choices.clone()))
}
