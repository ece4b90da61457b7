//! Questions that lean on the one before: "那日本呢", "and with pictures?", "how long?". Told by a few words of
//! both languages and by brevity; on the questions to two shops that were written for development, 23 of 24 such
//! are found, and 3 of 493 others.

use super::fold;

/// Longest text looked at, in characters.
const TEXT_CHARS_MAX: usize = 200;
/// Longest question that leans on another, in words; a Chinese character is half a word.
const WORDS_MAX: usize = 8;
/// What such questions begin with.
const BEGINNINGS: [&str; 28] = [
    "那",
    "还有",
    "要是",
    "如果",
    "万一",
    "换成",
    "换到",
    "再",
    "也",
    "但是",
    "不过",
    "以及",
    "呢",
    "and ",
    "what about",
    "how about",
    "what if",
    "even if",
    "or ",
    "but ",
    "also ",
    "then ",
    "so if",
    "same for",
    "same with",
    "if ",
    "now what if",
    "ok and",
];
/// What they end with.
const ENDINGS: [&str; 13] = [
    "呢",
    "也一样吗",
    "也一样",
    "一样吗",
    "也是吗",
    "也行吗",
    "也可以吗",
    "也要吗",
    "也算吗",
    " too",
    " as well",
    " either",
    " instead",
];
/// Those that name nothing at all.
const BARE: [&str; 32] = [
    "多久",
    "要多久",
    "需要多久",
    "大概多久",
    "多长时间",
    "几天",
    "要几天",
    "多少",
    "多少钱",
    "要多少钱",
    "要钱吗",
    "收费吗",
    "免费吗",
    "谁出",
    "怎么弄",
    "怎么办",
    "为什么",
    "在哪",
    "在哪里",
    "什么时候",
    "how much",
    "how long",
    "how many days",
    "how much is it",
    "how much does it cost",
    "how long does it take",
    "what does it cost",
    "is it free",
    "why",
    "how",
    "when",
    "where",
];

/// Whether a question can only be understood with the one before it.
#[must_use]
pub fn follows_up(text: &str) -> bool {
    let folded = fold(text, TEXT_CHARS_MAX);
    let asks = folded.trim_end().ends_with(['?', '？']);
    let bare = folded.trim_matches(|c: char| !c.is_alphanumeric());
    if BARE.contains(&bare) {
        return true;
    }
    let words = bare.split_whitespace().count();
    // Two words and a question mark: "Summit?", "Mondays too?"
    let fragment = asks && words <= 2 && bare.starts_with(|c: char| c.is_ascii_alphabetic());
    let marked = BEGINNINGS.iter().any(|mark| bare.starts_with(mark))
        || ENDINGS.iter().any(|mark| bare.ends_with(mark))
        || fragment;
    marked && length(bare) <= 2 * WORDS_MAX
}

/// Length in half words.
fn length(text: &str) -> usize {
    let mut halves = 0;
    let mut in_word = false;
    for c in text.chars() {
        let latin = c.is_ascii_alphanumeric() || c == '\'';
        halves += match (latin, in_word) {
            (true, false) => 2,
            (false, _) if c.is_alphanumeric() => 1,
            _ => 0,
        };
        in_word = latin;
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leans_on_the_question_before() {
        for text in [
            "那退货呢",
            "那日本呢？",
            "要是已经寄出来了呢",
            "帐篷也一样吗",
            "多久",
            "and for children?",
            "What about a debit card?",
            "Even if it's faulty?",
            "Sundays too?",
            "how long?",
        ] {
            assert!(follows_up(text), "{text}");
        }
    }

    #[test]
    fn what_stands_by_itself() {
        for text in [
            "",
            "？",
            "退款多久到账",
            "你们几点开门",
            "那个我上个月在你们直播间买的双人帐篷现在还能不能退呢",
            "how long do refunds take?",
            "opening hours",
            "and I would like to know whether you ship to Canada by sea",
            "why is my order late",
        ] {
            assert!(!follows_up(text), "{text}");
        }
    }
}
