//! Texts of different length side by side.

use candle_core::{Device, Tensor};

/// Pieces of several texts, padded to one length: ids `[B, L]`, mask `[B, L, 1]`.
pub(super) struct Batch {
    pub ids: Tensor,
    pub mask: Tensor,
    /// Whether all have the same length, so that nothing is padded.
    even: bool,
}

impl Batch {
    /// `[B, L, W]` with nothing where no piece is.
    pub fn masked(&self, x: Tensor) -> candle_core::Result<Tensor> {
        if self.even {
            Ok(x)
        } else {
            x.broadcast_mul(&self.mask)
        }
    }

    /// `[B, L, W]` with next to minus infinity where no piece is.
    pub fn absent_least(&self, x: Tensor) -> candle_core::Result<Tensor> {
        if self.even {
            return Ok(x);
        }
        x.broadcast_add(&((&self.mask - 1.0)? * 1e4)?)
    }
}

/// Pads texts to one length. Every text has at least one piece.
pub(super) fn batch(texts: &[Vec<u32>]) -> candle_core::Result<Batch> {
    let length = texts.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let mut ids = Vec::with_capacity(texts.len() * length);
    let mut mask = Vec::with_capacity(texts.len() * length);
    for text in texts {
        ids.extend(text.iter().copied().chain(std::iter::repeat(0)).take(length));
        mask.extend((0..length).map(|at| if at < text.len() { 1.0_f32 } else { 0.0 }));
    }
    Ok(Batch {
        ids: Tensor::from_vec(ids, (texts.len(), length), &Device::Cpu)?,
        mask: Tensor::from_vec(mask, (texts.len(), length, 1), &Device::Cpu)?,
        even: texts.iter().all(|text| text.len() == length),
    })
}
