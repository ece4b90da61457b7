//! How long will it take? Told from what was seen lately, and not told when nothing was.

use std::collections::VecDeque;

/// Claims remembered.
const CLAIMS_MAX: usize = 50;
/// How long they count, in milliseconds.
const CLAIMS_MS_MAX: i64 = 30 * 60_000;
/// Fewest claims that tell a pace.
const CLAIMS_MIN: usize = 3;
/// Longest wait told, in seconds; beyond that nobody knows.
const WAIT_S_MAX: u64 = 2 * 3_600;

/// The pace at which people were taken out of the queue lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When, milliseconds since 1970.
    claims: VecDeque<i64>,
}

impl Pace {
    /// Somebody was taken.
    pub fn claimed(&mut self, at: i64) {
        self.claims.push_back(at);
        if self.claims.len() > CLAIMS_MAX {
            self.claims.pop_front();
        }
    }

    /// Seconds until the `place`th in the queue is likely to be served, given so many free hands and so
    /// many seconds an offer may stand.
    pub fn wait_s(&self, place: u64, free: u64, accept_s: u64, now: i64) -> Option<u64> {
        if place <= free {
            return Some(accept_s);
        }
        let lately = self.claims.iter().filter(|at| **at > now - CLAIMS_MS_MAX);
        let count = lately.clone().count();
        let first = lately.min()?;
        let span = u64::try_from(now - first).ok()? / 1_000;
        if count < CLAIMS_MIN {
            return None;
        }
        let each = span.div_ceil(count as u64 - 1).max(1);
        Some(each * (place - free)).filter(|wait| *wait <= WAIT_S_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_follows_the_pace() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait_s(1, 1, 30, 0), Some(30), "a free hand takes it at once");
        assert_eq!(pace.wait_s(1, 0, 30, 0), None, "nothing was seen yet");
        for minute in 0..5 {
            pace.claimed(minute * 60_000);
        }
        let now = 4 * 60_000;
        assert_eq!(pace.wait_s(1, 0, 30, now), Some(60));
        assert_eq!(pace.wait_s(4, 1, 30, now), Some(180));
        assert_eq!(
            pace.wait_s(4, 1, 30, now + CLAIMS_MS_MAX),
            None,
            "that was long ago"
        );
    }
}
