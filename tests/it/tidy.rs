//! The house rules, so that they do not rot: levels of rooms, sizes, module docs, words, who names what.

use std::path::{Path, PathBuf};

use crate::support::root;

/// Rooms with their levels: a room imports only lower ones.
const LEVELS: [(&str, u8); 19] = [
    ("conversation", 0),
    ("bot", 1),
    ("predictors", 1),
    ("store", 1),
    ("nlu", 2),
    ("knowledge", 2),
    ("dialogue", 2),
    ("exchange", 2),
    ("commerce", 2),
    ("actions", 3),
    ("engine", 4),
    ("desk", 5),
    ("channels", 5),
    ("rehearsal", 5),
    ("console", 6),
    ("server", 7),
    ("config", 8),
    ("cli", 9),
    ("main", 10),
];
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
/// Words for which the house has another.
const BANNED: [&str; 8] = [
    "util",
    "helper",
    "manager",
    "snippet",
    "operator",
    "todo!",
    "dbg!",
    ".unwrap()",
];
/// Who alone may name what.
const NAMED_ONLY_IN: [(&str, &str); 8] = [
    ("tantivy::", "src/knowledge/"),
    ("candle_core", "src/predictors/"),
    ("candle_nn", "src/predictors/"),
    ("sqlx::", "src/store/"),
    ("calamine::", "src/exchange/"),
    ("html5ever::", "src/exchange/"),
    ("hyper_rustls::", "src/commerce/http/"),
    ("SystemTime::now", "src/engine/clock.rs"),
];

fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().display().to_string();
    found
        .iter()
        .map(|p| (name(p), std::fs::read_to_string(p).unwrap()))
        .collect()
}

/// What stands before the unit tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

fn level(room: &str) -> Option<u8> {
    LEVELS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, level)| *level)
}

fn room_of(file: &str) -> &str {
    file.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

#[test]
fn rooms_import_only_lower_levels() {
    let mut wrong = Vec::new();
    for (file, text) in sources("src").iter().filter(|(file, _)| file != "src/lib.rs") {
        let room = room_of(file);
        let own = level(room).unwrap_or_else(|| panic!("{file}: room `{room}` has no level"));
        for (at, line) in product(text).lines().enumerate() {
            for found in line.split("crate::").skip(1) {
                let other = found
                    .split(|c: char| !c.is_ascii_lowercase() && c != '_')
                    .next()
                    .unwrap();
                if let Some(level) = level(other).filter(|_| other != room)
                    && level >= own
                {
                    wrong.push(format!("{file}:{}: {room} imports {other}", at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_and_functions_are_short_and_documented() {
    let mut wrong = Vec::new();
    for (file, text) in sources("src").iter().chain(&sources("tests")) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            wrong.push(format!("{file}: {lines} lines"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{file}: no module doc"));
        }
        let mut open: Option<(usize, usize)> = None;
        for (at, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let begins = [
                "fn ",
                "pub fn ",
                "async fn ",
                "pub async fn ",
                "pub(super) fn ",
                "pub(super) async fn ",
            ];
            if open.is_none() && begins.iter().any(|b| line.trim_start().starts_with(b)) {
                open = Some((at, indent));
            }
            if let Some((from, depth)) =
                open.filter(|(_, depth)| line.trim_end() == format!("{}}}", " ".repeat(*depth)))
            {
                if at - from + 1 > FUNCTION_LINES_MAX {
                    wrong.push(format!(
                        "{file}:{}: a function of {} lines",
                        from + 1,
                        at - from + 1
                    ));
                }
                let _done = depth;
                open = None;
            } else if open.is_some_and(|(from, _)| from == at) && line.trim_end().ends_with(['}', ';']) {
                open = None;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn words_and_names_keep_to_the_house() {
    let mut wrong = Vec::new();
    for (file, text) in &sources("src") {
        for (at, line) in product(text).lines().enumerate() {
            for word in BANNED.iter().filter(|word| line.to_lowercase().contains(**word)) {
                // Three libraries have such a word in their own names.
                if !line.contains("hyper_util")
                    && !line.contains("hyper-util")
                    && !line.contains("http_body_util")
                    && !line.contains("without_snippet")
                {
                    wrong.push(format!("{file}:{}: `{word}`", at + 1));
                }
            }
            for (name, place) in NAMED_ONLY_IN {
                if line.contains(name) && !file.starts_with(place) {
                    wrong.push(format!("{file}:{}: {name} belongs to {place}", at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_planted_back_import_would_be_seen() {
    assert!(level("dialogue") < level("engine") && level("engine") < level("server"));
    assert_eq!(room_of("src/engine/hub.rs"), "engine");
}
