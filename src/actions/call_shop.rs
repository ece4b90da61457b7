//! Calls to the shop: what is asked is put together here; the engine carries it to the shop, so that what has
//! an effect is on disk before it begins.

use std::collections::BTreeMap;

use super::Desk;
use crate::bot::call_of;
use crate::commerce::{Answer, Asked};
use crate::conversation::{Event, Tracker};
use crate::dialogue::words_of;

/// A call with all it may look at, and the event that has to be on disk before it is made.
pub(super) fn ask(desk: &Desk<'_>, tracker: &Tracker, call: &str, send: &[String]) -> (Asked, Option<Event>) {
    let acting = tracker.acting.as_ref();
    let send: Vec<&str> = match acting {
        Some(acting) => acting.fields.keys().map(String::as_str).collect(),
        None => send.iter().map(String::as_str).collect(),
    };
    let lang = tracker.lang();
    let filled = send
        .iter()
        .filter_map(|slot| Some((*slot, tracker.slots.get(*slot)?)));
    let fields: BTreeMap<String, String> = filled
        .map(|(slot, value)| (slot.to_owned(), value.clone()))
        .collect();
    let flow = tracker.flow.as_ref().map_or("", |flow| flow.flow.as_str());
    let shown = send.iter().filter_map(|slot| {
        let label = desk.bot.slot(flow, slot)?.label.get(&lang)?.clone();
        Some((label, words_of(tracker, desk.bot, slot)?))
    });
    let said = tracker.said.as_ref().map_or(0, |said| said.seq);
    let order_no = tracker.slots.get("order_no").map_or("", String::as_str);
    let key = match acting {
        #[cfg(feature = "mutant_forget_key")]
        Some(acting) => format!("{}:again", acting.key),
        #[cfg(not(feature = "mutant_forget_key"))]
        Some(acting) => acting.key.clone(),
        None => format!("{}:{said}:{call}:{order_no}", desk.conversation),
    };
    let title = desk
        .bot
        .flows
        .get(flow)
        .and_then(|flow| flow.label.get(&lang).cloned());
    let asked = Asked {
        call: call.to_owned(),
        key: key.clone(),
        slots: tracker.slots.clone(),
        fields: acting.map_or(fields, |acting| acting.fields.clone()),
        shown: shown.collect(),
        title: title.unwrap_or_default(),
        customer: tracker.customer.clone(),
        again: acting.is_some(),
        lang,
        now: desk.now,
    };
    let writes = call_of(call).is_some_and(|(call, _)| call.writes);
    let started = (writes && acting.is_none()).then(|| Event::ActionStarted {
        key,
        call: call.to_owned(),
        fields: asked.fields.clone(),
    });
    (asked, started)
}

/// What the shop answered, as events.
pub(super) fn answered(asked: &Asked, answer: Answer) -> Vec<Event> {
    let slots = answer
        .slots
        .into_iter()
        .map(|(slot, value)| Event::SlotSet { slot, value });
    let answered = Event::ShopAnswered {
        call: asked.call.clone(),
        outcome: answer.outcome,
        values: answer.values,
        card: answer.card,
        choices: answer.choices,
    };
    slots.chain([answered]).collect()
}
