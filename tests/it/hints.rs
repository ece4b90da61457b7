//! Hints that are never stored: who writes, and what the other side has read.

use serde_json::{Value, json};
use xiaoer::conversation::ConversationId;

use crate::console::agent;
use crate::poster::Poster;
use crate::support::{Customer, Peer, TestServer};

async fn done(peer: &mut Peer, frame: Value) {
    peer.send(frame.clone()).await;
    let answer = peer
        .until(|f| ["done", "ack", "error"].contains(&f["type"].as_str().unwrap_or_default()))
        .await;
    assert_ne!(answer["type"], "error", "{frame} {answer}");
}

/// A customer whom `lin` serves, and their conversation.
async fn served(server: &TestServer) -> (Customer, Peer, Value) {
    let mut customer = Customer::arrive(server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    let mut lin = agent(server, "lin").await;
    customer.say("cid-00000001", "转人工").await;
    customer.peer.item("handoff_requested").await;
    lin.send(json!({"type": "watch", "conversation": id})).await;
    done(&mut lin, json!({"type": "claim", "conversation": id})).await;
    (customer, lin, id)
}

#[tokio::test]
async fn what_the_owner_looks_at_is_read() {
    let server = TestServer::start().await;
    let (mut customer, mut lin, id) = served(&server).await;
    let is_read = |f: &Value| f["kind"] == "read";
    let joined = customer.peer.until(is_read).await["seq"].as_u64().unwrap();
    customer.say("cid-00000002", "你好").await;
    let seq = customer.peer.until(|f| f["type"] == "ack").await["seq"]
        .as_u64()
        .unwrap();
    assert!(joined < seq);
    let seen = customer.peer.until(is_read).await;
    assert!(seen["seq"].as_u64().unwrap() >= seq, "{seen}");

    lin.send(json!({"type": "unwatch"})).await;
    customer.say("cid-00000003", "在吗").await;
    customer.peer.until(|f| f["type"] == "ack").await;
    // A colleague's look is not the owner's, and a customer's own is none at all.
    let mut may = agent(&server, "may").await;
    may.send(json!({"type": "watch", "conversation": id})).await;
    may.until(|f| f["type"] == "events").await;
    lin.send(json!({"type": "typing", "conversation": id, "on": true}))
        .await;
    let next = customer.peer.until(|f| f["type"] == "signal").await;
    assert_eq!(
        next,
        json!({"type": "signal", "kind": "typing", "who": "agent", "name": "小林", "on": true})
    );
    let to_colleague = may.until(|f| f["kind"] == "typing").await;
    assert_eq!(to_colleague["name"], "小林");
}

#[tokio::test]
async fn what_the_customer_has_read_the_agent_sees() {
    let server = TestServer::start().await;
    let (customer, mut lin, id) = served(&server).await;
    assert_eq!(customer.welcome["takes"], json!(["read"]));
    done(
        &mut lin,
        json!({"type": "reply", "conversation": id, "cid": "agent-0001", "text": "您好"}),
    )
    .await;
    // By a request as by a socket.
    let poster = Poster::hello(&server, customer.hello_again(0)).await;
    let answer = poster.post(json!({"type": "read", "seq": 7})).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let seen = lin.until(|f| f["kind"] == "read").await;
    assert_eq!((&seen["seq"], &seen["conversation"]), (&json!(7), &id));
    let id = ConversationId::new(poster.conversation()).unwrap();
    let before = server.hub.store().head(&id).await.unwrap().last_seq;
    let again = Customer::hello(&server, customer.hello_again(0)).await;
    assert_eq!(again.welcome["head"], before, "never stored");
    assert_eq!(
        poster.post(json!({"type": "read"})).await.json()["code"],
        "bad_field"
    );
    assert_eq!(
        poster.post(json!({"type": "read", "seq": -1})).await.json()["code"],
        "bad_field"
    );
}
