//! On which line of a YAML text does a key stand?

use std::cell::OnceCell;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A YAML text with the line of every key and list item. It is read when a line is asked for, since that is
/// when a problem has to be told.
#[derive(Debug)]
pub struct Places {
    source: Source,
    root: OnceCell<Option<Spanned<Inside>>>,
}

#[derive(Debug)]
enum Source {
    Text(String),
    File(PathBuf),
}

/// What stands in a node.
#[derive(Debug)]
enum Inside {
    Value,
    Keys(Vec<(Spanned<String>, Spanned<Inside>)>),
    Items(Vec<Spanned<Inside>>),
}

fn line<T>(node: &Spanned<T>) -> usize {
    usize::try_from(node.referenced.line()).unwrap_or(0)
}

impl Places {
    /// The places of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self::new(Source::Text(text.to_owned()))
    }

    /// The places of a file.
    #[must_use]
    pub fn in_file(file: &Path) -> Self {
        Self::new(Source::File(file.to_owned()))
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            root: OnceCell::new(),
        }
    }

    fn root(&self) -> Option<&Spanned<Inside>> {
        let read = || match &self.source {
            Source::Text(text) => serde_saphyr::from_str(text).ok(),
            Source::File(file) => {
                let text = std::fs::read_to_string(file).ok()?;
                serde_saphyr::from_str(text.trim_start_matches('\u{feff}')).ok()
            }
        };
        self.root.get_or_init(read).as_ref()
    }

    /// The line of a key, list items by their number from 0; of as much of the way to it as is there.
    #[must_use]
    pub fn line(&self, path: &[&str]) -> usize {
        self.root().map_or(1, |root| follow(root, path, 1).0)
    }

    /// The same from the mapping or list item that begins on a line, or that line.
    #[must_use]
    pub fn line_below(&self, from: usize, path: &[&str]) -> usize {
        let found = self.root().and_then(|root| below(root, from, path));
        found.unwrap_or(from)
    }
}

/// The line of the last key of a path that is there, and how many of its keys are.
fn follow(node: &Spanned<Inside>, path: &[&str], at: usize) -> (usize, usize) {
    let Some((first, rest)) = path.split_first() else {
        return (at, 0);
    };
    let next = match &node.value {
        Inside::Value => None,
        Inside::Keys(keys) => {
            let found = keys.iter().find(|(key, _)| key.value == *first);
            found.map(|(key, value)| (line(key), value))
        }
        Inside::Items(items) => {
            let item = first.parse().ok().and_then(|number: usize| items.get(number));
            item.map(|item| (line(item), item))
        }
    };
    next.map_or((at, 0), |(line, value)| {
        let (line, more) = follow(value, rest, line);
        (line, more + 1)
    })
}

fn below(node: &Spanned<Inside>, from: usize, path: &[&str]) -> Option<usize> {
    if line(node) == from {
        let (line, keys) = follow(node, path, from);
        if keys > 0 {
            return Some(line);
        }
    }
    match &node.value {
        Inside::Value => None,
        Inside::Keys(keys) => keys.iter().find_map(|(_, value)| below(value, from, path)),
        Inside::Items(items) => items.iter().find_map(|item| below(item, from, path)),
    }
}

impl<'de> Deserialize<'de> for Inside {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Inside;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_str<E>(self, _: &str) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_unit<E>(self) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_none<E>(self) -> Result<Inside, E> {
        Ok(Inside::Value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inside, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Inside::Items(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inside, A::Error> {
        let mut keys = Vec::new();
        while let Some(key) = map.next_key()? {
            keys.push((key, map.next_value()?));
        }
        Ok(Inside::Keys(keys))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Inside, D::Error> {
        IgnoredAny::deserialize(inner).map(|_| Inside::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a flow\nflow: x\nsteps:\n  - id: a\n    say:\n      zh: 好\n      en: [one,\n           two]\n  - { id: b, on: { yes: a,\n      no: b } }\n  - id: c\n    next: a\n12: [1, null, 2.5, true]\n";

    #[test]
    fn keys_are_found_by_their_way() {
        let places = Places::of(TEXT);
        for (path, line) in [
            (&["flow"][..], 2),
            (&["steps", "0", "say", "en", "1"], 8),
            (&["steps", "1", "on", "no"], 10),
            (&["steps", "2", "next"], 12),
            (&["steps", "2", "none"], 11),
            (&["none"], 1),
            (&["12", "3"], 13),
        ] {
            assert_eq!(places.line(path), line, "{path:?}");
        }
    }

    #[test]
    fn keys_are_found_below_a_line() {
        let places = Places::of(TEXT);
        for (from, path, line) in [
            (4, &["say", "en"][..], 7),
            (9, &["on", "no"], 10),
            (11, &["next"], 12),
            (11, &["say"], 11),
            (40, &["say"], 40),
        ] {
            assert_eq!(places.line_below(from, path), line, "{from} {path:?}");
        }
        assert_eq!(Places::of("x: [").line(&["x"]), 1);
    }
}
