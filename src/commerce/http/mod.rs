//! The shop's own system over HTTP, as `docs/shop_connector.md` tells it. Reads are tried twice. A write is
//! sent once more with the same key when it may not have arrived; when it is in doubt after that, it is said
//! to be unknown, and never to be undone.

mod breaker;
mod line;
mod probe;
mod shape;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};

use self::breaker::Breaker;
use self::line::{Asking, Fault, Heard, Line};
use self::shape::Shape;
use super::{Connector, Error, Letter, Posted, ProductQuery, Receipt, Request, connect};
use crate::bot::{Bot, ConnectorRule, Coupon, Customer, Order, Product};
use crate::store::Ledger;

pub use probe::{Probed, Samples};

/// Pause before a second try.
const PAUSE: Duration = Duration::from_millis(100);

/// Why a shop's system cannot be connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connector: {0}")]
pub struct Unusable(pub(super) String);

/// The connector to a shop's own system.
pub struct Http {
    line: Arc<Line>,
    breaker: Arc<Breaker>,
    rule: ConnectorRule,
    zone: String,
    /// What serves again when the shop takes its `connector:` out.
    ledger: Ledger,
}

impl Http {
    /// A connector by its rule; `zone` is where the shop's days begin.
    ///
    /// # Errors
    /// When the address, the token or the system's certificates cannot be used.
    pub fn new(rule: &ConnectorRule, zone: &str, ledger: Ledger) -> Result<Self, Unusable> {
        Ok(Self {
            line: Arc::new(Line::new(rule)?),
            breaker: Arc::default(),
            rule: rule.clone(),
            zone: zone.to_owned(),
            ledger,
        })
    }

    fn shape(&self) -> Shape<'_> {
        Shape {
            map: &self.rule.map,
            zone: &self.zone,
        }
    }

    /// Reads with one more try. `what` is the endpoint without anybody's numbers, for logs.
    async fn read(&self, what: &str, path: &str) -> Result<Option<Value>, Error> {
        if !self.breaker.passes() {
            return Err(Error::Slow(format!(
                "{what}: it failed too often and is left alone"
            )));
        }
        let asking = Asking { path, write: None };
        let mut heard = self.line.ask(&asking).await;
        if is_trouble(&heard) {
            tokio::time::sleep(PAUSE).await;
            heard = self.line.ask(&asking).await;
        }
        self.breaker.record(!is_trouble(&heard));
        let heard = heard.map_err(|fault| Error::Slow(format!("{what}: {}", fault.text())))?;
        match heard.status {
            StatusCode::OK => Ok(Some(heard.body)),
            StatusCode::NOT_FOUND => Ok(None),
            status => Err(Error::Slow(format!("{what}: it answered {status}"))),
        }
    }

    /// Writes, with one more try under the same key when it may not have arrived.
    async fn write<T>(
        &self,
        (what, path): (&str, &str),
        key: &str,
        body: &Value,
        take: fn(&Value) -> Option<T>,
    ) -> Result<T, Error> {
        if !self.breaker.passes() {
            return Err(Error::Slow(format!(
                "{what}: it failed too often and is left alone"
            )));
        }
        // A header holds signs of ASCII alone, and a key may hold what a customer wrote.
        let key = match key.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => key.to_owned(),
            false => escaped(key),
        };
        let asking = Asking {
            path,
            write: Some((&key, body.to_string())),
        };
        let mut doubt = false;
        let mut heard = self.line.ask(&asking).await;
        if let Err(fault) = &heard {
            doubt = matches!(fault, Fault::NoAnswer(_));
            tokio::time::sleep(PAUSE).await;
            heard = self.line.ask(&asking).await;
        }
        self.breaker.record(!is_trouble(&heard));
        match heard {
            Ok(heard) => receipt(what, &heard, doubt, take),
            Err(Fault::NotSent(why)) if !doubt => Err(Error::Slow(format!("{what}: {why}"))),
            Err(fault) => Err(Error::Unknown(format!("{what}: {}", fault.text()))),
        }
    }

    /// One thing that the shop may have.
    async fn one<T>(
        &self,
        (what, path): (&str, String),
        answer: &str,
        take: impl FnOnce(&Shape<'_>, &Value) -> Result<T, shape::Misread>,
    ) -> Result<Option<T>, Error> {
        let Some(body) = self.read(what, &path).await? else {
            return Ok(None);
        };
        let shape = self.shape();
        let Some(value) = shape.body(answer, &body) else {
            return Ok(None);
        };
        take(&shape, value)
            .map(Some)
            .map_err(|why| Error::Slow(format!("{what}: {why}")))
    }

    /// A list; what cannot be read is left out and logged, so that one odd row hides no others.
    async fn many<T>(
        &self,
        (what, path): (&str, String),
        answer: &str,
        take: impl Fn(&Shape<'_>, &Value) -> Result<T, shape::Misread>,
    ) -> Result<Vec<T>, Error> {
        let Some(body) = self.read(what, &path).await? else {
            return Ok(Vec::new());
        };
        let shape = self.shape();
        let list = shape.list(answer, &body);
        let list = list.map_err(|why| Error::Slow(format!("{what}: {why}")))?;
        let taken = list.iter().filter_map(|value| {
            let taken = take(&shape, value);
            taken
                .inspect_err(|why| tracing::warn!(%why, "{what}: a row was left out"))
                .ok()
        });
        Ok(taken.collect())
    }
}

/// Whether the shop did not answer, or only to say that it is in trouble.
fn is_trouble(heard: &Result<Heard, Fault>) -> bool {
    match heard {
        Err(_) => true,
        Ok(heard) => {
            heard.status.is_server_error()
                || matches!(
                    heard.status,
                    StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
                )
        }
    }
}

/// What a write's answer means, if `take` finds a receipt in its body; `doubt` says that an earlier try may have
/// been done.
fn receipt<T>(
    what: &str,
    heard: &Heard,
    doubt: bool,
    take: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, Error> {
    let status = heard.status;
    if status.is_success() {
        let without = || Error::Unknown(format!("{what}: {status} without a receipt"));
        return take(&heard.body).ok_or_else(without);
    }
    let why = format!("{what}: it answered {status}");
    // Turned away at the door: nothing was done. A conflict means that the key is being worked on.
    let turned_away =
        status.is_client_error() && !matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT);
    Err(if turned_away && !doubt {
        Error::Slow(why)
    } else {
        Error::Unknown(why)
    })
}

fn of_request(body: &Value) -> Option<Receipt> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    match (text("state").as_deref(), text("number"), text("reason")) {
        (Some("done"), Some(number), _) if !number.is_empty() => Some(Receipt::Done { number }),
        (Some("refused"), _, reason) => Some(Receipt::Refused {
            reason: reason.unwrap_or_default(),
        }),
        _ => None,
    }
}

fn of_letter(body: &Value) -> Option<Posted> {
    match body["state"].as_str() {
        Some("done") => Some(Posted::Sent),
        Some("refused") => Some(Posted::Refused {
            reason: body["reason"].as_str().unwrap_or_default().to_owned(),
        }),
        _ => None,
    }
}

#[async_trait]
impl Connector for Http {
    async fn order(&self, order_no: &str) -> Result<Option<Order>, Error> {
        let path = format!("/orders/{}", escaped(order_no));
        if order_no.is_empty() {
            return Ok(None);
        }
        let what = "GET /orders/{order_no}";
        self.one((what, path), "order", |shape, value| shape.order(value))
            .await
    }

    async fn orders_of(&self, customer: &str, most: usize) -> Result<Vec<Order>, Error> {
        let path = format!("/orders?customer={}&limit={most}", escaped(customer));
        let mut orders = self
            .many(("GET /orders", path), "orders", |shape, value| shape.order(value))
            .await?;
        // A shop that overlooks the parameter must not show one customer's orders to another.
        orders.retain(|order| order.customer_id.is_empty() || order.customer_id == customer);
        orders.truncate(most);
        Ok(orders)
    }

    async fn customer(&self, id: &str) -> Result<Option<Customer>, Error> {
        if id.is_empty() {
            return Ok(None);
        }
        let path = format!("/customers/{}", escaped(id));
        let what = "GET /customers/{id}";
        self.one((what, path), "customer", |shape, value| shape.customer(value))
            .await
    }

    async fn products(&self, query: &ProductQuery) -> Result<Vec<Product>, Error> {
        let parts = [
            ("sku", query.sku.clone()),
            ("q", query.keyword.clone()),
            ("category", query.category.clone()),
            ("price_max", query.price_max.map(|price| price.to_string())),
        ];
        let given = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", escaped(&value?))));
        let path = format!("/products?{}", given.collect::<Vec<_>>().join("&"));
        let what = ("GET /products", path);
        self.many(what, "products", |shape, value| shape.product(value))
            .await
    }

    async fn coupon(&self, code: &str) -> Result<Option<Coupon>, Error> {
        if code.is_empty() {
            return Ok(None);
        }
        let path = format!("/coupons/{}", escaped(code));
        let what = "GET /coupons/{code}";
        self.one((what, path), "coupon", |shape, value| shape.coupon(value))
            .await
    }

    fn renewed(&self, bot: &Arc<Bot>) -> Arc<dyn Connector> {
        let same = |rule: &&ConnectorRule| {
            let way = |rule: &ConnectorRule| {
                (
                    rule.url.clone(),
                    rule.deadline_ms,
                    rule.token_env.clone(),
                    rule.token_file.clone(),
                )
            };
            way(rule) == way(&self.rule)
        };
        let over = |rule: &ConnectorRule| Self {
            line: self.line.clone(),
            breaker: self.breaker.clone(),
            rule: rule.clone(),
            zone: bot.shop.zone.clone(),
            ledger: self.ledger.clone(),
        };
        if let Some(rule) = bot.shop.connector.as_ref().filter(same) {
            return Arc::new(over(rule));
        }
        connect(bot, self.ledger.clone()).unwrap_or_else(|error| {
            tracing::error!(%error, "the shop's system stays connected as it was");
            Arc::new(over(&self.rule))
        })
    }

    async fn request(&self, request: &Request) -> Result<Receipt, Error> {
        let body = json!({
            "kind": request.kind,
            "order_no": request.order_no,
            "customer": request.customer,
            "fields": request.fields,
        });
        let what = ("POST /requests", "/requests");
        self.write(what, &request.key, &body, of_request).await
    }

    fn posts(&self) -> bool {
        self.rule.transcript
    }

    async fn post(&self, letter: &Letter) -> Result<Posted, Error> {
        let body = json!({
            "conversation": letter.conversation,
            "to": letter.to.as_str(),
            "lang": letter.lang.code(),
            "subject": letter.subject,
            "text": letter.text,
            "at": letter.at,
        });
        let what = ("POST /transcript", "/transcript");
        self.write(what, &letter.key, &body, of_letter).await
    }
}

/// A text as a part of a path or query: all but letters, digits and four signs is written by its bytes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'~')
            || (byte == b'.' && text.len() > 2)
        {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_part_of_the_path() {
        assert_eq!(escaped("QM-1_2~3.4"), "QM-1_2~3.4");
        assert_eq!(escaped("a/../b?c#d e&f"), "a%2F..%2Fb%3Fc%23d%20e%26f");
        assert_eq!(escaped(".."), "%2E%2E");
        assert_eq!(escaped("水壶"), "%E6%B0%B4%E5%A3%B6");
    }

    #[test]
    fn a_write_in_doubt_is_never_said_to_be_undone() {
        let answered = |status: u16, body: Value, doubt: bool| {
            let status = StatusCode::from_u16(status).unwrap();
            receipt("POST /requests", &Heard { status, body }, doubt, of_request)
        };
        let number = "CN1".to_owned();
        let done = json!({"state": "done", "number": number});
        assert_eq!(answered(201, done, true), Ok(Receipt::Done { number }));
        let unknown = |answer| matches!(answer, Err(Error::Unknown(_)));
        for (status, body) in [
            (200, json!({"state": "done", "number": ""})),
            (202, json!({"state": "pending"})),
            (302, Value::Null),
            (408, Value::Null),
            (409, Value::Null),
            (500, Value::Null),
            (503, Value::Null),
        ] {
            assert!(unknown(answered(status, body, false)), "{status}");
        }
        for status in [400, 401, 404, 422, 429] {
            assert!(
                matches!(answered(status, Value::Null, false), Err(Error::Slow(_))),
                "{status}"
            );
            assert!(
                unknown(answered(status, Value::Null, true)),
                "{status} after a try in doubt"
            );
        }
    }
}
