//! Question → ranked passages: words and meaning each find candidates, then every candidate is weighed
//! by the same features.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::index::WordIndex;
use super::ingest::Passage;
use super::weigh::{self, Parts};
use super::{Encoder, Error, Hit, Meaning, text};
use crate::conversation::Lang;

/// Candidates that words find.
const WORD_CANDIDATES_MAX: usize = 60;
/// Candidates that meaning finds.
const MEANING_CANDIDATES_MAX: usize = 40;
/// BM25 of a term that stands in one short field, at most, in units of its weight.
const STRENGTH_MAX: f32 = 5.0;

/// What of a passage is compared with a question.
struct Entry {
    /// Terms of everything that belongs to it.
    all: BTreeSet<String>,
    /// Terms of its heading and its own text.
    own: BTreeSet<String>,
    title: BTreeSet<String>,
    questions: Vec<BTreeSet<String>>,
    /// Of heading and text.
    meaning: Meaning,
    heading: Meaning,
    /// Of the article's title and questions, shared by its passages.
    article: Arc<Vec<Meaning>>,
}

/// Everything needed to find passages.
pub(super) struct Retriever {
    pub passages: Vec<Passage>,
    index: WordIndex,
    /// In how many passages a term stands.
    frequency: HashMap<String, u32>,
    entries: Vec<Entry>,
    encoder: Option<Arc<dyn Encoder>>,
}

impl Retriever {
    pub fn build(passages: Vec<Passage>, encoder: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        let index = WordIndex::build(&passages)?;
        let entries = entries(&passages, encoder.as_deref());
        let mut frequency = HashMap::new();
        for term in entries.iter().flat_map(|entry| &entry.all) {
            *frequency.entry(term.clone()).or_insert(0) += 1;
        }
        Ok(Self {
            passages,
            index,
            frequency,
            entries,
            encoder,
        })
    }

    /// The best passages, best first.
    pub fn find(&self, question: &str, lang: Lang, hits_max: usize) -> Vec<Hit> {
        let terms = text::terms(question);
        let asked: BTreeSet<String> = terms.iter().cloned().collect();
        let found = self
            .index
            .search(&terms, WORD_CANDIDATES_MAX)
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the index could not be searched");
                Vec::new()
            });
        let mut words: BTreeMap<usize, f32> = found.iter().copied().collect();
        let best = found.first().map_or(1.0, |(_, score)| score.max(f32::EPSILON));
        let meaning = self.encoder.as_ref().map(|encoder| encoder.meaning(question));
        for at in self.nearest(meaning.as_ref()) {
            words.entry(at).or_insert(0.0);
        }
        let mass: f32 = asked.iter().map(|t| self.weight(t)).sum();
        let asked = Question {
            asked: &asked,
            meaning: meaning.as_ref(),
            lang,
            best,
            mass,
        };
        let mut hits: Vec<Hit> = words
            .into_iter()
            .map(|(at, bm25)| self.hit(at, self.parts(at, bm25, &asked)))
            .collect();
        hits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.passage.cmp(&b.passage))
                .then_with(|| a.lang.cmp(&b.lang))
        });
        hits.truncate(hits_max);
        hits
    }

    fn parts(&self, at: usize, bm25: f32, question: &Question<'_>) -> Parts {
        let (passage, entry) = (&self.passages[at], &self.entries[at]);
        let likeness = |terms: &BTreeSet<String>| self.cosine(question.asked, terms);
        let asked = question.meaning;
        let near = |m: &Meaning| asked.map_or(0.0, |asked| dot(&asked.vector, &m.vector).max(0.0));
        let alike = |m: &Meaning| asked.map_or(0.0, |asked| dot(&asked.topics, &m.topics));
        let written = || entry.article.iter().chain([&entry.heading]);
        Parts {
            words: bm25 / question.best,
            strength: (bm25 / (STRENGTH_MAX * question.mass.max(f32::EPSILON))).min(1.0),
            question: entry.questions.iter().map(likeness).fold(0.0, f32::max),
            title: likeness(&entry.title),
            coverage: self.coverage(question, &entry.all),
            body: self.coverage(question, &entry.own),
            meaning: near(&entry.meaning),
            meaning_question: written().map(near).fold(0.0, f32::max),
            topic: written().map(alike).fold(0.0, f32::max),
            same_lang: f32::from(u8::from(passage.lang == question.lang)),
            lead: f32::from(u8::from(passage.id.ends_with("#1"))),
        }
    }

    fn hit(&self, at: usize, parts: Parts) -> Hit {
        let passage = &self.passages[at];
        Hit {
            article: passage.article.clone(),
            title: passage.title.clone(),
            passage: passage.id.clone(),
            heading: passage.heading.clone(),
            text: passage.text(),
            lang: passage.lang,
            score: weigh::rank(&parts),
            parts,
        }
    }

    /// How much a term tells: rare ones more.
    pub fn weight(&self, term: &str) -> f32 {
        let all = self.passages.len() as f32;
        let with = self.frequency.get(term).copied().unwrap_or(0) as f32;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    fn coverage(&self, question: &Question<'_>, content: &BTreeSet<String>) -> f32 {
        let common = question.asked.intersection(content);
        let found: f32 = common.map(|t| self.weight(t)).sum();
        if question.mass > 0.0 {
            found / question.mass
        } else {
            0.0
        }
    }

    fn cosine(&self, a: &BTreeSet<String>, b: &BTreeSet<String>) -> f32 {
        let square = |set: &BTreeSet<String>| set.iter().map(|t| self.weight(t).powi(2)).sum::<f32>();
        let shared: f32 = a.intersection(b).map(|t| self.weight(t).powi(2)).sum();
        let norm = (square(a) * square(b)).sqrt();
        if norm > 0.0 { shared / norm } else { 0.0 }
    }

    /// Places of the passages whose text or questions mean most nearly the same.
    fn nearest(&self, asked: Option<&Meaning>) -> Vec<usize> {
        let Some(asked) = asked else {
            return Vec::new();
        };
        let near = |entry: &Entry| {
            let own = [&entry.meaning, &entry.heading];
            let all = own.into_iter().chain(entry.article.iter());
            all.map(|m| dot(&asked.vector, &m.vector)).fold(0.0, f32::max)
        };
        let mut all: Vec<(usize, f32)> = self.entries.iter().map(near).enumerate().collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(MEANING_CANDIDATES_MAX);
        all.into_iter().map(|(at, _)| at).collect()
    }
}

/// A question as it is compared.
struct Question<'a> {
    asked: &'a BTreeSet<String>,
    meaning: Option<&'a Meaning>,
    lang: Lang,
    /// BM25 of the best candidate.
    best: f32,
    /// Weight of all its terms.
    mass: f32,
}

/// Entries of all passages, made by as many threads as there are cores.
fn entries(passages: &[Passage], encoder: Option<&dyn Encoder>) -> Vec<Entry> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = passages.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = passages
            .chunks(part)
            .map(|part| scope.spawn(move || entries_of(part, encoder)))
            .collect();
        let all = workers.into_iter().flat_map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        all.collect()
    })
}

fn entries_of(passages: &[Passage], encoder: Option<&dyn Encoder>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(passages.len());
    let mut before: Option<(&Passage, Arc<Vec<Meaning>>)> = None;
    for passage in passages {
        let same = before
            .take()
            .filter(|(other, _)| (&other.article, other.lang) == (&passage.article, passage.lang));
        let article = same.map_or_else(|| Arc::new(written(passage, encoder)), |(_, article)| article);
        entries.push(entry(passage, article.clone(), encoder));
        before = Some((passage, article));
    }
    entries
}

/// What an article's questions and its title mean.
fn written(passage: &Passage, encoder: Option<&dyn Encoder>) -> Vec<Meaning> {
    let texts = passage.questions.iter().chain([&passage.title]);
    encoder.map_or(Vec::new(), |encoder| {
        texts.map(|text| encoder.meaning(text)).collect()
    })
}

fn entry(passage: &Passage, article: Arc<Vec<Meaning>>, encoder: Option<&dyn Encoder>) -> Entry {
    let set = |text: &str| -> BTreeSet<String> { text::terms(text).into_iter().collect() };
    let own = set(&format!("{}\n{}", passage.heading, passage.text()));
    let mut all = own.clone();
    all.extend(text::terms(&format!(
        "{}\n{}\n{}",
        passage.title,
        passage.tags,
        passage.questions.join("\n")
    )));
    let meaning = |text: &str| encoder.map_or_else(Meaning::default, |encoder| encoder.meaning(text));
    let heading = if passage.heading.is_empty() {
        Meaning::default()
    } else {
        meaning(&passage.heading)
    };
    Entry {
        all,
        own,
        title: set(&format!("{} {}", passage.title, passage.heading)),
        questions: passage.questions.iter().map(|q| set(q)).collect(),
        meaning: meaning(&format!("{} {}", passage.heading, passage.text())),
        heading,
        article,
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
