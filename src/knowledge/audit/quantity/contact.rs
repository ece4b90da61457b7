//! Phone numbers and mail addresses.

use super::{Amount, Found, Kind};

/// A mail address.
pub(super) fn mail(chars: &[char], at: usize) -> Option<Found> {
    let part = |c: &&char| c.is_ascii_alphanumeric() || matches!(**c, '.' | '_' | '-' | '+');
    let name = chars[at..].iter().take_while(part).count();
    let sign = at + name;
    (name > 0 && chars.get(sign) == Some(&'@')).then_some(())?;
    let host: String = chars[sign + 1..].iter().take_while(part).collect();
    let host = host.trim_end_matches(['.', '-']);
    host.contains('.').then_some(())?;
    let end = sign + 1 + host.len();
    let amount = Amount::Text(chars[at..end].iter().collect());
    Some(Found {
        kind: Kind::Mail,
        amount,
        end,
    })
}

/// A service number (400, 800), a mobile or a landline number of the mainland, or one with a country's code.
pub(super) fn phone(chars: &[char], at: usize) -> Option<Found> {
    let part = |c: &&char| c.is_ascii_digit() || matches!(**c, '-' | ' ');
    let plus = usize::from(chars[at] == '+');
    let run = chars[at + plus..].iter().take_while(part).count();
    let run: String = chars[at + plus..at + plus + run].iter().collect();
    let run = run.trim_end_matches(['-', ' ']);
    let digits: String = run.chars().filter(char::is_ascii_digit).collect();
    let (home, digits) = match digits.strip_prefix("86") {
        Some(home) if plus == 1 => (true, home.to_owned()),
        _ => (plus == 0, digits),
    };
    let long = digits.len();
    let mobile = digits.starts_with('1') && long == 11;
    let service = (digits.starts_with("400") || digits.starts_with("800")) && long == 10;
    let landline = digits.starts_with('0') && (10..=12).contains(&long) && run.contains('-');
    let fits = if home {
        mobile || service || landline
    } else {
        long >= 8
    };
    let end = at + plus + run.chars().count();
    fits.then_some(Found {
        kind: Kind::Phone,
        amount: Amount::Text(digits),
        end,
    })
}
