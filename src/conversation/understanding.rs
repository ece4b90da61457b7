//! What the bot made of one utterance. Stored as an event, so a replay needs no model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Lang;

/// How a customer sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sentiment {
    /// Pleased.
    Positive,
    /// A question or wish without displeasure.
    Neutral,
    /// Displeased; how much is in [`Understanding::anger`].
    Negative,
}

impl Sentiment {
    /// All labels in the order predictors use.
    pub const ALL: [Self; 3] = [Self::Positive, Self::Neutral, Self::Negative];

    /// The label as written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }
}

/// An intent and its calibrated probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ranked {
    /// Name as in `knowledge_base/intents/`.
    pub intent: String,
    /// Probability in 0..=1, calibrated on held-out messages.
    pub score: f32,
}

/// A value found in the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// Kind, as in `knowledge_base/entities.yaml`: `order_no`, `phone`, `phone_tail`, ...
    pub kind: String,
    /// The value in its normal form (`QM2026110312` for `qm 2026110312`).
    pub value: String,
    /// Byte offset in the original text where it starts.
    pub start: usize,
    /// Byte offset just behind it.
    pub end: usize,
}

/// Intent ranking, sentiment and entities of one utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Understanding {
    /// Language of this message; the conversation's when the text does not tell.
    pub lang: Lang,
    /// The likeliest intents, best first; at most five, never empty.
    pub intents: Vec<Ranked>,
    /// Probability that the message is something the shop can deal with at all.
    pub in_scope: f32,
    /// Whether the best intent stands above the calibrated threshold.
    pub certain: bool,
    /// How the customer sounds.
    pub sentiment: Sentiment,
    /// 0 calm, 1 annoyed, 2 furious; always 0 unless negative.
    pub anger: u8,
    /// A second wish of the same message, offered once the first is dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// What of the message the first wish is, where there is a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Values found, in order of their place.
    pub entities: Vec<Entity>,
}

impl Understanding {
    /// The best intent's name.
    #[must_use]
    pub fn intent(&self) -> &str {
        self.intents.first().map_or("", |r| r.intent.as_str())
    }

    /// The first entity of a kind.
    #[must_use]
    pub fn entity(&self, kind: &str) -> Option<&Entity> {
        self.entities.iter().find(|e| e.kind == kind)
    }
}
