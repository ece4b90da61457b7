//! Drafts meet the folder: what is new, what is there already, what differs. Nothing is written here; a plan
//! says what would be. Identity is the id for articles, the question for faq rows, the name for intents.

mod articles;
mod faq;
mod intents;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::bot::{
    Article, Faq, Intent, Problems, Responses, load_articles, load_faq, load_intents, load_responses,
};
use crate::conversation::{Lang, fold};

use super::draft::{Found, Place};
use super::faq_table::FaqTable;
use super::report::{Note, Outcome, Report};
use super::source::name_of;
use super::{Import, clean};

/// What would be written, and the report.
pub(super) struct Plan {
    /// Contents by name, relative to the knowledge base.
    pub files: BTreeMap<String, Vec<u8>>,
    pub report: Report,
}

/// Compares everything found with the folder.
pub(super) fn plan(wanted: &Import<'_>, name: &str, mut found: Found) -> Plan {
    let report = std::mem::take(&mut found.report);
    let mut merge = Merge::new(wanted, name, report);
    merge.articles(std::mem::take(&mut found.articles));
    merge.faq(std::mem::take(&mut found.faq));
    let names: BTreeSet<String> = found.intents.iter().map(|intent| intent.name.clone()).collect();
    let keys = merge.responses(std::mem::take(&mut found.responses), &names);
    merge.intents(std::mem::take(&mut found.intents), &keys);
    merge.finish()
}

/// What the folder holds before the import.
struct Base {
    articles: Vec<Arc<Article>>,
    faq: Vec<Faq>,
    intents: Vec<Intent>,
    responses: Responses,
}

/// What answers a question: a place in the lists of [`Base`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Article(usize),
    Faq(usize),
}

/// What a draft says, without its kind.
struct Said<'a> {
    title: &'a str,
    answer: &'a str,
    questions: Option<&'a [String]>,
    tags: Option<&'a [String]>,
}

struct Merge<'a> {
    root: &'a Path,
    overwrite: bool,
    /// Name of the source, for new files.
    name: String,
    base: Base,
    /// Entries by their folded title or question.
    asked: HashMap<String, Vec<Entry>>,
    files: BTreeMap<String, Vec<u8>>,
    tables: BTreeMap<String, FaqTable>,
    report: Report,
}

/// Characters of a question that tell it from others.
const QUESTION_CHARS: usize = 500;

fn key_of(question: &str) -> String {
    fold(question, QUESTION_CHARS)
}

impl<'a> Merge<'a> {
    fn new(wanted: &Import<'a>, name: &str, report: Report) -> Self {
        let root = wanted.into;
        // What is broken already is for `check`; here it counts as not there.
        let mut quiet = Problems::new(root);
        let base = Base {
            articles: load_articles(&root.join("articles"), &mut quiet),
            faq: load_faq(&root.join("faq"), &mut quiet),
            intents: load_intents(&root.join("intents"), &mut quiet),
            responses: load_responses(&root.join("responses"), &mut quiet),
        };
        let mut asked: HashMap<String, Vec<Entry>> = HashMap::new();
        for (at, row) in base.faq.iter().enumerate() {
            asked
                .entry(key_of(&row.question))
                .or_default()
                .push(Entry::Faq(at));
        }
        for (at, article) in base.articles.iter().enumerate() {
            asked
                .entry(key_of(&article.title))
                .or_default()
                .push(Entry::Article(at));
        }
        let name = clean::slug(name);
        Self {
            root,
            overwrite: wanted.overwrite,
            name: if name.is_empty() {
                "imported".to_owned()
            } else {
                name
            },
            base,
            asked,
            files: BTreeMap::new(),
            tables: BTreeMap::new(),
            report,
        }
    }

    fn finish(mut self) -> Plan {
        for (name, table) in self.tables {
            if table.is_changed() {
                self.files.insert(name, table.to_csv());
            }
        }
        Plan {
            files: self.files,
            report: self.report,
        }
    }

    fn note(&mut self, outcome: Outcome, place: &Place, code: &'static str, message: impl Into<String>) {
        self.report
            .note(Note::new(outcome, &*place.file, place.line, code, message));
    }

    /// Entries with a question, in a language unless none is told.
    fn entries(&self, question: &str, lang: Option<Lang>) -> Vec<Entry> {
        let entries = self.asked.get(&key_of(question)).map_or(&[][..], Vec::as_slice);
        let of_lang = |entry: &&Entry| lang.is_none_or(|lang| self.lang_of(**entry) == lang);
        entries.iter().filter(of_lang).copied().collect()
    }

    fn lang_of(&self, entry: Entry) -> Lang {
        match entry {
            Entry::Article(at) => self.base.articles[at].lang,
            Entry::Faq(at) => self.base.faq[at].lang,
        }
    }

    /// Whether an entry says the same; what the source does not say does not differ.
    fn says(&self, entry: Entry, said: &Said<'_>) -> bool {
        let (title, answer, questions, tags) = match entry {
            Entry::Article(at) => {
                let article = &self.base.articles[at];
                (&article.title, &article.body, &article.questions, &article.tags)
            }
            Entry::Faq(at) => {
                let row = &self.base.faq[at];
                (&row.question, &row.answer, &row.similar, &row.tags)
            }
        };
        let asked = |list: &[String]| clean::questions(list, said.title);
        clean::line(title) == said.title
            && clean::text(answer) == said.answer
            && said.questions.is_none_or(|list| asked(list) == asked(questions))
            && said.tags.is_none_or(|list| list == clean::tags(tags))
    }

    /// Where an entry stands, for people.
    fn stands_in(&self, entry: Entry) -> String {
        match entry {
            Entry::Article(at) => self.relative(&self.base.articles[at].file),
            Entry::Faq(at) => {
                let row = &self.base.faq[at];
                format!("{}:{}", self.relative(&row.file), row.line)
            }
        }
    }

    fn relative(&self, file: &Path) -> String {
        name_of(file.strip_prefix(self.root).unwrap_or(file))
    }

    /// What to do with something that is there and differs; answers whether it may be replaced.
    fn may_replace(&mut self, place: &Place, what: &str, there: &str) -> bool {
        if self.overwrite {
            let message = format!("{what} in {there} is replaced");
            self.note(Outcome::Changed, place, "changed", message);
        } else {
            let message = format!("{what} is in {there} with other content; say --overwrite to replace it");
            self.note(Outcome::Conflict, place, "conflict", message);
        }
        self.overwrite
    }
}
