//! The calls that flows may make to the shop: names, outcomes, and which of them have effects. What they do
//! stands in `commerce/`.

use super::OrderState;

/// A call as flows may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its name; for families the part before the dot.
    pub name: &'static str,
    /// Outcomes besides [`ALWAYS`].
    pub outcomes: &'static [&'static str],
    /// Whether a kind of request follows behind a dot.
    pub of_kind: bool,
    /// Whether it has an effect outside.
    pub writes: bool,
    /// Slots that have to be filled before.
    pub needs: &'static [&'static str],
    /// What texts may tell after it.
    pub values: &'static [&'static str],
}

/// The outcome of every call when the shop does not answer.
pub const SLOW: &str = "slow";
/// The outcome of a write that may or may not have taken effect.
pub const UNKNOWN: &str = "unknown";

const ORDER: &[&str] = &["order_no"];
const FOUND_ORDER: &[&str] = &[
    "state",
    "state_words",
    "items",
    "total",
    "placed_on",
    "expected_on",
    "delivered_on",
    "courier",
    "tracking_no",
    "last_scan",
    "last_scan_at",
];

/// All of them.
pub const CALLS: [Call; 11] = [
    read("my_orders", &["none", "one", "many", "anonymous"], &[], &[]),
    read("find_order", &OrderState::NAMES, ORDER, FOUND_ORDER),
    read("check_owner", &["right", "wrong", "ask"], ORDER, &[]),
    Call {
        of_kind: true,
        ..read(
            "may",
            &["yes", "too_late", "wrong_state", "already", "not_found"],
            ORDER,
            &["days_allowed", "state_words", "delivered_on"],
        )
    },
    Call {
        of_kind: true,
        writes: true,
        ..read(
            "request",
            &["done", "refused", UNKNOWN],
            &[],
            &["request_no", "refusal"],
        )
    },
    read(
        "find_coupon",
        &["not_found", "ok", "expired", "used", "not_yet", "below_minimum"],
        &["coupon_code"],
        &["coupon_words", "minimum", "off", "valid_from", "valid_until"],
    ),
    read(
        "find_products",
        &["none", "one", "few", "many"],
        &[],
        &["count", "product_name"],
    ),
    read(
        "find_product",
        &["not_found", "in_stock", "sold_out"],
        &["product"],
        &["product_name", "price", "stock", "sizes", "colours"],
    ),
    read(
        "find_points",
        &["known", "anonymous"],
        &[],
        &["points", "level_words", "points_worth"],
    ),
    read(
        "check_price",
        &["dropped", "same", "too_late", "not_found"],
        ORDER,
        &["paid", "price_now", "difference", "days_allowed"],
    ),
    read(
        "advise_size",
        &["known", "between", "no_table", "out_of_range"],
        &["product"],
        &["size", "size_other"],
    ),
];

const fn read(
    name: &'static str,
    outcomes: &'static [&'static str],
    needs: &'static [&'static str],
    values: &'static [&'static str],
) -> Call {
    Call {
        name,
        outcomes,
        of_kind: false,
        writes: false,
        needs,
        values,
    }
}

/// The call of a name as flows write it (`find_order`, `request.return`), with its kind if it has one.
#[must_use]
pub fn call_of(written: &str) -> Option<(&'static Call, Option<&str>)> {
    let (name, kind) = match written.split_once('.') {
        Some((name, kind)) => (name, Some(kind)),
        None => (written, None),
    };
    let call = CALLS.iter().find(|call| call.name == name)?;
    (call.of_kind == kind.is_some()).then_some((call, kind))
}

impl Call {
    /// Whether a flow may go on by an outcome.
    #[must_use]
    pub fn gives(&self, outcome: &str) -> bool {
        let not_found = self.name == "find_order" && outcome == "not_found";
        outcome == SLOW || not_found || self.outcomes.contains(&outcome)
    }
}
