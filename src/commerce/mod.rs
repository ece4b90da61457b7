//! What does the shop know, and what can be done there? One trait towards the shop's own system, its
//! connectors, and the calls that flows make.

mod address;
mod calls;
mod card;
mod embedded;
mod http;
mod rules;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

pub use address::{Address, NoAddress};
pub use calls::call;
pub use card::state_words;
pub use embedded::Embedded;
pub use http::{Http, Probed, Samples, Unusable};

use crate::bot::{Bot, Coupon, Customer, Order, Product};
use crate::conversation::{Card, Choice, Lang};
use crate::store::Ledger;

/// Why the shop gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It did not answer in time, or is known not to answer.
    #[error("the shop does not answer: {0}")]
    Slow(String),
    /// A write was sent, and it is not known whether it took effect.
    #[error("the shop did not confirm: {0}")]
    Unknown(String),
}

/// Which products are looked for; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductQuery {
    /// One product, by its code.
    pub sku: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Highest price in CNY.
    pub price_max: Option<f64>,
    /// A word of the name or the description.
    pub keyword: Option<String>,
}

/// Something to be done, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Idempotency key: the same key is the same request.
    pub key: String,
    /// What is to be done, such as `return`.
    pub kind: String,
    /// The order it is about.
    pub order_no: Option<String>,
    /// The customer, if known.
    pub customer: Option<String>,
    /// What else the flow collected.
    pub fields: BTreeMap<String, String>,
    /// When it was asked for, milliseconds since 1970.
    pub at: i64,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It is done or registered under a number.
    Done {
        /// The number.
        number: String,
    },
    /// The shop does not do it.
    Refused {
        /// Why, in words for the customer; empty if it does not say.
        reason: String,
    },
}

/// What was said, to be sent by e-mail, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Idempotency key: the same key is the same letter.
    pub key: String,
    /// The conversation it is of.
    pub conversation: String,
    /// Where it goes.
    pub to: Address,
    /// Language of the subject and of what the text itself says.
    pub lang: Lang,
    /// Subject line.
    pub subject: String,
    /// The transcript, as plain text.
    pub text: String,
    /// When it was asked for, milliseconds since 1970.
    pub at: i64,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The shop sends it.
    Sent,
    /// The shop does not send it.
    Refused {
        /// Why, in words for whoever asked; empty if it does not say.
        reason: String,
    },
}

/// The shop's own system.
///
/// - Reads have no effect and may be repeated.
/// - [`request`](Connector::request) with a key that was seen before has no further effect and gives the
///   receipt of the first time.
/// - So has [`post`](Connector::post), which is only asked for where [`posts`](Connector::posts) says so.
/// - Every method ends within its deadline.
#[async_trait]
pub trait Connector: Send + Sync {
    /// An order by its number.
    async fn order(&self, order_no: &str) -> Result<Option<Order>, Error>;

    /// The latest orders of a customer, at most `most`.
    async fn orders_of(&self, customer: &str, most: usize) -> Result<Vec<Order>, Error>;

    /// A customer by id.
    async fn customer(&self, id: &str) -> Result<Option<Customer>, Error>;

    /// Products that fit.
    async fn products(&self, query: &ProductQuery) -> Result<Vec<Product>, Error>;

    /// A coupon by its code, in upper case.
    async fn coupon(&self, code: &str) -> Result<Option<Coupon>, Error>;

    /// The same shop now that what was written about it has changed.
    fn renewed(&self, bot: &Arc<Bot>) -> Arc<dyn Connector>;

    /// Has something done.
    async fn request(&self, request: &Request) -> Result<Receipt, Error>;

    /// Whether it sends letters.
    fn posts(&self) -> bool {
        false
    }

    /// Has a letter sent.
    async fn post(&self, _letter: &Letter) -> Result<Posted, Error> {
        Err(Error::Slow("this shop sends no letters".to_owned()))
    }
}

/// The connector that `shop.yaml` names: the shop's own system, or else its tables over a ledger.
///
/// # Errors
/// When the shop's own system cannot be connected, such as without its token.
pub fn connect(bot: &Arc<Bot>, ledger: Ledger) -> Result<Arc<dyn Connector>, Unusable> {
    Ok(match &bot.shop.connector {
        Some(rule) => Arc::new(Http::new(rule, &bot.shop.zone, ledger)?),
        None => Arc::new(Embedded::new(bot.clone(), ledger)),
    })
}

/// A call as a flow makes it, with all it may look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its name, such as `find_order` or `request.return`.
    pub call: String,
    /// Idempotency key of a write.
    pub key: String,
    /// The conversation's slots.
    pub slots: BTreeMap<String, String>,
    /// What is sent along with a write.
    pub fields: BTreeMap<String, String>,
    /// The same as people read it: label and value.
    pub shown: Vec<(String, String)>,
    /// What the request is called.
    pub title: String,
    /// The customer who proved who they are.
    pub customer: Option<String>,
    /// Whether this write was begun before and broken off: it may have been done then.
    pub again: bool,
    /// The language of the conversation.
    pub lang: Lang,
    /// Now, milliseconds since 1970.
    pub now: i64,
}

/// What a call gave: all of it becomes an event, so that a replay needs no shop.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The outcome that the flow goes on by.
    pub outcome: String,
    /// What texts may tell.
    pub values: BTreeMap<String, String>,
    /// A card of what was found or done.
    pub card: Option<Card>,
    /// What was listed to choose from.
    pub choices: Vec<Choice>,
    /// Slots it fills.
    pub slots: BTreeMap<String, String>,
}

impl Answer {
    fn of(outcome: &str) -> Self {
        Self {
            outcome: outcome.to_owned(),
            ..Self::default()
        }
    }

    fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.values.insert(name.to_owned(), value.to_string());
        self
    }
}

/// Where calls are served.
pub struct Counter<'a> {
    /// What the shop wrote.
    pub bot: &'a Bot,
    /// The shop's system.
    pub shop: &'a dyn Connector,
}
