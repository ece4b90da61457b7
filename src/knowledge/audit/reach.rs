//! `unreachable`: an article that its own title or one of its own questions does not find.
//!
//! Everything asked has been thought over when the index was built; the encoder is not called. In a large
//! folder a question's rarest words are asked first, and all of it only when they do not find the article
//! well enough, rivals by words alone; so a finding is true all the same, and a few may be missed.

use jiff::civil::Date;

use super::super::{Hit, Query};
use super::shelf::{Page, Shelf};
use super::{Level, Place, Report};

/// An article must be among so many.
const RANK_MAX: usize = 5;
/// Rarest words that are asked first, and how far up they must find the article.
const RAREST: usize = 4;
const RANK_BY_RAREST_MAX: usize = 2;
/// Passages up to which meaning finds rivals too.
const WIDE_PASSAGES_MAX: usize = 2_000;

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    let wide = shelf.retriever().passages.len() <= WIDE_PASSAGES_MAX;
    let all = shelf.pages.len();
    for (done, page) in shelf.pages.iter().enumerate() {
        report.progress("questions", done, all);
        check_page(shelf, page, wide, report);
    }
    report.progress("questions", all, all);
}

fn check_page(shelf: &Shelf<'_>, page: &Page<'_>, wide: bool, report: &mut Report<'_>) {
    let Some(day) = a_day(page, shelf.subject.day) else {
        return;
    };
    let Some(at) = page.parts.first().and_then(|part| part.at) else {
        return;
    };
    // A pinned article answers its own questions whatever else is found.
    let questions = page.questions.iter().copied().filter(|_| !page.handling.pinned);
    let title = page.article.map(|_| (page.questions.len(), page.title));
    for (which, text) in (0..).zip(questions).chain(title) {
        let query = Query {
            text,
            lang: page.lang,
            context: None,
            audience: page.handling.audience,
            today: day,
        };
        let find = |terms_max: usize| shelf.retriever().find_own((at, which), wide, terms_max, &query);
        if !wide && beaten(&find(RAREST), page, RANK_BY_RAREST_MAX).is_none() {
            continue;
        }
        if let Some((rank, winner)) = beaten(&find(usize::MAX), page, RANK_MAX) {
            let place = if which == page.questions.len() {
                page.key("title")
            } else {
                page.question(text)
            };
            tell(shelf, place, (text, rank, winner), report);
        }
    }
}

/// A day on which the article holds: the day it is looked at, or its nearest.
fn a_day(page: &Page<'_>, today: Date) -> Option<Date> {
    let from = page.handling.valid_from.filter(|from| *from > today);
    let until = page.handling.valid_until.filter(|until| *until < today);
    // What has expired need not be found.
    if until.is_some() {
        None
    } else {
        Some(from.unwrap_or(today))
    }
}

/// The article's rank and the first of those before it, if it is not among the best `rank_max`.
fn beaten<'h>(hits: &'h [Hit], page: &Page<'_>, rank_max: usize) -> Option<(usize, &'h Hit)> {
    let mut before: Vec<&Hit> = Vec::new();
    for hit in hits {
        if hit.article == page.id {
            break;
        }
        if before.iter().all(|other| other.article != hit.article) {
            before.push(hit);
        }
    }
    let first = before.first()?;
    (before.len() >= rank_max).then_some((before.len() + 1, *first))
}

fn tell(shelf: &Shelf<'_>, place: Place, (text, rank, winner): (&str, usize, &Hit), report: &mut Report<'_>) {
    let message = format!(
        "“{text}” finds `{}` first and this article at place {rank}; \
         use the question's words in this text, or join the two",
        winner.article
    );
    let other = shelf.page(winner.lang, &winner.article);
    report.add(Level::Warning, "unreachable", place, message).other = other.map(Page::start);
}
