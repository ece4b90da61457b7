//! The gate of a window, for weights that move no more: candle's own asks the C library for each exponential.

use candle_core::{CpuStorage, CustomOp1, Layout, Shape, bail};
use pulp::Arch;

/// `[.., 2 W]` to `[.., W]`: the first half of each row, each number as far as the other half lets it through (a sigmoid).
pub(super) struct Gate;

impl CustomOp1 for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let (rows, both) = layout.shape().dims2()?;
        let (CpuStorage::F32(x), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
            bail!("numbers of 32 bits, side by side, are wanted");
        };
        let width = both / 2;
        let mut out = Vec::with_capacity(rows * width);
        Arch::new().dispatch(|| {
            for row in x[from..to].chunks_exact(both.max(1)) {
                let (passed, gate) = row.split_at(width);
                out.extend(passed.iter().zip(gate).map(|(x, y)| x * sigmoid(*y)));
            }
        });
        Ok((CpuStorage::F32(out), (rows, width).into()))
    }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Within 3e-7 of the exponential, by operations that every processor does alike and several at once: a power of two that is put
/// together bit by bit, and a polynomial for the rest (Cephes, `expf`). Beyond what it can tell it gives the last it can.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23: added and taken away again, it leaves a whole number.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4]; // In two parts, the first exact in few bits.
    const TERMS: [f32; 6] = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_65,
        0.5,
    ];
    let x = if x > 87.0 { 87.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * LN_2[0] - whole * LN_2[1];
    let sum = TERMS.iter().skip(1).fold(TERMS[0], |sum, term| sum * rest + term);
    let power = (shifted.to_bits().wrapping_add(127) << 23) & 0x7f80_0000;
    (sum * rest * rest + rest + 1.0) * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn the_exponential_is_near_enough() {
        for at in -8_700..=8_700 {
            let x = at as f32 / 100.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 3e-7, "{x}");
        }
        assert!(exp(f32::INFINITY).is_finite() && exp(f32::NEG_INFINITY) >= 0.0 && exp(-200.0) < 1e-37);
    }

    #[test]
    fn half_of_a_row_is_let_through() {
        let x = Tensor::from_vec(
            vec![2.0_f32, -4.0, 0.0, 90.0, 3.0, 1.0, -90.0, 0.0],
            (2, 4),
            &Device::Cpu,
        )
        .unwrap();
        let said: Vec<Vec<f32>> = x.apply_op1_no_bwd(&Gate).unwrap().to_vec2().unwrap();
        for (said, wanted) in said.concat().iter().zip([1.0, -4.0, 0.0, 0.5]) {
            assert!((said - wanted).abs() < 1e-6, "{said}");
        }
    }
}
