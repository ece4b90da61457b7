//! Our net: subword embeddings, gated windows with short-cuts, attention, mean and maximum pooling, one
//! unit vector. Windows are cheap on one core, and short messages need no more reach than theirs.
//!
//! Gates: Dauphin et al., 2017 ("Language Modeling with Gated Convolutional Networks").

use candle_core::{D, DType, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear};
use serde::{Deserialize, Serialize};

use super::{Batch, unit};

/// `model_type` in `config.json`.
pub(super) const MODEL_TYPE: &str = "xiaoer-gated";
/// Pieces looked at; the rest of a long message is not encoded.
pub(super) const PIECES_MAX: usize = 64;
/// Attention heads of the pooling.
const HEADS: usize = 4;
/// Name of the embedding's weights.
pub(super) const EMBEDDING: &str = "embedding";
/// Widest window.
const WINDOW_MAX: usize = 15;

/// `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// Pieces of the vocabulary.
    pub vocab_size: usize,
    /// Width of an embedding and of each layer.
    pub hidden_size: usize,
    /// Gated windows, one over the other.
    pub num_hidden_layers: usize,
    /// Pieces that a window sees, the middle one among them; an odd number.
    pub window: usize,
    /// Numbers of a vector.
    pub dimensions: usize,
}

pub(super) struct Gated {
    shape: Shape,
    embedding: Tensor,
    layers: Vec<Layer>,
    last_norm: Tensor,
    attention: Linear,
    out: Linear,
}

struct Layer {
    norm: Tensor,
    /// Neighbours on each side that the window sees.
    reach: usize,
    open: Linear,
    close: Linear,
}

impl Layer {
    fn new(width: usize, window: usize, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Self {
            norm: vb.get(width, "norm")?,
            reach: window / 2,
            open: linear(window * width, 2 * width, vb.pp("open"))?,
            close: linear(width, width, vb.pp("close"))?,
        })
    }

    /// `[B, L, W]` to the same shape.
    fn forward(&self, x: &Tensor, mask: &Tensor) -> candle_core::Result<Tensor> {
        let (texts, length, width) = x.dims3()?;
        let normed = norm(x, &self.norm)?.broadcast_mul(mask)?;
        let edge = Tensor::zeros((texts, self.reach, width), DType::F32, x.device())?;
        let padded = Tensor::cat(&[&edge, &normed, &edge], 1)?;
        let places: Vec<Tensor> = (0..=2 * self.reach)
            .map(|place| padded.narrow(1, place, length)?.contiguous())
            .collect::<candle_core::Result<_>>()?;
        // Contiguous, or the layer would be multiplied text by text.
        let seen = Tensor::cat(&places, D::Minus1)?.contiguous()?;
        let open = self.open.forward(&seen)?;
        let gate = candle_nn::ops::sigmoid(&open.narrow(D::Minus1, width, width)?)?;
        let close = self.close.forward(&(open.narrow(D::Minus1, 0, width)? * gate)?)?;
        x + close.broadcast_mul(mask)?
    }
}

/// Root mean square normalisation of each row (Zhang and Sennrich, 2019).
fn norm(x: &Tensor, weights: &Tensor) -> candle_core::Result<Tensor> {
    let size = (x.sqr()?.mean_keepdim(D::Minus1)? + 1e-6)?.sqrt()?;
    x.broadcast_div(&size)?.broadcast_mul(weights)
}

impl Gated {
    /// Builds the net over its weights, checking every shape.
    pub fn new(shape: Shape, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let width = shape.hidden_size;
        if shape.window.is_multiple_of(2) || shape.window > WINDOW_MAX {
            candle_core::bail!("a window of {} pieces cannot be", shape.window);
        }
        let layer = |at: usize| Layer::new(width, shape.window, &vb.pp(format!("layer{at}")));
        let layers = (0..shape.num_hidden_layers).map(layer);
        Ok(Self {
            shape,
            embedding: vb.get((shape.vocab_size, width), EMBEDDING)?,
            layers: layers.collect::<candle_core::Result<_>>()?,
            last_norm: vb.get(width, "norm")?,
            attention: linear(width, HEADS, vb.pp("attention"))?,
            out: linear((HEADS + 2) * width, shape.dimensions, vb.pp("out"))?,
        })
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Unit vectors `[B, dimensions]`.
    pub fn forward(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let (texts, length) = batch.ids.dims2()?;
        let width = self.shape.hidden_size;
        let flat = batch.ids.flatten_all()?;
        let mut x = self
            .embedding
            .index_select(&flat, 0)?
            .reshape((texts, length, width))?
            .broadcast_mul(&batch.mask)?;
        for layer in &self.layers {
            x = layer.forward(&x, &batch.mask)?;
        }
        let x = norm(&x, &self.last_norm)?.broadcast_mul(&batch.mask)?;
        // Places without a piece can be neither attended to nor the maximum.
        let absent = ((&batch.mask - 1.0)? * 1e4)?;
        let scores = self.attention.forward(&x)?.broadcast_add(&absent)?;
        let shares = candle_nn::ops::softmax(&scores, 1)?
            .transpose(1, 2)?
            .contiguous()?;
        let attended = shares.matmul(&x)?.reshape((texts, HEADS * width))?;
        let count = batch.mask.sum(1)?;
        let mean = x.sum(1)?.broadcast_div(&count)?;
        let most = x.broadcast_add(&absent)?.max(1)?;
        unit(&self.out.forward(&Tensor::cat(&[&attended, &mean, &most], 1)?)?)
    }
}
