//! The subword vocabulary of our encoder, and what its pieces mean before the first lesson.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainerBuilder};
use tokenizers::normalizers::{BertNormalizer, NormalizerWrapper, Sequence};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Model, Tokenizer, TokenizerBuilder};

use super::super::{Error, artifact};
use super::train::{EncoderData, normal};
use super::{CHARS_MAX, FILES};
use crate::conversation::fold;

/// Pieces of the vocabulary.
const PIECES: usize = 16_000;
/// A piece seen less often is no piece.
const SEEN_MIN: u64 = 3;
/// Spread of the numbers of an embedding at the start.
const SPREAD: f32 = 0.1;

/// Trains the vocabulary on all texts as they are folded: each Han character by itself.
pub(super) fn train(data: &EncoderData) -> Result<Tokenizer, Error> {
    let texts = data
        .lessons
        .iter()
        .chain(&data.pairs)
        .map(|(_, text)| text)
        .chain(data.reviews.iter().map(|(text, _)| text))
        .map(|text| fold(text, CHARS_MAX));
    let mut trainer = WordPieceTrainerBuilder::new()
        .vocab_size(PIECES)
        .min_frequency(SEEN_MIN)
        .show_progress(false)
        .special_tokens(vec![AddedToken::from("[UNK]", true)])
        .build();
    let model = WordPiece::builder()
        .unk_token("[UNK]".to_owned())
        .build()
        .map_err(tokenizer_error)?;
    let normalizer = Sequence::new(vec![NormalizerWrapper::BertNormalizer(BertNormalizer::new(
        true,
        true,
        Some(true),
        false,
    ))]);
    let mut tokenizer = TokenizerBuilder::<
        WordPiece,
        Sequence,
        BertPreTokenizer,
        tokenizers::PostProcessorWrapper,
        tokenizers::DecoderWrapper,
    >::new()
    .with_model(model)
    .with_normalizer(Some(normalizer))
    .with_pre_tokenizer(Some(BertPreTokenizer))
    .build()
    .map_err(tokenizer_error)?;
    tokenizer.train(&mut trainer, texts).map_err(tokenizer_error)?;
    let json = tokenizer.to_string(false).map_err(tokenizer_error)?;
    Tokenizer::from_bytes(json.as_bytes()).map_err(tokenizer_error)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err gives the value")]
fn tokenizer_error(error: tokenizers::Error) -> Error {
    Error::Tokenizer(error.to_string())
}

/// Embeddings to start from `[pieces, width]`: those of the teacher's pieces, thrown at random into our
/// width (which keeps likenesses); a Han character starts from the words that translate it.
pub(super) fn start(
    tokenizer: &Tokenizer,
    teacher: &Path,
    data: &EncoderData,
    width: usize,
    seed: u64,
) -> Result<Tensor, Error> {
    let theirs = Tokenizer::from_bytes(artifact::read(teacher, FILES[1])?).map_err(tokenizer_error)?;
    let weights = artifact::tensors(FILES[2], &artifact::read(teacher, FILES[2])?)?;
    let table: Vec<Vec<f32>> = weights
        .iter()
        .find(|(name, _)| name.ends_with("word_embeddings.weight"))
        .ok_or_else(|| artifact::bad(FILES[2], "it has no word embeddings"))?
        .1
        .to_vec2()?;
    let glosses: HashMap<&str, &str> = data
        .lessons
        .iter()
        .filter(|(_, text)| text.chars().count() == 1)
        .map(|(taught, text)| (text.as_str(), taught.as_str()))
        .collect();
    let mut random = StdRng::seed_from_u64(seed);
    let theirs_width = table.first().map_or(0, Vec::len);
    let throw: Vec<f32> = (0..theirs_width * width).map(|_| normal(&mut random)).collect();
    let mut rows = vec![0.0; tokenizer.get_model().get_vocab_size() * width];
    for (piece, id) in tokenizer.get_vocab(true) {
        let row = &mut rows[id as usize * width..(id as usize + 1) * width];
        let known: Vec<u32> = match (
            theirs.token_to_id(&piece),
            glosses.get(piece.trim_start_matches("##")),
        ) {
            (Some(id), _) if piece.is_ascii() => vec![id],
            (_, Some(gloss)) => super::pieces(&theirs, gloss, 16),
            _ => Vec::new(),
        };
        for id in &known {
            let embedding = table.get(*id as usize).map_or(&[][..], Vec::as_slice);
            for (at, value) in embedding.iter().enumerate() {
                let thrown = &throw[at * width..(at + 1) * width];
                row.iter_mut().zip(thrown).for_each(|(r, t)| *r += value * t);
            }
        }
        if known.is_empty() {
            row.fill_with(|| normal(&mut random));
        }
        let size = (row.iter().map(|v| v * v).sum::<f32>() / width as f32)
            .sqrt()
            .max(1e-6);
        row.iter_mut().for_each(|v| *v *= SPREAD / size);
    }
    Ok(Tensor::from_vec(
        rows,
        (tokenizer.get_model().get_vocab_size(), width),
        &Device::Cpu,
    )?)
}
