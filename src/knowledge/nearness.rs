//! Which passages mean most nearly the same as a question: every one is looked at, as bytes, in one sweep.

use std::ops::Range;

/// A unit vector as bytes: the numbers are `bytes · scale`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bytes {
    bytes: Vec<i8>,
    scale: f32,
}

impl Bytes {
    /// The nearest vector in bytes.
    pub fn of(vector: &[f32]) -> Self {
        let most = vector.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        let scale = most / f32::from(i8::MAX);
        let step = |v: &f32| if scale > 0.0 { (v / scale).round() as i8 } else { 0 };
        Self {
            bytes: vector.iter().map(step).collect(),
            scale,
        }
    }

    /// Cosine of two unit vectors; 0 where one is empty.
    pub fn cosine(&self, other: &Self) -> f32 {
        product(&self.bytes, &other.bytes) as f32 * self.scale * other.scale
    }
}

/// Product of two vectors, up to the end of the shorter one.
fn product(a: &[i8], b: &[i8]) -> i32 {
    // Two bytes' product fits sixteen bits, which is what the processor multiplies and adds fastest.
    let times = |(a, b): (&i8, &i8)| i32::from(i16::from(*a) * i16::from(*b));
    a.iter().zip(b).map(times).sum()
}

/// Vectors in one piece of memory, each with the passages that it speaks for.
#[derive(Default)]
pub(super) struct Plane {
    bytes: Vec<i8>,
    scales: Vec<f32>,
    of: Vec<Range<usize>>,
    passages: usize,
}

impl Plane {
    /// Adds a vector that speaks for passages at these places; an empty one says nothing.
    pub fn add(&mut self, vector: &Bytes, of: Range<usize>) {
        self.passages = self.passages.max(of.end);
        if !vector.bytes.is_empty() {
            self.bytes.extend(&vector.bytes);
            self.scales.push(vector.scale);
            self.of.push(of);
        }
    }

    /// Places of the nearest passages, at most so many, the nearest first.
    pub fn nearest(&self, asked: &Bytes, most: usize) -> Vec<usize> {
        let size = asked.bytes.len();
        if size == 0 || self.scales.is_empty() {
            return Vec::new();
        }
        let mut near = vec![0.0_f32; self.passages];
        let rows = self.bytes.chunks_exact(size).zip(&self.scales).zip(&self.of);
        for ((row, scale), of) in rows {
            let cosine = product(row, &asked.bytes) as f32 * scale;
            for best in &mut near[of.clone()] {
                *best = best.max(cosine);
            }
        }
        let mut all: Vec<(usize, f32)> = near.into_iter().enumerate().collect();
        let farther = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if all.len() > most {
            all.select_nth_unstable_by(most, farther);
            all.truncate(most);
        }
        all.sort_unstable_by(farther);
        all.into_iter().map(|(at, _)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(angle: f32) -> Vec<f32> {
        vec![angle.cos(), angle.sin()]
    }

    #[test]
    fn bytes_keep_the_angle() {
        for angle in [0.0_f32, 0.3, 1.0, 2.0, 3.1] {
            let cosine = Bytes::of(&unit(0.2)).cosine(&Bytes::of(&unit(angle)));
            assert!((cosine - (angle - 0.2).cos()).abs() < 0.02, "{angle} {cosine}");
        }
        assert_eq!(Bytes::default().cosine(&Bytes::of(&unit(1.0))), 0.0);
    }

    #[test]
    fn the_nearest_are_found_whoever_speaks_for_them() {
        let mut plane = Plane::default();
        plane.add(&Bytes::of(&unit(1.0)), 0..1);
        plane.add(&Bytes::of(&unit(2.0)), 1..2);
        plane.add(&Bytes::of(&unit(0.1)), 1..3);
        plane.add(&Bytes::default(), 3..4);
        assert_eq!(plane.nearest(&Bytes::of(&unit(0.0)), 2), [1, 2]);
        assert_eq!(plane.nearest(&Bytes::default(), 2), Vec::<usize>::new());
    }
}
