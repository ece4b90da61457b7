//! `xiaoer chat`: the terminal as a channel. Nothing is stored.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;

use super::{Common, brain};
use crate::conversation::{Cid, Event, Lang, Recorded, Tracker};
use crate::engine::{Clock, Engine, SystemClock};

/// Talk to the bot in the terminal; an empty line ends it, `/yes` and `/no` answer for the people it asks
#[derive(Args, Debug)]
pub struct ChatArgs {
    #[command(flatten)]
    common: Common,
    /// Show what the bot made of each message
    #[arg(long)]
    why: bool,
}

/// Runs the command.
///
/// # Errors
/// When the folders cannot be used or the terminal is gone.
pub fn run(args: &ChatArgs) -> anyhow::Result<()> {
    let runtime = brain::runtime()?;
    let engine = Engine::new(runtime.block_on(brain::load_for_trial(&args.common))?);
    let mut tracker = Tracker::default();
    apply(&mut tracker, Event::ConversationStarted { lang: Lang::Zh });
    let on_terminal = std::io::stdin().is_terminal();
    let mut out = std::io::stdout();
    for (at, line) in std::iter::once(Ok(String::new()))
        .chain(std::io::stdin().lock().lines())
        .enumerate()
    {
        let text = line?.trim().to_owned();
        if at > 0 && text.is_empty() {
            break;
        }
        if at > 0 {
            let event = heard(&tracker, at, text)?;
            apply(&mut tracker, event);
            let turned = runtime.block_on(engine.take_turn("terminal", &tracker, SystemClock.now()));
            for event in turned.events {
                show(&mut out, &event, args.why)?;
                apply(&mut tracker, event);
            }
        }
        if on_terminal {
            write!(out, "> ")?;
            out.flush()?;
        }
    }
    Ok(())
}

/// What a line of the terminal is: a tap, a message, or what people answer to a question that is open.
fn heard(tracker: &Tracker, at: usize, text: String) -> anyhow::Result<Event> {
    let (word, note) = text.split_once(' ').unwrap_or((&text, ""));
    let yes = match word {
        "/yes" => Some(true),
        "/no" => Some(false),
        _ => None,
    };
    if let Some((asked, yes)) = tracker.approval.zip(yes) {
        let (account, agent) = ("terminal".to_owned(), "terminal".to_owned());
        let note = Some(note.trim().to_owned()).filter(|note| !note.is_empty());
        return Ok(Event::ApprovalGiven {
            asked,
            account,
            agent,
            yes,
            note,
        });
    }
    // A number taps the button of that number.
    let tapped = text
        .parse::<usize>()
        .ok()
        .and_then(|n| tracker.choices.get(n.checked_sub(1)?).cloned());
    let (text, choice) = match tapped {
        Some(choice) => (choice.label, Some(choice.choice)),
        None => (text, None),
    };
    Ok(Event::CustomerSaid {
        cid: Cid::new(format!("terminal-{at}"))?,
        text,
        choice,
        photos: Vec::new(),
    })
}

fn apply(tracker: &mut Tracker, event: Event) {
    let recorded = Recorded {
        seq: tracker.last_seq + 1,
        at: SystemClock.now(),
        event,
    };
    tracker.apply(&recorded);
}

fn show(out: &mut impl Write, event: &Event, why: bool) -> std::io::Result<()> {
    match event {
        Event::BotSaid {
            text,
            choices,
            citations,
            card,
            why: reasons,
        } => {
            writeln!(out, "{text}")?;
            if let Some(card) = card {
                writeln!(out, "  [{}] {}", card.title, card.status)?;
                for row in &card.rows {
                    writeln!(out, "    {}: {}", row.label, row.value)?;
                }
                for step in &card.steps {
                    writeln!(out, "    {} {}", step.at, step.text)?;
                }
            }
            for (number, choice) in choices.iter().enumerate() {
                writeln!(out, "  {}) {}", number + 1, choice.label)?;
            }
            for citation in citations {
                writeln!(out, "  [{}: {}]", citation.passage, citation.title)?;
            }
            match reasons.as_ref().filter(|_| why) {
                Some(reasons) => writeln!(
                    out,
                    "  ~ {} {} {:?}",
                    reasons.policy, reasons.source, reasons.score
                ),
                None => Ok(()),
            }
        }
        Event::Understood { understanding } if why => {
            let ranked: Vec<String> = understanding
                .intents
                .iter()
                .map(|r| format!("{} {:.2}", r.intent, r.score))
                .collect();
            writeln!(
                out,
                "  ~ {} | in scope {:.2} certain {} | {:?} {} | {:?}",
                ranked.join(", "),
                understanding.in_scope,
                understanding.certain,
                understanding.sentiment,
                understanding.anger,
                understanding.entities
            )
        }
        Event::ApprovalAsked { question, .. } => {
            question
                .values()
                .try_for_each(|question| writeln!(out, "  (people are asked: {question})"))?;
            writeln!(out, "  (answer for them: /yes or /no, and a note if you like)")
        }
        Event::HandoffRequested { reason, .. } => writeln!(out, "  (to people: {reason:?})"),
        _ => Ok(()),
    }
}
