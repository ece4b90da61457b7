//! Files that agents send: by the owner only, under the customers' limits, seen by their customer and nobody else.

use serde_json::{Value, json};
use xiaoer::channels::SocketLimits;

use crate::console::{agent, cookie};
use crate::poster::Poster;
use crate::support::{Answer, Peer, TestServer, ask};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\na size chart";
const PDF: &[u8] = b"%PDF-1.7 a manual";

async fn upload(server: &TestServer, cookie: &str, conversation: &str, bytes: &[u8]) -> Answer {
    let line = format!("POST /console/api/files/{conversation}");
    let headers = [("cookie", cookie), ("content-type", "image/png")];
    ask(server, &line, &headers, bytes).await
}

fn id_of(answer: &Answer) -> String {
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!((answer.status, id.len()), (200, 64), "{}", answer.json());
    id
}

fn refused(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["code"].clone())
}

/// A customer, and Lin who has taken their conversation and watches it.
async fn served(server: &TestServer) -> (Poster<'_>, Peer, String) {
    let customer = Poster::arrive(server).await;
    let say = json!({"type": "say", "cid": "cid-00000001", "text": "I want to talk to a person"});
    assert_eq!(customer.post(say).await.json()["type"], "ack");
    let mut lin = agent(server, "lin").await;
    let id = customer.conversation().to_owned();
    lin.send(json!({"type": "claim", "conversation": id})).await;
    lin.until(|f| f["type"] == "done" && f["act"] == "claim").await;
    lin.send(json!({"type": "watch", "conversation": id})).await;
    lin.item("agent_joined").await;
    (customer, lin, cookie(server, "lin").await)
}

/// Sends a reply and gives the frame that answers it.
async fn reply(lin: &mut Peer, conversation: &str, cid: &str, text: &str, files: Value) -> Value {
    let frame =
        json!({"type": "reply", "conversation": conversation, "cid": cid, "text": text, "files": files});
    lin.send(frame).await;
    lin.until(|f| f["cid"] == cid && (f["type"] == "ack" || f["type"] == "error"))
        .await
}

#[tokio::test]
async fn an_agent_sends_a_picture_and_the_customer_has_it() {
    let server = TestServer::start().await;
    let (customer, mut lin, cookie) = served(&server).await;
    let conversation = customer.conversation().to_owned();
    let picture = id_of(&upload(&server, &cookie, &conversation, PNG).await);
    let manual = id_of(&upload(&server, &cookie, &conversation, PDF).await);
    let files = json!([picture, manual]);
    let acked = reply(&mut lin, &conversation, "agent-0001", "", files.clone()).await;
    assert_eq!(acked["type"], "ack", "{acked}");
    let again = reply(&mut lin, &conversation, "agent-0001", "", files.clone()).await;
    assert_eq!(again["seq"], acked["seq"], "resent, it is the same");
    for (text, other) in [("", json!([picture])), ("x", files.clone())] {
        let answer = reply(&mut lin, &conversation, "agent-0001", text, other).await;
        assert_eq!(answer["code"], "cid_conflict", "{answer}");
    }

    let said = customer.listen(0).await.item("agent_said").await;
    assert_eq!((&said["text"], &said["files"]), (&json!(""), &files));
    let bearer = customer.bearer();
    for (id, bytes, kind) in [(&picture, PNG, "image/png"), (&manual, PDF, "application/pdf")] {
        let line = format!("GET /v1/files/{id}?conversation={conversation}");
        let seen = ask(&server, &line, &[("authorization", &bearer)], b"").await;
        assert_eq!((seen.status, &*seen.body), (200, bytes));
        assert!(seen.head.contains(kind), "{}", seen.head);
    }
    let other = Poster::arrive(&server).await;
    let own = format!("GET /v1/files/{picture}?conversation={}", other.conversation());
    let foreign = format!("GET /v1/files/{picture}?conversation={conversation}");
    for line in [own, foreign] {
        let answer = ask(&server, &line, &[("authorization", &other.bearer())], b"").await;
        assert_eq!(answer.status, 404, "{line}");
    }
    let line = format!("GET /v1/transcript?conversation={conversation}&lang=en");
    let page = ask(&server, &line, &[("authorization", &bearer)], b"").await;
    let page = String::from_utf8(page.body).unwrap();
    let told = format!("小林: [attachment] {picture}\n    [attachment] {manual}\n");
    assert!(page.contains(&told), "{page}");
}

#[tokio::test]
async fn only_the_owner_sends_files() {
    let server = TestServer::start().await;
    let (customer, mut lin, lins) = served(&server).await;
    let conversation = customer.conversation().to_owned();
    let mays = cookie(&server, "may").await;
    let not_allowed = (403, json!("not_allowed"));
    let answer = upload(&server, &mays, &conversation, PNG).await;
    assert_eq!(refused(&answer), not_allowed);
    assert_eq!(
        upload(&server, &lins, "conversation-other", PNG).await.status,
        403
    );
    assert_eq!(upload(&server, "", &conversation, PNG).await.status, 401);
    let line = format!("POST /console/api/files/{conversation}");
    let abroad = [("cookie", &*lins), ("origin", "https://evil.example")];
    let answer = ask(&server, &line, &abroad, PNG).await;
    assert_eq!(refused(&answer), not_allowed, "another site's page");

    let id = id_of(&upload(&server, &lins, &conversation, PNG).await);
    let mut may = agent(&server, "may").await;
    let answer = reply(&mut may, &conversation, "agent-0002", "", json!([id])).await;
    assert_eq!(answer["code"], "not_allowed");
    lin.send(json!({"type": "release", "conversation": conversation}))
        .await;
    lin.until(|f| f["act"] == "release").await;
    let answer = upload(&server, &lins, &conversation, PDF).await;
    assert_eq!(refused(&answer), not_allowed, "it is Lin's no more");
    let answer = reply(&mut lin, &conversation, "agent-0003", "", json!([id])).await;
    assert_eq!(answer["code"], "not_allowed");
}

#[tokio::test]
async fn a_reply_names_files_of_its_conversation_and_not_too_many() {
    let server = TestServer::start().await;
    let (customer, mut lin, cookie) = served(&server).await;
    let conversation = customer.conversation().to_owned();
    let stranger = Poster::arrive(&server).await;
    let line = format!("POST /v1/files?conversation={}", stranger.conversation());
    let foreign = ask(&server, &line, &[("authorization", &stranger.bearer())], PDF).await;
    let foreign = id_of(&foreign);
    let id = id_of(&upload(&server, &cookie, &conversation, PNG).await);
    for files in [
        json!([foreign]),
        json!([id, foreign]),
        json!(["../x"]),
        json!([id, id, id, id, id]),
    ] {
        let answer = reply(&mut lin, &conversation, "agent-0001", "look", files.clone()).await;
        assert_eq!(answer["code"], "bad_field", "{files}");
    }
    let answer = reply(&mut lin, &conversation, "agent-0001", " ", json!([])).await;
    assert_eq!(answer["code"], "empty", "no words and no files");
    let answer = reply(&mut lin, &conversation, "agent-0001", "look", json!([id])).await;
    assert_eq!(answer["type"], "ack", "{answer}");
}

/// What agents send is held to what customers may send, together with it.
#[tokio::test]
async fn limits_are_the_customers() {
    let limits = SocketLimits {
        file_bytes_max: 128 * 1024,
        ..SocketLimits::default()
    };
    let server = TestServer::start_with(limits).await;
    let (customer, mut lin, cookie) = served(&server).await;
    let conversation = customer.conversation();
    let mut second = agent(&server, "lin").await;
    let desk = second.until(|f| f["type"] == "desk").await;
    assert_eq!(desk["files"], customer.welcome["files"]);
    let long = |bytes: usize| [PNG, &vec![0; bytes - PNG.len()]].concat();
    for (bytes, status, code) in [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            415,
            "bad_file",
        ),
        (Vec::new(), 415, "bad_file"),
        (long(128 * 1024 + 1), 413, "too_large"),
    ] {
        let answer = upload(&server, &cookie, conversation, &bytes).await;
        assert_eq!(refused(&answer), (status, json!(code)));
    }
    // Larger than other bodies of the console may be.
    id_of(&upload(&server, &cookie, conversation, &long(128 * 1024)).await);
    let bearer = customer.bearer();
    let line = format!("POST /v1/files?conversation={conversation}");
    for n in 0..19_u8 {
        let answer = ask(
            &server,
            &line,
            &[("authorization", &bearer)],
            &[PNG, &[n]].concat(),
        )
        .await;
        id_of(&answer);
    }
    let answer = upload(&server, &cookie, conversation, PDF).await;
    assert_eq!(
        refused(&answer),
        (409, json!("files_full")),
        "twenty, of both together"
    );
    let answer = reply(&mut lin, conversation, "agent-0001", "still words", json!([])).await;
    assert_eq!(answer["type"], "ack");
}
