//! One way to write a message, whatever keyboard it came from: compatibility forms, case, traditional
//! characters, invisible characters and stretched letters are folded before anything is learnt or said.

use std::collections::HashMap;
use std::sync::LazyLock;

use hanconv::RawDictionary;
use unicode_normalization::UnicodeNormalization;

/// A character repeated more often than this says no more.
const REPEATS_MAX: usize = 3;

/// Traditional characters with their simplified form. A character that has several keeps the first.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let single = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    };
    RawDictionary::TSCharacters
        .iter()
        .filter_map(|(from, to)| Some((single(from)?, single(to)?)))
        .collect()
});

/// NFKC, lower case, simplified characters, no invisible ones, blanks squeezed, repeats cut to three; at
/// most the first `chars_max` characters.
#[must_use]
pub fn fold(text: &str, chars_max: usize) -> String {
    let mut folded = String::with_capacity(text.len().min(4 * chars_max));
    let mut run = (' ', 0);
    let wide = text.nfkc().flat_map(char::to_lowercase).take(chars_max);
    for c in wide {
        let c = match c {
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                continue;
            }
            c if c.is_whitespace() || c.is_control() => ' ',
            '’' | '‘' => '\'',
            c => SIMPLIFIED.get(&c).copied().unwrap_or(c),
        };
        run = if c == run.0 { (c, run.1 + 1) } else { (c, 1) };
        let most = if c == ' ' { 1 } else { REPEATS_MAX };
        if run.1 <= most || c.is_numeric() {
            folded.push(c);
        }
    }
    folded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn many_keyboards_one_text() {
        for (text, folded) in [
            ("  ＱＭ２０２６ \n Hello  ", "qm2026 hello"),
            ("我要退貨！！！！！", "我要退货!!!"),
            ("so\u{200b}ooooo slow", "sooo slow"),
            ("don’t 1000000", "don't 1000000"),
            ("\u{feff}", ""),
        ] {
            assert_eq!(fold(text, 100), folded);
        }
        assert_eq!(fold(&"货物".repeat(100_000), 400).chars().count(), 400);
    }
}
