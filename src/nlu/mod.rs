//! Text → [`Understanding`]: language, intent ranking, sentiment and entities of one utterance. The
//! nets live in `predictors/`; what they say is put together here.

mod clauses;
mod entities;

use std::sync::Arc;

use jiff::civil::Date;

pub use entities::{EntityRules, Products};

use crate::conversation::{Entity, Lang, Ranked, Understanding};
use crate::predictors::{OUT_OF_SCOPE, Prediction, Predictors};

/// Intents kept in an understanding.
const INTENTS_MAX: usize = 5;
/// Longest utterance looked at, in characters.
const UTTERANCE_CHARS_MAX: usize = 2_000;

/// Understands utterances of one shop.
pub struct Nlu {
    predictors: Arc<Predictors>,
    rules: EntityRules,
}

impl Nlu {
    /// Puts predictors and the shop's number formats together.
    #[must_use]
    pub fn new(predictors: Arc<Predictors>, rules: EntityRules) -> Self {
        Self { predictors, rules }
    }

    /// The same predictors with another shop's number formats.
    #[must_use]
    pub fn with_rules(&self, rules: EntityRules) -> Self {
        Self::new(self.predictors.clone(), rules)
    }

    /// Understands one utterance. `before` is the language of the conversation so far, used when the
    /// text does not tell one; days such as `tomorrow` count from `today`.
    #[must_use]
    pub fn understand(&self, text: &str, before: Lang, today: Date) -> Understanding {
        let end = text
            .char_indices()
            .nth(UTTERANCE_CHARS_MAX)
            .map_or(text.len(), |(at, _)| at);
        let text = &text[..end];
        let prediction = self.predict(text);
        let best = prediction
            .intents
            .first()
            .map_or_else(String::new, |(intent, _)| intent.clone());
        let (also, part) = self.second_wish(text, &best).unzip();
        let intents = prediction.intents.into_iter().take(INTENTS_MAX);
        let entities = entities::find(text, &self.rules, today);
        Understanding {
            lang: lang_beside(text, &entities, before).unwrap_or(before),
            intents: intents.map(|(intent, score)| Ranked { intent, score }).collect(),
            in_scope: prediction.in_scope,
            certain: prediction.certain,
            sentiment: prediction.sentiment,
            anger: prediction.anger,
            also,
            part,
            entities,
        }
    }

    /// What a message means. A burst whose whole is not clear means what its clearest line does.
    fn predict(&self, text: &str) -> Prediction {
        let whole = self.predictors.predict(text);
        let clear =
            |p: &Prediction| p.certain && p.intents.first().is_some_and(|(intent, _)| is_wish(intent));
        if clear(&whole) || !text.contains('\n') {
            return whole;
        }
        let lines = text.lines().map(|line| self.predictors.predict(line));
        let clearest = lines.filter(clear).max_by(|a, b| {
            let score = |p: &Prediction| p.intents.first().map_or(0.0, |(_, score)| *score);
            score(a).total_cmp(&score(b))
        });
        match clearest {
            Some(line) => Prediction {
                intents: line.intents,
                in_scope: line.in_scope,
                certain: true,
                ..whole
            },
            None => whole,
        }
    }

    /// Another wish of the message that is certain by itself, the last one said, and the message without it.
    fn second_wish(&self, text: &str, best: &str) -> Option<(String, String)> {
        let parts = clauses::split(text);
        if parts.len() < 2 || !is_wish(best) {
            return None;
        }
        let mut wishes = parts.iter().enumerate().rev().filter_map(|(at, part)| {
            let prediction = self.predictors.predict(part);
            let (intent, _) = prediction.intents.first()?;
            (prediction.certain && is_wish(intent)).then(|| (at, intent.clone()))
        });
        let (at, also) = wishes.find(|(_, intent)| intent != best)?;
        let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<&str> = others.map(|(_, part)| *part).collect();
        Some((also, others.join("\n")))
    }

    /// Version of the predictors.
    #[must_use]
    pub fn version(&self) -> &str {
        self.predictors.version()
    }
}

/// Whether an intent wants something done or answered; politeness and feelings beside a wish do not.
fn is_wish(intent: &str) -> bool {
    const NONE: [&str; 11] = [
        "greeting",
        "goodbye",
        "thanks",
        "affirm",
        "deny",
        "praise_review",
        "complaint",
        "chitchat",
        "bot_identity",
        "human_agent",
        OUT_OF_SCOPE,
    ];
    !NONE.contains(&intent)
}

/// The language of what is not an entity: a number or an address tells none.
fn lang_beside(text: &str, entities: &[Entity], before: Lang) -> Option<Lang> {
    let mut rest = String::new();
    let mut from = 0;
    for entity in entities {
        rest.push_str(text.get(from..entity.start).unwrap_or_default());
        rest.push(' ');
        from = from.max(entity.end);
    }
    rest.push_str(text.get(from..).unwrap_or_default());
    Lang::of_text_after(&rest, before)
}
