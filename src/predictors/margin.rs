//! Linear classifiers with a margin: each class told from the rest, squared hinge loss and a quadratic
//! penalty, solved in the dual one example at a time (Hsieh et al., 2008, "A Dual Coordinate Descent
//! Method for Large-scale Linear SVM"). It finds the one solution there is, so nothing hangs on step sizes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// Passes over the examples after which a class is left as it is.
const PASSES_MAX: usize = 20;
/// A class is solved when no example could gain more than this.
const GAIN_MIN: f32 = 0.1;
/// Seed of the order of examples.
const SEED: u64 = 7;

/// An example: a few numbered values of a long sparse vector, and a short dense one.
pub(super) struct Example<'a> {
    pub sparse: Vec<(u32, f32)>,
    pub dense: &'a [f32],
}

/// What is to be told apart.
pub(super) struct Problem<'a> {
    pub examples: Vec<Example<'a>>,
    pub labels: &'a [usize],
    pub classes: usize,
    /// Length of the sparse vectors.
    pub rows: usize,
    /// Length of the dense vectors.
    pub dimensions: usize,
    /// What an example on the wrong side costs, against the size of the weights.
    pub cost: f32,
}

/// Weights of one class.
pub(super) struct Weights {
    pub sparse: Vec<f32>,
    pub dense: Vec<f32>,
    pub bias: f32,
}

impl Problem<'_> {
    /// Solves every class, on all cores; `take` gets each as it is done, in no order.
    pub fn solve(&self, mut take: impl FnMut(usize, Weights)) {
        let next = AtomicUsize::new(0);
        let (done, solved) = mpsc::sync_channel(2);
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..workers.min(self.classes) {
                let (next, done) = (&next, done.clone());
                scope.spawn(move || {
                    loop {
                        let class = next.fetch_add(1, Ordering::Relaxed);
                        if class >= self.classes || done.send((class, self.class(class))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(done);
            for (class, weights) in solved {
                take(class, weights);
            }
        });
    }

    fn class(&self, class: usize) -> Weights {
        let mut weights = Weights {
            sparse: vec![0.0; self.rows],
            dense: vec![0.0; self.dimensions],
            bias: 0.0,
        };
        let slack = 0.5 / self.cost;
        let sizes: Vec<f32> = self.examples.iter().map(|e| Self::size(e) + slack).collect();
        let mut duals = vec![0.0_f32; self.examples.len()];
        let mut open: Vec<usize> = (0..self.examples.len()).collect();
        let mut random = StdRng::seed_from_u64(SEED + class as u64);
        let mut shut_above = f32::INFINITY;
        for _ in 0..PASSES_MAX {
            open.shuffle(&mut random);
            let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
            let mut kept = Vec::with_capacity(open.len());
            for &at in &open {
                let side = if self.labels[at] == class { 1.0 } else { -1.0 };
                let example = &self.examples[at];
                let slope = slack.mul_add(duals[at], side * Self::score(&weights, example) - 1.0);
                // Safe examples far from the margin are shut out until the others are solved.
                if duals[at] == 0.0 && slope > shut_above {
                    continue;
                }
                kept.push(at);
                let gain = if duals[at] == 0.0 { slope.min(0.0) } else { slope };
                least = least.min(gain);
                most = most.max(gain);
                if gain.abs() > 1e-9 {
                    let dual = (duals[at] - slope / sizes[at]).max(0.0);
                    Self::add(&mut weights, example, (dual - duals[at]) * side);
                    duals[at] = dual;
                }
            }
            let solved = most - least < GAIN_MIN;
            let all = open.len() == self.examples.len();
            shut_above = if most > 0.0 { most } else { f32::INFINITY };
            open = kept;
            if solved && all {
                break;
            }
            if solved {
                open = (0..self.examples.len()).collect();
                shut_above = f32::INFINITY;
            }
        }
        weights
    }

    fn size(example: &Example<'_>) -> f32 {
        let sparse: f32 = example.sparse.iter().map(|(_, v)| v * v).sum();
        let dense: f32 = example.dense.iter().map(|v| v * v).sum();
        sparse + dense + 1.0
    }

    fn score(weights: &Weights, example: &Example<'_>) -> f32 {
        let sparse: f32 = example
            .sparse
            .iter()
            .map(|(row, v)| weights.sparse[*row as usize] * v)
            .sum();
        dot(&weights.dense, example.dense) + sparse + weights.bias
    }

    fn add(weights: &mut Weights, example: &Example<'_>, by: f32) {
        for (row, value) in &example.sparse {
            weights.sparse[*row as usize] += by * value;
        }
        for (weight, value) in weights.dense.iter_mut().zip(example.dense) {
            *weight += by * value;
        }
        weights.bias += by;
    }
}

/// Product of two vectors, up to the end of the shorter one; in eight sums, so that the processor adds several at once.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            // Not `mul_add`: without a processor's instruction for it that is a call.
            *sum += a * b;
        }
    }
    let rest = a.len().min(b.len()) / 8 * 8;
    let tail: f32 = a.iter().zip(b).skip(rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_ends_with_the_shorter() {
        let ones = [1.0; 20];
        assert!((dot(&ones, &ones) - 20.0).abs() < 1e-6 && dot(&ones, &[]) == 0.0 && dot(&[], &ones) == 0.0);
        assert!((dot(&ones, &[2.0; 11]) - 22.0).abs() < 1e-6);
    }

    #[test]
    fn finds_the_widest_margin() {
        // Two points at 1 and -1: with a high cost the weight is one and the bias nothing.
        let dense = [[1.0_f32], [-1.0]];
        let examples = dense.iter().map(|d| Example {
            sparse: Vec::new(),
            dense: d,
        });
        let problem = Problem {
            examples: examples.collect(),
            labels: &[0, 1],
            classes: 2,
            rows: 0,
            dimensions: 1,
            cost: 1_000.0,
        };
        let mut found = Vec::new();
        problem.solve(|class, weights| found.push((class, weights)));
        found.sort_by_key(|(class, _)| *class);
        let (_, first) = &found[0];
        assert!(
            (first.dense[0] - 1.0).abs() < 0.05 && first.bias.abs() < 0.05,
            "{} {}",
            first.dense[0],
            first.bias
        );
        assert!((found[1].1.dense[0] + 1.0).abs() < 0.05);
    }
}
