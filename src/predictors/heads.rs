//! Heads over features: fitted on messages, calibrated on others, with an explicit score for whether a
//! message is in scope at all.

use super::linear::{Features, Linear, Recipe, softmax};
use super::metrics;

/// How the heads are trained.
const RECIPE: Recipe = Recipe { epochs: 8, seed: 7 };
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
    /// Mean vector of each class, of length one: `classes x dimensions`.
    pub means: Vec<f32>,
    pub temperature: f32,
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
}

impl<'a> Set<'a> {
    /// Features and places of labels that belong together.
    pub fn of((features, labels): &'a (Vec<&'a Features>, Vec<usize>)) -> Self {
        Self { features, labels }
    }
}

/// What a head says of one message.
pub(super) struct Said {
    pub probabilities: Vec<f32>,
    pub in_scope: f32,
}

impl Head {
    /// Fits on `train`, calibrates on `valid`.
    pub fn fit(
        train: Set<'_>,
        valid: Set<'_>,
        labels: Vec<String>,
        oos: Option<usize>,
        after_epoch: impl FnMut(usize, f32),
    ) -> Self {
        let mut head = Self {
            linear: fit_linear(train, labels.len(), after_epoch),
            means: class_means(train, labels.len()),
            labels,
            oos,
            temperature: 1.0,
            scope: [0.0, 0.0, 0.0, 5.0],
            scope_min: 0.0,
            certain_min: 0.0,
        };
        head.calibrate(valid);
        head
    }

    /// The same calibration over weights fitted on more messages.
    pub fn refit(mut self, all: Set<'_>, after_epoch: impl FnMut(usize, f32)) -> Self {
        self.linear = fit_linear(all, self.labels.len(), after_epoch);
        self.means = class_means(all, self.labels.len());
        self
    }

    /// Number of epochs a fit takes, for progress.
    pub fn epochs() -> usize {
        RECIPE.epochs
    }

    pub fn predict(&self, features: &Features) -> Said {
        let logits = self.linear.logits(features);
        let scaled: Vec<f32> = logits.iter().map(|l| l / self.temperature).collect();
        let probabilities = softmax(&scaled);
        let scope = self.scope_features(&scaled, &probabilities, &features.dense);
        Said {
            in_scope: logistic(&self.scope, &scope),
            probabilities,
        }
    }

    fn scope_features(&self, logits: &[f32], p: &[f32], dense: &[f32]) -> [f32; SCOPE_FEATURES] {
        let inside = |at: &usize| Some(*at) != self.oos;
        let best = |values: &mut dyn Iterator<Item = f32>| values.fold(-20.0, f32::max);
        let most = best(&mut (0..p.len()).filter(inside).map(|at| logits[at]));
        let margin = self
            .oos
            .map_or(0.0, |oos| (most - logits[oos]).clamp(-20.0, 20.0));
        let probability = best(&mut (0..p.len()).filter(inside).map(|at| p[at]));
        let size = dense.len();
        let cosine = |at: usize| -> f32 {
            self.means[at * size..(at + 1) * size]
                .iter()
                .zip(dense)
                .map(|(m, d)| m * d)
                .sum()
        };
        let nearest = best(&mut (0..p.len()).filter(inside).map(cosine));
        [margin / 4.0, probability * 4.0, nearest * 4.0]
    }

    fn calibrate(&mut self, valid: Set<'_>) {
        let logits: Vec<Vec<f32>> = valid.features.iter().map(|f| self.linear.logits(f)).collect();
        self.temperature = best_temperature(&logits, valid.labels);
        let mut rows = Vec::with_capacity(logits.len());
        let (mut right, mut inside) = (Vec::new(), Vec::new());
        for ((logits, features), label) in logits.iter().zip(valid.features).zip(valid.labels) {
            let scaled: Vec<f32> = logits.iter().map(|l| l / self.temperature).collect();
            let p = softmax(&scaled);
            if argmax(&p) == *label && Some(*label) != self.oos {
                right.push(p[*label]);
            }
            rows.push(self.scope_features(&scaled, &p, &features.dense));
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
    }
}

fn fit_linear(set: Set<'_>, classes: usize, after_epoch: impl FnMut(usize, f32)) -> Linear {
    let mut linear = Linear::fresh(set.features, classes);
    linear.train(set.features, set.labels, RECIPE, after_epoch);
    linear
}

fn class_means(set: Set<'_>, classes: usize) -> Vec<f32> {
    let size = set.features.first().map_or(0, |f| f.dense.len());
    let mut means = vec![0.0; classes * size];
    for (features, label) in set.features.iter().zip(set.labels) {
        let mean = &mut means[label * size..(label + 1) * size];
        mean.iter_mut().zip(&features.dense).for_each(|(m, d)| *m += d);
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

/// The temperature with the least negative log-likelihood (Guo et al., 2017), by golden section.
fn best_temperature(logits: &[Vec<f32>], labels: &[usize]) -> f32 {
    let loss = |temperature: f32| -> f32 {
        let one = |(l, y): (&Vec<f32>, &usize)| {
            let scaled: Vec<f32> = l.iter().map(|v| v / temperature).collect();
            -softmax(&scaled)[*y].max(1e-9).ln()
        };
        logits.iter().zip(labels).map(one).sum()
    };
    let (mut low, mut high) = (0.02_f32, 5.0_f32);
    for _ in 0..30 {
        let third = (high - low) / 3.0;
        if loss(low + third) < loss(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    f32::midpoint(low, high)
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
    fn temperature_cools_the_overconfident() {
        // Three of four right at a logit gap of 8: far too sure of itself.
        let logits = vec![vec![8.0, 0.0]; 4];
        let t = best_temperature(&logits, &[0, 0, 0, 1]);
        assert!(t > 4.0, "{t}");
    }

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
