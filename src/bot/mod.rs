//! The `knowledge_base/` folder as typed data: loading it, and checking it so that every problem is
//! reported at once with its file and line. Nothing here decides or answers; this is what the shop
//! wrote.

mod article;
mod calls;
mod catalogue;
mod check;
mod connector;
mod flow;
mod flow_check;
mod flow_file;
mod flow_shape;
mod flow_ways;
mod handoff;
mod intent;
mod likeness;
mod pattern;
mod places;
mod problem;
mod response;
mod shape;
mod shop;
mod slot;
mod table;
mod values;
mod yaml;

pub use article::{
    ARTICLE_BYTES_MAX, Article, Audience, FAQ_BYTES_MAX, Faq, Handling, load_articles, load_faq,
};
pub use calls::{CALLS, Call, SLOW, UNKNOWN, call_of};
pub use catalogue::{Catalogue, Coupon, Customer, Order, OrderState, Product, SizeRow, variants};
pub use check::{Bot, version_of};
pub use connector::{
    ANSWERS, COUPON_FIELDS, CUSTOMER_FIELDS, ConnectorRule, ITEM_FIELDS, ORDER_FIELDS, PRODUCT_FIELDS,
    Pointers, SCAN_FIELDS, ShopMap, address,
};
pub use flow::{Approve, Flow, Offer, Offers, Step, StepKind};
pub use handoff::{Canned, Clocks, HandoffRules, Item, Mode, Named, Pace, Routing, Team, Triggers};
pub use intent::{EXAMPLE_CHARS_MAX, Example, INTENT_BYTES_MAX, Intent, load_intents};
pub use likeness::alike;
pub use pattern::{Pattern, Patterns, folded_message, holds, one_slip};
pub use places::Places;
pub use problem::{Problem, Problems, Severity, nearest, or_nearest};
pub use response::{RESPONSES_BYTES_MAX, Response, Responses, load_responses};
pub use shape::{Shape, Variants, shaped};
pub use shop::{DaysFrom, RequestRule, Shop};
pub use slot::{Slot, SlotFrom};
pub use yaml::{files_below, files_in, parse as parse_yaml, read as read_text};
