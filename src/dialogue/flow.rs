//! The flow stepper: where the flow under way goes next, from nothing but the tracker.

use super::{Action, fallback, policies};
use crate::bot::{Bot, Flow, SlotFrom, Step, StepKind};
use crate::conversation::{ActiveFlow, Choice, FlowOutcome, HandoffReason, Tracker};

/// Steps passed without stopping; more means that the flow goes in circles.
const STEPS_PASSED_MAX: usize = 64;

/// The policy of the flow under way.
pub(super) fn step(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    let active = tracker.flow.as_ref()?;
    let Some(flow) = bot.flows.get(&active.flow) else {
        return Some(Action::EndFlow {
            outcome: FlowOutcome::Cancelled,
        });
    };
    let here = Here {
        tracker,
        bot,
        active,
        flow,
    };
    let Some(step) = active.step.as_deref().and_then(|id| flow.step(id)) else {
        return Some(here.go_to(flow.steps.first()));
    };
    here.at(step)
}

/// What follows when a flow ended in this turn without a saying of its own.
pub(super) fn ended(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    match tracker.turn.flow_ended? {
        FlowOutcome::HandedOff => {
            let asked = policies::intent_of(tracker, bot).is_some_and(|i| i.name == "human_agent");
            let reason = if asked {
                HandoffReason::Asked
            } else {
                HandoffReason::Flow
            };
            Some(Action::Handoff { reason })
        }
        FlowOutcome::Completed => Some(Action::Listen),
        FlowOutcome::GaveUp => fallback::fall_back(tracker, bot),
        FlowOutcome::Cancelled => {
            let other = policies::intent_of(tracker, bot).is_some_and(|i| i.flow.is_some());
            (!other).then(|| Action::say("cancelled", "flow"))
        }
    }
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
            StepKind::Collect { .. } => self.collect(step),
            StepKind::Say { say, card } if pending => Some(Action::Say {
                response: say.clone(),
                choices: Vec::new(),
                card: card.clone(),
                policy: "flow",
            }),
            StepKind::Call { call } if pending => Some(Action::Call { call: call.clone() }),
            StepKind::Handoff => Some(Action::EndFlow {
                outcome: FlowOutcome::HandedOff,
            }),
            StepKind::Say { .. } | StepKind::Call { .. } | StepKind::Branch { .. } => Some(self.leave(step)),
        }
    }

    fn collect(&self, step: &Step) -> Option<Action> {
        let StepKind::Collect {
            slot,
            ask,
            invalid,
            choices,
            asks_max,
        } = &step.kind
        else {
            return None;
        };
        let turn = &self.tracker.turn;
        if let Some(set) = self.fill(slot) {
            return Some(set);
        }
        if self.is_filled(slot) {
            return Some(self.leave(step));
        }
        if turn.asked {
            let first = self.active.asked <= 1 || turn.replied;
            let choices = choices.get(&self.tracker.lang()).cloned().unwrap_or_default();
            let response = if first { ask } else { invalid }.clone();
            let say = Action::Say {
                response,
                choices,
                card: None,
                policy: "flow",
            };
            return Some(if turn.step_pending { say } else { Action::Listen });
        }
        self.interrupted(step, *asks_max)
    }

    /// The customer said something that does not fill the slot.
    fn interrupted(&self, step: &Step, asks_max: u8) -> Option<Action> {
        let again = |asked| {
            Some(Action::Reach {
                step: step.id.clone(),
                asked,
            })
        };
        if self.tracker.turn.replied {
            return again(self.active.asked);
        }
        let intent = policies::intent_of(self.tracker, self.bot);
        let other = intent
            .and_then(|i| i.flow.as_ref())
            .is_some_and(|f| *f != self.active.flow);
        if other || intent.is_some_and(|i| i.name == "deny") {
            return Some(Action::EndFlow {
                outcome: FlowOutcome::Cancelled,
            });
        }
        if fallback::is_digression(self.tracker, self.bot) {
            return None;
        }
        if self.active.asked >= asks_max {
            return Some(Action::EndFlow {
                outcome: FlowOutcome::GaveUp,
            });
        }
        again(self.active.asked + 1)
    }

    /// Takes the slot's value out of the message, once a turn.
    fn fill(&self, slot: &str) -> Option<Action> {
        if self.tracker.turn.slots_set.iter().any(|set| set == slot) {
            return None;
        }
        let value = self.candidate(slot)?;
        Some(Action::Set {
            slot: slot.to_owned(),
            value,
        })
    }

    fn candidate(&self, slot: &str) -> Option<String> {
        if let Some((_, value)) = self.tracker.choice().filter(|(kind, _)| *kind == slot) {
            return Some(value.to_owned());
        }
        let said = self.tracker.said.as_ref()?;
        let understanding = self.tracker.understanding.as_ref()?;
        match self.bot.slots.get(slot)?.from {
            SlotFrom::Entity => understanding.entity(slot).map(|e| e.value.clone()),
            SlotFrom::Choice => typed_choice(&self.tracker.choices, slot, &said.text),
            SlotFrom::YesNo if self.active.asked == 0 => None,
            SlotFrom::YesNo => match understanding.intent() {
                "affirm" => Some("yes".to_owned()),
                "deny" => Some("no".to_owned()),
                _ => typed_choice(&self.tracker.choices, slot, &said.text),
            },
            SlotFrom::Text if self.active.asked == 0 => None,
            SlotFrom::Text => Some(said.text.clone()),
        }
    }

    fn is_filled(&self, slot: &str) -> bool {
        let keep = self.bot.slots.get(slot).is_some_and(|s| s.keep);
        let fresh = self.active.filled.iter().any(|filled| filled == slot);
        self.tracker.slots.contains_key(slot) && (keep || fresh)
    }

    /// Empties what the step clears, then goes on.
    fn leave(&self, step: &Step) -> Action {
        if let Some(slot) = step
            .clear
            .iter()
            .find(|slot| self.tracker.slots.contains_key(*slot))
        {
            return Action::Set {
                slot: slot.clone(),
                value: String::new(),
            };
        }
        self.go_to(self.after(step))
    }

    /// The step behind this one; `None` is the end.
    fn after(&self, step: &Step) -> Option<&Step> {
        let value = match &step.kind {
            StepKind::Call { .. } => self.active.outcome.as_deref(),
            StepKind::Branch { slot } => self.tracker.slots.get(slot).map(String::as_str),
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
                return Action::EndFlow {
                    outcome: FlowOutcome::Completed,
                };
            };
            match &step.kind {
                StepKind::Collect { slot, .. } => {
                    if let Some(set) = self.fill(slot) {
                        return set;
                    }
                    if !self.is_filled(slot) {
                        return Action::Reach {
                            step: step.id.clone(),
                            asked: 1,
                        };
                    }
                }
                StepKind::Branch { .. } => {}
                _ => {
                    return Action::Reach {
                        step: step.id.clone(),
                        asked: 0,
                    };
                }
            }
            next = self.after(step);
        }
        Action::EndFlow {
            outcome: FlowOutcome::GaveUp,
        }
    }
}

/// A button's label typed out instead of tapped.
fn typed_choice(choices: &[Choice], slot: &str, text: &str) -> Option<String> {
    let fold = |s: &str| s.to_lowercase().split_whitespace().collect::<String>();
    let wanted = fold(text);
    choices.iter().find(|c| fold(&c.label) == wanted).and_then(|c| {
        let (kind, value) = c.choice.split_once(':')?;
        (kind == slot).then(|| value.to_owned())
    })
}
