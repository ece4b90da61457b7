//! Lines of agents and teams: each stint counts for whose hands it was in, the end and its rating for who
//! brought it about.

use std::collections::{BTreeMap, BTreeSet};

use super::{Episode, Hands, Line, Passed, Seconds, Stint, Terms};

/// A mean of stars in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mean {
    sum: u32,
    pub count: u32,
}

impl Mean {
    pub fn extend(&mut self, stars: Option<u8>) {
        self.sum += stars.map_or(0, u32::from);
        self.count += u32::from(stars.is_some());
    }

    /// To two places.
    pub fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| rounded(f64::from(self.sum) / f64::from(self.count), 100.0))
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// A share to four places, `None` of nothing.
pub(super) fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| rounded(f64::from(part) / f64::from(whole), 10_000.0))
}

/// What somebody did, in the making.
#[derive(Debug, Default)]
pub(super) struct Tally {
    name: String,
    conversations: u32,
    replies: u32,
    resolved: u32,
    transferred: u32,
    waits_ms: Vec<i64>,
    first_responses_ms: Vec<i64>,
    resolutions_ms: Vec<i64>,
    in_time: u32,
    late: u32,
    stars: Mean,
}

/// Whose line it is, and whether passing it on counts there.
pub(super) type Key = fn(&Hands, Option<&Passed>) -> Option<String>;

/// Counts for the agent.
pub(super) fn by_agent(hands: &Hands, _passed: Option<&Passed>) -> Option<String> {
    Some(hands.account.clone()).filter(|account| !account.is_empty())
}

/// Counts for the team; what stays in the team was not passed on by it.
pub(super) fn by_team(hands: &Hands, passed: Option<&Passed>) -> Option<String> {
    let stays = |passed: &Passed| passed.to_team.is_none() || passed.to_team == hands.team;
    hands.team.clone().filter(|_| !passed.is_some_and(stays))
}

/// Adds an episode to the lines of those who had a hand in it.
pub(super) fn count(lines: &mut BTreeMap<String, Tally>, episode: &Episode, terms: Terms<'_>, key: Key) {
    let mut there = BTreeSet::new();
    for stint in &episode.stints {
        let Some(id) = key(&stint.hands, None) else {
            continue;
        };
        let tally = lines.entry(id.clone()).or_default();
        tally.stint(stint, terms);
        there.insert(id);
    }
    for passed in &episode.passed {
        if let Some(id) = key(&passed.hands, Some(passed)) {
            let tally = lines.entry(id).or_default();
            tally.named(&passed.hands);
            tally.transferred += 1;
        }
    }
    if let Some(ended) = &episode.ended
        && let Some(id) = key(&ended.hands, None)
    {
        let tally = lines.entry(id).or_default();
        tally.named(&ended.hands);
        tally.resolved += 1;
        tally.resolutions_ms.push(ended.at - ended.called);
        tally.stars.extend(episode.stars);
    }
    for id in there {
        lines.entry(id).or_default().conversations += 1;
    }
}

impl Tally {
    fn named(&mut self, hands: &Hands) {
        self.name.clone_from(&hands.name);
    }

    fn stint(&mut self, stint: &Stint, terms: Terms<'_>) {
        self.named(&stint.hands);
        self.replies += stint.replies;
        self.waits_ms
            .extend(stint.since.map(|since| stint.joined - since));
        let since = stint.since.unwrap_or(stint.joined);
        let red_s = terms.rules.clocks.first_response.red_s;
        let red_at = terms.shop.open_after(since, red_s);
        match stint.first_reply {
            Some(at) => {
                self.first_responses_ms.push(at - since);
                self.in_time += u32::from(at <= red_at);
                self.late += u32::from(at > red_at);
            }
            // Whoever passes it on in time, or may still answer in time, is not late.
            None => self.late += u32::from(stint.left.unwrap_or(terms.now) > red_at),
        }
    }
}

/// Lines with the names of today.
pub(super) fn finished(lines: BTreeMap<String, Tally>, names: &BTreeMap<String, String>) -> Vec<Line> {
    let line = |(id, tally): (String, Tally)| {
        let is_agents = tally.name.clone();
        Line {
            name: names.get(&id).cloned().unwrap_or(is_agents),
            id,
            conversations: tally.conversations,
            replies: tally.replies,
            resolved: tally.resolved,
            transferred: tally.transferred,
            wait_s: seconds(tally.waits_ms),
            first_response_s: seconds(tally.first_responses_ms),
            resolution_s: seconds(tally.resolutions_ms),
            within_sla: share(tally.in_time, tally.in_time + tally.late),
            rating: tally.stars.mean(),
            rated: tally.stars.count,
        }
    };
    lines.into_iter().map(line).collect()
}

/// Mean and 90th percentile (nearest rank) in seconds, to one place.
fn seconds(mut ms: Vec<i64>) -> Seconds {
    ms.sort_unstable();
    let count = ms.len();
    let Some(p90) = ms.get((count * 9).div_ceil(10).saturating_sub(1)) else {
        return Seconds::default();
    };
    let in_s = |ms: f64| rounded(ms / 1_000.0, 10.0);
    let sum: i64 = ms.iter().sum();
    Seconds {
        mean: Some(in_s(sum as f64 / count as f64)),
        p90: Some(in_s(*p90 as f64)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::conversation::{Cid, Event, HandoffReason, Lang, LeaveCause, Recorded};

    /// 2026-11-23, a Monday, 10:00 in Shanghai.
    const TEN: i64 = 1_795_399_200_000;

    fn shop() -> Shop {
        Shop {
            name: BTreeMap::new(),
            zone: "Asia/Shanghai".to_owned(),
            hours: [Some((540, 1320)); 7],
            origins: Vec::new(),
            order_no_prefix: String::new(),
            order_no_digits: 0,
            today: None,
            misunderstandings_max: 3,
            requests: BTreeMap::new(),
            connector: None,
        }
    }

    fn record(events: Vec<(i64, Event)>) -> Vec<Recorded> {
        let numbered = (1..).zip(events);
        numbered
            .map(|(seq, (second, event))| Recorded {
                seq,
                at: TEN + second * 1_000,
                event,
            })
            .collect()
    }

    fn said() -> Event {
        Event::CustomerSaid {
            cid: Cid::new("cid-00000001").unwrap(),
            text: "退款".to_owned(),
            choice: None,
            photos: Vec::new(),
        }
    }

    fn reply(agent: &str) -> Event {
        Event::AgentSaid {
            cid: Cid::new("cid-00000002").unwrap(),
            agent: agent.to_owned(),
            text: "好的".to_owned(),
            files: Vec::new(),
        }
    }

    fn called(team: &str) -> Event {
        Event::HandoffRequested {
            reason: HandoffReason::Asked,
            topic: None,
            team: Some(team.to_owned()),
            priority: 0,
        }
    }

    fn passed(account: &str, to_team: &str) -> Event {
        Event::Transferred {
            account: account.to_owned(),
            agent: account.to_owned(),
            to_account: None,
            to_agent: None,
            to_team: Some(to_team.to_owned()),
            note: None,
        }
    }

    fn rated(stars: u8) -> Event {
        Event::Rated {
            stars,
            reason: None,
            comment: None,
        }
    }

    fn report(conversations: Vec<Vec<(i64, Event)>>, to: &str) -> Report {
        let (shop, rules) = (shop(), HandoffRules::default());
        let all: Vec<Episode> = conversations
            .into_iter()
            .flat_map(|events| episodes(&record(events)))
            .collect();
        let span = Span::new("2026-11-23", to, &shop).unwrap();
        let terms = Terms {
            rules: &rules,
            shop: &shop,
            now: TEN + 40 * 3_600_000,
        };
        let agents = BTreeMap::from([("lin".to_owned(), "小林".to_owned())]);
        Report::of(&all, &span, terms, &agents, &BTreeMap::new())
    }

    /// Called at 10 s, lin joins at 40, replies at 50, passes on at 100 to `money`; may joins at 130, replies at
    /// 400 and 410, ends at 500; four stars.
    fn transferred() -> Vec<(i64, Event)> {
        vec![
            (0, said()),
            (10, called("service")),
            (40, Event::joined("lin", "小林")),
            (50, reply("小林")),
            (100, passed("lin", "money")),
            (130, Event::joined("may", "May")),
            (400, reply("May")),
            (410, reply("May")),
            (500, Event::resolved("may", "May")),
            (520, rated(4)),
        ]
    }

    #[test]
    fn a_transfer_credits_each() {
        let report = report(vec![transferred()], "2026-11-23");
        let [lin, may] = &report.agents[..] else {
            panic!("{:?}", report.agents);
        };
        let both = |s| Seconds {
            mean: Some(s),
            p90: Some(s),
        };
        assert_eq!((lin.id.as_str(), lin.name.as_str()), ("lin", "小林"));
        assert_eq!(
            (lin.conversations, lin.replies, lin.resolved, lin.transferred),
            (1, 1, 0, 1)
        );
        assert_eq!((lin.wait_s, lin.first_response_s), (both(30.0), both(40.0)));
        assert_eq!(
            (lin.resolution_s, lin.rating, lin.rated),
            (Seconds::default(), None, 0)
        );
        assert_eq!(lin.within_sla, Some(1.0));
        assert_eq!(
            (may.conversations, may.replies, may.resolved, may.transferred),
            (1, 2, 1, 0)
        );
        assert_eq!((may.wait_s, may.first_response_s), (both(30.0), both(300.0)));
        assert_eq!(
            (may.resolution_s, may.rating, may.rated),
            (both(490.0), Some(4.0), 1)
        );
        assert_eq!(may.within_sla, Some(0.0), "red after 180 s");
        let teams: Vec<(&str, u32, u32, u32)> = report
            .teams
            .iter()
            .map(|team| {
                (
                    team.id.as_str(),
                    team.conversations,
                    team.transferred,
                    team.resolved,
                )
            })
            .collect();
        assert_eq!(teams, [("money", 1, 0, 1), ("service", 1, 1, 0)]);
    }

    #[test]
    fn containment_is_where_people_were_never_called() {
        let alone = vec![(0, said()), (1, said())];
        let silent = Vec::new();
        let report = report(vec![alone.clone(), alone, transferred(), silent], "2026-11-23");
        let bot = &report.bot;
        assert_eq!((bot.conversations, bot.contained, bot.handed_off), (3, 2, 1));
        assert_eq!((bot.containment, bot.rating), (Some(0.6667), None));
        let day = &report.days[0];
        assert_eq!(
            (day.conversations, day.handed_off, day.resolved, day.rating),
            (3, 1, 1, Some(4.0))
        );
    }

    #[test]
    fn a_new_matter_is_a_new_episode_on_its_own_day() {
        let day = 24 * 3_600;
        let mut events = transferred();
        // Behind the end, the next morning; then with the bot again after more than a day.
        events.push((day, said()));
        events.push((2 * day + 1, said()));
        events.push((3 * day, said()));
        let report = report(vec![events], "2026-11-26");
        let days: Vec<u32> = report.days.iter().map(|day| day.conversations).collect();
        assert_eq!(
            days,
            [1, 1, 1, 0],
            "the last one came within a day of the one before"
        );
        assert_eq!(report.bot.contained, 2);
    }

    #[test]
    fn waits_count_anew_when_a_laptop_is_closed() {
        let events = vec![
            (0, said()),
            (0, called("service")),
            (10, Event::joined("lin", "小林")),
            (
                600,
                Event::AgentLeft {
                    account: "lin".to_owned(),
                    agent: "小林".to_owned(),
                    cause: LeaveCause::Lost,
                },
            ),
            (620, Event::joined("may", "May")),
            (630, reply("May")),
        ];
        let report = report(vec![events], "2026-11-23");
        let [lin, may] = &report.agents[..] else {
            panic!("{:?}", report.agents);
        };
        assert_eq!(
            (lin.within_sla, lin.first_response_s.mean),
            (Some(0.0), None),
            "never answered"
        );
        assert_eq!(
            (may.wait_s.mean, may.first_response_s.mean),
            (Some(20.0), Some(30.0))
        );
    }

    #[test]
    fn the_night_does_not_count_against_anybody() {
        // Called at 21:59:00, answered the next morning at 09:01: two minutes of opening hours.
        let late = 12 * 3_600 - 60;
        let morning = 23 * 3_600 + 60;
        let events = vec![
            (late, said()),
            (late, called("service")),
            (morning - 10, Event::joined("lin", "小林")),
            (morning, reply("小林")),
        ];
        let lin = &report(vec![events], "2026-11-23").agents[0];
        assert_eq!(lin.within_sla, Some(1.0));
        assert_eq!(lin.first_response_s.mean, Some((morning - late) as f64));
    }

    #[test]
    fn nine_of_ten() {
        let conversation = |wait: i64| {
            let joined = (wait, Event::joined("lin", "小林"));
            vec![(0, said()), (0, called("service")), joined]
        };
        let report = report((1..=10).map(conversation).collect(), "2026-11-23");
        let wait = report.agents[0].wait_s;
        assert_eq!((wait.mean, wait.p90), (Some(5.5), Some(9.0)));
    }

    #[test]
    fn spans_are_days_of_the_shop() {
        let shop = shop();
        let span = Span::new("2026-11-23", "2026-11-24", &shop).unwrap();
        assert_eq!(span.begins(), TEN - 10 * 3_600_000);
        assert_eq!(span.ends(), span.begins() + 48 * 3_600_000);
        assert!(Span::new("2026-01-01", "2026-12-31", &shop).is_ok());
        assert!(Span::new("2024-01-01", "2024-12-31", &shop).is_ok(), "366 days");
        assert_eq!(
            Span::new("2025-01-01", "2026-01-02", &shop),
            Err(NoSpan::TooLong(367))
        );
        assert_eq!(
            Span::new("2026-11-24", "2026-11-23", &shop),
            Err(NoSpan::Backwards)
        );
        assert!(matches!(
            Span::new("morgen", "2026-11-23", &shop),
            Err(NoSpan::BadDay(_))
        ));
    }

    #[test]
    fn cells_are_never_formulas() {
        let mut report = report(vec![transferred()], "2026-11-23");
        report.agents[0].name = "=1+1,\"x\"".to_owned();
        let text = csv(&report, Sheet::Agents, Lang::Zh);
        assert!(text.starts_with("\u{feff}ID,名称,会话数"), "{text}");
        assert!(
            text.contains("\r\nlin,\"'=1+1,\"\"x\"\"\",1,1,0,1,30,30,40,40,,,1,,0\r\n"),
            "{text}"
        );
        let days = csv(&report, Sheet::Days, Lang::En);
        assert_eq!(
            days,
            "\u{feff}day,conversations,handed off,resolved,rating\r\n2026-11-23,1,1,1,4\r\n"
        );
    }
}
