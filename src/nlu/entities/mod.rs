//! Values in the text: numbers, days, quantities, sizes, colours, products, addresses. Scanned by hand over
//! folded characters, with a map back to the bytes of the original.

mod numbers;
mod products;
mod things;
mod when;

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization;

use crate::bot::Bot;
use crate::conversation::Entity;

pub use products::Products;

/// What of the shop can be recognised in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntityRules {
    /// Letters an order number starts with, upper case.
    pub order_no_prefix: String,
    /// Digits that follow them.
    pub order_no_digits: usize,
    /// Names of products with their codes, in both languages.
    pub products: Products,
    /// Names of colours with their English name.
    pub colours: Vec<(String, String)>,
}

impl EntityRules {
    /// Those of a shop.
    #[must_use]
    pub fn of(bot: &Bot) -> Self {
        Self {
            order_no_prefix: bot.shop.order_no_prefix.to_uppercase(),
            order_no_digits: bot.shop.order_no_digits,
            products: Products::new(bot.catalogue.product_names()),
            colours: bot.catalogue.colour_names(),
        }
    }
}

/// Folded characters in upper case, each with the byte range it came from.
struct Folded {
    chars: Vec<char>,
    ranges: Vec<(usize, usize)>,
}

impl Folded {
    fn new(text: &str) -> Self {
        let (mut chars, mut ranges) = (Vec::new(), Vec::new());
        for (start, c) in text.char_indices() {
            for folded in c.nfkc().flat_map(char::to_uppercase) {
                chars.push(folded);
                ranges.push((start, start + c.len_utf8()));
            }
        }
        Self { chars, ranges }
    }

    fn entity(&self, kind: &str, value: String, from: usize, to: usize) -> Entity {
        let (start, end) = (self.ranges[from].0, self.ranges[to - 1].1);
        Entity {
            kind: kind.to_owned(),
            value,
            start,
            end,
        }
    }

    /// Whether `word`, in upper case, stands at a place.
    fn has(&self, at: usize, word: &str) -> bool {
        let mut place = at;
        word.chars().all(|c| {
            let same = self.chars.get(place) == Some(&c);
            place += 1;
            same
        })
    }

    /// Whether no Latin letter or digit stands right before a place, or at it.
    fn is_edge(&self, at: usize) -> bool {
        let glues = |c: Option<&char>| c.is_some_and(char::is_ascii_alphanumeric);
        !(glues(at.checked_sub(1).and_then(|b| self.chars.get(b))) && glues(self.chars.get(at)))
    }

    /// A number at a place, in digits or in Chinese up to ninety-nine, and the place behind it.
    fn number(&self, at: usize) -> Option<(u32, usize)> {
        let digits = self
            .chars
            .get(at..)?
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count();
        if digits > 0 {
            let value: String = self.chars[at..at + digits].iter().collect();
            return Some((value.parse().ok()?, at + digits));
        }
        let (mut value, mut end, mut seen) = (0, at, false);
        while let Some(c) = self.chars.get(end) {
            let unit = "零一二三四五六七八九".chars().position(|n| n == *c);
            match (c, unit) {
                ('十', _) => value = if value == 0 { 10 } else { value * 10 },
                ('两', _) => value += 2,
                (_, Some(unit)) => value += unit as u32,
                _ => break,
            }
            seen = true;
            end += 1;
        }
        seen.then_some((value, end))
    }
}

/// All entities, in order of their place. `today` is the day that relative days count from. A line of a burst
/// may be a value by itself, such as four digits, which it is not within a longer text.
pub(super) fn find(text: &str, rules: &EntityRules, today: Date) -> Vec<Entity> {
    let mut entities = find_in(text, rules, today);
    if text.contains('\n') {
        let mut from = 0;
        for line in text.split('\n') {
            for mut entity in find_in(line, rules, today) {
                entity.start += from;
                entity.end += from;
                let free = entities
                    .iter()
                    .all(|e| entity.end <= e.start || e.end <= entity.start);
                if free {
                    entities.push(entity);
                }
            }
            from += line.len() + 1;
        }
        entities.sort_by_key(|e| e.start);
    }
    entities
}

fn find_in(text: &str, rules: &EntityRules, today: Date) -> Vec<Entity> {
    let folded = Folded::new(text);
    let mut entities = numbers::find(&folded, rules);
    // Numbers are the surest; what overlaps an entity found before is none.
    let others = when::find(&folded, today)
        .into_iter()
        .chain(things::find(&folded, rules));
    for entity in others {
        let free = entities
            .iter()
            .all(|e| entity.end <= e.start || e.end <= entity.start);
        if free {
            entities.push(entity);
        }
    }
    entities.sort_by_key(|e| e.start);
    entities
}
