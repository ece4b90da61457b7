//! Which clock runs in a conversation, and when does it become urgent? Only opening hours count.

use schemars::JsonSchema;
use serde::Serialize;

use crate::bot::{HandoffRules, Shop};
use crate::conversation::Service;

/// What a customer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The first word of a person.
    FirstResponse,
    /// An answer to what they said.
    NextResponse,
    /// The end of the matter.
    Resolution,
}

/// The clock that runs and its thresholds, milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub clock: Clock,
    /// Time to hurry.
    pub amber_at: i64,
    /// Too late.
    pub red_at: i64,
}

/// The clock of a conversation that people have to do with.
#[must_use]
pub fn due(service: &Service, rules: &HandoffRules, shop: &Shop) -> Option<Due> {
    if !service.is_with_people() {
        return None;
    }
    let handed_at = service.handed_at?;
    let clocks = &rules.clocks;
    let (clock, pace, since) = match service.asked {
        _ if !service.replied => (Clock::FirstResponse, clocks.first_response, handed_at),
        Some(asked) => (Clock::NextResponse, clocks.next_response, asked.since),
        None => (Clock::Resolution, clocks.resolution, handed_at),
    };
    Some(Due {
        clock,
        amber_at: shop.open_after(since, pace.amber_s),
        red_at: shop.open_after(since, pace.red_s),
    })
}
