//! A step that needs a person's yes: asked, answered once, too late, dropped, taken over, and after a crash.

use serde_json::{Value, json};
use xiaoer::conversation::{ConversationId, Event};
use xiaoer::desk::State;
use xiaoer::engine::{Hub, HubSettings};
use xiaoer::store::Append;

use crate::console::{agent, row};
use crate::support::{Customer, MORNING, Peer, TestServer, fresh_engine, items, open_shop};

/// A customer who has named a price, with the conversation's id.
async fn haggling(server: &TestServer) -> (Customer, Value) {
    let mut customer = Customer::arrive(server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    customer.ask("cid-00000001", "细嘴手冲壶能便宜点吗").await;
    let hold = customer.ask("cid-00000002", "300 元").await;
    assert!(hold["text"].as_str().unwrap().contains("问一下同事"), "{hold}");
    (customer, id)
}

/// The question as an agent's board shows it.
async fn asked(peer: &mut Peer, id: &Value) -> Value {
    let open = |f: &Value| row(f, id).is_some_and(|r| r.get("approval").is_some());
    let frame = peer.until(open).await;
    row(&frame, id).unwrap()["approval"].clone()
}

async fn decide(peer: &mut Peer, id: &Value, asked: &Value, yes: bool, note: &str) -> Value {
    peer.send(json!({"type": "decide", "conversation": id, "asked": asked, "yes": yes, "note": note}))
        .await;
    peer.until(|f| ["done", "error"].contains(&f["type"].as_str().unwrap_or_default()))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_is_given_once_and_the_bot_goes_on() {
    let (server, _clock) = open_shop().await;
    let mut lin = agent(&server, "lin").await;
    let mut may = agent(&server, "may").await;
    let (mut customer, id) = haggling(&server).await;
    let question = asked(&mut lin, &id).await;
    assert!(
        question["question"]["zh"]
            .as_str()
            .unwrap()
            .contains("300 元买「细嘴手冲壶」")
    );
    assert!(question["question"]["en"].as_str().unwrap().contains("for ¥300"));
    assert_eq!(question["until"], MORNING + 300_000);
    let seq = &question["asked"];
    assert_eq!(
        decide(&mut lin, &id, seq, true, " 用码 QM300 ").await["type"],
        "done"
    );
    let frame = customer
        .peer
        .until(|f| items(f).iter().any(|i| i["type"] == "bot_said"))
        .await;
    let text = items(&frame)[0]["text"].as_str().unwrap().to_owned();
    assert!(
        text.contains("同事同意了") && text.contains("用码 QM300"),
        "{text}"
    );
    // A double click changes nothing; whoever comes second is told who was first.
    assert_eq!(decide(&mut lin, &id, seq, true, "").await["type"], "done");
    let second = decide(&mut may, &id, seq, false, "").await;
    assert_eq!((&second["code"], &second["by"]), (&json!("gone"), &json!("小林")));
    let ConversationRead { status, kinds } = read(&server, &id).await;
    assert_eq!(status, "with_bot", "it stays the bot's");
    let count = |kind: &str| kinds.iter().filter(|k| *k == kind).count();
    assert_eq!((count("approval_asked"), count("approval_given")), (1, 1));
    // The customer is sent nothing of what people said among themselves.
    let mut again = customer.come_back(&server, 0).await;
    let head = again.welcome["head"].as_u64().unwrap();
    let mut to = 0;
    while to < head {
        let frame = again.peer.until(|f| f["type"] == "events").await;
        assert!(!frame.to_string().contains("approval"), "{frame}");
        to = frame["to"].as_u64().unwrap();
    }
}

struct ConversationRead {
    status: &'static str,
    kinds: Vec<String>,
}

async fn read(server: &TestServer, id: &Value) -> ConversationRead {
    let id = ConversationId::new(id.as_str().unwrap()).unwrap();
    let events = server.hub.store().read(&id, 0, 1_000).await.unwrap();
    let kind = |event| {
        serde_json::to_value(event).unwrap()["type"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    ConversationRead {
        status: server
            .hub
            .store()
            .head(&id)
            .await
            .unwrap()
            .ownership
            .status
            .name(),
        kinds: events.iter().map(|recorded| kind(&recorded.event)).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_in_time() {
    let (server, clock) = open_shop().await;
    let mut lin = agent(&server, "lin").await;
    let (mut customer, id) = haggling(&server).await;
    let seq = asked(&mut lin, &id).await["asked"].clone();
    clock.advance(299_000);
    server.desk.round().await;
    assert!(
        !read(&server, &id)
            .await
            .kinds
            .contains(&"approval_closed".to_owned())
    );
    clock.advance(1_000);
    server.desk.round().await;
    let told = customer.peer.item("bot_said").await;
    assert!(told["text"].as_str().unwrap().contains("走不开"), "{told}");
    let late = decide(&mut lin, &id, &seq, true, "").await;
    assert_eq!((&late["code"], late.get("by")), (&json!("gone"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_there_to_answer() {
    let (server, clock) = open_shop().await;
    let (mut customer, _id) = haggling(&server).await;
    assert_eq!(server.desk.presence().state("lin"), State::Offline);
    // As long as a lost connection may take to come back, and not a minute longer.
    clock.advance(46_000);
    server.desk.round().await;
    let told = customer.peer.item("bot_said").await;
    assert!(told["text"].as_str().unwrap().contains("走不开"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_by_the_customer_or_taken_over_it_is_no_question_any_more() {
    let (server, _clock) = open_shop().await;
    let mut lin = agent(&server, "lin").await;
    let (mut customer, id) = haggling(&server).await;
    let seq = asked(&mut lin, &id).await["asked"].clone();
    customer.ask("cid-00000003", "算了").await;
    lin.until(|f| row(f, &id).is_some_and(|r| r.get("approval").is_none()))
        .await;
    assert_eq!(decide(&mut lin, &id, &seq, true, "").await["code"], "gone");

    let (mut other, id) = haggling(&server).await;
    let seq = asked(&mut lin, &id).await["asked"].clone();
    let mut may = agent(&server, "may").await;
    may.send(json!({"type": "claim", "conversation": id})).await;
    other.peer.item("agent_joined").await;
    lin.until(|f| row(f, &id).is_some_and(|r| r["agent"] == "may" && r.get("approval").is_none()))
        .await;
    assert_eq!(decide(&mut lin, &id, &seq, true, "").await["code"], "gone");
    let kinds = read(&server, &id).await.kinds;
    assert!(!kinds.contains(&"approval_given".to_owned()), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_note_is_refused_and_the_question_stays() {
    let (server, _clock) = open_shop().await;
    let mut lin = agent(&server, "lin").await;
    let (_customer, id) = haggling(&server).await;
    let seq = asked(&mut lin, &id).await["asked"].clone();
    let refused = decide(&mut lin, &id, &seq, true, &"长".repeat(501)).await;
    assert_eq!(refused["code"], "too_long");
    assert_eq!(decide(&mut lin, &id, &seq, false, "").await["type"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_a_crash_left_unanswered_is_gone_on_with() {
    let (server, clock) = open_shop().await;
    let mut lin = agent(&server, "lin").await;
    let (_customer, id) = haggling(&server).await;
    let asked = asked(&mut lin, &id).await["asked"].as_u64().unwrap();
    // What is on disk when the server dies right behind the commit.
    let id = ConversationId::new(id.as_str().unwrap()).unwrap();
    let store = server.hub.store().clone();
    let given = Event::ApprovalGiven {
        asked,
        account: "lin".to_owned(),
        agent: "小林".to_owned(),
        yes: false,
        note: None,
    };
    let decision = Append {
        id: id.clone(),
        at: MORNING,
        events: vec![given],
        fence: Some(0),
        once: None,
    };
    store.append(decision).await.unwrap();
    let settings = HubSettings::default();
    let hub = Hub::new(fresh_engine().await, store.clone(), clock, settings);
    let mut heard = hub.subscribe(&id).unwrap();
    assert_eq!(hub.catch_up().await.unwrap(), 1);
    loop {
        let xiaoer::engine::Delivery::Events(events) = heard.recv().await.unwrap() else {
            continue;
        };
        let said = events.iter().find_map(|recorded| match &recorded.event {
            Event::BotSaid { text, .. } => Some(text.clone()),
            _ => None,
        });
        assert!(said.unwrap().contains("卖不了"));
        break;
    }
}
