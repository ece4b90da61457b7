//! Giving the conversation to people: say so honestly, then step back.

use super::{Desk, say};
use crate::conversation::{Event, HandoffReason, Tracker};

pub(super) fn hand_off(desk: &Desk<'_>, tracker: &Tracker, reason: HandoffReason) -> Vec<Event> {
    let response = if desk.bot.shop.is_open(desk.now) {
        "handoff"
    } else {
        "handoff_closed"
    };
    let written = |key: &&str| desk.bot.response(tracker.lang(), key).is_some();
    let lead = lead(tracker, reason).filter(written).map(str::to_owned);
    let saying = say::Saying {
        lead: lead.as_slice(),
        ..say::Saying::plain(response, "handoff")
    };
    let mut said = say::say(desk, tracker, &saying);
    // Whoever is being passed on needs no button for it.
    if let Event::BotSaid { choices, .. } = &mut said {
        choices.clear();
    }
    let rules = &desk.bot.handoff;
    let level = tracker.level.as_deref();
    let topic = topic(tracker, reason);
    vec![
        said,
        Event::HandoffRequested {
            reason,
            team: Some(rules.team_for(topic.as_deref(), level).to_owned()),
            priority: rules.priority(reason, level),
            topic,
        },
    ]
}

/// The response that comes before, unless the turn has said it.
fn lead(tracker: &Tracker, reason: HandoffReason) -> Option<&'static str> {
    let lead = match reason {
        HandoffReason::Anger => "furious",
        HandoffReason::Sensitive => "handoff_sensitive",
        HandoffReason::Asked => return tracker.turn.took("loop").then_some("loop"),
        _ if tracker.turn.took("loop") => "loop",
        HandoffReason::NotUnderstood | HandoffReason::Vip | HandoffReason::Value => "handoff_lost",
        HandoffReason::Flow => return None,
    };
    let said = tracker.turn.said.iter().any(|said| said == lead);
    (!said).then_some(lead)
}

/// What the conversation is about: the matter that is left to people, the task under way, the one that ended
/// now, else what was meant last.
fn topic(tracker: &Tracker, reason: HandoffReason) -> Option<String> {
    let left = || tracker.left_to_people.clone();
    let flow = || tracker.flow.as_ref().map(|flow| flow.flow.clone());
    let ended = || tracker.turn.ended.as_ref().map(|(flow, _)| flow.clone());
    let meant = || {
        let understanding = tracker.understanding.as_ref().filter(|u| u.certain)?;
        Some(understanding.intent().to_owned())
    };
    match reason {
        HandoffReason::Sensitive => left().or_else(meant),
        _ => flow().or_else(ended).or_else(meant),
    }
}
