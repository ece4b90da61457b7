//! The shop's own tables with a ledger that is forgotten, and with the trouble a conversation asks for.

use std::sync::Arc;

use async_trait::async_trait;

use super::script::Trouble;
use crate::bot::{Bot, Coupon, Customer, Order, Product};
use crate::commerce::{Connector, Embedded, Error, ProductQuery, Receipt, Request};

/// A shop to be troubled.
pub(super) struct TrialShop {
    pub shop: Embedded,
    pub trouble: Option<Trouble>,
}

impl TrialShop {
    fn read<T>(&self, found: Result<T, Error>) -> Result<T, Error> {
        match self.trouble {
            Some(Trouble::Slow | Trouble::Broken) => {
                Err(Error::Slow("as the conversation wants it".to_owned()))
            }
            _ => found,
        }
    }
}

#[async_trait]
impl Connector for TrialShop {
    async fn order(&self, order_no: &str) -> Result<Option<Order>, Error> {
        self.read(self.shop.order(order_no).await)
    }

    async fn orders_of(&self, customer: &str, most: usize) -> Result<Vec<Order>, Error> {
        self.read(self.shop.orders_of(customer, most).await)
    }

    async fn customer(&self, id: &str) -> Result<Option<Customer>, Error> {
        self.read(self.shop.customer(id).await)
    }

    async fn products(&self, query: &ProductQuery) -> Result<Vec<Product>, Error> {
        self.read(self.shop.products(query).await)
    }

    async fn coupon(&self, code: &str) -> Result<Option<Coupon>, Error> {
        self.read(self.shop.coupon(code).await)
    }

    fn renewed(&self, bot: &Arc<Bot>) -> Arc<dyn Connector> {
        self.shop.renewed(bot)
    }

    async fn request(&self, request: &Request) -> Result<Receipt, Error> {
        match self.trouble {
            Some(Trouble::Refusing) => Ok(Receipt::Refused {
                reason: String::new(),
            }),
            Some(Trouble::Unknown) => {
                // It takes effect, and nobody hears of it.
                let _unheard = self.shop.request(request).await?;
                Err(Error::Unknown("as the conversation wants it".to_owned()))
            }
            _ => self.read(self.shop.request(request).await),
        }
    }
}
