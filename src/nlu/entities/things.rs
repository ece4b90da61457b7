//! What a shopper names: how many, which size, which colour, which product, and where it goes.

use super::{EntityRules, Folded};
use crate::conversation::Entity;

/// Words that count pieces.
const MEASURES: [&str; 22] = [
    "个", "件", "双", "套", "条", "只", "台", "箱", "份", "盒", "包", "把", "张", "支", "瓶", "对",
    " PIECES", " PCS", " PAIRS", " SETS", " BOXES", " UNITS",
];
/// Sizes in letters, longer ones first.
const LETTER_SIZES: [&str; 12] = [
    "XXXXL", "XXXL", "XXL", "XXS", "4XL", "3XL", "2XL", "XL", "XS", "S", "M", "L",
];
/// Words before or behind a size.
const SIZE_WORDS: [&str; 5] = ["码", "碼", "号", "號", "SIZE"];
/// Endings of Chinese places, from large to small.
const PLACES: [&str; 12] = [
    "省", "市", "区", "县", "镇", "乡", "村", "街道", "路", "街", "大道", "号",
];
/// Endings of English streets.
const STREETS: [&str; 14] = [
    "STREET",
    "ST",
    "ROAD",
    "RD",
    "AVENUE",
    "AVE",
    "LANE",
    "LN",
    "DRIVE",
    "DR",
    "CLOSE",
    "COURT",
    "WAY",
    "BOULEVARD",
];
/// What people write before an address.
const BEFORE_ADDRESS: [&str; 14] = [
    "改成", "改到", "改为", "寄到", "送到", "发到", "邮到", "地址", "收货", "住在", "我在", "是", "到", "在",
];
/// Fewest places that make a Chinese address.
const PLACES_MIN: usize = 2;
/// Longest address, in characters.
const ADDRESS_CHARS_MAX: usize = 60;

pub(super) fn find(folded: &Folded, rules: &EntityRules) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < folded.chars.len() {
        let one = product(folded, at, rules)
            .or_else(|| address(folded, at))
            .or_else(|| english_address(folded, at))
            .or_else(|| size(folded, at))
            .or_else(|| quantity(folded, at))
            .or_else(|| colour(folded, at, rules));
        match one {
            Some((entity, end)) => {
                found.push(entity);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

type Found = Option<(Entity, usize)>;

/// `两件`, `3 pieces`, `x2`.
fn quantity(folded: &Folded, at: usize) -> Found {
    folded.is_edge(at).then_some(())?;
    let times = matches!(folded.chars.get(at), Some('X' | '×' | '*'));
    let (count, end) = folded.number(if times { at + 1 } else { at })?;
    let word = MEASURES.iter().find(|word| folded.has(end, word));
    let end = match word {
        Some(word) => end + word.chars().count(),
        None if times && folded.is_edge(end) => end,
        None => return None,
    };
    (count > 0).then(|| (folded.entity("quantity", count.to_string(), at, end), end))
}

/// `XL`, `M码`, `42号`, `size 9`. A single letter counts only beside a word for size, or alone.
fn size(folded: &Folded, at: usize) -> Found {
    folded.is_edge(at).then_some(())?;
    let said = SIZE_WORDS
        .iter()
        .find(|word| folded.has(at, word) && **word == "SIZE");
    let from = said.map_or(at, |word| at + word.len());
    let from = if folded.chars.get(from) == Some(&' ') {
        from + 1
    } else {
        from
    };
    let (value, end) = match LETTER_SIZES.iter().find(|size| folded.has(from, size)) {
        Some(size) => ((*size).to_owned(), from + size.len()),
        None => {
            let (number, end) = folded.number(from).filter(|(n, _)| (1..=60).contains(n))?;
            (number.to_string(), end)
        }
    };
    folded.is_edge(end).then_some(())?;
    let behind = SIZE_WORDS
        .iter()
        .find(|word| folded.has(end, word) && **word != "SIZE");
    let letters = value.len() >= 2 && value.ends_with(['L', 'S']);
    let only = folded.chars.iter().filter(|c| c.is_alphanumeric()).count() == 1;
    let letter = only && value.chars().all(|c| c.is_ascii_alphabetic());
    (said.is_some() || behind.is_some() || letters || letter).then_some(())?;
    let end = end + behind.map_or(0, |word| word.chars().count());
    Some((folded.entity("size", value, at, end), end))
}

fn colour(folded: &Folded, at: usize, rules: &EntityRules) -> Found {
    let named = rules.colours.iter().filter(|(name, _)| folded.has(at, name));
    let (name, value) = named.max_by_key(|(name, _)| name.chars().count())?;
    let mut end = at + name.chars().count();
    (folded.is_edge(at) && folded.is_edge(end)).then_some(())?;
    if folded.chars.get(end) == Some(&'色') {
        end += 1;
    }
    Some((folded.entity("colour", value.clone(), at, end), end))
}

/// A product's name as the catalogue writes it; a long name may have one wrong character.
fn product(folded: &Folded, at: usize, rules: &EntityRules) -> Found {
    folded.is_edge(at).then_some(())?;
    let ends = |chars| folded.is_edge(at + chars);
    let (sku, chars) = rules.products.longest(&folded.chars[at..], ends)?;
    Some((
        folded.entity("product", sku.to_owned(), at, at + chars),
        at + chars,
    ))
}

/// Chinese places one after the other: `浙江省杭州市余杭区文一西路969号`.
fn address(folded: &Folded, at: usize) -> Found {
    is_place_char(*folded.chars.get(at)?).then_some(())?;
    if BEFORE_ADDRESS.iter().any(|word| folded.has(at, word)) {
        return None;
    }
    let (mut end, mut places, mut since) = (at, 0, 0);
    let mut last = at;
    while folded.chars.get(end).is_some_and(|c| is_place_char(*c)) {
        match PLACES
            .iter()
            .find(|place| folded.has(end, place))
            .filter(|_| since >= 1)
        {
            Some(place) => {
                end += place.chars().count();
                (places, since, last) = (places + 1, 0, end);
            }
            None => {
                end += 1;
                since += 1;
            }
        }
        // Names of places are short: what goes on longer is a sentence.
        if since > 7 || end - at > ADDRESS_CHARS_MAX {
            break;
        }
    }
    let value: String = folded.chars[at..last].iter().collect();
    let real = places >= PLACES_MIN && ["市", "区", "县", "路", "街"].iter().any(|p| value.contains(p));
    real.then(|| (folded.entity("address", value, at, last), last))
}

fn is_place_char(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) || c.is_ascii_digit() || c == '-'
}

/// `12 Park Road`, `221B Baker Street`.
fn english_address(folded: &Folded, at: usize) -> Found {
    let house = folded.chars[at..]
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .count();
    ((1..=5).contains(&house) && folded.is_edge(at)).then_some(())?;
    let rest: String = folded.chars[at..].iter().take(ADDRESS_CHARS_MAX).collect();
    let mut length = 0;
    for (place, word) in rest.split(' ').take(6).enumerate() {
        let bare = word.trim_end_matches([',', '.', '?', '!']);
        if place >= 2 && STREETS.contains(&bare) {
            let end = at + length + bare.chars().count();
            let value: String = folded.chars[at..end].iter().collect();
            return Some((folded.entity("address", value, at, end), end));
        }
        let letters = bare.chars().all(|c| c.is_ascii_alphanumeric());
        (letters && !bare.is_empty()).then_some(())?;
        length += word.chars().count() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Products;
    use super::*;

    #[test]
    fn things_of_both_languages() {
        let rules = EntityRules {
            products: Products::new(vec![
                ("细嘴手冲壶".to_owned(), "Q-KT01".to_owned()),
                ("POUR-OVER KETTLE".to_owned(), "Q-KT01".to_owned()),
            ]),
            colours: vec![
                ("红".to_owned(), "Red".to_owned()),
                ("深红".to_owned(), "Deep red".to_owned()),
                ("RED".to_owned(), "Red".to_owned()),
            ],
            ..EntityRules::default()
        };
        for (text, wanted) in [
            ("买两件XL的", vec![("quantity", "2"), ("size", "XL")]),
            ("M码还是42号", vec![("size", "M"), ("size", "42")]),
            ("size 9 please", vec![("size", "9")]),
            ("M", vec![("size", "M")]),
            ("I'm fine", vec![]),
            ("要深红色", vec![("colour", "Deep red")]),
            ("in red, x3", vec![("colour", "Red"), ("quantity", "3")]),
            ("credit", vec![]),
            ("细嘴手充壶多少钱", vec![("product", "Q-KT01")]),
            ("is the pour-over kettel in", vec![]),
            ("the pour-over ketple", vec![("product", "Q-KT01")]),
            (
                "改到浙江省杭州市余杭区文一西路969号",
                vec![("address", "浙江省杭州市余杭区文一西路969号")],
            ),
            (
                "send to 221 Baker Street, London",
                vec![("address", "221 BAKER STREET")],
            ),
            ("三个都坏了", vec![("quantity", "3")]),
            ("", vec![]),
        ] {
            let found = find(&Folded::new(text), &rules);
            let found: Vec<_> = found
                .iter()
                .map(|e| (e.kind.as_str(), e.value.as_str()))
                .collect();
            assert_eq!(found, wanted, "{text}");
        }
    }
}
