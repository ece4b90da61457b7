//! Transcripts by e-mail: the shop is asked, once and honestly, and nobody else learns the address.

use std::sync::Arc;

use serde_json::{Value, json};
use xiaoer::conversation::{Cid, ConversationId, Event};
use xiaoer::engine::{Clock, Engine, FixedClock, SystemClock};
use xiaoer::store::Append;

use super::{Act, Scripted, connector, rule};
use crate::console::{agent, cookie};
use crate::poster::Poster;
use crate::support::{Answer, ENGINE, Setup, TestServer, ask};

const NOW: i64 = 1_795_395_600_000;
const HOUR_MS: i64 = 3_600_000;

/// A server whose shop follows a script.
async fn open(clock: Arc<dyn Clock>) -> (TestServer, Scripted) {
    let shop = Scripted::default();
    let rule = rule(&format!(
        "{{ url: '{}', deadline_ms: 500, transcript: true }}",
        shop.open().await
    ));
    let engine = Engine::new(ENGINE.brain().over(Arc::new(connector(&rule).await)));
    let setup = Setup {
        clock,
        engine: Some(engine),
        ..Setup::default()
    };
    (setup.start().await, shop)
}

async fn mail(server: &TestServer, who: &Poster<'_>, body: &str) -> Answer {
    let line = format!(
        "POST /v1/transcript/mail?lang=en&conversation={}",
        who.conversation()
    );
    let headers = [("authorization", &*who.bearer())];
    ask(server, &line, &headers, body.as_bytes()).await
}

fn to(address: &str) -> String {
    json!({ "to": address }).to_string()
}

fn sent() -> Act {
    Act::Says(201, json!({ "state": "done" }))
}

/// The customer says something, and nobody answers.
async fn said(server: &TestServer, who: &Poster<'_>, cid: &str, text: &str) {
    let append = Append {
        id: ConversationId::new(who.conversation()).unwrap(),
        at: server.hub.now(),
        events: vec![Event::CustomerSaid {
            cid: Cid::new(cid).unwrap(),
            text: text.to_owned(),
            choice: None,
            photos: Vec::new(),
        }],
        fence: None,
        once: None,
    };
    server.hub.store().append(append).await.unwrap();
}

#[tokio::test]
async fn the_shop_gets_the_transcript_and_the_same_click_is_the_same_letter() {
    let (server, shop) = open(Arc::new(SystemClock)).await;
    let customer = Poster::arrive(&server).await;
    assert_eq!(customer.welcome["transcript_mail"], true);
    said(&server, &customer, "cid-00000001", "my mug is broken").await;
    shop.plan([sent(), sent()]);
    for _ in 0..2 {
        let answer = mail(&server, &customer, &to(" Lin@shop.example ")).await;
        assert_eq!((answer.status, answer.json()), (200, json!({ "state": "sent" })));
    }
    let keys = shop.seen();
    assert!(keys[0] == keys[1] && !keys[0].contains('@'), "{keys:?}");
    let letter = shop.bodies.lock().unwrap()[0].clone();
    assert_eq!(
        (&letter["conversation"], &letter["to"], &letter["lang"]),
        (
            &json!(customer.conversation()),
            &json!("Lin@shop.example"),
            &json!("en")
        )
    );
    assert!(
        letter["text"]
            .as_str()
            .unwrap()
            .contains("Customer: my mug is broken"),
        "{letter}"
    );
    assert!(
        letter["subject"]
            .as_str()
            .unwrap()
            .contains("your conversation of"),
        "{letter}"
    );
    assert!(
        letter["at"].as_i64().unwrap() > NOW - 10 * 365 * 24 * HOUR_MS,
        "{letter}"
    );

    shop.plan([sent(), sent()]);
    mail(&server, &customer, &to("may@shop.example")).await;
    said(&server, &customer, "cid-00000002", "and the lid").await;
    mail(&server, &customer, &to("lin@shop.example")).await;
    let others = shop.seen();
    assert!(
        others[0] != keys[0] && others[1] != keys[0] && others[0] != others[1],
        "{others:?}"
    );
    let id = ConversationId::new(customer.conversation()).unwrap();
    let kept = server.hub.store().read(&id, 0, 100).await.unwrap();
    assert_eq!(kept.len(), 3, "a letter is no event");
    assert!(!serde_json::to_string(&kept).unwrap().contains("shop.example"));
}

#[tokio::test]
async fn what_is_no_address_never_reaches_the_shop() {
    let (server, shop) = open(Arc::new(SystemClock)).await;
    let customer = Poster::arrive(&server).await;
    let long = format!("{}@shop.example", "a".repeat(250));
    for (body, code) in [
        (to(""), "bad_field"),
        (to("lin"), "bad_field"),
        (to("lin@shop.example, may@shop.example"), "bad_field"),
        (to("lin@shop.example\r\nbcc: may@shop.example"), "bad_field"),
        (to(&long), "bad_field"),
        ("{}".to_owned(), "bad_field"),
        ("lin@shop.example".to_owned(), "bad_json"),
    ] {
        let answer = mail(&server, &customer, &body).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!(code)),
            "{body}"
        );
        assert!(
            !answer.json().to_string().contains("shop.example"),
            "it is not said back"
        );
    }
    let line = format!(
        "POST /v1/transcript/mail?conversation={}",
        customer.conversation()
    );
    let body = to("lin@shop.example");
    for (headers, status) in [(vec![], 401), (vec![("authorization", "Bearer x")], 404)] {
        assert_eq!(
            ask(&server, &line, &headers, body.as_bytes()).await.status,
            status
        );
    }
    assert!(shop.seen().is_empty());
}

#[tokio::test]
async fn what_the_shop_answers_is_told_as_it_is() {
    let (server, shop) = open(Arc::new(SystemClock)).await;
    let refused = json!({ "state": "refused", "reason": " No mail reaches it " });
    let told = json!({ "state": "refused", "reason": "No mail reaches it" });
    for (acts, state) in [
        (vec![Act::Says(201, refused)], told),
        (vec![Act::Says(404, Value::Null)], json!({ "state": "slow" })),
        (vec![Act::Says(500, Value::Null)], json!({ "state": "unknown" })),
        (vec![Act::Says(200, json!({}))], json!({ "state": "unknown" })),
        (vec![Act::Breaks, sent()], json!({ "state": "sent" })),
        (vec![Act::Breaks, Act::Hangs], json!({ "state": "unknown" })),
    ] {
        let customer = Poster::arrive(&server).await;
        let tries = acts.len();
        shop.plan(acts);
        let answer = mail(&server, &customer, &to("lin@shop.example")).await;
        assert_eq!((answer.status, answer.json()), (200, state));
        let keys = shop.seen();
        assert!(
            keys.len() == tries && keys.iter().all(|key| *key == keys[0]),
            "{keys:?}"
        );
    }
}

#[tokio::test]
async fn a_shop_that_is_down_is_not_asked_for_letters_either() {
    let (server, shop) = open(Arc::new(SystemClock)).await;
    let (one, two) = (Poster::arrive(&server).await, Poster::arrive(&server).await);
    shop.plan((0..5).map(|_| Act::Says(503, Value::Null)));
    for _ in 0..5 {
        let answer = mail(&server, &one, &to("lin@shop.example")).await;
        assert_eq!(answer.json()["state"], "unknown");
    }
    assert_eq!(shop.seen().len(), 5);
    shop.plan([]);
    let answer = mail(&server, &two, &to("lin@shop.example")).await;
    assert_eq!(answer.json()["state"], "slow", "not sent: nothing was done");
}

#[tokio::test]
async fn a_conversation_is_sent_five_times_an_hour_whoever_asks() {
    let clock = Arc::new(FixedClock::at(NOW));
    let (server, shop) = open(clock.clone()).await;
    let (one, two) = (Poster::arrive(&server).await, Poster::arrive(&server).await);
    shop.plan((0..6).map(|_| sent()));
    for n in 0..5 {
        let answer = mail(&server, &one, &to(&format!("lin{n}@shop.example"))).await;
        assert_eq!(answer.status, 200);
    }
    clock.advance(HOUR_MS / 2);
    let answer = mail(&server, &one, &to("lin@shop.example")).await;
    let told = answer.json();
    assert_eq!(
        (answer.status, &told["code"], &told["retry_after_ms"]),
        (429, &json!("slow_down"), &json!(HOUR_MS / 2))
    );
    let by_agent = agents_mail(&server, "lin", one.conversation(), "lin@shop.example").await;
    assert_eq!(
        (by_agent.status, &by_agent.json()["code"]),
        (429, &json!("slow_down"))
    );
    assert_eq!(mail(&server, &two, &to("lin@shop.example")).await.status, 200);
    assert_eq!(shop.seen().len(), 6);
    clock.advance(HOUR_MS / 2);
    shop.plan([sent()]);
    assert_eq!(mail(&server, &one, &to("lin@shop.example")).await.status, 200);
}

async fn agents_mail(server: &TestServer, account: &str, conversation: &str, address: &str) -> Answer {
    let line = format!("POST /console/api/conversations/{conversation}/transcript/mail?lang=zh");
    let cookie = cookie(server, account).await;
    ask(server, &line, &[("cookie", &cookie)], to(address).as_bytes()).await
}

#[tokio::test]
async fn what_an_agent_sends_stands_in_the_audit_without_the_address() {
    let (server, shop) = open(Arc::new(SystemClock)).await;
    let customer = Poster::arrive(&server).await;
    let id = customer.conversation();
    said(&server, &customer, "cid-00000001", "my mug is broken").await;
    let mut lin = agent(&server, "lin").await;
    let desk = lin.until(|frame| frame["type"] == "desk").await;
    assert_eq!(desk["transcript_mail"], true);
    shop.plan([sent(), Act::Says(500, Value::Null)]);
    for state in ["sent", "unknown"] {
        let answer = agents_mail(&server, "lin", id, "zhang.san@mail.example").await;
        assert_eq!((answer.status, &answer.json()["state"]), (200, &json!(state)));
    }
    let letter = shop.bodies.lock().unwrap()[0].clone();
    assert!(
        letter["text"]
            .as_str()
            .unwrap()
            .contains("顾客：my mug is broken"),
        "{letter}"
    );
    let entries = server.desk.accounts().audit(None, 20).await.unwrap();
    let mails = entries.iter().filter(|entry| entry.act == "transcript_mailed");
    let mails: Vec<_> = mails.map(|e| (&*e.account, &*e.object, &*e.detail)).collect();
    assert_eq!(
        mails,
        [
            ("lin", id, "z…@mail.example: unknown"),
            ("lin", id, "z…@mail.example: sent")
        ]
    );
    let nowhere = agents_mail(&server, "lin", "conversation-nowhere", "lin@shop.example").await;
    assert_eq!(nowhere.status, 404);
    let wrong = agents_mail(&server, "lin", id, "zhang").await;
    assert_eq!((wrong.status, &wrong.json()["field"]), (422, &json!("to")));
    let line = format!("POST /console/api/conversations/{id}/transcript/mail");
    let nobody = ask(&server, &line, &[], to("lin@shop.example").as_bytes()).await;
    assert_eq!(nobody.status, 401);
    shop.seen();
}

#[tokio::test]
async fn a_shop_without_the_endpoint_is_offered_to_nobody() {
    let server = TestServer::start().await;
    let customer = Poster::arrive(&server).await;
    assert_eq!(customer.welcome.get("transcript_mail"), None);
    let answer = mail(&server, &customer, &to("lin@shop.example")).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (404, &json!("not_found"))
    );
    let mut lin = agent(&server, "lin").await;
    let desk = lin.until(|frame| frame["type"] == "desk").await;
    assert_eq!(desk["transcript_mail"], false);
    let answer = agents_mail(&server, "lin", customer.conversation(), "lin@shop.example").await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (404, &json!("not_offered"))
    );
}
