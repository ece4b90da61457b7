//! A conversation as a page of text: what was said, by whom, when it was in the shop. It holds what customers
//! may see and nothing else, whoever asks for it.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{Error, Hub};
use crate::bot::Shop;
use crate::conversation::{Card, ConversationId, Event, Lang, Recorded};
use crate::store::{self, read_through};

/// Events told at most; a longer conversation is told from its beginning.
const EVENTS_MAX: usize = 20_000;

/// What the page itself says.
struct Words {
    customer: &'static str,
    bot: &'static str,
    called: &'static str,
    joined: &'static str,
    left: &'static str,
    passed: &'static str,
    handed_back: &'static str,
    resolved: &'static str,
    rated: &'static str,
    contact: &'static str,
    file: &'static str,
    colon: &'static str,
}

const ZH: Words = Words {
    customer: "顾客",
    bot: "智能客服",
    called: "转人工客服",
    joined: "接入会话",
    left: "离开会话",
    passed: "转接会话",
    handed_back: "交还智能客服",
    resolved: "结束会话",
    rated: "顾客评价",
    contact: "顾客留下联系方式",
    file: "附件",
    colon: "：",
};

const EN: Words = Words {
    customer: "Customer",
    bot: "Assistant",
    called: "passed to our team",
    joined: "joined",
    left: "left",
    passed: "passed it on",
    handed_back: "gave it back to the assistant",
    resolved: "ended the conversation",
    rated: "rated",
    contact: "the customer left a contact",
    file: "attachment",
    colon: ": ",
};

/// The page of a conversation as it stands in the store, and the seq of its last event.
///
/// # Errors
/// [`store::Error::NotFound`], or what else the store says; [`Error::Interrupted`].
pub async fn transcript_of(hub: &Hub, id: &ConversationId, lang: Lang) -> Result<(String, u64), Error> {
    let mut events = Vec::new();
    read_through(&**hub.store(), id, (0, EVENTS_MAX), |event| events.push(event)).await?;
    let last_seq = events.last().ok_or(store::Error::NotFound)?.seq;
    let (bot, id) = (hub.engine().brain().bot.clone(), id.clone());
    let page = move || transcript(id.as_str(), &events, &bot.shop, lang);
    let page = tokio::task::spawn_blocking(page).await;
    Ok((page.map_err(|_| Error::Interrupted)?, last_seq))
}

/// The page of a conversation.
#[must_use]
pub fn transcript(id: &str, events: &[Recorded], shop: &Shop, lang: Lang) -> String {
    let words = if lang == Lang::Zh { &ZH } else { &EN };
    // The zone was checked when the folder was read.
    let zone = TimeZone::get(&shop.zone).unwrap_or(TimeZone::UTC);
    let mut page = format!("{}\n{id}\n{}\n\n", shop.name(lang), shop.zone);
    for recorded in events {
        let Some(line) = recorded
            .event
            .for_customer()
            .and_then(|event| line(&event, words))
        else {
            continue;
        };
        let at = jiff::Timestamp::from_millisecond(recorded.at).unwrap_or_default();
        let at = zone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S");
        // Behind the first line of a text all others stand in: nobody writes lines in another's name.
        let text = line
            .replace("\r\n", "\n")
            .replace(['\r', '\u{2028}', '\u{2029}'], "\n");
        // Writing to a string cannot fail.
        let _ = writeln!(page, "[{at}] {}", text.replace('\n', "\n    "));
    }
    page
}

fn line(event: &Event, words: &Words) -> Option<String> {
    let colon = words.colon;
    let act = |who: &str, what: &str| Some(format!("* {who} {what}"));
    match event {
        Event::CustomerSaid { text, photos, .. } => Some(format!(
            "{}{colon}{}",
            words.customer,
            with_files(text, photos, words)
        )),
        Event::BotSaid { text, card, .. } => {
            let card = card.as_ref().map(of_card).unwrap_or_default();
            Some(format!("{}{colon}{text}{card}", words.bot))
        }
        Event::AgentSaid {
            agent, text, files, ..
        } => Some(format!("{agent}{colon}{}", with_files(text, files, words))),
        Event::HandoffRequested { .. } => Some(format!("* {}", words.called)),
        Event::AgentJoined { agent, .. } => act(agent, words.joined),
        Event::AgentLeft { agent, .. } => act(agent, words.left),
        Event::Transferred { agent, .. } => act(agent, words.passed),
        Event::HandedBack { agent, .. } => act(agent, words.handed_back),
        Event::Resolved { by, .. } => act(by, words.resolved),
        Event::ContactLeft { contact } => Some(format!("* {}{colon}{contact}", words.contact)),
        Event::Rated { stars, comment, .. } => {
            let stars = "★".repeat(usize::from(*stars));
            let comment = comment.iter().map(|comment| format!(" {comment}"));
            Some(format!(
                "* {}{colon}{stars}{}",
                words.rated,
                comment.collect::<String>()
            ))
        }
        _ => None,
    }
}

/// A text, if there is one, and what came along, each on a line of its own.
fn with_files(text: &str, files: &[String], words: &Words) -> String {
    let text = Some(text.to_owned()).filter(|text| !text.is_empty());
    let files = files.iter().map(|id| format!("[{}] {id}", words.file));
    text.into_iter().chain(files).collect::<Vec<_>>().join("\n")
}

fn of_card(card: &Card) -> String {
    let rows = card
        .rows
        .iter()
        .map(|row| format!("\n{} {}", row.label, row.value));
    format!("\n[{} {}]{}", card.title, card.status, rows.collect::<String>())
}
