//! Our net: subword embeddings, gated windows with short-cuts, attention, mean and maximum pooling, one
//! unit vector. Windows are cheap on one core, and short messages need no more reach than theirs.
//!
//! Gates: Dauphin et al., 2017 ("Language Modeling with Gated Convolutional Networks"). Windows that
//! weigh each dimension by itself: Wu et al., 2019 ("Pay Less Attention with Lightweight and Dynamic
//! Convolutions").

use candle_core::{D, DType, Tensor};
use candle_nn::{Init, Linear, Module, VarBuilder, linear};
use serde::{Deserialize, Serialize};

use super::{Batch, unit};

/// `model_type` in `config.json`.
pub(super) const MODEL_TYPE: &str = "xiaoer-gated";
/// Pieces looked at; the rest of a long message is not encoded.
pub(super) const PIECES_MAX: usize = 64;
/// Attention heads of the pooling.
const HEADS: usize = 4;
/// Neighbours on each side that a window sees.
const REACH: usize = 2;

/// `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// Pieces of the vocabulary.
    pub vocab_size: usize,
    /// Width of an embedding and of each layer.
    pub hidden_size: usize,
    /// Gated windows, one over the other.
    pub num_hidden_layers: usize,
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
    polarity: Linear,
}

struct Layer {
    norm: Tensor,
    /// `[2 * REACH + 1, hidden]`.
    window: Tensor,
    open: Linear,
    close: Linear,
}

impl Layer {
    fn new(width: usize, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let spread = Init::Randn {
            mean: 0.0,
            stdev: 0.4,
        };
        Ok(Self {
            norm: vb.get_with_hints(width, "norm", Init::Const(1.0))?,
            window: vb.get_with_hints((2 * REACH + 1, width), "window", spread)?,
            open: linear(width, 2 * width, vb.pp("open"))?,
            close: linear(width, width, vb.pp("close"))?,
        })
    }

    /// `[B, L, W]` to the same shape.
    fn forward(&self, x: &Tensor, mask: &Tensor) -> candle_core::Result<Tensor> {
        let (texts, length, width) = x.dims3()?;
        let normed = norm(x, &self.norm)?.broadcast_mul(mask)?;
        let edge = Tensor::zeros((texts, REACH, width), DType::F32, x.device())?;
        let padded = Tensor::cat(&[&edge, &normed, &edge], 1)?;
        let mut seen = normed.zeros_like()?;
        for place in 0..=2 * REACH {
            let weights = self.window.narrow(0, place, 1)?;
            seen = (seen + padded.narrow(1, place, length)?.broadcast_mul(&weights)?)?;
        }
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
        let spread = Init::Randn {
            mean: 0.0,
            stdev: 0.1,
        };
        let layers = (0..shape.num_hidden_layers).map(|at| Layer::new(width, &vb.pp(format!("layer{at}"))));
        Ok(Self {
            shape,
            embedding: vb.get_with_hints((shape.vocab_size, width), "embedding", spread)?,
            layers: layers.collect::<candle_core::Result<_>>()?,
            last_norm: vb.get_with_hints(width, "norm", Init::Const(1.0))?,
            attention: linear(width, HEADS, vb.pp("attention"))?,
            out: linear((HEADS + 2) * width, shape.dimensions, vb.pp("out"))?,
            polarity: linear(shape.dimensions, 1, vb.pp("polarity"))?,
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

    /// Whether vectors sound pleased: logits `[B]`.
    pub fn polarity(&self, vectors: &Tensor) -> candle_core::Result<Tensor> {
        self.polarity.forward(vectors)?.squeeze(1)
    }
}
