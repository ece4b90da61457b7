//! Response choice and rendering: which variant, with which values, in which language.

use std::collections::BTreeMap;

use super::collects;
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

/// The text and the written buttons of a response in the tracker's language, with the slots and what the
/// shop told as template variables; `more` joins them. A template that fails shows its raw text rather than
/// nothing.
#[must_use]
pub fn render(
    bot: &Bot,
    tracker: &Tracker,
    key: &str,
    more: &BTreeMap<String, String>,
) -> Option<(String, Vec<Choice>)> {
    let response = bot.response(tracker.lang(), key)?;
    let written = &response.variants[variant(tracker, response.variants.len())];
    let mut context = tracker.values.clone();
    context.extend(tracker.slots.clone());
    context.extend(more.clone());
    context.extend(known(bot, tracker));
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

/// What every text may tell: the shop's name, the flow it is about, the value that was corrected, and the
/// labels of what was chosen (`reason` has `reason_words`).
fn known(bot: &Bot, tracker: &Tracker) -> BTreeMap<String, String> {
    let lang = tracker.lang();
    let ended = tracker.turn.ended.as_ref().map(|(flow, _)| flow.as_str());
    let cancelled = tracker.turn.took("cancel");
    let task = tracker
        .below
        .iter()
        .rfind(|flow| !flow.run)
        .map(|flow| flow.flow.as_str());
    let now = tracker.flow.as_ref().map(|flow| {
        if flow.run {
            task.unwrap_or(&flow.flow)
        } else {
            &flow.flow
        }
    });
    let flow = if cancelled { ended.or(now) } else { now.or(ended) };
    let label = flow.and_then(|flow| bot.flows.get(flow)?.label.get(&lang).cloned());
    let corrected = tracker.turn.repaired.iter().find_map(|(_, slot)| slot.as_deref());
    let new = corrected.and_then(|slot| collects::words_of(tracker, bot, slot));
    let mut known = BTreeMap::from([
        ("shop".to_owned(), bot.shop.name(lang).to_owned()),
        ("flow".to_owned(), label.unwrap_or_default()),
        ("new".to_owned(), new.unwrap_or_default()),
    ]);
    let chosen = tracker.flow.iter().flat_map(|flow| &flow.filled);
    for slot in chosen {
        if let Some(words) = collects::words_of(tracker, bot, slot) {
            known.insert(format!("{slot}_words"), words);
        }
    }
    known
}

/// The part of the day for greetings: `morning`, `afternoon`, `evening` or `night`.
#[must_use]
pub fn part_of_day(hour: i8) -> &'static str {
    match hour {
        5..=11 => "morning",
        12..=17 => "afternoon",
        18..=22 => "evening",
        _ => "night",
    }
}
