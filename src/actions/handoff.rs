//! Giving the conversation to people: say so honestly, then step back.

use super::{Desk, say};
use crate::conversation::{Event, HandoffReason, Tracker};

pub(super) fn hand_off(desk: &Desk<'_>, tracker: &Tracker, reason: HandoffReason) -> Vec<Event> {
    let response = if desk.bot.shop.is_open(desk.now) {
        "handoff"
    } else {
        "handoff_closed"
    };
    vec![
        say::say(desk, tracker, response, &[], None, "handoff"),
        Event::HandoffRequested { reason },
    ]
}
