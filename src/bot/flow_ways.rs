//! The ways through a flow: what holds on all of them to each step, and whether one goes round in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{Call, call_of};
use super::check::Bot;
use super::flow::{Flow, Step, StepKind};

/// Flows that run flows that run flows: deeper ones prove nothing.
const RUNS_DEEP_MAX: usize = 6;

/// What holds on every way to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// Whether what comes next was agreed to.
    pub confirmed: bool,
    /// Whether it is known whose order it is.
    pub owner: bool,
}

/// The steps a step may go on to, each with the outcome that leads there; `None` for all others.
fn edges<'a>(flow: &'a Flow, step: &'a Step) -> Vec<(Option<&'a str>, &'a Step)> {
    let to = |target: &String| flow.step(target);
    let mut edges: Vec<_> = step
        .on
        .iter()
        .filter_map(|(key, target)| Some((Some(key.as_str()), to(target)?)))
        .collect();
    let ends = matches!(
        step.kind,
        StepKind::Handoff | StepKind::End { .. } | StepKind::Link { .. }
    );
    let both = matches!(step.kind, StepKind::Confirm { .. })
        && ["yes", "no"].iter().all(|key| step.on.contains_key(*key));
    if !ends && !both {
        let default = match &step.next {
            Some(target) => to(target),
            None => flow.below(&step.id),
        };
        // What is left of a confirm is its yes.
        let left = matches!(step.kind, StepKind::Confirm { .. }).then_some("yes");
        edges.extend(default.map(|step| (left, step)));
    }
    edges
}

/// What holds on all ways to each step that can be reached.
pub(super) fn walk<'a>(bot: &Bot, flow: &'a Flow, depth: usize) -> BTreeMap<&'a str, Known> {
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    let start = Known {
        confirmed: false,
        owner: false,
    };
    let mut open: Vec<(&Step, Known)> = flow.steps.first().map(|step| (step, start)).into_iter().collect();
    while let Some((step, now)) = open.pop() {
        let before = known.get(step.id.as_str()).copied();
        let met = before.map_or(now, |before| Known {
            confirmed: before.confirmed && now.confirmed,
            owner: before.owner && now.owner,
        });
        if before == Some(met) {
            continue;
        }
        known.insert(&step.id, met);
        for (outcome, next) in edges(flow, step) {
            open.push((next, after(bot, step, outcome, met, depth)));
        }
    }
    known
}

/// What holds behind a step. What cannot be known, such as what an unknown call does, is taken to be well: it
/// was told already, and would be told again of every flow that comes here.
fn after(bot: &Bot, step: &Step, outcome: Option<&str>, known: Known, depth: usize) -> Known {
    match &step.kind {
        StepKind::Confirm { .. } => Known {
            confirmed: outcome != Some("no"),
            ..known
        },
        StepKind::Call { call, .. } => match call_of(call) {
            Some((call, _)) if call.name == "check_owner" => Known {
                owner: known.owner || proves(step, call, outcome),
                ..known
            },
            Some((call, _)) => Known {
                confirmed: known.confirmed && !call.writes,
                ..known
            },
            None => Known { owner: true, ..known },
        },
        StepKind::Run { flow } => Known {
            owner: known.owner || proved_by(bot, step, flow, outcome, depth),
            ..known
        },
        _ => known,
    }
}

/// The way that is left when `wrong` and `ask` lead elsewhere is the right one.
fn proves(step: &Step, call: &Call, outcome: Option<&str>) -> bool {
    let elsewhere = ["wrong", "ask"].iter().all(|key| step.on.contains_key(*key));
    outcome.map_or(elsewhere, |outcome| outcome == "right" || !call.gives(outcome))
}

/// Whether a flow has proved the owner on every way that comes back with an outcome; `None` stands for those
/// that the step which runs it does not name.
fn proved_by(bot: &Bot, step: &Step, flow: &str, outcome: Option<&str>, depth: usize) -> bool {
    let Some(flow) = bot.flows.get(flow) else {
        return true;
    };
    if depth >= RUNS_DEEP_MAX {
        return false;
    }
    let comes = |result: &str| match outcome {
        Some(outcome) => outcome == result,
        None => !step.on.contains_key(result),
    };
    let known = walk(bot, flow, depth + 1);
    let ends = flow.steps.iter().filter_map(|end| match &end.kind {
        StepKind::End { result } => Some((end, result.as_deref().unwrap_or("done"))),
        _ => None,
    });
    let mut coming = ends.filter(|(_, result)| comes(result)).peekable();
    let owned = |end: &Step| known.get(end.id.as_str()).is_none_or(|known| known.owner);
    // A flow may also be done without an `end`, and then nothing says that the owner is known. With any other
    // outcome that it does not give it never comes back.
    let silent = coming.peek().is_none() && outcome.is_none_or(|outcome| outcome == "done");
    !silent && coming.all(|(end, _)| owned(end))
}

/// Whether a step leads back to itself with nobody being asked.
pub(super) fn circles(flow: &Flow, from: &Step) -> bool {
    let waits = |kind: &StepKind| matches!(kind, StepKind::Run { .. } | StepKind::Approve(_));
    let asks = |step: &Step| step.asks_for().is_some() || waits(&step.kind);
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(step) = open.pop() {
        if asks(step) {
            continue;
        }
        for (_, next) in edges(flow, step) {
            if next.id == from.id {
                return true;
            }
            if seen.insert(next.id.as_str()) {
                open.push(next);
            }
        }
    }
    false
}
