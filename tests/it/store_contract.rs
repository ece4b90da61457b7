//! One suite for every store: what the trait promises, checked through the trait alone.

use std::sync::Arc;

use xiaoer::conversation::{Cid, ConversationId, Event, HandoffReason, Lang, Recorded};
use xiaoer::store::{Append, Error, Opening, Sqlite, Store, Survey};

fn id(name: &str) -> ConversationId {
    ConversationId::new(format!("conversation-{name}")).unwrap()
}

fn opening(name: &str) -> Opening {
    Opening {
        id: id(name),
        token_hash: "hash".into(),
        lang: Lang::En,
        at: 1,
    }
}

fn said(cid: &str, text: &str) -> Event {
    Event::CustomerSaid {
        cid: Cid::new(cid).unwrap(),
        text: text.into(),
        choice: None,
        photos: Vec::new(),
    }
}

fn append(name: &str, events: Vec<Event>) -> Append {
    Append {
        id: id(name),
        at: 2,
        events,
        fence: None,
        once: None,
    }
}

fn once(name: &str, cid: &str, body: &str) -> Append {
    let once = Some((Cid::new(cid).unwrap(), body.to_owned()));
    Append {
        once,
        ..append(name, vec![said(cid, body)])
    }
}

fn ended(answers: u64) -> Event {
    Event::TurnEnded {
        answers,
        model: "m".into(),
        knowledge: "k".into(),
    }
}

fn seqs(events: &[Recorded]) -> Vec<u64> {
    events.iter().map(|e| e.seq).collect()
}

async fn the_contract(store: Arc<dyn Store>) {
    store.open(opening("one")).await.unwrap();
    assert!(matches!(store.open(opening("one")).await, Err(Error::Exists)));
    assert!(matches!(store.head(&id("none")).await, Err(Error::NotFound)));
    assert!(matches!(
        store.append(append("none", vec![])).await,
        Err(Error::NotFound)
    ));

    // A cid takes effect once and tells the same place again; another body is refused.
    let first = store.append(once("one", "cid-00000001", "hello")).await.unwrap();
    let again = store.append(once("one", "cid-00000001", "hello")).await.unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.events, again.events);
    assert_eq!(seqs(&first.events), [2]);
    let other = store.append(once("one", "cid-00000001", "else")).await;
    assert!(matches!(other, Err(Error::CidConflict)));

    // The bot's turn is fenced, and a message is answered once.
    assert_eq!(store.survey(Survey::Unanswered).await.unwrap().len(), 1);
    let turn = |fence| Append {
        fence: Some(fence),
        ..append("one", vec![ended(2)])
    };
    assert!(matches!(store.append(turn(7)).await, Err(Error::Fenced)));
    store.append(turn(0)).await.unwrap();
    assert!(matches!(store.append(turn(0)).await, Err(Error::AlreadyAnswered)));
    assert!(store.survey(Survey::Unanswered).await.unwrap().is_empty());

    // A change of owner moves the fence, and whoever writes under the old one is refused.
    let reason = HandoffReason::Asked;
    store
        .append(append("one", vec![Event::handoff(reason)]))
        .await
        .unwrap();
    let joined = Event::joined("lin", "Lin");
    let claim = |fence| Append {
        fence: Some(fence),
        ..append("one", vec![joined.clone()])
    };
    store.append(claim(1)).await.unwrap();
    assert!(matches!(store.append(claim(1)).await, Err(Error::Fenced)));
    assert_eq!(store.head(&id("one")).await.unwrap().ownership.owner_epoch, 2);

    // All events are there, dense, and pages fit together.
    let all = store.read(&id("one"), 0, 100).await.unwrap();
    assert_eq!(seqs(&all), [1, 2, 3, 4, 5]);
    assert_eq!(store.read(&id("one"), 2, 2).await.unwrap(), all[2..4]);
    assert!(store.read(&id("none"), 0, 10).await.unwrap().is_empty());
    many_writers(store.clone()).await;
    what_surveys_list(store).await;
}

/// Opens a conversation where a customer speaks at a moment.
async fn spoken(store: &Arc<dyn Store>, name: &str, at: i64, more: Vec<Event>) {
    let opening = Opening {
        at: at - 1,
        ..opening(name)
    };
    store.open(opening).await.unwrap();
    let mut events = vec![said("cid-00000001", "hello")];
    events.extend(more);
    let append = append(name, events);
    store.append(Append { at, ..append }).await.unwrap();
}

/// The names of listed conversations opened for surveys, in order.
async fn listed(store: &Arc<dyn Store>, survey: Survey) -> Vec<String> {
    let heads = store.survey(survey).await.unwrap();
    let name = |id: &ConversationId| id.as_str().strip_prefix("conversation-s-").map(str::to_owned);
    heads.iter().filter_map(|head| name(&head.id)).collect()
}

async fn what_surveys_list(store: Arc<dyn Store>) {
    let handoff = || Event::handoff(HandoffReason::Asked);
    let joined = || Event::joined("lin", "Lin");
    let known = |customer: &str| Event::Identified {
        customer: customer.into(),
        level: None,
    };
    spoken(&store, "s-bot", 110, vec![known("C-1")]).await;
    spoken(&store, "s-late", 160, vec![known("C-1"), known("")]).await;
    spoken(&store, "s-other", 150, vec![known("C-1")]).await;
    spoken(&store, "s-second", 130, vec![handoff()]).await;
    spoken(&store, "s-first", 120, vec![handoff()]).await;
    spoken(&store, "s-agent", 140, vec![handoff(), joined()]).await;
    let silent = Opening {
        at: 170,
        ..opening("s-silent")
    };
    store.open(silent).await.unwrap();

    // Waiting ones keep their place when more happens in them.
    let more = append("s-first", vec![said("cid-00000002", "still here"), handoff()]);
    store.append(Append { at: 180, ..more }).await.unwrap();
    let head = store.head(&id("s-first")).await.unwrap();
    assert_eq!((head.waiting_since, head.updated_at), (Some(120), 180));
    assert_eq!(head.opened_at, 119);

    let open = Survey::Open { heads_max: 2 };
    let all = ["first", "second", "agent", "late", "other"];
    assert_eq!(
        listed(&store, open).await,
        all,
        "whoever waits is there whatever the limit"
    );

    let changed = |since, heads_max| Survey::Changed { since, heads_max };
    let since = listed(&store, changed(150, 100)).await;
    assert_eq!(since, ["other", "late", "silent", "first"]);
    assert_eq!(listed(&store, changed(150, 2)).await, ["other", "late"]);
    assert!(listed(&store, changed(181, 100)).await.is_empty());

    let between = Survey::Between {
        from: 130,
        until: 150,
        heads_max: 100,
    };
    assert_eq!(listed(&store, between).await, ["second", "agent"]);

    let of = |customer: &str| Survey::Customer {
        customer: customer.into(),
        heads_max: 100,
    };
    assert_eq!(
        listed(&store, of("C-1")).await,
        ["other", "bot"],
        "a proof taken back is none"
    );
    assert!(
        listed(&store, of("")).await.is_empty(),
        "nobody has no conversations"
    );
    let head = store.head(&id("s-bot")).await.unwrap();
    assert_eq!(head.customer.as_deref(), Some("C-1"));
    assert_eq!(store.head(&id("s-late")).await.unwrap().customer, None);
}

/// Fifty writers on one conversation: no hole, nothing twice.
async fn many_writers(store: Arc<dyn Store>) {
    store.open(opening("many")).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..50 {
        let store = store.clone();
        writers.spawn(async move {
            for n in 0..6 {
                // Each message twice, as after a lost acknowledgement.
                let cid = format!("cid-{writer:04}-{n}");
                let a = store.append(once("many", &cid, "x")).await.unwrap();
                let b = store.append(once("many", &cid, "x")).await.unwrap();
                assert_eq!(a.events, b.events);
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let all = store.read(&id("many"), 0, 1_000).await.unwrap();
    assert_eq!(seqs(&all), (1..=301).collect::<Vec<u64>>());
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Sqlite::open(folder.path()).await.unwrap());
    the_contract(store).await;
}

#[tokio::test]
async fn a_second_process_is_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Sqlite::open(folder.path()).await.unwrap();
    let second = Sqlite::open(folder.path()).await.err().unwrap().to_string();
    let pid = std::process::id().to_string();
    assert!(
        second.contains("locked by pid") && second.contains(&pid),
        "{second}"
    );
}

#[tokio::test]
async fn damaged_and_newer_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("xiaoer.sqlite");
    std::fs::write(&file, vec![b'x'; 8192]).unwrap();
    let error = Sqlite::open(folder.path()).await.err().unwrap().to_string();
    assert!(error.contains("integrity_check"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), vec![b'x'; 8192], "never replaced");

    let folder = tempfile::tempdir().unwrap();
    drop(Sqlite::open(folder.path()).await.unwrap());
    let file = folder.path().join("xiaoer.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    // The user version lies at byte 60 of the header, big-endian.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let newer = tempfile::tempdir().unwrap();
    std::fs::write(newer.path().join("xiaoer.sqlite"), bytes).unwrap();
    let error = Sqlite::open(newer.path()).await.err().unwrap().to_string();
    assert!(error.contains("newer version"), "{error}");
}
