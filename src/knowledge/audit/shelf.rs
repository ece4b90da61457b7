//! Articles and faq rows as the checks look at them: cut as they are served, each unit with its line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::ingest::{Passage, passage_of_faq, placed_passages_of};
use super::super::retriever::Retriever;
use super::{Place, Subject};
use crate::bot::{Article, Faq, Handling};
use crate::conversation::Lang;

/// A passage with the lines of the file that its units stand on.
pub(super) struct Part {
    pub passage: Arc<Passage>,
    pub lines: Vec<usize>,
    /// Its place in the retriever.
    pub at: Option<usize>,
}

/// An article or a faq row.
pub(super) struct Page<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub lang: Lang,
    pub questions: Vec<&'a str>,
    pub handling: Arc<Handling>,
    /// `None` for a faq row.
    pub article: Option<&'a Article>,
    pub parts: Vec<Part>,
    file: PathBuf,
    /// The front matter, or nothing for a faq row.
    head: &'a str,
    /// Line of a faq row.
    row: usize,
}

impl<'a> Page<'a> {
    fn of_article(article: &'a Article, subject: &Subject<'a>) -> Self {
        let file = within(subject.root, &article.file);
        let text = subject.files.get(&file).map_or("", String::as_str);
        let head_lines = article.body_line.saturating_sub(1);
        let head_end = text.split_inclusive('\n').take(head_lines).map(str::len).sum();
        let parts = placed_passages_of(article).into_iter();
        let parts = parts.map(|(passage, lines)| Part {
            passage,
            lines: lines.iter().map(|line| line + article.body_line).collect(),
            at: None,
        });
        Self {
            id: &article.id,
            title: &article.title,
            lang: article.lang,
            questions: article.questions.iter().map(String::as_str).collect(),
            handling: Arc::new(article.handling.clone()),
            article: Some(article),
            parts: parts.collect(),
            file,
            head: text.get(..head_end).unwrap_or(""),
            row: 0,
        }
    }

    fn of_faq(faq: &'a Faq, subject: &Subject<'a>) -> Self {
        let passage = passage_of_faq(faq);
        let lines = vec![faq.line; passage.units.len()];
        Self {
            id: &faq.id,
            title: &faq.question,
            lang: faq.lang,
            questions: [&faq.question]
                .into_iter()
                .chain(&faq.similar)
                .map(String::as_str)
                .collect(),
            handling: Arc::clone(&passage.handling),
            article: None,
            parts: vec![Part {
                passage,
                lines,
                at: None,
            }],
            file: within(subject.root, &faq.file),
            head: "",
            row: faq.line,
        }
    }

    /// A line of its file.
    pub fn place(&self, line: usize) -> Place {
        let file = self.file.clone();
        Place { file, line }
    }

    /// Its file, relative to the knowledge base.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where a key of its front matter stands, or else where it begins.
    pub fn key(&self, key: &str) -> Place {
        let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        self.place(self.head_line(starts))
    }

    /// Where one of its questions stands.
    pub fn question(&self, question: &str) -> Place {
        self.place(self.head_line(|line| line.contains(question) && !line.starts_with("title:")))
    }

    fn head_line(&self, fits: impl Fn(&str) -> bool) -> usize {
        let found = self.head.lines().position(fits).map(|at| at + 1);
        found.unwrap_or(self.row.max(1))
    }

    /// Where its text begins.
    pub fn start(&self) -> Place {
        let first = self.parts.first().and_then(|part| part.lines.first());
        self.place(first.copied().unwrap_or(1))
    }

    /// Whether there is a day on which both hold.
    pub fn meets(&self, other: &Self) -> bool {
        let before = |a: &Handling, b: &Handling| a.valid_until.zip(b.valid_from).is_some_and(|(a, b)| a < b);
        !before(&self.handling, &other.handling) && !before(&other.handling, &self.handling)
    }

    /// Its units with their lines and parts.
    pub fn units(&self) -> impl Iterator<Item = (&Part, &str, usize)> {
        self.parts.iter().flat_map(|part| {
            let units = part.passage.units.iter().zip(&part.lines);
            units.map(move |(unit, line)| (part, unit.text.as_str(), *line))
        })
    }
}

fn within(root: &Path, file: &Path) -> PathBuf {
    file.strip_prefix(root).unwrap_or(file).to_owned()
}

/// Everything the checks look at.
pub(super) struct Shelf<'a> {
    pub subject: &'a Subject<'a>,
    pub pages: Vec<Page<'a>>,
    ids: HashMap<(Lang, &'a str), usize>,
    files: HashMap<PathBuf, usize>,
}

impl<'a> Shelf<'a> {
    pub fn of(subject: &'a Subject<'a>) -> Self {
        let articles = subject.articles.iter().map(|a| Page::of_article(a, subject));
        let faq = subject.faq.iter().map(|f| Page::of_faq(f, subject));
        let mut pages: Vec<Page<'a>> = articles.chain(faq).collect();
        let served = &subject.knowledge.retriever.passages;
        let key = |passage: &Arc<Passage>| (passage.lang, passage.id.clone());
        let places: HashMap<_, usize> = served.iter().map(key).zip(0..).collect();
        for part in pages.iter_mut().flat_map(|page| &mut page.parts) {
            part.at = places.get(&key(&part.passage)).copied();
        }
        let ids = pages.iter().map(|page| (page.lang, page.id)).zip(0..);
        let ids = ids.collect();
        let files = pages.iter().zip(0..).filter(|(page, _)| page.article.is_some());
        let files = files.map(|(page, at)| (page.file.clone(), at)).collect();
        Self {
            subject,
            pages,
            ids,
            files,
        }
    }

    pub fn retriever(&self) -> &'a Retriever {
        &self.subject.knowledge.retriever
    }

    /// The page with this id in a language.
    pub fn page(&self, lang: Lang, id: &str) -> Option<&Page<'a>> {
        self.ids.get(&(lang, id)).map(|at| &self.pages[*at])
    }

    /// The article in a file.
    pub fn page_in(&self, file: &Path) -> Option<&Page<'a>> {
        self.files.get(file).map(|at| &self.pages[*at])
    }

    /// Articles, without faq rows.
    pub fn articles(&self) -> impl Iterator<Item = (&Page<'a>, &'a Article)> {
        self.pages.iter().filter_map(|page| Some((page, page.article?)))
    }

    /// Pairs of an article and its translation, Chinese first.
    pub fn translations(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (at, page) in self.pages.iter().enumerate() {
            let Some(article) = page.article else { continue };
            let (ours, theirs) = (article.lang, other(article.lang));
            let id = article.handling.translations.get(&theirs).unwrap_or(&article.id);
            if let Some(twin) = self.ids.get(&(theirs, id.as_str())).copied() {
                pairs.push(if ours == Lang::Zh { (at, twin) } else { (twin, at) });
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

/// The other language.
pub(super) fn other(lang: Lang) -> Lang {
    match lang {
        Lang::Zh => Lang::En,
        Lang::En => Lang::Zh,
    }
}

/// How a text reads without case, width, script, punctuation: its Han characters, words and numbers.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let folded = super::super::text::fold(text);
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in folded.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            tokens.push(c.to_string());
        }
    }
    tokens
}

/// A sentence as it is quoted in a message: its beginning, without a list's mark.
pub(super) fn quote(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    let text = text.trim_start_matches("- ");
    let mut quoted: String = text.chars().take(CHARS_MAX).collect();
    if text.chars().count() > CHARS_MAX {
        quoted.push('…');
    }
    quoted
}
