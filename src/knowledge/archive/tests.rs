//! What is found, and what is forgotten.

use super::*;

fn id(n: usize) -> ConversationId {
    ConversationId::new(format!("conversation-{n:04}")).unwrap()
}

fn filed(at: i64) -> Filed {
    Filed {
        status: Status::Resolved,
        agents: vec!["lin".to_owned()],
        agent_name: Some("小林".to_owned()),
        labels: vec!["refund".to_owned()],
        at,
        last_said: 2,
        last_seq: 2,
    }
}

fn said(texts: &[&str]) -> Vec<Saying> {
    let numbered = (1..).zip(texts);
    numbered
        .map(|(seq, text)| Saying {
            seq,
            at: i64::try_from(seq).unwrap(),
            text: (*text).to_owned(),
        })
        .collect()
}

fn found(archive: &Archive, asked: &str, filter: &Filter) -> Vec<String> {
    let (total, found) = archive.search(asked, filter, 0, 20).unwrap();
    assert_eq!(total, found.len());
    found
        .iter()
        .map(|hit| format!("{}#{}", &hit.id.as_str()[13..], hit.seq))
        .collect()
}

fn filled() -> Archive {
    let mut archive = Archive::new().unwrap();
    let first = ["我要退货，运费谁出", "质量问题由我们承担运费"];
    archive.put(&id(1), filed(10), &said(&first)).unwrap();
    let second = [
        "Where are my refunds?",
        "The refund was sent to QM2026110312 yesterday",
    ];
    let other = Filed {
        status: Status::Waiting,
        agents: Vec::new(),
        agent_name: None,
        labels: Vec::new(),
        at: 20,
        last_said: 2,
        last_seq: 2,
    };
    archive.put(&id(2), other, &said(&second)).unwrap();
    archive
        .put(&id(3), filed(30), &said(&["退款到哪了", "運費"]))
        .unwrap();
    archive.commit().unwrap();
    archive
}

#[test]
fn words_of_both_languages_find_the_message() {
    let archive = filled();
    let all = Filter::default();
    for (asked, wanted) in [
        ("退货", vec!["0001#1"]),
        ("退货 运费", vec!["0001#1"]),
        ("承担运费", vec!["0001#2"]),
        ("谁", vec!["0001#1"]),
        ("refunding", vec!["0002#1"]),
        ("qm2026110312 refund", vec!["0002#2"]),
        ("运费", vec!["0003#2", "0001#2"]),
        ("退款 退货", vec![]),
        ("🙂", vec![]),
    ] {
        assert_eq!(found(&archive, asked, &all), wanted, "{asked}");
    }
}

#[test]
fn filters_ids_and_nothing_asked() {
    let archive = filled();
    let all = Filter::default();
    assert_eq!(found(&archive, " ", &all), ["0003#2", "0002#2", "0001#2"]);
    assert_eq!(found(&archive, id(2).as_str(), &all), ["0002#2"]);
    let waiting = Filter {
        status: Some(Status::Waiting),
        ..Filter::default()
    };
    assert_eq!(found(&archive, "", &waiting), ["0002#2"]);
    assert!(found(&archive, "运费", &waiting).is_empty());
    let lins = Filter {
        agent: Some("lin".to_owned()),
        label: Some("refund".to_owned()),
        from: Some(30),
        until: Some(31),
        ..Filter::default()
    };
    assert_eq!(found(&archive, "运费", &lins), ["0003#2"]);
    let (total, page) = archive.search("", &all, 2, 20).unwrap();
    assert_eq!((total, page.len()), (3, 1));
}

#[test]
fn the_oldest_makes_room_and_what_is_new_is_added() {
    let mut archive = Archive::with_room(4).unwrap();
    for n in 1..=3 {
        let at = i64::try_from(n).unwrap();
        archive.put(&id(n), filed(at), &said(&["退货"])).unwrap();
    }
    archive.put(&id(1), filed(9), &said(&["换货", "发票"])).unwrap();
    archive.commit().unwrap();
    let all = Filter::default();
    assert_eq!(archive.documents(), 4);
    archive.put(&id(4), filed(10), &said(&["退货"])).unwrap();
    archive.commit().unwrap();
    assert_eq!(found(&archive, "退货", &all), ["0001#1", "0004#1"]);
    assert_eq!(found(&archive, "发票", &all), ["0001#2"]);
}
