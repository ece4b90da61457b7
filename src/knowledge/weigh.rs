//! How much a candidate is worth: a few plain features and linear functions over them, fitted on
//! development questions by `scripts/fit_retrieval.py`. Nothing else ranks, and each part can be shown.

/// Number of features.
pub const FEATURES: usize = 20;

/// Names of the features, in order.
pub const NAMES: [&str; FEATURES] = [
    "words",
    "strength",
    "question",
    "title",
    "coverage",
    "body",
    "sentence",
    "meaning",
    "meaning_sentence",
    "meaning_question",
    "meaning_article",
    "pieces",
    "pieces_sentence",
    "pieces_question",
    "pieces_least",
    "foreign",
    "topic",
    "same_lang",
    "lead",
    "usual",
];

/// How the score of a hit came about; each part lies in 0..=1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Parts {
    /// BM25, against the best candidate.
    pub words: f32,
    /// BM25 against what the question could reach at most.
    pub strength: f32,
    /// Likeness of words to the nearest question that the article answers.
    pub question: f32,
    /// Likeness of words to title and heading.
    pub title: f32,
    /// Share of the question's weight found in the passage with its title and questions.
    pub coverage: f32,
    /// The same, in the passage's own text and heading alone.
    pub body: f32,
    /// The same, in one of its sentences.
    pub sentence: f32,
    /// Cosine of meaning to the passage; 0 without an encoder.
    pub meaning: f32,
    /// Cosine of meaning to its nearest sentence.
    pub meaning_sentence: f32,
    /// Cosine of meaning to the nearest question, title or heading.
    pub meaning_question: f32,
    /// Cosine of meaning to all of its article.
    pub meaning_article: f32,
    /// How much of the question is met, each of its pieces by the nearest of the passage, its heading, title and questions.
    pub pieces: f32,
    /// The same, by one of its sentences.
    pub pieces_sentence: f32,
    /// The same, by a question, title or heading.
    pub pieces_question: f32,
    /// The same as the first, of the pieces that are met least: what a question asks beyond the passage.
    pub pieces_least: f32,
    /// The greatest cosine of meaning where the passage is in another language, so that words cannot help it.
    pub foreign: f32,
    /// Likeness of the intents that question and article are taken for.
    pub topic: f32,
    /// 1 in the asker's language.
    pub same_lang: f32,
    /// 1 for the beginning of an article, which answers its title.
    pub lead: f32,
    /// How usual it is that a help centre answers the question, whatever the passage.
    pub usual: f32,
}

impl Parts {
    /// In the order of [`NAMES`].
    #[must_use]
    pub fn values(&self) -> [f32; FEATURES] {
        [
            self.words,
            self.strength,
            self.question,
            self.title,
            self.coverage,
            self.body,
            self.sentence,
            self.meaning,
            self.meaning_sentence,
            self.meaning_question,
            self.meaning_article,
            self.pieces,
            self.pieces_sentence,
            self.pieces_question,
            self.pieces_least,
            self.foreign,
            self.topic,
            self.same_lang,
            self.lead,
            self.usual,
        ]
    }
}

/// Weights of the ranking.
const RANKING: [f32; FEATURES] = [
    1.38, 0.0, 0.66, 0.0, 0.0, 0.0, 0.0, 5.49, 4.92, 1.95, 5.39, 7.09, 4.28, 0.71, 5.27, 3.58, 2.8, 0.0,
    0.73, 0.0,
];

/// Weights of the choice among the passages of the best article.
const WITHIN: [f32; FEATURES] = [
    0.96, 0.0, 0.0, 0.0, 0.0, 0.86, 0.0, 5.76, 5.2, 0.0, 0.35, 7.32, 1.52, 0.0, 4.95, 9.54, 2.19, 7.66, 0.0,
    0.0,
];

/// Weights of the features of the best hit, of its lead over the next article, and a bias.
const ANSWERABLE: [f32; FEATURES] = [
    0.0, 0.0, 0.02, 0.0, 0.0, 0.0, 0.0, 1.08, 1.41, 0.69, 1.24, 1.47, 0.88, 0.35, 0.92, 0.37, 0.33, 0.0, 0.0,
    1.53,
];
const ANSWERABLE_LEAD: f32 = 0.31;
const ANSWERABLE_BIAS: f32 = -5.26;
/// Where no word speaks for a passage, its meaning must be at least so near; a topic alone is had by babble too.
const MEANING_MIN: f32 = 0.35;
/// Where less than this of a question's words does, at least so near; such words as all texts have (`so it goes`) babble has too.
const WORDS_FEW: f32 = 0.5;
const MEANING_MIN_OF_FEW: f32 = 0.3;

fn dot(weights: &[f32; FEATURES], parts: &Parts) -> f32 {
    weights.iter().zip(parts.values()).map(|(w, v)| w * v).sum()
}

/// The ranking score of a passage whose article the shop moves so much; only its order means something.
pub(super) fn rank(parts: &Parts, boost: f32) -> f32 {
    dot(&RANKING, parts) + boost.ln()
}

/// The score of a passage among those of its article.
pub(super) fn rank_within(parts: &Parts) -> f32 {
    dot(&WITHIN, parts)
}

/// Whether neither words nor meaning speak for a passage.
fn answers_babble(parts: &Parts) -> bool {
    let words = parts.coverage.max(parts.question).max(parts.title);
    let meaning = parts
        .meaning
        .max(parts.meaning_sentence)
        .max(parts.meaning_question);
    words == 0.0 && meaning < MEANING_MIN || words < WORDS_FEW && meaning < MEANING_MIN_OF_FEW
}

/// How likely a passage answers, given its parts and how far its score is ahead of the next article's.
pub(super) fn answerable(parts: &Parts, lead: f32) -> f32 {
    if answers_babble(parts) {
        return 0.0;
    }
    let sum = dot(&ANSWERABLE, parts) + ANSWERABLE_LEAD * lead + ANSWERABLE_BIAS;
    1.0 / (1.0 + (-sum).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_of_anything_good_is_never_worse() {
        let nothing = Parts::default();
        let found = Parts {
            coverage: 0.9,
            meaning_question: 0.9,
            strength: 0.5,
            ..nothing
        };
        assert!(rank(&found, 1.0) > rank(&nothing, 1.0));
        assert!(rank(&found, 2.0) > rank(&found, 1.0));
        assert!(answerable(&found, 1.0) > answerable(&nothing, 0.0));
        assert!(answerable(&nothing, 0.0) < 0.5);
        let topic_alone = Parts {
            topic: 1.0,
            ..nothing
        };
        assert!(
            answerable(&topic_alone, 9.0) < f32::EPSILON,
            "babble has a topic too"
        );
        let words_of_all_texts = Parts {
            coverage: 0.4,
            pieces: 0.8,
            meaning: 0.2,
            ..nothing
        };
        assert!(
            answerable(&words_of_all_texts, 9.0) < f32::EPSILON,
            "and words of all texts"
        );
    }

    #[test]
    fn what_is_seldom_answered_is_answered_where_all_speaks_for_it() {
        let all = Parts {
            coverage: 1.0,
            question: 1.0,
            meaning: 0.6,
            meaning_sentence: 0.6,
            meaning_question: 0.9,
            pieces: 0.9,
            pieces_sentence: 0.7,
            pieces_question: 0.9,
            pieces_least: 0.7,
            topic: 1.0,
            ..Parts::default()
        };
        let usual = Parts { usual: 1.0, ..all };
        assert!(answerable(&usual, 1.0) > answerable(&all, 1.0) + 0.05);
        assert!(answerable(&all, 1.0) > 0.6, "{}", answerable(&all, 1.0));
    }
}
