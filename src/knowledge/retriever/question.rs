//! A question as passages are compared with it.

use super::super::nearness::Bytes;
use super::super::terms::{FIELDS, Terms};
use super::super::text::TermSet;
use super::{Entry, Gist};
use crate::conversation::Lang;

/// A question as it is compared.
pub(in crate::knowledge) struct Question {
    /// Its terms with their weights.
    pub(super) terms: Vec<(u64, f32)>,
    /// Length of the vector of their weights.
    pub(super) size: f32,
    pub(super) gist: Option<Gist>,
    pub(super) lang: Lang,
}

impl Question {
    /// Weight of all of its terms.
    pub(super) fn mass(&self) -> f32 {
        self.terms.iter().map(|(_, weight)| weight).sum()
    }

    /// Weight of its terms that stand in a text.
    pub(super) fn shared(&self, text: &TermSet) -> f32 {
        let both = self.terms.iter().filter(|(term, _)| text.contains(*term));
        both.map(|(_, weight)| weight).sum()
    }

    /// Its terms, those that tell most first.
    pub(super) fn rarest(&self) -> Vec<u64> {
        let mut terms = self.terms.clone();
        terms.sort_by(|a, b| b.1.total_cmp(&a.1));
        terms.into_iter().map(|(term, _)| term).collect()
    }

    /// The share of its weight that stands in a passage in fields that count.
    pub(super) fn coverage(&self, mass: f32, terms: &Terms, counts: impl Fn([u8; FIELDS]) -> bool) -> f32 {
        let found = self
            .terms
            .iter()
            .filter(|(term, _)| terms.get(*term).is_some_and(&counts));
        let found: f32 = found.map(|(_, weight)| weight).sum();
        if mass > 0.0 { found / mass } else { 0.0 }
    }

    /// How near a passage means the same; nothing without an encoder.
    pub(super) fn near(&self, entry: &Entry) -> Nearness {
        let Some(asked) = &self.gist else {
            return Nearness::default();
        };
        let near = |vector: &Bytes| asked.vector.cosine(vector);
        let most = |likeness: &mut dyn Iterator<Item = f32>| likeness.fold(0.0, f32::max);
        let about = || entry.article.iter().chain([&entry.heading]);
        Nearness {
            text: near(&entry.gist).max(0.0),
            sentence: most(&mut entry.units.iter().map(|unit| near(&unit.vector))),
            question: most(&mut about().map(|gist| near(&gist.vector))),
            topic: most(&mut about().map(|gist| asked.topics.cosine(&gist.topics))),
        }
    }
}

/// How near a passage means the same as a question: its text, a sentence of it, a question, title or heading
/// of it, and what these are about.
#[derive(Default, Clone, Copy)]
pub(super) struct Nearness {
    pub text: f32,
    pub sentence: f32,
    pub question: f32,
    pub topic: f32,
}

impl Nearness {
    /// The greater of each.
    pub fn or(self, other: Self) -> Self {
        Self {
            text: self.text.max(other.text),
            sentence: self.sentence.max(other.sentence),
            question: self.question.max(other.question),
            topic: self.topic.max(other.topic),
        }
    }
}
