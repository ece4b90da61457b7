//! One linear function for each class over an encoder's vector and hashed n-grams together. Dense and
//! sparse features see different things; together they beat either.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// An n-gram seen less often than this while training is noise.
const SEEN_MIN: u32 = 2;
/// Step size of Adagrad.
const STEP: f32 = 0.08;
/// Pull of all weights towards zero, per step.
const DECAY: f32 = 1e-6;
/// Weight of the dense vector beside the n-grams; both have length one.
const DENSE_SCALE: f32 = 0.5;

/// A message as features: the unit vector of the encoder and the places of its n-grams.
#[derive(Debug, Clone)]
pub(super) struct Features {
    pub dense: Vec<f32>,
    pub places: Vec<u32>,
}

/// One head: logits = bias + dense · D + Σ rows of S.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    pub classes: usize,
    /// Row of each kept place.
    pub rows: HashMap<u32, u32>,
    /// Inverse document frequency of each row.
    pub idf: Vec<f32>,
    /// `rows x classes`.
    pub sparse: Vec<f32>,
    /// `dimensions x classes`.
    pub dense: Vec<f32>,
    pub bias: Vec<f32>,
}

/// How to train a head.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub epochs: usize,
    pub seed: u64,
}

impl Linear {
    /// An untrained head for these examples.
    pub fn fresh(examples: &[&Features], classes: usize) -> Self {
        let mut seen: HashMap<u32, u32> = HashMap::new();
        for place in examples.iter().flat_map(|e| &e.places) {
            *seen.entry(*place).or_insert(0) += 1;
        }
        let mut kept: Vec<u32> = seen
            .iter()
            .filter(|(_, n)| **n >= SEEN_MIN)
            .map(|(p, _)| *p)
            .collect();
        kept.sort_unstable();
        let all = examples.len() as f32;
        let idf = kept
            .iter()
            .map(|place| (1.0 + all / seen[place] as f32).ln())
            .collect();
        let rows = (0..).zip(&kept).map(|(row, place)| (*place, row)).collect();
        let dimensions = examples.first().map_or(0, |e| e.dense.len());
        Self {
            classes,
            rows,
            idf,
            sparse: vec![0.0; kept.len() * classes],
            dense: vec![0.0; dimensions * classes],
            bias: vec![0.0; classes],
        }
    }

    /// The known n-grams as (row, value), the values a unit vector.
    fn active(&self, places: &[u32]) -> Vec<(usize, f32)> {
        let mut active: Vec<(usize, f32)> = places
            .iter()
            .filter_map(|place| self.rows.get(place))
            .map(|row| (*row as usize, self.idf[*row as usize]))
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
            .filter(|place| self.rows.contains_key(place))
            .collect();
        let lead = |(row, value): (usize, f32)| {
            let weights = &self.sparse[row * self.classes..];
            value * (weights[class] - weights[other])
        };
        let leads = self.active(&known).into_iter().map(lead);
        known.iter().copied().zip(leads).collect()
    }

    /// What a vector adds to the lead of one class over another.
    pub fn dense_lead(&self, dense: &[f32], class: usize, other: usize) -> f32 {
        let rows = self.dense.chunks(self.classes);
        let leads = dense.iter().zip(rows).map(|(v, w)| v * (w[class] - w[other]));
        DENSE_SCALE * leads.sum::<f32>()
    }

    /// Logits of all classes.
    pub fn logits(&self, features: &Features) -> Vec<f32> {
        self.logits_of(&self.active(&features.places), &features.dense)
    }

    fn logits_of(&self, active: &[(usize, f32)], dense: &[f32]) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (row, value) in active {
            add_scaled(&mut logits, &self.sparse[row * self.classes..], *value);
        }
        for (dimension, value) in dense.iter().enumerate() {
            add_scaled(
                &mut logits,
                &self.dense[dimension * self.classes..],
                value * DENSE_SCALE,
            );
        }
        logits
    }

    /// Trains with Adagrad, one message a step, in an order drawn from the seed. Each class is told from
    /// the rest with a margin (squared hinge), which did better on the development messages than
    /// softmax; probabilities come from the temperature afterwards.
    pub fn train(
        &mut self,
        examples: &[&Features],
        labels: &[usize],
        recipe: Recipe,
        mut after_epoch: impl FnMut(usize, f32),
    ) {
        let active: Vec<_> = examples.iter().map(|e| self.active(&e.places)).collect();
        let mut sums = Sums {
            sparse: vec![1e-4; self.sparse.len()],
            dense: vec![1e-4; self.dense.len()],
            bias: vec![1e-4; self.bias.len()],
        };
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut random = StdRng::seed_from_u64(recipe.seed);
        for epoch in 0..recipe.epochs {
            order.shuffle(&mut random);
            let mut loss = 0.0;
            let step = STEP * (1.0 - epoch as f32 / recipe.epochs as f32);
            for &at in &order {
                let dense = &examples[at].dense;
                let mut gradient = self.logits_of(&active[at], dense);
                for (class, score) in gradient.iter_mut().enumerate() {
                    let side = if class == labels[at] { 1.0 } else { -1.0 };
                    let short = (1.0 - side * *score).max(0.0);
                    loss += short * short;
                    *score = -2.0 * side * short;
                }
                self.descend(&active[at], dense, &gradient, &mut sums, step);
            }
            after_epoch(epoch, loss / examples.len().max(1) as f32);
        }
    }

    fn descend(
        &mut self,
        active: &[(usize, f32)],
        dense: &[f32],
        gradient: &[f32],
        sums: &mut Sums,
        step: f32,
    ) {
        let n = self.classes;
        for (row, value) in active {
            let (from, to) = (row * n, row * n + n);
            adagrad(
                &mut self.sparse[from..to],
                &mut sums.sparse[from..to],
                gradient,
                *value,
                step,
            );
        }
        for (dimension, value) in dense.iter().enumerate() {
            let (from, to) = (dimension * n, dimension * n + n);
            let value = value * DENSE_SCALE;
            adagrad(
                &mut self.dense[from..to],
                &mut sums.dense[from..to],
                gradient,
                value,
                step,
            );
        }
        adagrad(&mut self.bias, &mut sums.bias, gradient, 1.0, step);
    }
}

/// Running sums of squared gradients.
struct Sums {
    sparse: Vec<f32>,
    dense: Vec<f32>,
    bias: Vec<f32>,
}

fn adagrad(weights: &mut [f32], sums: &mut [f32], gradient: &[f32], value: f32, step: f32) {
    for ((weight, sum), g) in weights.iter_mut().zip(sums).zip(gradient) {
        let g = g * value;
        *sum += g * g;
        *weight -= step * g / sum.sqrt() + DECAY * *weight;
    }
}

fn add_scaled(sum: &mut [f32], row: &[f32], scale: f32) {
    for (s, r) in sum.iter_mut().zip(row) {
        *s += r * scale;
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
            dense: vec![0.5, 0.5],
            places: features::places(text),
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
        let mut head = Linear::fresh(&examples, 2);
        let recipe = Recipe { epochs: 20, seed: 1 };
        let mut losses = Vec::new();
        head.train(&examples, &labels, recipe, |_, loss| losses.push(loss));
        assert!(losses[19] < losses[0] / 2.0, "{losses:?}");
        let p = softmax(&head.logits(&features("give me my money")));
        assert!(p[0] > 0.6, "{p:?}");
    }

    #[test]
    fn softmax_of_extremes_is_finite() {
        assert_eq!(softmax(&[1000.0, -1000.0]), [1.0, 0.0]);
    }
}
