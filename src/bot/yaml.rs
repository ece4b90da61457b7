//! Reading people's files: bounded, UTF-8, with positions in every complaint.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use serde_saphyr::Error;

use super::problem::{Problems, nearest};

/// Most files read below one folder.
const FILES_MAX: usize = 50_000;
/// Deepest folder below the root.
const DEPTH_MAX: usize = 8;

/// All files with one of these extensions below a folder, sorted; links and devices are passed over with a
/// warning. A folder that is not there counts as empty.
#[must_use]
pub fn files_below(dir: &Path, extensions: &[&str], problems: &mut Problems) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(dir, extensions, 0, &mut found, problems);
    if found.len() > FILES_MAX {
        let message = format!("more than {FILES_MAX} files; the rest is not read");
        problems.error(dir, 0, "too_many_files", message);
        found.truncate(FILES_MAX);
    }
    // By their letters: telling paths apart part by part takes as long as reading them.
    found.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    found
}

fn walk(dir: &Path, extensions: &[&str], depth: usize, found: &mut Vec<PathBuf>, problems: &mut Problems) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() && depth < DEPTH_MAX {
            walk(&path, extensions, depth + 1, found, problems);
        } else if kind.is_file()
            && path
                .extension()
                .is_some_and(|e| extensions.iter().any(|known| e == *known))
        {
            found.push(path);
        } else if !kind.is_file() && !kind.is_dir() {
            problems.lose(&path, "");
            problems.warn(
                &path,
                0,
                "not_a_file",
                "a link or device is not read; put the file itself here",
            );
        }
    }
}

/// Every file below a folder by its path from there, Markdown with its text.
#[must_use]
pub fn files_in(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    list(root, root, &mut files);
    files
}

fn list(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
            list(root, &path, files);
        } else if kind.is_ok_and(|kind| kind.is_file()) {
            let text = path.extension().filter(|end| *end == "md");
            let text = text.and_then(|_| std::fs::read_to_string(&path).ok());
            let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
            files.insert(name, text.unwrap_or_default());
        }
    }
}

/// Reads a text file of at most `bytes_max` bytes; a BOM is dropped and line ends become `\n`.
#[must_use]
pub fn read(file: &Path, bytes_max: u64, problems: &mut Problems) -> Option<String> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|f| f.take(bytes_max + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        problems.lose(file, "");
        problems.error(
            file,
            0,
            "not_readable",
            format!("{error}; check that it exists and its rights"),
        );
        return None;
    }
    if bytes.len() as u64 > bytes_max {
        problems.lose(file, String::from_utf8_lossy(&bytes));
        let message = format!("larger than {bytes_max} bytes; split it");
        problems.error(file, 0, "too_large", message);
        return None;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Some(text.trim_start_matches('\u{feff}').replace("\r\n", "\n")),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
            let message = format!("byte {at} is not UTF-8; save the file as UTF-8");
            problems.lose(file, String::from_utf8_lossy(error.as_bytes()));
            problems.error(file, line, "not_utf8", message);
            None
        }
    }
}

/// Parses YAML that starts below line `line_before` of `file`.
#[must_use]
pub fn parse<T: DeserializeOwned>(
    file: &Path,
    line_before: usize,
    text: &str,
    code: &'static str,
    problems: &mut Problems,
) -> Option<T> {
    match serde_saphyr::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            // A file of nothing but comments has no place of its own.
            let line = error.location().map_or(1, |l| line_number(l.line()).max(1));
            problems.lose(file, text);
            problems.error(file, line_before + line, code, complaint(error.without_snippet()));
            None
        }
    }
}

fn line_number(line: u64) -> usize {
    usize::try_from(line).unwrap_or(0)
}

/// What is wrong with YAML, in words for those who write it.
fn complaint(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`; {}", instead(field, expected))
        }
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => {
            format!("`{variant}` is not known here; {}", instead(variant, expected))
        }
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing; write it"),
        Error::SerdeInvalidType {
            unexpected, expected, ..
        }
        | Error::SerdeInvalidValue {
            unexpected, expected, ..
        } => {
            format!("{unexpected} does not fit; write {expected}")
        }
        Error::InvalidScalar { ty, .. } => format!("the value does not fit; write {ty}"),
        Error::DuplicateMappingKey { key, .. } => {
            format!(
                "`{}` is there twice; take one out",
                key.as_deref().unwrap_or("a key")
            )
        }
        other => {
            let all = other.to_string();
            let first = all.lines().next().unwrap_or("not valid YAML");
            format!("{}; mend the YAML here", first.trim_end_matches('.'))
        }
    }
}

fn instead(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", known.join(", ")),
    }
}
