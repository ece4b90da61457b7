//! What a customer's frames do, whatever carries them: checked here, brought to the hub, and answered by at
//! most one frame.

use std::collections::BTreeMap;

use super::admission::page_of;
use super::channel::Channel;
use super::text::check_text;
use super::wire::{ClientFrame, Code, Say, ServerFrame};
use crate::conversation::{Cid, ConversationId};
use crate::engine::{Inbound, Signal, Who};

/// Longest comment with a rating, in characters.
const COMMENT_CHARS_MAX: usize = 1_000;
/// Longest address or number to be answered at, in characters.
const CONTACT_CHARS_MAX: usize = 120;
/// Longest button value, in characters.
const CHOICE_CHARS_MAX: usize = 200;

impl Channel {
    /// Does what the frame says, and answers it where there is something to answer.
    pub(super) async fn take_in(&self, id: &ConversationId, frame: ClientFrame) -> Option<ServerFrame> {
        match frame {
            ClientFrame::Say(say) => Some(self.say(id, say).await),
            ClientFrame::Page { page } => self.bring(id, looks_at(&page)).await,
            ClientFrame::Rate {
                stars,
                reason,
                comment,
            } => self.bring(id, self.rated(stars, reason, comment)).await,
            ClientFrame::Contact { contact } => self.bring(id, contact_left(&contact)).await,
            ClientFrame::Typing { on } => {
                let (who, name) = (Who::Customer, None);
                self.hub.signal(id, Signal::Typing { who, name, on });
                None
            }
            ClientFrame::Read { seq } => {
                let who = Who::Customer;
                self.hub.signal(id, Signal::Read { who, seq });
                None
            }
            // It comes once, and first.
            ClientFrame::Hello(_) => Some(ServerFrame::error(Code::BadField, None)),
        }
    }

    fn rated(&self, stars: u8, reason: Option<String>, comment: Option<String>) -> Result<Inbound, Code> {
        let brain = self.hub.engine().brain();
        let reasons = &brain.bot.handoff.rating_reasons;
        let known = reason
            .as_ref()
            .is_none_or(|id| reasons.iter().any(|own| own.id == *id));
        if !(1..=5).contains(&stars) || !known {
            return Err(Code::BadField);
        }
        let comment = comment.filter(|text| !text.trim().is_empty());
        let comment = comment
            .map(|text| short_text(&text, COMMENT_CHARS_MAX))
            .transpose()?;
        Ok(Inbound::Rated {
            stars,
            reason,
            comment,
        })
    }

    /// What is not a message: refused aloud, done in silence; the event it becomes tells the rest.
    async fn bring(&self, id: &ConversationId, inbound: Result<Inbound, Code>) -> Option<ServerFrame> {
        let outcome = match inbound {
            Ok(inbound) => {
                let delivered = self.hub.deliver(id, inbound).await;
                delivered.map_err(|error| Code::from(&error))
            }
            Err(code) => Err(code),
        };
        outcome.err().map(|code| ServerFrame::error(code, None))
    }

    async fn say(&self, id: &ConversationId, say: Say) -> ServerFrame {
        let name = say.cid.chars().take(64).collect::<String>();
        match self.deliver(id, say).await {
            Ok((cid, seq)) => ServerFrame::Ack { cid, seq },
            Err(code) => ServerFrame::error(code, Some(name)),
        }
    }

    async fn deliver(&self, id: &ConversationId, say: Say) -> Result<(Cid, u64), Code> {
        let cid = Cid::new(say.cid).map_err(|_| Code::BadCid)?;
        let text = check_text(&say.text)?;
        let choice = say.choice.filter(|c| c.chars().count() <= CHOICE_CHARS_MAX);
        self.attachments.check(id, &say.photos).await?;
        let inbound = Inbound::CustomerSaid {
            cid: cid.clone(),
            text,
            choice,
            photos: say.photos,
        };
        let outcome = self.hub.deliver(id, inbound).await;
        outcome
            .map(|outcome| (cid, outcome.seq))
            .map_err(|error| Code::from(&error))
    }
}

/// Another page: nothing to tell the customer, who is on it.
fn looks_at(page: &BTreeMap<String, String>) -> Result<Inbound, Code> {
    page_of(page).map(|page| Inbound::Arrived { customer: None, page })
}

/// Where the customer can be answered later.
fn contact_left(contact: &str) -> Result<Inbound, Code> {
    let contact = short_text(contact, CONTACT_CHARS_MAX)?;
    Ok(Inbound::ContactLeft { contact })
}

fn short_text(text: &str, chars_max: usize) -> Result<String, Code> {
    let text = check_text(text)?;
    if text.chars().count() > chars_max {
        return Err(Code::TooLong);
    }
    Ok(text)
}
