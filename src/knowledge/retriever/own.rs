//! What an article's own title and questions find, for checks of the folder: nothing is thought over anew.

use super::super::text::TermSet;
use super::super::{Hit, Query};
use super::Retriever;

impl Retriever {
    /// What the question at place `which` of a passage's article finds, or its title behind the last; what they
    /// mean is known already. Unless `wide`, rivals are found by the `terms_max` rarest words alone.
    pub fn find_own(
        &self,
        (at, which): (usize, usize),
        wide: bool,
        terms_max: usize,
        query: &Query<'_>,
    ) -> Vec<Hit> {
        let gist = self.entries[at].article.get(which).cloned();
        let question = self.compared(&TermSet::of(query.text), gist, query.lang);
        let mut rarest = question.rarest();
        rarest.truncate(terms_max);
        let mut found = self.candidates(
            self.by_words(&rarest),
            question.gist.as_ref().filter(|_| wide),
            query,
        );
        found.insert(at);
        self.weighed(found, &question, query)
    }

    /// How near two passages are in meaning, where there is an encoder.
    pub fn nearness(&self, one: usize, two: usize) -> Option<f32> {
        let gist = |at: usize| &self.entries[at].gist;
        self.encoder.as_ref().map(|_| gist(one).cosine(gist(two)))
    }
}
