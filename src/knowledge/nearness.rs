//! Which passages mean most nearly the same as a question: every one is looked at, as bytes, in one sweep.

use std::ops::Range;

use crate::predictors::Piece;

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
        let mut product = 0;
        products(&self.bytes, &other.bytes, |_, found| product = found);
        product as f32 * self.scale * other.scale
    }
}

/// The pieces of a text, each a unit vector as bytes of one scale, in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pieces {
    bytes: Vec<i8>,
    /// Bytes of a piece.
    size: usize,
}

impl Pieces {
    pub fn of<'a>(pieces: impl Iterator<Item = &'a Piece>) -> Self {
        let mut all = Self::default();
        for piece in pieces {
            all.size = piece.vector.len();
            let byte = |v: &f32| (v * f32::from(i8::MAX)).round() as i8;
            all.bytes.extend(piece.vector.iter().map(byte));
        }
        all
    }

    fn rows(&self) -> impl Iterator<Item = &[i8]> {
        self.bytes.chunks_exact(self.size.max(1))
    }
}

/// The pieces of a question with what each of them matters; together they matter 1.
#[derive(Clone, Default)]
pub(super) struct Asked {
    pieces: Pieces,
    weights: Vec<f32>,
}

impl Asked {
    /// Of the pieces of a question those that matter most, at most so many.
    pub fn of(pieces: &[Piece], most: usize) -> Self {
        let mut chosen: Vec<&Piece> = pieces.iter().collect();
        chosen.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        chosen.truncate(most);
        let all = chosen
            .iter()
            .map(|piece| piece.weight)
            .sum::<f32>()
            .max(f32::EPSILON);
        Self {
            pieces: Pieces::of(chosen.iter().copied()),
            weights: chosen.iter().map(|piece| piece.weight / all).collect(),
        }
    }

    /// The pieces themselves.
    pub fn all(&self) -> &Pieces {
        &self.pieces
    }

    /// For each piece of the question the cosine of the nearest piece of a text; of none the least there is.
    pub fn nearest(&self, text: &Pieces) -> Vec<f32> {
        const ONE: f32 = 127.0 * 127.0;
        let near = |asked: &[i8]| {
            let mut most = -ONE as i32;
            products(asked, &text.bytes, |_, product| most = most.max(product));
            most as f32 / ONE
        };
        self.pieces.rows().map(near).collect()
    }

    /// How much of the question is met, given the nearest of each of its pieces; 0 of none.
    pub fn met(&self, nearest: &[f32]) -> f32 {
        let met = self
            .weights
            .iter()
            .zip(nearest)
            .map(|(weight, near)| weight * near);
        met.sum::<f32>().clamp(0.0, 1.0)
    }
}

/// Tells the product of a vector with each of those that lie one after the other in `rows`, with its place.
fn products(vector: &[i8], rows: &[i8], mut take: impl FnMut(usize, i32)) {
    #[cfg(target_arch = "x86_64")]
    if let pulp::Arch::V3(v3) = pulp::Arch::new() {
        return pulp::Simd::vectorize(
            v3,
            wide::Products {
                v3,
                vector,
                rows,
                take,
            },
        );
    }
    for (at, row) in rows.chunks_exact(vector.len().max(1)).enumerate() {
        take(at, product(vector, row));
    }
}

/// Product of two vectors of one length.
fn product(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// Sixteen products at once, with 256 bits.
#[cfg(target_arch = "x86_64")]
mod wide {
    use pulp::NullaryFnOnce;
    use pulp::x86::V3;

    const LANES: usize = 16;

    pub(super) struct Products<'a, F> {
        pub v3: V3,
        pub vector: &'a [i8],
        pub rows: &'a [i8],
        pub take: F,
    }

    impl<F: FnMut(usize, i32)> NullaryFnOnce for Products<'_, F> {
        type Output = ();

        // Only what is inlined here may use the processor's wide numbers.
        #[inline(always)]
        fn call(mut self) {
            let v3 = self.v3;
            let (vector, rest) = self.vector.as_chunks::<LANES>();
            for (at, row) in self.rows.chunks_exact(self.vector.len().max(1)).enumerate() {
                let (row, row_rest) = row.as_chunks::<LANES>();
                let mut sums = v3.avx._mm256_setzero_si256();
                for (a, b) in vector.iter().zip(row) {
                    let [a, b] = [a, b].map(|bytes| v3.avx2._mm256_cvtepi8_epi16(pulp::cast(*bytes)));
                    sums = v3.avx2._mm256_add_epi32(sums, v3.avx2._mm256_madd_epi16(a, b));
                }
                let sums: [i32; LANES / 2] = pulp::cast(sums);
                (self.take)(at, sums.iter().sum::<i32>() + super::product(rest, row_rest));
            }
        }
    }
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
        if asked.bytes.is_empty() || self.scales.is_empty() {
            return Vec::new();
        }
        let mut near = vec![0.0_f32; self.passages];
        products(&asked.bytes, &self.bytes, |at, product| {
            let cosine = product as f32 * self.scales[at];
            for best in &mut near[self.of[at].clone()] {
                *best = best.max(cosine);
            }
        });
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
    fn every_processor_gives_the_same() {
        let bytes = |seed: usize, count: usize| -> Vec<i8> {
            (0..count)
                .map(|at| ((at + seed) * 89 % 255) as u8 as i8)
                .collect()
        };
        for size in [1, 15, 16, 48, 50] {
            let (vector, rows) = (bytes(3, size), bytes(8, 5 * size));
            let (mut said, mut wanted) = (Vec::new(), Vec::new());
            products(&vector, &rows, |at, product| said.push((at, product)));
            wanted.extend(rows.chunks(size).map(|row| product(&vector, row)).enumerate());
            assert_eq!(said, wanted);
        }
        products(&[], &[], |_, _| panic!("of nothing nothing is told"));
    }

    #[test]
    fn what_matters_more_decides_what_is_met() {
        let piece = |angle: f32, weight: f32| Piece {
            vector: unit(angle),
            weight,
        };
        let asked = Asked::of(&[piece(0.0, 1.0), piece(1.57, 3.0), piece(0.7, 0.0)], 2);
        let met = |angle: f32| asked.met(&asked.nearest(&Pieces::of([&piece(angle, 1.0)].into_iter())));
        assert!((met(1.57) - 0.75).abs() < 0.02 && (met(0.0) - 0.25).abs() < 0.02);
        assert_eq!(asked.met(&asked.nearest(&Pieces::default())), 0.0);
        assert_eq!(Asked::default().met(&[]), 0.0);
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
