//! Taking a slot's value out of what was said, tapped, sent along or is on the page.

use super::reference;
use crate::bot::{Offers, Slot, SlotFrom, folded_message, holds, one_slip};
use crate::conversation::{Choice, Tracker};

/// A slot that wants a value, and what is known about its question.
pub(super) struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it takes.
    pub slot: &'a Slot,
    /// The buttons of its question.
    pub offers: Option<&'a Offers>,
    /// Whether the message answers the question.
    pub asked: bool,
}

/// The value of a slot as the last message gives it.
pub(super) fn value(tracker: &Tracker, wanted: &Wanted<'_>) -> Option<String> {
    let page = || {
        let page = wanted.slot.page.as_ref().filter(|_| !wanted.asked)?;
        tracker.page.get(page).cloned()
    };
    match tracker.choice() {
        Some((kind, value)) if kind == wanted.name => {
            return Some(value.to_owned()).filter(|v| offered(wanted, v));
        }
        Some(("flow" | "intent", _)) => return page(),
        Some(_) => return None,
        None => {}
    }
    // What was offered is taken as it is, whatever else the slot would take.
    let worded = || worded(wanted, &tracker.said.as_ref()?.text);
    if let Some(value) = pointed(tracker, wanted).or_else(worded) {
        return Some(value);
    }
    let said = said(tracker, wanted).or_else(page)?;
    let value = said.trim();
    if wanted.slot.takes(value) {
        return Some(value.to_owned());
    }
    // Codes are typed in small letters as well.
    let upper = value.to_uppercase();
    wanted.slot.takes(&upper).then_some(upper)
}

/// Whether a tapped value is one of the written buttons, or what the slot takes.
fn offered(wanted: &Wanted<'_>, value: &str) -> bool {
    let written = match wanted.offers {
        Some(Offers::Written(offers)) => offers.iter().any(|offer| offer.value == value),
        _ => false,
    };
    written || wanted.slot.takes(value)
}

fn said(tracker: &Tracker, wanted: &Wanted<'_>) -> Option<String> {
    let said = tracker.said.as_ref()?;
    let understanding = tracker.understanding.as_ref()?;
    match wanted.slot.from {
        SlotFrom::Entity => {
            let kind = wanted.slot.entity.as_deref().unwrap_or(wanted.name);
            let named = understanding.entity(kind).map(|e| e.value.clone());
            let it = || {
                let last = tracker.spoken_of.get(kind)?;
                reference::says_it(&said.text).then(|| last.clone())
            };
            named.or_else(it)
        }
        SlotFrom::Choice => None,
        SlotFrom::YesNo if !wanted.asked => None,
        SlotFrom::YesNo => yes_or_no(understanding.intent(), &said.text),
        SlotFrom::Text => wanted.asked.then(|| said.text.clone()),
        SlotFrom::Number => number(wanted, &said.text),
        SlotFrom::Photo => said.photos.first().cloned().or_else(|| {
            let none = wanted.asked && understanding.intent() == "deny";
            none.then(|| "none".to_owned())
        }),
    }
}

/// A button's label typed out, or its place in the list, instead of a tap.
fn pointed(tracker: &Tracker, wanted: &Wanted<'_>) -> Option<String> {
    let text = tracker.said.as_ref().filter(|_| wanted.asked)?.text.as_str();
    let of_slot = |choice: &Choice| {
        let (kind, value) = choice.choice.split_once(':')?;
        (kind == wanted.name).then(|| value.to_owned())
    };
    let offered: Vec<Choice> = tracker
        .choices
        .iter()
        .filter(|choice| of_slot(choice).is_some())
        .cloned()
        .collect();
    let labelled = label_in(text, &offered);
    labelled
        .or_else(|| reference::nth(text, &offered))
        .and_then(of_slot)
}

/// Characters a message may hold besides a label that it types out.
const BESIDE_LABEL_CHARS_MAX: usize = 8;
/// Words after which a label is not meant.
const NOT: [&str; 6] = ["不", "别", "not", "don't", "dont", "no "];

/// The button whose label is typed out: as it stands, with one slip, or with a little around it.
fn label_in<'a>(text: &str, offered: &'a [Choice]) -> Option<&'a Choice> {
    let typed = squeezed(text);
    let labels = || offered.iter().map(|choice| (squeezed(&choice.label), choice));
    let exact = labels().find(|(label, _)| *label == typed);
    let slipped = || labels().find(|(label, _)| label.chars().count() >= 4 && one_slip(label, &typed));
    let within = || {
        let mut found = labels().filter(|(label, _)| {
            let short = typed.chars().count() <= label.chars().count() + BESIDE_LABEL_CHARS_MAX;
            let rest = typed.replacen(label.as_str(), " ", 1);
            short
                && label.chars().count() >= 2
                && typed.contains(label.as_str())
                && !NOT.iter().any(|not| rest.contains(not))
        });
        let first = found.next()?;
        found.next().is_none().then_some(first)
    };
    exact.or_else(slipped).or_else(within).map(|(_, choice)| choice)
}

fn squeezed(text: &str) -> String {
    let mut kept: Vec<char> = folded_message(text)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    // A Chinese character typed twice is a slip.
    kept.dedup_by(|a, b| a == b && !a.is_ascii());
    kept.into_iter().collect()
}

/// Whether the message is the label of a button that is offered.
pub(super) fn typed_label(tracker: &Tracker) -> bool {
    let text = tracker.said.as_ref().map_or("", |said| said.text.as_str());
    label_in(text, &tracker.choices).is_some()
}

/// Characters that a message may hold besides a word for a button, where free text would do as well.
const BESIDE_WORD_CHARS_MAX: usize = 4;
/// Shortest word that fills a slot nobody asked for yet, in bytes: two Chinese characters, four letters.
const EARLY_WORD_BYTES_MIN: usize = 4;

/// The one written button whose label or words stand in the message.
fn worded(wanted: &Wanted<'_>, text: &str) -> Option<String> {
    let Some(Offers::Written(offers)) = wanted.offers else {
        return None;
    };
    let folded = folded_message(text);
    let chars = folded.chars().count();
    let choice = matches!(wanted.slot.from, SlotFrom::Choice | SlotFrom::YesNo);
    if !wanted.asked && !choice {
        return None;
    }
    let fits = |word: &String| {
        let early = wanted.asked || word.len() >= EARLY_WORD_BYTES_MIN;
        let alone = choice || chars <= word.chars().count() + BESIDE_WORD_CHARS_MAX;
        !word.is_empty() && early && alone && holds(&folded, word)
    };
    let length = |words: &mut dyn Iterator<Item = &String>| {
        words
            .map(|word| folded_message(word))
            .filter(fits)
            .map(|word| word.chars().count())
            .max()
    };
    let mut found: Vec<(usize, &str)> = Vec::new();
    for offer in offers {
        // A label counts in a message that answers; before, only words that were written for it.
        let labels = offer.label.values().filter(|_| wanted.asked && choice);
        if let Some(length) = length(&mut offer.words.iter().chain(labels)) {
            found.push((length, &offer.value));
        }
    }
    found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    let clear = match found[..] {
        [] => return None,
        [(_, value)] => value,
        // Two that are said alike clearly are not one answer.
        [(first, value), (second, _), ..] if first > second => value,
        _ => return None,
    };
    Some(clear.to_owned())
}

/// Longest message that is taken for a no by its intent, in characters: one that says more may want something
/// else put right.
const NO_CHARS_MAX: usize = 14;

fn yes_or_no(intent: &str, text: &str) -> Option<String> {
    let short = text.chars().count() <= NO_CHARS_MAX && !text.contains(|c: char| c.is_ascii_digit());
    let plain = plain_yes_no(text);
    plain.or_else(|| match intent {
        "affirm" => Some("yes".to_owned()),
        "deny" if short => Some("no".to_owned()),
        _ => None,
    })
}

/// Characters that may follow a plain yes.
const YES_MORE_CHARS_MAX: usize = 8;

/// A short yes or no that the intents do not know, whole.
pub(super) fn plain_yes_no(text: &str) -> Option<String> {
    const YES: [&str; 14] = [
        "是", "对", "好", "好的", "行", "可以", "嗯", "确认", "没错", "yes", "y", "ok", "sure", "confirm",
    ];
    const NO: [&str; 15] = [
        "不",
        "不要",
        "不用",
        "不用了",
        "不需要",
        "不需要了",
        "不用了谢谢",
        "不行",
        "否",
        "取消",
        "no",
        "n",
        "nope",
        "no thanks",
        "no thank you",
    ];
    const MARKS: [char; 9] = ['。', '.', '!', '！', '~', '～', ' ', ',', '，'];
    let folded = folded_message(text);
    let bare = folded.trim_end_matches(MARKS);
    let of = |words: &[&str], text: &str, value: &str| words.contains(&text).then(|| value.to_owned());
    // "对，就这样": a yes with a little more that holds no value of its own.
    let (first, rest) = bare.split_once(MARKS).unwrap_or((bare, ""));
    let bare_rest =
        rest.chars().count() <= YES_MORE_CHARS_MAX && !rest.contains(|c: char| c.is_ascii_digit());
    of(&NO, bare, "no").or_else(|| of(&YES, if bare_rest { first } else { bare }, "yes"))
}

/// A number with one of the units behind it; alone, if it was asked for and is the only one.
fn number(wanted: &Wanted<'_>, text: &str) -> Option<String> {
    let folded = folded_message(text);
    let numbers = numbers(&folded);
    let mut with_unit = numbers.iter().filter_map(|(number, rest)| {
        let rest = rest.trim_start();
        let mut units: Vec<_> = wanted.slot.units.iter().collect();
        units.sort_by_key(|(unit, _)| std::cmp::Reverse(unit.chars().count()));
        let unit = |unit: &str| {
            let behind = rest.strip_prefix(&folded_message(unit))?.chars().next();
            let word = unit.ends_with(|c: char| c.is_ascii_alphabetic());
            (!(word && behind.is_some_and(|c| c.is_ascii_alphabetic()))).then_some(())
        };
        let (_, worth) = units.into_iter().find(|(name, _)| unit(name).is_some())?;
        Some(number * worth)
    });
    let value = with_unit.next().or_else(|| match numbers[..] {
        [(number, rest)] if wanted.asked && !rest.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            Some(number)
        }
        _ => None,
    })?;
    let rounded = (value * 100.0).round() / 100.0;
    Some(format!("{rounded}"))
}

/// All numbers of a text with what follows them.
fn numbers(text: &str) -> Vec<(f64, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut glued = false;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() && !glued {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            let written = rest[..end].trim_end_matches('.');
            rest = &rest[written.len()..];
            if let Ok(number) = written.parse() {
                found.push((number, rest));
            }
            continue;
        }
        glued = c.is_ascii_alphanumeric();
        rest = &rest[c.len_utf8()..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn height(text: &str, asked: bool) -> Option<String> {
        let slot: Slot =
            serde_saphyr::from_str("from: number\nunits: {cm: 1, 厘米: 1, m: 100, 斤: 0.5}\n").unwrap();
        let wanted = Wanted {
            name: "height",
            slot: &slot,
            offers: None,
            asked,
        };
        number(&wanted, text)
    }

    #[test]
    fn labels_are_typed_out_with_a_slip_or_a_word_around() {
        let offered = ["确认取消", "保留订单", "Keep the order"].map(|label| Choice {
            label: label.to_owned(),
            choice: format!("confirmed:{label}"),
        });
        for (text, wanted) in [
            ("確認取消", Some("确认取消")),
            ("hi 确认取消！", Some("确认取消")),
            ("keep teh order", Some("Keep the order")),
            ("不要确认取消", None),
            ("keep", None),
        ] {
            assert_eq!(
                label_in(text, &offered).map(|c| c.label.as_str()),
                wanted,
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_with_their_units() {
        for (text, asked, wanted) in [
            ("身高170厘米 体重65", false, Some("170")),
            ("1.75m", false, Some("175")),
            ("I am 168 cm tall", false, Some("168")),
            ("130斤", false, Some("65")),
            ("172", true, Some("172")),
            ("172", false, None),
            ("172 or 175", true, None),
            ("QM2026110312", true, None),
        ] {
            assert_eq!(height(text, asked).as_deref(), wanted, "{text}");
        }
        assert_eq!(plain_yes_no("好的！").as_deref(), Some("yes"));
    }
}
