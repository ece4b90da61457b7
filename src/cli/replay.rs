//! `xiaoer replay`: a stored conversation, folded and answered again with what is loaded now.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use super::{Common, brain, print_json};
use crate::commerce::Answer;
use crate::conversation::{ConversationId, Event, Recorded, Tracker};
use crate::engine::{Brain, Pause, Turn};
use crate::store::{Sqlite, Store};

/// Most events of a conversation that are replayed.
const EVENTS_MAX: usize = 100_000;

/// Take every turn of a stored conversation again and compare
#[derive(Args, Debug)]
pub struct ReplayArgs {
    #[command(flatten)]
    common: Common,
    /// Folder of the store (of a server that is stopped)
    #[arg(long, env = "XIAOER_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// The conversation's id
    conversation: String,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs the command; answers whether every turn came out the same.
///
/// # Errors
/// When the store, the conversation or the folders cannot be used.
pub fn run(args: &ReplayArgs) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let id = ConversationId::new(args.conversation.clone()).context("this is no conversation id")?;
    let events = runtime.block_on(async {
        let store = Sqlite::open(&args.data).await?;
        store.read(&id, 0, EVENTS_MAX).await
    })?;
    anyhow::ensure!(
        !events.is_empty(),
        "conversation {id} is not in {}",
        args.data.display()
    );
    let brain = Arc::new(runtime.block_on(brain::load_for_trial(&args.common))?);
    let (same, different) = runtime.block_on(compare(&brain, &id, &events));
    for (seq, why) in &different {
        let _gone = writeln!(std::io::stderr(), "turn on seq {seq} differs: {why}");
    }
    let _gone = writeln!(
        std::io::stderr(),
        "{same} turns the same, {} different",
        different.len()
    );
    if args.json {
        let seqs: Vec<u64> = different.iter().map(|(seq, _)| *seq).collect();
        print_json(&serde_json::json!({
            "conversation": id.as_str(), "events": events.len(), "same": same, "different": seqs,
        }))?;
    }
    Ok(different.is_empty())
}

/// Takes each turn from the tracker as it was, with the understanding and the shop's answers as they were
/// stored, and compares the events that followed.
async fn compare(
    brain: &Arc<Brain>,
    id: &ConversationId,
    events: &[Recorded],
) -> (usize, Vec<(u64, String)>) {
    let mut tracker = Tracker::default();
    let (mut same, mut different) = (0, Vec::new());
    let begin = |tracker: &Tracker, now| Turn::begin(brain.clone(), id.as_str(), tracker, now);
    for (at, recorded) in events.iter().enumerate() {
        let mut compared = None;
        if let Event::Understood { understanding } = &recorded.event {
            let before = turn_from(&events[at..]);
            let again = begin(&tracker, recorded.at).map_or_else(Vec::new, |mut turn| {
                turn.understand(understanding.clone());
                retake(turn, &before)
            });
            compared = Some(first_difference(&before, &again));
        }
        tracker.apply(recorded);
        if let Some(before) = turn_on_decision(&tracker, &events[at..]) {
            let again = begin(&tracker, recorded.at).map_or_else(Vec::new, |turn| retake(turn, &before));
            compared = Some(first_difference(&before, &again));
        }
        match compared {
            None => {}
            Some(None) => same += 1,
            Some(Some(why)) => different.push((tracker.last_seq, why)),
        }
    }
    (same, different)
}

/// The bot's turn on what people have just decided: no message is understood at its beginning.
fn turn_on_decision<'a>(tracker: &Tracker, events: &'a [Recorded]) -> Option<Vec<&'a Event>> {
    let (decision, behind) = events.split_first()?;
    tracker
        .said
        .as_ref()
        .filter(|said| said.decision && said.seq == decision.seq)?;
    let turn = turn_from(behind);
    let answers =
        |event: &&Event| matches!(event, Event::TurnEnded { answers, .. } if *answers == decision.seq);
    turn.last().is_some_and(answers).then_some(turn)
}

/// Takes a turn again; the shop answers as it did. A call it was not asked then ends the turn.
fn retake(mut turn: Turn, before: &[&Event]) -> Vec<Event> {
    let mut answers = before.iter().filter_map(|event| match event {
        Event::ShopAnswered {
            call,
            outcome,
            values,
            card,
            choices,
        } => Some((call, outcome, values, card, choices)),
        _ => None,
    });
    let mut again = Vec::new();
    while let Pause::Shop { asked, .. } = turn.advance() {
        let Some((_, outcome, values, card, choices)) =
            answers.next().filter(|(call, ..)| **call == asked.call)
        else {
            again.extend(turn.take_events());
            return again;
        };
        turn.answered(
            &asked,
            Answer {
                outcome: outcome.clone(),
                values: values.clone(),
                card: card.clone(),
                choices: choices.clone(),
                slots: filled_before(before, &asked.call),
            },
        );
    }
    again.extend(turn.take_events());
    again
}

/// The slots that a call filled: those set right before its answer.
fn filled_before(before: &[&Event], call: &str) -> BTreeMap<String, String> {
    let at = before
        .iter()
        .position(|event| matches!(event, Event::ShopAnswered { call: c, .. } if c == call));
    let set = before[..at.unwrap_or(0)]
        .iter()
        .rev()
        .map_while(|event| match event {
            Event::SlotSet { slot, value } => Some((slot.clone(), value.clone())),
            _ => None,
        });
    set.collect()
}

fn turn_from(events: &[Recorded]) -> Vec<&Event> {
    let end = events
        .iter()
        .position(|r| matches!(r.event, Event::TurnEnded { .. }));
    events[..end.map_or(events.len(), |end| end + 1)]
        .iter()
        .map(|r| &r.event)
        .collect()
}

fn first_difference(before: &[&Event], now: &[Event]) -> Option<String> {
    if let (
        Some(Event::TurnEnded {
            knowledge: then,
            model: model_then,
            ..
        }),
        Some(Event::TurnEnded { knowledge, model, .. }),
    ) = (before.last(), now.last())
        && (then != knowledge || model_then != model)
    {
        return Some(format!(
            "it was knowledge {then} and model {model_then}; now {knowledge} and {model}"
        ));
    }
    let at = before.iter().zip(now).position(|(b, n)| *b != n);
    match at {
        Some(at) => Some(format!("event {}: {:?} became {:?}", at + 1, before[at], now[at])),
        None if before.len() != now.len() => Some(format!("{} events became {}", before.len(), now.len())),
        None => None,
    }
}
