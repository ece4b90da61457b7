//! Why an intent and not the next one: what each word adds to the lead. For n-grams the shares are exact,
//! since that part is linear; for the encoder a word's share is what the lead loses without the word
//! (occlusion: Zeiler and Fergus, 2014).

use super::features::{self, Gram};
use super::{Predictors, heads};

/// Words whose share of the encoder is looked at; the rest of a long text keeps its n-grams only.
const WORDS_MAX: usize = 40;

/// A word and what it adds.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The word, or one Han character, as folded.
    pub word: String,
    /// What it adds to the lead, in logits; less than nothing speaks for the other intent.
    pub lead: f32,
}

/// Why the best intent leads.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The best intent.
    pub intent: String,
    /// Its calibrated probability.
    pub score: f32,
    /// The intent that comes next.
    pub other: String,
    /// Its calibrated probability.
    pub other_score: f32,
    /// All words in their order.
    pub reasons: Vec<Reason>,
}

impl Explanation {
    /// Places of the words that speak most for the intent, the strongest first.
    #[must_use]
    pub fn strongest(&self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.reasons.len())
            .filter(|at| self.reasons[*at].lead > 0.0)
            .collect();
        order.sort_by(|a, b| self.reasons[*b].lead.total_cmp(&self.reasons[*a].lead));
        order.truncate(count);
        order
    }
}

impl Predictors {
    /// Explains the intent of a text; `None` when there is nothing to tell apart.
    #[must_use]
    pub fn explain(&self, text: &str) -> Option<Explanation> {
        let text = &self.encoders.plain.read(text);
        let said = self.intent.predict(&self.features(text)).probabilities;
        let best = heads::argmax(&said);
        let others = said.iter().enumerate().filter(|(at, _)| *at != best);
        let (next, other_score) = others.max_by(|a, b| a.1.total_cmp(b.1))?;
        let (words, grams) = features::read(text);
        let mut leads = vec![0.0; words.len()];
        self.add_grams(&grams, (best, next), &mut leads);
        self.add_words(&words, (best, next), &mut leads);
        let reasons = words.into_iter().zip(leads);
        Some(Explanation {
            intent: self.labels[best].clone(),
            score: said[best],
            other: self.labels[next].clone(),
            other_score: *other_score,
            reasons: reasons.map(|(word, lead)| Reason { word, lead }).collect(),
        })
    }

    /// Each n-gram's share goes to its words alike; one that stands twice shares over both places.
    fn add_grams(&self, grams: &[Gram], (best, next): (usize, usize), leads: &mut [f32]) {
        let mut places: Vec<u32> = grams.iter().map(|gram| gram.place).collect();
        places.sort_unstable();
        places.dedup();
        let shares = self.intent.linear.gram_leads(&places, best, next);
        for gram in grams {
            let Some(lead) = shares.get(&gram.place) else {
                continue;
            };
            let stands = grams.iter().filter(|g| g.place == gram.place).count();
            for word in gram.words.clone() {
                if let Some(sum) = leads.get_mut(word) {
                    *sum += self.intent.mix.linear * lead / (stands * gram.words.len()) as f32;
                }
            }
        }
    }

    fn add_words(&self, words: &[String], (best, next): (usize, usize), leads: &mut [f32]) {
        let lead = |words: &[&str]| {
            let vectors = self.encoders.vectors(&features::join(words));
            self.intent.dense_lead(&vectors.unwrap_or_default(), best, next)
        };
        let all: Vec<&str> = words.iter().map(String::as_str).take(WORDS_MAX).collect();
        let whole = lead(&all);
        for (gone, sum) in leads.iter_mut().enumerate().take(all.len()) {
            let mut rest = all.clone();
            rest.remove(gone);
            *sum += whole - lead(&rest);
        }
    }
}

/// A text without some of its words, for whoever wants to see what becomes of the prediction.
#[must_use]
pub fn without(text: &str, gone: &[usize]) -> String {
    let (words, _) = features::read(text);
    let rest = words.iter().enumerate().filter(|(at, _)| !gone.contains(at));
    features::join(&rest.map(|(_, word)| word.as_str()).collect::<Vec<_>>())
}

/// How many words a text has: Latin words and single other characters.
#[must_use]
pub fn word_count(text: &str) -> usize {
    features::read(text).0.len()
}
