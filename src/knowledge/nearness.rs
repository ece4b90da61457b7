//! Which passages mean most nearly the same as a question: every one is looked at, as bytes, in one sweep.

use std::ops::Range;

use super::cores::on_every_core;
use crate::predictors::Piece;

/// Vectors that are worth a thread.
const VECTORS_LEAST: usize = 4_000;

/// A unit vector as bytes from -127 to 127: the numbers are `bytes · scale`.
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

    /// The numbers, one after the other.
    pub fn numbers(&self) -> impl Iterator<Item = f32> {
        self.bytes.iter().map(|byte| f32::from(*byte) * self.scale)
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

/// Thirty-two products at once, with 256 bits.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::__m256i;

    use pulp::NullaryFnOnce;
    use pulp::x86::V3;

    const LANES: usize = 32;
    const HALF: usize = LANES / 2;
    /// Rows that are multiplied side by side: adding up what is left in the lanes costs as much as a short row.
    const ROWS: usize = 4;

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
            let size = self.vector.len().max(1);
            let mut together = self.rows.chunks_exact(ROWS * size);
            let mut at = 0;
            for rows in together.by_ref() {
                let found = self.told(std::array::from_fn(|row| &rows[row * size..][..size]));
                for found in found {
                    (self.take)(at, found);
                    at += 1;
                }
            }
            for row in together.remainder().chunks_exact(size) {
                let [found, ..] = self.told([row; ROWS]);
                (self.take)(at, found);
                at += 1;
            }
        }
    }

    impl<F> Products<'_, F> {
        #[inline(always)]
        fn told(&self, rows: [&[i8]; ROWS]) -> [i32; ROWS] {
            let (avx, avx2) = (self.v3.avx, self.v3.avx2);
            let (vector, rest) = self.vector.as_chunks::<LANES>();
            let rows = rows.map(|row| row.as_chunks::<LANES>());
            let ones = avx._mm256_set1_epi16(1);
            let mut sums: [__m256i; ROWS] = [avx._mm256_setzero_si256(); ROWS];
            for (at, bytes) in vector.iter().enumerate() {
                let asked = pulp::cast(*bytes);
                // Bytes are multiplied as one without a sign and one with both; two products fit 16 bits, as none is -128.
                let size = avx2._mm256_abs_epi8(asked);
                for (sum, (row, _)) in sums.iter_mut().zip(rows) {
                    let row = avx2._mm256_sign_epi8(pulp::cast(row[at]), asked);
                    let twos = avx2._mm256_maddubs_epi16(size, row);
                    *sum = avx2._mm256_add_epi32(*sum, avx2._mm256_madd_epi16(twos, ones));
                }
            }
            let (half, rest) = rest.as_chunks::<HALF>();
            let rests = rows.map(|(_, rest)| rest.as_chunks::<HALF>());
            if let [half] = half {
                let asked = avx2._mm256_cvtepi8_epi16(pulp::cast(*half));
                for (sum, (row, _)) in sums.iter_mut().zip(rests) {
                    let row = avx2._mm256_cvtepi8_epi16(pulp::cast(row[0]));
                    *sum = avx2._mm256_add_epi32(*sum, avx2._mm256_madd_epi16(asked, row));
                }
            }
            let [a, b, c, d] = sums;
            let all = avx2._mm256_hadd_epi32(avx2._mm256_hadd_epi32(a, b), avx2._mm256_hadd_epi32(c, d));
            let [low, high]: [[i32; ROWS]; 2] = pulp::cast(all);
            std::array::from_fn(|row| low[row] + high[row] + super::product(rest, rests[row].1))
        }
    }
}

/// The greatest of each place.
pub(super) fn nearest<'a>(all: impl IntoIterator<Item = &'a Vec<f32>>) -> Vec<f32> {
    let mut all = all.into_iter();
    let mut best = all.next().cloned().unwrap_or_default();
    for more in all {
        best.iter_mut()
            .zip(more)
            .for_each(|(best, near)| *best = best.max(*near));
    }
    best
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
        let size = asked.bytes.len();
        let parts = on_every_core(self.scales.len(), VECTORS_LEAST, |part| {
            let mut near = vec![0.0_f32; self.passages];
            let rows = &self.bytes[part.start * size..part.end * size];
            products(&asked.bytes, rows, |at, product| {
                let cosine = product as f32 * self.scales[part.start + at];
                for best in &mut near[self.of[part.start + at].clone()] {
                    *best = best.max(cosine);
                }
            });
            near
        });
        let near = nearest(&parts);
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
        // From -127 to 127, the least and the most beside each other.
        let byte = |at: usize| [-127, 127, -127, (at * 89 % 255) as i32 - 127][at % 4] as i8;
        let bytes = |seed: usize, count: usize| -> Vec<i8> { (seed..seed + count).map(byte).collect() };
        for (size, count) in [(1, 5), (15, 3), (16, 4), (32, 6), (48, 9), (50, 7), (384, 5)] {
            let (vector, rows) = (bytes(3, size), bytes(8, count * size));
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
