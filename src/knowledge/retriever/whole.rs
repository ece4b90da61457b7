//! What articles mean as wholes: near articles tell themselves apart by all that they say, not by their nearest sentence.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::Query;
use super::super::ingest::Passage;
use super::super::nearness::Bytes;
use super::question::{Nearness, Question};
use super::{Entry, Retriever, articles};

/// For each passage, what its whole article means.
pub(super) struct Wholes(Vec<Arc<Bytes>>);

/// The passages of an article with what they mean together, by the key of the first.
type Stood<'a> = HashMap<u64, (&'a [Arc<Passage>], &'a Arc<Bytes>)>;

impl Wholes {
    /// Of all articles; what stood like this in a version before is not added up again.
    pub fn of(passages: &[Arc<Passage>], entries: &[Arc<Entry>], before: Option<&Retriever>) -> Self {
        let stood = before.map_or_else(Stood::new, stood);
        let mut wholes = Vec::with_capacity(passages.len());
        for range in articles(passages) {
            let (own, said) = (&passages[range.clone()], &entries[range]);
            let is_same = |there: &[Arc<Passage>]| there.iter().map(|p| p.key).eq(own.iter().map(|p| p.key));
            let same = stood.get(&own[0].key).filter(|(there, _)| is_same(there));
            let whole = same.map_or_else(|| Arc::new(whole(said)), |(_, whole)| Arc::clone(whole));
            wholes.extend(own.iter().map(|_| Arc::clone(&whole)));
        }
        Self(wholes)
    }
}

fn stood(before: &Retriever) -> Stood<'_> {
    let articles = articles(&before.passages).map(|range| {
        let own = &before.passages[range.clone()];
        (own[0].key, (own, &before.wholes.0[range.start]))
    });
    articles.collect()
}

/// What the passages of an article mean together with its title and questions, which they share.
fn whole(own: &[Arc<Entry>]) -> Bytes {
    let written = own[0].article.iter().map(|gist| &gist.vector);
    let said = own.iter().map(|entry| &entry.gist);
    mean(written.chain(said).map(Bytes::numbers))
}

impl Retriever {
    /// How near a passage and its article mean the same as a question. A text means the same in every language, and
    /// one of them may lie nearer.
    pub(super) fn near(&self, at: usize, question: &Question, query: &Query<'_>) -> Nearness {
        let open = |at: &usize| self.is_open(*at, query);
        let near = |at: usize| question.near(&self.entries[at], &self.wholes.0[at]);
        if let Some(twin) = self.translations.twin(at).filter(open) {
            return near(at).or(near(twin));
        }
        // Articles that are cut differently have no passages in common, but they say the same all told.
        let told = self.translations.article(at).find(open);
        let article = told.map_or(0.0, |told| question.near_whole(&self.wholes.0[told]));
        near(at).or(Nearness {
            article,
            ..Nearness::default()
        })
    }
}

/// The direction that unit vectors have in common: the encoder knows sentences better than pages of them.
pub(super) fn mean<V: IntoIterator<Item = f32>>(vectors: impl Iterator<Item = V>) -> Bytes {
    let mut sum: Vec<f32> = Vec::new();
    for vector in vectors {
        if sum.is_empty() {
            sum.extend(vector);
        } else {
            sum.iter_mut()
                .zip(vector)
                .for_each(|(sum, number)| *sum += number);
        }
    }
    let length = sum.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::EPSILON);
    sum.iter_mut().for_each(|v| *v /= length);
    Bytes::of(&sum)
}

#[cfg(test)]
mod tests {
    use super::mean;
    use crate::knowledge::nearness::Bytes;

    #[test]
    fn a_whole_lies_between_its_parts_and_nothing_is_near_to_nothing() {
        let parts = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let whole = mean(parts.into_iter());
        for (vector, cosine) in [([1.0, 0.0, 0.0], 0.5_f32.sqrt()), ([0.0, 0.0, 1.0], 0.0)] {
            let found = Bytes::of(&vector).cosine(&whole);
            assert!((found - cosine).abs() < 0.01, "{found}, not {cosine}");
        }
        let nothing = mean(std::iter::empty::<[f32; 3]>());
        assert!(Bytes::of(&parts[0]).cosine(&nothing).abs() < f32::EPSILON);
    }
}
