//! The customer's socket: acknowledged once, resumed anywhere, one owner at a time.

use serde_json::json;

use crate::support::{Customer, Setup, TestServer, items};

#[tokio::test]
async fn a_question_is_acknowledged_then_answered_with_a_source() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en-GB").await;
    assert_eq!(customer.welcome["lang"], "en");
    customer.say("cid-00000001", "how long do refunds take").await;
    let ack = customer.peer.until(|f| f["type"] == "ack").await;
    assert_eq!((&ack["cid"], &ack["seq"]), (&json!("cid-00000001"), &json!(2)));
    let said = customer.peer.item("bot_said").await;
    assert_eq!(said["citations"][0]["article"], "refund-timing", "{said}");
    assert!(
        said.get("why").is_none(),
        "customers are not sent the bot's reasons"
    );
}

#[tokio::test]
async fn an_order_is_tracked_from_its_number() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    let asked = customer.ask("cid-00000001", "我的订单到哪了").await;
    assert!(asked["text"].as_str().unwrap().contains("订单号"), "{asked}");
    let told = customer.ask("cid-00000002", "QM2026110312").await;
    assert_eq!(told["card"]["title"], "QM2026110312", "{told}");
    assert_eq!(told["card"]["status"], "运输中");
}

#[tokio::test]
async fn a_resent_message_counts_once() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en").await;
    customer.ask("cid-00000001", "hello").await;
    customer.say("cid-00000001", "hello").await;
    let ack = customer.peer.until(|f| f["type"] == "ack").await;
    assert_eq!(ack["seq"], 2);
    customer.say("cid-00000001", "something else").await;
    let error = customer.peer.until(|f| f["type"] == "error").await;
    assert_eq!(error["code"], "cid_conflict");
}

#[tokio::test]
async fn after_a_reconnect_every_event_comes_once_in_order() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en").await;
    customer.ask("cid-00000001", "hello").await;
    for after in 0..=2 {
        let mut again = customer.come_back(&server, after).await;
        assert_eq!(again.welcome["resumed"], true);
        let mut next = after + 1;
        let head = again.welcome["head"].as_u64().unwrap();
        while next <= head {
            let frame = again.peer.until(|f| f["type"] == "events").await;
            assert_eq!(frame["from"], next, "no hole, nothing twice");
            next = frame["to"].as_u64().unwrap() + 1;
        }
    }
}

#[tokio::test]
async fn a_lost_continuity_is_said() {
    let server = TestServer::start().await;
    let customer = Customer::arrive(&server, "en").await;
    let mut hello = customer.hello_again(0);
    hello["epoch"] = json!("another-lineage");
    let mut again = Customer::hello(&server, hello).await;
    assert_eq!(again.welcome["resumed"], false);
    let first = again.peer.until(|f| f["type"] == "events").await;
    assert_eq!(first["from"], 1);
    let beyond = customer.come_back(&server, 99).await;
    assert_eq!(beyond.welcome["resumed"], false);
}

#[tokio::test]
async fn two_sockets_see_the_same() {
    let server = TestServer::start().await;
    let mut one = Customer::arrive(&server, "en").await;
    let mut two = one.come_back(&server, 0).await;
    one.say("cid-00000001", "hello").await;
    two.say("cid-00000001", "hello").await;
    let seq = |f: &serde_json::Value| f["seq"].clone();
    let ack = seq(&one.peer.until(|f| f["type"] == "ack").await);
    assert_eq!(ack, seq(&two.peer.until(|f| f["type"] == "ack").await));
    let answer = one.come_back(&server, 0).await.peer.item("bot_said").await;
    assert_eq!(
        two.come_back(&server, 0).await.peer.item("bot_said").await,
        answer
    );
}

#[tokio::test]
async fn draining_closes_with_restart() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en").await;
    server.drain();
    let code = loop {
        match customer.peer.next().await {
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, 1012);
}

#[tokio::test]
async fn an_unanswered_message_is_answered_once_after_a_restart() {
    use xiaoer::conversation::{Cid, Event};
    use xiaoer::store::Append;
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::default().start_in(folder.path()).await;
    let customer = Customer::arrive(&server, "en").await;
    let hello = customer.hello_again(0);
    let id = xiaoer::conversation::ConversationId::new(customer.welcome["conversation"].as_str().unwrap())
        .unwrap();
    // As if the process died between the acknowledgement and the answer.
    let text = "how long do refunds take".to_owned();
    let said = Event::CustomerSaid {
        cid: Cid::new("cid-00000001").unwrap(),
        text,
        choice: None,
        photos: Vec::new(),
    };
    let append = Append {
        id,
        at: 5,
        events: vec![said],
        fence: None,
        once: None,
    };
    server.hub.store().append(append).await.unwrap();
    assert_eq!(server.hub.catch_up().await.unwrap(), 1);
    let mut again = Customer::hello(&server, hello).await;
    let mut answers = 0;
    let head = again.welcome["head"].as_u64().unwrap().max(3);
    loop {
        let frame = again.peer.until(|f| f["type"] == "events").await;
        answers += items(&frame).iter().filter(|i| i["type"] == "bot_said").count();
        if frame["to"].as_u64().unwrap() >= head && answers > 0 {
            break;
        }
    }
    assert_eq!(answers, 1);
    assert_eq!(server.hub.catch_up().await.unwrap(), 0);
}
