//! `xiaoer kb hits`: how often each article and each row of a table answered, from the stored conversations.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::{Common, brain, print_json};
use crate::conversation::{Event, Recorded};
use crate::store::{Sqlite, Store, Survey};

/// Most conversations counted, the latest first.
const CONVERSATIONS_MAX: usize = 1_000_000;
/// Most events of a conversation.
const EVENTS_MAX: usize = 100_000;

/// Count what was answered from which article or row, and how often a person was wanted next
#[derive(Args, Debug)]
pub struct HitsArgs {
    #[command(flatten)]
    common: Common,
    /// Folder of the store (of a server that is stopped)
    #[arg(long, env = "XIAOER_DATA", default_value = "data", value_name = "DIR")]
    data: PathBuf,
    /// Also list what never answered
    #[arg(long)]
    unused: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Policy of what the bot says while it hands over.
const HANDOFF: &str = "handoff";

/// What became of an article's answers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Hits {
    answered: usize,
    /// As the curated answer to its question.
    curated: usize,
    /// The customer went on to a person before the bot answered anything else.
    handed_off: usize,
}

pub(super) fn run(args: &HitsArgs) -> anyhow::Result<()> {
    let bot = brain::load_bot(&args.common.knowledge_base)?;
    let mut counted: BTreeMap<String, Hits> = BTreeMap::new();
    if args.unused {
        let articles = bot.articles.iter().map(|article| &article.id);
        let ids = articles.chain(bot.faq.iter().map(|row| &row.id));
        counted.extend(ids.map(|id| (id.clone(), Hits::default())));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = Sqlite::open(&args.data).await?;
        let all = Survey::Board {
            heads_max: CONVERSATIONS_MAX,
        };
        for head in store.survey(all).await? {
            count(&store.read(&head.id, 0, EVENTS_MAX).await?, &mut counted);
        }
        anyhow::Ok(())
    })?;
    let mut rows: Vec<(String, Hits)> = counted.into_iter().collect();
    rows.sort_by(|a, b| b.1.answered.cmp(&a.1.answered).then_with(|| a.0.cmp(&b.0)));
    if args.json {
        let row = |(id, hits): &(String, Hits)| {
            json!({
                "id": id, "answered": hits.answered, "curated": hits.curated, "handed_off": hits.handed_off,
            })
        };
        return print_json(&json!({ "hits": rows.iter().map(row).collect::<Vec<_>>() }));
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:>8} {:>8} {:>10}  id", "answered", "curated", "handed off")?;
    for (id, hits) in rows {
        writeln!(
            out,
            "{:>8} {:>8} {:>10}  {id}",
            hits.answered, hits.curated, hits.handed_off
        )?;
    }
    Ok(())
}

/// Adds the answers of one conversation.
fn count(events: &[Recorded], counted: &mut BTreeMap<String, Hits>) {
    let mut last: Option<&str> = None;
    for recorded in events {
        match &recorded.event {
            // What is said while handing over is no answer.
            Event::BotSaid { why: Some(why), .. } if why.policy == HANDOFF => {}
            Event::BotSaid { citations, why, .. } => {
                last = citations.first().map(|citation| citation.article.as_str());
                let curated = why.as_ref().is_some_and(|why| why.policy == "curated");
                if let Some(id) = last {
                    let hits = counted.entry(id.to_owned()).or_default();
                    hits.answered += 1;
                    hits.curated += usize::from(curated);
                }
            }
            Event::HandoffRequested { .. } => {
                if let Some(id) = last.take() {
                    counted.entry(id.to_owned()).or_default().handed_off += 1;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Citation, HandoffReason, Why};

    fn answer(article: &str, policy: &str) -> Event {
        let citation = Citation {
            article: article.to_owned(),
            title: String::new(),
            passage: format!("{article}#1"),
            quote: String::new(),
            lang: None,
        };
        Event::BotSaid {
            text: String::new(),
            choices: Vec::new(),
            citations: vec![citation],
            card: None,
            why: Some(Why {
                lead: Vec::new(),
                policy: policy.to_owned(),
                source: String::new(),
                score: None,
            }),
        }
    }

    #[test]
    fn answers_and_what_followed_are_counted() {
        let handoff = Event::handoff(HandoffReason::Asked);
        let events = [
            answer("a", "curated"),
            answer("b", "knowledge"),
            answer("no answer", HANDOFF),
            handoff.clone(),
            handoff,
            answer("a", "knowledge"),
        ];
        let recorded: Vec<Recorded> = (1..)
            .zip(events)
            .map(|(seq, event)| Recorded { seq, at: 0, event })
            .collect();
        let mut counted = BTreeMap::new();
        count(&recorded, &mut counted);
        let hits = |answered, curated, handed_off| Hits {
            answered,
            curated,
            handed_off,
        };
        assert_eq!(counted["a"], hits(2, 1, 0));
        assert_eq!(counted["b"], hits(1, 0, 1));
    }
}
