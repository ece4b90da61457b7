//! The `knowledge_base/` folder as typed data: loading it, and checking it so that every problem is
//! reported at once with its file and line. Nothing here decides or answers; this is what the shop
//! wrote.

mod article;
mod catalogue;
mod check;
mod flow;
mod intent;
mod likeness;
mod problem;
mod response;
mod shop;
mod yaml;

pub use article::{
    ARTICLE_BYTES_MAX, Article, Audience, FAQ_BYTES_MAX, Faq, Handling, load_articles, load_faq,
};
pub use catalogue::{Catalogue, Customer, Order, OrderState, Product};
pub use check::{Bot, version_of};
pub use flow::{Flow, Slot, SlotFrom, Step, StepKind};
pub use intent::{EXAMPLE_CHARS_MAX, Example, INTENT_BYTES_MAX, Intent, load_intents};
pub use likeness::alike;
pub use problem::{Problem, Problems, Severity};
pub use response::{RESPONSES_BYTES_MAX, Response, Responses, load_responses};
pub use shop::Shop;
pub use yaml::files_in;
