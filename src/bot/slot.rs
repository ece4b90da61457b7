//! Slots: the values that flows collect, where each comes from, and what it must look like.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use super::places::Places;
use super::problem::{Problems, or_nearest};
use super::yaml;
use crate::conversation::Lang;

/// Largest slot file, in bytes.
const SLOTS_BYTES_MAX: u64 = 256 * 1024;
/// Longest text a slot takes unless it says otherwise, in characters.
const CHARS_MAX_DEFAULT: usize = 500;
/// Kinds of entities that a slot may be filled from.
pub const ENTITY_KINDS: [&str; 15] = [
    "order_no",
    "return_no",
    "tracking_no",
    "phone",
    "phone_tail",
    "email",
    "money",
    "date",
    "quantity",
    "size",
    "colour",
    "product",
    "address",
    "id_card",
    "bank_card",
];
/// What of a page can fill a slot.
const PAGE_KINDS: [&str; 2] = ["product", "order"];

/// Where a slot's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotFrom {
    /// An entity.
    Entity,
    /// A tapped button `<slot>:<value>`, its label typed out, or one of its words.
    Choice,
    /// `yes` or `no`, from the intents `affirm` and `deny` or from a button.
    YesNo,
    /// Whatever the customer writes when asked.
    Text,
    /// A number with one of the slot's units behind it, or alone when it is asked for.
    Number,
    /// The name of a picture, or `none`.
    Photo,
}

/// A value a flow may collect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Where it comes from.
    pub from: SlotFrom,
    /// The kind of entity, when it is not named like the slot.
    #[serde(default)]
    pub entity: Option<String>,
    /// What people call it, by language: on cards, and on buttons that correct it.
    #[serde(default)]
    pub label: BTreeMap<Lang, String>,
    /// Whether it outlives the flow, so that the next one need not ask again.
    #[serde(default)]
    pub keep: bool,
    /// What of the page the customer is on fills it: `product` or `order`.
    #[serde(default)]
    pub page: Option<String>,
    /// A regular expression the whole value must match.
    #[serde(default)]
    pub pattern: Option<String>,
    /// Fewest characters of a text.
    #[serde(default)]
    pub chars_min: usize,
    /// Most characters of a text.
    #[serde(default = "chars_max_default")]
    pub chars_max: usize,
    /// Units of a number and what they are worth in the slot's own.
    #[serde(default)]
    pub units: BTreeMap<String, f64>,
    /// Smallest number.
    #[serde(default)]
    pub min: Option<f64>,
    /// Largest number.
    #[serde(default)]
    pub max: Option<f64>,
}

fn chars_max_default() -> usize {
    CHARS_MAX_DEFAULT
}

/// The slot that `confirm` steps fill.
pub(super) fn confirmed() -> Slot {
    Slot {
        from: SlotFrom::YesNo,
        entity: None,
        label: BTreeMap::new(),
        keep: false,
        page: None,
        pattern: None,
        chars_min: 0,
        chars_max: CHARS_MAX_DEFAULT,
        units: BTreeMap::new(),
        min: None,
        max: None,
    }
}

impl Slot {
    /// Whether a value is one that this slot takes.
    #[must_use]
    pub fn takes(&self, value: &str) -> bool {
        let chars = value.chars().count();
        let matches = |pattern: &String| {
            // A pattern that does not compile was refused when the folder was read.
            Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(value))
        };
        let in_range = || {
            let Ok(number) = value.parse::<f64>() else {
                return false;
            };
            self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
        };
        (1.max(self.chars_min)..=self.chars_max).contains(&chars)
            && self.pattern.as_ref().is_none_or(matches)
            && (self.from != SlotFrom::Number || in_range())
    }
}

/// Reads `slots.yaml`.
pub(super) fn load_slots(file: &Path, problems: &mut Problems) -> BTreeMap<String, Slot> {
    let Some(text) = yaml::read(file, SLOTS_BYTES_MAX, problems) else {
        return BTreeMap::new();
    };
    let parsed: Option<BTreeMap<String, Slot>> = yaml::parse(file, 0, &text, "bad_yaml", problems);
    let slots = parsed.unwrap_or_default();
    let places = Places::of(&text);
    for (name, slot) in &slots {
        check_slot(file, |key: &str| places.line(&[name, key]), name, slot, problems);
    }
    slots
}

/// Tells what is wrong with a slot in itself; `line` is where one of its keys stands.
pub(super) fn check_slot(
    file: &Path,
    line: impl Fn(&str) -> usize,
    name: &str,
    slot: &Slot,
    problems: &mut Problems,
) {
    if let Some(Err(error)) = slot.pattern.as_ref().map(|p| Regex::new(p)) {
        let last = error.to_string();
        let why = last.lines().last().unwrap_or_default().trim().to_owned();
        let message = format!("slot `{name}`: {why}; mend its pattern");
        problems.error(file, line("pattern"), "bad_pattern", message);
    }
    let kind = slot.entity.as_deref().unwrap_or(name);
    if slot.from == SlotFrom::Entity && !ENTITY_KINDS.contains(&kind) {
        let otherwise = format!("name one with `entity:` ({})", ENTITY_KINDS.join(", "));
        let instead = or_nearest(kind, ENTITY_KINDS, &otherwise);
        let message = format!("slot `{name}`: there is no entity `{kind}`; {instead}");
        problems.error(file, line("entity"), "unknown_entity", message);
    }
    if let Some(page) = slot.page.as_deref().filter(|p| !PAGE_KINDS.contains(p)) {
        let message = format!("slot `{name}`: pages have no `{page}`; write product or order");
        problems.error(file, line("page"), "unknown_page", message);
    }
    let (chars, numbers) = (
        slot.chars_min > slot.chars_max,
        slot.min.zip(slot.max).is_some_and(|(min, max)| min > max),
    );
    for key in [("chars_min", chars), ("min", numbers)]
        .into_iter()
        .filter(|(_, wrong)| *wrong)
    {
        let message = format!("slot `{name}`: its least is more than its most; turn them round");
        problems.error(file, line(key.0), "bad_limits", message);
    }
    for lang in Lang::ALL {
        if !slot.label.is_empty() && !slot.label.contains_key(&lang) {
            let message = format!("slot `{name}`: the label has no `{lang}`; add it");
            problems.error(file, line("label"), "missing_lang", message);
        }
    }
}
