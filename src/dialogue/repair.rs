//! Repair patterns: deterministic ways out when a conversation does not go straight. Each is called for by
//! phrases of `patterns.yaml` or by what the message holds, and is taken once a turn at most.

use super::value::{self, Wanted};
use super::{Action, collects, policies, reference};
use crate::bot::{Bot, SlotFrom, StepKind, folded_message};
use crate::conversation::{ActiveFlow, CONFIRMED, Choice, Tracker};

/// Corrections within one task before a person is brought in.
const CORRECTIONS_MAX: u8 = 7;
/// Longest message that only says that something is wrong, in characters.
const BARE_CHARS_MAX: usize = 14;
/// What may stand before words of correction in what could be free text: "no sorry, ", "我".
const BEFORE_PHRASE_BYTES_MAX: usize = 12;
/// Shortest text that is taken as put right, in characters.
const NEW_TEXT_CHARS_MIN: usize = 2;
/// Phrases behind which the new value stands.
const CHANGES: [&str; 8] = [
    "改成",
    "换成",
    "应该是",
    "change it to",
    "should be",
    "make it",
    "i meant",
    "it should be",
];
/// Entities that correct a slot without a word about it: each names one thing only.
const TELLING: [&str; 5] = ["order_no", "tracking_no", "email", "phone", "product"];

/// The repair that the message calls for.
pub(super) fn repair(tracker: &Tracker, bot: &Bot) -> Option<Action> {
    if tracker.turn.replied {
        return None;
    }
    let said = tracker.said.as_ref()?;
    let folded = folded_message(&said.text);
    let calling = Calling {
        tracker,
        bot,
        text: &said.text,
        folded: &folded,
    };
    // Once the message has moved the flow on, it has been understood.
    let turn = &tracker.turn;
    let moved = turn.flow_started || turn.step_pending || turn.asked || !turn.slots_set.is_empty();
    if !moved && turn.repaired.is_empty() {
        let found = calling
            .fixed()
            .or_else(|| calling.spoken())
            .map(|repair| calling.bounded(repair));
        if found.is_some() {
            return found;
        }
    }
    calling.mood()
}

struct Calling<'a> {
    tracker: &'a Tracker,
    bot: &'a Bot,
    text: &'a str,
    folded: &'a str,
}

impl Calling<'_> {
    fn called(&self, pattern: &str) -> Option<&str> {
        self.bot.patterns.get(pattern)?.called_by(self.folded)
    }

    /// A button of `correct_what`.
    fn fixed(&self) -> Option<Action> {
        let (_, slot) = self.tracker.choice().filter(|(kind, _)| *kind == "fix")?;
        self.tracker.flow.as_ref()?;
        Some(Action::Repair {
            pattern: "back".to_owned(),
            slot: Some(slot.to_owned()),
            value: None,
        })
    }

    /// Who goes back and forth for ever is better served by a person.
    fn bounded(&self, repair: Action) -> Action {
        let again = matches!(&repair, Action::Repair { slot: Some(_), .. });
        if again && self.tracker.corrected >= CORRECTIONS_MAX {
            return Action::repair("loop");
        }
        repair
    }

    fn spoken(&self) -> Option<Action> {
        if self.tracker.choice().is_some() {
            return None;
        }
        if self.called("repeat").is_some() && self.tracker.last_said.is_some() {
            return Some(Action::repair("repeat"));
        }
        let active = self.tracker.flow.as_ref()?;
        let (asked, answers) = self.asked_for(active);
        if self.called("cancel").is_some() && !answers {
            return Some(Action::repair("cancel"));
        }
        if self.called("back").is_some()
            && let Some(slot) = active.filled.iter().rev().find(|slot| *slot != CONFIRMED)
        {
            return Some(Action::Repair {
                pattern: "back".to_owned(),
                slot: Some(slot.clone()),
                value: None,
            });
        }
        if answers {
            return None;
        }
        self.correction(active, asked)
    }

    /// Whether a yes is given where one is asked for.
    fn agrees(&self, asked: SlotFrom) -> bool {
        let understanding = self.tracker.understanding.as_ref();
        let yes = understanding.is_some_and(|u| u.intent() == "affirm");
        asked == SlotFrom::YesNo && (yes || value::plain_yes_no(self.text).as_deref() == Some("yes"))
    }

    /// A new value for a slot that is filled, or word that one is wrong.
    fn correction(&self, active: &ActiveFlow, asked: Option<(String, SlotFrom)>) -> Option<Action> {
        let said = self.called("correction");
        let of_text = asked.as_ref().is_some_and(|(_, from)| *from == SlotFrom::Text);
        // In free text such words may be part of the answer, unless they begin it.
        let early = |phrase: &str| {
            self.folded
                .find(phrase)
                .is_some_and(|at| at <= BEFORE_PHRASE_BYTES_MAX)
        };
        let marked = said.is_some_and(|phrase| !of_text || early(phrase));
        if of_text && !marked {
            return None;
        }
        let agrees = asked.as_ref().is_some_and(|(_, from)| self.agrees(*from));
        let asked = asked.map(|(slot, _)| slot);
        // Another order in another wish is no correction of this one.
        if !marked && policies::wanted_flow(self.tracker, self.bot).is_some() {
            return None;
        }
        let filled = self.filled(active);
        let others = filled
            .iter()
            .filter(|slot| Some(slot.as_str()) != asked.as_deref() && *slot != CONFIRMED);
        let found = others
            .clone()
            .find_map(|slot| Some((slot, self.new_value(slot, marked)?)));
        if let Some((slot, value)) = found {
            return Some(Action::Repair {
                pattern: "correction".to_owned(),
                slot: Some(slot.clone()),
                value: Some(value),
            });
        }
        if let Some(repair) = self.new_text(active, said.filter(|_| marked && !agrees), asked.as_deref()) {
            return Some(repair);
        }
        let bare = self.folded.chars().count() <= said?.chars().count() + BARE_CHARS_MAX;
        let any = others.clone().next().is_some();
        (marked && bare && any && !of_text && !agrees).then(|| Action::repair("correct_what"))
    }

    /// "Change it to …" while there is one free text to change: the rest of the message is the new one.
    fn new_text(&self, active: &ActiveFlow, phrase: Option<&str>, asked: Option<&str>) -> Option<Action> {
        let is_text = |slot: &&String| {
            let slot = self.bot.slot(&active.flow, slot);
            slot.is_some_and(|slot| slot.from == SlotFrom::Text)
        };
        let mut texts = active
            .filled
            .iter()
            .filter(|slot| asked != Some(slot.as_str()))
            .filter(is_text);
        let (slot, None) = (texts.next()?, texts.next()) else {
            return None;
        };
        let said = self.text;
        let at = said.to_lowercase().find(phrase?)? + phrase?.len();
        let rest = said
            .get(at..)?
            .trim_matches(|c: char| !c.is_alphanumeric() && !"）)”\"".contains(c));
        let takes = self
            .bot
            .slot(&active.flow, slot)
            .is_some_and(|slot| slot.takes(rest));
        let whole = rest.chars().count() >= NEW_TEXT_CHARS_MIN && CHANGES.contains(&phrase?);
        (takes && whole).then(|| Action::Repair {
            pattern: "correction".to_owned(),
            slot: Some(slot.clone()),
            value: Some(rest.to_owned()),
        })
    }

    /// The slot that is being asked for, and whether the message fills it.
    fn asked_for(&self, active: &ActiveFlow) -> (Option<(String, SlotFrom)>, bool) {
        let step = self.bot.flows.get(&active.flow).zip(active.step.as_ref());
        let step = step.and_then(|(flow, id)| flow.step(id));
        let Some(name) = step.and_then(|step| step.asks_for()) else {
            return (None, false);
        };
        let Some(slot) = self.bot.slot(&active.flow, name) else {
            return (None, false);
        };
        let offers = step.and_then(|step| match &step.kind {
            StepKind::Collect { offers, .. } | StepKind::Confirm { offers, .. } => Some(offers),
            _ => None,
        });
        let wanted = Wanted {
            name,
            slot,
            offers,
            asked: active.asked > 0,
        };
        if value::typed_label(self.tracker) {
            return (Some((name.to_owned(), slot.from)), true);
        }
        // Yes, no and free text say nothing about what else the message holds.
        let open = !matches!(slot.from, SlotFrom::YesNo | SlotFrom::Text)
            && value::value(self.tracker, &wanted).is_some();
        (Some((name.to_owned(), slot.from)), open)
    }

    /// The slots filled in the flow under way and in those that run it, the latest first.
    fn filled(&self, active: &ActiveFlow) -> Vec<String> {
        let mut filled: Vec<String> = active.filled.iter().rev().cloned().collect();
        let mut run = active.run;
        for below in self.tracker.below.iter().rev() {
            if !run {
                break;
            }
            filled.extend(below.filled.iter().rev().cloned());
            run = below.run;
        }
        filled
    }

    fn new_value(&self, name: &str, marked: bool) -> Option<String> {
        let now = self.tracker.slots.get(name)?;
        let (flow, offers) = collects::collecting(self.tracker, self.bot, name)?;
        let slot = self.bot.slot(flow, name)?;
        let telling =
            slot.from == SlotFrom::Entity && TELLING.contains(&slot.entity.as_deref().unwrap_or(name));
        if !marked && !telling {
            return None;
        }
        let wanted = Wanted {
            name,
            slot,
            offers,
            asked: slot.from == SlotFrom::Choice,
        };
        if slot.from == SlotFrom::Text || slot.from == SlotFrom::Photo {
            return None;
        }
        let other = || {
            let of_slot = |choice: &&Choice| {
                choice
                    .choice
                    .split_once(':')
                    .is_some_and(|(kind, _)| kind == name)
            };
            let list: Vec<Choice> = self.tracker.listed.iter().filter(of_slot).cloned().collect();
            let other = reference::other(self.text, &list, now)?;
            Some(other.choice.split_once(':')?.1.to_owned())
        };
        value::value(self.tracker, &wanted)
            .or_else(other)
            .filter(|value| value != now)
    }

    /// Impatience and anger in the middle of a task: a word about it, and the task goes on.
    fn mood(&self) -> Option<Action> {
        let acts = self.tracker.flow.is_some() || policies::wanted_flow(self.tracker, self.bot).is_some();
        if !acts
            || self
                .tracker
                .turn
                .repaired
                .iter()
                .any(|(taken, _)| MOODS.contains(&taken.as_str()))
        {
            return None;
        }
        if self.tracker.flow.is_some() && self.called("impatient").is_some() {
            return Some(Action::repair("impatient"));
        }
        match self.tracker.understanding.as_ref()?.anger {
            2 => Some(Action::repair("furious")),
            1 if !self.tracker.regretted => Some(Action::repair("regret")),
            _ => None,
        }
    }
}

/// Patterns that only lead in what is said next.
const MOODS: [&str; 3] = ["impatient", "furious", "regret"];

/// Buttons for the slots that can be corrected.
pub(super) fn fixes(tracker: &Tracker, bot: &Bot) -> Vec<Choice> {
    let Some(active) = &tracker.flow else {
        return Vec::new();
    };
    let lang = tracker.lang();
    let fix = |slot: &String| {
        let written = bot.slot(&active.flow, slot)?;
        let name = written
            .label
            .get(&lang)
            .cloned()
            .unwrap_or_else(|| slot.replace('_', " "));
        let value = collects::words_of(tracker, bot, slot)?;
        (slot != CONFIRMED).then(|| Choice {
            label: format!("{name}: {value}"),
            choice: format!("fix:{slot}"),
        })
    };
    active.filled.iter().filter_map(fix).collect()
}
