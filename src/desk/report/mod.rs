//! How is the work going? Figures of the bot, of each agent, team and day, counted from episodes. An episode
//! belongs to the day on which it began.

mod episodes;
mod lines;
mod sheet;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

pub use episodes::{Episode, episodes};
use episodes::{Hands, Passed, Stint};
pub use sheet::{Sheet, csv};

use crate::bot::{HandoffRules, Shop};
use lines::{Mean, Tally};

/// Longest report, in days.
pub const DAYS_MAX: usize = 366;

/// Days of the shop's calendar, first and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    from: Date,
    to: Date,
    zone: TimeZone,
}

/// Why there is no such span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSpan {
    /// Not a day.
    #[error("`{0}` is no day; write it as 2026-11-23")]
    BadDay(String),
    /// The last day lies before the first.
    #[error("`to` is before `from`; turn them round")]
    Backwards,
    /// More than a year.
    #[error("{0} days; a report has at most {DAYS_MAX}, ask for a shorter time")]
    TooLong(i32),
}

impl Span {
    /// The days from one to another, both included.
    ///
    /// # Errors
    /// When a day is none, or there are none or too many of them.
    pub fn new(from: &str, to: &str, shop: &Shop) -> Result<Self, NoSpan> {
        let day = |text: &str| text.parse().map_err(|_| NoSpan::BadDay(text.to_owned()));
        let (from, to): (Date, Date) = (day(from)?, day(to)?);
        let span = Self {
            from,
            to,
            // The zone was checked when the folder was read.
            zone: TimeZone::get(&shop.zone).unwrap_or(TimeZone::UTC),
        };
        let days = from
            .until(to)
            .map_or(i32::MAX, |span| span.get_days())
            .saturating_add(1);
        match usize::try_from(days) {
            Ok(1..=DAYS_MAX) => Ok(span),
            Ok(1..) => Err(NoSpan::TooLong(days)),
            _ => Err(NoSpan::Backwards),
        }
    }

    fn start_of(&self, day: Date) -> i64 {
        let midnight = day.to_datetime(jiff::civil::Time::midnight());
        let start = self.zone.to_timestamp(midnight);
        start.map_or(i64::MAX, jiff::Timestamp::as_millisecond)
    }

    /// The first moment, milliseconds since 1970.
    #[must_use]
    pub fn begins(&self) -> i64 {
        self.start_of(self.from)
    }

    /// The first moment behind it.
    #[must_use]
    pub fn ends(&self) -> i64 {
        self.to.tomorrow().map_or(i64::MAX, |day| self.start_of(day))
    }

    fn day_of(&self, at: i64) -> Option<Date> {
        let moment = jiff::Timestamp::from_millisecond(at).ok()?;
        Some(self.zone.to_datetime(moment).date())
    }

    fn days(&self) -> impl Iterator<Item = Date> {
        let all = std::iter::successors(Some(self.from), |day| day.tomorrow().ok());
        all.take_while(|day| *day <= self.to)
    }
}

/// What the bot did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BotLine {
    /// Episodes in which the customer said something.
    pub conversations: u32,
    /// Those in which people were never called.
    pub contained: u32,
    /// Their share, 0..=1; `None` without any.
    pub containment: Option<f64>,
    /// Those in which people were called.
    pub handed_off: u32,
    /// Mean of the stars for what the bot did alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<f64>,
    /// How many there are.
    pub rated: u32,
}

/// Seconds, on average and for nine of ten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// On average; `None` where nothing was measured.
    pub mean: Option<f64>,
    /// Nine of ten took no longer.
    pub p90: Option<f64>,
}

/// What an agent or a team did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Line {
    /// Account, or id of the team.
    pub id: String,
    /// Name as shown.
    pub name: String,
    /// Episodes they had a hand in.
    pub conversations: u32,
    /// Messages to customers.
    pub replies: u32,
    /// Episodes they brought to an end.
    pub resolved: u32,
    /// Times they passed one on.
    pub transferred: u32,
    /// How long customers waited in the queue until they took it.
    pub wait_s: Seconds,
    /// How long until they said something, from the call or the transfer on.
    pub first_response_s: Seconds,
    /// How long from the call to the end, of those they brought to an end.
    pub resolution_s: Seconds,
    /// Share of first responses within the red threshold of `clocks.first_response`, opening hours only.
    pub within_sla: Option<f64>,
    /// Mean of the stars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<f64>,
    /// How many there are.
    pub rated: u32,
}

/// What began on a day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DayLine {
    /// The day.
    pub day: Date,
    /// Episodes in which the customer said something.
    pub conversations: u32,
    /// Those in which people were called.
    pub handed_off: u32,
    /// Those that people brought to an end.
    pub resolved: u32,
    /// Mean of the stars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<f64>,
}

/// See the module's word.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The bot.
    pub bot: BotLine,
    /// Agents with something to tell, by account.
    pub agents: Vec<Line>,
    /// Teams with something to tell, by id.
    pub teams: Vec<Line>,
    /// Every day of the time.
    pub days: Vec<DayLine>,
}

/// What figures are weighed by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The shop's clocks.
    pub rules: &'a HandoffRules,
    /// Its opening hours.
    pub shop: &'a Shop,
    /// Now, milliseconds since 1970.
    pub now: i64,
}

impl Report {
    /// Counts. `agents` and `teams` give the names of accounts and teams; who left is called as they were then.
    #[must_use]
    pub fn of(
        episodes: &[Episode],
        span: &Span,
        terms: Terms<'_>,
        agents: &BTreeMap<String, String>,
        teams: &BTreeMap<String, String>,
    ) -> Self {
        let mut days: BTreeMap<Date, (DayLine, Mean)> = span.days().map(|day| (day, empty(day))).collect();
        let (mut bot, mut stars) = (BotLine::default(), Mean::default());
        let mut by_agent = BTreeMap::<String, Tally>::new();
        let mut by_team = BTreeMap::<String, Tally>::new();
        for episode in episodes {
            let day = span.day_of(episode.began).and_then(|day| days.get_mut(&day));
            let Some((day, day_stars)) = day else {
                continue;
            };
            let handed_off = u32::from(episode.spoken && episode.called.is_some());
            day.conversations += u32::from(episode.spoken);
            day.handed_off += handed_off;
            day.resolved += u32::from(episode.ended.is_some());
            day_stars.extend(episode.stars);
            bot.conversations += u32::from(episode.spoken);
            bot.handed_off += handed_off;
            if episode.called.is_none() {
                stars.extend(episode.stars);
            }
            lines::count(&mut by_agent, episode, terms, lines::by_agent);
            lines::count(&mut by_team, episode, terms, lines::by_team);
        }
        bot.contained = bot.conversations - bot.handed_off;
        bot.containment = lines::share(bot.contained, bot.conversations);
        (bot.rating, bot.rated) = (stars.mean(), stars.count);
        let finished = days.into_values().map(|(day, stars)| DayLine {
            rating: stars.mean(),
            ..day
        });
        Self {
            from: span.from,
            to: span.to,
            bot,
            agents: lines::finished(by_agent, agents),
            teams: lines::finished(by_team, teams),
            days: finished.collect(),
        }
    }
}

fn empty(day: Date) -> (DayLine, Mean) {
    let line = DayLine {
        day,
        conversations: 0,
        handed_off: 0,
        resolved: 0,
        rating: None,
    };
    (line, Mean::default())
}
