//! `expired`, `not_yet`, `ends_soon`: articles outside of their days, or nearly.

use super::shelf::Shelf;
use super::{Level, Report};

/// Days before the last one from which on it is told.
const SOON_DAYS: i32 = 14;

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    let today = shelf.subject.day;
    for (page, article) in shelf.articles() {
        let (from, until) = (article.handling.valid_from, article.handling.valid_until);
        if let Some(until) = until {
            let left = until.since(today).map_or(i32::MAX, |span| span.get_days());
            let place = page.key("valid_until");
            if left < 0 {
                let message = format!("held until {until}; take it out or set a later day");
                report.add(Level::Warning, "expired", place, message);
            } else if left <= SOON_DAYS {
                let message = format!("holds until {until}, {left} more days; write what comes after it");
                report.add(Level::Warning, "ends_soon", place, message);
            }
        }
        if let Some(from) = from.filter(|from| *from > today) {
            let message = format!("is told from {from} on; nothing to do before");
            report.add(Level::Info, "not_yet", page.key("valid_from"), message);
        }
    }
}
