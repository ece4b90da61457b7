//! `xiaoer replay`: a stored conversation, folded and answered again with what is loaded now.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Common, brain, print_json};
use crate::conversation::{ConversationId, Event, Recorded, Tracker};
use crate::engine::Engine;
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
    let engine = Engine::new(brain::load(&args.common)?);
    let (same, different) = compare(&engine, &id, &events);
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

/// Takes each turn from the tracker as it was, with the understanding as it was stored, and compares
/// the events that followed.
fn compare(engine: &Engine, id: &ConversationId, events: &[Recorded]) -> (usize, Vec<(u64, String)>) {
    let mut tracker = Tracker::default();
    let (mut same, mut different) = (0, Vec::new());
    for (at, recorded) in events.iter().enumerate() {
        if let Event::Understood { understanding } = &recorded.event {
            let turn: Vec<&Event> = turn_from(&events[at..]);
            let now = recorded.at;
            let again = engine.take_turn_understood(id.as_str(), &tracker, now, understanding.clone());
            match first_difference(&turn, &again.events) {
                None => same += 1,
                Some(why) => different.push((tracker.last_seq, why)),
            }
        }
        tracker.apply(recorded);
    }
    (same, different)
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
