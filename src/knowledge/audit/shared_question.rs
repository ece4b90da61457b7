//! `shared_question`: two articles of one language list the same question, so one of them is never found by it.

use std::collections::HashMap;

use super::shelf::{Shelf, tokens};
use super::{Level, Report};

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    let mut seen = HashMap::new();
    for (at, page) in shelf.pages.iter().enumerate() {
        for question in page.questions.iter().copied() {
            let key = (page.lang, tokens(question).concat());
            let (first, theirs) = *seen.entry(key).or_insert((at, question));
            let other = &shelf.pages[first];
            if first == at || !page.meets(other) {
                continue;
            }
            let message = format!("`{}` lists “{question}” too; leave it to one of them", other.id);
            let finding = report.add(
                Level::Warning,
                "shared_question",
                page.question(question),
                message,
            );
            finding.other = Some(other.question(theirs));
        }
    }
}
