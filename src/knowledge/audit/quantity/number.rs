//! Numbers with a unit: `7 天`, `七天`, `seven days`, `¥50`, `1–3 个工作日`, `95 折`.

use super::{Amount, Found, Kind, after_blanks, starts};

/// Units with what they count and how much of it one is; a longer one stands before its beginning.
const UNITS: [(&str, Kind, i64); 51] = [
    ("个工作日", Kind::WorkingDays, 1),
    ("工作日", Kind::WorkingDays, 1),
    ("working days", Kind::WorkingDays, 1),
    ("working day", Kind::WorkingDays, 1),
    ("business days", Kind::WorkingDays, 1),
    ("business day", Kind::WorkingDays, 1),
    ("个自然日", Kind::Time, 1_440),
    ("自然日", Kind::Time, 1_440),
    ("calendar days", Kind::Time, 1_440),
    ("天", Kind::Time, 1_440),
    ("日", Kind::Time, 1_440),
    ("days", Kind::Time, 1_440),
    ("day", Kind::Time, 1_440),
    ("个星期", Kind::Time, 10_080),
    ("星期", Kind::Time, 10_080),
    ("周", Kind::Time, 10_080),
    ("weeks", Kind::Time, 10_080),
    ("week", Kind::Time, 10_080),
    ("个小时", Kind::Time, 60),
    ("小时", Kind::Time, 60),
    ("hours", Kind::Time, 60),
    ("hour", Kind::Time, 60),
    ("hrs", Kind::Time, 60),
    ("h", Kind::Time, 60),
    ("分钟", Kind::Time, 1),
    ("minutes", Kind::Time, 1),
    ("minute", Kind::Time, 1),
    ("min", Kind::Time, 1),
    ("个月", Kind::Time, 43_200),
    ("months", Kind::Time, 43_200),
    ("month", Kind::Time, 43_200),
    ("年", Kind::Time, YEAR),
    ("years", Kind::Time, YEAR),
    ("year", Kind::Time, YEAR),
    ("元", Kind::Money('¥'), 1),
    ("块", Kind::Money('¥'), 1),
    ("yuan", Kind::Money('¥'), 1),
    ("rmb", Kind::Money('¥'), 1),
    ("cny", Kind::Money('¥'), 1),
    ("%", Kind::Percent, 1),
    ("percent", Kind::Percent, 1),
    ("per cent", Kind::Percent, 1),
    ("积分", Kind::Points, 1),
    ("points", Kind::Points, 1),
    ("件", Kind::Pieces, 1),
    ("pieces", Kind::Pieces, 1),
    ("items", Kind::Pieces, 1),
    ("位", Kind::Length, 1),
    ("digits", Kind::Length, 1),
    ("个字", Kind::Length, 1),
    ("characters", Kind::Length, 1),
];
const YEAR: i64 = 525_600;
/// Signs and words before an amount of money.
const CURRENCIES: [(&str, char); 7] = [
    ("¥", '¥'),
    ("$", '$'),
    ("£", '£'),
    ("€", '€'),
    ("人民币", '¥'),
    ("rmb", '¥'),
    ("cny", '¥'),
];
/// What stands between the ends of a range.
const BETWEEN: [&str; 9] = ["-", "–", "—", "~", "～", "至", "到", "to", "–"];
/// English numbers up to twelve, and the tens.
const WORDS: [(&str, i64); 19] = [
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("fourteen", 14),
    ("fifteen", 15),
    ("twenty", 20),
    ("thirty", 30),
    ("sixty", 60),
    ("ninety", 90),
    ("hundred", 100),
];
/// Largest number that may stand without its unit.
const BARE_MAX: i64 = 99_900;

/// A number or a range with its unit. A number without one has that of the quantity before, when it is
/// time: `within 7 days, 30 for faults`.
pub(super) fn counted(chars: &[char], at: usize, kind_before: Option<Kind>) -> Option<Found> {
    if let Some(found) = share(chars, at) {
        return Some(found);
    }
    let currency = CURRENCIES
        .iter()
        .find_map(|(sign, kind)| Some((*kind, starts(chars, at, sign)?)));
    let from = currency.map_or(at, |(_, end)| after_blanks(chars, end));
    // The second, not two.
    if at > 0 && (chars[at - 1] == '第' || (chars[at - 1] == ' ' && at > 1 && chars[at - 2] == '第')) {
        return None;
    }
    let (low, end) = number(chars, from)?;
    let first_unit = unit(chars, end, low);
    let (high, high_end) = upper(chars, first_unit.map_or(end, |(.., end)| end), low).unwrap_or((low, end));
    if let Some((sign, _)) = currency {
        let end = unit(chars, high_end, high).filter(|(kind, ..)| *kind == Kind::Money(sign));
        let amount = Amount::Range(low, high);
        let kind = Kind::Money(sign);
        return Some(Found {
            kind,
            amount,
            end: end.map_or(high_end, |(.., end)| end),
        });
    }
    let Some((kind, factor, unit_end)) = unit(chars, high_end, high).or(first_unit) else {
        return bare(chars, (low, high, high_end), kind_before);
    };
    let low_factor = first_unit
        .filter(|_| high_end != end)
        .map_or(factor, |(_, factor, _)| factor);
    let (low, high) = (scaled(kind, low, low_factor), scaled(kind, high, factor));
    let end = unit_end.max(high_end);
    // One thing at a time is no amount of things.
    (kind != Kind::Pieces || high > 100).then(|| Found {
        kind,
        amount: Amount::Range(low.min(high), low.max(high)),
        end,
    })
}

/// Times lie in minutes, all else in hundredths. Twelve months are a year.
fn scaled(kind: Kind, hundredths: i64, factor: i64) -> i64 {
    if kind != Kind::Time {
        return hundredths;
    }
    if factor == 43_200 && hundredths % 1_200 == 0 {
        return hundredths / 1_200 * YEAR;
    }
    hundredths * factor / 100
}

fn bare(chars: &[char], (low, high, end): (i64, i64, usize), kind_before: Option<Kind>) -> Option<Found> {
    let (kind, factor) = match kind_before? {
        Kind::Time => (Kind::Time, 1_440),
        Kind::WorkingDays => (Kind::WorkingDays, 1),
        _ => return None,
    };
    let closes = match chars.get(end) {
        None | Some(',' | ';' | ')' | '。') => true,
        Some('.') => chars.get(end + 1).is_none_or(|c| *c == ' '),
        Some(' ') => starts(chars, end + 1, "for").is_some() || starts(chars, end + 1, "if").is_some(),
        _ => false,
    };
    let amount = Amount::Range(scaled(kind, low, factor), scaled(kind, high, factor));
    (closes && high <= BARE_MAX).then_some(Found { kind, amount, end })
}

/// The upper end of a range.
fn upper(chars: &[char], at: usize, low: i64) -> Option<(i64, usize)> {
    let at = after_blanks(chars, at);
    let end = BETWEEN.iter().find_map(|sign| starts(chars, at, sign))?;
    let mut from = after_blanks(chars, end);
    if let Some(sign) = CURRENCIES.iter().find_map(|(sign, _)| starts(chars, from, sign)) {
        from = sign;
    }
    number(chars, from).filter(|(high, _)| *high > low)
}

/// The unit at a place: what it counts, how much one is, where it ends.
fn unit(chars: &[char], at: usize, hundredths: i64) -> Option<(Kind, i64, usize)> {
    let blank = after_blanks(chars, at);
    let joined = if blank == at && chars.get(at) == Some(&'-') {
        at + 1
    } else {
        blank
    };
    let found = UNITS.iter().find_map(|(word, kind, factor)| {
        let end = starts(chars, joined, word)?;
        Some((*word, *kind, *factor, end))
    });
    let (word, kind, factor, end) = found?;
    let next = chars.get(after_blanks(chars, end));
    let counts = match word {
        // `8 日` is a day of a month unless something is to happen within it.
        "日" => next.is_some_and(|c| matches!(c, '内' | '后' | '以' | '之' | '无')),
        "年" => hundredths < 10_000,
        "周" => next.is_none_or(|c| !matches!(c, '一' | '二' | '三' | '四' | '五' | '六' | '日')),
        "件" => next != Some(&'事'),
        _ => true,
    };
    counts.then_some((kind, factor, end))
}

/// `百分之十五`, `95 折`, `八五折`: hundredths of what is taken off or meant.
fn share(chars: &[char], at: usize) -> Option<Found> {
    if let Some(end) = starts(chars, at, "百分之") {
        let (value, end) = number(chars, end)?;
        let amount = Amount::Range(value, value);
        return Some(Found {
            kind: Kind::Percent,
            amount,
            end,
        });
    }
    let digits: Vec<i64> = chars[at..].iter().map_while(|c| digit(*c)).take(2).collect();
    let (value, end) = match digits.as_slice() {
        // 八五折 is read digit by digit.
        [a, b] if !chars[at].is_ascii_digit() => ((a * 10 + b) * 100, at + 2),
        _ => number(chars, at)?,
    };
    let end = starts(chars, after_blanks(chars, end), "折")?;
    let kept = if value >= 1_000 { value } else { value * 10 };
    let off = 10_000 - kept;
    (off > 0).then_some(Found {
        kind: Kind::Percent,
        amount: Amount::Range(off, off),
        end,
    })
}

/// A number in hundredths and where it ends.
fn number(chars: &[char], at: usize) -> Option<(i64, usize)> {
    let first = *chars.get(at)?;
    if first.is_ascii_digit() {
        written(chars, at)
    } else if digit(first).is_some() || first == '十' || first == '百' {
        chinese(chars, at)
    } else {
        WORDS
            .iter()
            .find_map(|(word, value)| Some((value * 100, starts(chars, at, word)?)))
    }
}

/// `1,500`, `9.5`, `1.5万`.
fn written(chars: &[char], at: usize) -> Option<(i64, usize)> {
    let digits = |from: usize| {
        chars[from.min(chars.len())..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count()
    };
    let mut end = at + digits(at);
    let mut text: String = chars[at..end].iter().collect();
    while chars.get(end) == Some(&',') && digits(end + 1) == 3 {
        text.extend(&chars[end + 1..end + 4]);
        end += 4;
    }
    let mut hundredths = text.parse::<i64>().ok().filter(|n| *n < 1_000_000_000)? * 100;
    if chars.get(end) == Some(&'.') && digits(end + 1) > 0 {
        let more = digits(end + 1);
        let two: String = chars[end + 1..=end + more]
            .iter()
            .chain(&['0', '0'])
            .take(2)
            .collect();
        hundredths += two.parse::<i64>().ok()?;
        end += more + 1;
    }
    match chars.get(end) {
        Some('万') => Some((hundredths * 10_000, end + 1)),
        Some('千') => Some((hundredths * 1_000, end + 1)),
        Some(c) if c.is_ascii_digit() => None,
        _ => Some((hundredths, end)),
    }
}

fn digit(c: char) -> Option<i64> {
    let place = "零一二三四五六七八九".chars().position(|known| known == c);
    let value = if c == '两' { Some(2) } else { place };
    value.and_then(|value| i64::try_from(value).ok())
}

/// `七`, `十五`, `三十`, `一百二十`, `两千`.
fn chinese(chars: &[char], at: usize) -> Option<(i64, usize)> {
    // 双十一 is a day, and a number goes on only with its own characters.
    if at > 0 && (chars[at - 1] == '双' || digit(chars[at - 1]).is_some()) {
        return None;
    }
    let (mut sum, mut last, mut end) = (0, None, at);
    while let Some(c) = chars.get(end) {
        let step = match c {
            '十' => Some(10),
            '百' => Some(100),
            '千' => Some(1_000),
            _ => None,
        };
        if let Some(step) = step {
            sum += last.take().unwrap_or(1) * step;
        } else if let Some(value) = digit(*c).filter(|_| last.is_none()) {
            last = Some(value);
        } else {
            break;
        }
        end += 1;
    }
    Some(((sum + last.unwrap_or(0)) * 100, end))
}
