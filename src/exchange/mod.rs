//! What a shop wrote elsewhere, brought into `knowledge_base/`, and what is there taken out again. Readers
//! (one file a format in `read/`) make drafts; `merge` compares them with the folder and says what would be
//! written; `place` writes it. Writers (in `write/`) go the other way.

mod clean;
mod decode;
mod draft;
mod faq_table;
mod merge;
mod place;
mod read;
mod render;
mod report;
mod source;
mod spreadsheet;
mod write;

use std::path::{Path, PathBuf};

use crate::bot::{Faq, Problems, load_articles, load_faq};
use crate::conversation::Lang;
use draft::Found;
use source::Source;

pub use read::names as import_formats;
pub use report::{Note, Outcome, Report};
pub use write::names as export_formats;

/// Why nothing could be read or written at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was to be read cannot be.
    #[error("{0}")]
    Unreadable(Note),
    /// A file could not be written.
    #[error("{}: error[not_writable] {source}; check its rights and the space left", file.display())]
    NotWritable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Error {
    /// A stable name for the kind of error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Unreadable(note) => note.code,
            Self::NotWritable { .. } => "not_writable",
        }
    }

    fn unreadable(
        file: impl Into<String>,
        line: usize,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Unreadable(Note::new(Outcome::Bad, file, line, code, message))
    }
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    /// File or folder to read.
    pub from: &'a Path,
    /// Name of its format; told from the file when it is not given.
    pub format: Option<&'a str>,
    /// The knowledge base.
    pub into: &'a Path,
    /// Language of what does not say its own.
    pub lang: Option<Lang>,
    /// Write nothing.
    pub dry_run: bool,
    /// Replace what is there and differs.
    pub overwrite: bool,
}

/// Reads, compares and, unless it is a dry run, writes.
///
/// # Errors
/// When nothing of the source can be read, or a file cannot be written.
pub fn import(wanted: &Import<'_>) -> Result<Report, Error> {
    if !wanted.into.is_dir() {
        return Err(Error::unreadable(
            wanted.into.display().to_string(),
            0,
            "no_knowledge_base",
            "no such folder; name it with --into, or make it first",
        ));
    }
    let mut report = Report::new(wanted);
    let source = Source::open(wanted.from, &mut report)?;
    let format = read::format_of(wanted.format, &source)?;
    format.name.clone_into(&mut report.format);
    let mut found = Found::new(report, wanted.lang);
    (format.read)(&source, &mut found)?;
    let plan = merge::plan(wanted, &source.stem(), found);
    let mut report = plan.report;
    if wanted.dry_run {
        report.files = plan.files.keys().cloned().collect();
    } else {
        place::write_all(wanted.into, &plan.files, &mut report)?;
    }
    Ok(report)
}

/// What was exported.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Exported {
    /// Articles written.
    pub articles: usize,
    /// Faq rows written.
    pub faq: usize,
    /// Cells that a spreadsheet would have taken for formulas.
    pub guarded_cells: usize,
    /// Files written.
    pub files: usize,
}

/// Writes articles and faq rows of a knowledge base in another format. A file that is there is replaced
/// only with `overwrite`.
///
/// # Errors
/// When the folder is not there, the format is unknown, or a file cannot be written.
pub fn export(
    knowledge_base: &Path,
    format: &str,
    out: &Path,
    lang: Option<Lang>,
    overwrite: bool,
) -> Result<Exported, Error> {
    let mut problems = Problems::new(knowledge_base);
    let of_lang = |found: Lang| lang.is_none_or(|lang| lang == found);
    let mut articles = load_articles(&knowledge_base.join("articles"), &mut problems);
    articles.retain(|article| of_lang(article.lang));
    let mut faq: Vec<Faq> = load_faq(&knowledge_base.join("faq"), &mut problems);
    faq.retain(|row| of_lang(row.lang));
    if problems.any_error() {
        // A broken file would be missing from the export without a word.
        let first = problems.into_sorted().into_iter().next();
        return Err(first.map_or_else(
            || Error::unreadable("", 0, "bad_knowledge_base", "run xiaoer check"),
            |p| Error::unreadable(p.file.display().to_string(), p.line, p.code, p.message),
        ));
    }
    let made = write::make(format, &articles, &faq)?;
    let exported = Exported {
        articles: articles.len(),
        faq: faq.len(),
        guarded_cells: made.guarded_cells,
        files: made.files.len(),
    };
    place::write_export(out, &made, overwrite)?;
    Ok(exported)
}
