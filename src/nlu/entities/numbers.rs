//! Numbers: orders, tracking, returns, phones, cards, identity, e-mail, money. Those that carry a checksum
//! are believed only when it fits.

use super::{EntityRules, Folded};
use crate::conversation::Entity;

/// Couriers' numbers: prefix, digits.
const TRACKING: [(&str, usize); 3] = [("SF", 13), ("ZT", 12), ("JD", 12)];
/// Our return numbers.
const RETURN: (&str, usize) = ("RT", 8);
/// Digits of a mainland mobile number.
const PHONE_DIGITS: usize = 11;
/// Digits of a phone's end that prove identity.
const TAIL_DIGITS: usize = 4;
/// Words that announce the last digits of a phone.
const TAIL_WORDS: [&str; 7] = [
    "尾号",
    "后四位",
    "后4位",
    "last four",
    "last 4",
    "ending",
    "ends in",
];

/// All numbers of a text, in order of their place, none inside another.
pub(super) fn find(folded: &Folded, rules: &EntityRules) -> Vec<Entity> {
    let mut entities = Vec::new();
    let mut at = 0;
    while at < folded.chars.len() {
        match entity_at(folded, at, rules) {
            Some((entity, end)) => {
                entities.push(entity);
                at = end;
            }
            None => at += 1,
        }
    }
    tail(folded, &mut entities);
    entities
}

fn entity_at(folded: &Folded, at: usize, rules: &EntityRules) -> Option<(Entity, usize)> {
    let before = at.checked_sub(1).map(|b| folded.chars[b]);
    if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let order = (rules.order_no_prefix.as_str(), rules.order_no_digits);
    numbered(folded, at, "order_no", order)
        .or_else(|| numbered(folded, at, "return_no", RETURN))
        .or_else(|| {
            TRACKING
                .iter()
                .find_map(|rule| numbered(folded, at, "tracking_no", *rule))
        })
        .or_else(|| id_card(folded, at))
        .or_else(|| bank_card(folded, at))
        .or_else(|| phone(folded, at))
        .or_else(|| email(folded, at))
        .or_else(|| money(folded, at))
}

/// A prefix and exactly so many digits; blanks and dashes between are passed over.
fn numbered(folded: &Folded, at: usize, kind: &str, rule: (&str, usize)) -> Option<(Entity, usize)> {
    let (prefix, wanted) = rule;
    let mut value = String::new();
    let mut place = at;
    for wanted in prefix.chars() {
        (folded.chars.get(place) == Some(&wanted)).then_some(())?;
        value.push(wanted);
        place += 1;
    }
    let (digits, end) = digits(folded, place, wanted)?;
    value.push_str(&digits);
    Some((folded.entity(kind, value, at, end), end))
}

/// Exactly `wanted` digits from a place on; blanks, dashes, `#`, `:` before or between do not count.
fn digits(folded: &Folded, from: usize, wanted: usize) -> Option<(String, usize)> {
    let mut digits = String::new();
    let mut end = from;
    for (place, c) in folded.chars.iter().enumerate().skip(from) {
        match c {
            '0'..='9' => {
                digits.push(*c);
                end = place + 1;
            }
            ' ' | '-' | '#' | ':' if digits.len() < wanted => {}
            _ => break,
        }
        if digits.len() > wanted {
            return None;
        }
    }
    (digits.len() == wanted).then_some((digits, end))
}

/// A resident identity number: 17 digits and a check character (GB 11643-1999, ISO 7064 mod 11-2).
fn id_card(folded: &Folded, at: usize) -> Option<(Entity, usize)> {
    let value: String = folded.chars.get(at..at + 18)?.iter().collect();
    let (body, check) = value.split_at_checked(17)?;
    let sum = body
        .chars()
        .try_fold(0, |sum, c| Some((sum + c.to_digit(10)?) * 2 % 11))?;
    let wanted = (12 - sum) % 11;
    let given = if check == "X" { 10 } else { check.parse().ok()? };
    let more = folded.chars.get(at + 18).is_some_and(char::is_ascii_alphanumeric);
    (given == wanted && !more).then(|| (folded.entity("id_card", value, at, at + 18), at + 18))
}

/// A payment card: 16 to 19 digits that pass Luhn's test (ISO/IEC 7812-1).
fn bank_card(folded: &Folded, at: usize) -> Option<(Entity, usize)> {
    let (value, end) = (16..=19).rev().find_map(|wanted| digits(folded, at, wanted))?;
    let sum: u32 = value
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') * (1 + place as u32 % 2);
            digit / 10 + digit % 10
        })
        .sum();
    let starts = folded.chars[at].is_ascii_digit() && folded.chars[at] != '0';
    (starts && sum.is_multiple_of(10)).then(|| (folded.entity("bank_card", value, at, end), end))
}

fn phone(folded: &Folded, at: usize) -> Option<(Entity, usize)> {
    (folded.chars[at] == '1').then_some(())?;
    let (value, end) = digits(folded, at, PHONE_DIGITS)?;
    let second = value.as_bytes().get(1).copied().unwrap_or(b'0');
    (second >= b'3').then(|| (folded.entity("phone", value, at, end), end))
}

fn email(folded: &Folded, at: usize) -> Option<(Entity, usize)> {
    let part = |c: &&char| c.is_ascii_alphanumeric() || matches!(**c, '.' | '_' | '-' | '+');
    let name = folded.chars[at..].iter().take_while(part).count();
    let sign = at + name;
    (name > 0 && folded.chars.get(sign) == Some(&'@')).then_some(())?;
    let host: String = folded.chars[sign + 1..].iter().take_while(part).collect();
    let host = host.trim_end_matches(['.', '-']);
    host.contains('.').then_some(())?;
    let end = sign + 1 + host.chars().count();
    let value: String = folded.chars[at..end].iter().collect::<String>().to_lowercase();
    Some((folded.entity("email", value, at, end), end))
}

/// `¥99.5`, `99元`, `99块`, `$20`.
fn money(folded: &Folded, at: usize) -> Option<(Entity, usize)> {
    let signed = matches!(folded.chars[at], '¥' | '$' | '£' | '€');
    let from = if signed { at + 1 } else { at };
    let number = |c: &&char| c.is_ascii_digit() || **c == '.';
    let count = folded.chars[from..].iter().take_while(number).count();
    let amount: String = folded.chars[from..from + count].iter().collect();
    amount.parse::<f64>().ok()?;
    let unit = folded
        .chars
        .get(from + count)
        .is_some_and(|c| matches!(c, '元' | '块'));
    if !signed && !unit {
        return None;
    }
    let end = from + count + usize::from(unit);
    let amount = amount.trim_end_matches('.').to_owned();
    Some((folded.entity("money", amount, at, end), end))
}

/// Four digits that are the whole message, or that `尾号` or `last four` announces; the last four of
/// a phone number serve too.
fn tail(folded: &Folded, entities: &mut Vec<Entity>) {
    let text: String = folded.chars.iter().collect::<String>().to_lowercase();
    let announced = TAIL_WORDS.iter().any(|word| text.contains(word));
    let mut from = 0;
    while from < folded.chars.len() {
        let run = folded.chars[from..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count();
        let glued = from > 0 && folded.chars[from - 1].is_ascii_alphanumeric();
        let alone = folded.chars.iter().filter(|c| c.is_alphanumeric()).count() == TAIL_DIGITS;
        if run == TAIL_DIGITS && !glued && (alone || announced) {
            let value: String = folded.chars[from..from + run].iter().collect();
            entities.push(folded.entity("phone_tail", value, from, from + run));
            return;
        }
        from += run.max(1);
    }
    if let Some(phone) = entities.iter().find(|e| e.kind == "phone").cloned() {
        let value = phone.value[PHONE_DIGITS - TAIL_DIGITS..].to_owned();
        entities.push(Entity {
            kind: "phone_tail".to_owned(),
            value,
            ..phone
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &[(&str, &str, &str)]) {
        let rules = EntityRules {
            order_no_prefix: "QM".to_owned(),
            order_no_digits: 10,
            ..EntityRules::default()
        };
        let found = find(&Folded::new(text), &rules);
        let found: Vec<_> = found
            .iter()
            .map(|e| (e.kind.as_str(), e.value.as_str(), &text[e.start..e.end]))
            .collect();
        assert_eq!(found, wanted, "{text}");
    }

    #[test]
    fn checksums_decide() {
        check(
            "11010519491231002X",
            &[("id_card", "11010519491231002X", "11010519491231002X")],
        );
        check("110105194912310021", &[]);
        check(
            "卡号 4111 1111 1111 1111",
            &[("bank_card", "4111111111111111", "4111 1111 1111 1111")],
        );
        check("4111 1111 1111 1112", &[]);
    }

    #[test]
    fn numbers_of_the_shop() {
        check("QM2026110312", &[("order_no", "QM2026110312", "QM2026110312")]);
        check(
            "查下qm 2026-110312到哪了",
            &[("order_no", "QM2026110312", "qm 2026-110312")],
        );
        check(
            "ＱＭ２０２６１１０３１２",
            &[("order_no", "QM2026110312", "ＱＭ２０２６１１０３１２")],
        );
        check("QM20261103123", &[]);
        check("XQM2026110312", &[]);
        check(
            "SF1234567890123 呢",
            &[("tracking_no", "SF1234567890123", "SF1234567890123")],
        );
        check("RT00012345", &[("return_no", "RT00012345", "RT00012345")]);
    }

    #[test]
    fn phones_and_tails() {
        check("尾号1234", &[("phone_tail", "1234", "1234")]);
        check(" 1234。", &[("phone_tail", "1234", "1234")]);
        check("it ends in 0042", &[("phone_tail", "0042", "0042")]);
        check("在2026年", &[]);
        check(
            "13912345678",
            &[
                ("phone", "13912345678", "13912345678"),
                ("phone_tail", "5678", "13912345678"),
            ],
        );
    }

    #[test]
    fn mail_and_money() {
        check(
            "写信到 A.b@shop.example.",
            &[("email", "a.b@shop.example", "A.b@shop.example")],
        );
        check(
            "满199元减¥20.5",
            &[("money", "199", "199元"), ("money", "20.5", "¥20.5")],
        );
        check("🙂 ¥", &[]);
        check("", &[]);
    }
}
