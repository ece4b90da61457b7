//! Without a WebSocket: frames as requests, events as a stream. The same conversation, the same rules.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt;
use xiaoer::channels::SocketLimits;
use xiaoer::conversation::{Cid, ConversationId, Event};
use xiaoer::store::Append;

use crate::poster::Poster;
use crate::support::{Customer, TestServer, ask};

#[tokio::test]
async fn a_conversation_without_a_socket() {
    let server = TestServer::start().await;
    let poster = Poster::arrive(&server).await;
    let mut listener = poster.listen(0).await;
    let first = listener.next().await.unwrap();
    assert_eq!((&first["from"], &first["to"]), (&json!(1), &json!(1)));
    let ack = poster.say("cid-00000001", "how long do refunds take").await;
    let wanted = json!({"type": "ack", "cid": "cid-00000001", "seq": 2});
    assert_eq!((ack.status, ack.json()), (200, wanted.clone()));
    assert_eq!(listener.item("customer_said").await["cid"], "cid-00000001");
    let said = listener.item("bot_said").await;
    assert_eq!(said["citations"][0]["article"], "refund-timing");
    assert!(said.get("why").is_none(), "the customer's view");
    assert_eq!(
        poster
            .say("cid-00000001", "how long do refunds take")
            .await
            .json(),
        wanted
    );
    let typing = poster.post(json!({"type": "typing", "on": true})).await;
    assert_eq!((typing.status, typing.body.len()), (200, 0));
    let conflict = poster.say("cid-00000001", "another").await;
    assert_eq!(
        (conflict.status, conflict.json()["code"].clone()),
        (409, json!("cid_conflict"))
    );
}

#[tokio::test]
async fn stream_and_socket_see_the_same_without_holes() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en").await;
    let poster = Poster::hello(&server, customer.hello_again(0)).await;
    customer.ask("cid-00000001", "hello").await;
    poster.say("cid-00000002", "转人工").await;
    let head = poster.say("cid-00000003", "anybody there").await.json()["seq"]
        .as_u64()
        .unwrap();
    for after in 0..head {
        let mut listener = poster.listen(after).await;
        let mut next = after + 1;
        while next <= head {
            let frame = listener.until(|f| f["type"] == "events").await;
            assert_eq!(frame["from"], next, "no hole, nothing twice");
            next = frame["to"].as_u64().unwrap() + 1;
        }
    }
    let mut listener = poster.listen(head).await;
    let place = listener.until(|f| f["kind"] == "queue").await;
    assert_eq!(place["place"], 1, "told to whoever comes back waiting");
    let beyond = poster.listen(10_000).await.next().await.unwrap();
    assert_eq!(beyond["from"], 1, "as after a lost continuity");
}

#[tokio::test]
async fn a_silent_stream_is_kept_awake_and_ends_when_the_server_drains() {
    let limits = SocketLimits {
        beat_ms: 20,
        ..SocketLimits::default()
    };
    let server = TestServer::start_with(limits).await;
    let poster = Poster::arrive(&server).await;
    let mut listener = poster.listen(1).await;
    let mut seen = String::new();
    while seen.matches(":\n\n").count() < 3 {
        let mut bytes = [0; 4096];
        let read = listener.stream.read(&mut bytes).await.unwrap();
        seen += &String::from_utf8_lossy(&bytes[..read]);
    }
    let seen = seen.to_lowercase();
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-store",
        "nosniff",
    ] {
        assert!(seen.contains(header), "{seen}");
    }
    server.drain();
    assert_eq!(listener.next().await, None);
}

#[tokio::test]
async fn who_reads_too_slowly_is_let_go() {
    let limits = SocketLimits {
        write_ms_max: 100,
        ..SocketLimits::default()
    };
    let server = TestServer::start_with(limits).await;
    let poster = Poster::arrive(&server).await;
    let said = |n: u64| Event::AgentSaid {
        cid: Cid::new(format!("agent-{n:05}")).unwrap(),
        agent: "Lin".to_owned(),
        text: "字".repeat(2_000),
        files: Vec::new(),
    };
    let append = Append {
        id: ConversationId::new(poster.conversation()).unwrap(),
        at: 5,
        events: (0..4_000).map(said).collect(),
        fence: None,
        once: None,
    };
    server.hub.store().append(append).await.unwrap();
    let mut listener = poster.listen(0).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut last = 0;
    while let Some(frame) = listener.next().await {
        last = frame["to"].as_u64().unwrap_or(last);
    }
    assert!(last < 4_001, "24 MB were not kept for nobody: {last}");
}

/// A frame → status and code. The conversation goes on.
#[tokio::test]
async fn bad_frames() {
    let server = TestServer::start().await;
    let poster = Poster::arrive(&server).await;
    let line = format!("POST /v1/frames?conversation={}", poster.conversation());
    let token = poster.bearer();
    let long = |bytes: usize| {
        let say = |text: &str| json!({"type": "say", "cid": "cid-00000001", "text": text}).to_string();
        say(&"a".repeat(bytes - say("").len())).into_bytes()
    };
    let bomb = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (body, status, code) in [
        (b"not json".to_vec(), 400, "bad_json"),
        (bomb.into_bytes(), 400, "bad_json"),
        (b"\xff\xfe".to_vec(), 400, "bad_json"),
        (Vec::new(), 400, "bad_json"),
        (br#"{"type":"dance"}"#.to_vec(), 400, "unknown_type"),
        (br#"{"type":"typing"}"#.to_vec(), 400, "bad_field"),
        (long(64 * 1024), 400, "too_long"),
        (long(64 * 1024 + 1), 413, "too_large"),
    ] {
        let answer = ask(&server, &line, &[("authorization", &token)], &body).await;
        let frame = answer.json();
        assert_eq!((answer.status, &frame["code"]), (status, &json!(code)), "{frame}");
        assert!(!frame["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(poster.say("cid-00000009", "hello").await.status, 200);
}

/// Address and proof → status and code, for frames and for the stream.
#[tokio::test]
async fn bad_proofs() {
    let server = TestServer::start().await;
    let poster = Poster::arrive(&server).await;
    let other = Poster::arrive(&server).await;
    let own = format!("conversation={}", poster.conversation());
    let twice = format!("{own}&conversation=c-2");
    let (token, foreign) = (poster.bearer(), other.bearer());
    for (address, token, status, code) in [
        (&*own, "", 401, "auth_required"),
        (&own, "Basic eDp5", 401, "auth_required"),
        (&own, "Bearer guessed", 404, "unknown_conversation"),
        (&own, &foreign, 404, "unknown_conversation"),
        ("", &token, 401, "auth_required"),
        ("conversation=../../etc", &token, 404, "unknown_conversation"),
        ("conversation=%00%ff", &token, 404, "unknown_conversation"),
        ("conversation=c-00000000", &token, 404, "unknown_conversation"),
        (&twice, &token, 400, "bad_field"),
        ("after=-1", &token, 400, "bad_field"),
        ("after=99999999999999999999", &token, 400, "bad_field"),
    ] {
        for route in ["POST /v1/frames", "GET /v1/events"] {
            let line = format!("{route}?{address}");
            let headers = [("authorization", token)];
            let answer = ask(&server, &line, &headers, br#"{"type":"typing","on":true}"#).await;
            let frame = answer.json();
            assert_eq!((answer.status, &frame["code"]), (status, &json!(code)), "{line}");
        }
    }
}

/// The first frame → status and code.
#[tokio::test]
async fn bad_hellos() {
    let server = TestServer::start().await;
    for (hello, status, code) in [
        (json!({"v": 2}), 400, "unsupported_version"),
        (json!({"v": 1, "identity": "x"}), 401, "bad_identity"),
        (
            json!({"v": 1, "conversation": "c-00000000"}),
            404,
            "unknown_conversation",
        ),
        (json!({"v": 1, "after": "x"}), 400, "bad_field"),
    ] {
        let mut hello = hello;
        hello["type"] = json!("hello");
        let answer = ask(&server, "POST /v1/frames", &[], hello.to_string().as_bytes()).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{hello}"
        );
    }
}

#[tokio::test]
async fn floods_and_drips_of_requests_are_refused() {
    let limits = SocketLimits {
        frames_burst_max: 5,
        hello_ms_max: 100,
        ..SocketLimits::default()
    };
    let server = TestServer::start_with(limits).await;
    let (poster, other) = (Poster::arrive(&server).await, Poster::arrive(&server).await);
    let mut last = 0;
    for _ in 0..20 {
        last = poster.post(json!({"type": "typing", "on": true})).await.status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    let hello = json!({"type": "hello", "v": 1, "conversation": poster.conversation(), "token": poster.welcome["token"]});
    let again = ask(&server, "POST /v1/frames", &[], hello.to_string().as_bytes()).await;
    assert_eq!(
        (again.status, again.json()["code"].clone()),
        (429, json!("rate_limited"))
    );
    assert!(again.json()["retry_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(
        other.say("cid-00000001", "hello").await.status,
        200,
        "each its own"
    );
    let drip = ask(&server, "POST /v1/frames", &[("content-length", "500")], b"{").await;
    assert_eq!(drip.status, 400, "a body that does not come");
}

#[tokio::test]
async fn only_the_shops_pages_may_ask() {
    let server = TestServer::start().await;
    let hello = br#"{"type":"hello","v":1}"#;
    let ours = [
        ("origin", "https://shop.example"),
        ("content-type", "application/json"),
    ];
    let answer = ask(&server, "POST /v1/frames", &ours, hello).await;
    assert_eq!(answer.status, 200);
    let allowed = "access-control-allow-origin: https://shop.example";
    assert!(
        answer.head.contains(allowed) && answer.head.contains("vary: origin"),
        "{}",
        answer.head
    );
    for path in ["/v1/frames", "/v1/events"] {
        let preflight = ask(&server, &format!("OPTIONS {path}"), &ours, b"").await;
        assert_eq!(preflight.status, 204, "{path}");
        assert!(preflight.head.contains(allowed), "{}", preflight.head);
        let names = "access-control-allow-headers: authorization, content-type";
        assert!(preflight.head.contains(names), "{}", preflight.head);
        for origin in ["https://evil.example", "null", "https://shop.example.evil"] {
            for method in ["OPTIONS", "GET", "POST"] {
                let answer = ask(&server, &format!("{method} {path}"), &[("origin", origin)], hello).await;
                assert_eq!(answer.status, 403, "{method} {path} {origin}");
                assert!(!answer.head.contains("access-control-allow"), "{}", answer.head);
            }
        }
    }
    assert_eq!(ask(&server, "DELETE /v1/frames", &[], b"").await.status, 405);
}
