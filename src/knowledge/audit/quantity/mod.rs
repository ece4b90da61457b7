//! Quantities of a sentence: how many days, how much money, which hours, whose number, in either language,
//! each with the words that stand around it.

mod clock;
mod contact;
mod number;

use super::super::text::fold;

/// What is counted. Only quantities of one kind are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// In minutes.
    Time,
    /// Working days, in hundredths.
    WorkingDays,
    /// In hundredths of the currency with this sign.
    Money(char),
    /// Hundredths of a percent, `9.5 折` as 5.
    Percent,
    /// Points of a member, in hundredths.
    Points,
    /// Things, in hundredths.
    Pieces,
    /// Digits or characters of something written, in hundredths.
    Length,
    /// From and to, in minutes of the day.
    Hours,
    /// A moment, in minutes of the day.
    Moment,
    Phone,
    Mail,
}

impl Kind {
    /// As it is called in a message.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::WorkingDays => "working days",
            Self::Money(_) => "money",
            Self::Percent => "percentage",
            Self::Points => "points",
            Self::Pieces => "number of pieces",
            Self::Length => "number of characters",
            Self::Hours => "hours",
            Self::Moment => "time of day",
            Self::Phone => "phone number",
            Self::Mail => "e-mail address",
        }
    }
}

/// How much.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Amount {
    /// From and to; the same twice when it is one number.
    Range(i64, i64),
    /// A phone number or address.
    Text(String),
}

/// Minutes from which on a month may be 30 or 31 days, and a year 365 or 366.
const LONG_MINUTES: i64 = 28 * 24 * 60;

impl Amount {
    /// Whether both may be said of the same thing.
    pub fn agrees(&self, other: &Self, kind: Kind) -> bool {
        let same = |a: i64, b: i64| {
            let long = kind == Kind::Time && a.min(b) >= LONG_MINUTES;
            // `85 折` is 15 % off and 85 % of the price.
            let rest = kind == Kind::Percent && a + b == 10_000;
            a == b || rest || (long && (a - b).abs() * 25 <= a.max(b))
        };
        match (self, other) {
            (Self::Range(a, b), Self::Range(c, d)) => {
                let ends = |one: i64, from: i64, to: i64| same(one, from) || same(one, to);
                (same(*a, *c) && same(*b, *d)) || (a == b && ends(*a, *c, *d)) || (c == d && ends(*c, *a, *b))
            }
            (Self::Text(one), Self::Text(two)) => one == two,
            _ => false,
        }
    }
}

/// A quantity with its clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Quantity {
    pub kind: Kind,
    pub amount: Amount,
    /// The clause it stands in, folded, without any quantity.
    pub clause: String,
}

/// A quantity at a place of the folded text.
struct Found {
    kind: Kind,
    amount: Amount,
    end: usize,
}

/// Where a clause ends.
const CLAUSE_ENDS: [char; 15] = [
    ',', ';', '。', '!', '?', '、', '(', ')', '“', '”', '"', '「', '」', '.', '|',
];

/// The quantities of a sentence in their order, and the sentence without them.
pub(super) fn quantities(text: &str) -> (Vec<Quantity>, String) {
    let chars: Vec<char> = fold(text).chars().collect();
    let found = scan(&chars);
    let mut bare = chars.clone();
    for (at, found) in &found {
        bare[*at..found.end].fill(' ');
    }
    let ends = |at: usize| {
        let full_stop = bare[at] != '.' || bare.get(at + 1).is_none_or(|next| *next == ' ');
        CLAUSE_ENDS.contains(&bare[at]) && full_stop
    };
    let quantities = found.into_iter().map(|(at, found)| {
        let from = (0..at).rev().find(|at| ends(*at)).map_or(0, |at| at + 1);
        let to = (found.end..bare.len()).find(|at| ends(*at)).unwrap_or(bare.len());
        Quantity {
            kind: found.kind,
            amount: found.amount,
            clause: bare[from..to].iter().collect(),
        }
    });
    (quantities.collect(), bare.iter().collect())
}

fn scan(chars: &[char]) -> Vec<(usize, Found)> {
    let mut all: Vec<(usize, Found)> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let inside = before.is_some_and(|c| c.is_ascii_alphanumeric()) && chars[at].is_ascii_alphanumeric();
        let found = if inside {
            None
        } else {
            at_place(chars, at, all.last().map(|(_, found)| found.kind))
        };
        match found {
            Some(found) => {
                let next = found.end;
                all.push((at, found));
                at = next;
            }
            None => at += skipped(chars, at),
        }
    }
    all
}

fn at_place(chars: &[char], at: usize, kind_before: Option<Kind>) -> Option<Found> {
    contact::mail(chars, at)
        .or_else(|| contact::phone(chars, at))
        .or_else(|| clock::hours(chars, at))
        .or_else(|| number::counted(chars, at, kind_before))
}

/// Characters to pass over where no quantity begins: a calendar day or a code as a whole.
fn skipped(chars: &[char], at: usize) -> usize {
    if let Some(end) = clock::calendar_day(chars, at) {
        return end - at;
    }
    let code = chars[at..]
        .iter()
        .take_while(|c| c.is_ascii_alphanumeric() || **c == '@')
        .count();
    code.max(1)
}

/// Where a word that is passed over ends.
fn after_blanks(chars: &[char], at: usize) -> usize {
    at + chars[at.min(chars.len())..]
        .iter()
        .take_while(|c| **c == ' ')
        .count()
}

fn starts(chars: &[char], at: usize, word: &str) -> Option<usize> {
    let end = at + word.chars().count();
    let found = chars.get(at..end)?;
    let whole = !word.ends_with(|c: char| c.is_ascii_alphabetic())
        || chars.get(end).is_none_or(|c| !c.is_ascii_alphanumeric());
    (whole && found.iter().copied().eq(word.chars())).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> (Kind, Amount) {
        (Kind::Time, Amount::Range(n * 1_440, n * 1_440))
    }

    fn of(kind: Kind, from: i64, to: i64) -> (Kind, Amount) {
        (kind, Amount::Range(from, to))
    }

    #[track_caller]
    fn check(text: &str, wanted: &[(Kind, Amount)]) {
        let (found, _) = quantities(text);
        let found: Vec<_> = found.into_iter().map(|q| (q.kind, q.amount)).collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn seven_days_in_many_ways() {
        for text in [
            "7 天内",
            "7天",
            "七天",
            "７日内",
            "七日内",
            "一周内",
            "1 个星期",
            "7 days",
            "a 7-day window",
            "seven days",
            "1 week",
            "168 小时",
            "七个自然日",
            "7 calendar days",
        ] {
            check(text, &[day(7)]);
        }
        check(
            "十五天、三十天、一百二十天、两天",
            &[day(15), day(30), day(120), day(2)],
        );
        check(
            "half a year, 第 1 天, 第二天, 2026 年, 11 月 10 日, 每月 8 日, 31 December",
            &[],
        );
    }

    #[test]
    fn ranges_and_working_days() {
        let work = |a: i64, b: i64| of(Kind::WorkingDays, a * 100, b * 100);
        for text in [
            "1–3 个工作日",
            "1-3工作日",
            "一到三个工作日",
            "1 to 3 working days",
            "1~3 business days",
        ] {
            check(text, &[work(1, 3)]);
        }
        check(
            "within 15 working days; an export takes 3.",
            &[work(15, 15), work(3, 3)],
        );
        check(
            "1–2 days, most provinces 2–4, remote ones 5–7.",
            &[
                of(Kind::Time, 1_440, 2_880),
                of(Kind::Time, 2_880, 5_760),
                of(Kind::Time, 7_200, 10_080),
            ],
        );
        check("分 3、6、12 期", &[]);
        check("size 38, 160/84A, QM2026110312", &[]);
    }

    #[test]
    fn money_and_shares() {
        let yuan = |n: i64| of(Kind::Money('¥'), n * 100, n * 100);
        for text in [
            "¥50",
            "￥50",
            "50 元",
            "50块",
            "五十元",
            "50 yuan",
            "RMB 50",
            "人民币 50 元",
        ] {
            check(text, &[yuan(50)]);
        }
        check("¥1,500 and 1.5万元", &[yuan(1_500), yuan(15_000)]);
        check("¥10–12", &[of(Kind::Money('¥'), 1_000, 1_200)]);
        let share = |a: i64, b: i64| of(Kind::Percent, a * 100, b * 100);
        for text in [
            "15%",
            "15 %",
            "百分之十五",
            "15 percent",
            "85 折",
            "8.5折",
            "八五折",
        ] {
            check(text, &[share(15, 15)]);
        }
        check("5%–15%", &[share(5, 15)]);
        check("八折", &[share(20, 20)]);
    }

    #[test]
    fn hours_and_contacts() {
        for text in [
            "10:00–22:00",
            "10:00 to 22:00",
            "10点到22点",
            "10 点到 22 点",
            "10 am to 10 pm",
            "10:00 至 22:00",
        ] {
            check(text, &[of(Kind::Hours, 600, 1_320)]);
        }
        check("before 16:00", &[of(Kind::Moment, 960, 960)]);
        for text in ["400-000-1688", "4000001688", "400 000 1688"] {
            check(text, &[(Kind::Phone, Amount::Text("4000001688".to_owned()))]);
        }
        check(
            "+86 139 1234 5678",
            &[(Kind::Phone, Amount::Text("13912345678".to_owned()))],
        );
        check(
            "Write to Help@Shop.example.",
            &[(Kind::Mail, Amount::Text("help@shop.example".to_owned()))],
        );
    }

    #[test]
    fn the_clause_is_what_stands_around() {
        let (found, bare) = quantities("质量问题 15 天内可退，30 天内可换。");
        let clauses: Vec<&str> = found.iter().map(|q| q.clause.trim()).collect();
        assert_eq!(clauses, ["质量问题     内可退", "内可换"]);
        assert!(!bare.contains("15"));
    }

    #[test]
    fn amounts_agree_when_both_may_be_said() {
        let agree = |one: &str, two: &str| {
            let (one, two) = (&quantities(one).0[0], &quantities(two).0[0]);
            one.kind == two.kind && one.amount.agrees(&two.amount, one.kind)
        };
        assert!(agree("48 小时", "two days") && agree("up to 3 days", "1–3 天"));
        assert!(agree("85 折", "85% of the price") && agree("85 折", "15% off"));
        assert!(agree("30 天", "1 个月") && agree("12 months", "1 年"));
        assert!(!agree("7 天", "7 working days") && !agree("7 天", "10 天") && !agree("2 天", "1–3 天"));
    }
}
