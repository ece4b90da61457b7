//! Bad inputs and their clear outcomes, as tables. The server stays up and other customers are served.

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use xiaoer::channels::SocketLimits;

use crate::support::{Customer, Peer, TestServer, ask};

/// A customer's frame → the error code it gets. The socket stays open.
#[tokio::test]
async fn frames_and_texts() {
    let server = TestServer::start().await;
    let say = |cid: &str, text: &str| json!({"type": "say", "cid": cid, "text": text}).to_string();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let cases: Vec<(String, &str)> = vec![
        ("not json".into(), "bad_json"),
        (deep, "bad_json"),
        ("{} {}".into(), "bad_json"),
        ("\u{feff}{\"type\":\"typing\",\"on\":true}".into(), "bad_json"),
        (r#"{"type":"typing","on":true,"on":false}"#.into(), "bad_json"),
        (
            r#"{"type":"say","cid":"cid-00000001","text":"\ud800"}"#.into(),
            "bad_json",
        ),
        (r#"{"type":"dance"}"#.into(), "unknown_type"),
        (r#"{"on":true}"#.into(), "bad_field"),
        (r#"{"type":"typing","on":1}"#.into(), "bad_field"),
        (r#"{"type":"say","cid":"cid-00000001"}"#.into(), "bad_field"),
        (r#"{"type":"say","cid":7,"text":"x"}"#.into(), "bad_field"),
        (r#"{"type":"hello","v":1}"#.into(), "bad_field"),
        (say("", "x"), "bad_cid"),
        (say("has space1", "x"), "bad_cid"),
        (say(&"c".repeat(10_000), "x"), "bad_cid"),
        (say("cid-00000002", ""), "empty"),
        (say("cid-00000002", " \u{200d}\u{200b} "), "empty"),
        (say("cid-00000002", "a\0b"), "bad_text"),
        (say("cid-00000002", &"字".repeat(2_001)), "too_long"),
    ];
    for (frame, code) in cases {
        let mut customer = Customer::arrive(&server, "en").await;
        customer.peer.send_text(&frame).await;
        let error = customer.peer.until(|f| f["type"] == "error").await;
        assert_eq!(error["code"], code, "{frame:.80}");
        assert!(!error["message"].as_str().unwrap().is_empty());
        customer.say("cid-00000009", "hello").await;
        customer.peer.until(|f| f["type"] == "ack").await;
    }
}

/// The first frame → the error code, and the socket closes with 1008.
#[tokio::test]
async fn hellos() {
    let server = TestServer::start().await;
    let customer = Customer::arrive(&server, "en").await;
    let mut stolen = customer.hello_again(0);
    stolen["token"] = json!("guessed");
    let mut bare = customer.hello_again(0);
    bare.as_object_mut().unwrap().remove("token");
    let unknown = json!({"type": "hello", "v": 1, "conversation": "c-00000000", "token": "x"});
    for (hello, code) in [
        (
            json!({"type": "say", "cid": "cid-00000001", "text": "x"}),
            "auth_required",
        ),
        (json!({"type": "hello", "v": 2}), "unsupported_version"),
        (json!({"type": "hello", "v": 1, "after": -1}), "bad_field"),
        (json!({"type": "hello", "v": 1, "after": "three"}), "bad_field"),
        (json!({"type": "hello", "v": 1, "after": 1.5}), "bad_field"),
        (unknown, "unknown_conversation"),
        (stolen, "unknown_conversation"),
        (bare, "auth_required"),
    ] {
        let mut peer = Peer::connect(&server.url("/v1/chat"), &[]).await;
        peer.send(hello.clone()).await;
        assert_eq!(peer.next().await.unwrap()["code"], code, "{hello}");
        assert_eq!(peer.next().await, Err(1008), "{hello}");
    }
}

/// Texts that look dangerous → an answer like any other, and the text comes back as it was.
#[tokio::test]
async fn harmless_texts() {
    let server = TestServer::start().await;
    let zalgo = format!("a{}", "\u{301}".repeat(200));
    for text in [
        zalgo.as_str(),
        "\u{202e}txt.exe",
        "👨‍👩‍👧‍👦 🇨🇳 𠮷",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "' OR 1=1; DROP TABLE event; --",
        "\" * NEAR( % _",
        "\u{1b}[31mred\u{1b}[0m",
        "{{7*7}} ${7*7} {% raw %}",
        "__proto__ constructor",
        "=HYPERLINK(\"http://evil\")",
        &"[".repeat(2_000),
        &"a".repeat(2_000),
    ] {
        let mut customer = Customer::arrive(&server, "en").await;
        customer.say("cid-00000001", text).await;
        let heard = customer.peer.item("customer_said").await;
        assert_eq!(heard["text"], text.trim());
        let mut again = customer.come_back(&server, 2).await;
        let answer = again.peer.item("bot_said").await;
        assert!(
            !answer["text"].as_str().unwrap().contains("49"),
            "templates are not run: {answer}"
        );
    }
}

/// Raw bytes behind the upgrade → the close code.
#[tokio::test]
async fn broken_frames() {
    let server = TestServer::start().await;
    let masked = |first: u8, payload: &[u8]| {
        let mut bytes = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        bytes.extend_from_slice(payload);
        bytes
    };
    for (what, bytes, code) in [
        ("an unmasked frame", vec![0x81, 1, b'x'], 1002),
        ("a reserved bit", masked(0xc1, b"x"), 1002),
        ("a reserved opcode", masked(0x83, b"x"), 1002),
        ("a continuation of nothing", masked(0x80, b"x"), 1002),
        ("a fragmented ping", masked(0x09, b"x"), 1002),
        ("bad UTF-8", masked(0x81, &[0xff, 0xfe]), 1007),
        (
            "a close code that may not be sent",
            masked(0x88, &[0x03, 0xed]),
            1002,
        ),
        ("a close body of one byte", masked(0x88, &[3]), 1002),
        (
            "a declared length without end",
            vec![
                0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
            ],
            1009,
        ),
    ] {
        let mut stream = upgraded(&server).await;
        stream.write_all(&bytes).await.unwrap();
        assert_eq!(close_code(&mut stream).await, code, "{what}");
    }
}

/// A TCP stream behind a WebSocket handshake made by hand, after hello.
async fn upgraded(server: &TestServer) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /v1/chat HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        seen.push(stream.read_u8().await.unwrap());
    }
    assert!(seen.starts_with(b"HTTP/1.1 101"));
    stream
}

/// Reads server frames until the close frame.
async fn close_code(stream: &mut TcpStream) -> u16 {
    loop {
        let Ok(first) = stream.read_u8().await else {
            return 1006;
        };
        let length = match stream.read_u8().await.unwrap() {
            126 => usize::from(stream.read_u16().await.unwrap()),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        if first & 0x0f == 8 {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
    }
}

#[tokio::test]
async fn sizes_and_kinds_of_messages() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en").await;
    // Exactly 64 KiB passes the socket and is refused for what it says; one more byte closes it.
    let frame = |bytes: usize| {
        let empty = json!({"type": "say", "cid": "cid-00000001", "text": ""}).to_string();
        json!({"type": "say", "cid": "cid-00000001", "text": "a".repeat(bytes - empty.len())}).to_string()
    };
    customer.peer.send_text(&frame(64 * 1024)).await;
    assert_eq!(
        customer.peer.until(|f| f["type"] == "error").await["code"],
        "too_long"
    );
    customer.peer.send_text(&frame(64 * 1024 + 1)).await;
    assert_eq!(last_close(&mut customer).await, 1009);

    let mut customer = Customer::arrive(&server, "en").await;
    customer
        .peer
        .socket
        .send(Message::binary(vec![1, 2, 3]))
        .await
        .unwrap();
    assert_eq!(last_close(&mut customer).await, 1003);
}

async fn last_close(customer: &mut Customer) -> u16 {
    loop {
        if let Err(code) = customer.peer.next().await {
            return code;
        }
    }
}

#[tokio::test]
async fn floods_are_refused_then_closed() {
    let limits = SocketLimits {
        frames_burst_max: 5,
        rate_refusals_max: 3,
        ..SocketLimits::default()
    };
    let server = TestServer::start_with(limits).await;
    let mut customer = Customer::arrive(&server, "en").await;
    for _ in 0..30 {
        let typing = Message::text(r#"{"type":"typing","on":true}"#);
        if customer.peer.socket.send(typing).await.is_err() {
            break;
        }
    }
    let error = customer.peer.until(|f| f["type"] == "error").await;
    assert_eq!(error["code"], "rate_limited");
    assert!(error["retry_after_ms"].as_u64().unwrap() > 0);
    assert_eq!(last_close(&mut customer).await, 1008);
    Customer::arrive(&server, "en")
        .await
        .ask("cid-00000001", "hello")
        .await;
}

#[tokio::test]
async fn silence_before_hello_is_closed() {
    let limits = SocketLimits {
        hello_ms_max: 50,
        ..SocketLimits::default()
    };
    let server = TestServer::start_with(limits).await;
    let mut peer = Peer::connect(&server.url("/v1/chat"), &[]).await;
    assert_eq!(peer.next().await, Err(1008));
    assert!(peer.socket.next().await.is_none_or(|m| m.is_err()));
}

/// A request → the beginning of the status line.
#[tokio::test]
async fn requests() {
    let server = TestServer::start().await;
    let upgrade =
        "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let chat = |line: &str, headers: String| format!("{line}\r\nhost: {}\r\n{headers}\r\n", server.address);
    let v13 = format!("{upgrade}sec-websocket-version: 13\r\n");
    let get = "GET /v1/chat HTTP/1.1";
    let close = "connection: close\r\n";
    let origin = |o: &str| chat(get, format!("{v13}origin: {o}\r\n"));
    for (request, status) in [
        (
            chat(get, format!("{upgrade}sec-websocket-version: 12\r\n")),
            "400",
        ),
        (chat(get, close.into()), "400"),
        (
            chat("POST /v1/chat HTTP/1.1", format!("content-length: 0\r\n{close}")),
            "405",
        ),
        (origin("null"), "403"),
        (origin("https://shop.example.evil"), "403"),
        (origin("https://shop.example:444"), "403"),
        (origin("http://evil.example"), "403"),
        (chat("GET /..%2f..%2fCargo.toml HTTP/1.1", close.into()), "404"),
        (chat("GET /%00 HTTP/1.1", close.into()), "404"),
        (chat("GET //demo/../../etc/passwd HTTP/1.1", close.into()), "404"),
        (chat("TRACE /demo HTTP/1.1", close.into()), "405"),
        (
            chat("POST /demo HTTP/1.1", format!("content-length: 0\r\n{close}")),
            "405",
        ),
        (
            chat("GET /demo HTTP/1.1", format!("x: {}\r\n", "y".repeat(1_000_000))),
            "431",
        ),
        (
            chat(
                "POST /console/api/login HTTP/1.1",
                format!(
                    "content-type: application/json\r\ncontent-length: 2\r\norigin: https://evil.example\r\n{close}\r\n{{}}"
                ),
            ),
            "403",
        ),
        (
            chat(
                "POST /console/api/login HTTP/1.1",
                format!("content-type: application/json\r\ncontent-length: 70000\r\n{close}"),
            ),
            "413",
        ),
    ] {
        let answer = http_some(&server, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{request:.120} → {answer:.60}"
        );
    }
    assert_eq!(ask(&server, "GET /healthz", &[], b"").await.text(), "ok");
}

/// The beginning of the answer, also when the server closes before it has read everything.
async fn http_some(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let write = async {
        // A refused request may be closed before it is sent whole.
        let _closed = writer.write_all(request.as_bytes()).await;
    };
    let read = async {
        let mut answer = vec![0; 256];
        let read = reader.read(&mut answer).await.unwrap_or(0);
        String::from_utf8_lossy(&answer[..read]).into_owned()
    };
    tokio::join!(write, read).1
}
