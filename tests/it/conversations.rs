//! The shop's scripted conversations, `knowledge_base/conversations/*.yaml`, through the engine.

use std::collections::BTreeMap;

use serde::Deserialize;
use xiaoer::conversation::{Cid, Event, Lang, Recorded, Tracker};

use crate::support::{ENGINE, root};

/// A Monday, 10:00 in Shanghai.
const OPEN_AT: i64 = 1_795_399_200_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    name: String,
    lang: Lang,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    say: String,
    #[serde(default)]
    choice: Option<String>,
    /// Parts of the text of some bot message of the turn.
    #[serde(default)]
    expect: Vec<String>,
    #[serde(default)]
    cites: Option<String>,
    #[serde(default)]
    card: Option<String>,
    #[serde(default)]
    slots: BTreeMap<String, String>,
    #[serde(default)]
    handoff: bool,
    #[serde(default)]
    button: Option<String>,
}

fn run(script: &Script) -> Vec<String> {
    let mut tracker = Tracker::default();
    let mut wrong = Vec::new();
    let apply = |tracker: &mut Tracker, event: Event| {
        tracker.apply(&Recorded {
            seq: tracker.last_seq + 1,
            at: OPEN_AT,
            event,
        });
    };
    apply(&mut tracker, Event::ConversationStarted { lang: script.lang });
    for (at, turn) in script.turns.iter().enumerate() {
        let cid = Cid::new(format!("scripted-{at}")).unwrap();
        apply(
            &mut tracker,
            Event::CustomerSaid {
                cid,
                text: turn.say.clone(),
                choice: turn.choice.clone(),
            },
        );
        let events = ENGINE.take_turn("scripted", &tracker, OPEN_AT).events;
        events.iter().for_each(|event| apply(&mut tracker, event.clone()));
        for missing in missing(turn, &events, &tracker) {
            wrong.push(format!("{} / {} → {missing}\n{events:#?}", script.name, turn.say));
        }
    }
    wrong
}

fn missing(turn: &Turn, events: &[Event], tracker: &Tracker) -> Vec<String> {
    let mut missing = Vec::new();
    let said = |test: &dyn Fn(&str, &Event) -> bool| {
        events.iter().any(|e| {
            if let Event::BotSaid { text, .. } = e {
                test(text, e)
            } else {
                false
            }
        })
    };
    for part in &turn.expect {
        if !said(&|text, _| text.contains(part.as_str())) {
            missing.push(format!("text `{part}`"));
        }
    }
    let has = |test: &dyn Fn(&Event) -> bool| said(&|_, e| test(e));
    if let Some(id) = &turn.cites
        && !has(
            &|e| matches!(e, Event::BotSaid { citations, .. } if citations.iter().any(|c| &c.article == id)),
        )
    {
        missing.push(format!("citation `{id}`"));
    }
    if let Some(status) = &turn.card
        && !has(&|e| matches!(e, Event::BotSaid { card: Some(card), .. } if &card.status == status))
    {
        missing.push(format!("card `{status}`"));
    }
    if let Some(button) = &turn.button
        && !has(
            &|e| matches!(e, Event::BotSaid { choices, .. } if choices.iter().any(|c| &c.choice == button)),
        )
    {
        missing.push(format!("button `{button}`"));
    }
    for (slot, value) in &turn.slots {
        if tracker.slots.get(slot) != Some(value) {
            missing.push(format!(
                "slot {slot} = {value}, not {:?}",
                tracker.slots.get(slot)
            ));
        }
    }
    if turn.handoff == tracker.bot_may_speak() {
        missing.push(format!("handoff {}", turn.handoff));
    }
    missing
}

#[test]
fn every_scripted_conversation_goes_as_written() {
    let mut scripts = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root().join("knowledge_base/conversations"))
        .unwrap()
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let list: Vec<Script> =
            serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{:?}: {e}", entry.path()));
        scripts += list.len();
        wrong.extend(list.iter().flat_map(run));
    }
    assert!(scripts >= 8, "only {scripts} scripts");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
