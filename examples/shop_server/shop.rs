//! The shop itself: seven endpoints over the tables, and a file of effects.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path as InPath, Query, Request as HttpRequest, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use xiaoer::bot::{Bot, Coupon, Customer, Order, Product};
use xiaoer::commerce::{Connector, Embedded, ProductQuery, Receipt, Request};
use xiaoer::conversation::Lang;
use xiaoer::engine::{Clock, SystemClock};
use xiaoer::store::{Entry, Ledger};

/// What makes a shop a bad one.
#[derive(clap::Args, Debug, Clone, Default)]
pub struct Trouble {
    /// Wait up to so long before each answer
    #[arg(long, default_value_t = 0)]
    pub slow_ms: u64,
    /// Wait up to so long before an effect, and as long again before its answer
    #[arg(long, default_value_t = 0)]
    pub slow_write_ms: u64,
    /// Of a hundred writes, so many are answered with 500: some before the effect, some after it
    #[arg(long, default_value_t = 0)]
    pub fail: u32,
    /// Of a hundred writes, so many take effect and are answered with a broken connection
    #[arg(long, default_value_t = 0)]
    pub drop: u32,
    /// Seed of the trouble
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print each effect as a line of JSON
    #[arg(long)]
    pub log: bool,
}

/// One line of the file of effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Idempotency key.
    pub key: String,
    /// What was done.
    pub kind: String,
    /// The order it was done to; empty if to none.
    pub order_no: String,
    /// The customer, if known.
    pub customer: String,
    /// What came along.
    pub fields: BTreeMap<String, String>,
    /// The number it was done under.
    pub number: String,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// The shop. Clones are the same shop.
#[derive(Clone)]
pub struct Shop {
    inner: Arc<Inner>,
}

struct Inner {
    /// The tables, and the rules of `shop.yaml`.
    desk: Embedded,
    /// One effect at a time.
    effects: tokio::sync::Mutex<Effects>,
    trouble: Trouble,
    random: Mutex<StdRng>,
    token: Option<String>,
}

/// What was done: on disk, and the keys of it.
struct Effects {
    file: std::fs::File,
    keys: HashSet<String>,
}

/// Body of `POST /requests`.
#[derive(Deserialize)]
struct Asked {
    kind: String,
    #[serde(default)]
    order_no: Option<String>,
    #[serde(default)]
    customer: Option<String>,
    #[serde(default)]
    fields: BTreeMap<String, String>,
}

/// Body of `POST /transcript`.
#[derive(Deserialize)]
struct Letter {
    conversation: String,
    to: String,
    lang: Lang,
    subject: String,
    text: String,
}

impl Shop {
    /// Opens a shop with what was done in it before.
    ///
    /// # Errors
    /// When the file of effects cannot be used.
    pub async fn open(
        bot: Arc<Bot>,
        effects: &Path,
        trouble: Trouble,
        token: Option<String>,
    ) -> anyhow::Result<Self> {
        let mut file = std::fs::File::options()
            .create(true)
            .read(true)
            .append(true)
            .open(effects)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let ledger = Ledger::forgetful().await?;
        // A last line without an end was never answered: it is no effect, and is cut off.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(u64::try_from(whole)?)?;
        let mut keys = HashSet::new();
        for line in text[..whole].lines() {
            let effect: Effect = serde_json::from_str(line)?;
            keys.insert(effect.key.clone());
            ledger.put(entry(effect)).await?;
        }
        let inner = Inner {
            desk: Embedded::new(bot, ledger),
            effects: tokio::sync::Mutex::new(Effects { file, keys }),
            random: Mutex::new(StdRng::seed_from_u64(trouble.seed)),
            trouble,
            token,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The API.
    pub fn router(self) -> Router {
        Router::new()
            .route("/customers/{id}", get(customer))
            .route("/orders", get(orders))
            .route("/orders/{order_no}", get(order))
            .route("/products", get(products))
            .route("/coupons/{code}", get(coupon))
            .route("/requests", post(request))
            .route("/transcript", post(transcript))
            .layer(middleware::from_fn_with_state(self.clone(), guard))
            .with_state(self)
    }

    /// A number below a bound.
    fn below(&self, bound: u64) -> u64 {
        let mut random = self.inner.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.random_range(0..bound.max(1))
    }

    async fn wait(&self, most_ms: u64) {
        tokio::time::sleep(Duration::from_millis(self.below(most_ms))).await;
    }

    fn happens(&self, of_hundred: u32) -> bool {
        self.below(100) < u64::from(of_hundred)
    }

    /// Does it once and keeps it on disk; a key that was seen before answers what it answered then.
    async fn effect(&self, request: Request) -> anyhow::Result<Receipt> {
        let mut effects = self.inner.effects.lock().await;
        let receipt = self.inner.desk.request(&request).await?;
        let Receipt::Done { number } = &receipt else {
            return Ok(receipt);
        };
        if !effects.keys.insert(request.key.clone()) {
            return Ok(receipt);
        }
        let mut line = serde_json::to_string(&Effect {
            key: request.key,
            kind: request.kind,
            order_no: request.order_no.unwrap_or_default(),
            customer: request.customer.unwrap_or_default(),
            fields: request.fields,
            number: number.clone(),
            at: request.at,
        })?;
        line.push('\n');
        let file = &mut effects.file;
        if let Err(error) = file.write_all(line.as_bytes()).and_then(|()| file.sync_all()) {
            // It may be on disk or not, and nobody may be told either: what is there counts after a restart.
            eprintln!("the effects cannot be kept: {error}");
            std::process::exit(1);
        }
        if self.inner.trouble.log {
            // Nobody reads it any more: the file has it.
            let _gone = std::io::stdout().write_all(line.as_bytes());
        }
        Ok(receipt)
    }
}

fn entry(effect: Effect) -> Entry {
    Entry {
        key: effect.key,
        kind: effect.kind,
        order_no: effect.order_no,
        customer: effect.customer,
        fields: effect.fields,
        number: effect.number,
        at: effect.at,
    }
}

/// Shows the door to callers without the token, and is slow if it has to be.
async fn guard(State(shop): State<Shop>, request: HttpRequest, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|value| value.to_str().ok());
    let wanted = shop.inner.token.as_ref().map(|token| format!("Bearer {token}"));
    if wanted.is_some() && wanted.as_deref() != shown {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    shop.wait(shop.inner.trouble.slow_ms).await;
    next.run(request).await
}

/// A thing, or 404 if there is none.
fn answer<T, E: std::fmt::Display>(found: Result<Option<T>, E>, write: impl FnOnce(&T) -> Value) -> Response {
    match found {
        Ok(Some(thing)) => Json(write(&thing)).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn customer(State(shop): State<Shop>, InPath(id): InPath<String>) -> Response {
    answer(shop.inner.desk.customer(&id).await, of_customer)
}

async fn order(State(shop): State<Shop>, InPath(order_no): InPath<String>) -> Response {
    answer(shop.inner.desk.order(&order_no).await, of_order)
}

async fn coupon(State(shop): State<Shop>, InPath(code): InPath<String>) -> Response {
    answer(shop.inner.desk.coupon(&code).await, of_coupon)
}

async fn orders(State(shop): State<Shop>, Query(query): Query<HashMap<String, String>>) -> Response {
    let limit = query
        .get("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(5);
    let customer = query.get("customer").map_or("", String::as_str);
    let found = shop.inner.desk.orders_of(customer, limit).await.map(Some);
    answer(
        found,
        |list| json!({ "orders": list.iter().map(of_order).collect::<Vec<_>>() }),
    )
}

async fn products(State(shop): State<Shop>, Query(query): Query<HashMap<String, String>>) -> Response {
    let query = ProductQuery {
        sku: query.get("sku").cloned(),
        category: query.get("category").cloned(),
        price_max: query.get("price_max").and_then(|price| price.parse().ok()),
        keyword: query.get("q").cloned(),
    };
    let found = shop.inner.desk.products(&query).await.map(Some);
    answer(
        found,
        |list| json!({ "products": list.iter().map(of_product).collect::<Vec<_>>() }),
    )
}

fn key_of(headers: &HeaderMap) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?;
    Some(key.to_owned()).filter(|key| !key.is_empty())
}

fn without_key() -> Response {
    (StatusCode::BAD_REQUEST, "no Idempotency-Key").into_response()
}

async fn request(State(shop): State<Shop>, headers: HeaderMap, Json(asked): Json<Asked>) -> Response {
    let Some(key) = key_of(&headers) else {
        return without_key();
    };
    let request = Request {
        key,
        kind: asked.kind,
        order_no: asked.order_no,
        customer: asked.customer,
        fields: asked.fields,
        at: SystemClock.now(),
    };
    let order_no = request.order_no.clone();
    if let Some(order_no) = order_no
        && !matches!(shop.inner.desk.order(&order_no).await, Ok(Some(_)))
    {
        return (StatusCode::UNPROCESSABLE_ENTITY, "no such order").into_response();
    }
    begun(shop, request).await
}

/// Here a letter is only written down among the effects, once; yours goes out from there.
async fn transcript(State(shop): State<Shop>, headers: HeaderMap, Json(letter): Json<Letter>) -> Response {
    let Some(key) = key_of(&headers) else {
        return without_key();
    };
    // RFC 2606: nobody is ever there.
    if letter.to.ends_with(".invalid") {
        let reason = match letter.lang {
            Lang::Zh => "这个邮箱地址收不到信",
            Lang::En => "No mail reaches this address",
        };
        let refused = json!({ "state": "refused", "reason": reason });
        return (StatusCode::CREATED, Json(refused)).into_response();
    }
    let fields = [
        ("conversation", letter.conversation),
        ("to", letter.to),
        ("subject", letter.subject),
        ("text", letter.text),
    ];
    let request = Request {
        key,
        kind: "transcript".to_owned(),
        order_no: None,
        customer: None,
        fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
        at: SystemClock.now(),
    };
    begun(shop, request).await
}

/// A task of its own: a caller that goes away does not stop what was begun.
async fn begun(shop: Shop, request: Request) -> Response {
    let served = tokio::spawn(async move { serve(&shop, request).await }).await;
    served.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn serve(shop: &Shop, request: Request) -> Response {
    let trouble = &shop.inner.trouble;
    let (fails, early) = (shop.happens(trouble.fail), shop.happens(50));
    if fails && early {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    shop.wait(trouble.slow_write_ms).await;
    let receipt = shop.effect(request).await;
    shop.wait(trouble.slow_write_ms).await;
    if shop.happens(trouble.drop) {
        let broken = futures_util::stream::iter([Err::<String, _>(std::io::Error::other("dropped"))]);
        return Body::from_stream(broken).into_response();
    }
    match receipt {
        Ok(_) if fails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Ok(Receipt::Done { number }) => {
            let done = json!({ "state": "done", "number": number });
            (StatusCode::CREATED, Json(done)).into_response()
        }
        Ok(Receipt::Refused { reason }) => {
            let refused = json!({ "state": "refused", "reason": reason });
            (StatusCode::CREATED, Json(refused)).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn of_order(order: &Order) -> Value {
    let items = order
        .items()
        .map(|(sku, count)| json!({ "sku": sku, "count": count }));
    let scans = order.scans(Lang::Zh).zip(order.scans(Lang::En));
    let scans = scans.map(|((at, zh), (_, en))| json!({ "at": at, "zh": zh, "en": en }));
    json!({
        "order_no": order.order_no,
        "customer_id": order.customer_id,
        "state": order.state.name(),
        "placed_on": order.placed_on,
        "delivered_on": order.delivered_on,
        "expected_on": order.expected_on,
        "items": items.collect::<Vec<_>>(),
        "total": order.total,
        "courier": order.courier,
        "tracking_no": order.tracking_no,
        "scans": scans.collect::<Vec<_>>(),
        "requested": order.requested,
    })
}

fn of_customer(customer: &Customer) -> Value {
    json!({
        "customer_id": customer.customer_id,
        "name": customer.name,
        "phone": customer.phone,
        "level": customer.level,
        "points": customer.points,
    })
}

fn of_product(product: &Product) -> Value {
    let list = |written: &str| -> Vec<Value> {
        let parts = written.split('/').filter(|part| !part.is_empty());
        let one = |part: &str| match part.split_once('|') {
            Some((zh, en)) => json!({ "zh": zh, "en": en }),
            None => json!(part),
        };
        parts.map(one).collect()
    };
    json!({
        "sku": product.sku,
        "name_zh": product.name_zh,
        "name_en": product.name_en,
        "category": product.category,
        "price": product.price,
        "stock": product.stock,
        "colours": list(&product.colours),
        "sizes": list(&product.sizes),
        "description_zh": product.description_zh,
        "description_en": product.description_en,
    })
}

fn of_coupon(coupon: &Coupon) -> Value {
    json!({
        "code": coupon.code,
        "title_zh": coupon.title_zh,
        "title_en": coupon.title_en,
        "minimum": coupon.minimum,
        "off": coupon.off,
        "valid_from": coupon.valid_from.to_string(),
        "valid_until": coupon.valid_until.to_string(),
        "customer_id": coupon.customer_id,
        "used": coupon.used == "yes",
    })
}
