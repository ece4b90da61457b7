//! How people share the work: offers, lapses, transfers, lost laptops, notes, roles, ratings.

use serde_json::{Value, json};
use xiaoer::desk::State;

use crate::console::{agent, row};
use crate::support::{Customer, MORNING, Peer, TestServer, open_shop};

async fn waiting(server: &TestServer, plea: &str) -> (Customer, Value) {
    let mut customer = Customer::arrive(server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    customer.say("cid-00000001", plea).await;
    customer.peer.item("handoff_requested").await;
    (customer, id)
}

async fn act(peer: &mut Peer, frame: Value) -> Value {
    peer.send(frame).await;
    let over = ["done", "error", "ack"];
    peer.until(|f| over.contains(&f["type"].as_str().unwrap_or_default()))
        .await
}

async fn until_row(peer: &mut Peer, id: &Value, test: impl Fn(&Value) -> bool) -> Value {
    let frame = peer.until(|f| row(f, id).is_some_and(&test)).await;
    row(&frame, id).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_lapses_goes_to_the_next_and_the_first_is_away() {
    let (server, clock) = open_shop().await;
    let mut lin = agent(&server, "lin").await;
    let (_customer, id) = waiting(&server, "转人工").await;
    let offered = until_row(&mut lin, &id, |r| r["offered_to"] == "lin").await;
    assert_eq!(offered["offered_until"], MORNING + 30_000);
    let mut may = agent(&server, "may").await;
    clock.advance(30_000);
    server.desk.round().await;
    server.desk.round().await;
    until_row(&mut may, &id, |r| r["offered_to"] == "may").await;
    assert_eq!(
        server.desk.presence().state("lin"),
        State::Away,
        "not at the desk"
    );
    // May says no: nobody is left, so it waits until the first is back.
    act(&mut may, json!({"type": "decline", "conversation": id})).await;
    server.desk.round().await;
    server.desk.round().await;
    assert!(
        server.hub.board().all()[0].1.offer.is_none(),
        "who said no is left alone"
    );
    act(&mut lin, json!({"type": "presence", "state": "online"})).await;
    server.desk.round().await;
    until_row(&mut lin, &id, |r| r["offered_to"] == "lin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversations_of_a_closed_laptop_come_back_into_the_queue() {
    let (server, clock) = open_shop().await;
    let (mut customer, id) = waiting(&server, "转人工").await;
    let mut lin = agent(&server, "lin").await;
    act(&mut lin, json!({"type": "claim", "conversation": id})).await;
    let mut may = agent(&server, "may").await;
    drop(lin);
    until_row(&mut may, &id, |r| r["agent"] == "lin").await;
    while server.desk.presence().state("lin") != State::Offline {
        tokio::task::yield_now().await;
    }
    clock.advance(44_000);
    server.desk.round().await;
    let own = server.hub.board().all();
    assert_eq!(own[0].1.agent(), Some("lin"), "a moment's patience");
    clock.advance(2_000);
    server.desk.round().await;
    let left = customer.peer.item("agent_left").await;
    assert_eq!((&left["agent"], left.get("account")), (&json!("小林"), None));
    until_row(&mut may, &id, |r| r["offered_to"] == "may").await;
    act(&mut may, json!({"type": "claim", "conversation": id})).await;
    assert_eq!(customer.peer.item("agent_joined").await["agent"], "May");
}

#[tokio::test(flavor = "multi_thread")]
async fn passed_on_to_a_colleague_with_a_note_the_customer_never_sees() {
    let (server, _clock) = open_shop().await;
    let (mut customer, id) = waiting(&server, "转人工").await;
    let mut lin = agent(&server, "lin").await;
    let mut may = agent(&server, "may").await;
    act(&mut lin, json!({"type": "claim", "conversation": id})).await;
    let note = json!({"type": "transfer", "conversation": id, "to_agent": "may", "note": "要退两件"});
    act(&mut lin, note).await;
    let passed = customer.peer.item("transferred").await;
    assert_eq!(passed["to_agent"], "May");
    assert!(
        passed.get("note").is_none() && passed.get("to_account").is_none(),
        "{passed}"
    );
    let notice = may.until(|f| f["type"] == "notice").await;
    assert_eq!(
        (&notice["kind"], &notice["by"], &notice["text"]),
        (&json!("transfer"), &json!("小林"), &json!("要退两件"))
    );
    until_row(&mut may, &id, |r| r["offered_to"] == "may").await;
    act(&mut may, json!({"type": "claim", "conversation": id})).await;
    // Whoever passed it on has no say any more.
    let blind = act(
        &mut lin,
        json!({"type": "reply", "conversation": id, "cid": "agent-0001", "text": "x"}),
    )
    .await;
    assert_eq!(blind["code"], "not_allowed");
    // A note is for colleagues; whom it calls sees it at once.
    let note = json!({"type": "note", "conversation": id, "cid": "note-0001", "text": "@lin 帮看下", "mentions": ["lin", "nobody"]});
    assert_eq!(act(&mut may, note).await["type"], "ack");
    assert_eq!(lin.until(|f| f["type"] == "notice").await["kind"], "mention");
    let log = server
        .hub
        .store()
        .read(
            &xiaoer::conversation::ConversationId::new(id.as_str().unwrap()).unwrap(),
            0,
            100,
        )
        .await
        .unwrap();
    assert!(log.iter().all(|r| {
        r.event
            .for_customer()
            .is_none_or(|e| !format!("{e:?}").contains("帮看下"))
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_snooze_draft_and_rating_are_kept() {
    let (server, clock) = open_shop().await;
    let (mut customer, id) = waiting(&server, "转人工").await;
    let mut lin = agent(&server, "lin").await;
    act(&mut lin, json!({"type": "claim", "conversation": id})).await;
    let early = act(
        &mut lin,
        json!({"type": "snooze", "conversation": id, "until": MORNING - 1}),
    )
    .await;
    assert_eq!(early["code"], "bad_field");
    act(
        &mut lin,
        json!({"type": "snooze", "conversation": id, "until": MORNING + 60_000}),
    )
    .await;
    assert_eq!(
        server.desk.agents().iter().map(|a| a.load).sum::<u32>(),
        0,
        "put off is not in hand"
    );
    customer.say("cid-00000002", "还在吗").await;
    until_row(&mut lin, &id, |r| {
        r["last_text"] == "还在吗" && r.get("snoozed_until").is_none()
    })
    .await;
    act(
        &mut lin,
        json!({"type": "label", "conversation": id, "labels": ["refund"]}),
    )
    .await;
    lin.send(json!({"type": "draft", "conversation": id, "text": "您好，"}))
        .await;
    let unknown = act(
        &mut lin,
        json!({"type": "resolve", "conversation": id, "reason": "whatever"}),
    )
    .await;
    assert_eq!(unknown["code"], "bad_field");
    act(
        &mut lin,
        json!({"type": "resolve", "conversation": id, "reason": "answered"}),
    )
    .await;
    let resolved = customer.peer.item("resolved").await;
    assert!(resolved.get("reason").is_none(), "{resolved}");
    customer.peer.send(json!({"type": "rate", "stars": 9})).await;
    assert_eq!(
        customer.peer.until(|f| f["type"] == "error").await["code"],
        "bad_field"
    );
    customer
        .peer
        .send(json!({"type": "rate", "stars": 5, "reason": "fast", "comment": "谢谢"}))
        .await;
    assert_eq!(customer.peer.item("rated").await["stars"], 5);
    let rated = until_row(&mut lin, &id, |r| r["rating"] == 5).await;
    assert_eq!(rated["labels"], json!(["refund"]));
    clock.advance(1_000);
    let mut again = agent(&server, "lin").await;
    let desk = again.until(|f| f["type"] == "desk").await;
    assert_eq!(desk["drafts"][id.as_str().unwrap()], "您好，", "on every device");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_never_with_people_has_nothing_to_rate() {
    let (server, _clock) = open_shop().await;
    let mut customer = Customer::arrive(&server, "en-GB").await;
    customer.ask("cid-00000001", "hello").await;
    customer.peer.send(json!({"type": "rate", "stars": 5})).await;
    assert_eq!(
        customer.peer.until(|f| f["type"] == "error").await["code"],
        "not_allowed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn colleagues_see_who_looks_and_who_is_there() {
    let (server, _clock) = open_shop().await;
    let (_customer, id) = waiting(&server, "转人工").await;
    let mut lin = agent(&server, "lin").await;
    let mut may = agent(&server, "may").await;
    may.send(json!({"type": "presence", "state": "busy"})).await;
    let busy = |f: &Value| {
        let agents = f["agents"].as_array().cloned().unwrap_or_default();
        f["type"] == "agents"
            && agents
                .iter()
                .any(|a| a["account"] == "may" && a["state"] == "busy")
    };
    lin.until(busy).await;
    lin.send(json!({"type": "watch", "conversation": id})).await;
    lin.until(|f| f["type"] == "events").await;
    may.send(json!({"type": "watch", "conversation": id})).await;
    let looks = lin
        .until(|f| f["kind"] == "viewing" && f["names"] != json!([]))
        .await;
    assert_eq!(looks["names"], json!(["May"]));
    may.send(json!({"type": "unwatch"})).await;
    lin.until(|f| f["kind"] == "viewing" && f["names"] == json!([]))
        .await;
}
