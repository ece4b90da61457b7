//! What a message's text may be.

use super::wire::Code;

/// Longest message, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;

/// Trims a message and checks it.
///
/// # Errors
/// `bad_text` for a NUL, `empty` when nothing can be seen, `too_long` above the limit.
pub fn check_text(text: &str) -> Result<String, Code> {
    if text.contains('\0') {
        return Err(Code::BadText);
    }
    let trimmed = text.trim();
    if !trimmed.chars().any(is_visible) {
        return Err(Code::Empty);
    }
    if trimmed.chars().count() > TEXT_CHARS_MAX {
        return Err(Code::TooLong);
    }
    Ok(trimmed.to_owned())
}

/// A text that may have nothing in it where files say something.
///
/// # Errors
/// See [`check_text`].
pub fn check_text_beside(text: &str, files: &[String]) -> Result<String, Code> {
    match check_text(text) {
        Err(Code::Empty) if !files.is_empty() => Ok(String::new()),
        checked => checked,
    }
}

/// Blanks, controls, joiners and direction marks show nothing by themselves.
fn is_visible(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{00ad}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(check_text("  hi \n").unwrap(), "hi");
        for empty in ["", "   ", "\u{200d}\u{200d}", "\u{feff}\t"] {
            assert_eq!(check_text(empty), Err(Code::Empty), "{empty:?}");
        }
        assert_eq!(check_text("a\0b"), Err(Code::BadText));
        assert!(check_text(&"字".repeat(TEXT_CHARS_MAX)).is_ok());
        assert_eq!(check_text(&"字".repeat(TEXT_CHARS_MAX + 1)), Err(Code::TooLong));
        assert!(check_text("👨‍👩‍👧‍👦").is_ok());
        let files = ["f".to_owned()];
        assert_eq!(check_text_beside(" \u{feff}", &files).unwrap(), "");
        assert_eq!(check_text_beside(" ", &[]), Err(Code::Empty));
        assert_eq!(check_text_beside("a\0b", &files), Err(Code::BadText));
    }
}
