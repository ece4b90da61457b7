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
