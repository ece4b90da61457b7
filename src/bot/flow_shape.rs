//! How `flows/*.yaml` are written, key by key.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::shape::{Shape, Variants, shaped};
use super::slot::Slot;
use crate::conversation::Lang;

/// A response key, or the words themselves.
pub(super) enum Text {
    Key(String),
    Written(BTreeMap<Lang, Variants>),
}

impl Shape for Text {
    const WRITE: &'static str = "the words as `zh:` and `en:`, or a key of responses/";
    const KEYS: bool = true;
    type Item = IgnoredAny;
    type Keys = BTreeMap<Lang, Variants>;

    fn of_text(text: String) -> Option<Self> {
        Some(Self::Key(text))
    }

    fn of_keys(keys: Self::Keys) -> Option<Self> {
        Some(Self::Written(keys))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowFile {
    pub flow: String,
    pub label: BTreeMap<Lang, String>,
    #[serde(default)]
    pub starts: BTreeMap<Lang, Vec<String>>,
    pub opens: Option<String>,
    #[serde(default)]
    pub slots: BTreeMap<String, Slot>,
    pub steps: Vec<StepFile>,
}

pub(super) enum ChoicesFile {
    FromCall(String),
    Written(Vec<OfferFile>),
}

impl Shape for ChoicesFile {
    const WRITE: &'static str = "`from_call` or a list of buttons";
    const LIST: bool = true;
    type Item = OfferFile;
    type Keys = IgnoredAny;

    fn of_text(text: String) -> Option<Self> {
        Some(Self::FromCall(text))
    }

    fn of_list(list: Vec<OfferFile>) -> Option<Self> {
        Some(Self::Written(list))
    }
}

impl<'de> Deserialize<'de> for ChoicesFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferFile {
    pub value: String,
    pub zh: String,
    pub en: String,
    #[serde(default)]
    pub words: Vec<String>,
}

/// With what result a flow ends; `end: true` says no more than that it ends.
pub(super) struct EndFile(pub Option<String>);

impl Shape for EndFile {
    const WRITE: &'static str = "`true`, or a name for how it ends";
    type Item = IgnoredAny;
    type Keys = IgnoredAny;

    fn of_text(text: String) -> Option<Self> {
        Some(Self(Some(text)))
    }

    fn of_flag(_: bool) -> Option<Self> {
        Some(Self(None))
    }
}

impl<'de> Deserialize<'de> for EndFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    pub id: Spanned<String>,
    pub collect: Option<String>,
    pub ask: Option<Text>,
    pub invalid: Option<Text>,
    pub choices: Option<ChoicesFile>,
    pub asks_max: Option<u8>,
    pub say: Option<Text>,
    pub card: Option<String>,
    pub call: Option<String>,
    #[serde(default)]
    pub send: Vec<String>,
    pub branch: Option<String>,
    pub confirm: Option<Text>,
    pub yes: Option<BTreeMap<Lang, String>>,
    pub no: Option<BTreeMap<Lang, String>>,
    pub approve: Option<Text>,
    pub hold: Option<Text>,
    pub by: Option<String>,
    pub wait_s: Option<u32>,
    pub run: Option<String>,
    pub link: Option<String>,
    pub handoff: Option<bool>,
    pub end: Option<EndFile>,
    #[serde(default)]
    pub on: BTreeMap<String, String>,
    pub next: Option<String>,
    #[serde(default)]
    pub clear: Vec<String>,
}
