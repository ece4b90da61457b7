//! The knowledge base: passages, found by words and by the questions they answer, and answers cut
//! from them whole sentence by whole sentence. Immutable; a changed folder is a new value.

mod answer;
mod archive;
mod audit;
mod cores;
mod index;
mod ingest;
mod nearness;
mod page;
mod past;
mod retriever;
mod terms;
mod text;
mod weigh;

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use jiff::civil::Date;

use crate::bot::{Article, Audience, Faq};
use crate::conversation::{Citation, Lang, hex};
use crate::predictors::Predictors;
use audit::{beside, decoded, is_elsewhere};
use ingest::Passage;
use retriever::Retriever;

pub use crate::predictors::Meaning;
pub use archive::{Archive, DOCUMENTS_MAX, Filed, Filter, Found, Mark, Saying, excerpt};
pub use audit::{Finding, Level, Place, Subject, audit};
pub use page::{Link, Page};
pub use past::{PAIRS_MAX, Pair, PastAnswers};
pub use weigh::{NAMES as PART_NAMES, Parts};

/// Why a knowledge base could not be built or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The index failed.
    #[error("the index failed: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// More passages than are served.
    #[error("{found} passages; at most {max} are served, split the shop")]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
}

/// Tells what texts mean.
pub trait Encoder: Send + Sync {
    /// What a text means.
    fn meaning(&self, text: &str) -> Meaning;
}

impl Encoder for Predictors {
    fn meaning(&self, text: &str) -> Meaning {
        self.meaning(text)
    }
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// As asked.
    pub text: &'a str,
    /// Language of the asker.
    pub lang: Lang,
    /// The question before, for follow-ups such as `那退货呢`.
    pub context: Option<&'a str>,
    /// Who asks: what is written for the shop's people is not for shoppers.
    pub audience: Audience,
    /// The day it is asked on: what no longer holds, or not yet, is not told.
    pub today: Date,
}

/// A passage found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Article id.
    pub article: String,
    /// Article title.
    pub title: String,
    /// Passage id.
    pub passage: String,
    /// Heading of its section.
    pub heading: String,
    /// Its whole text.
    pub text: String,
    /// Its language.
    pub lang: Lang,
    /// Ranking score; only its order means something.
    pub score: f32,
    /// What the score is made of.
    pub parts: Parts,
    /// Its place among all passages.
    place: usize,
}

/// Whether the knowledge base answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The best passage answers.
    Answer,
    /// It may be one of two articles.
    Unsure,
    /// It does not know.
    Refuse,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Whether to use it.
    pub decision: Decision,
    /// Sentences and list items of the best passage, verbatim.
    pub text: String,
    /// Where they stand.
    pub citation: Option<Citation>,
    /// Their language.
    pub lang: Lang,
    /// Articles to read on.
    pub related: Vec<Link>,
    /// Whether the shop wrote it for this very question, so that nothing was weighed against it.
    pub curated: bool,
    /// How likely the best passage answers, 0..=1.
    pub score: f32,
    /// The best passages, best first.
    pub hits: Vec<Hit>,
}

/// A shop's whole knowledge.
pub struct Knowledge {
    retriever: Retriever,
    shelf: Vec<Cut>,
    version: String,
}

/// An article and its passages.
struct Cut {
    article: Arc<Article>,
    passages: Vec<Arc<Passage>>,
}

/// Articles in passages; those that are known already are not cut again.
fn shelf(known: &[Cut], articles: &[Arc<Article>]) -> Vec<Cut> {
    let known: HashMap<*const Article, &Cut> =
        known.iter().map(|cut| (Arc::as_ptr(&cut.article), cut)).collect();
    let cut = |article: &Arc<Article>| Cut {
        passages: known
            .get(&Arc::as_ptr(article))
            .map_or_else(|| ingest::passages_of(article), |cut| cut.passages.clone()),
        article: Arc::clone(article),
    };
    articles.iter().map(cut).collect()
}

/// Most passages served.
const PASSAGES_MAX: usize = 200_000;

impl Knowledge {
    /// Cuts articles and faq rows into passages and indexes them.
    ///
    /// # Errors
    /// [`Error::TooMany`] above 200,000 passages; [`Error::Index`] when the index fails.
    pub fn build(
        articles: &[Arc<Article>],
        faq: &[Faq],
        encoder: Option<Arc<dyn Encoder>>,
    ) -> Result<Self, Error> {
        text::warm_up();
        let shelf = shelf(&[], articles);
        Self::over(shelf, faq, |passages| Retriever::build(passages, encoder))
    }

    /// The same for a folder that has changed since; articles that have not are neither cut nor thought over
    /// again.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn rebuilt(&self, articles: &[Arc<Article>], faq: &[Faq]) -> Result<Self, Error> {
        let shelf = shelf(&self.shelf, articles);
        Self::over(shelf, faq, |passages| self.retriever.rebuilt(passages))
    }

    fn over(
        shelf: Vec<Cut>,
        faq: &[Faq],
        build: impl FnOnce(Vec<Arc<Passage>>) -> Result<Retriever, Error>,
    ) -> Result<Self, Error> {
        let of_articles = shelf.iter().flat_map(|cut| &cut.passages).map(Arc::clone);
        let mut passages: Vec<Arc<Passage>> = of_articles.collect();
        passages.extend(faq.iter().map(ingest::passage_of_faq));
        if passages.len() > PASSAGES_MAX {
            return Err(Error::TooMany {
                found: passages.len(),
                max: PASSAGES_MAX,
            });
        }
        let mut hash = Sha256::new();
        for passage in &passages {
            hash.update(passage.key.to_le_bytes());
            hash.update(format!("{:?}", passage.handling));
        }
        let version = hex(&hash.finalize()[..6]);
        Ok(Self {
            retriever: build(passages)?,
            shelf,
            version,
        })
    }

    /// Answers a question, or refuses.
    #[must_use]
    pub fn answer(&self, query: &Query<'_>) -> Answer {
        answer::answer(&self.retriever, query)
    }

    /// Answers out of different articles, best first, each with how likely it answers.
    #[must_use]
    pub fn answers(&self, query: &Query<'_>, most: usize) -> Vec<Answer> {
        answer::several(&self.retriever, query, most)
    }

    /// What tells the meaning of texts here.
    #[must_use]
    pub fn encoder(&self) -> Option<Arc<dyn Encoder>> {
        self.retriever.encoder()
    }

    /// Every passage that was weighed for a question, best first.
    #[must_use]
    pub fn candidates(&self, query: &Query<'_>) -> Vec<Hit> {
        answer::candidates(&self.retriever, query)
    }

    /// The beginning of the article with this id, in the asker's language if it is written in it.
    #[must_use]
    pub fn article(&self, id: &str, query: &Query<'_>) -> Option<Answer> {
        answer::article(&self.retriever, id, query)
    }

    /// An article or a row of a table to read whole, in exactly this language.
    #[must_use]
    pub fn page(&self, lang: Lang, id: &str, today: Date) -> Option<Page> {
        let query = Query {
            text: "",
            lang,
            context: None,
            audience: Audience::Public,
            today,
        };
        answer::page(&self.retriever, id, &query, |passage| {
            let is_its = |cut: &&Cut| cut.passages.first().is_some_and(|first| first.is_beside(passage));
            let article = &*self.shelf.iter().find(is_its)?.article;
            Some(page::html_of(&article.body, |dest| self.leads(article, dest)))
        })
    }

    /// The address of what a link in an article names: `article:id`, an id, or the file of another.
    fn leads(&self, from: &Article, dest: &str) -> Option<String> {
        let path = decoded(dest.split('#').next().unwrap_or_default());
        let articles = || self.shelf.iter().map(|cut| &*cut.article);
        let of_id = |id: &str| {
            let mut named = articles().filter(|article| article.id == id).peekable();
            let any = named.peek().copied();
            named.find(|article| article.lang == from.lang).or(any)
        };
        let found = match path.strip_prefix("article:") {
            Some(id) => of_id(id),
            None if path.is_empty() || is_elsewhere(&path) => None,
            None if path.ends_with(".md") => {
                let file = beside(&from.file, &path);
                articles().find(|article| article.file == file)
            }
            None => of_id(&path),
        };
        found.map(|article| page::address(article.lang, &article.id))
    }

    /// Hash of all passages, in short.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How many passages there are.
    #[must_use]
    pub fn passages(&self) -> usize {
        self.retriever.passages.len()
    }
}
