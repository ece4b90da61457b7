//! A conversation by e-mail. This house sends none: transcript and address go to the shop's own system.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::{Error, Hub, transcript_of};
use crate::commerce::{self, Address, Letter, Posted};
use crate::conversation::{ConversationId, Lang, sha256};

/// Tries of one conversation within [`WINDOW_MS`], whoever makes them.
const TRIES_MAX: usize = 5;
/// An hour, in milliseconds.
const WINDOW_MS: i64 = 3_600_000;
/// Conversations counted at once.
const CONVERSATIONS_MAX: usize = 100_000;
/// Longest text of a letter, in bytes; what is longer is told from its beginning.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Longest reason of the shop that is passed on, in characters.
const REASON_CHARS_MAX: usize = 300;
/// Characters of the address's hash in a key.
const HASH_CHARS: usize = 32;

/// What became of it, as the shop tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Mailed {
    /// The shop sends it.
    Sent,
    /// The shop does not send it.
    Refused {
        /// Why, in its words; empty if it does not say.
        reason: String,
    },
    /// The shop's system does not answer; nothing was sent.
    Slow,
    /// Nobody knows whether it was sent.
    Unknown,
}

impl Mailed {
    /// The name of the state.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused { .. } => "refused",
            Self::Slow => "slow",
            Self::Unknown => "unknown",
        }
    }
}

/// Why the shop was not asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MailError {
    /// It sends no letters.
    #[error(
        "this shop sends no transcripts; set `transcript: true` under `connector:` in shop.yaml if it does"
    )]
    NotOffered,
    /// This conversation was sent often enough.
    #[error("at most {TRIES_MAX} letters an hour for each conversation; try again later")]
    SlowDown {
        /// When the next one may be asked for.
        retry_after_ms: u64,
    },
    /// The conversation could not be read.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Hub {
    /// Whether the shop sends transcripts by e-mail.
    #[must_use]
    pub fn mails(&self) -> bool {
        self.engine().brain().shop.posts()
    }

    /// Has the shop send a conversation as it stands now. The same once more, before anything else happens in it,
    /// is the same letter.
    ///
    /// # Errors
    /// [`MailError`]; then nothing was sent.
    pub async fn mail(&self, id: &ConversationId, to: &Address, lang: Lang) -> Result<Mailed, MailError> {
        let brain = self.engine().brain();
        if !brain.shop.posts() {
            return Err(MailError::NotOffered);
        }
        let at = self.now();
        let rests = self.tries().count(id, at);
        rests.map_err(|retry_after_ms| MailError::SlowDown { retry_after_ms })?;
        let (page, last_seq) = transcript_of(self, id, lang).await?;
        let address = sha256(to.as_str().to_lowercase());
        let (shop, day) = (brain.bot.shop.name(lang), brain.bot.shop.day_of(at));
        let letter = Letter {
            key: format!(
                "transcript:{id}:{last_seq}:{}:{}",
                lang.code(),
                &address[..HASH_CHARS]
            ),
            conversation: id.to_string(),
            to: to.clone(),
            lang,
            subject: match lang {
                Lang::Zh => format!("{shop}：{day} 的聊天记录"),
                Lang::En => format!("{shop}: your conversation of {day}"),
            },
            text: cut(page, lang),
            at,
        };
        let posted = brain.shop.post(&letter).await;
        Ok(posted.map_or_else(|error| in_doubt(id, &error), told))
    }
}

fn told(posted: Posted) -> Mailed {
    match posted {
        Posted::Sent => Mailed::Sent,
        Posted::Refused { reason } => Mailed::Refused {
            reason: reason.trim().chars().take(REASON_CHARS_MAX).collect(),
        },
    }
}

fn in_doubt(id: &ConversationId, error: &commerce::Error) -> Mailed {
    tracing::warn!(%error, conversation.id = %id, "a transcript was not mailed, as far as is known");
    match error {
        commerce::Error::Slow(_) => Mailed::Slow,
        commerce::Error::Unknown(_) => Mailed::Unknown,
    }
}

/// The beginning of a page that is too long, up to the end of a line.
fn cut(mut page: String, lang: Lang) -> String {
    if page.len() > TEXT_BYTES_MAX {
        page.truncate(page.floor_char_boundary(TEXT_BYTES_MAX));
        page.truncate(page.rfind('\n').map_or(page.len(), |end| end + 1));
        page += match lang {
            Lang::Zh => "（太长，后面的没有附上）\n",
            Lang::En => "(too long; the rest is left out)\n",
        };
    }
    page
}

/// When each conversation was tried, in a map that cannot grow.
#[derive(Debug, Default)]
pub(super) struct Tries {
    by_id: Mutex<HashMap<ConversationId, VecDeque<i64>>>,
}

impl Tries {
    /// Counts a try; when that is too many, in how many milliseconds the next one may be made.
    fn count(&self, id: &ConversationId, now: i64) -> Result<(), u64> {
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = |first: &i64| u64::try_from(first + WINDOW_MS - now).unwrap_or(0);
        if !by_id.contains_key(id) && by_id.len() >= CONVERSATIONS_MAX {
            by_id.retain(|_, tries| tries.back().is_some_and(|last| rests(last) > 0));
            if by_id.len() >= CONVERSATIONS_MAX {
                return Err(WINDOW_MS.unsigned_abs());
            }
        }
        let tries = by_id.entry(id.clone()).or_default();
        while tries.front().is_some_and(|first| rests(first) == 0) {
            tries.pop_front();
        }
        match tries.front() {
            Some(first) if tries.len() >= TRIES_MAX => Err(rests(first)),
            _ => {
                tries.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_an_hour_for_each_conversation() {
        let tries = Tries::default();
        let id = |n: usize| ConversationId::new(format!("conversation-{n}")).unwrap();
        for at in 0..5 {
            assert_eq!(tries.count(&id(1), at * 1_000), Ok(()));
        }
        assert_eq!(
            tries.count(&id(1), 10_000),
            Err(3_590_000),
            "until the first is an hour old"
        );
        assert_eq!(tries.count(&id(2), 10_000), Ok(()), "each has its own");
        assert_eq!(tries.count(&id(1), WINDOW_MS), Ok(()), "the first is over");
        assert_eq!(tries.count(&id(1), WINDOW_MS), Err(1_000), "and only the first");
    }

    #[test]
    fn a_long_page_is_cut_at_the_end_of_a_line() {
        let line = "顾客：你好\n";
        assert_eq!(cut(line.to_owned(), Lang::Zh), line);
        let page = cut(line.repeat(TEXT_BYTES_MAX / line.len() + 1), Lang::En);
        assert!(
            page.ends_with("你好\n(too long; the rest is left out)\n") && page.len() < TEXT_BYTES_MAX + 40
        );
    }
}
