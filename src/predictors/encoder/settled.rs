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
        let tile = BLOCKS * LANES;
        let mut settled = Self {
            inputs,
            outputs,
            bytes: vec![0; outputs.next_multiple_of(tile) * inputs],
            steps: vec![0.0; outputs.next_multiple_of(tile)],
            bias: bias.to_vec1()?,
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
        let whole: Vec<i16> = text.iter().map(|value| (value / step) as i16).collect();
        let runs: Vec<&[[i16; 2]]> = (0..out.len() / self.outputs)
            .map(|run| whole[run * width..][..self.inputs].as_chunks().0)
            .collect();
        let tiles = self.bytes.chunks_exact(BLOCKS * LANES * self.inputs).enumerate();
        for (tile, bytes) in tiles {
            let first = tile * BLOCKS * LANES;
            for (rows, out) in runs.chunks(ROWS).zip(out.chunks_mut(ROWS * self.outputs)) {
                match *rows {
                    [a, b, c, d] => self.told(tiled(bytes, [a, b, c, d]), (first, step), out),
                    [a, b, c] => self.told(tiled(bytes, [a, b, c]), (first, step), out),
                    [a, b] => self.told(tiled(bytes, [a, b]), (first, step), out),
                    [a] => self.told(tiled(bytes, [a]), (first, step), out),
                    _ => {}
                }
            }
        }
    }

    /// Puts whole sums of a tile, whose first output this is, where they belong.
    fn told<const R: usize>(
        &self,
        sums: [[i32; BLOCKS * LANES]; R],
        (first, step): (usize, f32),
        out: &mut [f32],
    ) {
        for (sums, out) in sums.iter().zip(out.chunks_mut(self.outputs)) {
            let parts = sums.iter().zip(&self.steps[first..]).zip(&self.bias[first..]);
            for (out, ((sum, steps), bias)) in out[first..].iter_mut().zip(parts) {
                *out = *sum as f32 * (steps * step) + bias;
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

/// The largest size of a number, never 0.
fn largest(values: &[f32]) -> f32 {
    values
        .iter()
        .fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()))
}

/// Sums of products of each row with the outputs of two blocks.
fn tiled<const R: usize>(bytes: &[i8], rows: [&[[i16; 2]]; R]) -> [[i32; BLOCKS * LANES]; R] {
    #[cfg(target_arch = "x86_64")]
    if let Arch::V3(v3) = Arch::new() {
        return pulp::Simd::vectorize(v3, wide::Tile { v3, bytes, rows });
    }
    plain(bytes, rows)
}

/// The same without any processor's own means.
fn plain<const R: usize>(bytes: &[i8], rows: [&[[i16; 2]]; R]) -> [[i32; BLOCKS * LANES]; R] {
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

    use super::{BLOCKS, LANES, PAIR};

    pub(super) struct Tile<'a, const R: usize> {
        pub v3: V3,
        pub bytes: &'a [i8],
        pub rows: [&'a [[i16; 2]]; R],
    }

    impl<const R: usize> NullaryFnOnce for Tile<'_, R> {
        type Output = [[i32; BLOCKS * LANES]; R];

        // Only what is inlined here may use the processor's wide numbers.
        #[inline(always)]
        fn call(self) -> Self::Output {
            let Tile { v3, bytes, rows } = self;
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
            sums.map(pulp::cast)
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
        let bytes: Vec<i8> = (0..BLOCKS * LANES * 10)
            .map(|at| (at * 37 % 255) as u8 as i8)
            .collect();
        let row: Vec<[i16; 2]> = (0..5).map(|at| [at * 700 - 1500, 90 - at * 31]).collect();
        let rows = [&row[..], &row[..], &row[..]];
        assert_eq!(tiled(&bytes, rows), plain(&bytes, rows));
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
