//! `connector:` in `shop.yaml`: where the shop's own system is, and what it calls things.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use http::Uri;
use serde::Deserialize;

use super::catalogue::OrderState;
use super::places::Places;
use super::problem::Problems;

/// Time one try of a call may take when the file does not say, in milliseconds.
const DEADLINE_MS_DEFAULT: u64 = 2_000;
/// Bounds of that time.
const DEADLINE_MS: std::ops::RangeInclusive<u64> = 100..=30_000;

/// Fields of an order.
pub const ORDER_FIELDS: [&str; 13] = [
    "order_no",
    "customer_id",
    "phone_tail",
    "state",
    "placed_on",
    "delivered_on",
    "expected_on",
    "items",
    "total",
    "courier",
    "tracking_no",
    "scans",
    "requested",
];
/// Fields of one item of an order.
pub const ITEM_FIELDS: [&str; 2] = ["sku", "count"];
/// Fields of one scan of a courier.
pub const SCAN_FIELDS: [&str; 3] = ["at", "zh", "en"];
/// Fields of a customer.
pub const CUSTOMER_FIELDS: [&str; 5] = ["customer_id", "name", "phone", "level", "points"];
/// Fields of a product.
pub const PRODUCT_FIELDS: [&str; 10] = [
    "sku",
    "name_zh",
    "name_en",
    "category",
    "price",
    "stock",
    "colours",
    "sizes",
    "description_zh",
    "description_en",
];
/// Fields of a coupon.
pub const COUPON_FIELDS: [&str; 9] = [
    "code",
    "title_zh",
    "title_en",
    "minimum",
    "off",
    "valid_from",
    "valid_until",
    "customer_id",
    "used",
];
/// Answers whose place can be told.
pub const ANSWERS: [&str; 5] = ["order", "orders", "customer", "products", "coupon"];

/// By field, the JSON pointer where the shop has it.
pub type Pointers = BTreeMap<String, String>;

/// The shop's own system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectorRule {
    /// Address that the paths of the API are put behind.
    pub url: String,
    /// Time one try of a call may take, in milliseconds.
    #[serde(default = "deadline_default")]
    pub deadline_ms: u64,
    /// Environment variable that holds the bearer token.
    #[serde(default)]
    pub token_env: Option<String>,
    /// File that holds the bearer token.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Whether it sends transcripts by e-mail (`POST /transcript`).
    #[serde(default)]
    pub transcript: bool,
    /// What the shop calls things, where it does not speak our own shape.
    #[serde(default)]
    pub map: ShopMap,
}

/// What the shop calls things. What is not named here is looked for under our own name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShopMap {
    /// Where in the body of an answer the thing or the list is, by answer.
    pub answers: Pointers,
    /// Fields of an order.
    pub order: Pointers,
    /// Fields of an item, from the item on.
    pub item: Pointers,
    /// Fields of a scan, from the scan on.
    pub scan: Pointers,
    /// Fields of a customer.
    pub customer: Pointers,
    /// Fields of a product.
    pub product: Pointers,
    /// Fields of a coupon.
    pub coupon: Pointers,
    /// The shop's names of states, with ours.
    pub states: BTreeMap<String, String>,
}

fn deadline_default() -> u64 {
    DEADLINE_MS_DEFAULT
}

impl ShopMap {
    /// Every group of pointers by its name, with the fields it may hold.
    #[must_use]
    pub fn groups(&self) -> [(&'static str, &Pointers, &'static [&'static str]); 7] {
        [
            ("answers", &self.answers, &ANSWERS),
            ("order", &self.order, &ORDER_FIELDS),
            ("item", &self.item, &ITEM_FIELDS),
            ("scan", &self.scan, &SCAN_FIELDS),
            ("customer", &self.customer, &CUSTOMER_FIELDS),
            ("product", &self.product, &PRODUCT_FIELDS),
            ("coupon", &self.coupon, &COUPON_FIELDS),
        ]
    }
}

/// Reports what is wrong with the section, each with its line.
pub(super) fn check_connector(file: &Path, places: &Places, rule: &ConnectorRule, problems: &mut Problems) {
    let line = |key: &str| places.line(&["connector", key]);
    let of_field = |group: &str, field: &str| places.line(&["connector", "map", group, field]);
    match address(&rule.url) {
        Err(why) => {
            let message = format!("url `{}`: {why}", rule.url);
            problems.error(file, line("url"), "bad_url", message);
        }
        Ok(uri) if uri.scheme_str() == Some("http") && !is_near(&uri) => {
            let message = format!(
                "url `{}` is not encrypted, and customers' orders travel over it; use https",
                rule.url
            );
            problems.warn(file, line("url"), "plain_http", message);
        }
        Ok(_) => {}
    }
    if !DEADLINE_MS.contains(&rule.deadline_ms) {
        let (least, most) = (DEADLINE_MS.start(), DEADLINE_MS.end());
        let message = format!("deadline_ms {}; write {least} to {most}", rule.deadline_ms);
        problems.error(file, line("deadline_ms"), "bad_deadline", message);
    }
    if rule.token_env.is_some() && rule.token_file.is_some() {
        let message = "both token_env and token_file; keep one of them";
        problems.error(file, line("token_file"), "two_tokens", message);
    }
    for (name, pointers, known) in rule.map.groups() {
        for (field, pointer) in pointers {
            let line = of_field(name, field);
            check_pointer(file, line, (name, field, pointer), known, problems);
        }
    }
    for (theirs, ours) in &rule.map.states {
        if OrderState::of_name(ours).is_none() {
            let message = format!(
                "state `{ours}` for `{theirs}`; use one of {}",
                OrderState::NAMES.join(", ")
            );
            problems.error(file, of_field("states", theirs), "unknown_state", message);
        }
    }
}

fn check_pointer(
    file: &Path,
    line: usize,
    (group, field, pointer): (&str, &str, &str),
    known: &[&str],
    problems: &mut Problems,
) {
    if !known.contains(&field) {
        let message = format!("`{group}` has no field `{field}`; it has {}", known.join(", "));
        problems.error(file, line, "unknown_field", message);
    }
    if let Err(why) = pointer_is_right(pointer) {
        let message = format!("pointer `{pointer}` of {group}.{field} {why}");
        problems.error(file, line, "bad_pointer", message);
    }
}

/// Whether a text is a JSON pointer (RFC 6901).
fn pointer_is_right(pointer: &str) -> Result<(), &'static str> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err("does not begin with `/`; write it as in /order/id");
    }
    let escaped = |rest: &str| rest.starts_with(['0', '1']);
    if pointer.split('~').skip(1).all(escaped) {
        Ok(())
    } else {
        Err("has a `~` alone; `~` is written ~0, a `/` within a name ~1")
    }
}

/// The address, if paths can be put behind it.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn address(url: &str) -> Result<Uri, &'static str> {
    let uri: Uri = url
        .parse()
        .map_err(|_| "it is no address; write it as in https://shop.example/api")?;
    let authority = uri
        .authority()
        .ok_or("it names no host; write it as in https://shop.example/api")?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("it begins with neither https:// nor http://");
    }
    if authority.as_str().contains('@') {
        return Err("it holds a name or password; use token_env or token_file");
    }
    if uri.query().is_some() || url.contains('#') {
        return Err("it ends in a query or fragment; take it off");
    }
    Ok(uri)
}

/// Whether an address is on this machine.
fn is_near(uri: &Uri) -> bool {
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}
