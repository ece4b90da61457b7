//! The `knowledge_base/` folder as typed data: loading it, and checking it so that every problem is
//! reported at once with its file and line. Nothing here decides or answers; this is what the shop
//! wrote.

mod article;
mod intent;
mod problem;
mod yaml;

pub use article::{Article, Faq, load_articles, load_faq};
pub use intent::{Example, Intent, load_intents};
pub use problem::{Problem, Problems, Severity};
