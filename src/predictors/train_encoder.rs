//! Training of the tokenizer and the encoder: pairs of texts that mean the same are drawn together
//! against the rest of their batch (InfoNCE), and reviews teach what pleasure sounds like.

use candle_core::{D, DType, Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder, VarMap};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainerBuilder};
use tokenizers::normalizers::{BertNormalizer, NFKC, NormalizerWrapper, Sequence};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, Model, Tokenizer, TokenizerBuilder};

use super::encoder::{self, Net};
use super::{Error, Progress};

/// Pieces of the vocabulary.
const VOCABULARY: usize = 9_000;
/// Pairs of one step.
const PAIRS_PER_STEP: usize = 64;
/// Pieces of a text looked at while training: padding to the longest is what costs time.
const TRAINING_PIECES_MAX: usize = 16;
/// Reviews of one step.
const REVIEWS_PER_STEP: usize = 16;
/// Sharpness of the contrast.
const TEMPERATURE: f64 = 0.05;
/// Share of pieces dropped from the second text, so that no single word carries the meaning.
const DROP: f64 = 0.12;
/// Weight of the polarity loss.
const POLARITY_WEIGHT: f64 = 0.3;
/// Highest learning rate; it rises over the first steps and falls to nothing.
const RATE: f64 = 2e-3;
/// Steps over which it rises.
const WARM_UP_STEPS: usize = 200;

/// What the encoder learns from.
#[derive(Debug, Clone, Default)]
pub struct EncoderData {
    /// Texts that mean the same, in one language or two.
    pub pairs: Vec<(String, String)>,
    /// Reviews and whether they are pleased.
    pub reviews: Vec<(String, bool)>,
}

/// Trains a subword vocabulary on all texts: lower case, each Han character by itself.
pub(super) fn train_tokenizer(data: &EncoderData) -> Result<Tokenizer, Error> {
    let texts = data
        .pairs
        .iter()
        .flat_map(|(a, b)| [a.as_str(), b.as_str()])
        .chain(data.reviews.iter().map(|(text, _)| text.as_str()));
    let mut trainer = WordPieceTrainerBuilder::new()
        .vocab_size(VOCABULARY)
        .min_frequency(3)
        .show_progress(false)
        .special_tokens(vec![AddedToken::from("[UNK]", true)])
        .build();
    let model = WordPiece::builder()
        .unk_token("[UNK]".to_owned())
        .build()
        .map_err(tokenizer_error)?;
    let normalizer = Sequence::new(vec![
        NormalizerWrapper::NFKC(NFKC),
        NormalizerWrapper::BertNormalizer(BertNormalizer::new(true, true, Some(true), true)),
    ]);
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

/// Trains the net for so many steps and answers its weights in safetensors form (half precision).
pub(super) fn train_net(
    data: &EncoderData,
    tokenizer: &Tokenizer,
    steps: usize,
    seed: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<u8>, Error> {
    let mut random = StdRng::seed_from_u64(seed);
    let ids = |text: &String| {
        let mut ids = encoder::pieces(tokenizer, text);
        ids.truncate(TRAINING_PIECES_MAX);
        ids
    };
    let pairs: Vec<(Vec<u32>, Vec<u32>)> = data
        .pairs
        .iter()
        .map(|(a, b)| (ids(a), ids(b)))
        .filter(|(a, b)| !a.is_empty() && !b.is_empty())
        .collect();
    let reviews: Vec<(Vec<u32>, f32)> = data
        .reviews
        .iter()
        .map(|(text, pleased)| (ids(text), f32::from(u8::from(*pleased))))
        .filter(|(ids, _)| !ids.is_empty())
        .collect();
    if pairs.len() < PAIRS_PER_STEP {
        return Err(Error::TooLittleData {
            what: "pairs",
            found: pairs.len(),
            least: PAIRS_PER_STEP,
        });
    }
    let vars = VarMap::new();
    let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let vocabulary = tokenizer.get_model().get_vocab_size();
    let net = Net::new(vocabulary, &vb)?;
    let mut optimizer = AdamW::new(
        vars.all_vars(),
        ParamsAdamW {
            lr: RATE,
            weight_decay: 0.01,
            ..Default::default()
        },
    )?;
    let mut average = 0.0;
    for step in 0..steps {
        optimizer.set_learning_rate(rate(step, steps));
        let (left, right) = draw_pairs(&pairs, &mut random);
        let mut loss = contrast(&net, &left, &right)?;
        if !reviews.is_empty() {
            loss = (loss + (polarity(&net, &reviews, &mut random)? * POLARITY_WEIGHT)?)?;
        }
        optimizer.backward_step(&loss)?;
        let loss = loss.to_scalar::<f32>()?;
        average = if step == 0 {
            loss
        } else {
            0.99_f32.mul_add(average, 0.01 * loss)
        };
        progress(Progress {
            what: "encoder",
            done: step + 1,
            all: steps,
            loss: average,
        });
    }
    weights_of(&vars)
}

fn rate(step: usize, steps: usize) -> f64 {
    let up = ((step + 1) as f64 / WARM_UP_STEPS as f64).min(1.0);
    let down = 1.0 - step as f64 / steps as f64;
    RATE * up * down.max(0.02)
}

type Ids = Vec<Vec<u32>>;

fn draw_pairs(pairs: &[(Vec<u32>, Vec<u32>)], random: &mut StdRng) -> (Ids, Ids) {
    let drawn: Vec<_> = pairs.choose_multiple(random, PAIRS_PER_STEP).collect();
    let left = drawn.iter().map(|(a, _)| a.clone()).collect();
    let right = drawn.iter().map(|(_, b)| drop_pieces(b, random)).collect();
    (left, right)
}

fn drop_pieces(ids: &[u32], random: &mut StdRng) -> Vec<u32> {
    let kept: Vec<u32> = ids
        .iter()
        .copied()
        .filter(|_| !random.random_bool(DROP))
        .collect();
    if kept.is_empty() { ids.to_vec() } else { kept }
}

/// Each text must be nearest to its own partner, both ways round.
fn contrast(net: &Net, left: &Ids, right: &Ids) -> Result<Tensor, Error> {
    let left = net.forward(&encoder::batch(left)?)?;
    let right = net.forward(&encoder::batch(right)?)?;
    let likeness = (left.matmul(&right.t()?)? / TEMPERATURE)?;
    let count = u32::try_from(left.dim(0)?).unwrap_or(0);
    let partner = Tensor::arange(0, count, &Device::Cpu)?;
    let forth = candle_nn::loss::cross_entropy(&likeness, &partner)?;
    let back = candle_nn::loss::cross_entropy(&likeness.t()?.contiguous()?, &partner)?;
    Ok(((forth + back)? / 2.0)?)
}

fn polarity(net: &Net, reviews: &[(Vec<u32>, f32)], random: &mut StdRng) -> Result<Tensor, Error> {
    let drawn: Vec<_> = reviews.choose_multiple(random, REVIEWS_PER_STEP).collect();
    let ids: Ids = drawn.iter().map(|(ids, _)| drop_pieces(ids, random)).collect();
    let wanted: Vec<f32> = drawn.iter().map(|(_, pleased)| *pleased).collect();
    let logits = net.polarity(&net.forward(&encoder::batch(&ids)?)?)?;
    let wanted = Tensor::from_vec(wanted, logits.dim(D::Minus1)?, &Device::Cpu)?;
    Ok(candle_nn::loss::binary_cross_entropy_with_logit(
        &(logits * 4.0)?,
        &wanted,
    )?)
}

fn weights_of(vars: &VarMap) -> Result<Vec<u8>, Error> {
    let data = vars
        .data()
        .lock()
        .map_err(|_| Error::Tokenizer("the weights are locked".to_owned()))?;
    let mut tensors: Vec<(String, Tensor)> = Vec::new();
    for (name, var) in data.iter() {
        tensors.push((name.clone(), var.as_tensor().to_dtype(DType::F16)?));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let views = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    Ok(safetensors::serialize(views, None)?)
}
