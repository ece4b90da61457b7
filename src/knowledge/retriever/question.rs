//! A question as passages are compared with it.

use super::super::nearness::{Bytes, nearest};
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
    /// How usual it is, 0..=1, that a help centre answers it.
    pub(super) usual: f32,
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

    /// How near an article means the same as a whole; nothing without an encoder.
    pub(super) fn near_whole(&self, whole: &Bytes) -> f32 {
        let cosine = self.gist.as_ref().map(|asked| asked.vector.cosine(whole));
        cosine.map_or(0.0, |cosine| cosine.max(0.0))
    }

    /// How near a passage and its whole article mean the same; nothing without an encoder.
    pub(super) fn near(&self, entry: &Entry, whole: &Bytes) -> Nearness {
        let Some(asked) = &self.gist else {
            return Nearness::default();
        };
        let near = |vector: &Bytes| asked.vector.cosine(vector);
        let most = |likeness: &mut dyn Iterator<Item = f32>| likeness.fold(0.0, f32::max);
        let about = || entry.article.iter().chain([&entry.heading]);
        let pieces = &asked.pieces;
        let sentences: Vec<Vec<f32>> = entry
            .units
            .iter()
            .map(|unit| pieces.nearest(&unit.pieces))
            .collect();
        let questions: Vec<Vec<f32>> = about().map(|gist| pieces.nearest(gist.pieces.all())).collect();
        let all = nearest(sentences.iter().chain(&questions));
        let met = |all: &[Vec<f32>]| most(&mut all.iter().map(|nearest| pieces.met(nearest)));
        Nearness {
            text: near(&entry.gist).max(0.0),
            sentence: most(&mut entry.units.iter().map(|unit| near(&unit.vector))),
            question: most(&mut about().map(|gist| near(&gist.vector))),
            article: self.near_whole(whole),
            topic: most(&mut about().map(|gist| asked.topics.cosine(&gist.topics))),
            pieces: pieces.met(&all),
            pieces_least: least(all),
            pieces_sentence: met(&sentences),
            pieces_question: met(&questions),
        }
    }
}

/// One piece in so many is among those that are met least.
const LEAST_SHARE: usize = 4;

/// The mean of the pieces that are met least, of none 0.
fn least(mut met: Vec<f32>) -> f32 {
    met.sort_by(f32::total_cmp);
    met.truncate(met.len().div_ceil(LEAST_SHARE));
    let count = met.len().max(1) as f32;
    (met.iter().sum::<f32>() / count).max(0.0)
}

/// How near a passage means the same as a question: its text, a sentence of it, a question, title or heading
/// of it, and what these are about.
#[derive(Default, Clone, Copy)]
pub(super) struct Nearness {
    pub text: f32,
    pub sentence: f32,
    pub question: f32,
    /// The article as a whole.
    pub article: f32,
    pub topic: f32,
    /// How much of the question is met piece by piece: by all of these together, by one sentence, by one question.
    pub pieces: f32,
    pub pieces_sentence: f32,
    pub pieces_question: f32,
    /// The first of these, of the pieces that are met least.
    pub pieces_least: f32,
}

impl Nearness {
    /// The greater of each.
    pub fn or(self, other: Self) -> Self {
        Self {
            text: self.text.max(other.text),
            sentence: self.sentence.max(other.sentence),
            question: self.question.max(other.question),
            article: self.article.max(other.article),
            topic: self.topic.max(other.topic),
            pieces: self.pieces.max(other.pieces),
            pieces_sentence: self.pieces_sentence.max(other.pieces_sentence),
            pieces_question: self.pieces_question.max(other.pieces_question),
            pieces_least: self.pieces_least.max(other.pieces_least),
        }
    }
}
