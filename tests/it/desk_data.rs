//! What agents and supervisors read: the packet, suggestions, history, search, transcripts and reports, over a
//! real server.

use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use xiaoer::console::hash_password;
use xiaoer::store::{Account, Role};

use crate::console::cookie;
use crate::support::{Answer, Customer, IDENTITY_SECRET, PASSWORD, Peer, TestServer, ask};

/// One of the shop's people with a cookie.
struct Agent<'a> {
    server: &'a TestServer,
    cookie: String,
}

impl<'a> Agent<'a> {
    async fn log_in(server: &'a TestServer, account: &str) -> Self {
        let cookie = cookie(server, account).await;
        Self { server, cookie }
    }

    async fn socket(&self) -> Peer {
        Peer::connect(
            &self.server.url("/v1/console"),
            &[("cookie", self.cookie.as_str())],
        )
        .await
    }

    async fn get(&self, path: &str) -> Answer {
        get(self.server, path, &[("cookie", &self.cookie)]).await
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    async fn of(&self, id: &str, what: &str) -> Value {
        self.json(&format!("/console/api/conversations/{id}/{what}"))
            .await
    }
}

async fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(server, &format!("GET {path}"), headers, b"").await
}

/// What proves a conversation to be a customer's.
fn bearer(customer: &Customer) -> String {
    format!("Bearer {}", customer.welcome["token"].as_str().unwrap())
}

/// A customer whom the shop knows.
fn proof_of(customer: &str) -> String {
    let claims = json!({"sub": customer, "exp": get_current_timestamp() + 300});
    let key = EncodingKey::from_secret(IDENTITY_SECRET.as_bytes());
    encode(&Header::default(), &claims, &key).unwrap()
}

async fn known(server: &TestServer, customer: &str) -> Customer {
    let identity = proof_of(customer);
    let hello = json!({"type": "hello", "v": 1, "locale": "zh-CN", "identity": identity});
    Customer::hello(server, hello).await
}

/// Somebody who signs in in a conversation that they began as a stranger.
async fn known_later(server: &TestServer, customer: &str) -> Customer {
    let stranger = Customer::arrive(server, "zh-CN").await;
    let mut again = stranger.hello_again(0);
    again["identity"] = proof_of(customer).into();
    Customer::hello(server, again).await
}

fn id_of(customer: &Customer) -> String {
    customer.welcome["conversation"].as_str().unwrap().to_owned()
}

async fn with_supervisor() -> TestServer {
    let server = TestServer::start().await;
    let boss = Account::new("boss", "店长", hash_password(PASSWORD).unwrap()).with_role(Role::Supervisor);
    server.desk.accounts().put(&boss).await.unwrap();
    server.desk.reload().await.unwrap();
    server
}

/// Handed off, answered once, ended, rated.
async fn served(agent: &mut Peer, customer: &mut Customer) {
    let id = id_of(customer);
    customer.ask("cid-00000001", "我想退货，东西有质量问题").await;
    customer.say("cid-00000002", "转人工").await;
    customer.peer.item("handoff_requested").await;
    agent.send(json!({"type": "claim", "conversation": id})).await;
    customer.peer.item("agent_joined").await;
    customer.say("cid-00000003", "质量问题退货运费谁承担").await;
    customer
        .peer
        .until(|f| f["type"] == "ack" && f["cid"] == "cid-00000003")
        .await;
    let reply = "质量问题的话寄回运费由我们承担，请放心。";
    agent
        .send(json!({"type": "reply", "conversation": id, "cid": "agent-0001", "text": reply}))
        .await;
    customer.peer.item("agent_said").await;
    let note = "这位顾客是内部同事";
    agent
        .send(json!({"type": "note", "conversation": id, "cid": "agent-0002", "text": note}))
        .await;
    agent
        .send(json!({"type": "label", "conversation": id, "labels": ["refund"]}))
        .await;
    agent
        .send(json!({"type": "resolve", "conversation": id, "reason": "done"}))
        .await;
    customer.peer.item("resolved").await;
    customer
        .peer
        .send(json!({"type": "rate", "stars": 4, "comment": "快"}))
        .await;
    customer.peer.item("rated").await;
}

#[tokio::test]
async fn an_agent_has_it_all_at_hand() {
    let server = with_supervisor().await;
    let lin = Agent::log_in(&server, "lin").await;
    let mut socket = lin.socket().await;
    let mut first = known(&server, "C001").await;
    served(&mut socket, &mut first).await;
    let id = id_of(&first);

    let packet = lin.of(&id, "packet?lang=zh").await;
    assert_eq!(
        (&packet["reason"], &packet["lang"]),
        (&json!("asked"), &json!("zh"))
    );
    let summary = packet["summary"].as_array().unwrap();
    assert!((1..=3).contains(&summary.len()), "{packet}");
    assert!(summary[0].as_str().unwrap().contains("我想退货"), "{packet}");
    assert!(packet["intents"][0]["score"].is_number() && packet["mood"][0]["anger"].is_number());
    assert!(!packet["trace"].as_array().unwrap().is_empty());
    assert_eq!(packet["customer"]["name"], "林晓雯");
    assert!(
        !packet.to_string().contains("19000001234"),
        "no telephone number in full"
    );
    assert!(
        (1..=5).contains(&packet["orders"].as_array().unwrap().len()),
        "{packet}"
    );
}

#[tokio::test]
async fn what_is_written_for_colleagues_is_shown_to_them_alone() {
    let server = with_supervisor().await;
    let lin = Agent::log_in(&server, "lin").await;
    let mut socket = lin.socket().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    let id = id_of(&customer);
    customer.say("cid-00000001", "转人工").await;
    customer.peer.item("handoff_requested").await;
    socket.send(json!({"type": "claim", "conversation": id})).await;
    customer.peer.item("agent_joined").await;
    customer.say("cid-00000002", "你们能便宜点吗").await;
    customer
        .peer
        .until(|f| f["type"] == "ack" && f["cid"] == "cid-00000002")
        .await;
    for (lang, words) in [("zh", "95 折"), ("en", "95 %")] {
        let found = lin.of(&id, &format!("suggestions?lang={lang}")).await;
        let found = found["suggestions"].as_array().unwrap();
        let (internal, replies): (Vec<&Value>, Vec<&Value>) =
            found.iter().partition(|one| one["kind"] == "internal");
        assert_eq!(internal[0]["article"], "price-negotiation", "{found:?}");
        assert!(internal[0]["text"].as_str().unwrap().contains(words), "{found:?}");
        assert!(
            replies.iter().all(|one| one["article"] != "price-negotiation"),
            "{found:?}"
        );
    }
    let page = get(&server, "/articles/zh/price-negotiation", &[]).await;
    assert_eq!(page.status, 404, "customers have no page of it");
}

#[tokio::test]
async fn what_colleagues_answered_is_suggested() {
    let server = with_supervisor().await;
    let lin = Agent::log_in(&server, "lin").await;
    let mut socket = lin.socket().await;
    let mut first = known(&server, "C001").await;
    served(&mut socket, &mut first).await;
    let id = id_of(&first);
    // A search brings what colleagues answered up to date too.
    let hits = lin
        .json("/console/api/search?q=%E8%BF%90%E8%B4%B9+%E6%89%BF%E6%8B%85")
        .await;
    assert_eq!((&hits["total"], &hits["hits"][0]["id"]), (&json!(1), &json!(id)));
    assert_eq!(
        (&hits["hits"][0]["agent"], &hits["hits"][0]["status"]),
        (&json!("小林"), &json!("resolved"))
    );
    let marked = hits["hits"][0]["excerpt"].as_array().unwrap();
    assert!(
        marked
            .iter()
            .any(|m| m["hit"] == true && m["text"].as_str().unwrap().contains("运费")),
        "{hits}"
    );

    let mut second = known_later(&server, "C001").await;
    let other = id_of(&second);
    second.say("cid-00000001", "转人工").await;
    second.peer.item("handoff_requested").await;
    socket.send(json!({"type": "claim", "conversation": other})).await;
    second.peer.item("agent_joined").await;
    second.say("cid-00000002", "质量问题退货运费谁承担？").await;
    second
        .peer
        .until(|f| f["type"] == "ack" && f["cid"] == "cid-00000002")
        .await;
    let found = lin.of(&other, "suggestions").await;
    let found = found["suggestions"].as_array().unwrap();
    assert!((1..=3).contains(&found.len()), "{found:?}");
    let answer = found.iter().find(|one| one["kind"] == "answer");
    assert!(
        answer.is_some_and(|one| one["text"].as_str().unwrap().contains("由我们承担")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|one| one["kind"] == "article" && one["article"].is_string()),
        "{found:?}"
    );
    let scores: Vec<f64> = found.iter().map(|one| one["score"].as_f64().unwrap()).collect();
    assert!(
        scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|s| (0.0..=1.0).contains(s)),
        "{scores:?}"
    );

    let before = lin.of(&other, "history").await;
    let before = before["conversations"].as_array().unwrap();
    assert_eq!(before.len(), 1, "{before:?}");
    assert_eq!(
        (&before[0]["id"], &before[0]["rating"], &before[0]["agent"]),
        (&json!(id), &json!(4), &json!("小林"))
    );
}

#[tokio::test]
async fn conversations_are_found_in_both_languages() {
    let server = with_supervisor().await;
    let lin = Agent::log_in(&server, "lin").await;
    let mut socket = lin.socket().await;
    let mut zh = Customer::arrive(&server, "zh-CN").await;
    served(&mut socket, &mut zh).await;
    let mut en = Customer::arrive(&server, "en").await;
    en.ask("cid-00000001", "Do you ship to Iceland? My address is Laugavegur")
        .await;
    let (zh, en) = (id_of(&zh), id_of(&en));
    let ids = async |query: &str| {
        let hits = lin.json(&format!("/console/api/search?{query}")).await;
        let ids = hits["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids("q=laugavegur").await, [&*en]);
    assert_eq!(
        ids("q=addresses+iceland").await,
        [&*en],
        "words are found by their stems"
    );
    assert_eq!(ids("q=%E9%80%80%E8%B4%A7&status=resolved").await, [&*zh]);
    assert_eq!(
        ids("q=%E5%86%85%E9%83%A8%E5%90%8C%E4%BA%8B").await,
        [&*zh],
        "notes are found by colleagues"
    );
    assert_eq!(ids(&format!("q={en}")).await, [&*en]);
    assert_eq!(ids("q=").await, [&*en, &*zh], "the latest first");
    assert_eq!(ids("agent=lin&label=refund").await, [&*zh]);
    assert_eq!(ids("q=&page=2").await, [""; 0]);
    assert_eq!(ids("q=&from=2020-01-01&to=2020-01-31").await, [""; 0]);
    for bad in ["status=gone", "page=x", "from=tomorrow"] {
        let answer = lin.get(&format!("/console/api/search?q=&{bad}")).await;
        assert_eq!(answer.refused(), (400, "bad_field".to_owned()), "{bad}");
    }
}

#[tokio::test]
async fn a_transcript_is_for_those_it_is_of() {
    let server = with_supervisor().await;
    let lin = Agent::log_in(&server, "lin").await;
    let mut socket = lin.socket().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    served(&mut socket, &mut customer).await;
    let id = id_of(&customer);
    let theirs = lin
        .get(&format!("/console/api/conversations/{id}/transcript?lang=zh"))
        .await;
    assert!(
        theirs.head.contains("content-type: text/plain") && theirs.head.contains("attachment; filename="),
        "{theirs:?}"
    );

    let path = format!("/v1/transcript?conversation={id}");
    let own_token = bearer(&customer);
    let own = get(&server, &path, &[("authorization", &own_token)]).await;
    assert_eq!(own.status, 200, "{own:?}");
    for page in [theirs.text(), own.text()] {
        for line in [
            "顾客：质量问题退货运费谁承担",
            "小林：质量问题的话",
            "智能客服：",
            "* 小林 结束会话",
            "★★★★ 快",
        ] {
            assert!(page.contains(line), "{line}: {page}");
        }
        assert!(
            !page.contains("内部同事") && !page.contains("refund"),
            "notes and labels stay inside: {page}"
        );
    }

    let stranger = Customer::arrive(&server, "zh-CN").await;
    let other_token = bearer(&stranger);
    let evil = [("authorization", &*own_token), ("origin", "https://evil.example")];
    for (headers, status) in [
        (&[("authorization", &*other_token)][..], 404),
        (&[], 401),
        (&evil, 403),
    ] {
        let refused = get(&server, &path, headers).await;
        assert_eq!(refused.status, status, "{headers:?}: {refused:?}");
        assert!(
            !refused.text().contains("小林") && !refused.head.contains("access-control-allow-origin"),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn listed_sites_may_ask_for_a_transcript() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    customer.ask("cid-00000001", "你好").await;
    let path = format!("/v1/transcript?conversation={}", id_of(&customer));
    let listed = ("origin", "https://shop.example");
    let shared = get(&server, &path, &[("authorization", &bearer(&customer)), listed]).await;
    assert_eq!(shared.status, 200, "{shared:?}");
    assert!(
        shared
            .head
            .contains("access-control-allow-origin: https://shop.example")
            && shared.head.contains("vary: origin")
    );
    let asked = ask(&server, &format!("OPTIONS {path}"), &[listed], b"").await;
    assert!(
        asked.status == 204 && asked.head.contains("allow-headers: authorization"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn supervisors_read_the_figures() {
    let server = with_supervisor().await;
    let lin = Agent::log_in(&server, "lin").await;
    let boss = Agent::log_in(&server, "boss").await;
    let mut socket = lin.socket().await;
    let mut customer = Customer::arrive(&server, "zh-CN").await;
    served(&mut socket, &mut customer).await;
    let mut alone = Customer::arrive(&server, "zh-CN").await;
    alone.ask("cid-00000001", "你好").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let day = jiff::Timestamp::from_millisecond(server.hub.now()).unwrap();
    let day = day.in_tz("Asia/Shanghai").unwrap().date();
    let path = format!("/console/api/report?from={day}&to={day}");
    let report = boss.json(&path).await;
    let bot = &report["bot"];
    assert_eq!(
        (&bot["conversations"], &bot["contained"], &bot["handed_off"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(bot["containment"], 0.5);
    let [line] = &report["agents"].as_array().unwrap()[..] else {
        panic!("{report}");
    };
    assert_eq!((&line["id"], &line["name"]), (&json!("lin"), &json!("小林")));
    assert_eq!(
        (&line["conversations"], &line["replies"], &line["resolved"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        (&line["rating"], &line["rated"], &line["within_sla"]),
        (&json!(4.0), &json!(1), &json!(1.0))
    );
    assert!(line["wait_s"]["p90"].as_f64().unwrap() < 60.0);
    assert_eq!(report["teams"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(
        (&report["days"][0]["day"], &report["days"][0]["resolved"]),
        (&json!(day.to_string()), &json!(1))
    );

    let sheet = boss.get(&format!("{path}&format=csv&by=agents")).await;
    assert!(
        sheet.head.contains("content-type: text/csv") && sheet.text().contains("\u{feff}ID,名称,"),
        "{sheet:?}"
    );
    assert!(sheet.text().contains("\r\nlin,小林,1,1,1,0,"), "{sheet:?}");
    assert_eq!(lin.get(&path).await.status, 403, "agents do not");
}

#[tokio::test]
async fn reports_have_limits() {
    let server = with_supervisor().await;
    let boss = Agent::log_in(&server, "boss").await;
    for (query, status, code) in [
        ("from=2024-01-01&to=2026-01-01", 422, "too_much"),
        ("from=2026-01-02&to=2026-01-01", 400, "bad_field"),
        ("to=2026-01-01", 400, "bad_field"),
        (
            "from=2026-01-01&to=2026-01-01&format=csv&by=moon",
            400,
            "bad_field",
        ),
    ] {
        let answer = boss.get(&format!("/console/api/report?{query}")).await;
        assert_eq!(answer.refused(), (status, code.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn strangers_read_nothing() {
    let server = TestServer::start().await;
    let id = id_of(&Customer::arrive(&server, "en").await);
    let of = |what: &str| format!("/console/api/conversations/{id}/{what}");
    let paths = [
        of("packet"),
        of("suggestions"),
        of("history"),
        of("transcript"),
        "/console/api/search?q=x".to_owned(),
        "/console/api/report?from=2026-01-01&to=2026-01-01".to_owned(),
    ];
    for path in paths {
        let answer = get(&server, &path, &[]).await;
        assert_eq!(answer.refused(), (401, "auth_required".to_owned()), "{path}");
    }
    let lin = Agent::log_in(&server, "lin").await;
    for missing in ["conversation-of-nobody", "x"] {
        let answer = lin
            .get(&format!("/console/api/conversations/{missing}/packet"))
            .await;
        assert_eq!(answer.refused(), (404, "not_found".to_owned()));
    }
}
