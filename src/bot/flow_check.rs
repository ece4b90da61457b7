//! Whether flows hold together: texts, slots, calls and outcomes are there, every step can be reached, nothing
//! goes in circles, and nothing is done that was not confirmed by the one whose order it is.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{Call, call_of};
use super::check::Bot;
use super::flow::{Flow, Offers, Step, StepKind};
use super::flow_ways::{Known, circles, walk};
use super::pattern::folded_message;
use super::places::Places;
use super::problem::{Problems, or_nearest};
use super::slot::SlotFrom;
use crate::conversation::{APPROVAL_OUTCOMES, CONFIRMED, Lang};

/// Checks every flow.
pub(super) fn check_flows(bot: &Bot, problems: &mut Problems) {
    for flow in bot.flows.values() {
        let mut checking = Checking {
            bot,
            flow,
            places: Places::in_file(&flow.file),
            problems,
        };
        flow.steps.iter().for_each(|step| checking.step(step));
        checking.ways();
        checking.started();
    }
    shared_starts(bot, problems);
}

/// A phrase that starts two flows starts only one of them.
fn shared_starts(bot: &Bot, problems: &mut Problems) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for flow in bot.flows.values() {
        for (lang, phrases) in &flow.starts {
            for (at, phrase) in phrases.iter().enumerate() {
                let Some(other) = seen.insert(folded_message(phrase), &flow.name) else {
                    continue;
                };
                if other == flow.name {
                    continue;
                }
                let message = format!("`{phrase}` starts flow `{other}` too; take it out of one of them");
                let places = Places::in_file(&flow.file);
                let line = places.line(&["starts", lang.code(), &at.to_string()]);
                problems.warn(&flow.file, line, "shared_start", message);
            }
        }
    }
}

struct Checking<'a> {
    bot: &'a Bot,
    flow: &'a Flow,
    places: Places,
    problems: &'a mut Problems,
}

impl Checking<'_> {
    fn error(&mut self, step: &Step, path: &[&str], code: &'static str, message: String) {
        let line = self.places.line_below(step.line, path);
        self.problems.error(&self.flow.file, line, code, message);
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            StepKind::Collect {
                slot,
                ask,
                invalid,
                offers,
                ..
            } => {
                self.response(step, "ask", ask);
                if let Some(invalid) = invalid {
                    self.response(step, "invalid", invalid);
                }
                self.slot(step, &["collect"], slot);
                self.offers(step, slot, offers);
            }
            StepKind::Say { say, .. } => self.response(step, "say", say),
            StepKind::Call { call, send } => {
                for (at, slot) in send.iter().enumerate() {
                    self.slot(step, &["send", &at.to_string()], slot);
                }
                self.call(step, call);
            }
            StepKind::Branch { slot } => {
                self.slot(step, &["branch"], slot);
                self.branch(step, slot);
            }
            StepKind::Confirm { ask, .. } => {
                self.response(step, "confirm", ask);
                self.outcomes(step, "confirm", &["yes", "no"]);
                if !step.on.contains_key("no") {
                    let message = format!("step `{}` does not say where `no` leads; add it to `on`", step.id);
                    self.error(step, &["confirm"], "confirm_without_no", message);
                }
            }
            StepKind::Approve(approve) => {
                self.response(step, "approve", &approve.question);
                self.response(step, "hold", &approve.hold);
                self.outcomes(step, "approve", &APPROVAL_OUTCOMES);
                for missing in ["no", "late"]
                    .into_iter()
                    .filter(|key| !step.on.contains_key(*key))
                {
                    let message = format!(
                        "step `{}` does not say where `{missing}` leads; add it to `on`",
                        step.id
                    );
                    self.error(step, &["approve"], "approve_without_way", message);
                }
            }
            StepKind::Run { flow } => self.run(step, flow),
            StepKind::Link { flow } => {
                self.goes_to(step, "link", flow);
            }
            StepKind::Handoff | StepKind::End { .. } => {}
        }
        for (at, slot) in step.clear.iter().enumerate() {
            self.slot(step, &["clear", &at.to_string()], slot);
        }
    }

    fn response(&mut self, step: &Step, part: &str, key: &str) {
        // Words written in the flow itself were checked when they were read.
        let own = key == format!("{}.{}.{part}", self.flow.name, step.id);
        if own || self.bot.response(Lang::Zh, key).is_some() || self.problems.lost("responses", key) {
            return;
        }
        let names = self
            .bot
            .responses
            .values()
            .flat_map(BTreeMap::keys)
            .map(String::as_str);
        let instead = or_nearest(key, names, "write it, or the words here");
        let message = format!("response `{key}` is not in responses/; {instead}");
        self.error(step, &[part], "missing_response", message);
    }

    fn slot(&mut self, step: &Step, path: &[&str], slot: &str) {
        let known = self.bot.slot(&self.flow.name, slot).is_some();
        if known || self.problems.lost("slots.yaml", slot) {
            return;
        }
        let names = self
            .flow
            .slots
            .keys()
            .chain(self.bot.slots.keys())
            .map(String::as_str);
        let instead = or_nearest(slot, names, "declare it");
        let message = format!("slot `{slot}` is declared neither here nor in slots.yaml; {instead}");
        self.error(step, path, "unknown_slot", message);
    }

    /// The flow that a step goes to, if it is there.
    fn goes_to(&mut self, step: &Step, key: &str, name: &str) -> Option<&Flow> {
        let flow = self.bot.flows.get(name);
        if flow.is_none() && !self.problems.lost_at("flows", "flow", name) {
            let names = self.bot.flows.keys().map(String::as_str);
            let message = format!(
                "flow `{name}` is not in flows/; {}",
                or_nearest(name, names, "write it")
            );
            self.error(step, &[key], "unknown_flow", message);
        }
        flow
    }

    fn offers(&mut self, step: &Step, slot: &str, offers: &Offers) {
        let from = self.bot.slot(&self.flow.name, slot).map(|slot| slot.from);
        let none = matches!(offers, Offers::Written(list) if list.is_empty());
        if none && from == Some(SlotFrom::Choice) {
            let message = format!(
                "slot `{slot}` is chosen from buttons; give step `{}` choices",
                step.id
            );
            self.error(step, &["collect"], "no_choices", message);
        }
    }

    fn call(&mut self, step: &Step, written: &str) {
        let Some((call, kind)) = call_of(written) else {
            let names = super::calls::CALLS.map(|call| call.name);
            let name = written.split('.').next().unwrap_or(written);
            let instead = if names.contains(&name) {
                "`may` and `request` have a kind behind a dot, and no other call has".to_owned()
            } else {
                or_nearest(name, names, &format!("write one of {}", names.join(", ")))
            };
            let message = format!("there is no call `{written}`; {instead}");
            return self.error(step, &["call"], "unknown_call", message);
        };
        let unknown = kind.filter(|kind| !self.bot.shop.requests.contains_key(*kind));
        if let Some(kind) = unknown.filter(|kind| !self.problems.lost("shop.yaml", kind)) {
            let kinds = self.bot.shop.requests.keys().map(String::as_str);
            let instead = or_nearest(kind, kinds, "write its rules there");
            let message = format!("requests of shop.yaml have no `{kind}`; {instead}");
            self.error(step, &["call"], "unknown_request", message);
        }
        let mut gives = call.outcomes.to_vec();
        gives.push(super::calls::SLOW);
        if call.name == "find_order" {
            gives.push("not_found");
        }
        self.outcomes(step, written, &gives);
        self.needs(step, written, call);
    }

    /// What a call needs has to be collected somewhere, here or in a flow that is run.
    fn needs(&mut self, step: &Step, written: &str, call: &Call) {
        let needed = call.needs.iter().filter(|slot| !self.problems.lost("", slot));
        for slot in needed.collect::<Vec<_>>() {
            let mut flows = BTreeSet::new();
            if !collects(self.bot, self.flow, slot, &mut flows)
                && self.bot.slot(&self.flow.name, slot).is_none()
            {
                let message = format!("`{written}` needs the slot `{slot}`; collect it before");
                self.error(step, &["call"], "call_needs", message);
            }
        }
    }

    fn branch(&mut self, step: &Step, slot: &str) {
        let from = self.bot.slot(&self.flow.name, slot).map(|slot| slot.from);
        if slot == CONFIRMED || from == Some(SlotFrom::YesNo) {
            return self.outcomes(step, "branch", &["yes", "no"]);
        }
        let written = self.flow.steps.iter().filter_map(|other| match &other.kind {
            StepKind::Collect {
                slot: asked,
                offers: Offers::Written(offers),
                ..
            } if asked == slot => Some(offers.iter().map(|offer| offer.value.clone())),
            _ => None,
        });
        let values: BTreeSet<String> = written.flatten().collect();
        if from == Some(SlotFrom::Choice) && !values.is_empty() {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            self.outcomes(step, "branch", &values);
        }
    }

    fn outcomes(&mut self, step: &Step, what: &str, possible: &[&str]) {
        for other in step.on.keys().filter(|on| !possible.contains(&on.as_str())) {
            let otherwise = format!("it gives {}", possible.join(", "));
            let instead = or_nearest(other, possible.iter().copied(), &otherwise);
            let message = format!("`{what}` never gives `{other}`; {instead}");
            self.error(step, &["on", other], "unknown_outcome", message);
        }
    }

    fn run(&mut self, step: &Step, name: &str) {
        let Some(flow) = self.goes_to(step, "run", name) else {
            return;
        };
        let mut results = vec!["done".to_owned()];
        results.extend(flow.steps.iter().filter_map(|step| match &step.kind {
            StepKind::End { result } => result.clone(),
            _ => None,
        }));
        let results: Vec<&str> = results.iter().map(String::as_str).collect();
        self.outcomes(step, "run", &results);
    }

    /// Walks all ways through the flow: steps nobody reaches, circles, and what is done unconfirmed.
    fn ways(&mut self) {
        let known = walk(self.bot, self.flow, 0);
        let strays = strays(self.flow);
        for step in &self.flow.steps {
            let Some(known) = known.get(step.id.as_str()) else {
                if strays {
                    continue;
                }
                let message = format!("no way leads to step `{}`; mend it or take it out", step.id);
                self.problems
                    .warn(&self.flow.file, step.line, "unreachable_step", message);
                continue;
            };
            self.write(step, *known);
            if circles(self.flow, step) {
                let message = format!(
                    "step `{}` leads back to itself without asking anything; ask on the way",
                    step.id
                );
                self.problems
                    .error(&self.flow.file, step.line, "endless", message);
            }
        }
    }

    fn write(&mut self, step: &Step, known: Known) {
        let StepKind::Call { call: written, .. } = &step.kind else {
            return;
        };
        let Some((call, Some(kind))) = call_of(written).filter(|(call, _)| call.writes) else {
            return;
        };
        if !known.confirmed {
            let message = format!(
                "`{}` is done without a yes on some way here; put a `confirm` before it",
                call.name
            );
            self.error(step, &["call"], "unconfirmed", message);
        }
        let of_order = self
            .bot
            .shop
            .requests
            .get(kind)
            .is_some_and(|rule| !rule.states.is_empty());
        if of_order && !known.owner {
            let message = format!(
                "`{written}` changes an order of whoever asks; put `run: own_order` or `check_owner` before it"
            );
            self.error(step, &["call"], "unowned", message);
        }
    }

    fn started(&mut self) {
        let name = &self.flow.name;
        let by_intent = self
            .bot
            .intents
            .values()
            .any(|intent| intent.flow.as_ref() == Some(name));
        let by_flow = self
            .bot
            .flows
            .values()
            .flat_map(|flow| &flow.steps)
            .any(|step| match &step.kind {
                StepKind::Run { flow } | StepKind::Link { flow } => flow == name,
                _ => false,
            });
        let choice = format!("flow:{name}");
        let responses = self.bot.responses.values().flat_map(BTreeMap::values);
        let by_button = responses.flat_map(|r| &r.choices).any(|c| c.choice == choice);
        let problems = &self.problems;
        let lost = ["run", "link"]
            .iter()
            .any(|key| problems.lost_at("flows", key, name))
            || problems.lost_at("intents", "flow", name)
            || problems.lost("responses", name);
        if !by_intent && !by_flow && !by_button && !lost && self.flow.starts.is_empty() {
            let line = self.places.line(&["flow"]);
            let message = format!("nothing starts flow `{name}`; name it in an intent, or give it `starts`");
            self.problems
                .warn(&self.flow.file, line, "never_started", message);
        }
    }
}

/// Whether some way of a flow leads to a step that is not there, or to one of two: that was told already, and
/// what nothing seems to lead to may be meant.
fn strays(flow: &Flow) -> bool {
    let steps = flow.steps.iter();
    let mut targets = steps.flat_map(|step| step.on.values().chain(&step.next));
    let ids: BTreeSet<&str> = flow.steps.iter().map(|step| step.id.as_str()).collect();
    ids.len() < flow.steps.len() || targets.any(|target| target != "end" && !ids.contains(target.as_str()))
}

fn collects(bot: &Bot, flow: &Flow, slot: &str, seen: &mut BTreeSet<String>) -> bool {
    seen.insert(flow.name.clone())
        && flow.steps.iter().any(|step| match &step.kind {
            StepKind::Collect { slot: asked, .. } => asked == slot,
            StepKind::Run { flow } => bot
                .flows
                .get(flow)
                .is_some_and(|flow| collects(bot, flow, slot, seen)),
            _ => false,
        })
}
