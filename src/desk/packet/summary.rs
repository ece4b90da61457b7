//! Three lines out of a long conversation: the customer's own words that say most, and what the bot did.

use super::{Matter, Message, slot_of};
use crate::bot::Bot;
use crate::conversation::{FlowOutcome, Lang, SearchOutcome};
use crate::desk::shorten::{cut, hide_numbers};
use crate::desk::suggest::ASKS_FOR_PEOPLE;

/// Longest quotation, in characters.
const QUOTE_CHARS_MAX: usize = 80;
/// Most flows and values told.
const FLOWS_MAX: usize = 3;
const SLOTS_MAX: usize = 4;
/// Intents that say nothing about the matter.
const SMALL_TALK: [&str; 9] = [
    "affirm",
    "bot_identity",
    "chitchat",
    "deny",
    "goodbye",
    "greeting",
    "out_of_scope",
    "praise_review",
    "thanks",
];

/// At most three lines, in an agent's language.
pub(super) fn lines(matter: &Matter, bot: &Bot, lang: Lang) -> Vec<String> {
    let say = |zh: &str, en: &str| if lang == Lang::Zh { zh } else { en }.to_owned();
    let wish = wish(&matter.messages);
    let led = matter
        .messages
        .iter()
        .rfind(|message| !message.called && !asks_for_people(message));
    let latest = matter.messages.iter().rfind(|message| message.called);
    let mut lines = Vec::new();
    lines.extend(wish.map(|wish| format!("{}{}", say("诉求：", "Wish: "), quoted(wish, lang))));
    let led = led.filter(|led| Some(led.seq) != wish.map(|wish| wish.seq));
    let latest = latest.filter(|latest| Some(latest.seq) != wish.map(|wish| wish.seq));
    let led = led.map(|led| {
        format!(
            "{}{}",
            say("转人工前：", "Before the handoff: "),
            quoted(led, lang)
        )
    });
    let latest = latest.map(|latest| format!("{}{}", say("最新：", "Latest: "), quoted(latest, lang)));
    let between: Vec<String> = led.into_iter().chain(latest).collect();
    if !between.is_empty() {
        lines.push(between.join(&say("；", "; ")));
    }
    lines.extend(done(matter, bot, lang).map(|done| format!("{}{done}", say("机器人：", "Bot: "))));
    lines
}

fn quoted(message: &Message, lang: Lang) -> String {
    let text = cut(&hide_numbers(&message.text), QUOTE_CHARS_MAX);
    if lang == Lang::Zh {
        format!("“{text}”")
    } else {
        format!("\"{text}\"")
    }
}

fn intent(message: &Message) -> &str {
    message
        .understanding
        .as_ref()
        .map_or("", |understanding| understanding.intent())
}

fn asks_for_people(message: &Message) -> bool {
    intent(message) == ASKS_FOR_PEOPLE
}

/// The first message that is surely about a matter, or else the longest one.
fn wish(messages: &[Message]) -> Option<&Message> {
    let says = |message: &&Message| {
        let certain = message
            .understanding
            .as_ref()
            .is_some_and(|understanding| understanding.certain);
        certain && !SMALL_TALK.contains(&intent(message)) && !asks_for_people(message)
    };
    let longest = || {
        let others = messages.iter().filter(|message| !asks_for_people(message));
        let longest = others.rev().max_by_key(|message| message.text.chars().count());
        longest.or_else(|| messages.last())
    };
    messages.iter().find(says).or_else(longest)
}

/// Flows with their end, values, requests and searches.
fn done(matter: &Matter, bot: &Bot, lang: Lang) -> Option<String> {
    let (comma, stop) = if lang == Lang::Zh {
        ("，", "；")
    } else {
        (", ", "; ")
    };
    let mut parts = Vec::new();
    let label = |flow: &String| bot.flows.get(flow)?.label.get(&lang).cloned();
    let ended = matter
        .ended
        .iter()
        .filter_map(|(flow, outcome)| Some(format!("{}{}", label(flow)?, outcome_words(*outcome, lang))));
    let under_way = matter.flows.iter().filter_map(|flow| {
        let open = if lang == Lang::Zh {
            "（进行中）"
        } else {
            " (under way)"
        };
        Some(format!("{}{open}", label(flow)?))
    });
    let flows: Vec<String> = ended.chain(under_way).collect();
    let first = flows.len().saturating_sub(FLOWS_MAX);
    parts.extend_from_slice(&flows[first..]);
    let labelled = |(slot, value, flow): &&(String, String, Option<String>)| {
        let own = flow
            .as_ref()
            .and_then(|flow| bot.flows.get(flow)?.slots.get(slot));
        !value.is_empty()
            && own
                .or_else(|| bot.slots.get(slot))
                .is_some_and(|slot| !slot.label.is_empty())
    };
    let slots = matter.slots.iter().filter(labelled).take(SLOTS_MAX);
    let slots: Vec<String> = slots
        .map(|slot| {
            let shown = slot_of(slot, bot, lang);
            format!("{} {}", shown.name, cut(&shown.value, 40))
        })
        .collect();
    if !slots.is_empty() {
        parts.push(slots.join(comma));
    }
    parts.extend(matter.requests.last().map(|number| {
        let registered = if lang == Lang::Zh {
            "已登记 "
        } else {
            "registered "
        };
        format!("{registered}{number}")
    }));
    parts.extend(searched(&matter.searches, lang));
    (!parts.is_empty()).then(|| parts.join(stop))
}

fn outcome_words(outcome: FlowOutcome, lang: Lang) -> &'static str {
    let (zh, en) = match outcome {
        FlowOutcome::Completed => ("（已完成）", " (completed)"),
        FlowOutcome::Cancelled => ("（已中断）", " (broken off)"),
        FlowOutcome::GaveUp => ("（未完成）", " (gave up)"),
        FlowOutcome::HandedOff => ("（转人工）", " (handed off)"),
    };
    if lang == Lang::Zh { zh } else { en }
}

fn searched(searches: &[SearchOutcome], lang: Lang) -> Option<String> {
    let answered = searches
        .iter()
        .filter(|outcome| **outcome == SearchOutcome::Answer)
        .count();
    let all = searches.len();
    (all > 0).then(|| match lang {
        Lang::Zh => format!("查知识库 {all} 次，{answered} 次有答案"),
        Lang::En => format!("searched {}, answered {}", times(all), times(answered)),
    })
}

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::LazyLock;

    use super::super::*;
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
                part: None,
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
            "Bot: Send something back (handed off); Order number QM2026110312, Reason Faulty; searched once, answered never"
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
}
