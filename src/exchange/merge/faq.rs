//! Faq rows: known by their question, wherever it is answered; new ones go into the table named after
//! what was read.

use std::collections::HashMap;

use crate::bot::{Article, FAQ_BYTES_MAX, Faq};
use crate::conversation::Lang;

use super::super::draft::{FaqDraft, Place};
use super::super::faq_table::{FaqTable, Row};
use super::super::report::Outcome;
use super::{Entry, Merge, Said, key_of};

impl Merge<'_> {
    pub(super) fn faq(&mut self, rows: Vec<FaqDraft>) {
        let mut seen: HashMap<(Lang, String), Place> = HashMap::new();
        for row in rows {
            let key = (lang_of(&row), key_of(&row.question));
            if let Some(first) = seen.get(&key) {
                let (file, line) = (&first.file, first.line);
                let message = format!("`{}` is in {file}:{line} already; the first counts", row.question);
                self.note(Outcome::Duplicate, &row.place, "duplicate", message);
                continue;
            }
            seen.insert(key, row.place.clone());
            self.faq_row(&row);
        }
    }

    fn faq_row(&mut self, row: &FaqDraft) {
        let said = Said {
            title: &row.question,
            answer: &row.answer,
            questions: row.similar.as_deref(),
            tags: row.tags.as_deref(),
        };
        let entries = self.entries(&row.question, row.lang);
        if entries.iter().any(|entry| self.says(*entry, &said)) {
            self.report.count(Outcome::Unchanged);
        } else if let Some(entry) = entries.first().copied() {
            let there = self.stands_in(entry);
            if self.may_replace(&row.place, &format!("`{}`", row.question), &there) {
                self.replace(entry, row);
            }
        } else {
            self.add_row(row);
        }
    }

    fn replace(&mut self, entry: Entry, row: &FaqDraft) {
        match entry {
            Entry::Article(at) => {
                let mut article = Article::clone(&self.base.articles[at]);
                row.question.clone_into(&mut article.title);
                row.answer.clone_into(&mut article.body);
                article.questions = row.similar.clone().unwrap_or(article.questions);
                article.tags = row.tags.clone().unwrap_or(article.tags);
                self.write_article(&article);
            }
            Entry::Faq(at) => {
                let there = self.base.faq[at].clone();
                let name = self.relative(&there.file);
                let written = Row {
                    question: &row.question,
                    answer: &row.answer,
                    similar: row.similar.as_ref().unwrap_or(&there.similar),
                    tags: row.tags.as_ref().unwrap_or(&there.tags),
                    lang: there.lang,
                };
                if let Some(table) = self.table(&name) {
                    table.put(row_of(&there), &written);
                }
            }
        }
    }

    fn add_row(&mut self, row: &FaqDraft) {
        let written = Row {
            question: &row.question,
            answer: &row.answer,
            similar: row.similar.as_deref().unwrap_or_default(),
            tags: row.tags.as_deref().unwrap_or_default(),
            lang: lang_of(row),
        };
        let bytes = written.bytes();
        for number in 1.. {
            let ending = if number == 1 {
                String::new()
            } else {
                format!("-{number}")
            };
            let name = format!("faq/{}{ending}.csv", self.name);
            let Some(table) = self.table(&name) else {
                let message = format!("{name} cannot be read; mend it first, `xiaoer check` says where");
                return self.note(Outcome::Conflict, &row.place, "bad_table", message);
            };
            // The loader reads no larger table.
            if table.bytes() + bytes < usize::try_from(FAQ_BYTES_MAX).unwrap_or(usize::MAX) {
                table.put(None, &written);
                return self.report.count(Outcome::New);
            }
        }
    }

    /// A table as it will be; `None` when what is there cannot be read.
    fn table(&mut self, name: &str) -> Option<&mut FaqTable> {
        if !self.tables.contains_key(name) {
            let file = self.root.join(name);
            let table = if file.exists() {
                FaqTable::read(&std::fs::read(file).ok()?)?
            } else {
                FaqTable::new()
            };
            self.tables.insert(name.to_owned(), table);
        }
        self.tables.get_mut(name)
    }
}

/// The language a row says, or else seems to be in.
fn lang_of(row: &FaqDraft) -> Lang {
    row.lang
        .or_else(|| Lang::of_text(&row.question))
        .unwrap_or(Lang::Zh)
}

/// A row's place in its table: its id ends with its number.
fn row_of(row: &Faq) -> Option<usize> {
    let number: usize = row.id.rsplit(':').next()?.parse().ok()?;
    number.checked_sub(1)
}
