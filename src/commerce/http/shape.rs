//! The shop's JSON as our things: each field by its pointer, or under our own name where none is given.
//! Numbers that are written as texts are taken, as are moments where a day is wanted; many shops write so.

use serde_json::Value;

use crate::bot::{Coupon, Customer, Order, OrderState, Pointers, Product, ShopMap};

/// Fields without which a thing cannot be used, by group.
pub(super) const NEEDED: [(&str, &[&str]); 4] = [
    ("order", &["order_no", "state"]),
    ("customer", &["customer_id"]),
    ("product", &["sku", "name_zh", "price", "stock"]),
    ("coupon", &["code", "title_zh", "valid_from", "valid_until"]),
];

/// What cannot be read, with its place.
pub(super) type Misread = String;

/// How the shop's answers are read.
pub(super) struct Shape<'a> {
    pub map: &'a ShopMap,
    /// Zone of the shop's days.
    pub zone: &'a str,
}

/// One thing's fields.
pub(super) struct Fields<'a> {
    group: &'static str,
    pointers: &'a Pointers,
    value: &'a Value,
}

impl<'a> Fields<'a> {
    /// The value of a field; `null` is none.
    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        let found = match self.pointers.get(field) {
            Some(pointer) => self.value.pointer(pointer),
            None => self.value.get(field),
        };
        found.filter(|value| !value.is_null())
    }

    /// Where a field is looked for.
    pub(super) fn place(&self, field: &str) -> String {
        let pointer = self.pointers.get(field);
        pointer.cloned().unwrap_or_else(|| format!("/{field}"))
    }

    fn missing(&self, field: &str, wanted: &str) -> Misread {
        format!("{}.{field}: no {wanted} at `{}`", self.group, self.place(field))
    }

    fn text(&self, field: &str) -> String {
        self.get(field).map(plain).unwrap_or_default()
    }

    fn needed(&self, field: &str) -> Result<String, Misread> {
        let text = self.text(field);
        if text.is_empty() {
            Err(self.missing(field, "text"))
        } else {
            Ok(text)
        }
    }

    /// A text in two languages of which the shop may have one.
    fn either(&self, field: &str, other: &str) -> String {
        let text = self.text(field);
        if text.is_empty() { self.text(other) } else { text }
    }

    fn number(&self, field: &str) -> Result<Option<f64>, Misread> {
        let Some(value) = self.get(field) else {
            return Ok(None);
        };
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|n: &f64| n.is_finite() && *n >= 0.0);
        number
            .map(Some)
            .ok_or_else(|| self.missing(field, "number from 0 on"))
    }

    fn list(&self, field: &str) -> &'a [Value] {
        self.get(field)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }
}

/// A text, or a number or truth as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

/// A text that stands in a list which these signs part.
fn part(text: &str) -> String {
    text.replace(';', "；").replace('|', "｜").replace('/', "／")
}

/// Texts, each plain or `{zh, en}`, as our lists of variants.
fn variants(list: &[Value]) -> String {
    let one = |value: &Value| match (value.get("zh"), value.get("en")) {
        (Some(zh), Some(en)) => format!("{}|{}", part(&plain(zh)), part(&plain(en))),
        (Some(only), None) | (None, Some(only)) => part(&plain(only)),
        (None, None) => part(&plain(value)),
    };
    let all: Vec<String> = list.iter().map(one).filter(|one| !one.is_empty()).collect();
    all.join("/")
}

/// A whole number of what can be counted; fractions are cut off.
fn whole(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cut to the range before"
    )]
    let whole = number.clamp(0.0, f64::from(u32::MAX)) as u32;
    whole
}

impl<'a> Shape<'a> {
    pub(super) fn fields(&self, group: &'static str, value: &'a Value) -> Fields<'a> {
        let known = self.map.groups();
        let found = known.into_iter().find(|(name, _, _)| *name == group);
        Fields {
            group,
            pointers: found.map_or(&self.map.order, |(_, pointers, _)| pointers),
            value,
        }
    }

    /// What an answer's body is about: the body itself, or what its pointer leads to.
    pub(super) fn body(&self, answer: &str, body: &'a Value) -> Option<&'a Value> {
        let found = match self.map.answers.get(answer) {
            Some(pointer) => body.pointer(pointer),
            // A list stands alone or under its own name.
            None if body.is_object() && matches!(answer, "orders" | "products") => body.get(answer),
            None => Some(body),
        };
        found.filter(|value| !value.is_null())
    }

    /// The list of an answer.
    pub(super) fn list(&self, answer: &str, body: &'a Value) -> Result<&'a [Value], Misread> {
        let list = self.body(answer, body).and_then(Value::as_array);
        list.map(Vec::as_slice)
            .ok_or_else(|| format!("no list of {answer} in the answer"))
    }

    /// The day of a date, of a moment in text, or of seconds or milliseconds since 1970.
    fn day(&self, fields: &Fields<'_>, field: &str) -> Result<String, Misread> {
        let Some(value) = fields.get(field).filter(|value| value.as_str() != Some("")) else {
            return Ok(String::new());
        };
        let day = match value {
            Value::Number(number) => number.as_i64().and_then(|since| self.day_since(since)),
            Value::String(text) => self.day_written(text.trim()),
            _ => None,
        };
        day.ok_or_else(|| fields.missing(field, "day such as 2026-11-23"))
    }

    fn day_written(&self, text: &str) -> Option<String> {
        // A moment with a zone of its own is another day elsewhere.
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(moment.in_tz(self.zone).ok()?.date().to_string());
        }
        let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
        Some(day.to_string())
    }

    fn day_since(&self, since: i64) -> Option<String> {
        const SECONDS_MAX: i64 = 100_000_000_000;
        let ms = if since < SECONDS_MAX { since * 1_000 } else { since };
        let moment = jiff::Timestamp::from_millisecond(ms).ok()?;
        Some(moment.in_tz(self.zone).ok()?.date().to_string())
    }

    fn state(&self, fields: &Fields<'_>) -> Result<OrderState, Misread> {
        let theirs = fields.needed("state")?;
        let ours = self.map.states.get(&theirs).unwrap_or(&theirs);
        OrderState::of_name(ours)
            .ok_or_else(|| format!("order.state: `{theirs}` is no state of ours; put it under map.states"))
    }

    /// An order.
    pub(super) fn order(&self, value: &'a Value) -> Result<Order, Misread> {
        let fields = self.fields("order", value);
        let items: Result<Vec<String>, Misread> = fields.list("items").iter().map(|i| self.item(i)).collect();
        let scans: Vec<String> = fields.list("scans").iter().map(|s| self.scan(s)).collect();
        Ok(Order {
            order_no: fields.needed("order_no")?,
            customer_id: fields.text("customer_id"),
            phone_tail: fields.text("phone_tail"),
            state: self.state(&fields)?,
            placed_on: self.day(&fields, "placed_on")?,
            delivered_on: self.day(&fields, "delivered_on")?,
            expected_on: self.day(&fields, "expected_on")?,
            items: items?.join(";"),
            total: fields.number("total")?.unwrap_or_default(),
            courier: fields.text("courier"),
            tracking_no: fields.text("tracking_no"),
            scans: scans.join(";"),
            requested: fields.list("requested").iter().map(plain).collect(),
        })
    }

    fn item(&self, value: &'a Value) -> Result<String, Misread> {
        let fields = self.fields("item", value);
        let count = fields.number("count")?.map_or(1, whole);
        Ok(format!("{} x{count}", fields.needed("sku")?.replace(';', "；")))
    }

    fn scan(&self, value: &'a Value) -> String {
        let fields = self.fields("scan", value);
        let (zh, en) = (fields.either("zh", "en"), fields.either("en", "zh"));
        let part = |text: &str| text.replace(';', "；").replace('|', "｜");
        format!("{}|{}|{}", part(&fields.text("at")), part(&zh), part(&en))
    }

    /// A customer.
    pub(super) fn customer(&self, value: &'a Value) -> Result<Customer, Misread> {
        let fields = self.fields("customer", value);
        Ok(Customer {
            customer_id: fields.needed("customer_id")?,
            name: fields.text("name"),
            phone: fields.text("phone"),
            level: fields.text("level"),
            points: fields.number("points")?.map(whole).unwrap_or_default(),
        })
    }

    /// A product.
    pub(super) fn product(&self, value: &'a Value) -> Result<Product, Misread> {
        let fields = self.fields("product", value);
        let (name_zh, name_en) = (
            fields.either("name_zh", "name_en"),
            fields.either("name_en", "name_zh"),
        );
        if name_zh.is_empty() {
            return Err(fields.missing("name_zh", "text"));
        }
        let price = fields.number("price")?;
        let stock = match fields.get("stock") {
            // Some shops only tell whether there is any.
            Some(Value::Bool(any)) => u32::from(*any),
            _ => whole(
                fields
                    .number("stock")?
                    .ok_or_else(|| fields.missing("stock", "number"))?,
            ),
        };
        Ok(Product {
            sku: fields.needed("sku")?,
            name_zh,
            name_en,
            category: fields.text("category"),
            price: price.ok_or_else(|| fields.missing("price", "number"))?,
            stock,
            colours: variants(fields.list("colours")),
            sizes: variants(fields.list("sizes")),
            description_zh: fields.either("description_zh", "description_en"),
            description_en: fields.either("description_en", "description_zh"),
        })
    }

    /// A coupon.
    pub(super) fn coupon(&self, value: &'a Value) -> Result<Coupon, Misread> {
        let fields = self.fields("coupon", value);
        let day = |field: &str| {
            let day = self.day(&fields, field)?;
            day.parse().map_err(|_| fields.missing(field, "day"))
        };
        let used = matches!(fields.text("used").as_str(), "true" | "yes" | "1");
        Ok(Coupon {
            code: fields.needed("code")?.to_uppercase(),
            title_zh: fields.either("title_zh", "title_en"),
            title_en: fields.either("title_en", "title_zh"),
            minimum: fields.number("minimum")?.unwrap_or_default(),
            off: fields.number("off")?.unwrap_or_default(),
            valid_from: day("valid_from")?,
            valid_until: day("valid_until")?,
            customer_id: fields.text("customer_id"),
            used: if used { "yes" } else { "no" }.to_owned(),
        })
    }
}
