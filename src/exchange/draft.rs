//! What readers make: rows, articles, intents and responses in our terms, before they meet the folder.
//! `None` means that the source does not say, so what is there stays.

use std::path::Path;

use crate::bot::Handling;
use crate::conversation::{Choice, Lang};

use super::Error;
use super::clean;
use super::report::{Note, Outcome, Report};
use super::source::Source;

/// Where something stands in what was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Name of the file, relative to what was read.
    pub file: String,
    /// Line from 1; 0 when the file as a whole is meant.
    pub line: usize,
}

impl Place {
    pub fn new(file: &str, line: usize) -> Self {
        Self {
            file: file.to_owned(),
            line,
        }
    }
}

/// A question with its answer.
#[derive(Debug, Clone)]
pub(super) struct FaqDraft {
    pub question: String,
    pub answer: String,
    pub similar: Option<Vec<String>>,
    pub tags: Option<Vec<String>>,
    pub lang: Option<Lang>,
    pub place: Place,
}

/// An article.
#[derive(Debug, Clone)]
pub(super) struct ArticleDraft {
    pub id: String,
    pub title: String,
    pub lang: Option<Lang>,
    pub tags: Option<Vec<String>>,
    pub questions: Option<Vec<String>>,
    pub handling: Option<Handling>,
    pub body: String,
    pub place: Place,
}

/// An intent with its examples.
#[derive(Debug, Clone)]
pub(super) struct IntentDraft {
    pub name: String,
    pub examples: Vec<(Lang, String)>,
    pub reply: Option<String>,
    pub place: Place,
}

/// A response in one language.
#[derive(Debug, Clone)]
pub(super) struct ResponseDraft {
    pub key: String,
    pub lang: Lang,
    pub variants: Vec<String>,
    pub choices: Vec<Choice>,
    pub place: Place,
}

/// Everything found in a source, and the report so far.
pub(super) struct Found {
    pub faq: Vec<FaqDraft>,
    pub articles: Vec<ArticleDraft>,
    pub intents: Vec<IntentDraft>,
    pub responses: Vec<ResponseDraft>,
    pub report: Report,
    /// Language of what does not say its own.
    pub lang: Option<Lang>,
}

/// Longest question or title, in characters.
const QUESTION_CHARS_MAX: usize = 500;
/// Longest answer of a faq row, in characters: as much as a spreadsheet's cell holds.
pub(super) const CELL_CHARS_MAX: usize = 32_767;
/// Longest article, in bytes: its file must stay below what the loader reads, front matter included.
const BODY_BYTES_MAX: usize = crate::bot::ARTICLE_BYTES_MAX as usize - 32 * 1024;
/// Most questions or tags of one article or row.
const LIST_MAX: usize = 200;

impl Found {
    pub fn new(report: Report, lang: Option<Lang>) -> Self {
        Self {
            faq: Vec::new(),
            articles: Vec::new(),
            intents: Vec::new(),
            responses: Vec::new(),
            report,
            lang,
        }
    }

    pub fn skip(&mut self, place: &Place, code: &'static str, message: impl Into<String>) {
        self.tell(Outcome::Skipped, place, code, message);
    }

    pub fn bad(&mut self, place: &Place, code: &'static str, message: impl Into<String>) {
        self.tell(Outcome::Bad, place, code, message);
    }

    pub fn tell(&mut self, outcome: Outcome, place: &Place, code: &'static str, message: impl Into<String>) {
        self.report
            .note(Note::new(outcome, &*place.file, place.line, code, message));
    }

    pub fn not_carried(&mut self, what: impl Into<String>, times: usize) {
        self.report.not_carried(what, times);
    }

    /// The text of one file of a folder; one that cannot be read is bad and the rest goes on.
    pub fn text_of(&mut self, source: &Source, file: &Path, bytes_max: u64) -> Option<String> {
        match source.text(file, bytes_max, &mut self.report) {
            Ok(text) => Some(text),
            Err(Error::Unreadable(note)) => {
                self.report.note(note);
                None
            }
            Err(Error::NotWritable { .. }) => None,
        }
    }

    /// Takes a row after cleaning it, or says what is wrong with it.
    pub fn take_faq(&mut self, mut row: FaqDraft) {
        row.question = clean::line(&row.question);
        row.answer = clean::text(&row.answer);
        row.similar = row.similar.map(|list| clean::questions(&list, &row.question));
        row.tags = row.tags.map(|list| clean::tags(&list));
        let place = row.place.clone();
        if row.question.is_empty() || row.answer.is_empty() {
            self.bad(&place, "bad_row", "question or answer is empty; fill both");
        } else if let Some(message) = too_long(&row.question, &row.answer, row.similar.as_deref()) {
            self.bad(&place, "too_large", message);
        } else {
            row.lang = row.lang.or(self.lang);
            self.faq.push(row);
        }
    }

    /// Takes an article after cleaning it, or says what is wrong with it.
    pub fn take_article(&mut self, mut article: ArticleDraft) {
        article.title = clean::line(&article.title);
        article.id = clean::line(&article.id);
        article.body = clean::text(&article.body);
        article.questions = article.questions.map(|list| clean::questions(&list, ""));
        article.tags = article.tags.map(|list| clean::tags(&list));
        let place = article.place.clone();
        if article.title.is_empty() || article.id.is_empty() {
            self.bad(&place, "no_title", "there is no title; give it a heading");
        } else if article.body.is_empty() {
            self.skip(&place, "empty_article", "there is no text; write its answer");
        } else if article.body.len() > BODY_BYTES_MAX {
            let message = format!("larger than {BODY_BYTES_MAX} bytes; split it");
            self.bad(&place, "too_large", message);
        } else if let Some(message) = too_long(&article.title, "", article.questions.as_deref()) {
            self.bad(&place, "too_large", message);
        } else {
            article.lang = article.lang.or(self.lang);
            self.articles.push(article);
        }
    }
}

fn too_long(question: &str, answer: &str, similar: Option<&[String]>) -> Option<String> {
    let similar = similar.unwrap_or_default();
    let longest = similar.iter().map(|s| s.chars().count()).max().unwrap_or(0);
    if question.chars().count().max(longest) > QUESTION_CHARS_MAX {
        Some(format!(
            "a question or title is longer than {QUESTION_CHARS_MAX} characters; shorten it"
        ))
    } else if answer.chars().count() > CELL_CHARS_MAX {
        Some(format!(
            "the answer is longer than {CELL_CHARS_MAX} characters; split it, or look for an open quote"
        ))
    } else if similar.len() > LIST_MAX {
        Some(format!(
            "more than {LIST_MAX} similar questions; keep the clearest"
        ))
    } else {
        None
    }
}
