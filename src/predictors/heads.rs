//! Heads over features: fitted on messages, calibrated on others, with an explicit score for whether a
//! message is in scope at all.

use super::linear::{Features, Linear, softmax};
use super::margin::dot;
use super::meaning::Meaning;
use super::metrics;
use super::mix::{Mix, Scores};

/// Cost of an error that is tried first; where labels are noisy a lower one is better.
const COST: f32 = 0.4;
/// Factor from one cost to the next.
const COST_STEP: f32 = 4.0;
/// Fits of one head: n-grams at three costs, and the encoder's vector.
const FITS: usize = 4;
/// Features of the scope score: margin over the out-of-scope class, best probability, best cosine.
pub(super) const SCOPE_FEATURES: usize = 3;
/// Steps of fitting the scope score.
const SCOPE_STEPS: usize = 2_000;

/// A calibrated classifier.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub labels: Vec<String>,
    /// Place of the out-of-scope label.
    pub oos: Option<usize>,
    pub linear: Linear,
    /// What the vector says.
    pub meaning: Meaning,
    /// Cost of an error under which the weights of n-grams were fitted.
    pub cost: f32,
    /// Mean vector of each class, of length one: `classes x dimensions`.
    pub means: Vec<f32>,
    /// How what n-grams and vector say and likeness to the means become probabilities.
    pub mix: Mix,
    /// Weights of the scope features and a bias; logistic.
    pub scope: [f32; SCOPE_FEATURES + 1],
    /// In-scope probability that 95 % of validation messages in scope reach.
    pub scope_min: f32,
    /// Probability that 95 % of rightly predicted validation messages reach.
    pub certain_min: f32,
}

/// Messages as features with their labels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    pub features: &'a [&'a Features],
    pub labels: &'a [usize],
    /// Numbers of a vector, also of none.
    pub dimensions: usize,
}

impl<'a> Set<'a> {
    /// Features and places of labels that belong together.
    pub fn of((features, labels): &'a (Vec<&'a Features>, Vec<usize>), dimensions: usize) -> Self {
        Self {
            features,
            labels,
            dimensions,
        }
    }
}

/// What a head says of one message.
pub(super) struct Said {
    pub probabilities: Vec<f32>,
    pub in_scope: f32,
}

impl Head {
    /// Fits on `train` [`FITS`] times; `valid` chooses and calibrates. An encoder tuned on the same labels
    /// comes with their `directions`.
    pub fn fit(
        [train, valid]: [Set<'_>; 2],
        labels: &[String],
        oos: Option<usize>,
        directions: Option<&[f32]>,
        mut after_class: impl FnMut(),
    ) -> Self {
        let means = directions.map_or_else(|| class_means(train, labels.len()), <[f32]>::to_vec);
        let meaning = fit_meaning(train, labels.len(), &mut after_class);
        let mut fitted = |cost: f32| {
            let mut head = Self {
                linear: fit_linear(train, labels.len(), cost, &mut after_class),
                meaning: meaning.clone(),
                cost,
                means: means.clone(),
                labels: labels.to_vec(),
                oos,
                mix: Mix::default(),
                scope: [0.0, 0.0, 0.0, 5.0],
                scope_min: 0.0,
                certain_min: 0.0,
            };
            (head.calibrate(valid), head)
        };
        let better = |a: (f64, Self), b: (f64, Self)| if b.0 > a.0 { b } else { a };
        let best = better(fitted(COST), fitted(COST * COST_STEP));
        let next = if best.1.cost > COST {
            COST * COST_STEP * COST_STEP
        } else {
            COST / COST_STEP
        };
        better(best, fitted(next)).1
    }

    /// The same calibration over weights fitted on more messages.
    pub fn refit(mut self, all: Set<'_>, directions: Option<&[f32]>, mut after_class: impl FnMut()) -> Self {
        self.meaning = fit_meaning(all, self.labels.len(), &mut after_class);
        self.linear = fit_linear(all, self.labels.len(), self.cost, &mut after_class);
        if directions.is_none() {
            self.means = class_means(all, self.labels.len());
        }
        self
    }

    /// How often [`Self::fit`] tells of progress for so many classes.
    pub fn steps(classes: usize) -> usize {
        FITS * classes
    }

    /// How often [`Self::refit`] does.
    pub fn steps_again(classes: usize) -> usize {
        2 * classes
    }

    pub fn predict(&self, features: &Features) -> Said {
        let scores = self.scores(features);
        let logits = self.mix.logits(&scores);
        let probabilities = softmax(&logits);
        let scope = self.scope_features(&logits, &probabilities, &scores[1]);
        Said {
            in_scope: logistic(&self.scope, &scope),
            probabilities,
        }
    }

    /// What the vectors of a message add to the lead of one class over another, in logits.
    pub fn dense_lead(&self, features: &Features, class: usize, other: usize) -> f32 {
        let (likeness, meaning) = (
            self.likeness(features.near()),
            self.meaning.logits(&features.dense),
        );
        let lead = |scores: &[f32]| scores[class] - scores[other];
        self.mix.meaning * lead(&meaning) + self.mix.likeness * lead(&likeness)
    }

    fn scores(&self, features: &Features) -> Scores {
        [
            self.linear.logits(&features.places),
            self.likeness(features.near()),
            self.meaning.logits(&features.dense),
        ]
    }

    /// Cosines of a vector to the classes' means.
    fn likeness(&self, vector: &[f32]) -> Vec<f32> {
        let means = self.means.chunks(vector.len().max(1));
        means.map(|mean| dot(mean, vector)).collect()
    }

    fn scope_features(&self, logits: &[f32], p: &[f32], likeness: &[f32]) -> [f32; SCOPE_FEATURES] {
        let inside = |at: &usize| Some(*at) != self.oos;
        let best = |values: &mut dyn Iterator<Item = f32>| values.fold(-20.0, f32::max);
        let most = best(&mut (0..p.len()).filter(inside).map(|at| logits[at]));
        let margin = self
            .oos
            .map_or(0.0, |oos| (most - logits[oos]).clamp(-20.0, 20.0));
        let probability = best(&mut (0..p.len()).filter(inside).map(|at| p[at]));
        let nearest = best(&mut (0..p.len()).filter(inside).map(|at| likeness[at]));
        [margin / 4.0, probability * 4.0, nearest * 4.0]
    }

    /// Fits the probabilities; the share of `valid` that is predicted rightly.
    fn calibrate(&mut self, valid: Set<'_>) -> f64 {
        let said: Vec<Scores> = valid.features.iter().map(|f| self.scores(f)).collect();
        self.mix = Mix::fit(&said, valid.labels);
        let mut rows = Vec::with_capacity(said.len());
        let (mut right, mut inside, mut hits) = (Vec::new(), Vec::new(), 0);
        for (scores, label) in said.iter().zip(valid.labels) {
            let logits = self.mix.logits(scores);
            let p = softmax(&logits);
            hits += usize::from(argmax(&p) == *label);
            if argmax(&p) == *label && Some(*label) != self.oos {
                right.push(p[*label]);
            }
            rows.push(self.scope_features(&logits, &p, &scores[1]));
            inside.push(Some(*label) != self.oos);
        }
        self.certain_min = metrics::quantile(&right, 0.05);
        if inside.contains(&false) {
            self.scope = fit_scope(&rows, &inside);
        }
        let scores = rows
            .iter()
            .zip(&inside)
            .filter(|(_, i)| **i)
            .map(|(r, _)| logistic(&self.scope, r));
        self.scope_min = metrics::quantile(&scores.collect::<Vec<_>>(), 0.05);
        hits as f64 / valid.labels.len().max(1) as f64
    }
}

fn fit_linear(set: Set<'_>, classes: usize, cost: f32, after_class: &mut impl FnMut()) -> Linear {
    let mut linear = Linear::fresh(set.features, set.labels, classes);
    linear.train(set.features, set.labels, cost, after_class);
    linear
}

fn fit_meaning(set: Set<'_>, classes: usize, after_class: &mut impl FnMut()) -> Meaning {
    Meaning::of(set.features, set.labels, (classes, set.dimensions), after_class)
}

fn class_means(set: Set<'_>, classes: usize) -> Vec<f32> {
    let size = set.dimensions;
    let mut means = vec![0.0; classes * size];
    for (features, label) in set.features.iter().zip(set.labels) {
        let mean = &mut means[label * size..(label + 1) * size];
        mean.iter_mut().zip(features.near()).for_each(|(m, d)| *m += d);
    }
    for mean in means.chunks_mut(size.max(1)) {
        let norm = mean.iter().map(|m| m * m).sum::<f32>().sqrt().max(1e-6);
        mean.iter_mut().for_each(|m| *m /= norm);
    }
    means
}

/// The place of the largest value; 0 of none.
pub(super) fn argmax(values: &[f32]) -> usize {
    let best = values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(at, _)| at)
}

fn logistic(weights: &[f32; SCOPE_FEATURES + 1], row: &[f32; SCOPE_FEATURES]) -> f32 {
    let sum: f32 = row.iter().zip(weights).map(|(r, w)| r * w).sum();
    1.0 / (1.0 + (-(sum + weights[SCOPE_FEATURES])).exp())
}

/// Logistic regression by gradient descent; both kinds count alike however many there are.
fn fit_scope(rows: &[[f32; SCOPE_FEATURES]], inside: &[bool]) -> [f32; SCOPE_FEATURES + 1] {
    let outside = inside.iter().filter(|i| !**i).count().max(1) as f32;
    let share = (inside.len() as f32 - outside).max(1.0);
    let mut weights = [0.0; SCOPE_FEATURES + 1];
    for _ in 0..SCOPE_STEPS {
        let mut gradient = [0.0; SCOPE_FEATURES + 1];
        for (row, inside) in rows.iter().zip(inside) {
            let wanted = f32::from(u8::from(*inside));
            let count = if *inside { share } else { outside };
            let error = (logistic(&weights, row) - wanted) / count;
            gradient.iter_mut().zip(row).for_each(|(g, r)| *g += error * r);
            gradient[SCOPE_FEATURES] += error;
        }
        weights
            .iter_mut()
            .zip(gradient)
            .for_each(|(w, g)| *w -= 0.5 * (g + 1e-3 * *w));
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_weights_separate() {
        let rows: Vec<_> = (0..20)
            .map(|n| [if n < 10 { 1.0 } else { -1.0 }, 0.0, 0.0])
            .collect();
        let inside: Vec<bool> = (0..20).map(|n| n < 10).collect();
        let w = fit_scope(&rows, &inside);
        assert!(logistic(&w, &rows[0]) > 0.9 && logistic(&w, &rows[19]) < 0.1);
    }
}
