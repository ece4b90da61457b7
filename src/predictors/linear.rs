//! One linear function for each class over hashed n-grams.

use std::collections::HashMap;

use super::bytes::ByteRows;
use super::margin::{Example, Problem};
use super::places::Places;

/// An n-gram seen less often than this while training is noise.
const SEEN_MIN: u32 = 2;
/// Most n-grams, and most weights of them, one a class each: they are most of an artifact's bytes.
const ROWS_MAX: usize = 130_000;
const WEIGHTS_MAX: usize = 7_200_000;

/// A message as features: the unit vector of the encoder and the places of its n-grams.
#[derive(Debug, Clone, Default)]
pub(super) struct Features {
    pub dense: Vec<f32>,
    /// The vector of the tuned encoder; empty where there is none.
    pub tuned: Vec<f32>,
    pub places: Vec<u32>,
}

impl Features {
    /// The vector that is compared with the classes' means.
    pub fn near(&self) -> &[f32] {
        if self.tuned.is_empty() {
            &self.dense
        } else {
            &self.tuned
        }
    }
}

/// Logits = bias + Σ rows of S.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub classes: usize,
    /// The kept places, a row each.
    pub rows: Places,
    /// Weight of each row: how rare it is and, of two classes, how far it leans to one.
    pub weights: Vec<f32>,
    /// A weight a class.
    pub sparse: ByteRows,
    pub bias: Vec<f32>,
}

impl Linear {
    /// Untrained, for these examples.
    pub fn fresh(examples: &[&Features], labels: &[usize], classes: usize) -> Self {
        let mut seen: HashMap<u32, u32> = HashMap::new();
        for place in examples.iter().flat_map(|e| &e.places) {
            *seen.entry(*place).or_insert(0) += 1;
        }
        let kept = kept(&seen, (WEIGHTS_MAX / classes.max(1)).min(ROWS_MAX));
        let rows = Places::of(&kept).unwrap_or_default();
        let all = examples.len() as f32;
        let leans = leanings(examples, labels, classes, &rows);
        let weight = |(place, lean): (&u32, f32)| (1.0 + all / seen[place] as f32).ln() * lean.sqrt();
        Self {
            classes,
            weights: kept.iter().zip(leans).map(weight).collect(),
            rows,
            sparse: ByteRows::default(),
            bias: vec![0.0; classes],
        }
    }

    /// The known n-grams as (row, value), the values a unit vector.
    fn active(&self, places: &[u32]) -> Vec<(u32, f32)> {
        let mut active: Vec<(u32, f32)> = places
            .iter()
            .filter_map(|place| self.rows.row(*place))
            .map(|row| (row as u32, self.weights[row]))
            .collect();
        let norm = active
            .iter()
            .map(|(_, v)| v * v)
            .sum::<f32>()
            .sqrt()
            .max(f32::EPSILON);
        active.iter_mut().for_each(|(_, v)| *v /= norm);
        active
    }

    /// What each known n-gram adds to the lead of one class over another.
    pub fn gram_leads(&self, places: &[u32], class: usize, other: usize) -> HashMap<u32, f32> {
        let known: Vec<u32> = places
            .iter()
            .copied()
            .filter(|place| self.rows.row(*place).is_some())
            .collect();
        let lead = |(row, value): (u32, f32)| {
            let weight = |class| self.sparse.at(row as usize, class);
            value * (weight(class) - weight(other))
        };
        let leads = self.active(&known).into_iter().map(lead);
        known.iter().copied().zip(leads).collect()
    }

    /// Logits of all classes.
    pub fn logits(&self, places: &[u32]) -> Vec<f32> {
        let mut logits = self.bias.clone();
        self.sparse.add(&self.active(places), &mut logits);
        logits
    }

    /// Fits all weights: each class is told from the rest with a margin; probabilities come from the
    /// calibration afterwards.
    pub fn train(
        &mut self,
        examples: &[&Features],
        labels: &[usize],
        cost: f32,
        after_class: &mut impl FnMut(),
    ) {
        let (classes, rows) = (self.classes, self.weights.len());
        let problem = Problem {
            examples: examples
                .iter()
                .map(|e| Example {
                    sparse: self.active(&e.places),
                    dense: &[],
                })
                .collect(),
            labels,
            classes,
            rows,
            dimensions: 0,
            cost,
        };
        let mut sparse = vec![0.0; rows * classes];
        problem.solve(|class, weights| {
            put_column(&mut sparse, classes, class, &weights.sparse);
            self.bias[class] = weights.bias;
            after_class();
        });
        self.sparse = ByteRows::of(&sparse, classes);
    }
}

/// The places that are learnt from, in order: those seen often enough, at most so many, those seen most.
fn kept(seen: &HashMap<u32, u32>, most: usize) -> Vec<u32> {
    let often = seen.iter().filter(|(_, times)| **times >= SEEN_MIN);
    let mut places: Vec<(u32, u32)> = often.map(|(place, times)| (*times, *place)).collect();
    places.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    places.truncate(most);
    let mut kept: Vec<u32> = places.into_iter().map(|(_, place)| place).collect();
    kept.sort_unstable();
    kept
}

/// How far each row leans to one of two classes: the logarithm of how much oftener it stands there (Wang and
/// Manning, 2012, "Baselines and Bigrams"). Of more classes 1: an n-gram that leans to none of many still tells
/// some of them apart, and their messages are few.
fn leanings(examples: &[&Features], labels: &[usize], classes: usize, rows: &Places) -> Vec<f32> {
    if classes != 2 {
        return vec![1.0; rows.len()];
    }
    let mut seen = vec![[1.0_f32; 2]; rows.len()];
    let mut sizes = [2.0_f32; 2];
    for (example, label) in examples.iter().zip(labels) {
        sizes[*label] += 1.0;
        let known = example.places.iter().filter_map(|place| rows.row(*place));
        known.for_each(|row| seen[row][*label] += 1.0);
    }
    let lean = |[no, yes]: &[f32; 2]| (yes / sizes[1] * sizes[0] / no).ln().abs();
    seen.iter().map(lean).collect()
}

/// Puts values into a column of a table.
pub(super) fn put_column(table: &mut [f32], width: usize, column: usize, values: &[f32]) {
    for (row, value) in table.chunks_mut(width).zip(values) {
        row[column] = *value;
    }
}

/// Probabilities of logits.
pub(super) fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exps: Vec<f32> = logits.iter().map(|l| (l - most).exp()).collect();
    let sum: f32 = exps.iter().sum();
    exps.into_iter().map(|e| e / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictors::features;

    fn features(text: &str) -> Features {
        Features {
            places: features::places(text),
            ..Features::default()
        }
    }

    #[test]
    fn learns_a_handful() {
        let texts = [
            "i want my money back",
            "money back now",
            "hello there",
            "hello you",
            "refund money",
            "hi hello",
        ];
        let labels = [0, 0, 1, 1, 0, 1];
        let examples: Vec<_> = texts.iter().map(|t| features(t)).collect();
        let examples: Vec<&Features> = examples.iter().collect();
        let mut head = Linear::fresh(&examples, &labels, 2);
        let mut done = 0;
        head.train(&examples, &labels, 10.0, &mut || done += 1);
        assert_eq!(done, 2);
        let p = softmax(&head.logits(&features::places("give me my money")));
        assert!(p[0] > 0.6, "{p:?}");
    }

    #[test]
    fn what_is_seen_most_is_kept() {
        let seen = HashMap::from([(9, 5), (3, 2), (7, 2), (1, 1)]);
        assert_eq!(kept(&seen, 10), [3, 7, 9]);
        assert_eq!(kept(&seen, 2), [3, 9]);
    }

    #[test]
    fn of_two_classes_what_leans_weighs_more() {
        let texts = ["good film", "good fun", "bad film", "bad fun"];
        let examples: Vec<_> = texts.iter().map(|t| features(t)).collect();
        let examples: Vec<&Features> = examples.iter().collect();
        let weight = |head: &Linear, word: &str| {
            let known = features::places(word)
                .into_iter()
                .filter_map(|place| head.rows.row(place));
            known.map(|row| head.weights[row]).fold(0.0, f32::max)
        };
        let two = Linear::fresh(&examples, &[0, 0, 1, 1], 2);
        assert!(weight(&two, "good") > weight(&two, "film") + 0.5);
        let three = Linear::fresh(&examples, &[0, 0, 1, 2], 3);
        assert!((weight(&three, "good") - weight(&three, "film")).abs() < 1e-6);
    }

    #[test]
    fn softmax_of_extremes_is_finite() {
        assert_eq!(softmax(&[1000.0, -1000.0]), [1.0, 0.0]);
    }
}
