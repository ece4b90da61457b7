//! Reading people's files: bounded, UTF-8, with positions in every complaint.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::problem::Problems;

/// Most files read below one folder.
const FILES_MAX: usize = 50_000;
/// Deepest folder below the root.
const DEPTH_MAX: usize = 8;

/// All files with an extension below a folder, sorted; links and devices are passed over with a
/// warning. A folder that is not there counts as empty.
#[must_use]
pub fn files_below(dir: &Path, extension: &str, problems: &mut Problems) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(dir, extension, 0, &mut found, problems);
    if found.len() > FILES_MAX {
        let message = format!("more than {FILES_MAX} files; the rest is not read");
        problems.error(dir, 0, "too_many_files", message);
        found.truncate(FILES_MAX);
    }
    found.sort();
    found
}

fn walk(dir: &Path, extension: &str, depth: usize, found: &mut Vec<PathBuf>, problems: &mut Problems) {
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
            walk(&path, extension, depth + 1, found, problems);
        } else if kind.is_file() && path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        } else if !kind.is_file() && !kind.is_dir() {
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
        problems.error(
            file,
            0,
            "not_readable",
            format!("{error}; check that it exists and its rights"),
        );
        return None;
    }
    if bytes.len() as u64 > bytes_max {
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
            let line = error
                .location()
                .map_or(0, |l| usize::try_from(l.line()).unwrap_or(0));
            let message = error.without_snippet().to_string();
            let first = message.lines().next().unwrap_or("not valid YAML").to_owned();
            problems.error(file, line_before + line, code, first);
            None
        }
    }
}

/// The first line from `from` on (both counted from 1) on which a key stands, or `from`.
pub(super) fn line_of(text: &str, from: usize, key: &str) -> usize {
    let stands = |line: &str| {
        let line = line
            .trim_start()
            .trim_start_matches("- ")
            .trim_start_matches(['"', '\'']);
        let rest = line.strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
    };
    let skipped = from.saturating_sub(1);
    let found = text.lines().skip(skipped).position(stands);
    found.map_or(from, |index| index + skipped + 1)
}
