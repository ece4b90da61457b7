//! The shop's own system over HTTP: the same contract as the shop's tables, and what a shop in trouble means.

mod letters;
mod mapping;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request as HttpRequest;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use xiaoer::bot::{Bot, ConnectorRule, OrderState};
use xiaoer::commerce::{
    Address, Asked, Connector, Counter, Embedded, Error, Http, Letter, Posted, ProductQuery, Receipt,
    Request, call, connect,
};
use xiaoer::conversation::Lang;
use xiaoer::store::Ledger;

use crate::sample_shop::{Shop, Trouble};
use crate::support::root;

/// Serves a router on a free port and gives its address.
pub async fn open(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn rule(yaml: &str) -> ConnectorRule {
    serde_saphyr::from_str(yaml).unwrap()
}

async fn connector(rule: &ConnectorRule) -> Http {
    Http::new(rule, "Asia/Shanghai", Ledger::forgetful().await.unwrap()).unwrap()
}

/// The shipped shop, without its models.
pub fn bot() -> Arc<Bot> {
    static BOT: LazyLock<Arc<Bot>> = LazyLock::new(|| {
        let (bot, problems) = Bot::load(&root().join("knowledge_base"));
        Arc::new(bot.unwrap_or_else(|| panic!("the shipped knowledge base: {problems:#?}")))
    });
    BOT.clone()
}

/// The sample shop with nothing done in it yet, and the folder it keeps its effects in.
async fn sample() -> (String, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let effects = folder.path().join("effects.jsonl");
    let shop = Shop::open(bot(), &effects, Trouble::default(), None)
        .await
        .unwrap();
    (open(shop.router()).await, folder)
}

fn cancel(key: &str) -> Request {
    Request {
        key: key.to_owned(),
        kind: "cancel_order".to_owned(),
        order_no: Some("QM2026112240".to_owned()),
        customer: None,
        fields: BTreeMap::from([("cancel_reason".to_owned(), "mistake".to_owned())]),
        at: 1_795_395_600_000,
    }
}

/// What every connector keeps to.
async fn keeps_to_the_contract(shop: &dyn Connector) {
    let bot = bot();
    for (number, order) in &bot.catalogue.orders {
        assert_eq!(shop.order(number).await.unwrap().as_ref(), Some(order));
    }
    for (id, customer) in &bot.catalogue.customers {
        assert_eq!(shop.customer(id).await.unwrap().as_ref(), Some(customer));
        let orders = shop.orders_of(id, 2).await.unwrap();
        assert!(orders.len() <= 2 && orders.iter().all(|order| order.customer_id == *id));
        assert!(
            orders.is_sorted_by(|a, b| a.placed_on >= b.placed_on),
            "the latest first"
        );
    }
    for (code, coupon) in &bot.catalogue.coupons {
        let mut found = shop.coupon(code).await.unwrap().unwrap();
        // Not used is written in more than one way.
        found.used.clone_from(&coupon.used);
        assert_eq!(found, *coupon);
    }
    for (sku, product) in &bot.catalogue.products {
        let query = ProductQuery {
            sku: Some(sku.clone()),
            ..ProductQuery::default()
        };
        assert_eq!(
            shop.products(&query).await.unwrap(),
            std::slice::from_ref(product)
        );
    }
    let query = ProductQuery {
        category: Some("kitchen".to_owned()),
        price_max: Some(200.0),
        keyword: Some("壶".to_owned()),
        sku: None,
    };
    let found = shop.products(&query).await.unwrap();
    assert!(!found.is_empty() && found.iter().all(|p| p.price <= 200.0 && p.category == "kitchen"));
    for nobody in ["", "QM0000000000", "../customers/C001", "a/b?c#d"] {
        assert_eq!(shop.order(nobody).await, Ok(None));
        assert_eq!(shop.customer(nobody).await, Ok(None));
        assert_eq!(shop.coupon(nobody).await, Ok(None));
    }
    has_it_done_once(shop).await;
    if shop.posts() {
        sends_it_once(shop).await;
    } else {
        let answer = shop.post(&letter("l1", "lin@shop.example")).await;
        assert!(
            matches!(answer, Err(Error::Slow(_))),
            "nothing was sent: {answer:?}"
        );
    }
}

fn letter(key: &str, to: &str) -> Letter {
    Letter {
        key: key.to_owned(),
        conversation: "c-0123456789".to_owned(),
        to: Address::new(to).unwrap(),
        lang: Lang::En,
        subject: "Qimu Living: your conversation".to_owned(),
        text: "[2026-11-23 09:00:00] Customer: hello\n".to_owned(),
        at: 1_795_395_600_000,
    }
}

async fn sends_it_once(shop: &dyn Connector) {
    for _ in 0..2 {
        assert_eq!(
            shop.post(&letter("l1", "lin@shop.example")).await,
            Ok(Posted::Sent)
        );
    }
    let refused = shop.post(&letter("l2", "lin@nowhere.invalid")).await;
    assert!(
        matches!(&refused, Ok(Posted::Refused { reason }) if !reason.is_empty()),
        "{refused:?}"
    );
}

async fn has_it_done_once(shop: &dyn Connector) {
    let first = shop.request(&cancel("k1")).await.unwrap();
    assert!(
        matches!(&first, Receipt::Done { number } if number.starts_with("CN")),
        "{first:?}"
    );
    assert_eq!(
        shop.request(&cancel("k1")).await.unwrap(),
        first,
        "the same key is the same request"
    );
    let order = shop.order("QM2026112240").await.unwrap().unwrap();
    assert_eq!(
        (order.state, order.requested),
        (OrderState::Cancelled, vec!["cancel_order".to_owned()])
    );
    let reason = "already".to_owned();
    assert_eq!(shop.request(&cancel("k2")).await, Ok(Receipt::Refused { reason }));
}

#[tokio::test]
async fn the_tables_keep_to_the_contract() {
    keeps_to_the_contract(&Embedded::new(bot(), Ledger::forgetful().await.unwrap())).await;
}

#[tokio::test]
async fn the_shops_own_system_keeps_to_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let effects = folder.path().join("effects.jsonl");
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").unwrap();
    let open_shop = || Shop::open(bot(), &effects, Trouble::default(), Some("s3cret".to_owned()));
    let url = open(open_shop().await.unwrap().router()).await;
    let rule = rule(&format!(
        "{{ url: '{url}/', token_file: {}, transcript: true }}",
        token.display()
    ));
    keeps_to_the_contract(&connector(&rule).await).await;
    // What was done is still done after a restart of the shop, and a line that was broken off is not.
    let mut kept = std::fs::read_to_string(&effects).unwrap();
    assert_eq!(
        kept.lines().count(),
        2,
        "a request and a letter, each once: {kept}"
    );
    kept.push_str("{\"key\": \"k3\", \"ki");
    std::fs::write(&effects, kept).unwrap();
    let again = open(open_shop().await.unwrap().router()).await;
    let rule = ConnectorRule { url: again, ..rule };
    let receipt = connector(&rule).await.request(&cancel("k1")).await.unwrap();
    assert!(matches!(receipt, Receipt::Done { .. }));
    let rule = ConnectorRule {
        token_file: None,
        ..rule
    };
    let turned_away = connector(&rule).await.order("QM2026112240").await;
    assert!(matches!(turned_away, Err(Error::Slow(why)) if why.contains("401")));
}

/// What a shop does with one request.
enum Act {
    Says(u16, Value),
    Hangs,
    /// Begins an answer and breaks the connection.
    Breaks,
}

/// A shop that follows a script, and the keys and paths it saw, and the bodies of what was written.
#[derive(Clone, Default)]
struct Scripted {
    acts: Arc<Mutex<VecDeque<Act>>>,
    seen: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Scripted {
    async fn open(&self) -> String {
        let shop = self.clone();
        let serve = move |request: HttpRequest| {
            let key = request.headers().get("idempotency-key");
            let seen = key.map_or(request.uri().to_string(), |key| key.to_str().unwrap().to_owned());
            shop.seen.lock().unwrap().push(seen);
            let shop = shop.clone();
            async move {
                let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
                if let Ok(body) = serde_json::from_slice(&body) {
                    shop.bodies.lock().unwrap().push(body);
                }
                shop.serve().await
            }
        };
        open(Router::new().fallback(serve)).await
    }

    async fn serve(&self) -> Response {
        let act = self.acts.lock().unwrap().pop_front();
        match act.expect("no more requests than the script has") {
            Act::Says(status, body) => {
                (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
            }
            Act::Hangs => std::future::pending().await,
            Act::Breaks => {
                let broken = [Ok("{".to_owned()), Err(std::io::Error::other("broken"))];
                Body::from_stream(futures_util::stream::iter(broken)).into_response()
            }
        }
    }

    fn plan(&self, acts: impl IntoIterator<Item = Act>) {
        self.seen.lock().unwrap().clear();
        *self.acts.lock().unwrap() = acts.into_iter().collect();
    }

    /// What was seen; nothing of the script is left.
    fn seen(&self) -> Vec<String> {
        assert!(
            self.acts.lock().unwrap().is_empty(),
            "the script is not played out"
        );
        self.seen.lock().unwrap().clone()
    }
}

fn an_order() -> Value {
    json!({ "order_no": "A1", "state": "paid" })
}

#[tokio::test]
async fn reads_are_tried_twice_within_their_deadline() {
    let shop = Scripted::default();
    let rule = rule(&format!("{{ url: '{}', deadline_ms: 200 }}", shop.open().await));
    let http = connector(&rule).await;
    for trouble in [
        Act::Says(500, Value::Null),
        Act::Breaks,
        Act::Hangs,
        Act::Says(429, Value::Null),
    ] {
        shop.plan([trouble, Act::Says(200, an_order())]);
        assert_eq!(http.order("A1").await.unwrap().unwrap().order_no, "A1");
        assert_eq!(shop.seen(), ["/orders/A1"; 2]);
    }
    shop.plan([Act::Hangs, Act::Hangs]);
    let began = Instant::now();
    let late = http.order("A1").await;
    assert!(
        matches!(&late, Err(Error::Slow(why)) if why.contains("200 ms")),
        "{late:?}"
    );
    assert!(began.elapsed() < Duration::from_millis(2 * 200 + 100 + 300));
    shop.plan([Act::Says(404, Value::Null)]);
    assert_eq!(http.order("A1").await, Ok(None));
    shop.plan([Act::Says(301, Value::Null)]);
    assert!(matches!(http.order("A1").await, Err(Error::Slow(why)) if why.contains("301")));
    shop.plan([Act::Says(200, json!({ "order_no": "A1", "state": "lost" }))]);
    assert!(matches!(http.order("A1").await, Err(Error::Slow(why)) if why.contains("map.states")));
    let large = || {
        Act::Says(
            200,
            json!({ "order_no": "A".repeat(1024 * 1024), "state": "paid" }),
        )
    };
    shop.plan([large(), large()]);
    assert!(matches!(http.order("A1").await, Err(Error::Slow(why)) if why.contains("cannot be read")));
}

#[tokio::test]
async fn a_write_is_sent_once_more_with_its_key_and_never_guessed() {
    let shop = Scripted::default();
    let rule = rule(&format!("{{ url: '{}', deadline_ms: 200 }}", shop.open().await));
    let http = connector(&rule).await;
    let done = || Act::Says(201, json!({ "state": "done", "number": "CN1" }));
    for trouble in [Act::Breaks, Act::Hangs] {
        shop.plan([trouble, done()]);
        let number = "CN1".to_owned();
        assert_eq!(http.request(&cancel("k")).await, Ok(Receipt::Done { number }));
        assert_eq!(shop.seen(), ["k"; 2]);
    }
    let unknown = [
        vec![Act::Breaks, Act::Breaks],
        vec![Act::Hangs, Act::Says(500, Value::Null)],
        vec![Act::Hangs, Act::Says(401, Value::Null)],
        vec![Act::Says(500, Value::Null)],
        vec![Act::Says(201, Value::Null)],
    ];
    for script in unknown {
        let tries = script.len();
        shop.plan(script);
        let answer = http.request(&cancel("k")).await;
        assert!(matches!(answer, Err(Error::Unknown(_))), "{answer:?}");
        assert_eq!(shop.seen(), vec!["k"; tries]);
        // Five failures in a row would close the line.
        shop.plan([done()]);
        http.request(&cancel("k")).await.unwrap();
    }
    shop.plan([done()]);
    http.request(&cancel("c:1:订单 7")).await.unwrap();
    assert_eq!(shop.seen(), ["c%3A1%3A%E8%AE%A2%E5%8D%95%207"], "any key is sent");
    shop.plan([Act::Says(422, Value::Null)]);
    assert!(
        matches!(http.request(&cancel("k")).await, Err(Error::Slow(_))),
        "turned away: nothing was done"
    );
}

#[tokio::test]
async fn what_could_not_be_sent_was_not_done_unless_it_was_sent_before() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let http = connector(&rule(&format!("{{ url: 'http://{free}' }}"))).await;
    let refused = http.request(&cancel("k")).await;
    assert!(matches!(refused, Err(Error::Slow(_))), "{refused:?}");
    let bot = bot();
    let counter = Counter {
        bot: &bot,
        shop: &http,
    };
    for (again, outcome) in [(false, "slow"), (true, "unknown")] {
        let asked = Asked {
            call: "request.cancel_order".to_owned(),
            key: "k".to_owned(),
            slots: BTreeMap::new(),
            fields: BTreeMap::new(),
            shown: Vec::new(),
            title: String::new(),
            customer: None,
            again,
            lang: Lang::En,
            now: 0,
        };
        assert_eq!(call(&counter, &asked).await.outcome, outcome);
    }
}

#[tokio::test]
async fn a_shop_that_is_down_is_left_alone_for_half_a_minute() {
    let shop = Scripted::default();
    let http = connector(&rule(&format!("{{ url: '{}' }}", shop.open().await))).await;
    shop.plan((0..10).map(|_| Act::Says(503, Value::Null)));
    for _ in 0..5 {
        assert!(http.order("A1").await.is_err());
    }
    assert_eq!(shop.seen().len(), 10);
    shop.plan([]);
    assert!(matches!(http.order("A1").await, Err(Error::Slow(why)) if why.contains("left alone")));
    assert!(
        matches!(http.request(&cancel("k")).await, Err(Error::Slow(_))),
        "not sent: not done"
    );
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    shop.plan([Act::Says(200, an_order()), Act::Says(200, an_order())]);
    assert!(http.order("A1").await.is_ok());
    assert!(http.order("A1").await.is_ok());
    assert_eq!(shop.seen().len(), 2);
}

#[tokio::test]
async fn a_saved_connector_serves_and_one_taken_out_does_not() {
    let (url, _folder) = sample().await;
    let mut with = (*bot()).clone();
    with.shop.connector = Some(rule(&format!("{{ url: '{url}' }}")));
    let with = Arc::new(with);
    let tables = connect(&bot(), Ledger::forgetful().await.unwrap()).unwrap();
    // A saved file is read on a thread without a runtime.
    let http = std::thread::scope(|scope| scope.spawn(|| tables.renewed(&with)).join().unwrap());
    http.request(&cancel("k1")).await.unwrap();
    assert_eq!(
        tables.order("QM2026112240").await.unwrap().unwrap().state,
        OrderState::Paid
    );
    let again = http.renewed(&with);
    assert_eq!(
        again.order("QM2026112240").await.unwrap().unwrap().state,
        OrderState::Cancelled
    );
    let back = again.renewed(&bot());
    assert_eq!(
        back.order("QM2026112240").await.unwrap().unwrap().state,
        OrderState::Paid
    );
    // Without its token the new one cannot be had, and the old one stays.
    let mut broken = (*with).clone();
    broken.shop.connector = Some(rule(&format!(
        "{{ url: '{url}/x', token_env: XIAOER_NO_SUCH_TOKEN }}"
    )));
    assert!(connect(&Arc::new(broken.clone()), Ledger::forgetful().await.unwrap()).is_err());
    let stays = again.renewed(&Arc::new(broken));
    assert_eq!(
        stays.order("QM2026112240").await.unwrap().unwrap().state,
        OrderState::Cancelled
    );
}
