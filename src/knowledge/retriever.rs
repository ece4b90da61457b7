//! Question → ranked passages: words and meaning each find candidates, then every candidate is weighed
//! by the same features.

mod frequency;
mod named;
mod own;
mod question;
mod translation;
mod whole;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::cores::{beside, joined, on_every_core};
use super::index::WordIndex;
use super::ingest::Passage;
use super::nearness::{Asked, Bytes, Pieces, Plane};
use super::terms::{FIELDS, TERM_MOST, Terms};
use super::text::TermSet;
use super::weigh::{self, Parts};
use super::{Encoder, Error, Hit, Meaning, Query};
use crate::conversation::Lang;
use frequency::Frequency;
use named::Named;
use question::Nearness;
pub(super) use question::Question;
use translation::Translations;
use whole::{Wholes, mean};

/// Candidates that words find.
const WORD_CANDIDATES_MAX: usize = 60;
/// Candidates that meaning finds.
const MEANING_CANDIDATES_MAX: usize = 40;
/// So many times more are looked at, because some may not be for the asker.
const CLOSED: usize = 4;

/// How usual a question is of which that is not known, such as an article's own.
const USUAL: f32 = 1.0;
/// Candidates that are worth a thread.
const WEIGHED_LEAST: usize = 16;
/// Pieces of a question, title or heading that are compared: those that matter most.
const ASKED_PIECES_MAX: usize = 24;

/// What of a passage is compared with a question.
struct Entry {
    /// Its terms by field.
    terms: Terms,
    questions: Vec<TermSet>,
    /// Of heading and text.
    gist: Bytes,
    heading: Gist,
    /// Of the article's title and questions, shared by its passages.
    article: Arc<Vec<Gist>>,
    /// Of each unit of its text.
    units: Vec<Sentence>,
}

/// One quotable piece as it is compared.
struct Sentence {
    terms: TermSet,
    vector: Bytes,
    pieces: Pieces,
}

/// A meaning as it is kept.
#[derive(Clone, Default)]
struct Gist {
    vector: Bytes,
    topics: Bytes,
    pieces: Asked,
}

impl Gist {
    fn of(meaning: &Meaning) -> Self {
        Self {
            vector: Bytes::of(&meaning.vector),
            topics: Bytes::of(&meaning.topics),
            pieces: Asked::of(&meaning.pieces, ASKED_PIECES_MAX),
        }
    }
}

/// Everything needed to find passages.
pub(super) struct Retriever {
    pub passages: Vec<Arc<Passage>>,
    entries: Vec<Arc<Entry>>,
    translations: Translations,
    wholes: Wholes,
    named: Named,
    index: WordIndex,
    plane: Plane,
    frequency: Frequency,
    /// Terms of each field of a passage, on average.
    average: [f32; FIELDS],
    encoder: Option<Arc<dyn Encoder>>,
}

/// Entries that are known already, by their passage's key.
type Known<'a> = HashMap<u64, &'a Arc<Entry>>;

impl Retriever {
    pub fn build(passages: Vec<Arc<Passage>>, encoder: Option<Arc<dyn Encoder>>) -> Result<Self, Error> {
        let entries = entries(&Known::new(), &passages, encoder.as_deref());
        let index = WordIndex::build(&documents(&passages, &entries))?;
        let mut frequency = Frequency::default();
        for (term, _) in entries.iter().flat_map(|entry| entry.terms.counted()) {
            *frequency.entry(term).or_insert(0) += 1;
        }
        Ok(Self::over(None, passages, entries, index, frequency, encoder))
    }

    /// The same over other passages; what is unchanged is neither thought over nor indexed again.
    pub fn rebuilt(&self, passages: Vec<Arc<Passage>>) -> Result<Self, Error> {
        let keys = self.passages.iter().map(|passage| passage.key);
        let known: Known<'_> = keys.zip(&self.entries).collect();
        let entries = entries(&known, &passages, self.encoder.as_deref());
        let index = self.index.rebuilt(&documents(&passages, &entries))?;
        let frequency = self.frequency_after(&passages, &entries);
        let encoder = self.encoder.clone();
        Ok(Self::over(
            Some(self),
            passages,
            entries,
            index,
            frequency,
            encoder,
        ))
    }

    /// What tells the meaning of texts.
    pub fn encoder(&self) -> Option<Arc<dyn Encoder>> {
        self.encoder.clone()
    }

    fn over(
        before: Option<&Self>,
        passages: Vec<Arc<Passage>>,
        entries: Vec<Arc<Entry>>,
        index: WordIndex,
        frequency: Frequency,
        encoder: Option<Arc<dyn Encoder>>,
    ) -> Self {
        let mut all = [0_u64; FIELDS];
        for entry in &entries {
            let lengths = entry.terms.lengths();
            all.iter_mut()
                .zip(lengths)
                .for_each(|(all, more)| *all += u64::from(more));
        }
        Self {
            average: all.map(|all| all as f32 / entries.len().max(1) as f32),
            plane: plane(&passages, &entries),
            translations: Translations::of(&passages),
            wholes: Wholes::of(&passages, &entries, before),
            named: Named::of(&passages),
            passages,
            entries,
            index,
            frequency,
            encoder,
        }
    }

    /// The frequencies once these passages stand in the place of ours.
    fn frequency_after(&self, passages: &[Arc<Passage>], entries: &[Arc<Entry>]) -> Frequency {
        let mut frequency = self.frequency.clone();
        // Twins count as often as they stand there.
        let mut more: HashMap<u64, (i32, &Entry)> = HashMap::new();
        let ours = self.passages.iter().zip(&self.entries).zip(std::iter::repeat(-1));
        let theirs = passages.iter().zip(entries).zip(std::iter::repeat(1));
        for ((passage, entry), by) in ours.chain(theirs) {
            more.entry(passage.key).or_insert((0, entry)).0 += by;
        }
        for (by, entry) in more.into_values().filter(|(by, _)| *by != 0) {
            for (term, _) in entry.terms.counted() {
                let times = frequency.entry(term).or_insert(0);
                *times = times.saturating_add_signed(by);
            }
        }
        frequency.retain(|_, times| *times > 0);
        frequency
    }

    /// A question as it is compared, and the passages that the asker may read, best first; `text` is the query's,
    /// completed.
    pub fn find(&self, text: &str, query: &Query<'_>) -> (Question, Vec<Hit>) {
        let asked = TermSet::mended(text, |term| self.frequency.get(&term).copied());
        let mut question = self.compared(&asked, None, query.lang);
        let rarest = question.rarest();
        // Words are looked up while the encoder thinks.
        let (by_words, meaning) = std::thread::scope(|scope| {
            let words = beside(scope, || self.by_words(&rarest));
            let meaning = self.encoder.as_ref().map(|encoder| encoder.meaning(text));
            let words = words.map_or_else(|| self.by_words(&rarest), joined);
            (words, meaning)
        });
        question.gist = meaning.as_ref().map(Gist::of);
        question.usual = meaning.map_or(USUAL, |meaning| meaning.usual);
        let found = self.candidates(by_words, question.gist.as_ref(), query);
        let hits = self.weighed(found, &question, query);
        (question, hits)
    }

    /// Candidates that the asker may read, best first.
    fn weighed(&self, found: BTreeSet<usize>, question: &Question, query: &Query<'_>) -> Vec<Hit> {
        let found: BTreeSet<usize> = found
            .into_iter()
            .flat_map(|at| self.readable(at, query))
            .collect();
        let open = found.into_iter().filter(|at| self.is_open(*at, query));
        let weighed: Vec<(usize, f32)> = open.map(|at| (at, self.bm25(at, question))).collect();
        let best = weighed
            .iter()
            .fold(f32::EPSILON, |best, (_, bm25)| best.max(*bm25));
        let hit = |at: usize| {
            let (at, bm25) = weighed[at];
            let near = self.near(at, question, query);
            self.hit(at, self.parts((at, near), (bm25, best), question))
        };
        let hits = on_every_core(weighed.len(), WEIGHED_LEAST, |part| {
            part.map(hit).collect::<Vec<_>>()
        });
        let mut hits: Vec<Hit> = hits.into_iter().flatten().collect();
        hits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.passage.cmp(&b.passage))
                .then_with(|| a.lang.cmp(&b.lang))
        });
        hits
    }

    /// Whether the asker may read a passage.
    pub fn is_open(&self, at: usize, query: &Query<'_>) -> bool {
        let handling = &self.passages[at].handling;
        handling.is_open_to(query.audience, query.today)
    }

    /// The passages of an article that the asker may read, in whatever language, with their places.
    pub fn of_article(&self, id: &str, query: &Query<'_>) -> impl Iterator<Item = (usize, &Passage)> {
        let open = self.named.places(id).filter(|at| self.is_open(*at, query));
        open.map(|at| (at, &*self.passages[at]))
    }

    /// What stands for a passage: whoever can read the translation is answered from it, from the passage that
    /// says the same, or where none does from the whole of it.
    pub fn readable(&self, at: usize, query: &Query<'_>) -> Vec<usize> {
        let may = |at: &usize| self.passages[*at].lang == query.lang && self.is_open(*at, query);
        let twin = self.translations.twin(at).filter(may);
        let theirs: Vec<usize> = match twin {
            _ if self.passages[at].lang == query.lang => Vec::new(),
            Some(twin) => vec![twin],
            None => self.translations.article(at).filter(may).collect(),
        };
        if theirs.is_empty() { vec![at] } else { theirs }
    }

    fn compared(&self, asked: &TermSet, gist: Option<Gist>, lang: Lang) -> Question {
        let terms = asked.hashes().iter();
        Question {
            size: self.size(terms.clone().copied()),
            terms: terms.map(|term| (*term, self.weight(*term))).collect(),
            gist,
            usual: USUAL,
            lang,
        }
    }

    /// Places of the passages that words find, best first.
    fn by_words(&self, terms: &[u64]) -> Vec<usize> {
        let found = self.index.search(terms, WORD_CANDIDATES_MAX * CLOSED);
        found.unwrap_or_else(|error| {
            tracing::error!(%error, "the index could not be searched");
            Vec::new()
        })
    }

    /// Places of the passages that words or meaning find, and that the asker may read.
    fn candidates(&self, by_words: Vec<usize>, near: Option<&Gist>, query: &Query<'_>) -> BTreeSet<usize> {
        let by_meaning = near.map(|gist| self.plane.nearest(&gist.vector, MEANING_CANDIDATES_MAX * CLOSED));
        let by_meaning = by_meaning.unwrap_or_default();
        let open = |found: Vec<usize>, most: usize| {
            let open = found.into_iter().filter(|at| self.is_open(*at, query));
            open.take(most).collect::<Vec<_>>()
        };
        let mut all = open(by_words, WORD_CANDIDATES_MAX);
        all.extend(open(by_meaning, MEANING_CANDIDATES_MAX));
        all.into_iter().collect()
    }

    fn bm25(&self, at: usize, question: &Question) -> f32 {
        let terms = &self.entries[at].terms;
        let told = question.terms.iter().filter_map(|(term, weight)| {
            let counts = terms.get(*term)?;
            Some(weight * terms.strength(counts, &self.average))
        });
        told.sum()
    }

    /// Of a passage and how near it means the same, with its words' score and the best of all.
    fn parts(&self, (at, near): (usize, Nearness), (bm25, best): (f32, f32), question: &Question) -> Parts {
        let (passage, entry) = (&self.passages[at], &self.entries[at]);
        let title = entry
            .terms
            .counted()
            .filter(|(_, counts)| Terms::is_title(*counts));
        let title: Vec<u64> = title.map(|(term, _)| term).collect();
        let likeness = |terms: &TermSet| self.cosine(question, terms.hashes());
        let mass = question.mass();
        let said = entry
            .units
            .iter()
            .map(|unit| question.shared(&unit.terms))
            .fold(0.0, f32::max);
        let same_lang = f32::from(u8::from(passage.lang == question.lang));
        Parts {
            words: bm25 / best,
            strength: bm25 / (TERM_MOST * mass.max(f32::EPSILON)),
            question: entry.questions.iter().map(likeness).fold(0.0, f32::max),
            title: self.cosine(question, &title),
            coverage: question.coverage(mass, &entry.terms, |_| true),
            body: question.coverage(mass, &entry.terms, Terms::is_own),
            sentence: if mass > 0.0 { said / mass } else { 0.0 },
            meaning: near.text,
            meaning_sentence: near.sentence,
            meaning_question: near.question,
            meaning_article: near.article,
            pieces: near.pieces,
            pieces_sentence: near.pieces_sentence,
            pieces_question: near.pieces_question,
            pieces_least: near.pieces_least,
            foreign: (1.0 - same_lang) * near.text.max(near.sentence).max(near.question),
            topic: near.topic,
            same_lang,
            lead: f32::from(u8::from(passage.id.ends_with("#1"))),
            usual: question.usual,
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
            place: at,
        }
    }

    /// How much a term tells, by its hash: rare ones more.
    pub fn weight(&self, term: u64) -> f32 {
        let all = self.passages.len() as f32;
        let with = self.frequency.get(&term).copied().unwrap_or(0) as f32;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// How much each sentence of a passage has of a question, by words and meaning.
    pub fn sentences(&self, place: usize, question: &Question) -> Vec<f32> {
        let mass = question.mass().max(f32::EPSILON);
        let gist = question.gist.as_ref();
        let near = |vector: &Bytes| gist.map_or(0.0, |asked| asked.vector.cosine(vector));
        let score = |unit: &Sentence| question.shared(&unit.terms) / mass + near(&unit.vector);
        self.entries[place].units.iter().map(score).collect()
    }

    /// Length of the vector of terms' weights.
    fn size(&self, terms: impl Iterator<Item = u64>) -> f32 {
        terms.map(|term| self.weight(term).powi(2)).sum::<f32>().sqrt()
    }

    /// Likeness of a question to other terms, in order.
    fn cosine(&self, question: &Question, terms: &[u64]) -> f32 {
        let both = question
            .terms
            .iter()
            .filter(|(term, _)| terms.binary_search(term).is_ok());
        let shared: f32 = both.map(|(_, weight)| weight * weight).sum();
        if shared <= 0.0 {
            return 0.0;
        }
        shared / (question.size * self.size(terms.iter().copied()))
    }
}

fn documents<'a>(passages: &[Arc<Passage>], entries: &'a [Arc<Entry>]) -> Vec<(u64, &'a Terms)> {
    let terms = entries.iter().map(|entry| &entry.terms);
    passages.iter().map(|passage| passage.key).zip(terms).collect()
}

/// All vectors: an article's own speak for all of its passages, which stand together.
fn plane(passages: &[Arc<Passage>], entries: &[Arc<Entry>]) -> Plane {
    let mut plane = Plane::default();
    for (at, entry) in entries.iter().enumerate() {
        plane.add(&entry.gist, at..at + 1);
        plane.add(&entry.heading.vector, at..at + 1);
    }
    for Range { start, end } in articles(passages) {
        for gist in entries[start].article.iter() {
            plane.add(&gist.vector, start..end);
        }
    }
    plane
}

/// Places of the passages of each article.
fn articles(passages: &[Arc<Passage>]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    passages.chunk_by(|a, b| a.is_beside(b)).map(move |of_one| {
        let begins = start;
        start += of_one.len();
        begins..start
    })
}

/// Entries of all passages.
fn entries(known: &Known<'_>, passages: &[Arc<Passage>], encoder: Option<&dyn Encoder>) -> Vec<Arc<Entry>> {
    let part = |part: Range<usize>| entries_of(known, &passages[part], encoder);
    on_every_core(passages.len(), 1, part).concat()
}

fn entries_of(
    known: &Known<'_>,
    passages: &[Arc<Passage>],
    encoder: Option<&dyn Encoder>,
) -> Vec<Arc<Entry>> {
    let mut entries = Vec::with_capacity(passages.len());
    let mut before: Option<(&Passage, Arc<Vec<Gist>>)> = None;
    for passage in passages {
        if let Some(entry) = known.get(&passage.key) {
            // What its article is about holds for the passages beside it that have changed.
            before = Some((passage, Arc::clone(&entry.article)));
            entries.push(Arc::clone(entry));
            continue;
        }
        let same = before.take().filter(|(other, _)| other.is_beside(passage));
        let article = same.map_or_else(|| Arc::new(written(passage, encoder)), |(_, article)| article);
        entries.push(Arc::new(entry(passage, article.clone(), encoder)));
        before = Some((passage, article));
    }
    entries
}

/// What an article's questions and its title mean.
fn written(passage: &Passage, encoder: Option<&dyn Encoder>) -> Vec<Gist> {
    let texts = passage.questions.iter().chain([&passage.title]);
    encoder.map_or(Vec::new(), |encoder| {
        texts.map(|text| Gist::of(&encoder.meaning(text))).collect()
    })
}

fn entry(passage: &Passage, article: Arc<Vec<Gist>>, encoder: Option<&dyn Encoder>) -> Entry {
    let asked = format!("{}\n{}", passage.questions.join("\n"), passage.tags);
    let meaning = |text: &str| {
        encoder
            .filter(|_| !text.is_empty())
            .map_or_else(Meaning::default, |encoder| encoder.meaning(text))
    };
    let heading = meaning(&passage.heading);
    let units: Vec<Meaning> = passage.units.iter().map(|unit| meaning(&unit.text)).collect();
    let vectors = units
        .iter()
        .chain([&heading])
        .map(|meaning| meaning.vector.iter().copied());
    Entry {
        terms: Terms::of([&passage.title, &asked, &passage.heading, &passage.text()]),
        questions: passage.questions.iter().map(|q| TermSet::of(q)).collect(),
        gist: mean(vectors),
        heading: Gist::of(&heading),
        units: passage
            .units
            .iter()
            .zip(&units)
            .map(|(unit, meaning)| Sentence {
                terms: TermSet::of(&unit.text),
                vector: Bytes::of(&meaning.vector),
                pieces: Pieces::of(meaning.pieces.iter()),
            })
            .collect(),
        article,
    }
}
