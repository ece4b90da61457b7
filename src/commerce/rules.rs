//! When a request may be made: the rules of `shop.yaml` applied to an order.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::bot::{Bot, DaysFrom, Order, RequestRule};

/// `yes`, `too_late`, `wrong_state` or `already`, and the days allowed if days count.
pub(super) fn may(
    bot: &Bot,
    kind: &str,
    order: &Order,
    level: &str,
    slots: &BTreeMap<String, String>,
    now: i64,
) -> (&'static str, Option<i64>) {
    let Some(rule) = bot.shop.requests.get(kind) else {
        return ("wrong_state", None);
    };
    let days = days_allowed(rule, level, slots);
    let made = order.requested.iter().any(|made| made == kind);
    let outcome = if made || (rule.becomes.is_some() && rule.becomes == Some(order.state)) {
        "already"
    } else if !rule.states.is_empty() && !rule.states.contains(&order.state) {
        "wrong_state"
    } else {
        let since = days_since(bot, counted_from(rule, order), now);
        let late = days.zip(since).is_some_and(|(days, since)| since > days);
        if late { "too_late" } else { "yes" }
    };
    (outcome, days)
}

/// The day that a rule's term counts from.
pub(super) fn counted_from<'a>(rule: &RequestRule, order: &'a Order) -> &'a str {
    match rule.days_from {
        DaysFrom::Delivered => &order.delivered_on,
        DaysFrom::Placed => &order.placed_on,
    }
}

/// The longest term that fits the customer's level and what was collected.
fn days_allowed(rule: &RequestRule, level: &str, slots: &BTreeMap<String, String>) -> Option<i64> {
    let fits = |key: &str| match key.split_once(':') {
        Some(("level", name)) => name == level,
        Some((slot, value)) => slots.get(slot).is_some_and(|filled| filled == value),
        None => false,
    };
    let longer = rule
        .days_by
        .iter()
        .filter(|(key, _)| fits(key))
        .map(|(_, days)| *days);
    rule.days_max.map(|days| longer.fold(days, i64::max))
}

/// Days from a calendar day to the shop's today; `None` for a day that is not given.
pub(super) fn days_since(bot: &Bot, day: &str, now: i64) -> Option<i64> {
    let day: Date = day.parse().ok()?;
    Some(i64::from((bot.shop.day_of(now) - day).get_days()))
}
