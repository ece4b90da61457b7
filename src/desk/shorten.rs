//! Texts as people skim them: cut to a length, and without whole telephone numbers.

/// Fewest digits of what may be a telephone number, a card or an identity number.
const NUMBER_DIGITS_MIN: usize = 8;
/// Digits that may be shown of it.
const TAIL_DIGITS: usize = 4;

/// The beginning of a text on one line.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    let mut cut: String = line.chars().take(chars_max.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A text in which long numbers show their last four digits only. What has letters before its digits, such as
/// an order number, is no telephone number.
pub(super) fn hide_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let after_letter = at > 0 && (chars[at - 1].is_ascii_alphanumeric() || chars[at - 1] == '_');
        let end = if after_letter { at } else { number_end(&chars, at) };
        let digits = chars[at..end].iter().filter(|c| c.is_numeric()).count();
        if digits < NUMBER_DIGITS_MIN {
            let end = end.max(at + 1);
            shown.extend(&chars[at..end]);
            at = end;
            continue;
        }
        let mut left = digits;
        for c in chars[at..end].iter().filter(|c| c.is_numeric()) {
            shown.push(if left > TAIL_DIGITS { '*' } else { *c });
            left -= 1;
        }
        at = end;
    }
    shown
}

/// Behind a number that begins here: digits, with single blanks or hyphens among them.
fn number_end(chars: &[char], from: usize) -> usize {
    let is_digit = |at: usize| chars.get(at).is_some_and(|c| c.is_numeric());
    let mut end = from;
    loop {
        if is_digit(end) {
            end += 1;
        } else if end > from && matches!(chars.get(end), Some(' ' | '-')) && is_digit(end + 1) {
            end += 2;
        } else {
            return end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_is_shown_in_full() {
        for (text, shown) in [
            ("我的手机是19000001234谢谢", "我的手机是*******1234谢谢"),
            ("call +86 190-0000-1234.", "call +*********1234."),
            ("QM2026110312 和 ZT288850012369", "QM2026110312 和 ZT288850012369"),
            ("尾号1234，2件，￥1299", "尾号1234，2件，￥1299"),
            ("１９００００01234", "*******1234"),
            ("62220000 11112222 333", "***************2333"),
        ] {
            assert_eq!(hide_numbers(text), shown);
        }
        assert_eq!(cut("a\n b   c", 10), "a b c");
        assert_eq!(cut("一二三四五", 4), "一二三…");
    }
}
