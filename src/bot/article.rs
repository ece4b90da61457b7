//! Articles (`articles/{zh,en}/**.md`) and faq tables (`faq/*.csv`).

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::places::Places;
use super::problem::Problems;
use super::table::{bad_row, line_of_row};
use super::yaml;
use crate::conversation::Lang;

/// Largest article file, in bytes.
pub const ARTICLE_BYTES_MAX: u64 = 256 * 1024;
/// Largest faq table, in bytes.
pub const FAQ_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Least and most that an article can be moved in the ranking.
const BOOST: std::ops::RangeInclusive<f32> = 0.1..=10.0;

/// Who may read an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody.
    #[default]
    Public,
    /// The shop's people; shoppers are never answered from it.
    Agents,
}

/// How an article is to be handled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handling {
    /// Who may read it.
    pub audience: Audience,
    /// First day it holds.
    pub valid_from: Option<Date>,
    /// Last day it holds.
    pub valid_until: Option<Date>,
    /// Ids of the same article in other languages, where they differ from its own.
    pub translations: BTreeMap<Lang, String>,
    /// Ids of articles to read on.
    pub related: Vec<String>,
    /// Whether it answers the questions it lists before anything else does.
    pub pinned: bool,
    /// Above 1 it comes before others that fit as well, below 1 after them; 0.1 to 10.
    pub boost: f32,
}

impl Handling {
    /// Whether somebody may be told of the article on a day.
    #[must_use]
    pub fn is_open_to(&self, audience: Audience, today: Date) -> bool {
        (self.audience == Audience::Public || audience == Audience::Agents)
            && self.valid_from.is_none_or(|from| from <= today)
            && self.valid_until.is_none_or(|until| today <= until)
    }

    /// Whether its dates and its boost are such as an article may have.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let in_order = self
            .valid_from
            .zip(self.valid_until)
            .is_none_or(|(from, until)| from <= until);
        in_order && BOOST.contains(&self.boost)
    }
}

impl Default for Handling {
    fn default() -> Self {
        Self {
            audience: Audience::Public,
            valid_from: None,
            valid_until: None,
            translations: BTreeMap::new(),
            related: Vec::new(),
            pinned: false,
            boost: 1.0,
        }
    }
}

/// A help-centre article.
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    /// Same in every language of the same article.
    pub id: String,
    /// As shown.
    pub title: String,
    /// The language it is written in.
    pub lang: Lang,
    /// Search tags.
    pub tags: Vec<String>,
    /// Questions it answers, as shoppers ask them.
    pub questions: Vec<String>,
    /// Audience, dates, translations, ranking.
    pub handling: Handling,
    /// Markdown below the front matter.
    pub body: String,
    /// The file it was read from.
    pub file: PathBuf,
    /// Line of the file on which `body` starts, from 1.
    pub body_line: usize,
    /// Hash of the whole file; 0 for one that is not from a file.
    pub source: u64,
}

/// One row of a faq table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faq {
    /// `faq:<file stem>:<row>`.
    pub id: String,
    /// The question.
    pub question: String,
    /// Other ways to ask it.
    pub similar: Vec<String>,
    /// The answer, shown as it stands.
    pub answer: String,
    /// Its language.
    pub lang: Lang,
    /// Search tags.
    pub tags: Vec<String>,
    /// The file it was read from.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    #[serde(default)]
    lang: Option<Lang>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default)]
    audience: Audience,
    #[serde(default)]
    valid_from: Option<Date>,
    #[serde(default)]
    valid_until: Option<Date>,
    #[serde(default)]
    translations: BTreeMap<Lang, String>,
    #[serde(default)]
    related: Vec<String>,
    #[serde(default)]
    pinned: bool,
    #[serde(default = "boost_default")]
    boost: f32,
}

fn boost_default() -> f32 {
    Handling::default().boost
}

/// Reads every `.md` file below `dir`. The language is the front matter's `lang` or else the name of
/// a folder on the way (`zh` or `en`).
#[must_use]
pub fn load_articles(dir: &Path, problems: &mut Problems) -> Vec<Arc<Article>> {
    load_changed_articles(dir, &[], problems)
}

/// The same, taking over those that stand in their files as they did before.
pub(super) fn load_changed_articles(
    dir: &Path,
    before: &[Arc<Article>],
    problems: &mut Problems,
) -> Vec<Arc<Article>> {
    let known: HashMap<&Path, &Arc<Article>> = before.iter().map(|a| (a.file.as_path(), a)).collect();
    let files = yaml::files_below(dir, &["md"], problems);
    let mut load = |file: &PathBuf| {
        let text = yaml::read(file, ARTICLE_BYTES_MAX, problems)?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let source = hasher.finish();
        let same = known.get(file.as_path()).filter(|known| known.source == source);
        let read = || load_article(dir, file, (&text, source), problems).map(Arc::new);
        same.map(|known| Arc::clone(known)).or_else(read)
    };
    let mut articles: Vec<Arc<Article>> = files.iter().filter_map(&mut load).collect();
    let mut seen: BTreeMap<(Lang, String), PathBuf> = BTreeMap::new();
    articles.retain(|article| {
        let key = (article.lang, article.id.to_lowercase());
        if let Some(first) = seen.get(&key) {
            let first = first.strip_prefix(dir).unwrap_or(first).display();
            let message = format!(
                "id `{}` is already used by {first}; give one of them another id",
                article.id
            );
            problems.error(
                &article.file,
                line_of_front(&article.file, &["id"]),
                "duplicate_slug",
                message,
            );
            return false;
        }
        seen.insert(key, article.file.clone());
        true
    });
    articles
}

/// Reads one article from its text and the text's hash.
fn load_article(
    dir: &Path,
    file: &Path,
    (text, source): (&str, u64),
    problems: &mut Problems,
) -> Option<Article> {
    let Some((head, body, body_line)) = split_front_matter(text) else {
        problems.lose(file, text);
        problems.error(
            file,
            1,
            "no_front_matter",
            "the file does not start with a block between `---` lines; add id and title there",
        );
        return None;
    };
    let mut front: FrontMatter = yaml::parse(file, 1, head, "bad_front_matter", problems)?;
    let Some(lang) = front.lang.or_else(|| lang_of_path(dir, file)) else {
        problems.error(
            file,
            1,
            "no_lang",
            "the language is not known; add `lang: zh` or move the file below zh/ or en/",
        );
        return None;
    };
    if body.trim().is_empty() {
        problems.lose(file, head);
        problems.error(
            file,
            body_line,
            "empty_article",
            "the article has no text; write its answer",
        );
        return None;
    }
    let handling = handling_of(&mut front, file, head, problems)?;
    Some(Article {
        id: front.id,
        title: front.title,
        lang,
        tags: front.tags,
        questions: front.questions,
        handling,
        body: body.to_owned(),
        file: file.to_owned(),
        body_line,
        source,
    })
}

fn handling_of(
    front: &mut FrontMatter,
    file: &Path,
    head: &str,
    problems: &mut Problems,
) -> Option<Handling> {
    let places = Places::of(head);
    let line = |key: &str| places.line(&[key]) + 1;
    if front
        .valid_from
        .zip(front.valid_until)
        .is_some_and(|(from, until)| until < from)
    {
        let message = "valid_until is before valid_from; turn them round";
        problems.lose(file, head);
        problems.error(file, line("valid_until"), "bad_dates", message);
        return None;
    }
    if !BOOST.contains(&front.boost) {
        let message = format!(
            "boost {} is out of range; write a number from {} to {}",
            front.boost,
            BOOST.start(),
            BOOST.end()
        );
        problems.lose(file, head);
        problems.error(file, line("boost"), "bad_boost", message);
        return None;
    }
    Some(Handling {
        audience: front.audience,
        valid_from: front.valid_from,
        valid_until: front.valid_until,
        translations: std::mem::take(&mut front.translations),
        related: std::mem::take(&mut front.related),
        pinned: front.pinned,
        boost: front.boost,
    })
}

/// The line of a file on which a key of its front matter stands.
pub(super) fn line_of_front(file: &Path, path: &[&str]) -> usize {
    let text = std::fs::read_to_string(file)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    let front = split_front_matter(text.trim_start_matches('\u{feff}'));
    front.map_or(1, |(head, ..)| Places::of(head).line(path) + 1)
}

/// Front matter, body and the body's first line number.
fn split_front_matter(text: &str) -> Option<(&str, &str, usize)> {
    let rest = text.strip_prefix("---\n")?;
    let (head, body) = match rest.find("\n---\n") {
        Some(at) => (&rest[..=at], &rest[at + 5..]),
        None => (rest.strip_suffix("\n---")?, ""),
    };
    Some((head, body, head.matches('\n').count() + 3))
}

fn lang_of_path(dir: &Path, file: &Path) -> Option<Lang> {
    file.strip_prefix(dir)
        .ok()?
        .components()
        .find_map(|part| Lang::of_code(part.as_os_str().to_str()?))
}

#[derive(Deserialize)]
struct FaqRow {
    question: String,
    answer: String,
    #[serde(default)]
    lang: Option<Lang>,
    #[serde(default)]
    tags: Option<String>,
    #[serde(default)]
    similar: Option<String>,
}

/// Reads every `.csv` table in `dir`: `question,answer[,lang,tags,similar]`; tags are separated by `;`,
/// similar questions by `|` or a line break.
#[must_use]
pub fn load_faq(dir: &Path, problems: &mut Problems) -> Vec<Faq> {
    let mut rows = Vec::new();
    for file in yaml::files_below(dir, &["csv"], problems) {
        if let Some(text) = yaml::read(&file, FAQ_BYTES_MAX, problems) {
            load_faq_file(&file, &text, &mut rows, problems);
        }
    }
    rows
}

fn load_faq_file(file: &Path, text: &str, rows: &mut Vec<Faq>, problems: &mut Problems) {
    let stem = file
        .file_stem()
        .and_then(|s| s.to_str())
        .unwrap_or("faq")
        .to_owned();
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    for (index, record) in reader.records().enumerate() {
        let line = record.as_ref().map_or(0, line_of_row);
        let row = record.and_then(|record| record.deserialize::<FaqRow>(Some(&header)));
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                if bad_row(file, &header, &error, problems).is_break() {
                    return;
                }
                continue;
            }
        };
        if row.question.is_empty() || row.answer.is_empty() {
            problems.error(file, line, "bad_row", "question or answer is empty; fill both");
            continue;
        }
        let lang = row
            .lang
            .or_else(|| Lang::of_text(&row.question))
            .unwrap_or(Lang::Zh);
        rows.push(Faq {
            id: format!("faq:{stem}:{}", index + 1),
            question: row.question,
            answer: row.answer,
            similar: parts(row.similar.as_deref(), &['|', '\n']),
            lang,
            tags: parts(row.tags.as_deref(), &[';']),
            file: file.to_owned(),
            line,
        });
    }
}

/// What stands between separators in a cell, trimmed; nothing is empty.
fn parts(cell: Option<&str>, separators: &[char]) -> Vec<String> {
    cell.unwrap_or_default()
        .split(separators)
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}
