//! Encoders of Hugging Face's BERT type (mean of the last layer, as sentence-transformers pools).

use candle_core::{DType, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use serde::Deserialize;
use tokenizers::Tokenizer;

use super::super::Error;
use super::super::artifact::bad;
use super::{Batch, FILES, ids_of_beginning, unit};

/// Pieces looked at: the models know 512, but messages are short and time goes with the length.
const PIECES_MAX: usize = 256;

pub(super) struct Bert {
    model: BertModel,
    dimensions: usize,
}

/// What candle's own configuration keeps to itself.
#[derive(Deserialize)]
struct Sizes {
    vocab_size: usize,
    hidden_size: usize,
    max_position_embeddings: usize,
}

impl Bert {
    /// The model with its vocabulary's size and the pieces it may look at.
    pub fn new(config: &[u8], vb: VarBuilder<'_>) -> Result<(Self, usize, usize), Error> {
        let mistake = |e: serde_json::Error| bad(FILES[0], &e.to_string());
        let sizes: Sizes = serde_json::from_slice(config).map_err(mistake)?;
        let config: Config = serde_json::from_slice(config).map_err(mistake)?;
        let model = BertModel::load(vb, &config).map_err(|e| bad(FILES[2], &e.to_string()))?;
        let bert = Self {
            model,
            dimensions: sizes.hidden_size,
        };
        Ok((
            bert,
            sizes.vocab_size,
            PIECES_MAX.min(sizes.max_position_embeddings),
        ))
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Unit vectors `[B, dimensions]`: the mean over the pieces that are there.
    pub fn forward(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        let mask = batch.mask.squeeze(2)?;
        let kinds = batch.ids.zeros_like()?;
        let hidden = self
            .model
            .forward(&batch.ids, &kinds, Some(&mask.to_dtype(DType::F32)?))?;
        let sum = hidden.broadcast_mul(&batch.mask)?.sum(1)?;
        unit(&sum.broadcast_div(&batch.mask.sum(1)?)?)
    }
}

/// Ids with the tokens that begin and end a text, which stay when the middle is cut.
pub(super) fn pieces(tokenizer: &Tokenizer, text: &str, pieces_max: usize) -> Vec<u32> {
    let mut ids = ids_of_beginning(tokenizer, text, pieces_max, true);
    if let Some(last) = ids.last().copied().filter(|_| ids.len() > pieces_max) {
        ids.truncate(pieces_max - 1);
        ids.push(last);
    }
    ids
}
