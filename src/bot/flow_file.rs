//! `flows/*.yaml`: reading scripted tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;

use super::flow::{Approve, Flow, Offer, Offers, Step, StepKind};
use super::flow_shape::{ChoicesFile, EndFile, FlowFile, OfferFile, StepFile, Text};
use super::places::Places;
use super::problem::{Problems, or_nearest};
use super::response::{Response, Responses, check_response};
use super::shape::Variants;
use super::slot::check_slot;
use super::yaml;
use crate::conversation::Lang;

/// Largest flow file, in bytes.
const FLOW_BYTES_MAX: u64 = 256 * 1024;
/// Most steps of a flow.
const STEPS_MAX: usize = 200;
/// Questions a `collect` step asks unless it says otherwise.
const ASKS_DEFAULT: u8 = 3;
/// Who may answer an `approve` step; anybody who works here unless it says otherwise.
const APPROVERS: [&str; 2] = ["agent", "supervisor"];
/// Seconds an `approve` step waits unless it says otherwise, and those it may.
const WAIT_S_DEFAULT: u32 = 300;
const WAIT_S: RangeInclusive<u32> = 30..=3_600;
/// What customers are told meanwhile, unless a step has words of its own.
const HOLD: &str = "approval_hold";
/// Kinds of cards that a step may show.
const CARDS: [&str; 2] = ["order", "request"];

/// Reads every flow in `dir`, sorted by name. Words written in a flow join `responses` under
/// `flow.step.part`.
pub(super) fn load_flows(dir: &Path, responses: &mut Responses, problems: &mut Problems) -> Vec<Flow> {
    let mut flows: BTreeMap<String, Flow> = BTreeMap::new();
    for file in yaml::files_below(dir, &["yaml"], problems) {
        let Some(text) = yaml::read(&file, FLOW_BYTES_MAX, problems) else {
            continue;
        };
        let Some(parsed) = yaml::parse::<FlowFile>(&file, 0, &text, "bad_yaml", problems) else {
            continue;
        };
        let reading = Reading {
            file: &file,
            places: Places::of(&text),
            flow: parsed.flow.clone(),
            responses,
            problems,
        };
        let flow = reading.flow(parsed);
        let kept = match flows.remove(&flow.name) {
            None => flow,
            Some(other) => better_named(other, flow, problems),
        };
        flows.insert(kept.name.clone(), kept);
    }
    flows.values().for_each(|flow| check_name(flow, problems));
    flows.into_values().collect()
}

fn is_named_like_file(flow: &Flow) -> bool {
    flow.file.file_stem().is_some_and(|stem| *stem == *flow.name)
}

/// Of two flows of one name the one whose file is called so stays, and the other is told of.
fn better_named(one: Flow, two: Flow, problems: &mut Problems) -> Flow {
    let (kept, other) = if is_named_like_file(&two) {
        (two, one)
    } else {
        (one, two)
    };
    let name = kept.file.file_name().unwrap_or_default().to_string_lossy();
    let message = format!(
        "flow `{}` stands in {name} too; give this one another name",
        kept.name
    );
    let line = Places::in_file(&other.file).line(&["flow"]);
    problems.error(&other.file, line, "duplicate_flow", message);
    kept
}

/// Who looks for a flow looks for its file.
fn check_name(flow: &Flow, problems: &mut Problems) {
    if !is_named_like_file(flow) {
        let message = format!(
            "flow `{0}` stands in a file of another name; call the file {0}.yaml",
            flow.name
        );
        let line = Places::in_file(&flow.file).line(&["flow"]);
        problems.warn(&flow.file, line, "misnamed_flow", message);
    }
}

/// One file on its way to a flow.
struct Reading<'a> {
    file: &'a Path,
    places: Places,
    flow: String,
    responses: &'a mut Responses,
    problems: &'a mut Problems,
}

impl Reading<'_> {
    fn error(&mut self, line: usize, code: &'static str, message: String) {
        self.problems.error(self.file, line, code, message);
    }

    fn flow(mut self, parsed: FlowFile) -> Flow {
        for lang in Lang::ALL
            .into_iter()
            .filter(|lang| !parsed.label.contains_key(lang))
        {
            let message = format!("the label has no `{lang}`; add it");
            self.error(self.places.line(&["label"]), "missing_lang", message);
        }
        for (name, slot) in &parsed.slots {
            let line = |key: &str| self.places.line(&["slots", name, key]);
            check_slot(self.file, line, name, slot, self.problems);
        }
        if parsed.steps.is_empty() || parsed.steps.len() > STEPS_MAX {
            let message = format!(
                "a flow has 1 to {STEPS_MAX} steps, not {}; write them, or split it",
                parsed.steps.len()
            );
            self.error(self.places.line(&["steps"]), "empty_flow", message);
        }
        let steps: Vec<Step> = parsed.steps.into_iter().map(|step| self.step(step)).collect();
        self.check_targets(&steps);
        Flow {
            name: parsed.flow,
            label: parsed.label,
            starts: parsed.starts,
            opens: parsed.opens,
            slots: parsed.slots,
            steps,
            file: self.file.to_owned(),
        }
    }

    fn step(&mut self, mut step: StepFile) -> Step {
        let line = usize::try_from(step.id.referenced.line()).unwrap_or(0);
        let mut kinds = self.kinds(&mut step, line);
        if kinds.len() != 1 {
            let message = format!(
                "step `{}` has {} of collect, say, call, branch, confirm, approve, run, link, handoff, end; give it exactly one",
                step.id.value,
                kinds.len()
            );
            self.error(line, "bad_step", message);
        }
        // Something has to stand here, so that what comes after it is still looked at: best what goes on by `on`.
        let goes_on = |kind: &StepKind| !matches!(kind, StepKind::Say { .. } | StepKind::Collect { .. });
        kinds.sort_by_key(|kind| !goes_on(kind));
        let kind = kinds.into_iter().next().unwrap_or_else(|| StepKind::Say {
            say: "internal_error".to_owned(),
            card: None,
        });
        Step {
            id: step.id.value,
            line,
            kind,
            on: step.on,
            next: step.next,
            clear: step.clear,
        }
    }

    /// Everything that a step is to be; exactly one, if it is written well.
    fn kinds(&mut self, step: &mut StepFile, line: usize) -> Vec<StepKind> {
        let id = step.id.value.clone();
        let mut kinds = Vec::new();
        kinds.extend(self.collect(step, line));
        let card = self.card(step, line);
        if let Some(text) = step.say.take() {
            let say = self.text(text, &id, "say", line);
            let card = card.clone();
            kinds.push(StepKind::Say { say, card });
        }
        if let Some(call) = step.call.take() {
            let send = std::mem::take(&mut step.send);
            kinds.push(StepKind::Call { call, send });
        }
        kinds.extend(step.branch.take().map(|slot| StepKind::Branch { slot }));
        if let Some(text) = step.confirm.take() {
            let ask = self.text(text, &id, "confirm", line);
            let offers = self.yes_and_no(step, line);
            kinds.push(StepKind::Confirm { ask, card, offers });
        }
        kinds.extend(self.approve(step, line));
        kinds.extend(step.run.take().map(|flow| StepKind::Run { flow }));
        kinds.extend(step.link.take().map(|flow| StepKind::Link { flow }));
        if step.handoff == Some(true) {
            kinds.push(StepKind::Handoff);
        }
        kinds.extend(step.end.take().map(|EndFile(result)| StepKind::End { result }));
        kinds
    }

    fn collect(&mut self, step: &mut StepFile, line: usize) -> Option<StepKind> {
        let slot = step.collect.take()?;
        let id = step.id.value.clone();
        let ask = step.ask.take();
        let ask = ask.map_or_else(|| format!("ask_{slot}"), |text| self.text(text, &id, "ask", line));
        let invalid = step.invalid.take();
        let invalid = invalid.map(|text| self.text(text, &id, "invalid", line));
        let offers = match step.choices.take() {
            None => Offers::Written(Vec::new()),
            Some(ChoicesFile::FromCall(word)) => {
                if word != "from_call" {
                    let message = format!("choices `{word}`; write from_call or a list of buttons");
                    let line = self.places.line_below(line, &["choices"]);
                    self.error(line, "bad_choices", message);
                }
                Offers::FromCall
            }
            Some(ChoicesFile::Written(offers)) => {
                self.check_offers(&id, &offers, line);
                Offers::Written(offers.into_iter().map(offer).collect())
            }
        };
        Some(StepKind::Collect {
            invalid,
            asks_max: step.asks_max.unwrap_or(ASKS_DEFAULT).clamp(1, 10),
            slot,
            ask,
            offers,
        })
    }

    fn approve(&mut self, step: &mut StepFile, line: usize) -> Option<StepKind> {
        let text = step.approve.take()?;
        let id = step.id.value.clone();
        let question = self.text(text, &id, "approve", line);
        let hold = step.hold.take();
        let hold = hold.map_or_else(|| HOLD.to_owned(), |text| self.text(text, &id, "hold", line));
        let by = step.by.take();
        if let Some(by) = by.as_ref().filter(|by| !APPROVERS.contains(&by.as_str())) {
            let message = format!("`by: {by}`; write one of {}", APPROVERS.join(", "));
            self.error(self.places.line_below(line, &["by"]), "bad_approver", message);
        }
        let wait_s = step.wait_s.unwrap_or(WAIT_S_DEFAULT);
        if !WAIT_S.contains(&wait_s) {
            let (least, most) = (WAIT_S.start(), WAIT_S.end());
            let message = format!("`wait_s: {wait_s}`; write {least} to {most} seconds");
            self.error(self.places.line_below(line, &["wait_s"]), "bad_wait", message);
        }
        Some(StepKind::Approve(Approve {
            question,
            hold,
            supervisor: by.as_deref() == Some(APPROVERS[1]),
            wait_s,
        }))
    }

    /// Two buttons of one value could not be told apart.
    fn check_offers(&mut self, id: &str, offers: &[OfferFile], line: usize) {
        let mut seen = BTreeSet::new();
        for (at, offer) in offers.iter().enumerate() {
            if !seen.insert(&offer.value) {
                let message = format!(
                    "step `{id}` has two buttons of value `{}`; give one another",
                    offer.value
                );
                let line = self
                    .places
                    .line_below(line, &["choices", &at.to_string(), "value"]);
                self.error(line, "duplicate_choice", message);
            }
        }
    }

    fn card(&mut self, step: &StepFile, line: usize) -> Option<String> {
        let card = step.card.clone()?;
        if !CARDS.contains(&card.as_str()) {
            let message = format!("there is no card `{card}`; write one of {}", CARDS.join(", "));
            self.error(self.places.line_below(line, &["card"]), "unknown_card", message);
        }
        Some(card)
    }

    fn yes_and_no(&mut self, step: &StepFile, line: usize) -> Offers {
        let mut label = |written: &Option<BTreeMap<Lang, String>>, key: &str, zh: &str, en: &str| {
            let label = written
                .clone()
                .unwrap_or_else(|| BTreeMap::from([(Lang::Zh, zh.to_owned()), (Lang::En, en.to_owned())]));
            for lang in Lang::ALL.into_iter().filter(|lang| !label.contains_key(lang)) {
                let message = format!("`{key}` has no `{lang}`; add it");
                self.error(self.places.line_below(line, &[key]), "missing_lang", message);
            }
            Offer {
                value: key.to_owned(),
                label,
                words: Vec::new(),
            }
        };
        Offers::Written(vec![
            label(&step.yes, "yes", "确认", "Confirm"),
            label(&step.no, "no", "取消", "Cancel"),
        ])
    }

    /// The key of a text; written words become a response of their own.
    fn text(&mut self, text: Text, id: &str, part: &str, line: usize) -> String {
        let written = match text {
            Text::Key(key) => return key,
            Text::Written(written) => written,
        };
        let key = format!("{}.{id}.{part}", self.flow);
        for lang in Lang::ALL {
            let variants = written.get(&lang).map(|Variants(list)| list.clone());
            let variants = variants.unwrap_or_default();
            if variants.is_empty() {
                let message = format!("`{part}` of step `{id}` has no `{lang}`; write it");
                self.error(self.places.line_below(line, &[part]), "missing_lang", message);
                continue;
            }
            let response = Response {
                variants,
                choices: Vec::new(),
            };
            let places = &self.places;
            let line = |at: usize| places.line_below(line, &[part, lang.code(), &at.to_string()]);
            check_response(self.file, line, &key, &response, self.problems);
            self.responses
                .entry(lang)
                .or_default()
                .insert(key.clone(), response);
        }
        key
    }

    fn check_targets(&mut self, steps: &[Step]) {
        let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).chain(["end"]).collect();
        for (at, step) in steps.iter().enumerate() {
            if steps[..at].iter().any(|other| other.id == step.id) {
                let message = format!("step `{}` is there twice; rename one", step.id);
                self.error(step.line, "duplicate_step", message);
            }
            let on = step
                .on
                .iter()
                .map(|(key, target)| (vec!["on", key.as_str()], target));
            let next = step.next.iter().map(|target| (vec!["next"], target));
            for (path, target) in on
                .chain(next)
                .filter(|(_, target)| !ids.contains(&target.as_str()))
            {
                let message = format!(
                    "step `{}` goes on to `{target}`, which is not there; {}",
                    step.id,
                    or_nearest(target, ids.iter().copied(), "write that step")
                );
                let line = self.places.line_below(step.line, &path);
                self.error(line, "unknown_step", message);
            }
        }
    }
}

fn offer(file: OfferFile) -> Offer {
    Offer {
        value: file.value,
        label: BTreeMap::from([(Lang::Zh, file.zh), (Lang::En, file.en)]),
        words: file.words,
    }
}
