//! Files of customers and agents: kept whole or not at all, for their conversation only, and harmless to look at.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use xiaoer::channels::SocketLimits;

use crate::console::{agent, cookie};
use crate::poster::Poster;
use crate::support::{Answer, Customer, Setup, TestServer, ask};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";

async fn upload(server: &TestServer, who: &Poster<'_>, bytes: &[u8]) -> Answer {
    let line = format!("POST /v1/files?conversation={}", who.conversation());
    let headers = [("authorization", &*who.bearer()), ("content-type", "image/png")];
    ask(server, &line, &headers, bytes).await
}

async fn download(server: &TestServer, who: &Poster<'_>, id: &str) -> Answer {
    let line = format!("GET /v1/files/{id}?conversation={}", who.conversation());
    ask(server, &line, &[("authorization", &who.bearer())], b"").await
}

fn id_of(answer: &Answer) -> String {
    let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!((answer.status, id.len()), (200, 64), "{}", answer.json());
    id
}

#[tokio::test]
async fn a_picture_is_sent_named_and_seen_by_both_sides() {
    let server = TestServer::start().await;
    let customer = Poster::arrive(&server).await;
    let files = &customer.welcome["files"];
    assert_eq!(files["bytes_max"], 5 * 1024 * 1024);
    assert_eq!(files["types"][0], "image/png");
    let id = id_of(&upload(&server, &customer, PNG).await);
    assert_eq!(
        id_of(&upload(&server, &customer, PNG).await),
        id,
        "the same file is one"
    );
    let say = json!({"type": "say", "cid": "cid-00000001", "text": "look", "photos": [id]});
    assert_eq!(customer.post(say.clone()).await.json()["type"], "ack");
    assert_eq!(customer.post(say).await.json()["seq"], 2, "resent");
    let bare = json!({"type": "say", "cid": "cid-00000001", "text": "look"});
    assert_eq!(customer.post(bare).await.json()["code"], "cid_conflict");
    let said = customer.listen(0).await.item("customer_said").await;
    assert_eq!(said["photos"], json!([id]));

    let seen = download(&server, &customer, &id).await;
    assert_eq!((seen.status, &*seen.body), (200, PNG));
    let mut lin = agent(&server, "lin").await;
    lin.send(json!({"type": "watch", "conversation": customer.conversation()}))
        .await;
    assert_eq!(lin.item("customer_said").await["photos"], json!([id]));
    let line = format!("GET /console/api/files/{}/{id}", customer.conversation());
    let cookie = cookie(&server, "lin").await;
    let shown = ask(&server, &line, &[("cookie", &cookie)], b"").await;
    assert_eq!((shown.status, &*shown.body), (200, PNG));
    for head in [&seen.head, &shown.head] {
        for header in [
            "content-type: image/png",
            "x-content-type-options: nosniff",
            "sandbox",
            &format!("content-disposition: inline; filename=\"{}.png\"", &id[..12]),
        ] {
            assert!(head.contains(header), "{header}: {head}");
        }
        assert_eq!(head.matches("content-security-policy").count(), 1, "{head}");
    }
    assert_eq!(ask(&server, &line, &[], b"").await.status, 401);
    let other = format!("GET /console/api/files/conversation-other/{id}");
    assert_eq!(
        ask(&server, &other, &[("cookie", &cookie)], b"").await.status,
        404
    );
}

/// Bytes → status and code; nothing of them is left on disk.
#[tokio::test]
async fn what_is_no_picture_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let limits = SocketLimits {
        file_bytes_max: 64 * 1024,
        ..SocketLimits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let server = setup.start_in(folder.path()).await;
    let customer = Poster::arrive(&server).await;
    let long = |bytes: usize| [PNG, &vec![0; bytes - PNG.len()]].concat();
    for (bytes, status, code) in [
        (b"<html><script>alert(1)</script>".to_vec(), 415, "bad_file"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            415,
            "bad_file",
        ),
        (b"MZ\x90\0".to_vec(), 415, "bad_file"),
        (Vec::new(), 415, "bad_file"),
        (long(64 * 1024 + 1), 413, "too_large"),
    ] {
        let answer = upload(&server, &customer, &bytes).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{bytes:.20?}"
        );
    }
    let line = format!("POST /v1/files?conversation={}", customer.conversation());
    let (bearer, chunk) = (customer.bearer(), long(70_000));
    let chunked = [("authorization", &*bearer), ("transfer-encoding", "chunked")];
    let body = [
        format!("{:x}\r\n", chunk.len()).as_bytes(),
        &chunk,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let answer = ask(&server, &line, &chunked, &body).await;
    assert_eq!(answer.status, 413, "a length that is not told");
    let names = || std::fs::read_dir(folder.path().join("files")).unwrap().count();
    assert_eq!(names(), 0, "nothing is left");
    id_of(&upload(&server, &customer, &long(64 * 1024)).await);
    assert_eq!(names(), 1);
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let limits = SocketLimits {
        upload_ms_max: 300,
        uploads_max: 1,
        ..SocketLimits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let server = setup.start_in(folder.path()).await;
    let customer = Poster::arrive(&server).await;
    let begin = async || {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "POST /v1/files?conversation={} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-length: 9000\r\n\r\n",
            customer.conversation(),
            customer.bearer()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(PNG).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        stream
    };
    let dripping = begin().await;
    let busy = upload(&server, &customer, PNG).await;
    assert_eq!(
        (busy.status, busy.json()["code"].clone()),
        (503, json!("busy")),
        "one at a time"
    );
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    let names = || std::fs::read_dir(folder.path().join("files")).unwrap().count();
    assert_eq!(names(), 0, "it took too long");
    drop(dripping);
    drop(begin().await);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(names(), 0, "it was cut off");
    id_of(&upload(&server, &customer, PNG).await);
}

#[tokio::test]
async fn files_belong_to_their_conversation() {
    let server = TestServer::start().await;
    let (one, two) = (Poster::arrive(&server).await, Poster::arrive(&server).await);
    let id = id_of(&upload(&server, &one, PNG).await);
    assert_eq!(download(&server, &two, &id).await.status, 404);
    let foreign = format!("GET /v1/files/{id}?conversation={}", one.conversation());
    let answer = ask(&server, &foreign, &[("authorization", &two.bearer())], b"").await;
    assert_eq!(answer.json()["code"], "unknown_conversation");
    assert_eq!(ask(&server, &foreign, &[], b"").await.status, 401);
    for name in [
        "..%2f..%2fxiaoer.sqlite",
        "%2e%2e%2fxiaoer.sqlite",
        "x%00y",
        "%ff",
        &id.to_uppercase(),
    ] {
        let answer = download(&server, &one, name).await;
        assert!([400, 404].contains(&answer.status), "{name}: {}", answer.status);
        assert!(answer.body.len() < 200, "{name}");
    }
    for photos in [
        json!([id.replace('a', "b")]),
        json!(["../x"]),
        json!([""]),
        json!([1]),
        json!("x"),
        json!([id, id, id, id, id]),
    ] {
        let say = json!({"type": "say", "cid": "cid-00000001", "text": "x", "photos": photos});
        let answer = one.post(say).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!("bad_field")),
            "{photos}"
        );
    }
    let say = json!({"type": "say", "cid": "cid-00000001", "text": "x", "photos": [id]});
    assert_eq!(
        two.post(say.clone()).await.json()["code"],
        "bad_field",
        "another's"
    );
    assert_eq!(one.post(say).await.json()["type"], "ack");
}

#[tokio::test]
async fn a_conversation_is_kept_as_a_text() {
    let server = TestServer::start().await;
    let mut customer = Customer::arrive(&server, "en").await;
    customer.ask("cid-00000001", "how long do refunds take").await;
    let line = format!(
        "GET /v1/transcript?conversation={}",
        customer.welcome["conversation"].as_str().unwrap()
    );
    let bearer = format!("Bearer {}", customer.welcome["token"].as_str().unwrap());
    let answer = ask(&server, &line, &[("authorization", &bearer)], b"").await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.head.contains("text/plain"), "{}", answer.head);
    assert!(text.contains("Customer: how long do refunds take"), "{text}");
    assert!(text.contains("Assistant: "), "{text}");
    assert_eq!(
        ask(&server, &line, &[("authorization", "Bearer x")], b"")
            .await
            .status,
        404
    );
}
