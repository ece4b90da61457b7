//! Giving the conversation to people: say so honestly, then step back.

use super::{Desk, say};
use crate::conversation::{Event, HandoffReason, Tracker};

pub(super) fn hand_off(desk: &Desk<'_>, tracker: &Tracker, reason: HandoffReason) -> Vec<Event> {
    let response = if desk.bot.shop.is_open(desk.now) {
        "handoff"
    } else {
        "handoff_closed"
    };
    let rules = &desk.bot.handoff;
    let level = tracker.level.as_deref();
    let topic = topic(tracker);
    let looped = tracker.turn.took("loop");
    let lead = ["loop".to_owned()];
    let saying = say::Saying {
        lead: if looped { &lead } else { &[] },
        ..say::Saying::plain(response, "handoff")
    };
    vec![
        say::say(desk, tracker, &saying),
        Event::HandoffRequested {
            reason,
            team: Some(rules.team_for(topic.as_deref(), level).to_owned()),
            priority: rules.priority(reason, level),
            topic,
        },
    ]
}

/// What the conversation is about: the task under way, the one that ended now, else what was meant last.
fn topic(tracker: &Tracker) -> Option<String> {
    let flow = tracker.flow.as_ref().map(|flow| flow.flow.clone());
    let ended = || tracker.turn.ended.as_ref().map(|(flow, _)| flow.clone());
    let meant = || {
        let understanding = tracker.understanding.as_ref().filter(|u| u.certain)?;
        Some(understanding.intent().to_owned())
    };
    flow.or_else(ended).or_else(meant)
}
