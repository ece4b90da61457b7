//! Times of the day, and days of the calendar, which are no amounts.

use super::{Amount, Found, Kind, after_blanks, starts};

/// What stands between opening and closing.
const BETWEEN: [&str; 7] = ["-", "–", "—", "~", "至", "到", "to"];

/// `10:00–22:00`, `10 am to 10 pm`, `10点到22点`, or a moment alone.
pub(super) fn hours(chars: &[char], at: usize) -> Option<Found> {
    let (from, end) = moment(chars, at)?;
    let sign = BETWEEN
        .iter()
        .find_map(|sign| starts(chars, after_blanks(chars, end), sign));
    let until = sign.and_then(|end| moment(chars, after_blanks(chars, end)));
    Some(match until {
        Some((until, end)) => Found {
            kind: Kind::Hours,
            amount: Amount::Range(from, until),
            end,
        },
        None => Found {
            kind: Kind::Moment,
            amount: Amount::Range(from, from),
            end,
        },
    })
}

/// Minutes since midnight.
fn moment(chars: &[char], at: usize) -> Option<(i64, usize)> {
    let (hour, end) = digits(chars, at).filter(|(hour, _)| *hour <= 24)?;
    if chars.get(end) == Some(&':') {
        let (minute, end_of) = digits(chars, end + 1)?;
        (end_of == end + 3 && minute < 60).then_some(())?;
        return half(chars, end_of, hour)
            .or(Some((hour * 60, end_of)))
            .map(|(m, end)| (m + minute, end));
    }
    if let Some(end) = starts(chars, after_blanks(chars, end), "点") {
        let half = chars.get(end) == Some(&'半');
        return Some((hour * 60 + 30 * i64::from(half), end + usize::from(half)));
    }
    half(chars, end, hour)
}

/// An hour of either half of the day.
fn half(chars: &[char], at: usize, hour: i64) -> Option<(i64, usize)> {
    let at = after_blanks(chars, at);
    let pm = ["pm", "p.m."].iter().find_map(|word| starts(chars, at, word));
    let am = ["am", "a.m."].iter().find_map(|word| starts(chars, at, word));
    let hour = (hour <= 12).then_some(hour % 12)?;
    match (am, pm) {
        (Some(end), _) => Some((hour * 60, end)),
        (_, Some(end)) => Some((hour * 60 + 720, end)),
        _ => None,
    }
}

/// One or two digits.
fn digits(chars: &[char], at: usize) -> Option<(i64, usize)> {
    let count = chars.get(at..)?.iter().take_while(|c| c.is_ascii_digit()).count();
    let text: String = chars[at..at + count].iter().collect();
    (1..=2)
        .contains(&count)
        .then_some((text.parse().ok()?, at + count))
}

/// Where `2026 年 11 月 10 日`, `11 月 10 日` or `每月 8 日` ends.
pub(super) fn calendar_day(chars: &[char], at: usize) -> Option<usize> {
    let part = |at: usize, unit: &str| {
        let at = after_blanks(chars, at);
        let count = chars.get(at..)?.iter().take_while(|c| c.is_ascii_digit()).count();
        (count > 0).then_some(())?;
        starts(chars, after_blanks(chars, at + count), unit)
    };
    let year = part(at, "年").filter(|end| part(*end, "月").is_some());
    let month = starts(chars, at, "每月").or_else(|| part(year.unwrap_or(at), "月"))?;
    Some(part(month, "日").or_else(|| part(month, "号")).unwrap_or(month))
}
