//! Which flow collects a slot, and how people read the value that it got.

use crate::bot::{Bot, Flow, Offers, StepKind};
use crate::conversation::{Choice, Tracker};

/// Flows that run flows that run flows: deeper ones are not looked into.
const RUNS_DEEP_MAX: usize = 6;

/// The flow that collects a slot, among those under way and those they run, with the buttons of its question.
pub(super) fn collecting<'a>(
    tracker: &Tracker,
    bot: &'a Bot,
    slot: &str,
) -> Option<(&'a str, Option<&'a Offers>)> {
    let under_way = tracker.flows().filter_map(|name| bot.flows.get(name));
    let mut flows = under_way.map(|flow| within(bot, flow, 0));
    flows.find_map(|flows| {
        flows.into_iter().find_map(|flow| {
            let asks = flow.steps.iter().find_map(|step| match &step.kind {
                StepKind::Collect {
                    slot: asked, offers, ..
                } if asked == slot => Some(offers),
                _ => None,
            });
            Some((flow.name.as_str(), Some(asks?)))
        })
    })
}

/// A flow and those it runs.
pub(super) fn within<'a>(bot: &'a Bot, flow: &'a Flow, depth: usize) -> Vec<&'a Flow> {
    let mut flows = vec![flow];
    if depth < RUNS_DEEP_MAX {
        let run = flow.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Run { flow } => bot.flows.get(flow),
            _ => None,
        });
        flows.extend(run.flat_map(|flow| within(bot, flow, depth + 1)));
    }
    flows
}

/// A slot's value as people read it: the button's label, or the value itself.
#[must_use]
pub fn words_of(tracker: &Tracker, bot: &Bot, slot: &str) -> Option<String> {
    let value = tracker.slots.get(slot)?;
    let choice = format!("{slot}:{value}");
    let label = |list: &[Choice]| list.iter().find(|c| c.choice == choice).map(|c| c.label.clone());
    let written = collecting(tracker, bot, slot).and_then(|(_, offers)| {
        let offers = offers?.choices(slot, tracker.lang(), &tracker.listed);
        label(&offers)
    });
    written
        .or_else(|| label(&tracker.listed))
        .or_else(|| Some(value.clone()))
}
