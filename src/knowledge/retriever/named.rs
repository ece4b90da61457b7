//! Where the passages of an article stand, by its id; an article may be there in several languages.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::ingest::Passage;
use super::articles;

pub(super) struct Named(HashMap<String, Vec<Range<usize>>>);

impl Named {
    pub fn of(passages: &[Arc<Passage>]) -> Self {
        let mut named: HashMap<String, Vec<Range<usize>>> = HashMap::new();
        for range in articles(passages) {
            let id = passages[range.start].article.clone();
            named.entry(id).or_default().push(range);
        }
        Self(named)
    }

    /// Places of all passages of an id, in order.
    pub fn places(&self, id: &str) -> impl Iterator<Item = usize> {
        self.0.get(id).into_iter().flatten().cloned().flatten()
    }
}
