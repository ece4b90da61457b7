//! Text encoders: a tokenizer and a net that turn a text into one unit vector. Ours is made for short
//! messages in two languages; any BERT-type folder of Hugging Face's shape can stand in its place.

mod batch;
mod bert;
mod gate;
mod gated;
mod settled;
mod spelling;
mod tune;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, mpsc};

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;
use tokenizers::Tokenizer;

use super::artifact::{self, bad};
use super::linear::Features;
use super::margin::dot;
use super::{Error, features};
use crate::conversation::{fold, sha256};
use batch::{Batch, batch};
use bert::Bert;
pub(super) use gated::EMBEDDINGS;
use gated::Gated;
use spelling::Spelling;

/// Files of an encoder's folder.
pub(super) const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];
/// Longest text looked at, in characters.
const CHARS_MAX: usize = 400;
/// Windows of a long text that a net of our kind looks at, one after the other, and of which it takes the mean; the
/// rest is not encoded. Another's net looks at one.
const WINDOWS_MAX: usize = 4;
/// Texts encoded at once.
const BATCH_TEXTS: usize = 32;

/// Tokenizer and net.
pub struct Encoder {
    tokenizer: Tokenizer,
    /// Of a net of our kind; others have their own ways with slips.
    spelling: Option<Arc<Spelling>>,
    net: Net,
    /// Pieces that the net looks at together.
    window: usize,
    version: String,
    /// The weights of a net of our kind, by name; empty for another's, which is not tuned.
    weights: HashMap<String, Tensor>,
}

enum Net {
    Gated(Box<Gated>),
    Bert(Box<Bert>),
}

/// What messages are heard with: an encoder as it is and, where it was tuned on the intents, the tuned copy. The
/// one knows texts of every kind, the other has the messages it was tuned on by heart; they err in other places.
pub(super) struct Encoders {
    pub plain: Encoder,
    pub tuned: Option<Encoder>,
}

impl Encoders {
    /// An encoder without a tuned copy.
    pub fn of(plain: Encoder) -> Self {
        Self { plain, tuned: None }
    }

    /// A message as features.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn features(&self, text: &str) -> Result<Features, Error> {
        let text = self.plain.read(text);
        Ok(Features {
            places: features::places(&text),
            ..self.vectors(&text)?
        })
    }

    /// The same, and what the message's pieces mean.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn features_and_pieces(&self, text: &str) -> Result<(Features, Vec<Piece>), Error> {
        let text = self.plain.read(text);
        let (dense, pieces) = self.plain.encode_pieces(&text)?;
        let features = Features {
            dense,
            tuned: self.tuned(&text)?,
            places: features::places(&text),
        };
        Ok((features, pieces))
    }

    /// The vectors of a text that is read already, without its n-grams.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn vectors(&self, text: &str) -> Result<Features, Error> {
        Ok(Features {
            dense: self.plain.encode(text)?,
            tuned: self.tuned(text)?,
            places: Vec::new(),
        })
    }

    fn tuned(&self, text: &str) -> Result<Vec<f32>, Error> {
        let tuned = self.tuned.as_ref().map(|tuned| tuned.encode(text));
        Ok(tuned.transpose()?.unwrap_or_default())
    }
}

/// A piece of a text as it is compared with the pieces of another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Piece {
    /// What it means where it stands: a unit vector.
    pub vector: Vec<f32>,
    /// How much it matters to a question, at least 0.
    pub weight: f32,
}

impl Piece {
    fn of(mut row: Vec<f32>) -> Self {
        let weight = row.pop().unwrap_or(0.0);
        Self { vector: row, weight }
    }
}

/// What both kinds say of themselves in `config.json`.
#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    model_type: String,
}

impl Encoder {
    /// Loads a folder: `config.json`, `tokenizer.json`, `model.safetensors`. The net's shapes and
    /// numbers are checked, and its vocabulary against the tokenizer's.
    ///
    /// # Errors
    /// [`Error::Unreadable`] and [`Error::BadModel`] name the file and the cause.
    pub fn load(dir: &Path) -> Result<Self, Error> {
        artifact::refuse_pickles(dir)?;
        let [config, tokens, weights] = [
            artifact::read(dir, FILES[0])?,
            artifact::read(dir, FILES[1])?,
            artifact::read(dir, FILES[2])?,
        ];
        let version = version_of([&config, &tokens, &weights]);
        let kind: Kind = serde_json::from_slice(&config).map_err(|e| bad(FILES[0], &e.to_string()))?;
        let mut tokenizer = Tokenizer::from_bytes(&tokens).map_err(|e| bad(FILES[1], &e.to_string()))?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|e| bad(FILES[1], &e.to_string()))?;
        let tensors = artifact::encoder_weights(FILES[2], &weights)?;
        let vb = VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu);
        let wrong = |e: candle_core::Error| bad(FILES[2], &e.to_string());
        let (net, vocabulary, window, weights) = match kind.model_type.as_str() {
            gated::MODEL_TYPE => {
                let shape: gated::Shape =
                    serde_json::from_slice(&config).map_err(|e| bad(FILES[0], &e.to_string()))?;
                let net = Gated::new(shape, &vb).and_then(Gated::settled).map_err(wrong)?;
                (
                    Net::Gated(Box::new(net)),
                    shape.vocab_size,
                    gated::PIECES_MAX,
                    tensors,
                )
            }
            "bert" => {
                let (bert, vocabulary, window) = Bert::new(&config, vb)?;
                (Net::Bert(Box::new(bert)), vocabulary, window, HashMap::new())
            }
            other => {
                let why = format!(
                    "model_type `{other}` is neither `{}` nor `bert`",
                    gated::MODEL_TYPE
                );
                return Err(bad(FILES[0], &why));
            }
        };
        let pieces = tokenizer.get_vocab_size(true);
        if pieces > vocabulary {
            let why = format!("it embeds {vocabulary} pieces, the vocabulary has {pieces}");
            return Err(bad(FILES[2], &why));
        }
        let spelling =
            matches!(net, Net::Gated(_)).then(|| Arc::new(Spelling::new(tokenizer.get_vocab(false))));
        Ok(Self {
            spelling,
            tokenizer,
            net,
            window,
            version,
            weights,
        })
    }

    /// The same tokenizer over a net of our kind with other weights.
    ///
    /// # Errors
    /// When this is not an encoder of our kind, or shapes differ.
    pub(super) fn with_weights(&self, weights: HashMap<String, Tensor>) -> Result<Self, Error> {
        let Net::Gated(net) = &self.net else {
            return Err(Error::NotTunable);
        };
        let vb = VarBuilder::from_tensors(weights.clone(), DType::F32, &Device::Cpu);
        Ok(Self {
            tokenizer: self.tokenizer.clone(),
            spelling: self.spelling.clone(),
            net: Net::Gated(Box::new(Gated::new(net.shape(), &vb)?.settled()?)),
            window: self.window,
            version: self.version.clone(),
            weights,
        })
    }

    /// The weights of a net of our kind.
    pub(super) fn weights(&self) -> &HashMap<String, Tensor> {
        &self.weights
    }

    /// A text as it was meant: folded, and slips of the finger mended. For another's encoder, the text.
    pub fn read(&self, text: &str) -> String {
        self.spelling.as_ref().map_or_else(
            || text.to_owned(),
            |spelling| spelling.mend(&fold(text, CHARS_MAX)),
        )
    }

    /// How usual it is, 0..=1, that a help centre answers the question of this vector; another's encoder knows of nothing
    /// unusual.
    pub fn usual(&self, vector: &[f32]) -> f32 {
        match &self.net {
            Net::Gated(net) => net.usual(vector),
            Net::Bert(_) => 1.0,
        }
    }

    /// Numbers of a vector.
    pub fn dimensions(&self) -> usize {
        match &self.net {
            Net::Gated(net) => net.shape().dimensions,
            Net::Bert(net) => net.dimensions(),
        }
    }

    /// The first 12 hex digits of the hash of the folder's files.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The unit vector of a text; a text without any piece gets zeros.
    ///
    /// # Errors
    /// Only when the net itself is broken, which loading rules out.
    pub fn encode(&self, text: &str) -> Result<Vec<f32>, Error> {
        let vectors = self.encode_all(&[text], |_| {})?;
        Ok(vectors.into_iter().next().unwrap_or_default())
    }

    /// The same for many texts, windows of like length together.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_all(&self, texts: &[&str], mut after: impl FnMut(usize)) -> Result<Vec<Vec<f32>>, Error> {
        let pieces: Vec<Vec<u32>> = texts.iter().map(|text| self.pieces(text)).collect();
        let of_texts = pieces.iter().enumerate();
        let mut windows: Vec<(usize, &[u32])> = of_texts
            .flat_map(|(at, ids)| ids.chunks(self.window).map(move |ids| (at, ids)))
            .collect();
        windows.sort_by_key(|(_, ids)| ids.len());
        let mut vectors = vec![vec![0.0; self.dimensions()]; texts.len()];
        for (done, chunk) in windows.chunks(BATCH_TEXTS).enumerate() {
            let ids: Vec<Vec<u32>> = chunk.iter().map(|(_, ids)| ids.to_vec()).collect();
            let rows: Vec<Vec<f32>> = self.forward(&batch(&ids)?)?.to_vec2()?;
            for ((at, ids), row) in chunk.iter().zip(rows) {
                let share = ids.len() as f32 / pieces[*at].len() as f32;
                vectors[*at]
                    .iter_mut()
                    .zip(row)
                    .for_each(|(v, r)| *v += share * r);
            }
            after((done + 1) * BATCH_TEXTS);
        }
        let long = pieces
            .iter()
            .zip(&mut vectors)
            .filter(|(ids, _)| ids.len() > self.window);
        long.for_each(|(_, vector)| shorten(vector));
        Ok(vectors)
    }

    /// The same by as many threads as there are cores.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_on_all_cores(
        &self,
        texts: &[&str],
        mut after: impl FnMut(usize),
    ) -> Result<Vec<Vec<f32>>, Error> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let part = texts.len().div_ceil(threads).max(1);
        let (done, told) = mpsc::channel();
        std::thread::scope(|scope| {
            let workers: Vec<_> = texts
                .chunks(part)
                .map(|part| {
                    let done = done.clone();
                    // Whoever listens to the progress may have gone; the vectors are wanted all the same.
                    scope.spawn(move || {
                        let mut before = 0;
                        self.encode_all(part, |now| {
                            let _ = done.send(now - before);
                            before = now;
                        })
                    })
                })
                .collect();
            drop(done);
            let mut all = 0;
            for more in told {
                all += more;
                after(all);
            }
            let gone = |panic| std::panic::resume_unwind(panic);
            let parts = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(gone));
            Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
        })
    }

    /// The unit vector of a text as [`Self::encode`] gives it, and what each of its pieces means where it stands; of
    /// another's encoder no pieces.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_pieces(&self, text: &str) -> Result<(Vec<f32>, Vec<Piece>), Error> {
        let Net::Gated(net) = &self.net else {
            return Ok((self.encode(text)?, Vec::new()));
        };
        let (ids, mut vector) = (self.pieces(text), vec![0.0; self.dimensions()]);
        let mut pieces = Vec::with_capacity(ids.len());
        for window in ids.chunks(self.window) {
            let (whole, rows) = net.forward_pieces(&batch(&[window.to_vec()])?)?;
            let share = window.len() as f32 / ids.len() as f32;
            let whole: Vec<f32> = whole.squeeze(0)?.to_vec1()?;
            vector.iter_mut().zip(whole).for_each(|(v, w)| *v += share * w);
            pieces.extend(rows.to_vec2()?.into_iter().map(Piece::of));
        }
        if ids.len() > self.window {
            shorten(&mut vector);
        }
        Ok((vector, pieces))
    }

    fn pieces(&self, text: &str) -> Vec<u32> {
        match &self.net {
            Net::Gated(_) => pieces(&self.tokenizer, &fold(text, CHARS_MAX), WINDOWS_MAX * self.window),
            Net::Bert(_) => bert::pieces(&self.tokenizer, text, self.window),
        }
    }

    fn forward(&self, batch: &Batch) -> candle_core::Result<Tensor> {
        match &self.net {
            Net::Gated(net) => net.forward(batch),
            Net::Bert(net) => net.forward(batch),
        }
    }
}

/// Brings a vector to length one.
fn shorten(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt().max(1e-6);
    vector.iter_mut().for_each(|v| *v /= length);
}

/// Ids of a text's pieces, at most so many.
fn pieces(tokenizer: &Tokenizer, text: &str, pieces_max: usize) -> Vec<u32> {
    let mut ids = ids_of_beginning(tokenizer, text, pieces_max, false);
    ids.truncate(pieces_max);
    ids
}

/// Ids of the beginning of a text that holds at least so many pieces, with the tokens around it if wanted.
fn ids_of_beginning(tokenizer: &Tokenizer, text: &str, pieces_max: usize, around: bool) -> Vec<u32> {
    // Only the beginning is looked at, so a huge text costs no more than a long one.
    let end = text
        .char_indices()
        .nth(pieces_max * 8)
        .map_or(text.len(), |(at, _)| at);
    let encoded = tokenizer.encode_fast(&text[..end], around);
    encoded.map(|e| e.get_ids().to_vec()).unwrap_or_default()
}

fn version_of(files: [&[u8]; 3]) -> String {
    let hashes: String = files.iter().map(sha256).collect();
    sha256(hashes.as_bytes()).chars().take(12).collect()
}

/// A length of one for each row `[B, D]`.
fn unit(rows: &Tensor) -> candle_core::Result<Tensor> {
    let norm = rows.sqr()?.sum_keepdim(1)?.sqrt()?.clamp(1e-6, f64::MAX)?;
    rows.broadcast_div(&norm)
}
