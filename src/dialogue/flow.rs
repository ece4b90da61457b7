//! The flow stepper: where the flow under way goes next, from nothing but the tracker.

use super::value::{self, Wanted};
use super::{Action, collects, fallback, people, policies, repair};
use crate::bot::{Bot, Flow, Offers, SLOW, SlotFrom, Step, StepKind, UNKNOWN};
use crate::conversation::{ActiveFlow, CONFIRMED, Choice, FlowOutcome, Lang, Tracker};

/// Steps passed without stopping; more means that the flow goes in circles.
const STEPS_PASSED_MAX: usize = 64;
/// Tasks under way at once; one more takes the place of the one that speaks.
const TASKS_MAX: usize = 3;
/// How often a question comes again because of something in between, unless `loop` says otherwise.
const LOOPS_DEFAULT: u8 = 5;

/// The policy of the flow under way.
pub(super) fn step(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let active = tracker.flow.as_ref()?;
    let Some(flow) = bot.flows.get(&active.flow) else {
        return Some(Action::end(FlowOutcome::Cancelled));
    };
    let here = Here {
        tracker,
        bot,
        active,
        flow,
    };
    if tracker.turn.took("loop") {
        return Some(Action::end(FlowOutcome::HandedOff));
    }
    if tracker.turn.retrace {
        return Some(here.retrace());
    }
    let Some(step) = active.step.as_deref().and_then(|id| flow.step(id)) else {
        return Some(here.told().unwrap_or_else(|| here.go_to(flow.steps.first())));
    };
    here.at(step)
}

struct Here<'a> {
    tracker: &'a Tracker,
    bot: &'a Bot,
    active: &'a ActiveFlow,
    flow: &'a Flow,
}

impl Here<'_> {
    fn at(&self, step: &Step) -> Option<Action> {
        let pending = self.tracker.turn.step_pending;
        match &step.kind {
            StepKind::Collect {
                slot,
                ask,
                invalid,
                offers,
                asks_max,
            } => self.ask(step, slot, (ask, invalid.as_deref()), (offers, *asks_max), None),
            StepKind::Confirm { ask, card, offers } => {
                self.ask(step, CONFIRMED, (ask, None), (offers, 3), card.clone())
            }
            StepKind::Say { say, card } if pending => Some(self.say(say, Vec::new(), card.clone())),
            StepKind::Call { call, send } if pending => Some(Action::Call {
                call: call.clone(),
                send: send.clone(),
            }),
            StepKind::Call { .. } => Some(self.called(step)),
            StepKind::Approve(_) if self.active.outcome.is_some() => Some(self.leave(step)),
            StepKind::Approve(approve) if pending => Some(Action::Approve {
                question: approve.question.clone(),
                hold: approve.hold.clone(),
                supervisor: approve.supervisor,
                wait_s: approve.wait_s,
            }),
            StepKind::Approve(_) => self.waits(step),
            StepKind::Run { flow } if pending => Some(Action::StartFlow { flow: flow.clone() }),
            StepKind::Run { .. } => Some(match self.tracker.turn.flow_ended {
                // What it ran was broken off, and so is this.
                Some(outcome) if self.active.outcome.is_none() => Action::end(outcome),
                _ => self.leave(step),
            }),
            StepKind::Link { flow } => Some(Action::Link { flow: flow.clone() }),
            StepKind::Handoff => Some(Action::end(FlowOutcome::HandedOff)),
            StepKind::End { result } => Some(Action::EndFlow {
                outcome: FlowOutcome::Completed,
                result: result.clone(),
            }),
            StepKind::Say { .. } | StepKind::Branch { .. } => Some(self.leave(step)),
        }
    }

    fn say(&self, response: &str, choices: Vec<Choice>, card: Option<String>) -> Action {
        Action::Say {
            response: response.to_owned(),
            lead: self.leads(),
            choices,
            card,
            policy: "flow",
        }
    }

    /// Words that come before the next thing said: repairs, and the way back to this flow.
    fn leads(&self) -> Vec<String> {
        let turn = &self.tracker.turn;
        let spoken = ["correct_what", "repeat"];
        let mut leads: Vec<String> = turn.repaired.iter().map(|(pattern, _)| pattern.clone()).collect();
        let back = turn.aside || turn.flow_ended.is_some();
        if back && self.active.step.is_some() && self.active.turns > 0 {
            leads.push("resume".to_owned());
        }
        leads.retain(|lead| !turn.said.contains(lead) && !spoken.contains(&lead.as_str()));
        leads
    }

    /// What the message that began the flow tells of what will be asked.
    fn told(&self) -> Option<Action> {
        self.flow.steps.iter().find_map(|step| match &step.kind {
            StepKind::Collect { slot, offers, .. } => self.fill(slot, offers, false),
            _ => None,
        })
    }

    /// A call that was answered. Without a way of its own, slowness and doubt are told as they are.
    fn called(&self, step: &Step) -> Action {
        let outcome = self.active.outcome.as_deref().unwrap_or_default();
        let (pattern, end) = match outcome {
            SLOW => ("slow", FlowOutcome::GaveUp),
            UNKNOWN => ("unknown_outcome", FlowOutcome::HandedOff),
            _ => return self.leave(step),
        };
        if step.on.contains_key(outcome) {
            return self.leave(step);
        }
        if self.tracker.turn.said.iter().any(|said| said == pattern) {
            Action::end(end)
        } else {
            self.say(pattern, Vec::new(), None)
        }
    }

    fn ask(
        &self,
        step: &Step,
        slot: &str,
        (ask, invalid): (&str, Option<&str>),
        (offers, asks_max): (&Offers, u8),
        card: Option<String>,
    ) -> Option<Action> {
        let turn = &self.tracker.turn;
        if let Some(set) = self.fill(slot, offers, true) {
            return Some(set);
        }
        if self.is_filled(slot) {
            return Some(self.leave(step));
        }
        if turn.asked {
            let first = self.active.asked <= 1 || turn.replied || !turn.repaired.is_empty();
            let response = if first {
                ask
            } else {
                self.invalid(slot, invalid, ask)
            };
            let choices = self.choices(slot, offers);
            return Some(if turn.step_pending {
                self.say(response, choices, card)
            } else {
                Action::Listen
            });
        }
        self.interrupted(step, asks_max)
    }

    /// The buttons of a question. A picture can always be gone without.
    fn choices(&self, slot: &str, offers: &Offers) -> Vec<Choice> {
        let lang = self.tracker.lang();
        let mut choices = offers.choices(slot, lang, &self.tracker.listed);
        let photo = self
            .bot
            .slot(&self.flow.name, slot)
            .is_some_and(|slot| slot.from == SlotFrom::Photo);
        if photo && choices.is_empty() {
            let label = if lang == Lang::Zh {
                "没有照片"
            } else {
                "No photo"
            };
            choices.push(Choice {
                label: label.to_owned(),
                choice: format!("{slot}:none"),
            });
        }
        choices
    }

    /// What is said after an answer that does not fit: the step's own words, those for the slot, or the
    /// question again.
    fn invalid<'a>(&'a self, slot: &str, written: Option<&'a str>, ask: &'a str) -> &'a str {
        let of_slot = || {
            let key = format!("{slot}_invalid");
            let mut lists = self.bot.responses.values();
            lists
                .find_map(|list| list.get_key_value(&key))
                .map(|(key, _)| key.as_str())
        };
        written.or_else(of_slot).unwrap_or(ask)
    }

    /// The customer says something while people think: it is dealt with, and the question stays.
    fn waits(&self, step: &Step) -> Option<Action> {
        let turn = &self.tracker.turn;
        if turn.replied {
            return Some(Action::Listen);
        }
        if turn.flow_ended.is_some() {
            // A task above made room for another, which begins now; else there is this one still.
            let other = self.other_task(step).filter(|_| !turn.took("cancel"));
            return other.or_else(|| Some(self.say("approval_waits", Vec::new(), None)));
        }
        let called = people::angry_in_task(self.tracker, self.bot)
            .or_else(|| people::sensitive_in_task(self.tracker, self.bot))
            .or_else(|| self.other_task(step));
        if called.is_some() {
            return called;
        }
        let aside = fallback::is_digression(self.tracker, self.bot);
        (!aside).then(|| self.say("approval_waits", Vec::new(), None))
    }

    /// The customer said something that does not fill the slot.
    fn interrupted(&self, step: &Step, asks_max: u8) -> Option<Action> {
        let turn = &self.tracker.turn;
        if turn.took("correct_what") {
            return Some(self.correct_what());
        }
        if turn.replied || turn.flow_ended.is_some() {
            return Some(self.resumed(step));
        }
        let called = people::angry_in_task(self.tracker, self.bot)
            .or_else(|| people::sensitive_in_task(self.tracker, self.bot));
        if called.is_some() {
            return called;
        }
        if turn.took("impatient") || turn.took("back") {
            return Some(self.again(step, self.active.asked));
        }
        if let Some(turned) = self.turned_away(step) {
            return Some(turned);
        }
        if fallback::is_digression(self.tracker, self.bot) {
            return None;
        }
        if self.active.asked >= asks_max {
            return Some(Action::end(FlowOutcome::GaveUp));
        }
        Some(self.again(step, self.active.asked + 1))
    }

    fn again(&self, step: &Step, asked: u8) -> Action {
        Action::Reach {
            step: step.id.clone(),
            asked,
        }
    }

    /// The values that were given, as buttons to correct.
    fn correct_what(&self) -> Action {
        if self.tracker.turn.replied {
            return Action::Listen;
        }
        Action::Say {
            response: "correct_what".to_owned(),
            lead: Vec::new(),
            choices: repair::fixes(self.tracker, self.bot),
            card: None,
            policy: "repair",
        }
    }

    /// Something in between was dealt with: the question again, but not for ever.
    fn resumed(&self, step: &Step) -> Action {
        // Who says goodbye or thanks is not held back; the task stays where it is.
        let polite = policies::intent_of(self.tracker, self.bot);
        if polite.is_some_and(|i| ["goodbye", "thanks"].contains(&i.name.as_str())) {
            return Action::Listen;
        }
        let loops = self
            .bot
            .patterns
            .get("loop")
            .map_or(LOOPS_DEFAULT, |p| p.times_max);
        if self.active.digressions < loops {
            return self.again(step, self.active.asked);
        }
        Action::repair("loop")
    }

    /// Another task that the message wants.
    fn other_task(&self, step: &Step) -> Option<Action> {
        if self.free_text(step) {
            return None;
        }
        let flow = policies::wanted_flow(self.tracker, self.bot)?;
        let all = self.tracker.flow.iter().chain(&self.tracker.below);
        let full = all.filter(|flow| !flow.run).count() >= TASKS_MAX;
        Some(if full {
            Action::end(FlowOutcome::Cancelled)
        } else {
            Action::StartFlow { flow }
        })
    }

    /// Another task, or a plain no to this one.
    fn turned_away(&self, step: &Step) -> Option<Action> {
        if let Some(other) = self.other_task(step) {
            return Some(other);
        }
        let said = self.tracker.said.as_ref().map_or("", |said| said.text.as_str());
        let no = self.tracker.choice().is_none() && value::plain_yes_no(said).as_deref() == Some("no");
        no.then(|| Action::repair("cancel"))
    }

    /// Whether whatever is said could be the answer.
    fn free_text(&self, step: &Step) -> bool {
        let slot = step
            .asks_for()
            .and_then(|slot| self.bot.slot(&self.flow.name, slot));
        slot.is_some_and(|slot| slot.from == SlotFrom::Text)
    }

    /// Takes the slot's value out of the message, once a turn. `here`: the flow stands at its question.
    fn fill(&self, name: &str, offers: &Offers, here: bool) -> Option<Action> {
        let turn = &self.tracker.turn;
        let used = turn.slots_set.iter().any(|set| set == name) || self.unseen(name);
        // A message that ended another task, or came to correct this one, is not an answer as well.
        if used || turn.flow_ended.is_some() || turn.repaired.iter().any(|(p, _)| MOVES.contains(&p.as_str()))
        {
            return None;
        }
        let slot = self.bot.slot(&self.flow.name, name)?;
        let asked = here && self.active.asked > 0 && !turn.asked && !turn.flow_started;
        if asked && slot.from == SlotFrom::Text && fallback::is_question(self.tracker, self.bot) {
            return None;
        }
        let wanted = Wanted {
            name,
            slot,
            offers: Some(offers),
            asked,
        };
        Some(Action::Set {
            slot: name.to_owned(),
            value: value::value(self.tracker, &wanted)?,
        })
    }

    /// Whether something else was said since a yes was asked for: then it has to be asked for again.
    fn unseen(&self, name: &str) -> bool {
        let shown = |choice: &Choice| choice.choice.starts_with(CONFIRMED);
        name == CONFIRMED && self.tracker.choice().is_none() && !self.tracker.choices.iter().any(shown)
    }

    fn is_filled(&self, slot: &str) -> bool {
        let keep = self.bot.slot(&self.flow.name, slot).is_some_and(|s| s.keep);
        let fresh = self.active.filled.iter().any(|filled| filled == slot);
        self.tracker.slots.contains_key(slot) && (keep || fresh)
    }

    /// After a slot changed hands: from the step that collects it, or from the flow that does so for this
    /// one, on; what is filled is not asked again, what was looked up is looked up anew.
    fn retrace(&self) -> Action {
        let repaired = self.tracker.turn.repaired.last();
        let slot = repaired.and_then(|(_, slot)| slot.as_deref()).unwrap_or_default();
        let steps = &self.flow.steps;
        let own = steps.iter().find(|step| step.asks_for() == Some(slot));
        if let Some(step) = own {
            return match self.is_filled(slot) {
                true => self.leave(step),
                false => Action::Reach {
                    step: step.id.clone(),
                    asked: 1,
                },
            };
        }
        let collects = |flow: &String| {
            let flows = self
                .bot
                .flows
                .get(flow)
                .map(|flow| collects::within(self.bot, flow, 0));
            let asks = |flow: &&Flow| flow.steps.iter().any(|step| step.asks_for() == Some(slot));
            flows.is_some_and(|flows| flows.iter().any(asks))
        };
        let run = steps
            .iter()
            .find(|step| matches!(&step.kind, StepKind::Run { flow } if collects(flow)));
        self.go_to(run.or(steps.first()))
    }

    /// Empties what the step clears, then goes on.
    fn leave(&self, step: &Step) -> Action {
        let full = |slot: &&String| self.tracker.slots.contains_key(*slot);
        if let Some(slot) = step.clear.iter().find(full) {
            return Action::Set {
                slot: slot.clone(),
                value: String::new(),
            };
        }
        self.go_to(self.after(step))
    }

    /// The step behind this one; `None` is the end.
    fn after(&self, step: &Step) -> Option<&Step> {
        let slot = |slot: &str| self.tracker.slots.get(slot).map(String::as_str);
        let value = match &step.kind {
            StepKind::Call { .. } | StepKind::Run { .. } | StepKind::Approve(_) => {
                self.active.outcome.as_deref()
            }
            StepKind::Branch { slot: name } => slot(name),
            StepKind::Confirm { .. } => slot(CONFIRMED),
            _ => None,
        };
        let target = value.and_then(|value| step.on.get(value)).or(step.next.as_ref());
        match target {
            Some(target) => self.flow.step(target),
            None => self.flow.below(&step.id),
        }
    }

    /// Passes filled questions and branches until a step that does something.
    fn go_to(&self, step: Option<&Step>) -> Action {
        let mut next = step;
        for _ in 0..STEPS_PASSED_MAX {
            let Some(step) = next else {
                return Action::end(FlowOutcome::Completed);
            };
            let reach = |asked| Action::Reach {
                step: step.id.clone(),
                asked,
            };
            match &step.kind {
                StepKind::Collect { slot, offers, .. } => {
                    if let Some(set) = self.fill(slot, offers, false) {
                        return set;
                    }
                    if !self.is_filled(slot) {
                        return reach(1);
                    }
                }
                // A yes is for one thing only.
                StepKind::Confirm { .. } if self.tracker.slots.contains_key(CONFIRMED) => {
                    return Action::Set {
                        slot: CONFIRMED.to_owned(),
                        value: String::new(),
                    };
                }
                StepKind::Confirm { .. } => return reach(1),
                StepKind::Branch { .. } => {}
                _ => return reach(0),
            }
            next = self.after(step);
        }
        Action::end(FlowOutcome::GaveUp)
    }
}

/// Repairs after which the message holds no further answer.
const MOVES: [&str; 4] = ["correction", "back", "correct_what", "cancel"];
