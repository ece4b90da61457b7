//! Question → ranked passages: words and meaning each find candidates, then every candidate is weighed
//! by the same features.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::index::WordIndex;
use super::ingest::{Passage, Said};
use super::text::{self, TermSet};
use super::weigh::{self, Parts};
use super::{Encoder, Error, Hit, Meaning, Query};
use crate::conversation::Lang;
use crate::predictors::dot;

/// Candidates that words find.
const WORD_CANDIDATES_MAX: usize = 60;
/// Candidates that meaning finds.
const MEANING_CANDIDATES_MAX: usize = 40;
/// BM25 of a term that stands in one short field, at most, in units of its weight.
const STRENGTH_MAX: f32 = 5.0;

/// What of a passage is compared with a question.
struct Entry {
    /// Terms of everything that belongs to it.
    all: TermSet,
    /// Terms of its heading and its own text.
    own: TermSet,
    /// Terms of its title and heading.
    title: TermSet,
    questions: Vec<TermSet>,
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
    frequency: HashMap<u64, u32>,
    entries: Vec<Arc<Entry>>,
    sizes: Vec<Sizes>,
    encoder: Option<Arc<dyn Encoder>>,
}

/// Entries that are known already, by their passage.
type Known<'a> = HashMap<Said<'a>, &'a Arc<Entry>>;

impl Retriever {
    pub fn build(passages: Vec<Passage>, encoder: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        Self::build_over(&Known::new(), passages, encoder)
    }

    /// The same over other passages; what is unchanged is not thought over again.
    pub fn rebuilt(&self, passages: Vec<Passage>) -> Result<Self, Error> {
        let known = self
            .passages
            .iter()
            .map(Passage::said)
            .zip(&self.entries)
            .collect();
        Self::build_over(&known, passages, self.encoder.clone())
    }

    fn build_over(
        known: &Known<'_>,
        passages: Vec<Passage>,
        encoder: Option<Arc<dyn Encoder>>,
    ) -> Result<Self, Error> {
        let index = WordIndex::build(&passages)?;
        let entries = entries(known, &passages, encoder.as_deref());
        let mut frequency = HashMap::new();
        for term in entries.iter().flat_map(|entry| entry.all.hashes()) {
            *frequency.entry(*term).or_insert(0) += 1;
        }
        let mut built = Self {
            passages,
            index,
            frequency,
            entries,
            sizes: Vec::new(),
            encoder,
        };
        built.sizes = built.entries.iter().map(|entry| built.sizes_of(entry)).collect();
        Ok(built)
    }

    /// The best passages that the asker may read, best first. `question` is the query's, completed.
    pub fn find(&self, question: &str, query: &Query<'_>, hits_max: usize) -> Vec<Hit> {
        let meaning = self.encoder.as_ref().map(|encoder| encoder.meaning(question));
        let nearest = self.nearest(meaning.as_ref());
        self.find_among(
            &nearest,
            (question, meaning.as_ref(), usize::MAX),
            query,
            hits_max,
        )
    }

    /// The best of the passages that words find, the rarest `terms_max` of them, and of those at the places `near`.
    fn find_among(
        &self,
        near: &[usize],
        (question, meaning, terms_max): (&str, Option<&Meaning>, usize),
        query: &Query<'_>,
        hits_max: usize,
    ) -> Vec<Hit> {
        let mut terms = text::terms(question);
        let asked = TermSet::from_terms(&terms);
        if terms.len() > terms_max {
            let weight = |term: &String| self.weight(text::hash(term));
            terms.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
            terms.truncate(terms_max);
        }
        let found = self
            .index
            .search(&terms, WORD_CANDIDATES_MAX)
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the index could not be searched");
                Vec::new()
            });
        let mut words: BTreeMap<usize, f32> = found.iter().copied().collect();
        let best = found.first().map_or(1.0, |(_, score)| score.max(f32::EPSILON));
        for at in near {
            words.entry(*at).or_insert(0.0);
        }
        let weights = asked.hashes().iter().map(|term| (*term, self.weight(*term)));
        let asked = Question {
            mass: weights.clone().map(|(_, weight)| weight).sum(),
            size: self.size(&asked),
            terms: weights.collect(),
            meaning,
            lang: query.lang,
            best,
        };
        let mut hits: Vec<Hit> = words
            .into_iter()
            .filter(|(at, _)| self.passages[*at].is_open_to(query.audience, query.today))
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

    /// What the question at place `which` of a passage's article finds, or its title behind the last; what they
    /// mean is known already. Unless `wide`, rivals are found by the `terms_max` rarest words alone.
    pub fn find_own(
        &self,
        (at, which): (usize, usize),
        wide: bool,
        terms_max: usize,
        query: &Query<'_>,
    ) -> Vec<Hit> {
        let known = self.entries[at].article.get(which);
        let mut near = if wide { self.nearest(known) } else { Vec::new() };
        near.push(at);
        self.find_among(&near, (query.text, known, terms_max), query, usize::MAX)
    }

    /// What a passage means, where there is an encoder.
    pub fn meaning(&self, at: usize) -> Option<&Meaning> {
        let known = self.encoder.as_ref().map(|_| &self.entries[at].meaning);
        known.filter(|meaning| !meaning.vector.is_empty())
    }

    fn parts(&self, at: usize, bm25: f32, question: &Question<'_>) -> Parts {
        let (passage, entry) = (&self.passages[at], &self.entries[at]);
        let sizes = &self.sizes[at];
        let likeness = |(terms, size): (&TermSet, &f32)| question.cosine(terms, *size);
        let questions = entry.questions.iter().zip(&sizes.questions);
        let asked = question.meaning;
        let near = |m: &Meaning| asked.map_or(0.0, |asked| dot(&asked.vector, &m.vector).max(0.0));
        let alike = |m: &Meaning| asked.map_or(0.0, |asked| dot(&asked.topics, &m.topics));
        let written = || entry.article.iter().chain([&entry.heading]);
        Parts {
            words: bm25 / question.best,
            strength: (bm25 / (STRENGTH_MAX * question.mass.max(f32::EPSILON))).min(1.0),
            question: questions.map(likeness).fold(0.0, f32::max),
            title: likeness((&entry.title, &sizes.title)),
            coverage: question.coverage(&entry.all),
            body: question.coverage(&entry.own),
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
            score: weigh::rank(&parts, passage.handling.boost),
            parts,
        }
    }

    /// How much a term tells, by its hash: rare ones more.
    pub fn weight(&self, term: u64) -> f32 {
        let all = self.passages.len() as f32;
        let with = self.frequency.get(&term).copied().unwrap_or(0) as f32;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// How much terms tell of a text together.
    pub fn shared(&self, asked: &TermSet, text: &TermSet) -> f32 {
        let both = asked.hashes().iter().filter(|term| text.contains(**term));
        both.map(|term| self.weight(*term)).sum()
    }

    /// Length of the vector of a set's weights.
    fn size(&self, terms: &TermSet) -> f32 {
        let squares = terms.hashes().iter().map(|term| self.weight(*term).powi(2));
        squares.sum::<f32>().sqrt()
    }

    fn sizes_of(&self, entry: &Entry) -> Sizes {
        Sizes {
            title: self.size(&entry.title),
            questions: entry.questions.iter().map(|terms| self.size(terms)).collect(),
        }
    }

    /// Places of the passages whose text or questions mean most nearly the same.
    fn nearest(&self, asked: Option<&Meaning>) -> Vec<usize> {
        let Some(asked) = asked else {
            return Vec::new();
        };
        let near = |m: &Meaning| dot(&asked.vector, &m.vector);
        // Passages of one article stand together and share what it is about.
        let mut before: Option<(&Arc<Vec<Meaning>>, f32)> = None;
        let mut all = Vec::with_capacity(self.entries.len());
        for (at, entry) in self.entries.iter().enumerate() {
            let known = before.filter(|(article, _)| Arc::ptr_eq(article, &entry.article));
            let article = known.map_or_else(
                || entry.article.iter().map(near).fold(0.0, f32::max),
                |(_, near)| near,
            );
            before = Some((&entry.article, article));
            all.push((at, near(&entry.meaning).max(near(&entry.heading)).max(article)));
        }
        let farther = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if all.len() > MEANING_CANDIDATES_MAX {
            all.select_nth_unstable_by(MEANING_CANDIDATES_MAX, farther);
            all.truncate(MEANING_CANDIDATES_MAX);
        }
        all.into_iter().map(|(at, _)| at).collect()
    }
}

/// Lengths of an entry's vectors of weights.
struct Sizes {
    title: f32,
    questions: Vec<f32>,
}

/// A question as it is compared.
struct Question<'a> {
    /// Its terms with their weights.
    terms: Vec<(u64, f32)>,
    /// Weight of all of them.
    mass: f32,
    /// Length of the vector of their weights.
    size: f32,
    meaning: Option<&'a Meaning>,
    lang: Lang,
    /// BM25 of the best candidate.
    best: f32,
}

impl Question<'_> {
    /// The share of its weight that a text holds.
    fn coverage(&self, content: &TermSet) -> f32 {
        let found = self.terms.iter().filter(|(term, _)| content.contains(*term));
        let found: f32 = found.map(|(_, weight)| weight).sum();
        if self.mass > 0.0 { found / self.mass } else { 0.0 }
    }

    /// Likeness to a set whose vector has this length.
    fn cosine(&self, terms: &TermSet, size: f32) -> f32 {
        let both = self.terms.iter().filter(|(term, _)| terms.contains(*term));
        let shared: f32 = both.map(|(_, weight)| weight * weight).sum();
        let norm = self.size * size;
        if norm > 0.0 { shared / norm } else { 0.0 }
    }
}

/// Entries of all passages, made by as many threads as there are cores.
fn entries(known: &Known<'_>, passages: &[Passage], encoder: Option<&dyn Encoder>) -> Vec<Arc<Entry>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = passages.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = passages
            .chunks(part)
            .map(|part| scope.spawn(move || entries_of(known, part, encoder)))
            .collect();
        let all = workers.into_iter().flat_map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        all.collect()
    })
}

fn entries_of(known: &Known<'_>, passages: &[Passage], encoder: Option<&dyn Encoder>) -> Vec<Arc<Entry>> {
    let mut entries = Vec::with_capacity(passages.len());
    let mut before: Option<(&Passage, Arc<Vec<Meaning>>)> = None;
    for passage in passages {
        if let Some(entry) = known.get(&passage.said()) {
            // What its article is about holds for the passages beside it that have changed.
            before = Some((passage, Arc::clone(&entry.article)));
            entries.push(Arc::clone(entry));
            continue;
        }
        let same = before
            .take()
            .filter(|(other, _)| (&other.article, other.lang) == (&passage.article, passage.lang));
        let article = same.map_or_else(|| Arc::new(written(passage, encoder)), |(_, article)| article);
        entries.push(Arc::new(entry(passage, article.clone(), encoder)));
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
    let own = TermSet::of(&format!("{}\n{}", passage.heading, passage.text()));
    let about = format!(
        "{}\n{}\n{}",
        passage.title,
        passage.tags,
        passage.questions.join("\n")
    );
    let meaning = |text: &str| encoder.map_or_else(Meaning::default, |encoder| encoder.meaning(text));
    let heading = if passage.heading.is_empty() {
        Meaning::default()
    } else {
        meaning(&passage.heading)
    };
    Entry {
        all: own.and(&TermSet::of(&about)),
        own,
        title: TermSet::of(&format!("{} {}", passage.title, passage.heading)),
        questions: passage.questions.iter().map(|q| TermSet::of(q)).collect(),
        meaning: meaning(&format!("{} {}", passage.heading, passage.text())),
        heading,
        article,
    }
}
