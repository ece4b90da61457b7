//! Names of products as shoppers type them. A shop may have thousands, so a name is looked up by how it begins.

use std::cmp::Reverse;
use std::collections::HashMap;

/// Shortest name that may have one wrong character.
const TYPO_CHARS_MIN: usize = 5;

/// Names with the codes of their products.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Products {
    names: Vec<(Vec<char>, String)>,
    /// Names by the place of a character and the character, at the first place and the second: one wrong character leaves
    /// one of the two.
    begin: HashMap<(usize, char), Vec<usize>>,
}

impl Products {
    /// From names, in upper case, and codes.
    #[must_use]
    pub fn new(named: Vec<(String, String)>) -> Self {
        let mut products = Self::default();
        for (at, (name, sku)) in named.into_iter().enumerate() {
            let name: Vec<char> = name.chars().collect();
            for place in name.iter().copied().enumerate().take(2) {
                products.begin.entry(place).or_default().push(at);
            }
            products.names.push((name, sku));
        }
        products
    }

    /// The longest name at the beginning of a text, the code of its product and the characters it takes; of two as long the one
    /// typed right. `ends` tells whether a name may end behind so many characters.
    pub(super) fn longest(&self, text: &[char], ends: impl Fn(usize) -> bool) -> Option<(&str, usize)> {
        let begun = text.iter().copied().enumerate().take(2);
        let named = begun.filter_map(|place| self.begin.get(&place)).flatten();
        let fitting = named.filter_map(|&at| {
            let (name, sku) = &self.names[at];
            let wrong = name.iter().zip(text.get(..name.len())?).filter(|(a, b)| a != b);
            let wrong = wrong.take(2).count();
            let fits = wrong == 0 || wrong == 1 && name.len() >= TYPO_CHARS_MIN;
            (fits && ends(name.len())).then_some((name.len(), Reverse(wrong), at, sku))
        });
        let (chars, _, _, sku) = fitting.max()?;
        Some((sku, chars))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_character_may_stand_anywhere() {
        let names = ["KETTLE", "KETTLE XL", "CUP", "杯"];
        let named = names.iter().map(|name| ((*name).to_owned(), name.to_lowercase()));
        let products = Products::new(named.collect());
        for (text, wanted) in [
            ("KETTLE", Some(("kettle", 6))),
            ("XETTLE", Some(("kettle", 6))),
            ("KXTTLE", Some(("kettle", 6))),
            ("KETTLX", Some(("kettle", 6))),
            ("XXTTLE", None),
            ("KETTLE XL IN RED", Some(("kettle xl", 9))),
            ("KETTLE XS", Some(("kettle xl", 9))),
            ("KETTL", None),
            ("CUP", Some(("cup", 3))),
            ("CAP", None),
            ("杯子", Some(("杯", 1))),
            ("", None),
        ] {
            let text: Vec<char> = text.chars().collect();
            assert_eq!(products.longest(&text, |_| true), wanted, "{text:?}");
        }
        let shorter = products.longest(&['K', 'E', 'T', 'T', 'L', 'E', ' ', 'X', 'L'], |end| end < 9);
        assert_eq!(shorter, Some(("kettle", 6)));
    }
}
