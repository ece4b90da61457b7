//! The two languages the shop speaks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language of messages, articles and responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese, written in either script.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// Both, in the order the shop lists them.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// `zh` or `en`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The language of a code, `zh` or `en`.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// Reads a browser's locale (`zh-CN`, `en_GB`, `fr`): Chinese stays Chinese, all others English.
    #[must_use]
    pub fn from_locale(locale: &str) -> Self {
        let is_zh = locale
            .get(..2)
            .is_some_and(|head| head.eq_ignore_ascii_case("zh"));
        if is_zh { Self::Zh } else { Self::En }
    }

    /// The language a text is written in, or `None` when nothing in it tells (digits, emoji).
    ///
    /// One Han character carries about as much as one English word, so they are weighed alike and
    /// Chinese wins a tie: `我的 order 到哪了` is Chinese.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        match weights(text) {
            (0, 0) => None,
            (h, w) if h >= w => Some(Self::Zh),
            _ => Some(Self::En),
        }
    }

    /// The language of a text in a conversation that was in `before`: a few words of the other language
    /// (`cancel it 谢谢`) do not change it, only a text that is mostly in the other.
    #[must_use]
    pub fn of_text_after(text: &str, before: Self) -> Option<Self> {
        let (han, words) = weights(text);
        if han == 0 || words == 0 {
            return Self::of_text(text);
        }
        let (own, other) = if before == Self::Zh {
            (han, words)
        } else {
            (words, han)
        };
        if other > MIXED_TIMES_MIN * own {
            Self::of_text(text)
        } else {
            Some(before)
        }
    }
}

/// How many times a message holds more of the other language before that is the conversation's.
const MIXED_TIMES_MIN: usize = 3;

/// How much of a text is Chinese, in characters, and how much English, in words.
fn weights(text: &str) -> (usize, usize) {
    let han = text.chars().filter(|c| is_han(*c)).count();
    // A code such as QM2026110312 or an address such as name@example.com is in no language.
    let joined = |token: &&str| {
        let inner = token.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        inner.contains(['@', '_', '/']) || inner.split('.').filter(|part| part.len() > 1).count() > 1
    };
    let words = text
        .split_whitespace()
        .filter(|token| !joined(token))
        .collect::<Vec<_>>()
        .join(" ");
    let words = words
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '\'')
        .filter(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\''))
        .count();
    (han, words)
}

impl std::fmt::Display for Lang {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// Whether a character is a Han ideograph (Unicode blocks, extensions included).
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_of_texts() {
        for (text, lang) in [
            ("我的快递到哪了", Some(Lang::Zh)),
            ("where is my parcel", Some(Lang::En)),
            ("我的order到哪了", Some(Lang::Zh)),
            ("can I use 花呗 here please", Some(Lang::En)),
            ("QM2026110312", None),
            ("👍 123", None),
            ("", None),
        ] {
            assert_eq!(Lang::of_text(text), lang, "{text}");
        }
    }

    #[test]
    fn a_few_words_do_not_change_the_language() {
        for (text, before, lang) in [
            ("cancel it 谢谢", Lang::En, Some(Lang::En)),
            ("ok 谢谢", Lang::En, Some(Lang::En)),
            ("我的 order 到哪了", Lang::En, Some(Lang::Zh)),
            ("hi 我要退货", Lang::Zh, Some(Lang::Zh)),
            ("where is my parcel 呢", Lang::Zh, Some(Lang::En)),
            ("name@example.com", Lang::Zh, None),
        ] {
            assert_eq!(Lang::of_text_after(text, before), lang, "{text}");
        }
    }

    #[test]
    fn language_of_locales() {
        assert_eq!(Lang::from_locale("zh-TW"), Lang::Zh);
        assert_eq!(Lang::from_locale("en-GB"), Lang::En);
        assert_eq!(Lang::from_locale("z"), Lang::En);
    }
}
