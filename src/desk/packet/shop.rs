//! What only the shop knows: who the customer is and what they ordered. It has two seconds to tell.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::bot::{Bot, Customer, Order};
use crate::commerce::{Connector, Error, ProductQuery, state_words};
use crate::conversation::Lang;

/// Time the shop has, in milliseconds.
const SHOP_MS_MAX: u64 = 2_000;
/// Most orders shown.
const ORDERS_MAX: usize = 5;
/// Most products whose names are asked for.
const PRODUCTS_MAX: usize = 20;
/// Digits shown of a telephone number.
const TAIL_DIGITS: usize = 4;

/// A customer as agents see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerFacts {
    /// The shop's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Level.
    pub level: String,
    /// Last digits of the telephone number, points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An order as agents see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderFacts {
    /// Its number.
    pub order_no: String,
    /// Where it stands, in words.
    pub state: String,
    /// Day of the order.
    pub placed: String,
    /// Paid in CNY.
    pub total: f64,
    /// What was ordered, by name.
    pub items: String,
}

/// What the shop told.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub customer: Option<CustomerFacts>,
    pub orders: Vec<OrderFacts>,
    /// What it did not tell, for the trace.
    pub missing: Vec<String>,
}

pub(super) async fn ask(
    shop: Arc<dyn Connector>,
    bot: &Bot,
    customer: Option<&str>,
    order_no: Option<&str>,
    lang: Lang,
) -> Facts {
    let until = Instant::now() + Duration::from_millis(SHOP_MS_MAX);
    let who = async {
        match customer {
            Some(id) => shop.customer(id).await,
            None => Ok(None),
        }
    };
    let latest = async {
        match customer {
            Some(id) => shop.orders_of(id, ORDERS_MAX).await,
            None => Ok(Vec::new()),
        }
    };
    let meant = async {
        match order_no {
            Some(number) => shop.order(number).await,
            None => Ok(None),
        }
    };
    let (who, latest, meant) = tokio::join!(
        timeout_at(until, who),
        timeout_at(until, latest),
        timeout_at(until, meant)
    );
    let mut facts = Facts::default();
    let who = told(who, "customer", &mut facts.missing).flatten();
    facts.customer = who.map(|customer| shown(&customer, lang));
    let latest = told(latest, "orders", &mut facts.missing).unwrap_or_default();
    let meant = told(meant, "order", &mut facts.missing).flatten();
    let orders = sorted(meant, latest);
    let names = names_of(&shop, bot, &orders, lang, until).await;
    facts.orders = orders.iter().map(|order| order_of(order, &names, lang)).collect();
    facts
}

fn told<T>(
    answer: Result<Result<T, Error>, tokio::time::error::Elapsed>,
    what: &str,
    missing: &mut Vec<String>,
) -> Option<T> {
    match answer {
        Ok(Ok(told)) => Some(told),
        Ok(Err(error)) => {
            missing.push(format!("shop, {what}: {error}"));
            None
        }
        Err(_) => {
            missing.push(format!("shop, {what}: no answer within {SHOP_MS_MAX} ms"));
            None
        }
    }
}

/// The order it is about first, then the latest.
fn sorted(meant: Option<Order>, mut latest: Vec<Order>) -> Vec<Order> {
    latest.sort_by(|a, b| b.placed_on.cmp(&a.placed_on).then(b.order_no.cmp(&a.order_no)));
    latest.retain(|order| {
        meant
            .as_ref()
            .is_none_or(|meant| meant.order_no != order.order_no)
    });
    let mut orders: Vec<Order> = meant.into_iter().chain(latest).collect();
    orders.truncate(ORDERS_MAX);
    orders
}

fn shown(customer: &Customer, lang: Lang) -> CustomerFacts {
    let digits: Vec<char> = customer.phone.chars().filter(char::is_ascii_digit).collect();
    let tail: String = digits[digits.len().saturating_sub(TAIL_DIGITS)..]
        .iter()
        .collect();
    let (phone, points) = match lang {
        Lang::Zh => (format!("手机尾号 {tail}"), format!("{} 积分", customer.points)),
        Lang::En => (
            format!("phone ends in {tail}"),
            format!("{} points", customer.points),
        ),
    };
    let phone = Some(phone).filter(|_| !tail.is_empty());
    let points = Some(points).filter(|_| customer.points > 0);
    let note: Vec<String> = phone.into_iter().chain(points).collect();
    CustomerFacts {
        id: customer.customer_id.clone(),
        name: customer.name.clone(),
        level: customer.level.clone(),
        note: Some(note.join(" · ")).filter(|note| !note.is_empty()),
    }
}

/// Names of products by code: those of the tables, or else what the shop still tells in time.
async fn names_of(
    shop: &Arc<dyn Connector>,
    bot: &Bot,
    orders: &[Order],
    lang: Lang,
    until: Instant,
) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    let mut asked = JoinSet::new();
    for sku in orders
        .iter()
        .flat_map(|order| order.items().map(|(sku, _)| sku.to_owned()))
    {
        if names.contains_key(&sku) || names.len() >= PRODUCTS_MAX {
            continue;
        }
        let written = bot.catalogue.products.get(&sku);
        names.insert(
            sku.clone(),
            written.map_or_else(|| sku.clone(), |product| product.name(lang).to_owned()),
        );
        if written.is_none() {
            let shop = shop.clone();
            asked.spawn(async move {
                let query = ProductQuery {
                    sku: Some(sku.clone()),
                    ..ProductQuery::default()
                };
                let found = shop.products(&query).await.ok()?.into_iter().next()?;
                Some((sku, found.name(lang).to_owned()))
            });
        }
    }
    while let Ok(Some(told)) = timeout_at(until, asked.join_next()).await {
        names.extend(told.ok().flatten());
    }
    names
}

fn order_of(order: &Order, names: &BTreeMap<String, String>, lang: Lang) -> OrderFacts {
    let items = order.items().map(|(sku, count)| {
        let name = names.get(sku).map_or(sku, String::as_str);
        format!("{name} ×{count}")
    });
    let items: Vec<String> = items.collect();
    OrderFacts {
        order_no: order.order_no.clone(),
        state: state_words(order.state, lang).to_owned(),
        placed: order.placed_on.clone(),
        total: order.total,
        items: items.join(if lang == Lang::Zh { "，" } else { ", " }),
    }
}
