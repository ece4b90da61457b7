//! One linear function for each class over an encoder's vector. It stands beside the one over n-grams
//! (`linear`) instead of in it: an encoder may know the messages that are learnt from better than it will
//! know others, and only messages kept for it can tell how far its vector is to be believed (`mix`).

use super::linear::{Features, put_column};
use super::margin::{Example, Problem};

/// What an example on the wrong side costs, against the size of the weights.
const COST: f32 = 6.4;

/// Logits = bias + vector · W.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    /// `dimensions x classes`.
    pub weights: Vec<f32>,
    /// A number a class.
    pub bias: Vec<f32>,
}

impl Meaning {
    /// Fits all weights: each class is told from the rest with a margin.
    pub fn of(
        examples: &[&Features],
        labels: &[usize],
        (classes, dimensions): (usize, usize),
        after_class: &mut impl FnMut(),
    ) -> Self {
        let problem = Problem {
            examples: examples
                .iter()
                .map(|e| Example {
                    sparse: Vec::new(),
                    dense: &e.dense,
                })
                .collect(),
            labels,
            classes,
            rows: 0,
            dimensions,
            cost: COST,
        };
        let (mut weights, mut bias) = (vec![0.0; dimensions * classes], vec![0.0; classes]);
        problem.solve(|class, solved| {
            put_column(&mut weights, classes, class, &solved.dense);
            bias[class] = solved.bias;
            after_class();
        });
        Self { weights, bias }
    }

    /// Logits of all classes.
    pub fn logits(&self, vector: &[f32]) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (row, value) in self.weights.chunks(self.bias.len().max(1)).zip(vector) {
            for (sum, weight) in logits.iter_mut().zip(row) {
                *sum += weight * value;
            }
        }
        logits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_vectors_apart() {
        let vectors = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-0.6, 0.8]];
        let examples: Vec<Features> = vectors
            .iter()
            .map(|v| Features {
                dense: v.to_vec(),
                ..Features::default()
            })
            .collect();
        let mut done = 0;
        let examples: Vec<&Features> = examples.iter().collect();
        let meaning = Meaning::of(&examples, &[0, 0, 1, 1], (2, 2), &mut || done += 1);
        assert_eq!(done, 2);
        let logits = meaning.logits(&[0.9, 0.4]);
        assert!(logits[0] > logits[1], "{logits:?}");
        assert_eq!(meaning.logits(&[]), meaning.bias);
    }
}
