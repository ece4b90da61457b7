//! What agents read of conversations that tests write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use super::*;
use crate::conversation::{Cid, Entity, Ranked, Weighed, Why};

static BOT: LazyLock<Bot> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge_base");
    Bot::load(&root).0.unwrap()
});

fn said(text: &str) -> Event {
    Event::CustomerSaid {
        cid: Cid::new("cid-00000001").unwrap(),
        text: text.to_owned(),
        choice: None,
        photos: Vec::new(),
    }
}

fn understood(intent: &str, anger: u8, order_no: Option<&str>) -> Event {
    let ranked = Ranked {
        intent: intent.to_owned(),
        score: 0.9,
    };
    let entity = order_no.map(|number| Entity {
        kind: "order_no".to_owned(),
        value: number.to_owned(),
        start: 0,
        end: 0,
    });
    Event::Understood {
        understanding: Understanding {
            lang: Lang::Zh,
            intents: vec![ranked],
            in_scope: 1.0,
            certain: true,
            sentiment: if anger > 0 {
                Sentiment::Negative
            } else {
                Sentiment::Neutral
            },
            anger,
            also: None,
            entities: entity.into_iter().collect(),
        },
    }
}

fn slot(slot: &str, value: &str) -> Event {
    Event::SlotSet {
        slot: slot.to_owned(),
        value: value.to_owned(),
    }
}

fn record(events: Vec<Event>) -> Vec<Recorded> {
    let numbered = (1..).zip(events);
    numbered
        .map(|(seq, event)| Recorded { seq, at: 0, event })
        .collect()
}

fn conversation() -> Vec<Event> {
    let weighed = |article: &str| Weighed {
        article: article.to_owned(),
        title: "退款多久到账".to_owned(),
        passage: String::new(),
        score: 0.4,
    };
    vec![
        Event::ConversationStarted { lang: Lang::Zh },
        said("你好"),
        understood("greeting", 0, None),
        said("我要退货，手机 19000001234"),
        understood("return_request", 0, None),
        Event::FlowStarted {
            flow: "start_return".to_owned(),
        },
        slot("order_no", "QM2026110312"),
        slot("return_reason", "faulty"),
        slot(CONFIRMED, "yes"),
        Event::Searched {
            outcome: SearchOutcome::Refuse,
            score: 0.2,
            passages: vec![weighed("a"), weighed("b"), weighed("c")],
        },
        Event::BotSaid {
            text: "好".to_owned(),
            choices: Vec::new(),
            citations: Vec::new(),
            card: None,
            why: Some(Why {
                policy: "flow".to_owned(),
                source: "start_return.sure".to_owned(),
                lead: Vec::new(),
                score: None,
            }),
        },
        said("太慢了"),
        said("什么破店"),
        understood("complaint", 2, None),
        Event::FlowEnded {
            flow: "start_return".to_owned(),
            outcome: FlowOutcome::HandedOff,
            result: None,
        },
        Event::handoff(HandoffReason::Anger),
        said("人呢"),
    ]
}

#[test]
fn three_lines_say_it() {
    let packet = Packet::of(&record(conversation()), &BOT, Lang::Zh);
    assert_eq!(packet.reason, Some(HandoffReason::Anger));
    assert_eq!(
        packet.summary,
        [
            "诉求：“我要退货，手机 *******1234”",
            "转人工前：“太慢了 什么破店”；最新：“人呢”",
            "机器人：申请退货（转人工）；订单号 QM2026110312，原因 质量问题；查知识库 1 次，0 次有答案",
        ]
    );
    let english = Packet::of(&record(conversation()), &BOT, Lang::En);
    assert_eq!(
        english.summary[2],
        "Bot: Send something back (handed off); Order number QM2026110312, Reason Faulty; searched 1 times, answered 0"
    );
    let slots: Vec<(&str, &str)> = packet
        .slots
        .iter()
        .map(|s| (s.name.as_str(), s.value.as_str()))
        .collect();
    assert_eq!(slots, [("订单号", "QM2026110312"), ("原因", "质量问题")]);
}

#[test]
fn intents_moods_searches_and_the_trace() {
    let packet = Packet::of(&record(conversation()), &BOT, Lang::Zh);
    let intents: Vec<(u64, &str)> = packet
        .intents
        .iter()
        .map(|t| (t.seq, t.intent.as_str()))
        .collect();
    assert_eq!(
        intents,
        [(2, "greeting"), (4, "return_request"), (13, "complaint")]
    );
    let mood: Vec<u8> = packet.mood.iter().map(|mood| mood.anger).collect();
    assert_eq!(mood, [0, 0, 2]);
    assert_eq!(packet.tried.len(), PASSAGES_MAX);
    assert_eq!(
        (packet.tried[0].outcome, packet.tried[0].lang),
        (SearchOutcome::Refuse, Lang::Zh)
    );
    assert_eq!(packet.trace, ["#11 flow: start_return.sure"]);
    assert_eq!(packet.order_no.as_deref(), Some("QM2026110312"));
}

#[test]
fn only_the_last_matter_counts() {
    let mut events = conversation();
    events.push(Event::joined("lin", "小林"));
    events.push(Event::resolved("lin", "小林"));
    let ended = Packet::of(&record(events.clone()), &BOT, Lang::Zh);
    assert_eq!(ended.slots.len(), 2, "what has ended can still be read");
    events.push(said("发票"));
    events.push(understood("invoice_request", 0, Some("QM2026110099")));
    let packet = Packet::of(&record(events), &BOT, Lang::Zh);
    assert!(packet.slots.is_empty() && packet.reason.is_none(), "{packet:?}");
    assert_eq!(packet.summary, ["诉求：“发票”"]);
    assert_eq!(packet.order_no.as_deref(), Some("QM2026110099"));
    assert!(Packet::of(&[], &BOT, Lang::En).summary.is_empty());
}

#[tokio::test]
async fn the_shop_tells_the_rest_and_no_whole_number() {
    let bot = std::sync::Arc::new(
        Bot::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge_base"))
            .0
            .unwrap(),
    );
    let ledger = crate::store::Ledger::forgetful().await.unwrap();
    let shop = std::sync::Arc::new(crate::commerce::Embedded::new(bot.clone(), ledger));
    let mut events = conversation();
    let identified = Event::Identified {
        customer: "C001".to_owned(),
        level: None,
    };
    events.insert(1, identified);
    let packet = Packet::of(&record(events), &bot, Lang::Zh)
        .asked(shop, &bot, Lang::Zh)
        .await;
    let customer = packet.customer.unwrap();
    assert_eq!(
        (customer.name.as_str(), customer.level.as_str()),
        ("林晓雯", "crown")
    );
    assert!(
        customer
            .note
            .as_ref()
            .is_some_and(|note| note.contains("1234") && !note.contains("01234"))
    );
    let days: BTreeMap<usize, &str> = packet
        .orders
        .iter()
        .map(|o| o.placed.as_str())
        .enumerate()
        .collect();
    assert!((1..=5).contains(&days.len()), "{days:?}");
    assert!(
        packet
            .orders
            .iter()
            .all(|order| !order.items.contains("Q-") && !order.state.is_empty())
    );
}
