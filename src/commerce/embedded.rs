//! A shop without a system of its own: its tables in `catalogue/`, and a ledger of what was done over them.
//! The files stay the truth of what the shop wrote; the ledger keeps what customers had done.

use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::{Connector, Error, ProductQuery, Receipt, Request, connect, rules};
use crate::bot::{Bot, Coupon, Customer, Order, Product};
use crate::store::{Entry, Ledger};

/// The connector over the shop's own tables.
pub struct Embedded {
    bot: Arc<Bot>,
    ledger: Ledger,
    /// One request at a time: whether it may be done and that it is done are one step.
    doing: Arc<Mutex<()>>,
}

impl Embedded {
    /// A shop over what it wrote and a ledger.
    #[must_use]
    pub fn new(bot: Arc<Bot>, ledger: Ledger) -> Self {
        Self {
            bot,
            ledger,
            doing: Arc::default(),
        }
    }

    /// An order as it is after what was done to it.
    async fn now(&self, order: &Order) -> Result<Order, Error> {
        let done = self
            .ledger
            .of_order(&order.order_no)
            .await
            .map_err(|error| slow(&error))?;
        let mut order = order.clone();
        for entry in done {
            order.requested.push(entry.kind.clone());
            let rule = self.bot.shop.requests.get(&entry.kind);
            if let Some(state) = rule.and_then(|rule| rule.becomes) {
                order.state = state;
            }
        }
        Ok(order)
    }

    fn refusal(&self, request: &Request, order: &Order) -> Option<&'static str> {
        let customer = self.bot.catalogue.customers.get(&order.customer_id);
        let level = customer.map_or("", |c| c.level.as_str());
        let (outcome, _) = rules::may(
            &self.bot,
            &request.kind,
            order,
            level,
            &request.fields,
            request.at,
        );
        (outcome != "yes").then_some(outcome)
    }
}

fn slow(error: &crate::store::Error) -> Error {
    Error::Slow(error.to_string())
}

#[async_trait]
impl Connector for Embedded {
    async fn order(&self, order_no: &str) -> Result<Option<Order>, Error> {
        match self.bot.catalogue.orders.get(order_no) {
            Some(order) => Ok(Some(self.now(order).await?)),
            None => Ok(None),
        }
    }

    async fn orders_of(&self, customer: &str, most: usize) -> Result<Vec<Order>, Error> {
        let all = self.bot.catalogue.orders.values();
        let mut theirs: Vec<&Order> = all.filter(|order| order.customer_id == customer).collect();
        theirs.sort_by(|a, b| (&b.placed_on, &b.order_no).cmp(&(&a.placed_on, &a.order_no)));
        let mut orders = Vec::new();
        for order in theirs.into_iter().take(most) {
            orders.push(self.now(order).await?);
        }
        Ok(orders)
    }

    async fn customer(&self, id: &str) -> Result<Option<Customer>, Error> {
        Ok(self.bot.catalogue.customers.get(id).cloned())
    }

    async fn products(&self, query: &ProductQuery) -> Result<Vec<Product>, Error> {
        if let Some(sku) = &query.sku {
            let product = self.bot.catalogue.products.get(&sku.to_uppercase());
            return Ok(product.cloned().into_iter().collect());
        }
        let all = self.bot.catalogue.products.values();
        Ok(all.filter(|product| fits(product, query)).cloned().collect())
    }

    async fn coupon(&self, code: &str) -> Result<Option<Coupon>, Error> {
        Ok(self.bot.catalogue.coupons.get(code).cloned())
    }

    fn renewed(&self, bot: &Arc<Bot>) -> Arc<dyn Connector> {
        let same = || {
            Arc::new(Self {
                bot: bot.clone(),
                ledger: self.ledger.clone(),
                doing: self.doing.clone(),
            })
        };
        if bot.shop.connector.is_none() {
            return same();
        }
        connect(bot, self.ledger.clone()).unwrap_or_else(|error| {
            tracing::error!(%error, "the shop's tables serve on");
            same()
        })
    }

    async fn request(&self, request: &Request) -> Result<Receipt, Error> {
        let _one = self.doing.lock().await;
        if let Some(entry) = self
            .ledger
            .entry(&request.key)
            .await
            .map_err(|error| slow(&error))?
        {
            return Ok(Receipt::Done { number: entry.number });
        }
        let order = match &request.order_no {
            Some(no) => self.order(no).await?,
            None => None,
        };
        let refusal = order.as_ref().and_then(|order| self.refusal(request, order));
        if let Some(reason) = refusal {
            let reason = reason.to_owned();
            return Ok(Receipt::Refused { reason });
        }
        let entry = Entry {
            key: request.key.clone(),
            kind: request.kind.clone(),
            order_no: request.order_no.clone().unwrap_or_default(),
            customer: request.customer.clone().unwrap_or_default(),
            fields: request.fields.clone(),
            number: self.number(request),
            at: request.at,
        };
        let kept = self.ledger.put(entry).await.map_err(|error| slow(&error))?;
        Ok(Receipt::Done { number: kept.number })
    }
}

impl Embedded {
    /// A number that follows from the key, so that one request has one number.
    fn number(&self, request: &Request) -> String {
        let digits = Sha256::digest(request.key.as_bytes());
        let number = u32::from_be_bytes([digits[0], digits[1], digits[2], digits[3]]) % 100_000_000;
        let rule = self.bot.shop.requests.get(&request.kind);
        format!("{}{number:08}", rule.map_or("RQ", |rule| rule.prefix.as_str()))
    }
}

fn fits(product: &Product, query: &ProductQuery) -> bool {
    let word = |keyword: &String| {
        let keyword = keyword.to_lowercase();
        let texts = [
            &product.name_zh,
            &product.name_en,
            &product.description_zh,
            &product.description_en,
            &product.category,
        ];
        texts.iter().any(|text| text.to_lowercase().contains(&keyword))
    };
    query
        .category
        .as_ref()
        .is_none_or(|category| *category == product.category)
        && query.price_max.is_none_or(|max| product.price <= max)
        && query.keyword.as_ref().is_none_or(word)
}
