//! What the shop's answers hold and what they lack, for `xiaoer doctor`: every read endpoint is called once.

use std::time::Instant;

use serde_json::Value;

use super::shape::NEEDED;
use super::{Http, escaped};
use crate::commerce::{Connector, Letter, Posted};

/// Things that the shop has, to ask for. What is not named is learnt from the answers, or asked for under a
/// name that nobody has.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// An order's number.
    pub order_no: Option<String>,
    /// A customer's id.
    pub customer: Option<String>,
    /// A coupon's code.
    pub coupon: Option<String>,
    /// A letter to be sent, as a trial.
    pub letter: Option<Letter>,
}

/// What came of one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// The endpoint.
    pub what: &'static str,
    /// Whether flows can work with it.
    pub works: bool,
    /// Whether anything was there to look at, and nothing lacks.
    pub whole: bool,
    /// In words.
    pub text: String,
}

/// A name that no shop has.
const NOBODY: &str = "xiaoer-doctor";

impl Http {
    /// Calls every read endpoint and looks over the answers. A letter is sent only if the samples have one.
    pub async fn probe(&self, samples: &Samples) -> Vec<Probed> {
        let named = |sample: &Option<String>| sample.clone();
        let order_no = named(&samples.order_no);
        let (path, known) = with_name("/orders/", order_no.as_deref());
        let (order, found) = self.look("GET /orders/{order_no}", "order", &path, known).await;
        let of_order = |field: &str| {
            let value = self.shape().fields("order", found.as_ref()?).get(field)?;
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let customer = named(&samples.customer).or_else(|| of_order("customer_id"));
        let name = customer.as_deref().unwrap_or(NOBODY);
        let path = format!("/orders?customer={}&limit=5", escaped(name));
        let (orders, _) = self
            .look("GET /orders", "orders", &path, customer.is_some())
            .await;
        let (path, known) = with_name("/customers/", customer.as_deref());
        let (customer, _) = self.look("GET /customers/{id}", "customer", &path, known).await;
        let (products, _) = self.look("GET /products", "products", "/products", true).await;
        let (path, known) = with_name("/coupons/", samples.coupon.as_deref());
        let (coupon, _) = self.look("GET /coupons/{code}", "coupon", &path, known).await;
        let mut probed = vec![order, orders, customer, products, coupon];
        if self.posts() {
            probed.push(self.try_letter(samples.letter.as_ref()).await);
        }
        probed
    }

    async fn try_letter(&self, letter: Option<&Letter>) -> Probed {
        let told = |works: bool, whole: bool, text: String| Probed {
            what: "POST /transcript",
            works,
            whole,
            text,
        };
        let Some(letter) = letter else {
            let text =
                "not tried, because it sends mail; name an address with --mail to have a line sent there";
            return told(true, false, text.to_owned());
        };
        let began = Instant::now();
        match self.post(letter).await {
            Ok(Posted::Sent) => told(
                true,
                true,
                format!("sent within {} ms", began.elapsed().as_millis()),
            ),
            Ok(Posted::Refused { reason }) => told(true, false, format!("it refuses the address: {reason}")),
            Err(error) => told(false, false, error.to_string()),
        }
    }

    /// One endpoint, and the thing that was found there; the first of a list.
    async fn look(
        &self,
        what: &'static str,
        answer: &'static str,
        path: &str,
        known: bool,
    ) -> (Probed, Option<Value>) {
        let told = |works: bool, whole: bool, text: String| Probed {
            what,
            works,
            whole,
            text,
        };
        let began = Instant::now();
        let body = match self.read(what, path).await {
            Ok(body) => body,
            Err(error) => return (told(false, false, error.to_string()), None),
        };
        let ms = began.elapsed().as_millis();
        let shape = self.shape();
        let is_list = matches!(answer, "orders" | "products");
        let list = body.as_ref().map(|body| shape.list(answer, body));
        let found = match (&body, list) {
            (Some(_), Some(Err(why))) if is_list => return (told(false, false, why), None),
            (Some(_), Some(Ok(list))) if is_list => list.first(),
            (Some(body), _) => shape.body(answer, body),
            (None, _) => None,
        };
        let Some(found) = found else {
            let text = if known {
                format!("answers in {ms} ms, but has nothing under the name that was asked for")
            } else {
                format!("answers in {ms} ms; name something real (see --help) to look over its fields")
            };
            return (told(true, false, text), None);
        };
        let (works, whole, text) = self.judge(answer, found, ms);
        (told(works, whole, text), Some(found.clone()))
    }

    /// Whether a thing can be read, and which of its fields are not there.
    fn judge(&self, answer: &str, found: &Value, ms: u128) -> (bool, bool, String) {
        let shape = self.shape();
        let (group, read) = match answer {
            "customer" => ("customer", shape.customer(found).map(drop)),
            "products" => ("product", shape.product(found).map(drop)),
            "coupon" => ("coupon", shape.coupon(found).map(drop)),
            _ => ("order", shape.order(found).map(drop)),
        };
        let fields = shape.fields(group, found);
        let all = shape.map.groups().into_iter().find(|(name, ..)| *name == group);
        let all = all.map_or(&[][..], |(_, _, all)| all);
        // One of the two tells whose an order is.
        let spare = |field: &str| match field {
            "phone_tail" => group == "order" && fields.get("customer_id").is_some(),
            "customer_id" => group == "order" && fields.get("phone_tail").is_some(),
            _ => false,
        };
        let missing = all
            .iter()
            .filter(|field| fields.get(field).is_none() && !spare(field));
        let needed = NEEDED
            .iter()
            .find(|(name, _)| *name == group)
            .map_or(&[][..], |(_, n)| n);
        let missing: Vec<String> = missing
            .map(|field| {
                let word = if needed.contains(field) { " (needed)" } else { "" };
                format!("{field}{word} at {}", fields.place(field))
            })
            .collect();
        let lacks = if missing.is_empty() {
            "nothing is missing".to_owned()
        } else {
            format!("not there: {}", missing.join(", "))
        };
        match read {
            Ok(()) => (true, missing.is_empty(), format!("answers in {ms} ms; {lacks}")),
            Err(why) => (false, false, format!("{why}; {lacks}")),
        }
    }
}

fn with_name(path: &str, name: Option<&str>) -> (String, bool) {
    (
        format!("{path}{}", escaped(name.unwrap_or(NOBODY))),
        name.is_some(),
    )
}
