//! Weights that move no more, as bytes: a few rows are multiplied by them many times faster than by a general product of
//! matrices, which must first lay its parts out anew. The sums are whole numbers, so that every processor gives the same.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, Tensor, bail};
use pulp::Arch;

/// Outputs that are summed side by side.
const LANES: usize = 8;
/// Blocks of outputs that a tile takes together.
const BLOCKS: usize = 2;
/// Rows that a tile takes together.
const ROWS: usize = 4;
/// Outputs of a tile.
const TILE: usize = BLOCKS * LANES;
/// Weights of a block for two inputs, those of one output beside each other.
const PAIR: usize = 2 * LANES;

/// `x · Wᵀ + b`, where a row of `x` may reach over the rows beside it.
pub(super) struct Settled {
    inputs: usize,
    outputs: usize,
    /// Blocks of outputs, in each the inputs by twos, for each two the block's outputs.
    bytes: Vec<i8>,
    /// What a step of each output's bytes is worth.
    steps: Vec<f32>,
    /// As many, those without an output 0.
    bias: Vec<f32>,
    /// Largest whole number that an input becomes: no sum of products can grow beyond 32 bits.
    most: f32,
}

impl Settled {
    /// From `[outputs, inputs]` and `[outputs]`.
    pub fn new(weight: &Tensor, bias: &Tensor) -> candle_core::Result<Self> {
        let (outputs, inputs) = weight.dims2()?;
        if !inputs.is_multiple_of(2) {
            bail!("{inputs} inputs; an even number is wanted");
        }
        let padded = outputs.next_multiple_of(TILE);
        let mut bias: Vec<f32> = bias.to_vec1()?;
        bias.resize(padded, 0.0);
        let mut settled = Self {
            inputs,
            outputs,
            bytes: vec![0; padded * inputs],
            steps: vec![0.0; padded],
            bias,
            most: (i32::MAX as f32 / (f32::from(i8::MAX) * inputs as f32)).min(f32::from(i16::MAX)),
        };
        for (output, row) in weight.to_vec2::<f32>()?.iter().enumerate() {
            let step = largest(row) / f32::from(i8::MAX);
            settled.steps[output] = step;
            for (input, value) in row.iter().enumerate() {
                let block = output / LANES * LANES * inputs;
                let at = block + input / 2 * PAIR + output % LANES * 2 + input % 2;
                settled.bytes[at] = (value / step).round() as i8;
            }
        }
        Ok(settled)
    }

    /// Of `[B, N, W]` each run of as many rows as make up the inputs, `[B · (runs of a text), outputs]`.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x.contiguous()?.apply_op1_no_bwd(self)
    }

    /// The runs of one text, `width` numbers a row.
    fn of_text(&self, text: &[f32], width: usize, out: &mut [f32]) {
        let step = largest(text) / self.most;
        let whole = whole(text, step);
        let runs: Vec<&[[i16; 2]]> = (0..out.len() / self.outputs)
            .map(|run| whole[run * width..][..self.inputs].as_chunks().0)
            .collect();
        let tiles = self.bytes.chunks_exact(TILE * self.inputs).enumerate();
        for (tile, bytes) in tiles {
            let first = tile * TILE;
            let scale = Scale {
                step,
                steps: &self.steps[first..],
                bias: &self.bias[first..],
            };
            for (rows, out) in runs.chunks(ROWS).zip(out.chunks_mut(ROWS * self.outputs)) {
                let sums = match *rows {
                    [a, b, c, d] => &tiled(bytes, [a, b, c, d], &scale)[..],
                    [a, b, c] => &tiled(bytes, [a, b, c], &scale)[..],
                    [a, b] => &tiled(bytes, [a, b], &scale)[..],
                    [a] => &tiled(bytes, [a], &scale)[..],
                    _ => &[],
                };
                for (sums, out) in sums.iter().zip(out.chunks_mut(self.outputs)) {
                    let out = &mut out[first..];
                    let count = out.len().min(TILE);
                    out[..count].copy_from_slice(&sums[..count]);
                }
            }
        }
    }
}

impl CustomOp1 for Settled {
    fn name(&self) -> &'static str {
        "settled"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (texts, rows, width) = layout.shape().dims3()?;
        let (CpuStorage::F32(x), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
            bail!("numbers of 32 bits, side by side, are wanted");
        };
        if !self.inputs.is_multiple_of(width) || self.inputs > rows * width {
            bail!("{} inputs cannot be made of {rows} rows of {width}", self.inputs);
        }
        let runs = rows + 1 - self.inputs / width;
        let mut out = vec![0.0; texts * runs * self.outputs];
        let of_texts = x[from..to].chunks_exact(rows * width);
        for (text, out) in of_texts.zip(out.chunks_exact_mut(runs * self.outputs)) {
            self.of_text(text, width, out);
        }
        Ok((CpuStorage::F32(out), (texts * runs, self.outputs).into()))
    }
}

/// What sums of a tile's bytes and a text's whole numbers are worth.
struct Scale<'a> {
    /// What a step of the text's numbers is worth.
    step: f32,
    /// What a step of each output's bytes is worth, the tile's first.
    steps: &'a [f32],
    bias: &'a [f32],
}

impl Scale<'_> {
    #[inline(always)]
    fn of(&self, sums: &[i32; TILE]) -> [f32; TILE] {
        let mut worth = [0.0; TILE];
        let parts = self.steps[..TILE].iter().zip(&self.bias[..TILE]);
        for ((worth, sum), (step, bias)) in worth.iter_mut().zip(sums).zip(parts) {
            *worth = *sum as f32 * (step * self.step) + bias;
        }
        worth
    }
}

/// The largest size of a number, never 0.
fn largest(values: &[f32]) -> f32 {
    let mut most = [f32::MIN_POSITIVE; LANES];
    let larger = |most: &mut f32, value: &f32| {
        let size = value.abs();
        // Written out, this is one instruction for several; `f32::max` asks for NaN as well.
        *most = if size > *most { size } else { *most };
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        most.iter_mut()
            .zip(chunk)
            .for_each(|(most, value)| larger(most, value));
    }
    most.iter_mut()
        .zip(rest)
        .for_each(|(most, value)| larger(most, value));
    most.into_iter().fold(f32::MIN_POSITIVE, f32::max)
}

/// How many steps each number is, without what is left; at most what 16 bits hold.
fn whole(values: &[f32], step: f32) -> Vec<i16> {
    #[cfg(target_arch = "x86_64")]
    if let Arch::V3(v3) = Arch::new() {
        return pulp::Simd::vectorize(v3, wide::Whole { v3, values, step });
    }
    values.iter().map(|value| (value / step) as i16).collect()
}

/// Products of each row with the outputs of two blocks.
fn tiled<const R: usize>(bytes: &[i8], rows: [&[[i16; 2]]; R], scale: &Scale<'_>) -> [[f32; TILE]; R] {
    #[cfg(target_arch = "x86_64")]
    if let Arch::V3(v3) = Arch::new() {
        return pulp::Simd::vectorize(
            v3,
            wide::Tile {
                v3,
                bytes,
                rows,
                scale,
            },
        );
    }
    plain(bytes, rows).map(|sums| scale.of(&sums))
}

/// The sums without any processor's own means.
fn plain<const R: usize>(bytes: &[i8], rows: [&[[i16; 2]]; R]) -> [[i32; TILE]; R] {
    rows.map(|row| {
        let mut sums = [[0_i32; PAIR]; BLOCKS];
        for (sums, block) in sums.iter_mut().zip(bytes.chunks_exact(bytes.len() / BLOCKS)) {
            for (pair, weights) in row.iter().zip(block.as_chunks::<PAIR>().0) {
                let products = sums.iter_mut().zip(weights).enumerate();
                products.for_each(|(at, (sum, weight))| {
                    *sum += i32::from(pair[at % 2]) * i32::from(*weight);
                });
            }
        }
        std::array::from_fn(|output| {
            let sums = &sums[output / LANES][output % LANES * 2..][..2];
            sums[0] + sums[1]
        })
    })
}

/// Sixteen products at once, with 256 bits.
#[cfg(target_arch = "x86_64")]
mod wide {
    use pulp::NullaryFnOnce;
    use pulp::x86::V3;

    use super::{BLOCKS, PAIR, Scale, TILE};

    pub(super) struct Whole<'a> {
        pub v3: V3,
        pub values: &'a [f32],
        pub step: f32,
    }

    impl NullaryFnOnce for Whole<'_> {
        type Output = Vec<i16>;

        // Only what is inlined here may use the processor's wide numbers.
        #[inline(always)]
        fn call(self) -> Self::Output {
            let Whole { v3, values, step } = self;
            let steps = v3.avx._mm256_set1_ps(step);
            let (chunks, rest) = values.as_chunks::<PAIR>();
            let mut whole = Vec::with_capacity(values.len());
            for chunk in chunks {
                let halves: [[f32; 8]; 2] = pulp::cast(*chunk);
                let [low, high] = halves.map(|half| {
                    let parts = v3.avx._mm256_div_ps(pulp::cast(half), steps);
                    v3.avx._mm256_cvttps_epi32(parts)
                });
                let packed = v3.avx2._mm256_packs_epi32(low, high);
                // Each half of a register was packed by itself.
                let ordered = v3.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
                let ordered: [i16; PAIR] = pulp::cast(ordered);
                whole.extend_from_slice(&ordered);
            }
            whole.extend(rest.iter().map(|value| (value / step) as i16));
            whole
        }
    }

    pub(super) struct Tile<'a, const R: usize> {
        pub v3: V3,
        pub bytes: &'a [i8],
        pub rows: [&'a [[i16; 2]]; R],
        pub scale: &'a Scale<'a>,
    }

    impl<const R: usize> NullaryFnOnce for Tile<'_, R> {
        type Output = [[f32; TILE]; R];

        #[inline(always)]
        fn call(self) -> Self::Output {
            let Tile {
                v3,
                bytes,
                rows,
                scale,
            } = self;
            let (first, second) = bytes.split_at(bytes.len() / BLOCKS);
            let (first, second) = (first.as_chunks::<PAIR>().0, second.as_chunks::<PAIR>().0);
            let pairs = first.len();
            // Told once that all are of one length, the loop need not ask.
            let (second, rows) = (&second[..pairs], rows.map(|row| &row[..pairs]));
            let mut sums = [[v3.avx._mm256_setzero_si256(); BLOCKS]; R];
            for pair in 0..pairs {
                let weights =
                    [first[pair], second[pair]].map(|w| v3.avx2._mm256_cvtepi8_epi16(pulp::cast(w)));
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let inputs = v3.avx._mm256_set1_epi32(pulp::cast(row[pair]));
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        *sum = v3
                            .avx2
                            ._mm256_add_epi32(*sum, v3.avx2._mm256_madd_epi16(weights, inputs));
                    }
                }
            }
            let mut worth = [[0.0; TILE]; R];
            for (worth, sums) in worth.iter_mut().zip(sums) {
                *worth = scale.of(&pulp::cast(sums));
            }
            worth
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn random(shape: (usize, usize), seed: u64) -> Tensor {
        let mut random = StdRng::seed_from_u64(seed);
        let numbers = (0..shape.0 * shape.1).map(|_| random.random_range(-1.0_f32..1.0));
        Tensor::from_vec(numbers.collect::<Vec<_>>(), shape, &Device::Cpu).unwrap()
    }

    /// For whatever number of rows and outputs, and over rows beside each other.
    #[test]
    fn bytes_give_what_the_weights_give() {
        for (rows, outputs, reach) in [
            (1, 4, 1),
            (2, 4, 3),
            (2, 16, 1),
            (3, 49, 1),
            (5, 40, 3),
            (9, 64, 3),
            (12, 7, 5),
        ] {
            let (width, runs) = (6, rows + 1 - reach.min(rows));
            let x = random((rows, width), 1);
            let weight = random((outputs, reach * width), 2);
            let bias = random((1, outputs), 3).squeeze(0).unwrap();
            let settled = Settled::new(&weight, &bias).unwrap();
            let said = settled.forward(&x.unsqueeze(0).unwrap());
            if rows < reach {
                assert!(said.is_err());
                continue;
            }
            let seen: Vec<Tensor> = (0..reach).map(|at| x.narrow(0, at, runs).unwrap()).collect();
            let seen = Tensor::cat(&seen, 1).unwrap();
            let wanted = seen.matmul(&weight.t().unwrap()).unwrap().broadcast_add(&bias);
            let off = (said.unwrap() - wanted.unwrap()).unwrap().abs().unwrap();
            let most: f32 = off.max_all().unwrap().to_scalar().unwrap();
            assert!(most < 0.03, "{rows} rows, {outputs} outputs: {most} off");
        }
    }

    #[test]
    fn every_processor_gives_the_same() {
        let values: Vec<f32> = (0..77).map(|at| (at * 37 % 64 - 32) as f32 * 0.7).collect();
        let step = largest(&values) / f32::from(i16::MAX);
        assert_eq!(largest(&values), 32.0 * 0.7);
        let one_by_one: Vec<i16> = values.iter().map(|value| (value / step) as i16).collect();
        assert_eq!(whole(&values, step), one_by_one);
        assert!(largest(&[]) > 0.0 && largest(&[0.0, -3.0]) == 3.0);
        let bytes: Vec<i8> = (0..TILE * 10).map(|at| (at * 37 % 255) as u8 as i8).collect();
        let row: Vec<[i16; 2]> = (0..5).map(|at| [at * 700 - 1500, 90 - at * 31]).collect();
        let rows = [&row[..], &row[..], &row[..]];
        let parts: Vec<f32> = (0..TILE).map(|at| at as f32 / 7.0).collect();
        let scale = Scale {
            step: 0.3,
            steps: &parts,
            bias: &parts,
        };
        assert_eq!(
            tiled(&bytes, rows, &scale),
            plain(&bytes, rows).map(|sums| scale.of(&sums))
        );
    }

    #[test]
    fn the_largest_sums_do_not_overflow() {
        let inputs = 1536;
        let weight = Tensor::ones((8, inputs), candle_core::DType::F32, &Device::Cpu).unwrap();
        let bias = Tensor::zeros(8, candle_core::DType::F32, &Device::Cpu).unwrap();
        let x = Tensor::ones((1, 1, inputs), candle_core::DType::F32, &Device::Cpu).unwrap();
        let said = Settled::new(&weight, &bias).unwrap().forward(&x).unwrap();
        for said in said.to_vec2::<f32>().unwrap().concat() {
            assert!((said / inputs as f32 - 1.0).abs() < 1e-3, "{said}");
        }
    }
}
