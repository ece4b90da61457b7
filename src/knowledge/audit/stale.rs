//! `stale`: a text speaks of a day or a year that has passed, and nothing says until when it holds.

use jiff::civil::{Date, date};

use super::shelf::{Shelf, quote};
use super::{Level, Report};

/// English months by their first three letters.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// A year on its own is meant as one behind such a word.
const BEFORE_YEAR: [&str; 14] = [
    "in", "until", "till", "by", "during", "for", "since", "of", "before", "spring", "summer", "autumn",
    "winter", "year",
];
/// Sales that a year stands beside.
const SALES: [&str; 9] = [
    "双十一",
    "双11",
    "双 11",
    "双十二",
    "双12",
    "双 12",
    "618",
    "11.11",
    "12.12",
];
/// Such a sentence tells of the past on purpose.
const HISTORY: [&str; 13] = [
    "founded",
    "since",
    "established",
    "opened in",
    "began in",
    "成立",
    "创立",
    "创办",
    "创建",
    "始于",
    "以来",
    "©",
    "copyright",
];

pub(super) fn check(shelf: &Shelf<'_>, report: &mut Report<'_>) {
    for page in &shelf.pages {
        if page.handling.valid_until.is_some() {
            continue;
        }
        for (_, text, line) in page.units() {
            if let Some(last) = latest_day(text).filter(|last| *last < shelf.subject.day) {
                let message = format!(
                    "“{}” speaks of a time that ended on {last}; write it anew, or set valid_until",
                    quote(text)
                );
                report.add(Level::Warning, "stale", page.place(line), message);
            }
        }
    }
}

/// The last day that a sentence speaks of, unless it tells of the past on purpose.
fn latest_day(text: &str) -> Option<Date> {
    let folded = super::super::text::fold(text);
    if HISTORY.iter().any(|word| folded.contains(word)) {
        return None;
    }
    let chars: Vec<char> = folded.chars().collect();
    let days = (0..chars.len()).filter_map(|at| day_at(&chars, at));
    days.max()
}

/// The last day of the year, month or day that begins at a year here.
fn day_at(chars: &[char], at: usize) -> Option<Date> {
    let digit = |at: usize| chars.get(at).and_then(|c| c.to_digit(10));
    let joined = at.checked_sub(1).map(|before| chars[before]);
    if joined.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | '#' | '¥' | '$')) {
        return None;
    }
    let year = (0..4).try_fold(0, |year, i| Some(year * 10 + digit(at + i)?))?;
    let year = i16::try_from(year)
        .ok()
        .filter(|year| (2000..2100).contains(year))?;
    let rest: String = chars[at + 4..].iter().collect();
    let before: String = chars[..at].iter().collect();
    if digit(at + 4).is_some() {
        return None;
    }
    dashed(year, &rest)
        .or_else(|| chinese(year, &rest))
        .or_else(|| english(year, &before))
        .or_else(|| alone(year, &before, &rest))
}

/// `2025-10-31`, `2025/10/31`, `2025.10.31`.
fn dashed(year: i16, rest: &str) -> Option<Date> {
    let mark = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let mut numbers = rest[1..].splitn(2, mark);
    let month = numbers.next()?.parse().ok()?;
    let day: String = numbers.next()?.chars().take_while(char::is_ascii_digit).collect();
    Date::new(year, month, day.parse().ok()?).ok()
}

/// `2025 年 10 月 31 日`, `2025年10月`, `2025年`.
fn chinese(year: i16, rest: &str) -> Option<Date> {
    let rest = rest.trim_start().strip_prefix('年')?;
    let (month, rest) = number_before(rest, "月").unwrap_or((12, ""));
    let last = last_of(year, month)?;
    match number_before(rest, "日").or_else(|| number_before(rest, "号")) {
        Some((day, _)) => Date::new(year, month, day).ok(),
        None => Some(last),
    }
}

fn number_before<'t>(text: &'t str, unit: &str) -> Option<(i8, &'t str)> {
    let text = text.trim_start();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let rest = text[digits..].trim_start().strip_prefix(unit)?;
    Some((text[..digits].parse().ok()?, rest))
}

/// `31 October 2025`, `October 31, 2025`, `October 2025`: what stands before the year.
fn english(year: i16, before: &str) -> Option<Date> {
    let words: Vec<&str> = before
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let month = |word: &str| {
        let at = MONTHS.iter().position(|name| word.starts_with(name))?;
        i8::try_from(at + 1).ok()
    };
    let day = |word: &str| {
        word.trim_end_matches(|c: char| c.is_ascii_alphabetic())
            .parse::<i8>()
            .ok()
    };
    match words.as_slice() {
        [.., d, m] if month(m).is_some() => {
            let month = month(m)?;
            day(d).map_or_else(|| last_of(year, month), |d| Date::new(year, month, d).ok())
        }
        [.., m, d] if month(m).is_some() && day(d).is_some() => Date::new(year, month(m)?, day(d)?).ok(),
        [m] => last_of(year, month(m)?),
        _ => None,
    }
}

/// A year that nothing but a word before it or a sale beside it shows to be one.
fn alone(year: i16, before: &str, rest: &str) -> Option<Date> {
    let (before, rest) = (before.trim_end(), rest.trim_start());
    let word = before
        .rsplit(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or("");
    let announced =
        BEFORE_YEAR.contains(&word) && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '%');
    let sale = SALES
        .iter()
        .any(|sale| before.ends_with(sale) || rest.starts_with(sale));
    (announced || sale).then(|| date(year, 12, 31))
}

fn last_of(year: i16, month: i8) -> Option<Date> {
    Date::new(year, month, 1).ok().map(Date::last_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_sentences_speak_of() {
        for (text, wanted) in [
            ("活动到 2025 年 10 月 31 日为止。", Some(date(2025, 10, 31))),
            ("2024年的价格不变。", Some(date(2024, 12, 31))),
            ("双11 2025 的订单 72 小时发货。", Some(date(2025, 12, 31))),
            ("2025 双十一优惠", Some(date(2025, 12, 31))),
            ("Valid until 31 October 2025.", Some(date(2025, 10, 31))),
            ("From October 31, 2025 on", Some(date(2025, 10, 31))),
            ("The February 2024 sale", Some(date(2024, 2, 29))),
            ("Prices in 2024, with tax", Some(date(2024, 12, 31))),
            ("until 2025-10-31", Some(date(2025, 10, 31))),
            (
                "例如 2026 年得到的积分，2027 年 12 月 31 日到期",
                Some(date(2027, 12, 31)),
            ),
            ("栖木生活成立于 2016 年。", None),
            ("We have been here since 2016.", None),
            ("订单满 2000 元", None),
            ("orders of ¥2024 or more", None),
            ("for 2024 points", None),
            ("QM2026110312, GB 18401-2010", None),
        ] {
            assert_eq!(latest_day(text), wanted, "{text}");
        }
    }
}
