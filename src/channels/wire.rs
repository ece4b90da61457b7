//! The frames of protocol v1 towards customers; `docs/protocol.md` says what they mean and
//! `docs/protocol.schema.json` is generated from these types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bot::Item;
use crate::conversation::{Cid, Lang, Recorded, Status};

/// The protocol's version.
pub const VERSION: u32 = 1;

/// A frame of a customer's browser.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame.
    Hello(Hello),
    /// A message.
    Say(Say),
    /// The customer looks at another page.
    Page {
        /// What is on it: `product` or `order` with its id.
        page: BTreeMap<String, String>,
    },
    /// The customer is writing, or has stopped.
    Typing {
        /// Writing.
        on: bool,
    },
    /// The customer has seen everything up to a place.
    Read {
        /// The last seq seen.
        seq: u64,
    },
    /// How it was with people.
    Rate {
        /// 1 to 5.
        stars: u8,
        /// One of `welcome.rating.reasons`.
        #[serde(default)]
        reason: Option<String>,
        /// In their words.
        #[serde(default)]
        comment: Option<String>,
    },
    /// Where the customer can be answered later.
    Contact {
        /// E-mail address or telephone number.
        contact: String,
    },
}

/// Who comes, and up to where they have read.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub struct Hello {
    /// Version of the protocol.
    pub v: u32,
    /// The browser's locale.
    #[serde(default)]
    pub locale: Option<String>,
    /// The conversation to go on with.
    #[serde(default)]
    pub conversation: Option<String>,
    /// Its token.
    #[serde(default)]
    pub token: Option<String>,
    /// The last seq seen.
    #[serde(default)]
    pub after: Option<u64>,
    /// The store's lineage when it was seen.
    #[serde(default)]
    pub epoch: Option<String>,
    /// The shop's token that proves who the customer is.
    #[serde(default)]
    pub identity: Option<String>,
    /// What is on the page: `product` or `order` with its id.
    #[serde(default)]
    pub page: BTreeMap<String, String>,
}

/// A message of the customer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
pub struct Say {
    /// The sender's random id of it.
    pub cid: String,
    /// The text.
    pub text: String,
    /// The tapped button.
    #[serde(default)]
    pub choice: Option<String>,
    /// Ids of files of this conversation; up to four.
    #[serde(default)]
    pub photos: Vec<String>,
}

/// A frame to a customer's browser.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `hello`.
    Welcome(Welcome),
    /// A message is on disk.
    Ack {
        /// Its id.
        cid: Cid,
        /// Its place.
        seq: u64,
    },
    /// What happened in `from..=to`.
    Events {
        /// First seq covered.
        from: u64,
        /// Last seq covered.
        to: u64,
        /// Those that customers may see.
        items: Vec<Recorded>,
    },
    /// A hint.
    Signal(SignalFrame),
    /// A refusal.
    Error(ErrorFrame),
}

/// Where the customer is now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Welcome {
    /// Version of the protocol.
    pub v: u32,
    /// The conversation.
    pub conversation: String,
    /// Its token; keep it secret.
    pub token: String,
    /// The store's lineage.
    pub epoch: String,
    /// The last seq.
    pub head: u64,
    /// Whether the server goes on where the customer stopped.
    pub resumed: bool,
    /// Where the conversation stands.
    pub status: Status,
    /// The shop's name.
    pub shop: String,
    /// Language to begin in.
    pub lang: Lang,
    /// Longest message, in characters.
    pub text_chars_max: usize,
    /// How people can be rated.
    pub rating: Rating,
    /// What files may be sent.
    pub files: FilesTaken,
    /// Types of customers' frames that not every server of this version takes.
    pub takes: Vec<&'static str>,
    /// There where the shop sends transcripts by e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transcript_mail: Option<bool>,
}

/// What files may be sent.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FilesTaken {
    /// Media types.
    pub types: Vec<&'static str>,
    /// Largest file, in bytes.
    pub bytes_max: usize,
}

/// What a rating is made of, besides stars and words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Rating {
    /// To be tapped.
    pub reasons: Vec<Item>,
}

/// A hint that is never stored.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignalFrame {
    /// Somebody is writing.
    Typing {
        /// `bot` or `agent`.
        who: &'static str,
        /// Name of the agent as shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Writing, or stopped.
        on: bool,
    },
    /// The agent has seen everything up to a place.
    Read {
        /// The last seq seen.
        seq: u64,
    },
    /// The place in the queue.
    Queue {
        /// From 1.
        place: u64,
        /// Expected wait in seconds, when it can be told.
        #[serde(skip_serializing_if = "Option::is_none")]
        wait_s: Option<u64>,
        /// Whether people are at work now.
        open: bool,
        /// When they are again, milliseconds since 1970.
        #[serde(skip_serializing_if = "Option::is_none")]
        opens_at: Option<i64>,
    },
}

/// A refusal and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ErrorFrame {
    /// Stable name.
    pub code: Code,
    /// For developers.
    pub message: String,
    /// The message it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cid: Option<String>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Stable names of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Not one JSON object.
    BadJson,
    /// A `type` that is not known.
    UnknownType,
    /// A field that is missing or cannot be.
    BadField,
    /// A text with a NUL.
    BadText,
    /// A text with nothing to see.
    Empty,
    /// A text above the limit.
    TooLong,
    /// A frame or file above the limit.
    TooLarge,
    /// A file of none of the kinds that are taken.
    BadFile,
    /// The conversation has as many files as it may.
    FilesFull,
    /// An id outside the rule.
    BadCid,
    /// The id stands for another message.
    CidConflict,
    /// `hello` must come first, with a right token.
    AuthRequired,
    /// No such conversation.
    UnknownConversation,
    /// An identity that proves nothing.
    BadIdentity,
    /// A version that is not spoken.
    UnsupportedVersion,
    /// Too many frames.
    RateLimited,
    /// Too often within an hour.
    SlowDown,
    /// Too much is waiting.
    Busy,
    /// The store does not answer.
    Unavailable,
    /// The conversation has changed hands.
    Fenced,
    /// Another agent was faster.
    Taken,
    /// Not yours.
    NotAllowed,
    /// Not there.
    NotFound,
    /// No longer open.
    Gone,
}

impl Code {
    /// What the developer reads.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::BadJson => "the frame is not one JSON object without repeated keys",
            Self::UnknownType => "the frame's type is not known",
            Self::BadField => "a field is missing or has a value that cannot be",
            Self::BadText => "the text holds a NUL character",
            Self::Empty => "the text has nothing to see in it",
            Self::TooLong => "the text is longer than text_chars_max",
            Self::TooLarge => "larger than a frame, or a file, may be",
            Self::BadFile => "the bytes are of none of the types in welcome.files",
            Self::FilesFull => "the conversation has as many files as it may, 20 of 50 MiB together",
            Self::BadCid => "cid must have 8 to 64 characters out of A-Z a-z 0-9 - _",
            Self::CidConflict => "this cid was used for another message; use a fresh one",
            Self::AuthRequired => "send hello first, with the conversation's own token",
            Self::UnknownConversation => "no such conversation; say hello without one",
            Self::BadIdentity => {
                "the identity is forged, past its end, or not set up here; ask the shop's server for a fresh one"
            }
            Self::UnsupportedVersion => "this server speaks protocol version 1",
            Self::RateLimited => "too many frames; slow down",
            Self::SlowDown => "too often within an hour; try again after retry_after_ms",
            Self::Busy => "too much is waiting; send it again later",
            Self::Unavailable => "the message could not be stored; send it again later",
            Self::Fenced => "the conversation has changed hands; look again",
            Self::Taken => "another agent has the conversation already",
            Self::NotAllowed => "only the agent who has the conversation may do this",
            Self::NotFound => "not there",
            Self::Gone => "the question is answered or over; look again",
        }
    }

    /// When to try again, for refusals that pass.
    #[must_use]
    pub fn retry_after_ms(self) -> Option<u64> {
        match self {
            Self::RateLimited => Some(2_000),
            Self::Busy => Some(1_000),
            Self::Unavailable => Some(3_000),
            _ => None,
        }
    }
}

impl ServerFrame {
    /// A refusal.
    #[must_use]
    pub fn error(code: Code, cid: Option<String>) -> Self {
        let message = code.message().to_owned();
        Self::Error(ErrorFrame {
            code,
            message,
            cid,
            retry_after_ms: code.retry_after_ms(),
        })
    }

    /// The customer's view of consecutive events.
    #[must_use]
    pub fn events(recorded: &[Recorded]) -> Option<Self> {
        let (first, last) = (recorded.first()?, recorded.last()?);
        let items = recorded.iter().filter_map(|r| {
            Some(Recorded {
                seq: r.seq,
                at: r.at,
                event: r.event.for_customer()?,
            })
        });
        Some(Self::Events {
            from: first.seq,
            to: last.seq,
            items: items.collect(),
        })
    }
}

impl From<&crate::engine::Error> for Code {
    fn from(error: &crate::engine::Error) -> Self {
        use crate::engine::Error as E;
        use crate::store::Error as S;
        match error {
            E::Busy | E::Store(S::Busy) => Self::Busy,
            E::NotOwner => Self::NotAllowed,
            E::Taken { .. } => Self::Taken,
            E::Gone { .. } => Self::Gone,
            E::Store(S::NotFound) => Self::UnknownConversation,
            E::Store(S::CidConflict) => Self::CidConflict,
            E::Store(S::Fenced) => Self::Fenced,
            E::Interrupted | E::Store(_) => Self::Unavailable,
        }
    }
}

/// Reads a frame of either side; the refusal says what kind of mistake it is.
///
/// # Errors
/// `bad_json`, `unknown_type` or `bad_field`.
pub fn parse<T: serde::de::DeserializeOwned>(text: &str, types: &[&str]) -> Result<T, Code> {
    let value: Unrepeated = serde_json::from_str(text).map_err(|_| Code::BadJson)?;
    let serde_json::Value::Object(fields) = &value.0 else {
        return Err(Code::BadJson);
    };
    let known = match fields.get("type") {
        Some(serde_json::Value::String(kind)) => types.contains(&kind.as_str()),
        _ => return Err(Code::BadField),
    };
    if !known {
        return Err(Code::UnknownType);
    }
    serde_json::from_value(value.0).map_err(|_| Code::BadField)
}

/// A JSON value in which no object has a key twice (serde_json would keep the last).
struct Unrepeated(serde_json::Value);

impl<'de> Deserialize<'de> for Unrepeated {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnrepeatedVisitor)
    }
}

struct UnrepeatedVisitor;

impl<'de> serde::de::Visitor<'de> for UnrepeatedVisitor {
    type Value = Unrepeated;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON without repeated keys")
    }

    fn visit_unit<E>(self) -> Result<Unrepeated, E> {
        Ok(Unrepeated(serde_json::Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Unrepeated, E> {
        Ok(Unrepeated(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Unrepeated, E> {
        Ok(Unrepeated(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Unrepeated, E> {
        Ok(Unrepeated(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Unrepeated, E> {
        Ok(Unrepeated(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Unrepeated, E> {
        Ok(Unrepeated(value.into()))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Unrepeated, A::Error> {
        let mut list = Vec::new();
        while let Some(Unrepeated(value)) = seq.next_element()? {
            list.push(value);
        }
        Ok(Unrepeated(list.into()))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Unrepeated, A::Error> {
        let mut fields = serde_json::Map::new();
        while let Some((key, Unrepeated(value))) = map.next_entry::<String, Unrepeated>()? {
            if fields.insert(key, value).is_some() {
                return Err(serde::de::Error::custom("repeated key"));
            }
        }
        Ok(Unrepeated(fields.into()))
    }
}

/// The types of customers' frames.
pub const CLIENT_TYPES: [&str; 7] = ["hello", "say", "page", "typing", "read", "rate", "contact"];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: Code) {
        assert_eq!(parse::<ClientFrame>(text, &CLIENT_TYPES), Err(wanted), "{text}");
    }

    #[test]
    fn mistakes_have_names() {
        check("", Code::BadJson);
        check("[]", Code::BadJson);
        check("{} {}", Code::BadJson);
        check("\u{feff}{}", Code::BadJson);
        check(r#"{"type":"typing","on":true,"on":false}"#, Code::BadJson);
        check(&("[".repeat(10_000) + &"]".repeat(10_000)), Code::BadJson);
        check(
            r#"{"type":"say","cid":"12345678","text":"\ud800"}"#,
            Code::BadJson,
        );
        check("{}", Code::BadField);
        check(r#"{"type":7}"#, Code::BadField);
        check(r#"{"type":"dance"}"#, Code::UnknownType);
        check(r#"{"type":"typing","on":"yes"}"#, Code::BadField);
        check(r#"{"type":"hello","v":1,"after":-1}"#, Code::BadField);
        check(r#"{"type":"hello","v":1,"after":1e400}"#, Code::BadJson);
        check(r#"{"type":"hello","v":1,"after":1.5}"#, Code::BadField);
        assert!(parse::<ClientFrame>(r#"{"type":"typing","on":true,"new":1}"#, &CLIENT_TYPES).is_ok());
    }
}
