//! Which passages say the same in the other language.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::ingest::Passage;
use super::articles;
use crate::conversation::Lang;

/// Ids of rows of tables begin like this; rows of two languages at the same place have nothing in common.
const ROW: &str = "faq:";

/// For each passage, where its article stands in the other language.
pub(super) struct Translations(Vec<Option<Theirs>>);

struct Theirs {
    article: Range<usize>,
    /// The passage that says the same, when both articles have as many passages.
    twin: Option<usize>,
}

impl Translations {
    pub fn of(passages: &[Arc<Passage>]) -> Self {
        let name = |range: &Range<usize>| (passages[range.start].lang, &*passages[range.start].article);
        let ours: Vec<Range<usize>> = articles(passages)
            .filter(|range| !passages[range.start].article.starts_with(ROW))
            .collect();
        let known: HashMap<(Lang, &str), &Range<usize>> =
            ours.iter().map(|range| (name(range), range)).collect();
        // Who names a translation is named by it, too.
        let mut named: HashMap<(Lang, &str), (Lang, &str)> = HashMap::new();
        for range in &ours {
            for (lang, id) in &passages[range.start].handling.translations {
                named.insert((*lang, id), name(range));
                named.insert(name(range), (*lang, id));
            }
        }
        let mut all: Vec<Option<Theirs>> = passages.iter().map(|_| None).collect();
        for range in &ours {
            let (lang, id) = name(range);
            let mut others = Lang::ALL.into_iter().filter(|other| *other != lang);
            let same_id = || others.find_map(|other| known.get(&(other, id)));
            let theirs = named
                .get(&(lang, id))
                .and_then(|other| known.get(other))
                .or_else(same_id);
            if let Some(theirs) = theirs {
                for at in range.clone() {
                    let twin = theirs.start + (at - range.start);
                    all[at] = Some(Theirs {
                        article: (*theirs).clone(),
                        twin: (theirs.len() == range.len()).then_some(twin),
                    });
                }
            }
        }
        Self(all)
    }

    /// Places of the passages of the same article in the other language.
    pub fn article(&self, at: usize) -> Range<usize> {
        self.0[at].as_ref().map_or(0..0, |theirs| theirs.article.clone())
    }

    /// Place of the passage that says the same.
    pub fn twin(&self, at: usize) -> Option<usize> {
        self.0[at].as_ref()?.twin
    }
}
