//! The rate at which a conversation may speak by requests: one meter each, in a map that cannot grow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::DefaultDirectRateLimiter;

use super::limits::SocketLimits;
use crate::conversation::ConversationId;

/// Conversations metered at once.
const METERS_MAX: usize = 10_000;

/// Meters by conversation.
pub struct Meters {
    limits: Arc<SocketLimits>,
    meters_max: usize,
    /// After so long a meter is as good as a fresh one.
    rested: Duration,
    by_id: Mutex<HashMap<ConversationId, Meter>>,
}

struct Meter {
    rate: DefaultDirectRateLimiter,
    used: Instant,
}

impl Meters {
    /// Meters with the rate of sockets.
    #[must_use]
    pub fn new(limits: Arc<SocketLimits>) -> Self {
        Self::with_room(limits, METERS_MAX)
    }

    fn with_room(limits: Arc<SocketLimits>, meters_max: usize) -> Self {
        let seconds = limits.frames_burst_max / limits.frames_per_s_max.max(1) + 1;
        Self {
            limits,
            meters_max,
            rested: Duration::from_secs(u64::from(seconds)),
            by_id: Mutex::default(),
        }
    }

    /// Whether one more is within the rate. Asked only for who has shown the conversation's token, so that
    /// strangers neither use up its meter nor fill the map.
    #[must_use]
    pub fn allow(&self, id: &ConversationId) -> bool {
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        if !by_id.contains_key(id) && by_id.len() >= self.meters_max {
            by_id.retain(|_, meter| meter.used.elapsed() < self.rested);
            if by_id.len() >= self.meters_max {
                return false;
            }
        }
        let meter = by_id.entry(id.clone()).or_insert_with(|| Meter {
            rate: self.limits.meter(),
            used: Instant::now(),
        });
        meter.used = Instant::now();
        meter.rate.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ConversationId {
        ConversationId::new(format!("conversation-{n}")).unwrap()
    }

    #[test]
    fn each_has_its_own_rate() {
        let limits = SocketLimits {
            frames_burst_max: 3,
            ..SocketLimits::default()
        };
        let meters = Meters::new(Arc::new(limits));
        assert!((0..3).all(|_| meters.allow(&id(1))));
        assert!(!meters.allow(&id(1)));
        assert!(meters.allow(&id(2)));
    }

    #[test]
    fn the_map_has_an_end_and_forgets_who_rests() {
        let limits = SocketLimits {
            frames_burst_max: 1,
            frames_per_s_max: 1_000,
            ..SocketLimits::default()
        };
        let mut meters = Meters::with_room(Arc::new(limits), 2);
        assert!(meters.allow(&id(1)) && meters.allow(&id(2)));
        assert!(!meters.allow(&id(3)), "no room");
        meters.rested = Duration::ZERO;
        assert!(meters.allow(&id(3)), "the others rest");
        assert_eq!(meters.by_id.lock().unwrap().len(), 1);
    }
}
