//! The terms of a passage by field, and how much of a question they hold: BM25F (Robertson, Zaragoza and
//! Taylor, 2004), where a term counts once over all fields, more in those that say what the passage is for.

use super::text;

/// Fields of a passage: title, questions and tags, heading, body.
pub(super) const FIELDS: usize = 4;
/// What a term counts in each field.
pub(super) const WEIGHTS: [f32; FIELDS] = [2.5, 2.0, 1.8, 1.0];
/// How soon more of the same term tells no more.
const K1: f32 = 1.2;
/// How much a field's length matters.
const B: f32 = 0.75;
/// What a term can add at most, in units of its weight.
pub(super) const TERM_MOST: f32 = K1 + 1.0;

/// Which fields a term stands in.
const TITLE: usize = 0;
const HEADING: usize = 2;
const BODY: usize = 3;

/// How often each term stands in each field, by hash in order.
#[derive(Debug, Default)]
pub(super) struct Terms {
    counted: Vec<(u64, [u8; FIELDS])>,
    /// Terms of each field, repeated ones too.
    lengths: [u32; FIELDS],
}

impl Terms {
    /// Of title, questions and tags, heading, body.
    pub fn of(fields: [&str; FIELDS]) -> Self {
        let mut all: Vec<(u64, usize)> = Vec::new();
        for (field, text) in fields.into_iter().enumerate() {
            all.extend(text::hashes(text).map(|hash| (hash, field)));
        }
        all.sort_unstable();
        let mut terms = Self::default();
        for (hash, field) in all {
            terms.lengths[field] += 1;
            if terms.counted.last().is_none_or(|(last, _)| *last != hash) {
                terms.counted.push((hash, [0; FIELDS]));
            }
            if let Some((_, counts)) = terms.counted.last_mut() {
                counts[field] = counts[field].saturating_add(1);
            }
        }
        terms
    }

    /// Each term with its counts.
    pub fn counted(&self) -> impl Iterator<Item = (u64, [u8; FIELDS])> {
        self.counted.iter().copied()
    }

    /// Terms of each field.
    pub fn lengths(&self) -> [u32; FIELDS] {
        self.lengths
    }

    /// Counts of a term; none when it does not stand here.
    pub fn get(&self, hash: u64) -> Option<[u8; FIELDS]> {
        let at = self.counted.binary_search_by_key(&hash, |(term, _)| *term).ok()?;
        Some(self.counted[at].1)
    }

    /// Whether a term with these counts stands in the passage's own heading or text.
    pub fn is_own(counts: [u8; FIELDS]) -> bool {
        counts[HEADING] > 0 || counts[BODY] > 0
    }

    /// Whether it stands in title or heading.
    pub fn is_title(counts: [u8; FIELDS]) -> bool {
        counts[TITLE] > 0 || counts[HEADING] > 0
    }

    /// What a term with these counts adds, in units of its weight, where fields are so long on average.
    pub fn strength(&self, counts: [u8; FIELDS], average: &[f32; FIELDS]) -> f32 {
        let mut times = 0.0;
        for (field, count) in counts.into_iter().enumerate() {
            if count > 0 {
                let long = self.lengths[field] as f32 / average[field].max(1.0);
                times += WEIGHTS[field] * f32::from(count) / (1.0 - B + B * long);
            }
        }
        times * TERM_MOST / (times + K1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_tells_more_than_a_body_and_more_of_it_ever_less() {
        let hash = text::hashes("tea").next().unwrap();
        let strength = |fields: [&str; FIELDS]| {
            let terms = Terms::of(fields);
            terms.strength(terms.get(hash).unwrap(), &[2.0, 0.0, 0.0, 20.0])
        };
        let body = "we brew it in a pot of clay with water from the spring";
        let once = strength(["pot", "", "", &format!("tea {body}")]);
        let twice = strength(["pot", "", "", &format!("tea tea {body}")]);
        let thrice = strength(["pot", "", "", &format!("tea tea tea {body}")]);
        assert!(once < twice && thrice - twice < twice - once && thrice < TERM_MOST);
        assert!(strength(["tea", "", "", body]) > once);
        assert!(Terms::of(["tea", "", "", ""]).get(hash + 1).is_none());
    }
}
