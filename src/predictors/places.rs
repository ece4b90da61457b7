//! Which hashed places have weights, and in which row.

use super::features::PLACES;

/// Places that a word of bits holds.
const WORD: u32 = u64::BITS;

/// A set of places, each with its rank among them as its row. A bit a place, and how many come before each word of bits: small
/// enough to stay in the processor's cache, where a map would be looked up in memory for every n-gram.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    bits: Vec<u64>,
    before: Vec<u32>,
    len: usize,
}

impl Places {
    /// Of hashed places in rising order, each once; nothing of others.
    pub fn of(places: &[u32]) -> Option<Self> {
        if !places.is_sorted_by(|a, b| a < b) || places.last() >= Some(&PLACES) {
            return None;
        }
        let words = places.last().map_or(0, |last| last / WORD + 1) as usize;
        let mut bits = vec![0_u64; words];
        for place in places {
            bits[(place / WORD) as usize] |= 1 << (place % WORD);
        }
        let mut sum = 0;
        let before = bits.iter().map(|word| {
            sum += word.count_ones();
            sum - word.count_ones()
        });
        Some(Self {
            before: before.collect(),
            bits,
            len: places.len(),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// The row of a place.
    pub fn row(&self, place: u32) -> Option<usize> {
        let at = (place / WORD) as usize;
        let (word, bit) = (*self.bits.get(at)?, 1 << (place % WORD));
        (word & bit != 0).then(|| self.before[at] as usize + (word & (bit - 1)).count_ones() as usize)
    }

    /// All of them, by row.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let words = (0..).zip(&self.bits);
        words.flat_map(|(at, word)| {
            (0..WORD)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| at * WORD + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ranks() {
        let listed = [0, 3, 63, 64, 65, 200, 1_048_575];
        let places = Places::of(&listed).unwrap();
        assert_eq!(places.len(), listed.len());
        for (row, place) in listed.into_iter().enumerate() {
            assert_eq!(places.row(place), Some(row));
        }
        for place in [1, 62, 66, 127, 199, 1_048_574, u32::MAX] {
            assert_eq!(places.row(place), None);
        }
        assert_eq!(places.iter().collect::<Vec<_>>(), listed);
        assert!(Places::of(&[2, 1]).is_none() && Places::of(&[1, 1]).is_none());
        assert!(Places::of(&[0, u32::MAX]).is_none());
        assert!(Places::of(&[]).unwrap().row(0).is_none());
    }
}
