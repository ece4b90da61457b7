//! Texts of others as we keep them: no control or invisible characters, one kind of line end, lists
//! without repeats, and names that are safe as file names.

use std::collections::HashSet;

/// Longest file name made of a title, in bytes; with an extension and a number it stays below 255.
const SLUG_BYTES_MAX: usize = 120;

/// Whether a character shows nothing: controls, direction marks, zero-width ones, tags that smuggle text.
/// Joiners stay, since emoji are made with them.
fn is_invisible(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// A text of several lines.
pub(super) fn text(text: &str) -> String {
    let text = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let shown: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    shown.trim().to_owned()
}

/// A text of one line, with blanks squeezed.
pub(super) fn line(line: &str) -> String {
    text(line).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Questions without repeats and without the one they are similar to. `|` separates them in tables, so
/// in one it becomes its full-width form.
pub(super) fn questions(list: &[String], main: &str) -> Vec<String> {
    let mut seen = HashSet::from([main.to_owned()]);
    list.iter()
        .map(|question| line(question).replace('|', "｜"))
        .filter(|question| !question.is_empty() && seen.insert(question.clone()))
        .collect()
}

/// Tags without repeats; `;` separates them in tables.
pub(super) fn tags(list: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    list.iter()
        .map(|tag| line(&tag.replace(';', " ")))
        .filter(|tag| !tag.is_empty() && seen.insert(tag.clone()))
        .collect()
}

/// A name for a file: letters and digits of any script, the rest as `-`, in lower case.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if slug.len() + c.len_utf8() > SLUG_BYTES_MAX {
            break;
        }
        if c.is_alphanumeric() || c == '_' {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let reserved = ["con", "prn", "aux", "nul"];
    let numbered = |device: &str| slug.len() == 4 && slug.starts_with(device);
    if reserved.contains(&slug) || numbered("com") || numbered("lpt") {
        format!("{slug}-1")
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe() {
        for (name, safe) in [
            ("../../etc/passwd", "etc-passwd"),
            ("How do I return?", "how-do-i-return"),
            ("如何退货？", "如何退货"),
            ("CON", "con-1"),
            ("..", ""),
            ("a\\..\\b", "a-b"),
        ] {
            assert_eq!(slug(name), safe);
        }
        assert!(slug(&"退".repeat(500)).len() <= SLUG_BYTES_MAX);
    }

    #[test]
    fn nothing_unseen_comes_through() {
        let smuggled = "a\u{202e}b\u{200b}c\u{e0041}\u{7}\r\nd\u{feff}";
        assert_eq!(text(smuggled), "abc\nd");
        assert_eq!(line("  a \n\t b "), "a b");
        assert_eq!(text("👨\u{200d}👩\u{200d}👧"), "👨\u{200d}👩\u{200d}👧");
    }

    #[test]
    fn lists_have_no_repeats() {
        let list = ["a|b", "a｜b", "q", " ", "c"].map(str::to_owned);
        assert_eq!(questions(&list, "q"), ["a｜b", "c"]);
    }
}
