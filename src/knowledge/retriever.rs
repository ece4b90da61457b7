//! Question → ranked passages: BM25 finds candidates, then each is weighed by how much of the question
//! it covers and how near the questions of its article are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::index::WordIndex;
use super::ingest::Passage;
use super::{Encoder, Error, Hit, Parts, text};
use crate::conversation::Lang;

/// Candidates weighed a query.
const CANDIDATES_MAX: usize = 60;
/// Candidates that the vectors add.
const MEANING_CANDIDATES_MAX: usize = 20;
/// Weights of the parts in the ranking score; chosen on the development questions.
const WEIGHTS: Parts = Parts {
    words: 0.35,
    question: 0.40,
    coverage: 0.25,
    meaning: 0.0,
};
/// Weight of meaning when an encoder is there.
const MEANING_WEIGHT: f32 = 0.15;
/// What a passage in the asker's other language keeps of its score.
const OTHER_LANG_FACTOR: f32 = 0.8;

/// Everything needed to find passages.
pub(super) struct Retriever {
    pub passages: Vec<Passage>,
    index: WordIndex,
    /// In how many passages a term stands.
    frequency: HashMap<String, u32>,
    /// Terms of each passage with its title, heading and questions.
    contents: Vec<BTreeSet<String>>,
    /// Terms of each distinct question and title.
    questions: Vec<Vec<BTreeSet<String>>>,
    encoder: Option<Arc<dyn Encoder>>,
    vectors: Vec<Vec<f32>>,
}

impl Retriever {
    pub fn build(passages: Vec<Passage>, encoder: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        let index = WordIndex::build(&passages)?;
        let mut frequency = HashMap::new();
        let mut contents = Vec::with_capacity(passages.len());
        let mut questions = Vec::with_capacity(passages.len());
        for passage in &passages {
            let whole = format!(
                "{}\n{}\n{}\n{}\n{}",
                passage.title,
                passage.heading,
                passage.tags,
                passage.questions.join("\n"),
                passage.text()
            );
            let terms: BTreeSet<String> = text::terms(&whole).into_iter().collect();
            for term in &terms {
                *frequency.entry(term.clone()).or_insert(0) += 1;
            }
            contents.push(terms);
            questions.push(questions_of(passage));
        }
        let vectors = match &encoder {
            Some(encoder) => passages
                .iter()
                .map(|p| encoder.encode(&format!("{} {}", p.title, p.heading)))
                .collect(),
            None => Vec::new(),
        };
        Ok(Self {
            passages,
            index,
            frequency,
            contents,
            questions,
            encoder,
            vectors,
        })
    }

    /// The best passages, best first.
    pub fn find(&self, question: &str, lang: Lang, hits_max: usize) -> Vec<Hit> {
        let terms = text::terms(question);
        let asked: BTreeSet<String> = terms.iter().cloned().collect();
        let found = self.index.search(&terms, CANDIDATES_MAX).unwrap_or_else(|error| {
            tracing::error!(%error, "the index could not be searched");
            Vec::new()
        });
        let best = found.first().map_or(1.0, |(_, score)| score.max(f32::EPSILON));
        let mut words: BTreeMap<usize, f32> = found.into_iter().map(|(at, s)| (at, s / best)).collect();
        let vector = self.encoder.as_ref().map(|encoder| encoder.encode(question));
        if let Some(vector) = &vector {
            for at in self.nearest(vector) {
                words.entry(at).or_insert(0.0);
            }
        }
        let mut hits: Vec<Hit> = words
            .into_iter()
            .map(|(at, words)| self.weigh(at, words, &asked, vector.as_deref(), lang))
            .collect();
        hits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.passage.cmp(&b.passage))
        });
        hits.truncate(hits_max);
        hits
    }

    fn weigh(
        &self,
        at: usize,
        words: f32,
        asked: &BTreeSet<String>,
        vector: Option<&[f32]>,
        lang: Lang,
    ) -> Hit {
        let passage = &self.passages[at];
        let likeness = |question: &BTreeSet<String>| self.cosine(asked, question);
        let parts = Parts {
            words,
            question: self.questions[at].iter().map(likeness).fold(0.0, f32::max),
            coverage: self.coverage(asked, &self.contents[at]),
            meaning: vector.map_or(0.0, |v| dot(v, &self.vectors[at]).max(0.0)),
        };
        let meaning = if vector.is_some() { MEANING_WEIGHT } else { 0.0 };
        let sum = WEIGHTS.words * parts.words
            + WEIGHTS.question * parts.question
            + WEIGHTS.coverage * parts.coverage
            + meaning * parts.meaning;
        let factor = if passage.lang == lang {
            1.0
        } else {
            OTHER_LANG_FACTOR
        };
        Hit {
            article: passage.article.clone(),
            title: passage.title.clone(),
            passage: passage.id.clone(),
            heading: passage.heading.clone(),
            text: passage.text(),
            lang: passage.lang,
            score: factor * sum / (1.0 + meaning),
            parts,
        }
    }

    /// How much a term tells: rare ones more.
    pub fn weight(&self, term: &str) -> f32 {
        let all = self.passages.len() as f32;
        let with = self.frequency.get(term).copied().unwrap_or(0) as f32;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    fn coverage(&self, asked: &BTreeSet<String>, content: &BTreeSet<String>) -> f32 {
        let mass: f32 = asked.iter().map(|t| self.weight(t)).sum();
        let found: f32 = asked.intersection(content).map(|t| self.weight(t)).sum();
        if mass > 0.0 { found / mass } else { 0.0 }
    }

    fn cosine(&self, a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
        let square = |set: &BTreeSet<String>| set.iter().map(|t| self.weight(t).powi(2)).sum::<f32>();
        let shared: f32 = a.intersection(b).map(|t| self.weight(t).powi(2)).sum();
        let norm = (square(a) * square(b)).sqrt();
        if norm > 0.0 { shared / norm } else { 0.0 }
    }

    fn nearest(&self, vector: &[f32]) -> Vec<usize> {
        let mut all: Vec<(usize, f32)> = self
            .vectors
            .iter()
            .enumerate()
            .map(|(at, v)| (at, dot(vector, v)))
            .collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.into_iter()
            .take(MEANING_CANDIDATES_MAX)
            .map(|(at, _)| at)
            .collect()
    }
}

fn questions_of(passage: &Passage) -> Vec<BTreeSet<String>> {
    let heading = format!("{} {}", passage.title, passage.heading);
    let texts = passage.questions.iter().chain([&passage.title, &heading]);
    texts
        .map(|question| text::terms(question).into_iter().collect())
        .collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
