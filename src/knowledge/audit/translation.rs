//! `missing_translation`, `uneven_translation`: what one language knows and the other does not.

use std::collections::HashSet;

use super::shelf::{Shelf, other};
use super::{Level, Report};

/// Sections one text must have more than its translation, and how many times as many.
const SECTIONS_MORE_MIN: usize = 3;
const SECTIONS_TIMES_MIN: usize = 2;

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    if !shelf.subject.bilingual {
        return;
    }
    let pairs = shelf.translations();
    let paired: HashSet<usize> = pairs.iter().flat_map(|(zh, en)| [*zh, *en]).collect();
    for (at, page) in shelf.pages.iter().enumerate() {
        if page.article.is_some() && !paired.contains(&at) {
            let message = format!(
                "there is no `{}` in {}; write it there, or name it under translations",
                page.id,
                other(page.lang).code()
            );
            report.add(Level::Info, "missing_translation", page.key("id"), message);
        }
    }
    for (zh, en) in pairs {
        let (zh, en) = (&shelf.pages[zh], &shelf.pages[en]);
        let (short, long) = if zh.parts.len() < en.parts.len() {
            (zh, en)
        } else {
            (en, zh)
        };
        let (few, many) = (short.parts.len(), long.parts.len());
        if many >= few + SECTIONS_MORE_MIN && many >= few * SECTIONS_TIMES_MIN {
            let message = format!(
                "{few} sections here and {many} in {}; say here what is missing",
                long.lang.code()
            );
            let finding = report.add(Level::Info, "uneven_translation", short.start(), message);
            finding.other = Some(long.start());
        }
    }
}
