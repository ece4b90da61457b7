//! `duplicate`: the same text twice in one language, however it is typed.

use std::collections::{HashMap, HashSet};

use super::shelf::{Shelf, quote, tokens};
use super::{Level, Report};

/// Words or Han characters a passage needs before a copy is worth a word: `Yes.` may stand twice.
const TOKENS_MIN: usize = 6;

/// Looks each passage up among those before it: one hash a passage.
pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    let mut seen = HashMap::new();
    let mut told = HashSet::new();
    for (at, page) in shelf.pages.iter().enumerate() {
        for part in &page.parts {
            let text = part.passage.text();
            let tokens = tokens(&text);
            if tokens.len() < TOKENS_MIN {
                continue;
            }
            let line = part.lines.first().copied().unwrap_or(1);
            let (first, place) = seen
                .entry((page.lang, tokens))
                .or_insert_with(|| (at, page.place(line)));
            let other = &shelf.pages[*first];
            if *first == at || !page.meets(other) || !told.insert((at, *first)) {
                continue;
            }
            let message = format!(
                "“{}” stands in `{}` too; keep one of them",
                quote(&text),
                other.id
            );
            let place_other = place.clone();
            report
                .add(Level::Warning, "duplicate", page.place(line), message)
                .other = Some(place_other);
        }
    }
}
