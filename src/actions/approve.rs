//! Asking people whether the bot may go on: the question for them, and a word for the customer meanwhile.

use super::{Desk, say};
use crate::conversation::{Event, Lang, Tracker};

/// The question in every language, since nobody knows who will read it, and what the customer is told.
pub(super) fn ask_people(
    desk: &Desk<'_>,
    tracker: &Tracker,
    (question, hold): (&str, &str),
    (supervisor, wait_s): (bool, u32),
) -> Vec<Event> {
    let read_in = |lang: Lang| {
        let reader = Tracker {
            lang: Some(lang),
            ..tracker.clone()
        };
        (lang, say::text_of(desk, &reader, question))
    };
    let asked = Event::ApprovalAsked {
        flow: tracker
            .flow
            .as_ref()
            .map(|flow| flow.flow.clone())
            .unwrap_or_default(),
        question: Lang::ALL.into_iter().map(read_in).collect(),
        supervisor,
        until: desk.now + i64::from(wait_s) * 1_000,
    };
    vec![asked, say::say(desk, tracker, &say::Saying::plain(hold, "flow"))]
}
