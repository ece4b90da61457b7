//! One customer on several devices: whom the shop's token proves goes on with what is theirs, and nobody else.

use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use xiaoer::conversation::{ConversationId, Event, Lang, sha256};
use xiaoer::store::{Append, Opening};

use crate::poster::Poster;
use crate::support::{Customer, IDENTITY_SECRET, TestServer};

fn hello_of(customer: &str) -> Value {
    let claims = json!({"sub": customer, "exp": get_current_timestamp() + 300});
    let key = EncodingKey::from_secret(IDENTITY_SECRET.as_bytes());
    let identity = encode(&Header::default(), &claims, &key).unwrap();
    json!({"type": "hello", "v": 1, "locale": "en", "identity": identity})
}

/// A conversation of old, whose token was made up: `(id, token)`.
async fn of_old(server: &TestServer, name: &str, customer: &str, days_ago: i64) -> (String, &'static str) {
    let id = ConversationId::new(format!("conversation-{name}")).unwrap();
    let at = server.hub.now() - days_ago * 24 * 3_600_000;
    let opening = Opening {
        id: id.clone(),
        token_hash: sha256("made up"),
        lang: Lang::En,
        at,
    };
    server.hub.store().open(opening).await.unwrap();
    let identified = Event::Identified {
        customer: customer.to_owned(),
        level: None,
    };
    let append = Append {
        id: id.clone(),
        at,
        events: vec![identified],
        fence: None,
        once: None,
    };
    server.hub.store().append(append).await.unwrap();
    (id.to_string(), "made up")
}

#[tokio::test]
async fn a_second_device_goes_on_where_the_first_one_is() {
    let server = TestServer::start().await;
    let mut phone = Customer::hello(&server, hello_of("C001")).await;
    let own = phone.welcome["conversation"].clone();
    phone.ask("cid-00000001", "how long do refunds take").await;
    // With its socket, and without one.
    let mut laptop = Customer::hello(&server, hello_of("C001")).await;
    assert_eq!(laptop.welcome["conversation"], own);
    assert_eq!(laptop.welcome["resumed"], true);
    assert_eq!(laptop.welcome["token"], phone.welcome["token"]);
    let first = laptop.peer.until(|f| f["type"] == "events").await;
    assert_eq!(first["from"], 1, "all of it");
    laptop.say("cid-00000002", "and exchanges").await;
    let both = |item: &Value| item["cid"] == "cid-00000002";
    while !both(&phone.peer.item("customer_said").await) {}
    let kiosk = Poster::hello(&server, hello_of("C001")).await;
    assert_eq!(kiosk.welcome["conversation"], own);
    let again = Customer::hello(&server, laptop.hello_again(0)).await;
    assert_eq!(
        again.welcome["type"], "welcome",
        "the token serves without the proof"
    );

    let mut behind = hello_of("C001");
    behind["after"] = json!(2);
    let behind = Customer::hello(&server, behind).await;
    assert_eq!(behind.welcome["resumed"], false, "it has read another");
    let other = Customer::hello(&server, hello_of("C002")).await;
    assert_ne!(other.welcome["conversation"], own);
    let stranger = Customer::arrive(&server, "en").await;
    assert_ne!(stranger.welcome["conversation"], own);
}

#[tokio::test]
async fn what_began_without_a_proof_goes_on_under_one() {
    let server = TestServer::start().await;
    let mut visitor = Customer::arrive(&server, "en").await;
    visitor.ask("cid-00000001", "hello").await;
    let mut signed_in = hello_of("C001");
    for field in ["conversation", "token"] {
        signed_in[field] = visitor.welcome[field].clone();
    }
    signed_in["after"] = json!(1);
    let known = Customer::hello(&server, signed_in).await;
    assert_eq!(known.welcome["conversation"], visitor.welcome["conversation"]);
    let other_device = Customer::hello(&server, hello_of("C001")).await;
    assert_eq!(
        other_device.welcome["conversation"],
        visitor.welcome["conversation"]
    );
}

#[tokio::test]
async fn what_is_old_rests_and_tokens_of_old_hold() {
    let server = TestServer::start().await;
    of_old(&server, "stale", "C001", 31).await;
    let fresh = Customer::hello(&server, hello_of("C001")).await;
    assert_ne!(fresh.welcome["conversation"], "conversation-stale");
    let (id, made_up) = of_old(&server, "recent", "C002", 29).await;
    let known = Customer::hello(&server, hello_of("C002")).await;
    assert_eq!(known.welcome["conversation"], json!(id));
    assert_ne!(known.welcome["token"], made_up);
    for token in [known.welcome["token"].clone(), json!(made_up)] {
        let hello = json!({"type": "hello", "v": 1, "conversation": id, "token": token});
        assert_eq!(
            Customer::hello(&server, hello).await.welcome["type"],
            "welcome",
            "{token}"
        );
    }
}
