//! Three lines out of a long conversation: the customer's own words that say most, and what the bot did.

use super::{Matter, Message, slot_of};
use crate::bot::Bot;
use crate::conversation::{FlowOutcome, Lang, SearchOutcome};
use crate::desk::shorten::{cut, hide_numbers};
use crate::desk::suggest::ASKS_FOR_PEOPLE;

/// Longest quotation, in characters.
const QUOTE_CHARS_MAX: usize = 80;
/// Most flows and values told.
const FLOWS_MAX: usize = 3;
const SLOTS_MAX: usize = 4;
/// Intents that say nothing about the matter.
const SMALL_TALK: [&str; 9] = [
    "affirm",
    "bot_identity",
    "chitchat",
    "deny",
    "goodbye",
    "greeting",
    "out_of_scope",
    "praise_review",
    "thanks",
];

/// At most three lines, in an agent's language.
pub(super) fn lines(matter: &Matter, bot: &Bot, lang: Lang) -> Vec<String> {
    let say = |zh: &str, en: &str| if lang == Lang::Zh { zh } else { en }.to_owned();
    let wish = wish(&matter.messages);
    let led = matter
        .messages
        .iter()
        .rfind(|message| !message.called && !asks_for_people(message));
    let latest = matter.messages.iter().rfind(|message| message.called);
    let mut lines = Vec::new();
    lines.extend(wish.map(|wish| format!("{}{}", say("诉求：", "Wish: "), quoted(wish, lang))));
    let led = led.filter(|led| Some(led.seq) != wish.map(|wish| wish.seq));
    let latest = latest.filter(|latest| Some(latest.seq) != wish.map(|wish| wish.seq));
    let led = led.map(|led| {
        format!(
            "{}{}",
            say("转人工前：", "Before the handoff: "),
            quoted(led, lang)
        )
    });
    let latest = latest.map(|latest| format!("{}{}", say("最新：", "Latest: "), quoted(latest, lang)));
    let between: Vec<String> = led.into_iter().chain(latest).collect();
    if !between.is_empty() {
        lines.push(between.join(&say("；", "; ")));
    }
    lines.extend(done(matter, bot, lang).map(|done| format!("{}{done}", say("机器人：", "Bot: "))));
    lines
}

fn quoted(message: &Message, lang: Lang) -> String {
    let text = cut(&hide_numbers(&message.text), QUOTE_CHARS_MAX);
    if lang == Lang::Zh {
        format!("“{text}”")
    } else {
        format!("\"{text}\"")
    }
}

fn intent(message: &Message) -> &str {
    message
        .understanding
        .as_ref()
        .map_or("", |understanding| understanding.intent())
}

fn asks_for_people(message: &Message) -> bool {
    intent(message) == ASKS_FOR_PEOPLE
}

/// The first message that is surely about a matter, or else the longest one.
fn wish(messages: &[Message]) -> Option<&Message> {
    let says = |message: &&Message| {
        let certain = message
            .understanding
            .as_ref()
            .is_some_and(|understanding| understanding.certain);
        certain && !SMALL_TALK.contains(&intent(message)) && !asks_for_people(message)
    };
    let longest = || {
        let others = messages.iter().filter(|message| !asks_for_people(message));
        let longest = others.rev().max_by_key(|message| message.text.chars().count());
        longest.or_else(|| messages.last())
    };
    messages.iter().find(says).or_else(longest)
}

/// Flows with their end, values, requests and searches.
fn done(matter: &Matter, bot: &Bot, lang: Lang) -> Option<String> {
    let (comma, stop) = if lang == Lang::Zh {
        ("，", "；")
    } else {
        (", ", "; ")
    };
    let mut parts = Vec::new();
    let label = |flow: &String| bot.flows.get(flow)?.label.get(&lang).cloned();
    let ended = matter
        .ended
        .iter()
        .filter_map(|(flow, outcome)| Some(format!("{}{}", label(flow)?, outcome_words(*outcome, lang))));
    let under_way = matter.flows.iter().filter_map(|flow| {
        let open = if lang == Lang::Zh {
            "（进行中）"
        } else {
            " (under way)"
        };
        Some(format!("{}{open}", label(flow)?))
    });
    let flows: Vec<String> = ended.chain(under_way).collect();
    let first = flows.len().saturating_sub(FLOWS_MAX);
    parts.extend_from_slice(&flows[first..]);
    let labelled = |(slot, value, flow): &&(String, String, Option<String>)| {
        let own = flow
            .as_ref()
            .and_then(|flow| bot.flows.get(flow)?.slots.get(slot));
        !value.is_empty()
            && own
                .or_else(|| bot.slots.get(slot))
                .is_some_and(|slot| !slot.label.is_empty())
    };
    let slots = matter.slots.iter().filter(labelled).take(SLOTS_MAX);
    let slots: Vec<String> = slots
        .map(|slot| {
            let shown = slot_of(slot, bot, lang);
            format!("{} {}", shown.name, cut(&shown.value, 40))
        })
        .collect();
    if !slots.is_empty() {
        parts.push(slots.join(comma));
    }
    parts.extend(matter.requests.last().map(|number| {
        let registered = if lang == Lang::Zh {
            "已登记 "
        } else {
            "registered "
        };
        format!("{registered}{number}")
    }));
    parts.extend(searched(&matter.searches, lang));
    (!parts.is_empty()).then(|| parts.join(stop))
}

fn outcome_words(outcome: FlowOutcome, lang: Lang) -> &'static str {
    let (zh, en) = match outcome {
        FlowOutcome::Completed => ("（已完成）", " (completed)"),
        FlowOutcome::Cancelled => ("（已中断）", " (broken off)"),
        FlowOutcome::GaveUp => ("（未完成）", " (gave up)"),
        FlowOutcome::HandedOff => ("（转人工）", " (handed off)"),
    };
    if lang == Lang::Zh { zh } else { en }
}

fn searched(searches: &[SearchOutcome], lang: Lang) -> Option<String> {
    let answered = searches
        .iter()
        .filter(|outcome| **outcome == SearchOutcome::Answer)
        .count();
    let all = searches.len();
    (all > 0).then(|| match lang {
        Lang::Zh => format!("查知识库 {all} 次，{answered} 次有答案"),
        Lang::En => format!("searched {all} times, answered {answered}"),
    })
}
