//! Our net: subword embeddings, gated windows with short-cuts, attention, mean and maximum pooling, one
//! unit vector. Windows are cheap on one core, and short messages need no more reach than theirs.
//!
//! Gates: Dauphin et al., 2017 ("Language Modeling with Gated Convolutional Networks").

use std::collections::HashMap;

use candle_core::{D, DType, Tensor};
use candle_nn::VarBuilder;
use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::settled::Settled;
use super::{Batch, unit};
use crate::predictors::margin::dot;

/// `model_type` in `config.json`.
pub(super) const MODEL_TYPE: &str = "xiaoer-gated";
/// Pieces looked at together.
pub(super) const PIECES_MAX: usize = 192;
/// Attention heads of the pooling.
const HEADS: usize = 4;
/// Names of the weights that say what pieces and pairs of pieces mean.
pub(in crate::predictors) const EMBEDDINGS: [&str; 2] = ["embedding", "pair_embedding"];
/// Name of the list of pairs.
pub(super) const PAIRS: &str = "pairs";
/// Name of the weights that say what a piece means to a question.
pub(super) const PIECE: &str = "piece";
/// Name of the weights that say which questions help centres usually answer.
pub(super) const USUAL: &str = "usual";
/// Widest window.
const WINDOW_MAX: usize = 15;

/// `config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// Pieces of the vocabulary.
    pub vocab_size: usize,
    /// Pairs of neighbouring pieces that have a meaning of their own.
    pub pairs: usize,
    /// Width of an embedding and of each layer.
    pub hidden_size: usize,
    /// Gated windows, one over the other.
    pub num_hidden_layers: usize,
    /// Pieces that a window sees, the middle one among them; an odd number.
    pub window: usize,
    /// Numbers of a vector.
    pub dimensions: usize,
    /// Numbers of a piece's own vector.
    pub piece_dimensions: usize,
}

pub(super) struct Gated {
    shape: Shape,
    embedding: Tensor,
    /// A row a pair, and a last one of zeros.
    pair_embedding: Tensor,
    /// Row of each pair.
    pairs: HashMap<(u32, u32), u32>,
    layers: Vec<Layer>,
    last_norm: Tensor,
    attention: Affine,
    out: Affine,
    /// What each piece means where it stands, and how much it matters to a question.
    piece: Affine,
    /// Weights of a vector's numbers and a bias: is it a question that help centres usually answer?
    usual: (Vec<f32>, f32),
}

/// `x · Wᵀ + b`.
struct Affine {
    /// As stored: `[outputs, inputs]`.
    weight: Tensor,
    bias: Tensor,
    /// The same for multiplying fast; absent while the weights still move.
    settled: Option<Settled>,
}

impl Affine {
    fn new(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Self {
            weight: vb.get((outputs, inputs), "weight")?,
            bias: vb.get(outputs, "bias")?,
            settled: None,
        })
    }

    fn settle(&mut self) -> candle_core::Result<()> {
        self.settled = Some(Settled::new(&self.weight, &self.bias)?);
        Ok(())
    }

    /// `[B, N, W]` to `[B · runs, outputs]`: of each text every run of as many rows as make up the inputs.
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        if let Some(settled) = &self.settled {
            return settled.forward(x);
        }
        let ((texts, rows, width), (_, inputs)) = (x.dims3()?, self.weight.dims2()?);
        let runs = rows + 1 - inputs / width;
        let places = (0..inputs / width).map(|place| x.narrow(1, place, runs)?.contiguous());
        let places = places.collect::<candle_core::Result<Vec<_>>>()?;
        let seen = Tensor::cat(&places, D::Minus1)?.reshape((texts * runs, inputs))?;
        seen.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}

struct Layer {
    norm: Tensor,
    /// Neighbours on each side that the window sees.
    reach: usize,
    open: Affine,
    close: Affine,
}

impl Layer {
    fn new(width: usize, window: usize, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        Ok(Self {
            norm: vb.get(width, "norm")?,
            reach: window / 2,
            open: Affine::new(window * width, 2 * width, &vb.pp("open"))?,
            close: Affine::new(width, width, &vb.pp("close"))?,
        })
    }

    /// `[B, L, W]` to the same shape.
    fn forward(&self, x: &Tensor, batch: &Batch) -> candle_core::Result<Tensor> {
        let (texts, length, width) = x.dims3()?;
        let normed = batch.masked(norm(x, &self.norm)?)?;
        let edge = Tensor::zeros((texts, self.reach, width), DType::F32, x.device())?;
        let open = self.open.forward(&Tensor::cat(&[&edge, &normed, &edge], 1)?)?;
        let gated = if self.open.settled.is_some() {
            open.apply_op1_no_bwd(&Gate)?
        } else {
            let gate = candle_nn::ops::sigmoid(&open.narrow(1, width, width)?)?;
            (open.narrow(1, 0, width)? * gate)?
        };
        let gated = gated.reshape((texts, length, width))?;
        let close = self.close.forward(&gated)?;
        x + batch.masked(close.reshape((texts, length, width))?)?
    }
}

/// The row of each pair, from `[pairs, 2]`.
fn pairs_of(listed: &Tensor) -> candle_core::Result<HashMap<(u32, u32), u32>> {
    let listed: Vec<Vec<u32>> = listed.to_dtype(DType::U32)?.to_vec2()?;
    Ok((0..)
        .zip(listed)
        .map(|(row, pair)| ((pair[0], pair[1]), row))
        .collect())
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
            embedding: vb.get((shape.vocab_size, width), EMBEDDINGS[0])?,
            pair_embedding: vb
                .get((shape.pairs, width), EMBEDDINGS[1])?
                .pad_with_zeros(0, 0, 1)?,
            pairs: pairs_of(&vb.get((shape.pairs, 2), PAIRS)?)?,
            layers: layers.collect::<candle_core::Result<_>>()?,
            last_norm: vb.get(width, "norm")?,
            attention: Affine::new(width, HEADS, &vb.pp("attention"))?,
            out: Affine::new((HEADS + 2) * width, shape.dimensions, &vb.pp("out"))?,
            piece: Affine::new(width, shape.piece_dimensions + 1, &vb.pp(PIECE))?,
            usual: (
                vb.pp(USUAL).get(shape.dimensions, "weight")?.to_vec1()?,
                vb.pp(USUAL).get(1, "bias")?.squeeze(0)?.to_scalar()?,
            ),
        })
    }

    /// The same net for weights that move no more.
    pub fn settled(mut self) -> candle_core::Result<Self> {
        let of_layers = self
            .layers
            .iter_mut()
            .flat_map(|layer| [&mut layer.open, &mut layer.close]);
        for affine in of_layers.chain([&mut self.attention, &mut self.out, &mut self.piece]) {
            affine.settle()?;
        }
        Ok(self)
    }

    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// What each piece means together with the one before it `[B · L, W]`.
    fn beside(&self, ids: &Tensor) -> candle_core::Result<Tensor> {
        let none = u32::try_from(self.shape.pairs).unwrap_or(u32::MAX);
        let mut rows = Vec::with_capacity(ids.elem_count());
        for text in ids.to_vec2::<u32>()? {
            rows.extend(text.first().map(|_| none));
            let row = |pair: &[u32]| self.pairs.get(&(pair[0], pair[1])).copied();
            rows.extend(text.windows(2).map(|pair| row(pair).unwrap_or(none)));
        }
        let rows = Tensor::from_vec(rows, ids.elem_count(), ids.device())?;
        self.pair_embedding.index_select(&rows, 0)
    }

    /// How usual it is, 0..=1, that a help centre answers the question that a vector stands for.
    pub fn usual(&self, vector: &[f32]) -> f32 {
        let (weights, bias) = &self.usual;
        1.0 / (1.0 + (-(dot(weights, vector) + bias)).exp())
    }

    /// Unit vectors `[B, dimensions]`.
    pub fn forward(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        self.pooled(&self.states(batch)?, batch)
    }

    /// The same of one text, and of each of its pieces a unit vector and a weight: both lie in
    /// `[L, piece_dimensions + 1]`.
    pub fn forward_pieces(&self, batch: &Batch) -> candle_core::Result<(Tensor, Tensor)> {
        let states = self.states(batch)?;
        let said = self.piece.forward(&states)?;
        let direction = unit(&said.narrow(1, 0, self.shape.piece_dimensions)?)?;
        let weight = said.narrow(1, self.shape.piece_dimensions, 1)?;
        // softplus
        let weight = (weight.exp()? + 1.0)?.log()?;
        Ok((
            self.pooled(&states, batch)?,
            Tensor::cat(&[direction, weight], 1)?,
        ))
    }

    /// What each piece means where it stands `[B, L, W]`.
    fn states(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let (texts, length) = batch.ids.dims2()?;
        let width = self.shape.hidden_size;
        let flat = batch.ids.flatten_all()?;
        let embedded = (self.embedding.index_select(&flat, 0)? + self.beside(&batch.ids)?)?;
        let mut x = batch.masked(embedded.reshape((texts, length, width))?)?;
        for layer in &self.layers {
            x = layer.forward(&x, batch)?;
        }
        batch.masked(norm(&x, &self.last_norm)?)
    }

    fn pooled(&self, x: &Tensor, batch: &Batch) -> candle_core::Result<Tensor> {
        let (texts, length, width) = x.dims3()?;
        let scores = self.attention.forward(x)?;
        // Places without a piece can be neither attended to nor the maximum.
        let scores = batch.absent_least(scores.reshape((texts, length, HEADS))?)?;
        let shares = candle_nn::ops::softmax(&scores, 1)?
            .transpose(1, 2)?
            .contiguous()?;
        let attended = shares.matmul(x)?.reshape((texts, HEADS * width))?;
        let count = batch.mask.sum(1)?;
        let mean = x.sum(1)?.broadcast_div(&count)?;
        let most = batch.absent_least(x.clone())?.max(1)?;
        let all = Tensor::cat(&[&attended, &mean, &most], 1)?;
        unit(&self.out.forward(&all.unsqueeze(1)?)?)
    }
}
