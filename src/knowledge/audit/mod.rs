//! What is not well with the articles and faq rows: one file a kind of finding, listed in [`CHECKS`].
//! Nothing here reads a file or a clock; what is looked at is handed in.

mod concepts;
mod contradiction;
mod duplicate;
mod links;
mod long_answer;
mod near_duplicate;
mod quantity;
mod reach;
mod shared_question;
mod shelf;
mod stale;
mod translation;
mod validity;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::Knowledge;
use crate::bot::{Article, Faq};
use crate::predictors::Progress;
use shelf::Shelf;

pub(super) use links::{beside, decoded, is_elsewhere};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The folder cannot be served.
    Error,
    /// Shoppers may be told something wrong or nothing.
    Warning,
    /// Good to know.
    Info,
}

/// A line of a file, relative to the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Its line from 1; 0 when the file as a whole is meant.
    pub line: usize,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// A stable name for the kind of finding.
    pub code: &'static str,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// The second place, where two are involved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<Place>,
    /// How alike both are, 0..=1, where that is what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likeness: Option<f32>,
    /// What is wrong and, after a semicolon, what to do.
    pub message: String,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Everything that answers, products too.
    pub knowledge: &'a Knowledge,
    /// The articles that somebody wrote.
    pub articles: &'a [Arc<Article>],
    /// The faq rows.
    pub faq: &'a [Faq],
    /// The knowledge base's folder.
    pub root: &'a Path,
    /// Every file below it, relative to it; articles with their text.
    pub files: &'a BTreeMap<PathBuf, String>,
    /// Whether the shop speaks both languages.
    pub bilingual: bool,
    /// The day it is looked at.
    pub day: Date,
    /// Whether links to other sites are listed. They are not followed.
    pub links: bool,
}

/// Where findings go, and who hears how far it is.
struct Report<'r> {
    findings: Vec<Finding>,
    show: &'r mut dyn FnMut(Progress),
}

impl Report<'_> {
    fn add(
        &mut self,
        level: Level,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Finding {
        let message = message.into();
        self.findings.push(Finding {
            level,
            code,
            place,
            other: None,
            likeness: None,
            message,
        });
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    fn progress(&mut self, what: &'static str, done: usize, all: usize) {
        let loss = None;
        (self.show)(Progress {
            what,
            done,
            all,
            loss,
        });
    }
}

/// A kind of finding.
type Check = fn(&Shelf<'_>, &mut Report<'_>);

/// Every kind, in the order they are looked for.
const CHECKS: [Check; 10] = [
    duplicate::check,
    near_duplicate::check,
    contradiction::check,
    validity::check,
    stale::check,
    links::check,
    translation::check,
    shared_question::check,
    long_answer::check,
    reach::check,
];

/// Everything found, by file and line, the worst of a line first. `show` hears how far the slow parts are.
#[must_use]
pub fn audit(subject: &Subject<'_>, show: &mut dyn FnMut(Progress)) -> Vec<Finding> {
    let shelf = Shelf::of(subject);
    let mut report = Report {
        findings: Vec::new(),
        show,
    };
    for check in CHECKS {
        check(&shelf, &mut report);
    }
    let mut findings = report.findings;
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.place.clone(), f.level, f.code);
        key(a).cmp(&key(b))
    });
    findings
}
