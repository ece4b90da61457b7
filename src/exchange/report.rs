//! What became of everything that was read: counts, and a line for whatever was not simply taken.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Import;

/// Notes kept; counts go on.
const NOTES_MAX: usize = 2_000;

/// What became of a row, an article or an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Was not there.
    New,
    /// Is there with other content, and was replaced.
    Changed,
    /// Is there with the same content.
    Unchanged,
    /// Twice in what was read; the first counts.
    Duplicate,
    /// Left out for a reason that is no fault.
    Skipped,
    /// Cannot be taken as it is.
    Bad,
    /// Is there with other content, and was not replaced.
    Conflict,
    /// Taken, but worth a look.
    Notice,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Skipped => "skipped",
            Self::Bad => "error",
            Self::Conflict => "conflict",
            Self::Notice => "notice",
        }
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What became of it.
    pub outcome: Outcome,
    /// The file that was read.
    pub file: String,
    /// Line from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// A stable name for the reason.
    pub code: &'static str,
    /// What is the matter and, after a semicolon, what to do.
    pub message: String,
}

impl Note {
    pub(super) fn new(
        outcome: Outcome,
        file: impl Into<String>,
        line: usize,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            outcome,
            file: file.into(),
            line,
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, word, code) = (&self.file, self.outcome.word(), self.code);
        let line = if self.line == 0 {
            String::new()
        } else {
            format!("{}:", self.line)
        };
        // What was read is somebody else's; a terminal must not obey it.
        let message: String = self
            .message
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        write!(f, "{file}:{line} {word}[{code}] {message}")
    }
}

/// What became of everything.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Name of the format.
    pub format: String,
    /// What was read.
    pub from: String,
    /// The knowledge base.
    pub into: String,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
    /// Were not there.
    pub new: usize,
    /// Were there with other content, and replaced.
    pub changed: usize,
    /// Were there with the same content.
    pub unchanged: usize,
    /// Twice in what was read.
    pub duplicate: usize,
    /// Left out.
    pub skipped: usize,
    /// Could not be taken.
    pub bad: usize,
    /// Were there with other content, and not replaced.
    pub conflicts: usize,
    /// What was not carried over, and how often it occurs.
    pub not_carried: BTreeMap<String, usize>,
    /// A line for whatever was not simply taken.
    pub notes: Vec<Note>,
    /// Notes above the number that is kept.
    pub notes_left_out: usize,
    /// Files written, or that would be, relative to the knowledge base.
    pub files: Vec<String>,
}

impl Report {
    pub(super) fn new(wanted: &Import<'_>) -> Self {
        Self {
            from: wanted.from.display().to_string(),
            into: wanted.into.display().to_string(),
            dry_run: wanted.dry_run,
            ..Self::default()
        }
    }

    /// Whether all that could be taken was.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.bad == 0 && self.conflicts == 0
    }

    /// Counts an outcome that needs no words.
    pub(super) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::New => self.new += 1,
            Outcome::Changed => self.changed += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Bad => self.bad += 1,
            Outcome::Conflict => self.conflicts += 1,
            Outcome::Notice => {}
        }
    }

    /// Counts an outcome and keeps its line.
    pub(super) fn note(&mut self, note: Note) {
        self.count(note.outcome);
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note);
        } else {
            self.notes_left_out += 1;
        }
    }

    pub(super) fn not_carried(&mut self, what: impl Into<String>, times: usize) {
        if times > 0 {
            *self.not_carried.entry(what.into()).or_default() += times;
        }
    }
}
