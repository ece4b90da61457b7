//! A shop that is down is left alone for a while, so that customers need not wait for it and it can get up.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Calls that fail in a row before the shop is left alone.
const FAILURES_MAX: u32 = 5;
/// How long it is left alone; then one call may try.
const OPEN: Duration = Duration::from_secs(30);

/// Counts failures in a row. Closed, calls pass; open, they do not.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made now. Once the time is over, one call passes; the others wait for what
    /// comes of it. A call that is given up tells nothing, and the next may try after the same time again.
    pub(super) fn passes(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.open_until {
            None => true,
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                state.open_until = Some(Instant::now() + OPEN);
                true
            }
        }
    }

    /// Takes down how a call went.
    pub(super) fn record(&self, went_well: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if went_well {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES_MAX {
            state.open_until = Some(Instant::now() + OPEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_open_it_and_one_call_tries_again() {
        let breaker = Breaker::default();
        (0..4).for_each(|_| breaker.record(false));
        breaker.record(true);
        (0..4).for_each(|_| breaker.record(false));
        assert!(breaker.passes(), "not five in a row");
        breaker.record(false);
        assert!(!breaker.passes());
        tokio::time::advance(OPEN - Duration::from_millis(1)).await;
        assert!(!breaker.passes());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(breaker.passes() && !breaker.passes(), "one, and no second");
        breaker.record(false);
        tokio::time::advance(OPEN).await;
        assert!(
            breaker.passes() && !breaker.passes(),
            "the try failed: closed to others again"
        );
        breaker.record(true);
        assert!(breaker.passes() && breaker.passes());
    }
}
