//! Giving the conversation to people: say so honestly, then step back.

use super::{Desk, say};
use crate::conversation::{Event, HandoffReason, Tracker};

pub(super) fn hand_off(desk: &Desk<'_>, tracker: &Tracker, reason: HandoffReason) -> Vec<Event> {
    let response = if desk.bot.shop.is_open(desk.now) {
        "handoff"
    } else {
        "handoff_closed"
    };
    let looped = tracker.turn.took("loop");
    let lead = ["loop".to_owned()];
    let saying = say::Saying {
        lead: if looped { &lead } else { &[] },
        ..say::Saying::plain(response, "handoff")
    };
    vec![
        say::say(desk, tracker, &saying),
        Event::HandoffRequested { reason },
    ]
}
