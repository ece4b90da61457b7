//! What a training step draws: texts as pieces, those of like length together so that little is padded.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use rand::rngs::StdRng;
use tokenizers::Tokenizer;

use super::super::{Error, Progress, artifact};
use super::train::{EncoderData, index};
use super::{CHARS_MAX, Encoder, pieces};
use crate::conversation::fold;

/// Pieces of a text looked at while training.
const PIECES_MAX: usize = 28;
/// Rows drawn from one neighbourhood of length.
const NEIGHBOURHOOD: usize = 4_000;
/// File of the teacher's vectors.
const VECTORS: &str = "teacher.safetensors";

type Ids = Vec<Vec<u32>>;

fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    pieces(tokenizer, &fold(text, CHARS_MAX), PIECES_MAX)
}

/// Draws `count` rows of like length; rows are sorted by length.
fn draw(rows: usize, count: usize, random: &mut StdRng) -> Vec<usize> {
    let from = index(random, rows.saturating_sub(NEIGHBOURHOOD) + 1);
    let size = NEIGHBOURHOOD.min(rows);
    (0..count).map(|_| from + index(random, size)).collect()
}

fn enough(what: &'static str, found: usize) -> Result<(), Error> {
    let least = 100;
    (found >= least)
        .then_some(())
        .ok_or(Error::TooLittleData { what, found, least })
}

/// Texts with what the teacher says of their English.
pub(super) struct Lessons {
    /// Pieces, and the row of the teacher's vector.
    texts: Vec<(Vec<u32>, u32)>,
    vectors: Vec<Vec<f32>>,
}

impl Lessons {
    /// Asks the teacher for all vectors, unless `cache` holds them from the last time.
    pub fn new(
        data: &EncoderData,
        tokenizer: &Tokenizer,
        teacher: &Encoder,
        cache: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, Error> {
        let mut english: Vec<&str> = Vec::new();
        let mut rows: HashMap<&str, u32> = HashMap::new();
        let mut texts = Vec::with_capacity(data.lessons.len());
        for (taught, text) in &data.lessons {
            let row = *rows.entry(taught).or_insert_with(|| {
                english.push(taught);
                u32::try_from(english.len() - 1).unwrap_or(u32::MAX)
            });
            let ids = ids(tokenizer, text);
            if !ids.is_empty() {
                texts.push((ids, row));
            }
        }
        enough("lessons", texts.len())?;
        texts.sort_by_key(|(ids, _)| ids.len());
        let vectors = vectors(&english, teacher, cache, progress)?;
        Ok(Self { texts, vectors })
    }

    pub fn draw(&self, count: usize, random: &mut StdRng) -> Result<(Ids, Tensor), Error> {
        let drawn = draw(self.texts.len(), count, random);
        let texts = drawn.iter().map(|at| self.texts[*at].0.clone()).collect();
        let flat: Vec<f32> = drawn
            .iter()
            .flat_map(|at| self.vectors[self.texts[*at].1 as usize].iter().copied())
            .collect();
        let size = flat.len() / count.max(1);
        Ok((texts, Tensor::from_vec(flat, (count, size), &Device::Cpu)?))
    }
}

/// The teacher's vectors of all texts, two threads asking.
fn vectors(
    texts: &[&str],
    teacher: &Encoder,
    cache: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Vec<f32>>, Error> {
    let key = artifact::sha256(format!("{}\n{}", teacher.version(), texts.join("\n")).as_bytes());
    if let Some(known) = remembered(cache, &key) {
        return Ok(known);
    }
    let mut report = |done: usize| {
        progress(Progress {
            what: "teacher",
            done: done.min(texts.len()),
            all: texts.len(),
            loss: 0.0,
        });
    };
    let half = texts.len() / 2;
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| teacher.encode_all(&texts[half..], |_| {}));
        let first = teacher.encode_all(&texts[..half], |done| report(2 * done));
        let gone = || Err(Error::Tokenizer("the teacher stopped".to_owned()));
        (first, other.join().unwrap_or_else(|_| gone()))
    });
    let mut vectors = first?;
    vectors.extend(second?);
    let rows = Tensor::new(vectors.clone(), &Device::Cpu)?.to_dtype(DType::F16)?;
    let bytes = artifact::serialize(vec![(key, rows)])?;
    artifact::write(cache, VECTORS, &bytes)?;
    Ok(vectors)
}

fn remembered(cache: &Path, key: &str) -> Option<Vec<Vec<f32>>> {
    let tensors = candle_core::safetensors::load(cache.join(VECTORS), &Device::Cpu).ok()?;
    tensors.get(key)?.to_dtype(DType::F32).ok()?.to_vec2().ok()
}

/// Texts that mean the same.
pub(super) struct Twins {
    pairs: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Twins {
    pub fn new(pairs: &[(String, String)], tokenizer: &Tokenizer) -> Result<Self, Error> {
        let mut pairs: Vec<(Vec<u32>, Vec<u32>)> = pairs
            .iter()
            .map(|(a, b)| (ids(tokenizer, a), ids(tokenizer, b)))
            .filter(|(a, b)| !a.is_empty() && !b.is_empty())
            .collect();
        enough("pairs", pairs.len())?;
        pairs.sort_by_key(|(a, b)| a.len().max(b.len()));
        Ok(Self { pairs })
    }

    pub fn draw(&self, count: usize, random: &mut StdRng) -> (Ids, Ids) {
        let drawn = draw(self.pairs.len(), count, random);
        drawn.into_iter().map(|at| self.pairs[at].clone()).unzip()
    }
}

/// Reviews with their polarity.
pub(super) struct Reviews {
    texts: Vec<(Vec<u32>, f32)>,
}

impl Reviews {
    pub fn new(reviews: &[(String, bool)], tokenizer: &Tokenizer) -> Result<Self, Error> {
        let mut texts: Vec<(Vec<u32>, f32)> = reviews
            .iter()
            .map(|(text, pleased)| (ids(tokenizer, text), f32::from(u8::from(*pleased))))
            .filter(|(ids, _)| !ids.is_empty())
            .collect();
        enough("reviews", texts.len())?;
        texts.sort_by_key(|(ids, _)| ids.len());
        Ok(Self { texts })
    }

    pub fn draw(&self, count: usize, random: &mut StdRng) -> Result<(Ids, Tensor), Error> {
        let drawn = draw(self.texts.len(), count, random);
        let (texts, pleased): (Ids, Vec<f32>) = drawn.into_iter().map(|at| self.texts[at].clone()).unzip();
        Ok((texts, Tensor::from_vec(pleased, count, &Device::Cpu)?))
    }
}
