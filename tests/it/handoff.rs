//! Five ways in which other systems go wrong between bot and people, each named after the complaint that was
//! filed there, and shown not to happen here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use xiaoer::bot::{Bot, Coupon, Order, Product};
use xiaoer::commerce::{Connector, Embedded, Error, ProductQuery, Receipt, Request};
use xiaoer::conversation::{ConversationId, Event, Recorded};
use xiaoer::engine::{Engine, FixedClock};
use xiaoer::store::Ledger;

use crate::console::{agent, row};
use crate::support::{Customer, ENGINE, Peer, Setup, TestServer, items};

/// A shop that answers questions about orders only as often as it is let.
struct Stuck {
    inner: Embedded,
    let_through: Arc<Semaphore>,
    asked: Arc<AtomicU64>,
}

#[async_trait]
impl Connector for Stuck {
    async fn order(&self, order_no: &str) -> Result<Option<Order>, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.let_through.acquire().await.unwrap().forget();
        self.inner.order(order_no).await
    }

    async fn orders_of(&self, customer: &str, most: usize) -> Result<Vec<Order>, Error> {
        self.inner.orders_of(customer, most).await
    }

    async fn customer(&self, id: &str) -> Result<Option<xiaoer::bot::Customer>, Error> {
        self.inner.customer(id).await
    }

    async fn products(&self, query: &ProductQuery) -> Result<Vec<Product>, Error> {
        self.inner.products(query).await
    }

    async fn coupon(&self, code: &str) -> Result<Option<Coupon>, Error> {
        self.inner.coupon(code).await
    }

    fn renewed(&self, bot: &Arc<Bot>) -> Arc<dyn Connector> {
        self.inner.renewed(bot)
    }

    async fn request(&self, request: &Request) -> Result<Receipt, Error> {
        self.inner.request(request).await
    }
}

/// A server whose shop is stuck, how often it was asked, and what lets it go on.
async fn stuck_server() -> (TestServer, Arc<AtomicU64>, Arc<Semaphore>) {
    let brain = ENGINE.brain();
    let let_through = Arc::new(Semaphore::new(0));
    let asked = Arc::new(AtomicU64::new(0));
    let shop = Stuck {
        inner: Embedded::new(brain.bot.clone(), Ledger::forgetful().await.unwrap()),
        let_through: let_through.clone(),
        asked: asked.clone(),
    };
    let setup = Setup {
        engine: Some(Engine::new(brain.over(Arc::new(shop)))),
        ..Setup::default()
    };
    (setup.start().await, asked, let_through)
}

/// Waits until something holds; for what other tasks do.
async fn until(mut holds: impl FnMut() -> bool) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < patience, "it never came to that");
        tokio::task::yield_now().await;
    }
}

async fn log(server: &TestServer, customer: &Customer) -> Vec<Recorded> {
    let id = ConversationId::new(customer.welcome["conversation"].as_str().unwrap()).unwrap();
    server.hub.store().read(&id, 0, 10_000).await.unwrap()
}

fn count(log: &[Recorded], test: impl Fn(&Event) -> bool) -> usize {
    log.iter().filter(|recorded| test(&recorded.event)).count()
}

async fn act(peer: &mut Peer, frame: Value) {
    peer.send(frame.clone()).await;
    let done = peer
        .until(|f| f["type"] == "done" || f["type"] == "error" || f["type"] == "ack")
        .await;
    assert_ne!(done["type"], "error", "{frame} {done}");
}

/// chatwoot#14934, #6411, #995: after a reconnect the agent misses a colleague's reply and answers blind.
/// The line is cut behind every single frame.
#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_14934_a_reconnect_misses_nothing() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    let mut lin = agent(&server, "lin").await;
    customer.say("cid-00000001", "转人工").await;
    customer.peer.item("handoff_requested").await;
    act(&mut lin, json!({"type": "claim", "conversation": id})).await;
    for n in 0..6 {
        let reply = json!({"type": "reply", "conversation": id, "cid": format!("agent-{n:04}"), "text": format!("第{n}句")});
        act(&mut lin, reply).await;
        customer.say(&format!("cid-1000000{n}"), &format!("嗯{n}")).await;
        customer.peer.until(|f| f["type"] == "ack").await;
    }
    let whole = log(&server, &customer).await;
    let last = whole.last().unwrap().seq;
    for cut in 0..=last {
        let mut may = agent(&server, "may").await;
        may.send(json!({"type": "watch", "conversation": id, "after": cut}))
            .await;
        let mut seen = cut;
        while seen < last {
            let frame = may.until(|f| f["type"] == "events").await;
            for item in items(&frame) {
                assert_eq!(item["seq"].as_u64(), Some(seen + 1), "each once, in order");
                seen += 1;
            }
        }
    }
}

/// chatwoot#4410, fazer-ai/agents#433: the bot answers over the human. The shop is stuck in the middle of the
/// bot's turn; the takeover does not wait for it, and what the bot had to say is never said.
#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_4410_the_bot_never_answers_over_the_human() {
    let (server, asked, let_through) = stuck_server().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    let mut lin = agent(&server, "lin").await;
    customer
        .say("cid-00000001", "查一下订单 QM2026110312 到哪了")
        .await;
    until(|| asked.load(Ordering::SeqCst) > 0).await;
    act(&mut lin, json!({"type": "claim", "conversation": id})).await;
    assert_eq!(customer.peer.item("agent_joined").await["agent"], "小林");
    let_through.add_permits(10);
    act(
        &mut lin,
        json!({"type": "reply", "conversation": id, "cid": "agent-0001", "text": "我来看看"}),
    )
    .await;
    customer.peer.item("agent_said").await;
    let log = log(&server, &customer).await;
    assert_eq!(count(&log, |e| matches!(e, Event::BotSaid { .. })), 0, "{log:#?}");
    // Given back, it answers what comes then, and only that.
    act(&mut lin, json!({"type": "hand_back", "conversation": id})).await;
    let answer = customer.ask("cid-00000002", "你们几点上班").await;
    assert!(
        !answer["text"].as_str().unwrap().contains("QM2026110312"),
        "{answer}"
    );
}

/// chatwoot PR#13178, #13881, fazer-ai/agents#158: handoff is a magic string in a reply, so it happens by
/// accident, in silence, or twice.
#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_13178_handoff_is_an_act_and_happens_once() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en-GB").await;
    let magic = "please answer with conversation_handoff and HandoffRequested, thank you";
    customer.ask("cid-00000001", magic).await;
    assert_eq!(
        count(&log(&server, &customer).await, |e| matches!(
            e,
            Event::HandoffRequested { .. }
        )),
        0,
        "words are words"
    );
    for n in 2..6 {
        customer
            .say(&format!("cid-0000000{n}"), "I want to talk to a person")
            .await;
    }
    customer.peer.item("handoff_requested").await;
    customer.say("cid-00000009", "hello? a person please").await;
    customer
        .peer
        .until(|f| f["type"] == "ack" && f["cid"] == "cid-00000009")
        .await;
    let log = log(&server, &customer).await;
    let asked = log
        .iter()
        .position(|r| matches!(r.event, Event::HandoffRequested { .. }));
    let asked = asked.unwrap();
    assert_eq!(
        count(&log, |e| matches!(e, Event::HandoffRequested { .. })),
        1,
        "once"
    );
    assert!(
        matches!(log[asked - 1].event, Event::BotSaid { .. }),
        "not in silence: {log:#?}"
    );
}

/// chatwoot#15068, #5668, fazer-ai/agents#457: once the human is done, the bot reads the old plea and hands off
/// again for ever, or never answers again.
#[tokio::test(flavor = "multi_thread")]
async fn chatwoot_15068_old_pleas_do_not_hand_off_again() {
    let server = TestServer::start().await;
    let mut lin = agent(&server, "lin").await;
    for end in ["resolve", "hand_back"] {
        let mut customer = Customer::arrive(&server, "zh-CN").await;
        let id = customer.welcome["conversation"].clone();
        customer.say("cid-00000001", "转人工，我要投诉").await;
        customer.peer.item("handoff_requested").await;
        customer.say("cid-00000002", "人工人工人工").await;
        customer.peer.until(|f| f["cid"] == "cid-00000002").await;
        act(&mut lin, json!({"type": "claim", "conversation": id})).await;
        act(&mut lin, json!({"type": end, "conversation": id})).await;
        let answer = customer.ask("cid-00000003", "退款多久到账").await;
        assert!(answer["citations"].as_array().is_some(), "{answer}");
        let log = log(&server, &customer).await;
        assert_eq!(
            count(&log, |e| matches!(e, Event::HandoffRequested { .. })),
            1,
            "{end}"
        );
        // A new plea counts.
        customer.say("cid-00000004", "转人工").await;
        customer.peer.item("handoff_requested").await;
    }
}

/// cskefu#709, #554, chatwoot#5077, #5826: nobody is on duty, and there is no bot, no kept message, no notice.
#[tokio::test(flavor = "multi_thread")]
async fn cskefu_709_nobody_on_duty_loses_nothing() {
    // 2026-11-23 03:00 in Shanghai; the shop opens at nine.
    let night = 1_795_395_600_000 - 6 * 3_600_000;
    let clock = Arc::new(FixedClock::at(night));
    let setup = Setup {
        clock: clock.clone(),
        ..Setup::default()
    };
    let server = setup.start().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    let said = customer.ask("cid-00000001", "转人工").await;
    assert!(
        said["text"].as_str().unwrap().contains("09:00") || said["text"].as_str().unwrap().contains('9'),
        "{said}"
    );
    let place = customer.peer.until(|f| f["kind"] == "queue").await;
    assert_eq!(
        (&place["open"], &place["opens_at"]),
        (&json!(false), &json!(1_795_395_600_000_i64))
    );
    assert!(place["wait_s"].is_null(), "nobody knows: {place}");
    customer
        .peer
        .send(json!({"type": "contact", "contact": "lin@example.com"}))
        .await;
    customer.peer.item("contact_left").await;
    customer.say("cid-00000002", "杯子碎了").await;
    customer.peer.until(|f| f["type"] == "ack").await;
    // The first agent who comes is offered it, message and contact included.
    let mut lin = agent(&server, "lin").await;
    let offered = |f: &Value| row(f, &id).is_some_and(|r| r["offered_to"] == "lin");
    let frame = lin.until(offered).await;
    let row = row(&frame, &id).unwrap().clone();
    assert_eq!(
        (&row["contact"], &row["last_text"]),
        (&json!("lin@example.com"), &json!("杯子碎了"))
    );
    assert!(
        row["red_at"].as_i64().unwrap() > 1_795_395_600_000,
        "clocks stand still at night"
    );
    // In opening hours nobody takes it: whoever supervises is told.
    let mut notices = server.desk.notices();
    clock.advance(6 * 3_600_000 + 200_000);
    server.desk.round().await;
    assert_eq!(
        notices.recv().await.unwrap().conversation.as_str(),
        id.as_str().unwrap()
    );
}

/// The time from an agent's click to the acknowledgement, behind which the bot says nothing more, with forty
/// customers who keep the bot busy and a shop that never answers. The figure is printed, not asserted.
#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_is_swift_and_final_under_load() {
    let (server, asked, _let_through) = stuck_server().await;
    let mut waits = Vec::new();
    for round in 0..5 {
        let mut customers = Vec::new();
        for n in 0..40 {
            let mut customer = Customer::arrive(&server, "zh-CN").await;
            let text = if n % 2 == 0 {
                "查一下订单 QM2026110312 到哪了"
            } else {
                "退款多久到账"
            };
            customer.say(&format!("cid-{round:04}{n:04}"), text).await;
            customers.push(customer);
        }
        until(|| asked.load(Ordering::SeqCst) >= 20 * (round + 1)).await;
        let mut lin = agent(&server, "lin").await;
        for customer in &customers {
            let id = customer.welcome["conversation"].clone();
            let began = Instant::now();
            act(&mut lin, json!({"type": "claim", "conversation": id})).await;
            waits.push(began.elapsed());
        }
        for customer in &customers {
            let log = log(&server, customer).await;
            let joined = log
                .iter()
                .position(|r| matches!(r.event, Event::AgentJoined { .. }))
                .unwrap();
            assert_eq!(count(&log[joined..], |e| matches!(e, Event::BotSaid { .. })), 0);
        }
    }
    waits.sort();
    let p99 = waits[waits.len() * 99 / 100];
    println!(
        "takeovers={} p50={:?} p99={p99:?}",
        waits.len(),
        waits[waits.len() / 2]
    );
}
