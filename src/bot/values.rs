//! Whether something fills the values that texts tell: `{{ name }}` is a slot, a value of a call that the flow or
//! one it runs makes, or what every text knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::calls::{CALLS, call_of};
use super::check::Bot;
use super::flow::{Flow, StepKind};
use super::places::Places;
use super::problem::{Problems, or_nearest};
use super::response::Response;
use crate::conversation::APPROVAL_NOTE;

/// What every text knows: the shop, the task under way, the value that was corrected, the part of the day.
const ALWAYS: [&str; 4] = ["shop", "flow", "new", "part_of_day"];
/// Functions of the template language, which it counts among the names that a template takes from outside.
const FUNCTIONS: [&str; 5] = ["range", "dict", "namespace", "debug", "loop"];

/// Warns of values in texts that nothing fills.
pub(super) fn check_values(bot: &Bot, root: &Path, problems: &mut Problems) {
    let known = Flows::of(bot, problems);
    for (lang, responses) in &bot.responses {
        let shared = root.join("responses").join(format!("{lang}.yaml"));
        let repairs = root.join("patterns.yaml");
        for (key, response) in responses {
            let mut parts = key.splitn(3, '.');
            let of_flow = parts.next().and_then(|flow| bot.flows.get(flow));
            let step = of_flow
                .zip(parts.next())
                .and_then(|(flow, step)| Some((flow, flow.step(step)?)));
            let strays = strays(response, step.map(|(flow, _)| flow), &known);
            for (at, name, instead) in strays {
                if known.may_fill(step.map(|(flow, _)| flow), &name, problems) {
                    continue;
                }
                let at = at.to_string();
                let (file, line) = match step.zip(parts.clone().next()) {
                    Some(((flow, step), part)) => {
                        let places = Places::in_file(&flow.file);
                        (
                            &flow.file,
                            places.line_below(step.line, &[part, lang.code(), &at]),
                        )
                    }
                    None if bot.patterns.contains_key(key) => (
                        &repairs,
                        Places::in_file(&repairs).line(&[key, "say", lang.code(), &at]),
                    ),
                    None => (&shared, line_in_responses(&shared, key, &at)),
                };
                let message = format!("nothing fills `{{{{ {name} }}}}`; {instead}");
                problems.warn(file, line, "unknown_value", message);
            }
        }
    }
}

/// The line of a variant in `responses/`, whether it stands in a list or below `text`.
fn line_in_responses(file: &Path, key: &str, at: &str) -> usize {
    let places = Places::in_file(file);
    places.line(&[key, "text", at]).max(places.line(&[key, at]))
}

/// What nothing fills in a response: the variant, the name, and what to do.
fn strays(response: &Response, flow: Option<&Flow>, known: &Flows<'_>) -> Vec<(usize, String, String)> {
    let templates = minijinja::Environment::new();
    let mut strays = Vec::new();
    for (at, variant) in response
        .variants
        .iter()
        .enumerate()
        .filter(|(_, text)| text.contains('{'))
    {
        // A template that does not parse was told of when it was read.
        let names = templates.template_from_str(variant);
        let names = names
            .map(|template| template.undeclared_variables(false))
            .unwrap_or_default();
        let names: BTreeSet<String> = names.into_iter().collect();
        for name in names {
            if !known.fills(flow, &name) {
                let filled = known.filled(flow);
                let instead = or_nearest(&name, filled, "take it out, or collect it before");
                strays.push((at, name, instead));
            }
        }
    }
    strays
}

/// What is filled where.
struct Flows<'a> {
    by_flow: BTreeMap<&'a str, BTreeSet<&'a str>>,
    anywhere: BTreeSet<&'a str>,
    /// Those of whose kin not all could be read.
    unsure: BTreeSet<&'a str>,
}

impl<'a> Flows<'a> {
    fn of(bot: &'a Bot, problems: &Problems) -> Self {
        let unsure = bot.flows.values().filter(|flow| is_unsure(bot, flow, problems));
        let unsure = unsure.map(|flow| flow.name.as_str()).collect();
        let near = bot
            .flows
            .values()
            .map(|flow| (flow.name.as_str(), near(bot, flow)));
        let shared: BTreeSet<&str> = bot.slots.keys().map(String::as_str).chain(ALWAYS).collect();
        let of = |flows: BTreeSet<&'a str>| {
            let flows = flows.into_iter().filter_map(|name| bot.flows.get(name));
            flows.flat_map(filled_by).chain(shared.iter().copied()).collect()
        };
        let by_flow = near.map(|(name, flows)| (name, of(flows))).collect();
        let mut anywhere: BTreeSet<&str> = of(bot.flows.keys().map(String::as_str).collect());
        anywhere.extend(CALLS.iter().flat_map(|call| call.values));
        Self {
            by_flow,
            anywhere,
            unsure,
        }
    }

    fn names(&self, flow: Option<&Flow>) -> &BTreeSet<&'a str> {
        let own = flow.and_then(|flow| self.by_flow.get(flow.name.as_str()));
        own.unwrap_or(&self.anywhere)
    }

    /// Whether a name is filled: itself, or the slot whose value it tells in words.
    fn fills(&self, flow: Option<&Flow>, name: &str) -> bool {
        let names = self.names(flow);
        let in_words = name
            .strip_suffix("_words")
            .is_some_and(|slot| names.contains(slot));
        names.contains(name) || in_words || FUNCTIONS.contains(&name)
    }

    /// Whether something that could not be read may fill a name.
    fn may_fill(&self, flow: Option<&Flow>, name: &str, problems: &Problems) -> bool {
        let in_flows = flow.map_or_else(
            || problems.lost("flows", name),
            |flow| self.unsure.contains(flow.name.as_str()),
        );
        in_flows || problems.lost("slots.yaml", name)
    }

    fn filled(&self, flow: Option<&Flow>) -> impl Iterator<Item = &'a str> {
        self.names(flow).iter().copied()
    }
}

fn filled_by(flow: &Flow) -> Vec<&str> {
    let slots = flow.slots.keys().map(String::as_str);
    let values = flow.steps.iter().flat_map(|step| match &step.kind {
        StepKind::Call { call, .. } => call_of(call).map_or(&[][..], |(call, _)| call.values),
        StepKind::Approve(_) => &[APPROVAL_NOTE],
        _ => &[],
    });
    slots.chain(values.copied()).collect()
}

/// The flows that a flow runs.
fn run_by(flow: &Flow) -> impl Iterator<Item = &str> {
    flow.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Run { flow } => Some(flow.as_str()),
        _ => None,
    })
}

/// A flow and those that come to it, directly or not.
fn above<'a>(bot: &'a Bot, flow: &'a Flow) -> BTreeSet<&'a str> {
    let mut above = BTreeSet::from([flow.name.as_str()]);
    let leads_to = |from: &Flow, above: &BTreeSet<&str>| {
        from.steps.iter().any(|step| match &step.kind {
            StepKind::Run { flow } | StepKind::Link { flow } => above.contains(flow.as_str()),
            _ => false,
        })
    };
    loop {
        let more = bot.flows.values().filter(|from| leads_to(from, &above));
        let more: Vec<&str> = more.map(|from| from.name.as_str()).collect();
        let before = above.len();
        above.extend(more);
        if above.len() == before {
            return above;
        }
    }
}

/// A flow, those that come to it, and all that any of these run: what they filled is there.
fn near<'a>(bot: &'a Bot, flow: &'a Flow) -> BTreeSet<&'a str> {
    let mut near = BTreeSet::new();
    let mut open: Vec<&str> = above(bot, flow).into_iter().collect();
    while let Some(name) = open.pop() {
        let flow = bot.flows.get(name).filter(|_| near.insert(name));
        open.extend(flow.into_iter().flat_map(run_by));
    }
    near
}

/// Whether a flow that could not be read comes to this one, or is run on the way.
fn is_unsure(bot: &Bot, flow: &Flow, problems: &Problems) -> bool {
    let comes = |name: &&str| {
        ["run", "link"]
            .iter()
            .any(|key| problems.lost_at("flows", key, name))
    };
    let near = near(bot, flow).into_iter().filter_map(|name| bot.flows.get(name));
    let mut runs = near
        .flat_map(run_by)
        .filter(|name| !bot.flows.contains_key(*name));
    above(bot, flow).iter().any(comes) || runs.next().is_some()
}
