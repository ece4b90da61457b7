//! An address for e-mail. Whether it is anybody's, only a letter tells; this keeps out what cannot be one.

use std::fmt;

/// Longest address, in bytes (RFC 5321).
const BYTES_MAX: usize = 254;
/// Longest part before the `@`, and longest label of the domain, in bytes.
const PART_BYTES_MAX: usize = 64;

/// A text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no e-mail address; write one as in lin@shop.example, of at most {BYTES_MAX} bytes")]
pub struct NoAddress;

/// An address. It is shown whole to nobody but the shop: `Debug` and [`veiled`](Address::veiled) hold it back.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// The address that somebody wrote; spaces around it do not count.
    ///
    /// # Errors
    /// When it cannot be one.
    pub fn new(written: &str) -> Result<Self, NoAddress> {
        let written = written.trim();
        let (local, domain) = written.rsplit_once('@').ok_or(NoAddress)?;
        let is_whole = written.len() <= BYTES_MAX && local_is_right(local) && domain_is_right(domain);
        is_whole.then(|| Self(written.to_owned())).ok_or(NoAddress)
    }

    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first letter and its domain, for records that need no more.
    #[must_use]
    pub fn veiled(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let first: String = local.chars().take(1).collect();
        format!("{first}…@{domain}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.veiled())
    }
}

/// What would end a header, name a second address or begin a comment is in no address that people have.
fn local_is_right(local: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "\"(),:;<>@[\\]".contains(c);
    (1..=PART_BYTES_MAX).contains(&local.len())
        && !local.contains(odd)
        && local.split('.').all(|word| !word.is_empty())
}

fn domain_is_right(domain: &str) -> bool {
    let label_is_right = |label: &str| {
        (1..PART_BYTES_MAX).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.contains('.') && domain.split('.').all(label_is_right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_address_is_none() {
        for right in [
            "lin@shop.example",
            " a.b+c@mail.shop.example ",
            "林@商店.example",
            "o'neil@x-y.cn",
        ] {
            assert!(Address::new(right).is_ok(), "{right}");
        }
        let long = format!("{}@{}example", "a".repeat(64), "b.".repeat(100));
        let endless = format!("{}@{}example", "a".repeat(60), "b.".repeat(93));
        assert_eq!((endless.len(), Address::new(&endless).is_ok()), (254, true));
        for wrong in [
            "",
            "lin",
            "lin@shop",
            "@shop.example",
            "lin@",
            "lin@shop..example",
            "lin@.example",
            ".lin@shop.example",
            "lin@-shop.example",
            "lin@shop.example\r\nbcc: all@shop.example",
            "lin@a.example,may@b.example",
            "lin may@shop.example",
            "<lin@shop.example>",
            "lin@may@shop.example",
            "lin@[127.0.0.1]",
            &format!("{}@shop.example", "a".repeat(65)),
            &long,
        ] {
            assert_eq!(Address::new(wrong), Err(NoAddress), "{wrong}");
        }
    }

    #[test]
    fn it_is_shown_by_its_first_letter_and_its_domain() {
        let address = Address::new("lin.xiao@shop.example").unwrap();
        assert_eq!(address.veiled(), "l…@shop.example");
        assert_eq!(format!("{address:?}"), "l…@shop.example");
        assert_eq!(address.as_str(), "lin.xiao@shop.example");
    }
}
