//! Property: whatever is said and tapped, the tracker folded from the stored events is the live one,
//! and the turn can be taken again to the same events.

use proptest::prelude::*;
use xiaoer::conversation::{Cid, Event, Lang, Recorded, Tracker};

use crate::support::{block_on, fresh_engine, record};

const SAYINGS: [&str; 17] = [
    "这个能便宜点吗",
    "细嘴手冲壶",
    "300 元",
    "我的订单到哪了",
    "QM2026110312",
    "i want to return this",
    "1234",
    "yes",
    "不用了",
    "质量问题",
    "how long do refunds take",
    "转人工",
    "asdf qwer",
    "你好",
    "QM0000000000",
    "{{7*7}}",
    "👍",
];
const CHOICES: [Option<&str>; 5] = [
    None,
    None,
    Some("intent:track_order"),
    Some("return_reason:faulty"),
    Some("article:refund-timing"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn replay_is_the_live_state(said in prop::collection::vec((0..SAYINGS.len(), 0..CHOICES.len(), any::<bool>()), 1..8)) {
        let engine = block_on(fresh_engine());
        let (mut log, mut live) = (Vec::new(), Tracker::default());
        record(&mut log, &mut live, Event::ConversationStarted { lang: Lang::Zh });
        for (at, (saying, choice, yes)) in said.into_iter().enumerate() {
            if let Some(asked) = live.approval.filter(|_| choice == 0) {
                let (account, agent) = ("lin".to_owned(), "小林".to_owned());
                record(&mut log, &mut live, Event::ApprovalGiven { asked, account, agent, yes, note: None });
                let turned = block_on(engine.take_turn("property", &live, live.last_at));
                prop_assert!(turned.settled);
                turned.events.into_iter().for_each(|event| record(&mut log, &mut live, event));
                prop_assert!(live.unanswered().is_none());
            }
            let cid = Cid::new(format!("property-{at}")).unwrap();
            let choice = CHOICES[choice].map(str::to_owned);
            record(&mut log, &mut live, Event::CustomerSaid { cid, text: SAYINGS[saying].to_owned(), choice, photos: Vec::new() });
            if live.unanswered().is_none() {
                continue;
            }
            let turned = block_on(engine.take_turn("property", &live, live.last_at));
            // The same key is the same effect: taken again, the turn gives the same.
            prop_assert_eq!(&block_on(engine.take_turn("property", &live, live.last_at)), &turned);
            prop_assert!(turned.settled);
            for event in turned.events {
                record(&mut log, &mut live, event);
            }
            prop_assert!(live.unanswered().is_none());
            prop_assert!(live.turn.replied, "every turn says something");
        }
        // Stored as JSON and read back, as a store does.
        let stored: Vec<Recorded> = log
            .iter()
            .map(|r| serde_json::from_str(&serde_json::to_string(r).unwrap()).unwrap())
            .collect();
        prop_assert_eq!(&stored, &log);
        prop_assert_eq!(Tracker::replay(&stored), live);
    }
}
