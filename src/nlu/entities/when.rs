//! Days, written out or counted from today, in both languages; their value is the calendar date.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::Folded;
use crate::conversation::Entity;

/// Words for a day with its distance from today; longer ones first where one begins another.
const NEAR: [(&str, i64); 17] = [
    ("大后天", 3),
    ("大前天", -3),
    ("今天", 0),
    ("今日", 0),
    ("明天", 1),
    ("明日", 1),
    ("听日", 1),
    ("后天", 2),
    ("後天", 2),
    ("昨天", -1),
    ("前天", -2),
    ("THE DAY AFTER TOMORROW", 2),
    ("DAY AFTER TOMORROW", 2),
    ("THE DAY BEFORE YESTERDAY", -2),
    ("TODAY", 0),
    ("TOMORROW", 1),
    ("YESTERDAY", -1),
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MONDAY", Weekday::Monday),
    ("TUESDAY", Weekday::Tuesday),
    ("WEDNESDAY", Weekday::Wednesday),
    ("THURSDAY", Weekday::Thursday),
    ("FRIDAY", Weekday::Friday),
    ("SATURDAY", Weekday::Saturday),
    ("SUNDAY", Weekday::Sunday),
];
const MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];
/// Days after which a date without a year is taken to be of the year before.
const AHEAD_DAYS_MAX: i64 = 183;

type Found = Option<(Date, usize)>;

pub(super) fn find(folded: &Folded, today: Date) -> Vec<Entity> {
    let mut days = Vec::new();
    let mut at = 0;
    while at < folded.chars.len() {
        let found = if folded.is_edge(at) {
            day_at(folded, at, today)
        } else {
            None
        };
        match found {
            Some((day, end)) => {
                days.push(folded.entity("date", day.to_string(), at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    days
}

fn day_at(folded: &Folded, at: usize, today: Date) -> Found {
    near(folded, at, today)
        .or_else(|| chinese_weekday(folded, at, today))
        .or_else(|| english_weekday(folded, at, today))
        .or_else(|| counted(folded, at, today))
        .or_else(|| written(folded, at))
        .or_else(|| chinese_date(folded, at, today))
        .or_else(|| english_date(folded, at, today))
}

fn near(folded: &Folded, at: usize, today: Date) -> Found {
    let (word, days) = NEAR.iter().find(|(word, _)| folded.has(at, word))?;
    let end = at + word.chars().count();
    Some((today.checked_add(days.days()).ok()?, end)).filter(|_| folded.is_edge(end))
}

/// `周五`, `下周五`, `上星期三`, `礼拜天`.
fn chinese_weekday(folded: &Folded, at: usize, today: Date) -> Found {
    let (weeks, from) = match folded.chars.get(at)? {
        '上' => (-1, at + 1),
        '下' => (1, at + 1),
        '这' | '這' | '本' => (0, at + 1),
        _ => (0, at),
    };
    let word = ["周", "週", "星期", "礼拜", "禮拜"]
        .iter()
        .find(|word| folded.has(from, word))?;
    let place = from + word.chars().count();
    let day = "一二三四五六日天"
        .chars()
        .position(|c| folded.chars.get(place) == Some(&c))?;
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let distance = weeks * 7 + day.min(6) as i64;
    Some((monday.ok()?.checked_add(distance.days()).ok()?, place + 1))
}

/// `Friday`, `this Friday`, `next Friday`, `last Friday`: the nearest one ahead, or the one after or before.
fn english_weekday(folded: &Folded, at: usize, today: Date) -> Found {
    let (weeks, from) = [("NEXT ", 1), ("LAST ", -1), ("THIS ", 0), ("ON ", 0)]
        .iter()
        .find(|(word, _)| folded.has(at, word))
        .map_or((0, at), |(word, weeks)| (*weeks, at + word.len()));
    let (name, day) = WEEKDAYS.iter().find(|(name, _)| folded.has(from, name))?;
    let end = from + name.len();
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let own = i64::from(day.to_monday_zero_offset());
    let ahead = weeks == 0 && own < i64::from(today.weekday().to_monday_zero_offset());
    let distance = own + 7 * (weeks + i64::from(ahead));
    Some((monday.ok()?.checked_add(distance.days()).ok()?, end)).filter(|_| folded.is_edge(end))
}

/// `3天后`, `两周前`, `in 3 days`, `2 weeks ago`.
fn counted(folded: &Folded, at: usize, today: Date) -> Found {
    let (sign, from) = if folded.has(at, "IN ") {
        (1, at + 3)
    } else {
        (0, at)
    };
    let (count, mut place) = folded.number(from)?;
    while folded.chars.get(place) == Some(&' ') || folded.chars.get(place) == Some(&'个') {
        place += 1;
    }
    let (word, days) = [
        ("DAYS", 1),
        ("DAY", 1),
        ("WEEKS", 7),
        ("WEEK", 7),
        ("天", 1),
        ("周", 7),
        ("星期", 7),
        ("礼拜", 7),
    ]
    .into_iter()
    .find(|(word, _)| folded.has(place, word))?;
    place += word.chars().count();
    let (sign, end) = match sign {
        1 if folded.is_edge(place) => (1, place),
        _ => [
            ("后", 1),
            ("後", 1),
            ("以后", 1),
            ("之后", 1),
            ("前", -1),
            ("以前", -1),
            ("之前", -1),
            (" AGO", -1),
        ]
        .into_iter()
        .filter(|(word, _)| folded.has(place, word))
        .map(|(word, sign)| (sign, place + word.chars().count()))
        .next()?,
    };
    let distance = sign * days * i64::from(count);
    Some((today.checked_add(distance.days()).ok()?, end))
}

/// `2026-11-03`, `2026/11/3`, `2026年11月3日`.
fn written(folded: &Folded, at: usize) -> Found {
    let (year, place) = folded
        .number(at)
        .filter(|(year, _)| (1_900..2_200).contains(year))?;
    let mark = folded.chars.get(place).filter(|c| "-/.年".contains(**c))?;
    let (month, place) = folded.number(place + 1)?;
    let wanted = if *mark == '年' { '月' } else { *mark };
    (folded.chars.get(place) == Some(&wanted)).then_some(())?;
    let (day, mut end) = folded.number(place + 1)?;
    if folded
        .chars
        .get(end)
        .is_some_and(|c| matches!(c, '日' | '号' | '號'))
    {
        end += 1;
    }
    Some((date(i16::try_from(year).ok()?, month, day)?, end))
}

/// `11月3号`, in the year that is nearest.
fn chinese_date(folded: &Folded, at: usize, today: Date) -> Found {
    let (month, place) = folded.number(at)?;
    (folded.chars.get(place) == Some(&'月')).then_some(())?;
    let (day, end) = folded.number(place + 1)?;
    let end = folded
        .chars
        .get(end)
        .filter(|c| matches!(c, '日' | '号' | '號'))
        .map(|_| end + 1)?;
    Some((nearest(today, month, day)?, end))
}

/// `Nov 3`, `3 November`, `November 3rd`, in the year that is nearest.
fn english_date(folded: &Folded, at: usize, today: Date) -> Found {
    let month_at = |place: usize| -> Option<(u32, usize)> {
        let rest = folded.chars.get(place..)?;
        let word: String = rest.iter().take_while(|c| c.is_ascii_alphabetic()).collect();
        // `Nov`, `Sept` and `November` alike.
        let month = MONTHS
            .iter()
            .position(|name| word.len() >= 3 && name.starts_with(&word))?;
        Some((month as u32 + 1, place + word.len()))
    };
    let blank = |place: usize| (folded.chars.get(place) == Some(&' ')).then_some(place + 1);
    let day_at = |place: usize| -> Option<(u32, usize)> {
        let (day, end) = folded.number(place).filter(|(day, _)| (1..=31).contains(day))?;
        let ending = ["ST", "ND", "RD", "TH"].iter().any(|e| folded.has(end, e));
        let end = if ending { end + 2 } else { end };
        folded.is_edge(end).then_some((day, end))
    };
    if let Some((month, place)) = month_at(at) {
        let (day, end) = day_at(blank(place)?)?;
        return Some((nearest(today, month, day)?, end));
    }
    let (day, place) = day_at(at)?;
    let place = blank(place)?;
    let place = if folded.has(place, "OF ") {
        place + 3
    } else {
        place
    };
    let (month, end) = month_at(place)?;
    Some((nearest(today, month, day)?, end))
}

fn date(year: i16, month: u32, day: u32) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The date in this year, or in the year before when that is nearer.
fn nearest(today: Date, month: u32, day: u32) -> Option<Date> {
    let this = date(today.year(), month, day)?;
    let far = i64::from((this - today).get_days()) > AHEAD_DAYS_MAX;
    if far {
        date(today.year() - 1, month, day)
    } else {
        Some(this)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 is a Monday.
    #[test]
    fn days_of_both_languages() {
        let today = Date::constant(2026, 11, 23);
        for (text, days) in [
            ("后天能到吗", vec!["2026-11-25"]),
            ("大后天", vec!["2026-11-26"]),
            ("下周五之前", vec!["2026-12-04"]),
            ("上星期三买的", vec!["2026-11-18"]),
            ("周日", vec!["2026-11-29"]),
            ("3天后 还是两周前", vec!["2026-11-26", "2026-11-09"]),
            ("十二月五号", vec!["2026-12-05"]),
            ("2026年11月3日", vec!["2026-11-03"]),
            ("8月8号下的单", vec!["2026-08-08"]),
            ("tomorrow or next Friday", vec!["2026-11-24", "2026-12-04"]),
            ("by Friday", vec!["2026-11-27"]),
            ("last Sunday", vec!["2026-11-22"]),
            ("in 3 days", vec!["2026-11-26"]),
            ("2 weeks ago", vec!["2026-11-09"]),
            ("on Nov 3rd", vec!["2026-11-03"]),
            ("the 5th of December", vec!["2026-12-05"]),
            ("2026-02-30 marched mondays", vec![]),
            ("maybe 3", vec![]),
        ] {
            let found: Vec<String> = find(&Folded::new(text), today)
                .into_iter()
                .map(|e| e.value)
                .collect();
            assert_eq!(found, days, "{text}");
        }
    }
}
