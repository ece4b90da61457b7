//! Rows of weights as bytes: the n-grams' weights are most of an artifact, and a hundredth of a row's largest weight decides
//! nothing.

use pulp::Arch;

/// Byte that stands for zero.
const ZERO: u8 = 128;

/// Rows of one width, each of bytes with what a step of them is worth.
#[derive(Debug, Clone, Default)]
pub(super) struct ByteRows {
    bytes: Vec<u8>,
    steps: Vec<f32>,
    width: usize,
}

impl ByteRows {
    /// The nearest bytes to weights.
    pub fn of(weights: &[f32], width: usize) -> Self {
        let mut rows = Self {
            bytes: Vec::with_capacity(weights.len()),
            steps: Vec::with_capacity(weights.len() / width.max(1)),
            width,
        };
        for row in weights.chunks(width.max(1)) {
            let step = row.iter().fold(0.0_f32, |most, w| most.max(w.abs())) / 127.0;
            rows.steps.push(step);
            rows.bytes.extend(row.iter().map(|w| {
                let steps = if step > 0.0 { (w / step).round() } else { 0.0 };
                (steps + f32::from(ZERO)).clamp(1.0, 255.0) as u8
            }));
        }
        rows
    }

    /// As they were stored: `width` bytes a step.
    pub fn new(bytes: Vec<u8>, steps: Vec<f32>, width: usize) -> Self {
        Self { bytes, steps, width }
    }

    /// The bytes, and what a step of each row is worth.
    pub fn parts(&self) -> (&[u8], &[f32]) {
        (&self.bytes, &self.steps)
    }

    /// All weights, row by row.
    pub fn weights(&self) -> Vec<f32> {
        let rows = self.bytes.chunks(self.width.max(1)).zip(&self.steps);
        rows.flat_map(|(row, step)| row.iter().map(move |byte| worth(*byte) * step))
            .collect()
    }

    /// One weight.
    pub fn at(&self, row: usize, column: usize) -> f32 {
        worth(self.bytes[row * self.width + column]) * self.steps[row]
    }

    /// Adds rows, each so many times, to `sums`.
    pub fn add(&self, rows: &[(u32, f32)], sums: &mut [f32]) {
        Arch::new().dispatch(|| {
            for (row, times) in rows {
                let row = *row as usize;
                let step = self.steps[row] * times;
                let bytes = &self.bytes[row * self.width..][..self.width];
                for (sum, byte) in sums.iter_mut().zip(bytes) {
                    *sum += worth(*byte) * step;
                }
            }
        });
    }
}

#[inline(always)]
fn worth(byte: u8) -> f32 {
    f32::from(byte) - f32::from(ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_keep_weights() {
        let weights = [0.5_f32, -1.0, 0.001, 0.0, 0.0, 0.0, -3.0, 3.0, 1.5];
        let rows = ByteRows::of(&weights, 3);
        let (bytes, steps) = rows.parts();
        assert_eq!((bytes.len(), steps.len()), (9, 3));
        let again = ByteRows::new(bytes.to_vec(), steps.to_vec(), 3).weights();
        for (at, (weight, again)) in weights.iter().zip(again).enumerate() {
            let step = steps[at / 3];
            assert!((weight - again).abs() <= step / 2.0 + 1e-6, "{weight} {again}");
            assert_eq!(rows.at(at / 3, at % 3), again);
        }
        let mut sums = [1.0, 0.0, 0.0];
        rows.add(&[(0, 2.0), (2, -1.0)], &mut sums);
        for (sum, wanted) in sums.iter().zip([5.0, -5.0, -1.5]) {
            assert!((sum - wanted).abs() < 0.03, "{sums:?}");
        }
        assert!(ByteRows::of(&[], 0).weights().is_empty());
    }
}
