//! `too_long_answer`: a passage whose first sentence alone does not fit a chat bubble.

use super::super::answer::BUBBLE_CHARS;
use super::shelf::Shelf;
use super::{Level, Report};

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    for page in &shelf.pages {
        let fits = BUBBLE_CHARS.iter().find(|(lang, _)| *lang == page.lang);
        let Some((_, fits)) = fits else { continue };
        for part in &page.parts {
            let (first, line) = (part.passage.units.first(), part.lines.first());
            let Some((first, line)) = first.zip(line) else {
                continue;
            };
            let chars = first.text.chars().count();
            if chars > *fits {
                let message = format!(
                    "the first sentence has {chars} characters and a bubble holds {fits}; cut it into shorter ones"
                );
                report.add(Level::Info, "too_long_answer", page.place(*line), message);
            }
        }
    }
}
