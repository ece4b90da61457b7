//! `shop.yaml`: the shop's name, opening hours, who may embed the widget, and its number formats.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::catalogue::OrderState;
use super::connector::{ConnectorRule, check_connector};
use super::places::Places;
use super::problem::Problems;
use super::yaml;
use crate::conversation::Lang;

/// Largest settings file, in bytes.
const SHOP_BYTES_MAX: u64 = 64 * 1024;

/// Days looked ahead for opening hours.
const DAYS_LOOKED_AHEAD: i32 = 15;

/// When people are at work on one weekday, as minutes since midnight, or a free day.
pub type Day = Option<(u16, u16)>;

/// The shop as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shop {
    /// Name by language.
    pub name: BTreeMap<Lang, String>,
    /// IANA time zone of the opening hours.
    pub zone: String,
    /// Hours of the human agents, Monday first.
    pub hours: [Day; 7],
    /// Origins that may embed the widget, such as `https://shop.example`; the server's own always may.
    pub origins: Vec<String>,
    /// Letters an order number starts with.
    pub order_no_prefix: String,
    /// Digits that follow them.
    pub order_no_digits: usize,
    /// The day a demo shop's calendar stands still on, `YYYY-MM-DD`; `None` for real shops.
    pub today: Option<String>,
    /// Misunderstandings in a row before a person is offered.
    pub misunderstandings_max: u8,
    /// What customers may have done, by kind.
    pub requests: BTreeMap<String, RequestRule>,
    /// The shop's own system; without it the tables of `catalogue/` serve.
    pub connector: Option<ConnectorRule>,
}

/// What the term of a request counts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DaysFrom {
    /// The day of delivery.
    #[default]
    Delivered,
    /// The day of the order.
    Placed,
}

/// When a kind of request may be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRule {
    /// Two letters its numbers begin with.
    pub prefix: String,
    /// States of the order in which it may be made; none if it is about no order.
    #[serde(default)]
    pub states: Vec<OrderState>,
    /// Days within which it may be made.
    #[serde(default)]
    pub days_max: Option<i64>,
    /// What the days count from.
    #[serde(default)]
    pub days_from: DaysFrom,
    /// Other terms, by `slot:value` or `level:name`; the longest that fits counts.
    #[serde(default)]
    pub days_by: BTreeMap<String, i64>,
    /// The state it brings the order into.
    #[serde(default)]
    pub becomes: Option<OrderState>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopFile {
    name: BTreeMap<Lang, String>,
    zone: String,
    hours: Hours,
    #[serde(default)]
    origins: Vec<String>,
    order_numbers: OrderNumbers,
    #[serde(default)]
    today: Option<String>,
    #[serde(default = "misunderstandings_default")]
    misunderstandings_max: u8,
    #[serde(default)]
    requests: BTreeMap<String, RequestRule>,
    #[serde(default)]
    connector: Option<ConnectorRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderNumbers {
    prefix: String,
    digits: usize,
}

/// Weekday by weekday; a day left out is a free day.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Hours {
    mon: Option<String>,
    tue: Option<String>,
    wed: Option<String>,
    thu: Option<String>,
    fri: Option<String>,
    sat: Option<String>,
    sun: Option<String>,
}

fn misunderstandings_default() -> u8 {
    3
}

/// Reads `shop.yaml`.
pub(super) fn load_shop(file: &Path, problems: &mut Problems) -> Option<Shop> {
    let text = yaml::read(file, SHOP_BYTES_MAX, problems)?;
    let parsed: ShopFile = yaml::parse(file, 0, &text, "bad_yaml", problems)?;
    let mut checking = Checking {
        file,
        places: Places::of(&text),
        problems,
    };
    checking.general(&parsed);
    checking.requests(&parsed.requests);
    if let Some(connector) = &parsed.connector {
        check_connector(file, &checking.places, connector, checking.problems);
    }
    let hours = checking.hours(parsed.hours);
    Some(Shop {
        name: parsed.name,
        zone: parsed.zone,
        hours,
        origins: parsed.origins,
        order_no_prefix: parsed.order_numbers.prefix,
        order_no_digits: parsed.order_numbers.digits.clamp(4, 20),
        today: parsed.today,
        misunderstandings_max: parsed.misunderstandings_max.clamp(1, 10),
        requests: parsed.requests,
        connector: parsed.connector,
    })
}

/// The file on its way to a shop.
struct Checking<'a> {
    file: &'a Path,
    places: Places,
    problems: &'a mut Problems,
}

impl Checking<'_> {
    fn error(&mut self, path: &[&str], code: &'static str, message: String) {
        let line = self.places.line(path);
        self.problems.error(self.file, line, code, message);
    }

    fn general(&mut self, shop: &ShopFile) {
        for lang in Lang::ALL.into_iter().filter(|lang| !shop.name.contains_key(lang)) {
            self.error(&["name"], "missing_lang", format!("name has no `{lang}`; add it"));
        }
        if jiff::tz::TimeZone::get(&shop.zone).is_err() {
            let message = format!(
                "there is no time zone `{}`; use a name such as Asia/Shanghai",
                shop.zone
            );
            self.error(&["zone"], "bad_zone", message);
        }
        if let Some(today) = &shop.today
            && today.parse::<jiff::civil::Date>().is_err()
        {
            let message = format!("today `{today}` is no day; write it as 2026-11-23, or take the line out");
            self.error(&["today"], "bad_date", message);
        }
    }

    /// Numbers of requests tell their kind by their letters.
    fn requests(&mut self, requests: &BTreeMap<String, RequestRule>) {
        let mut seen = BTreeMap::new();
        for (kind, rule) in requests {
            let path = ["requests", kind, "prefix"];
            if rule.prefix.len() != 2 || !rule.prefix.bytes().all(|b| b.is_ascii_uppercase()) {
                let message = format!("prefix `{}` of `{kind}`; write two capital letters", rule.prefix);
                self.error(&path, "bad_prefix", message);
            }
            if let Some(other) = seen.insert(&rule.prefix, kind) {
                let message = format!("`{kind}` and `{other}` have the same prefix; give one another");
                self.error(&path, "duplicate_prefix", message);
            }
        }
    }

    fn hours(&mut self, hours: Hours) -> [Day; 7] {
        let Hours {
            mon,
            tue,
            wed,
            thu,
            fri,
            sat,
            sun,
        } = hours;
        let days = [mon, tue, wed, thu, fri, sat, sun];
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let mut read = [None; 7];
        for ((day, name), read) in days.into_iter().zip(names).zip(&mut read) {
            *read = day.and_then(|text| self.day(name, &text));
        }
        read
    }

    fn day(&mut self, name: &str, text: &str) -> Day {
        let parsed = text
            .split_once('-')
            .and_then(|(from, to)| Some((minutes(from)?, minutes(to)?)));
        let day = parsed.filter(|(from, to)| from < to);
        if day.is_none() {
            let message = format!("hours `{text}`; write them as 09:00-22:00");
            self.error(&["hours", name], "bad_hours", message);
        }
        day
    }
}

fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
}

impl Shop {
    /// What stands for a shop whose settings cannot be read, so that the rest can still be looked over.
    pub(super) fn unread() -> Self {
        Self {
            connector: None,
            name: BTreeMap::new(),
            zone: String::new(),
            hours: [None; 7],
            origins: Vec::new(),
            order_no_prefix: String::new(),
            order_no_digits: 0,
            today: None,
            misunderstandings_max: misunderstandings_default(),
            requests: BTreeMap::new(),
        }
    }

    /// Whether people are at work at a moment (milliseconds since 1970).
    #[must_use]
    pub fn is_open(&self, at: i64) -> bool {
        let Ok(moment) = jiff::Timestamp::from_millisecond(at) else {
            return false;
        };
        let Ok(local) = moment.in_tz(&self.zone) else {
            return false;
        };
        let day = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        self.hours[day].is_some_and(|(from, to)| (from..to).contains(&minute))
    }

    /// The opening hours of a day and of those that follow, as moments; a fortnight looks far enough.
    fn openings(&self, from: i64) -> impl Iterator<Item = (i64, i64)> {
        let zoned = jiff::Timestamp::from_millisecond(from)
            .ok()
            .and_then(|moment| moment.in_tz(&self.zone).ok());
        let days = zoned.into_iter().flat_map(|first| {
            (0..DAYS_LOOKED_AHEAD).filter_map(move |ahead| {
                let day = first.date().checked_add(jiff::Span::new().days(ahead)).ok()?;
                Some((day, first.time_zone().clone()))
            })
        });
        days.filter_map(|(day, zone)| {
            let (open, close) =
                self.hours[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())]?;
            let at = |minute: u16| {
                let span = jiff::Span::new().minutes(i64::from(minute));
                let moment = day
                    .to_datetime(jiff::civil::Time::midnight())
                    .checked_add(span)
                    .ok()?;
                Some(zone.to_timestamp(moment).ok()?.as_millisecond())
            };
            Some((at(open)?, at(close)?))
        })
    }

    /// The moment when so many seconds of opening hours have passed; seconds of the clock where there are none.
    #[must_use]
    pub fn open_after(&self, at: i64, seconds: u32) -> i64 {
        let mut left = i64::from(seconds) * 1_000;
        for (open, close) in self.openings(at) {
            let from = open.max(at);
            if from >= close {
                continue;
            }
            if left <= close - from {
                return from + left;
            }
            left -= close - from;
        }
        at + i64::from(seconds) * 1_000
    }

    /// When people are at work next, `None` if they are now or nobody knows.
    #[must_use]
    pub fn opens_at(&self, at: i64) -> Option<i64> {
        let mut openings = self.openings(at).filter(|(_, close)| *close > at);
        openings.next().map(|(open, _)| open).filter(|open| *open > at)
    }

    /// The hour of a moment where the shop is.
    #[must_use]
    pub fn hour_of(&self, at: i64) -> Option<i8> {
        let moment = jiff::Timestamp::from_millisecond(at).ok()?;
        Some(moment.in_tz(&self.zone).ok()?.hour())
    }

    /// The calendar day of a moment where the shop is.
    #[must_use]
    pub fn day_of(&self, at: i64) -> jiff::civil::Date {
        let stands_still = self.today.as_ref().and_then(|day| day.parse().ok());
        let by_clock = || {
            let moment = jiff::Timestamp::from_millisecond(at).ok()?;
            Some(moment.in_tz(&self.zone).ok()?.date())
        };
        // The zone was checked when the folder was read.
        stands_still.or_else(by_clock).unwrap_or_default()
    }

    /// The name in a language.
    #[must_use]
    pub fn name(&self, lang: Lang) -> &str {
        self.name.get(&lang).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Shop {
        Shop {
            name: BTreeMap::new(),
            zone: "Asia/Shanghai".to_owned(),
            hours: [Some((540, 1320)), None, None, None, None, None, None],
            ..Shop::unread()
        }
    }

    #[test]
    fn opening_hours_are_local() {
        // 2026-11-23 is a Monday; 01:00 UTC is 09:00 in Shanghai.
        let nine = 1_795_395_600_000;
        assert!(shop().is_open(nine));
        assert!(!shop().is_open(nine - 1));
        assert!(!shop().is_open(nine + 24 * 3_600_000), "Tuesday is free");
    }

    #[test]
    fn only_opening_hours_count() {
        let nine = 1_795_395_600_000;
        let hour = 3_600_000;
        assert_eq!(shop().open_after(nine + hour, 60), nine + hour + 60_000);
        assert_eq!(
            shop().open_after(nine - hour, 60),
            nine + 60_000,
            "before the day"
        );
        let week = 7 * 24 * hour;
        let closes = nine + 13 * hour;
        assert_eq!(
            shop().open_after(closes - 30_000, 60),
            nine + week + 30_000,
            "over the end"
        );
        assert_eq!(
            Shop::unread().open_after(nine, 60),
            nine + 60_000,
            "no hours, no rest"
        );
        assert_eq!(shop().opens_at(nine), None);
        assert_eq!(shop().opens_at(closes), Some(nine + week));
    }

    #[test]
    fn times_of_day() {
        assert_eq!(minutes("09:30"), Some(570));
        assert_eq!(minutes("25:00"), None);
        assert_eq!(minutes("9"), None);
    }
}
