//! Bytes to text: UTF-8, UTF-16 with a byte order mark, or GB18030 where the bytes look like it.

use encoding_rs::{Encoding, GB18030, UTF_16BE, UTF_16LE};

/// Smallest share of two-byte characters that must lie where the common ones do. Latin-1 decodes as
/// GB18030 too, but into rare characters.
const COMMON_SHARE_MIN: f64 = 0.9;

/// Why bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotText {
    /// Offset of the first byte that is not UTF-8.
    pub byte: usize,
    /// The line it is on.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

/// The text, and the encoding's name unless it is UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Result<(String, Option<&'static str>), NotText> {
    let wide = [UTF_16LE, UTF_16BE].into_iter().zip([b"\xff\xfe", b"\xfe\xff"]);
    for (encoding, mark) in wide {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let text = with(encoding, rest).ok_or_else(|| refusal(bytes, 0))?;
            return Ok((text, Some(encoding.name())));
        }
    }
    let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(rest) {
        Ok(text) => Ok((text.to_owned(), None)),
        Err(error) => with(GB18030, rest)
            .filter(|_| looks_like_gb18030(rest))
            .map(|text| (text, Some("GB18030")))
            .ok_or_else(|| refusal(bytes, bytes.len() - rest.len() + error.valid_up_to())),
    }
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

/// For text that begins as UTF-16 and is none, the mark is the byte that is wrong.
fn refusal(bytes: &[u8], byte: usize) -> NotText {
    NotText {
        byte,
        line: bytes[..byte].iter().filter(|b| **b == b'\n').count() + 1,
        message: format!(
            "byte {byte} is neither UTF-8 nor GB18030 nor of sound UTF-16; save the file as UTF-8"
        ),
    }
}

/// Whether nearly all two-byte characters are of the common ones (GB 2312: both bytes from 0xA1 up).
fn looks_like_gb18030(bytes: &[u8]) -> bool {
    let (mut pairs, mut common) = (0_usize, 0_usize);
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        if byte < 0x80 {
            continue;
        }
        match rest.next() {
            Some(b'0'..=b'9') => drop((rest.next(), rest.next())),
            Some(second) => {
                pairs += 1;
                common += usize::from(byte >= 0xa1 && second >= 0xa1);
            }
            None => return false,
        }
    }
    pairs > 0 && common as f64 >= COMMON_SHARE_MIN * pairs as f64 && !bytes.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let chinese = "问题,答案\n怎么退货？,七天内可以退货。\n";
        let (gb, _, _) = GB18030.encode(chinese);
        assert_eq!(decode(&gb), Ok((chinese.to_owned(), Some("GB18030"))));
        let wide: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain(chinese.encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        assert_eq!(decode(&wide), Ok((chinese.to_owned(), Some("UTF-16BE"))));
        let marked = format!("\u{feff}{chinese}");
        assert_eq!(decode(marked.as_bytes()), Ok((chinese.to_owned(), None)));
    }

    #[test]
    fn what_is_no_text_names_its_byte() {
        for (bytes, byte) in [
            (&b"ab\nd\xe9j\xe0 vu"[..], 4),
            (b"\xff\xfe\x00", 0),
            (b"x\xff\x00\xfe", 1),
        ] {
            let refused = decode(bytes).unwrap_err();
            assert_eq!(refused.byte, byte, "{bytes:?}");
        }
        assert_eq!(decode(b"ab\nd\xe9j\xe0 vu").unwrap_err().line, 2);
        // A UTF-16 half surrogate, and Latin-1 prose with accents before letters.
        assert!(decode(b"\xff\xfe\x00\xd8a\x00").is_err());
        assert!(
            decode(
                "r\u{e9}pondre \u{e0} l'\u{e9}t\u{e9}"
                    .chars()
                    .map(|c| c as u8)
                    .collect::<Vec<_>>()
                    .as_slice()
            )
            .is_err()
        );
    }
}
