//! From scores to probabilities that mean what they say: what the n-grams say, the likeness to each
//! class's mean and what the vector says are weighed together on messages kept for it (temperature scaling
//! with three scores: Guo et al., 2017). Labels may be wrong themselves; a share of them is allowed to be any label at all, or a noisy
//! set would teach the model to doubt what it knows.

use serde::{Deserialize, Serialize};

use super::linear::softmax;

/// Rounds over the four numbers.
const ROUNDS: usize = 6;
/// Halvings of an interval.
const CUTS: usize = 16;
/// Largest share of wrong labels that is believed.
const NOISE_MAX: f32 = 0.4;
/// Fewest classes among which wrong labels can be told from errors.
const NOISE_CLASSES_MIN: usize = 20;

/// A class each: what the n-grams say, cosines to the means, and what the vector says.
pub(super) type Scores = [Vec<f32>; 3];

/// Weights of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mix {
    /// Weight of what the n-grams say.
    pub linear: f32,
    /// Weight of the cosine to a class's mean.
    pub likeness: f32,
    /// Weight of what the vector says.
    pub meaning: f32,
}

impl Default for Mix {
    fn default() -> Self {
        Self {
            linear: 1.0,
            likeness: 0.0,
            meaning: 0.0,
        }
    }
}

impl Mix {
    /// All scores as one.
    pub fn logits(&self, [linear, likeness, meaning]: &Scores) -> Vec<f32> {
        let all = linear.iter().zip(likeness).zip(meaning);
        all.map(|((a, b), c)| self.linear * a + self.likeness * b + self.meaning * c)
            .collect()
    }

    /// The weights under which the labels are least surprising.
    pub fn fit(said: &[Scores], labels: &[usize]) -> Self {
        let (mut mix, mut noise) = (Self::default(), 0.0);
        let classes = said.first().map_or(0, |[linear, ..]| linear.len());
        // With few classes an error of the model and one of the label look the same, and it is the model's.
        let tells_noise = classes >= NOISE_CLASSES_MIN;
        for _ in 0..ROUNDS {
            let surprise = |mix: Self, noise: f32| surprise(said, labels, mix, noise);
            let rest = mix;
            mix.linear = least(-4.0, 4.0, |log| {
                surprise(
                    Self {
                        linear: log.exp(),
                        ..rest
                    },
                    noise,
                )
            })
            .exp();
            let rest = mix;
            mix.likeness = least(0.0, 40.0, |likeness| surprise(Self { likeness, ..rest }, noise));
            let rest = mix;
            mix.meaning = least(0.0, 20.0, |meaning| surprise(Self { meaning, ..rest }, noise));
            if tells_noise {
                noise = least(0.0, NOISE_MAX, |noise| surprise(mix, noise));
            }
        }
        mix
    }
}

/// Negative log-likelihood of labels of which the share `noise` is drawn at random.
fn surprise(said: &[Scores], labels: &[usize], mix: Mix, noise: f32) -> f32 {
    let one = |(scores, label): (&Scores, &usize)| {
        let p = softmax(&mix.logits(scores));
        -((1.0 - noise) * p[*label] + noise / p.len() as f32)
            .max(1e-9)
            .ln()
    };
    said.iter().zip(labels).map(one).sum()
}

/// Where a function with one valley is least (golden section).
fn least(mut low: f32, mut high: f32, value: impl Fn(f32) -> f32) -> f32 {
    const GOLDEN: f32 = 0.618_034;
    let place = |low: f32, high: f32, share: f32| (high - low).mul_add(share, low);
    let (mut left, mut right) = (place(low, high, 1.0 - GOLDEN), place(low, high, GOLDEN));
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..CUTS {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = place(low, high, 1.0 - GOLDEN);
            at_left = value(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = place(low, high, GOLDEN);
            at_right = value(right);
        }
    }
    f32::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(logits: &[[f32; 2]]) -> Vec<Scores> {
        let nothing = || vec![0.0, 0.0];
        logits
            .iter()
            .map(|l| [l.to_vec(), nothing(), nothing()])
            .collect()
    }

    #[test]
    fn cools_the_overconfident() {
        // Right by a gap of 8 three times and by one of 1 wrong: sure of the first, unsure of the last.
        let said = said(&[
            [8.0, 0.0],
            [8.0, 0.0],
            [8.0, 0.0],
            [1.0, 0.0],
            [0.0, 1.0],
            [1.0, 0.0],
        ]);
        let mix = Mix::fit(&said, &[0, 0, 0, 1, 0, 0]);
        assert!(mix.linear < 1.0, "{mix:?}");
    }

    #[test]
    fn believes_whoever_is_right() {
        // N-grams that say what they like, and a vector that knows.
        let labels: Vec<usize> = (0..40).map(|at| at % 2).collect();
        let lead = |class: usize| {
            if class == 0 {
                vec![1.0, 0.0]
            } else {
                vec![0.0, 1.0]
            }
        };
        let scores = |(at, label): (usize, &usize)| [lead(at / 2 % 2), vec![0.0, 0.0], lead(*label)];
        let said: Vec<Scores> = labels.iter().enumerate().map(scores).collect();
        let mix = Mix::fit(&said, &labels);
        assert!(mix.meaning > 5.0 && mix.meaning > 4.0 * mix.linear, "{mix:?}");
    }

    #[test]
    fn finds_the_valley() {
        assert!((least(0.0, 10.0, |x| (x - 3.0) * (x - 3.0)) - 3.0).abs() < 0.02);
    }
}
