//! Calls to the shop on its own data: one function a call, answering with an outcome that flows go
//! on by.

use sha2::{Digest, Sha256};

use super::{Desk, order_card};
use crate::bot::{Order, OrderState};
use crate::conversation::{Event, Tracker};

/// Days from delivery within which things go back without a reason.
const RETURN_DAYS: i64 = 7;
/// The same for faults and our own mistakes.
const FAULT_RETURN_DAYS: i64 = 15;
/// The same for the highest level.
const CROWN_RETURN_DAYS: i64 = 30;

pub(super) fn call(desk: &Desk<'_>, tracker: &Tracker, call: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let outcome = match call {
        "find_order" => find_order(desk, tracker),
        "check_owner" => check_owner(desk, tracker),
        "check_returnable" => check_returnable(desk, tracker),
        "start_return" => start_return(desk, tracker, &mut events),
        _ => "unknown_call",
    };
    events.push(Event::ShopAnswered {
        call: call.to_owned(),
        outcome: outcome.to_owned(),
    });
    events
}

/// `not_found`, or the order's state.
fn find_order(desk: &Desk<'_>, tracker: &Tracker) -> &'static str {
    order_card::order_of(desk, tracker).map_or("not_found", |order| order.state.name())
}

/// Whether the phone's last four digits are those of the order's customer.
fn check_owner(desk: &Desk<'_>, tracker: &Tracker) -> &'static str {
    let Some(order) = order_card::order_of(desk, tracker) else {
        return "wrong";
    };
    let tail = tracker.slots.get("phone_tail").map_or("", String::as_str);
    let customer = desk.bot.catalogue.customers.get(&order.customer_id);
    let right = customer.is_some_and(|c| tail.len() == 4 && c.phone.ends_with(tail));
    if right { "right" } else { "wrong" }
}

/// `yes`, `too_late`, `not_delivered`, `already` or `not_found`.
fn check_returnable(desk: &Desk<'_>, tracker: &Tracker) -> &'static str {
    let Some(order) = order_card::order_of(desk, tracker) else {
        return "not_found";
    };
    match order.state {
        OrderState::Delivered | OrderState::Completed => {
            if days_since_delivery(desk, order).is_some_and(|days| days <= days_allowed(desk, tracker, order))
            {
                "yes"
            } else {
                "too_late"
            }
        }
        OrderState::ReturnRequested | OrderState::Returning | OrderState::Refunded => "already",
        OrderState::Cancelled => "cancelled",
        _ => "not_delivered",
    }
}

fn days_allowed(desk: &Desk<'_>, tracker: &Tracker, order: &Order) -> i64 {
    let reason = tracker.slots.get("return_reason").map_or("", String::as_str);
    let crown = desk
        .bot
        .catalogue
        .customers
        .get(&order.customer_id)
        .is_some_and(|c| c.level == "crown");
    match reason {
        _ if crown => CROWN_RETURN_DAYS,
        "faulty" | "wrong" => FAULT_RETURN_DAYS,
        _ => RETURN_DAYS,
    }
}

fn days_since_delivery(desk: &Desk<'_>, order: &Order) -> Option<i64> {
    let delivered: jiff::civil::Date = order.delivered_on.parse().ok()?;
    let today = desk.bot.shop.day_of(desk.now);
    Some(i64::from((today - delivered).get_days()))
}

/// Registers a return. Its number follows from the idempotency key, so that carrying it out twice
/// gives one and the same return.
fn start_return(desk: &Desk<'_>, tracker: &Tracker, events: &mut Vec<Event>) -> &'static str {
    let order_no = tracker.slots.get("order_no").map_or("", String::as_str);
    let said = tracker.said.as_ref().map_or(0, |said| said.seq);
    let key = format!("{}:{said}:start_return:{order_no}", desk.conversation);
    let digits = Sha256::digest(key.as_bytes());
    let number = u32::from_be_bytes([digits[0], digits[1], digits[2], digits[3]]) % 100_000_000;
    events.push(Event::ActionStarted {
        key,
        call: "start_return".to_owned(),
    });
    events.push(Event::SlotSet {
        slot: "return_no".to_owned(),
        value: format!("RT{number:08}"),
    });
    "registered"
}
