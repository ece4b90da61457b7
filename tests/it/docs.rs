//! What the documents say is what the program does.

use serde_json::{Value, json};
use xiaoer::channels::wire::{ClientFrame, ServerFrame};
use xiaoer::console::{AgentFrame, ConsoleFrame};

use crate::support::{Customer, Peer, TestServer, ask, root};

#[test]
fn the_schema_is_the_types() {
    let schema = json!({
        "customer_to_server": schemars::schema_for!(ClientFrame),
        "server_to_customer": schemars::schema_for!(ServerFrame),
        "agent_to_server": schemars::schema_for!(AgentFrame),
        "server_to_agent": schemars::schema_for!(ConsoleFrame),
    });
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let file = root().join("docs/protocol.schema.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == text,
        "docs/protocol.schema.json is stale; run `just bless`"
    );
}

/// `...` in the document stands for any value.
fn fits(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::String(any), _) if any == "..." => true,
        (Value::Object(w), Value::Object(f)) => {
            w.len() == f.len()
                && w.iter()
                    .all(|(k, v)| f.get(k).is_some_and(|found| fits(v, found)))
        }
        (Value::Array(w), Value::Array(f)) => w.len() == f.len() && w.iter().zip(f).all(|(w, f)| fits(w, f)),
        _ => wanted == found,
    }
}

#[tokio::test]
async fn the_worked_example_works() {
    let page = std::fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let example = page
        .split("```transcript\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let server = TestServer::start().await;
    let mut peer = Peer::connect(&server.url("/v1/chat"), &[]).await;
    for line in example.lines() {
        let (side, frame) = line.split_at(2);
        let frame: Value = serde_json::from_str(frame).unwrap();
        if side == "> " {
            peer.send(frame).await;
            continue;
        }
        // Events and signals of the bot's turn come in between; the example shows what it names.
        let found = peer.until(|f| f["type"] == frame["type"]).await;
        assert!(fits(&frame, &found), "{frame}\n{found}");
    }
}

#[tokio::test]
async fn pages_are_served_with_their_policies() {
    let server = TestServer::start().await;
    for (path, kind) in [
        ("/demo", "text/html"),
        ("/console", "text/html"),
        ("/chat", "text/html"),
        ("/widget.js", "text/javascript"),
        ("/widget/app.js", "text/javascript"),
    ] {
        let answer = ask(&server, &format!("GET {path}"), &[], b"").await;
        assert_eq!(answer.status, 200, "{path}");
        let head = answer.head;
        assert!(head.contains(kind) && head.contains("nosniff"), "{path}");
        assert_eq!(
            head.contains("frame-ancestors 'none'"),
            !path.starts_with("/widget"),
            "{path}"
        );
    }
    let mut customer = Customer::arrive(&server, "en").await;
    customer.ask("cid-00000001", "hi").await;
}
