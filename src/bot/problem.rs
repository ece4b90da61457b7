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

/// A growing list of problems, and what could not be read for them: a name that is missing may stand there,
/// and one fault should not be told twice.
#[derive(Debug, Default)]
pub struct Problems {
    root: PathBuf,
    list: Vec<Problem>,
    lost: Vec<(PathBuf, String)>,
}

impl Problems {
    /// An empty list; files are reported relative to `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            list: Vec::new(),
            lost: Vec::new(),
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

    /// Remembers a file, or a row of one, that could not be read, with as much of its text as is there.
    pub fn lose(&mut self, file: &Path, text: impl Into<String>) {
        let file = file.strip_prefix(&self.root).unwrap_or(file).to_owned();
        self.lost.push((file, text.into()));
    }

    /// Whether a name stands in something below `folder` that could not be read.
    #[must_use]
    pub fn lost(&self, folder: &str, name: &str) -> bool {
        let mut below = self.lost.iter().filter(|(file, _)| file.starts_with(folder));
        below.any(|(file, text)| is_named(file, name) || holds_word(text, name))
    }

    /// Whether something below `folder` that could not be read is called by a name, or has a line `key: name`.
    #[must_use]
    pub fn lost_at(&self, folder: &str, key: &str, name: &str) -> bool {
        let says = |line: &str| {
            let line = line.trim_start().trim_start_matches("- ");
            let value = line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':'));
            value.is_some_and(|value| value.trim().trim_matches(['"', '\'']) == name)
        };
        let mut below = self.lost.iter().filter(|(file, _)| file.starts_with(folder));
        below.any(|(file, text)| is_named(file, name) || text.lines().any(says))
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

fn is_named(file: &Path, name: &str) -> bool {
    file.file_stem().is_some_and(|stem| stem == name)
}

/// Whether a name stands in a text, and not only as a part of a longer one.
fn holds_word(text: &str, name: &str) -> bool {
    let glued = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    text.match_indices(name).any(|(at, _)| {
        !glued(text[..at].chars().next_back()) && !glued(text[at + name.len()..].chars().next())
    })
}

/// The name among those known that is nearest to one that is not, when a slip or two lie between them.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.chars().collect();
    // A third of the letters may be wrong: more, and it is another word.
    let slips_max = (name.len() / 3).clamp(1, 3);
    let near = known.into_iter().map(|other| (slips(&name, other), other));
    let near = near.filter(|(slips, _)| *slips <= slips_max).min();
    near.map(|(_, other)| other)
}

/// What to do about a name that is not known: take the nearest, or else what `otherwise` says.
#[must_use]
pub fn or_nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(name, known).map_or_else(
        || otherwise.to_owned(),
        |near| format!("did you mean `{near}`? Otherwise {otherwise}"),
    )
}

/// Letters to put in, take out, replace or change over until one text is the other (optimal string alignment).
fn slips(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut least = (row[j] + usize::from(a != b))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["title", "tags", "related", "collect"];
        for (name, near) in [
            ("titel", Some("title")),
            ("tag", Some("tags")),
            ("colect", Some("collect")),
            ("questions", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, known), near, "{name}");
        }
    }

    #[test]
    fn what_could_not_be_read_may_hold_a_name() {
        let mut problems = Problems::new(Path::new("kb"));
        problems.lose(Path::new("kb/flows/a.yaml"), "flow: b\nslots: [c_d]");
        for (folder, name, lost) in [
            ("flows", "a", true),
            ("flows", "b", true),
            ("flows", "c", false),
            ("intents", "b", false),
            ("", "c_d", true),
        ] {
            assert_eq!(problems.lost(folder, name), lost, "{folder} {name}");
        }
        assert!(problems.lost_at("flows", "flow", "b"));
        assert!(!problems.lost_at("flows", "flow", "c_d"));
    }
}
