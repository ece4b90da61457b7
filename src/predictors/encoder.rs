//! The text encoder: subword embeddings, one gated window over neighbours, mean and maximum pooling,
//! one unit vector. Small on purpose: it runs in well under a millisecond on one core.
//!
//! The gate is that of Dauphin et al., 2017 ("Language Modeling with Gated Convolutional Networks").

use candle_core::{D, DType, Device, Module, Tensor};
use candle_nn::{Linear, VarBuilder, linear};
use tokenizers::Tokenizer;

use super::Error;

/// Width of an embedding.
pub(super) const EMBEDDING: usize = 128;
/// Width of the window's output.
const HIDDEN: usize = 256;
/// Dimensions of the vector.
pub(super) const DIMENSIONS: usize = 256;
/// Pieces looked at; the rest of a long message is not encoded.
pub(super) const PIECES_MAX: usize = 64;

/// Tokenizer and net.
pub(super) struct Encoder {
    tokenizer: Tokenizer,
    net: Net,
}

/// The net alone, as trained and as served.
pub(super) struct Net {
    embedding: Tensor,
    window: Linear,
    out: Linear,
    polarity: Linear,
}

/// Pieces of several texts, padded to one length: ids `[B, L]`, mask `[B, L, 1]`.
pub(super) struct Batch {
    pub ids: Tensor,
    pub mask: Tensor,
}

impl Net {
    /// Builds the net over its weights, checking every shape.
    pub fn new(vocabulary: usize, vb: &VarBuilder<'_>) -> candle_core::Result<Self> {
        let init = candle_nn::Init::Randn {
            mean: 0.0,
            stdev: 0.1,
        };
        Ok(Self {
            embedding: vb.get_with_hints((vocabulary, EMBEDDING), "embedding", init)?,
            window: linear(3 * EMBEDDING, 2 * HIDDEN, vb.pp("window"))?,
            out: linear(2 * HIDDEN + EMBEDDING, DIMENSIONS, vb.pp("out"))?,
            polarity: linear(DIMENSIONS, 1, vb.pp("polarity"))?,
        })
    }

    /// Unit vectors `[B, DIMENSIONS]`.
    pub fn forward(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let (texts, length) = batch.ids.dims2()?;
        let flat = batch.ids.flatten_all()?;
        let embedded = self
            .embedding
            .index_select(&flat, 0)?
            .reshape((texts, length, EMBEDDING))?;
        let embedded = embedded.broadcast_mul(&batch.mask)?;
        let edge = Tensor::zeros((texts, 1, EMBEDDING), DType::F32, embedded.device())?;
        let padded = Tensor::cat(&[&edge, &embedded, &edge], 1)?;
        let left = padded.narrow(1, 0, length)?;
        let right = padded.narrow(1, 2, length)?;
        let neighbours = Tensor::cat(&[&left, &embedded, &right], 2)?;
        let window = self.window.forward(&neighbours)?;
        let gate = candle_nn::ops::sigmoid(&window.narrow(D::Minus1, HIDDEN, HIDDEN)?)?;
        let hidden = (window.narrow(D::Minus1, 0, HIDDEN)? * gate)?.broadcast_mul(&batch.mask)?;
        let count = batch.mask.sum(1)?.clamp(1.0, f64::from(u16::MAX))?;
        let mean = hidden.sum(1)?.broadcast_div(&count)?;
        let words = embedded.sum(1)?.broadcast_div(&count)?;
        let most = hidden.max(1)?;
        let out = self.out.forward(&Tensor::cat(&[&mean, &most, &words], 1)?)?;
        let norm = out.sqr()?.sum_keepdim(1)?.sqrt()?.clamp(1e-6, f64::MAX)?;
        out.broadcast_div(&norm)
    }

    /// Whether vectors sound pleased: logits `[B]`.
    pub fn polarity(&self, vectors: &Tensor) -> candle_core::Result<Tensor> {
        self.polarity.forward(vectors)?.squeeze(1)
    }
}

impl Encoder {
    pub fn new(tokenizer: Tokenizer, net: Net) -> Self {
        Self { tokenizer, net }
    }

    /// The unit vector of a text; a text without any piece gets zeros.
    ///
    /// # Errors
    /// Only when the net itself is broken, which loading rules out.
    pub fn encode(&self, text: &str) -> Result<Vec<f32>, Error> {
        let ids = pieces(&self.tokenizer, text);
        if ids.is_empty() {
            return Ok(vec![0.0; DIMENSIONS]);
        }
        let vectors = self.net.forward(&batch(&[ids])?)?;
        Ok(vectors.squeeze(0)?.to_vec1()?)
    }
}

/// Ids of a text's pieces, at most [`PIECES_MAX`].
pub(super) fn pieces(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    // Only the beginning is looked at, so a huge text costs no more than a long one.
    let end = text
        .char_indices()
        .nth(PIECES_MAX * 8)
        .map_or(text.len(), |(at, _)| at);
    let encoded = tokenizer.encode_fast(&text[..end], false);
    let mut ids = encoded.map(|e| e.get_ids().to_vec()).unwrap_or_default();
    ids.truncate(PIECES_MAX);
    ids
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
    let shape = (texts.len(), length);
    Ok(Batch {
        ids: Tensor::from_vec(ids, shape, &Device::Cpu)?,
        mask: Tensor::from_vec(mask, (texts.len(), length, 1), &Device::Cpu)?,
    })
}
