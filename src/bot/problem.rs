//! Problems in people's files: data, not errors, collected until the whole folder has been read.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The folder cannot be served.
    Error,
    /// Worth a look; served all the same.
    Warning,
}

/// One problem, where it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// The file, relative to the knowledge base where possible.
    pub file: PathBuf,
    /// Line from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// A stable name for the kind of problem.
    pub code: &'static str,
    /// What is wrong and, after a semicolon, what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (file, line) = (self.file.display(), self.line);
        if line == 0 {
            write!(f, "{file}: {word}[{}] {}", self.code, self.message)
        } else {
            write!(f, "{file}:{line}: {word}[{}] {}", self.code, self.message)
        }
    }
}

/// A growing list of problems.
#[derive(Debug, Default)]
pub struct Problems {
    root: PathBuf,
    list: Vec<Problem>,
}

impl Problems {
    /// An empty list; files are reported relative to `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            list: Vec::new(),
        }
    }

    /// Adds an error.
    pub fn error(&mut self, file: &Path, line: usize, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Error, file, line, code, message.into());
    }

    /// Adds a warning.
    pub fn warn(&mut self, file: &Path, line: usize, code: &'static str, message: impl Into<String>) {
        self.add(Severity::Warning, file, line, code, message.into());
    }

    fn add(&mut self, severity: Severity, file: &Path, line: usize, code: &'static str, message: String) {
        let file = file.strip_prefix(&self.root).unwrap_or(file).to_owned();
        self.list.push(Problem {
            severity,
            file,
            line,
            code,
            message,
        });
    }

    /// Whether anything forbids serving.
    #[must_use]
    pub fn any_error(&self) -> bool {
        self.list.iter().any(|p| p.severity == Severity::Error)
    }

    /// All of them: errors first, then by file and line.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.list
            .sort_by(|a, b| (a.severity, &a.file, a.line).cmp(&(b.severity, &b.file, b.line)));
        self.list
    }
}
