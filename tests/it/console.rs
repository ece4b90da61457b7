//! From bot to person and back: login, claim, reply, resolve, and the bot silent in between.

use serde_json::{Value, json};

use crate::support::{Answer, Customer, PASSWORD, Peer, TestServer, ask, items};

async fn log_in_as(server: &TestServer, account: &str, password: &str) -> Answer {
    let body = json!({"account": account, "password": password}).to_string();
    let json = [("content-type", "application/json")];
    ask(server, "POST /console/api/login", &json, body.as_bytes()).await
}

/// A session of an account, as a request's `cookie` header names it.
pub async fn cookie(server: &TestServer, account: &str) -> String {
    let answer = log_in_as(server, account, PASSWORD).await;
    assert!(answer.head.contains("HttpOnly; SameSite=Strict"), "{answer:?}");
    let cookie = answer
        .head
        .split("set-cookie: ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    cookie.to_owned()
}

pub async fn agent(server: &TestServer, account: &str) -> Peer {
    let cookie = &*cookie(server, account).await;
    Peer::connect(&server.url("/v1/console"), &[("cookie", cookie)]).await
}

pub fn row<'a>(board: &'a Value, id: &Value) -> Option<&'a Value> {
    let rows = board["conversations"]
        .as_array()
        .or(board["changed"].as_array())?;
    rows.iter().find(|c| &c["id"] == id)
}

#[tokio::test]
async fn a_person_takes_over_and_gives_back() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    let id = customer.welcome["conversation"].clone();
    let mut lin = agent(&server, "lin").await;
    customer.say("cid-00000001", "转人工").await;
    customer.peer.item("handoff_requested").await;
    let place = customer.peer.until(|f| f["kind"] == "queue").await;
    assert_eq!(place["place"], 1);
    lin.until(|f| row(f, &id).is_some_and(|r| r["status"] == "waiting"))
        .await;

    lin.send(json!({"type": "watch", "conversation": id})).await;
    lin.send(json!({"type": "claim", "conversation": id})).await;
    assert_eq!(customer.peer.item("agent_joined").await["agent"], "小林");
    // The bot is silent: what follows the customer's message is the agent's, not its own.
    customer.say("cid-00000002", "我的订单到哪了").await;
    lin.send(json!({"type": "reply", "conversation": id, "cid": "agent-0001", "text": "我来看看"}))
        .await;
    lin.until(|f| f["type"] == "ack" && f["cid"] == "agent-0001")
        .await;
    assert_eq!(customer.peer.item("agent_said").await["text"], "我来看看");

    let mut may = agent(&server, "may").await;
    may.send(json!({"type": "claim", "conversation": id})).await;
    let taken = may.until(|f| f["type"] == "error").await;
    assert_eq!((&taken["code"], &taken["by"]), (&json!("taken"), &json!("小林")));
    may.send(json!({"type": "reply", "conversation": id, "cid": "agent-0002", "text": "x"}))
        .await;
    assert_eq!(may.until(|f| f["type"] == "error").await["code"], "not_allowed");

    lin.send(json!({"type": "resolve", "conversation": id})).await;
    customer.peer.item("resolved").await;
    let answer = customer.ask("cid-00000003", "你好").await;
    assert!(!answer["text"].as_str().unwrap().is_empty());

    let mut again = customer.come_back(&server, 0).await;
    let head = again.welcome["head"].as_u64().unwrap();
    let (mut kinds, mut to) = (Vec::new(), 0);
    while to < head {
        let frame = again.peer.until(|f| f["type"] == "events").await;
        kinds.extend(
            items(&frame)
                .iter()
                .map(|i| i["type"].as_str().unwrap().to_owned()),
        );
        to = frame["to"].as_u64().unwrap();
    }
    let joined = kinds.iter().position(|k| k == "agent_joined").unwrap();
    let resolved = kinds.iter().position(|k| k == "resolved").unwrap();
    assert!(
        !kinds[joined..resolved].contains(&"bot_said".to_owned()),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn the_console_is_closed_to_strangers() {
    let server = TestServer::start().await;
    let wrong = log_in_as(&server, "lin", "wrong").await;
    assert_eq!(wrong.refused(), (401, "bad_login".to_owned()));
    let unknown = log_in_as(&server, "nobody", "wrong").await;
    assert_eq!(unknown.refused(), wrong.refused());
    let url = server.url("/v1/console");
    assert!(
        tokio_tungstenite::connect_async(url).await.is_err(),
        "no socket without a login"
    );
    for _ in 0..5 {
        log_in_as(&server, "may", "wrong").await;
    }
    let rests = log_in_as(&server, "may", PASSWORD).await;
    assert!(
        rests.status == 429 && rests.text().contains("retry_after_ms"),
        "{rests:?}"
    );
    assert_eq!(ask(&server, "GET /console/api/me", &[], b"").await.status, 401);
}
