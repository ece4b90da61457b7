//! What agents answered before: pairs of a customer's words and an agent's, found by words they share and
//! weighed by what they mean. In memory; at most [`PAIRS_MAX`] are kept, the latest.

use std::collections::{HashMap, VecDeque};

use super::Encoder;
use super::nearness::Bytes;
use super::text::TermSet;
use crate::conversation::{ConversationId, Lang};

/// Most pairs kept.
pub const PAIRS_MAX: usize = 20_000;
/// Pairs whose meaning is compared.
const COMPARED_MAX: usize = 24;
/// Longest text looked at, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// What a customer said, and what an agent answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Where.
    pub conversation: ConversationId,
    /// The language of the answer.
    pub lang: Lang,
    /// The customer's words.
    pub asked: String,
    /// The agent's.
    pub answered: String,
}

struct Kept {
    pair: Pair,
    terms: TermSet,
}

/// See the module's word.
#[derive(Default)]
pub struct PastAnswers {
    pairs: VecDeque<Kept>,
    /// In how many pairs a term stands.
    frequency: HashMap<u64, u32>,
}

fn beginning(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

impl PastAnswers {
    /// These are a conversation's pairs now.
    pub fn put(&mut self, id: &ConversationId, pairs: Vec<Pair>) {
        let (before, others) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition(|kept: &Kept| kept.pair.conversation == *id);
        self.pairs = others;
        let before: VecDeque<Kept> = before;
        before.iter().for_each(|kept| self.uncount(kept));
        for pair in pairs {
            let terms = TermSet::of(&beginning(&pair.asked));
            for term in terms.hashes() {
                *self.frequency.entry(*term).or_default() += 1;
            }
            self.pairs.push_back(Kept { pair, terms });
        }
        while self.pairs.len() > PAIRS_MAX {
            if let Some(oldest) = self.pairs.pop_front() {
                self.uncount(&oldest);
            }
        }
    }

    fn uncount(&mut self, kept: &Kept) {
        for term in kept.terms.hashes() {
            if let Some(count) = self.frequency.get_mut(term) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.frequency.remove(term);
                }
            }
        }
    }

    /// What a term tells: the rarer, the more.
    fn weight(&self, term: u64) -> f32 {
        let count = self.frequency.get(&term).copied().unwrap_or(0);
        (1.0 + (self.pairs.len() as f32 + 1.0) / (count as f32 + 1.0)).ln()
    }

    fn weight_of(&self, terms: &TermSet) -> f32 {
        terms.hashes().iter().map(|term| self.weight(*term)).sum()
    }

    /// The likeliest answers to a customer's words in a language, best first, each with how alike the words
    /// are, 0..=1. Takes some milliseconds of a processor.
    #[must_use]
    pub fn find(
        &self,
        asked: &str,
        lang: Lang,
        encoder: Option<&dyn Encoder>,
        most: usize,
    ) -> Vec<(f32, &Pair)> {
        let asked = beginning(asked);
        let terms = TermSet::of(&asked);
        let own = self.weight_of(&terms);
        let likeness = |kept: &Kept| {
            let shared = kept.terms.hashes().iter().filter(|term| terms.contains(**term));
            let shared: f32 = shared.map(|term| self.weight(*term)).sum();
            let all = own
                + if shared > 0.0 {
                    self.weight_of(&kept.terms)
                } else {
                    0.0
                };
            if all > 0.0 { 2.0 * shared / all } else { 0.0 }
        };
        let spoken = self.pairs.iter().filter(|kept| kept.pair.lang == lang);
        let mut near: Vec<(f32, &Pair)> = spoken.map(|kept| (likeness(kept), &kept.pair)).collect();
        near.retain(|(score, _)| *score > 0.0);
        near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        near.truncate(COMPARED_MAX);
        if let Some(encoder) = encoder.filter(|_| !near.is_empty()) {
            let meant = |text: &str| Bytes::of(&encoder.meaning(text).vector);
            let asked = meant(&asked);
            for (score, pair) in &mut near {
                let meaning = asked.cosine(&meant(&beginning(&pair.asked))).clamp(0.0, 1.0);
                *score = (*score + meaning) / 2.0;
            }
            near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        }
        near.truncate(most);
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(n: usize, asked: &str, answered: &str) -> Pair {
        Pair {
            conversation: id(n),
            lang: Lang::Zh,
            asked: asked.to_owned(),
            answered: answered.to_owned(),
        }
    }

    fn id(n: usize) -> ConversationId {
        ConversationId::new(format!("conversation-{n:04}")).unwrap()
    }

    #[test]
    fn what_is_like_is_found_and_replaced() {
        let mut past = PastAnswers::default();
        past.put(
            &id(1),
            vec![pair(1, "杯子到货就碎了怎么办", "拍张照片，我们补发")],
        );
        past.put(&id(2), vec![pair(2, "发票抬头能改吗", "可以重开发票")]);
        let best = |past: &PastAnswers, asked: &str| {
            let found = past.find(asked, Lang::Zh, None, 3);
            found
                .first()
                .map(|(score, pair)| (*score > 0.5, pair.answered.clone()))
        };
        let broken = (true, "拍张照片，我们补发".to_owned());
        assert_eq!(best(&past, "杯子碎了怎么办"), Some(broken));
        assert_eq!(best(&past, "天气"), None);
        assert!(
            past.find("发票", Lang::En, None, 3).is_empty(),
            "another language"
        );
        past.put(&id(1), vec![pair(1, "杯子碎了", "给您退款")]);
        assert_eq!(best(&past, "杯子碎了"), Some((true, "给您退款".to_owned())));
        assert_eq!(past.pairs.len(), 2);
        past.put(&id(1), Vec::new());
        assert_eq!(best(&past, "杯子碎了"), None);
    }
}
