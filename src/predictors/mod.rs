//! Everything that is trained: tokenizer, encoder, and the intent, sentiment and anger heads over it.
//! Only here candle is named. Predictors know messages and labels, nothing of shops or dialogues.

mod artifact;
mod bytes;
mod classifier;
mod encoder;
pub mod explain;
mod features;
mod heads;
mod linear;
mod margin;
mod meaning;
pub mod metrics;
mod mix;
mod places;
mod train;

use std::path::{Path, PathBuf};

pub use artifact::{Confusion, confusions_of};
pub use classifier::{ClassifierReport, evaluate_classifier};
use encoder::Encoders;
pub use encoder::{Encoder, Piece};
pub use margin::dot;
pub use train::{Depth, Gate, Labelled, Material, Trained, train_shop};

use crate::conversation::Sentiment;
use artifact::{Manifest, bad};
use heads::{Head, argmax};
use linear::Features;

/// The intent that stands for everything the shop cannot deal with.
pub const OUT_OF_SCOPE: &str = "out_of_scope";
/// How far a self-test's probability may be off, for the arithmetic of another processor.
const SELF_TEST_TOLERANCE: f32 = 0.02;

/// Why predictors could not be loaded or trained.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is not there or cannot be read.
    #[error("cannot read {}: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A file is there but is not what it should be.
    #[error("bad_model: {file}: {why}")]
    BadModel {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is too little to learn from.
    #[error("too few {what}: {found}, at least {least} are needed")]
    TooLittleData {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        least: usize,
    },
    /// The new model is worse, and the gate is closed.
    #[error(
        "{figure} fell from {before:.3} to {now:.3}; nothing was written. Look at the examples that changed, or use --force"
    )]
    Worse {
        /// Which figure.
        figure: String,
        /// Of the model that is there.
        before: f64,
        /// Of the new one.
        now: f64,
    },
    /// The encoder is another's.
    #[error("only an encoder of our own kind can be tuned; train without --deep")]
    NotTunable,
    /// The tokenizer failed.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// The nets failed.
    #[error("net: {0}")]
    Net(#[from] candle_core::Error),
    /// Weights could not be written.
    #[error("weights: {0}")]
    Weights(#[from] safetensors::SafeTensorError),
}

/// How far a training has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// What is trained.
    pub what: &'static str,
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub all: usize,
    /// Loss, averaged over the last steps, where there is one.
    pub loss: Option<f32>,
}

/// What the predictors say of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Every intent with its calibrated probability, best first.
    pub intents: Vec<(String, f32)>,
    /// Probability that the shop can deal with it.
    pub in_scope: f32,
    /// Whether the best intent may be acted on without asking back.
    pub certain: bool,
    /// How it sounds.
    pub sentiment: Sentiment,
    /// Probabilities of positive, neutral, negative.
    pub sentiment_scores: [f32; 3],
    /// 0 calm, 1 annoyed, 2 furious; 0 unless negative.
    pub anger: u8,
}

/// All predictors of one artifact folder. Immutable; share it.
pub struct Predictors {
    encoders: Encoders,
    intent: Head,
    sentiment: Head,
    anger: Head,
    labels: Vec<String>,
    version: String,
}

/// What a text means, in several ways.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meaning {
    /// A unit vector, of one length for all texts.
    pub vector: Vec<f32>,
    /// What it is about: the square roots of the intents' probabilities in the order of [`Predictors::intents`], a unit
    /// vector whose product with another is their Bhattacharyya coefficient.
    pub topics: Vec<f32>,
    /// Its pieces, where the encoder tells what each means.
    pub pieces: Vec<Piece>,
    /// How usual it is, 0..=1, that a help centre answers it, were it a question.
    pub usual: f32,
}

impl Predictors {
    /// Loads and checks an encoder and an artifact folder with the heads over it: format, hashes,
    /// shapes, finite numbers, vocabulary and a self-test.
    ///
    /// # Errors
    /// [`Error::Unreadable`] and [`Error::BadModel`] name the file and the cause.
    pub fn load(encoder: &Path, dir: &Path) -> Result<Self, Error> {
        Self::over(Encoder::load(encoder)?, dir)
    }

    fn over(encoder: Encoder, dir: &Path) -> Result<Self, Error> {
        artifact::refuse_pickles(dir)?;
        let (manifest, version) = artifact::manifest_of(dir)?;
        if manifest.format != artifact::FORMAT {
            let why = format!("format {} is not {}", manifest.format, artifact::FORMAT);
            return Err(bad("manifest.json", &why));
        }
        if (manifest.encoder.as_str(), manifest.dimensions) != (encoder.version(), encoder.dimensions()) {
            let why = format!(
                "the heads were fitted over encoder {}, this is {}; run `xiaoer train`",
                manifest.encoder,
                encoder.version()
            );
            return Err(bad("manifest.json", &why));
        }
        let mut encoders = Encoders::of(encoder);
        if manifest.files.contains_key(artifact::TUNED) {
            let bytes = artifact::read_checked(dir, artifact::TUNED, &manifest)?;
            let weights = artifact::encoder_weights(artifact::TUNED, &bytes)?;
            encoders.tuned = Some(encoders.plain.with_weights(weights)?);
        }
        let head = |file: &str, name: &str, manifest_of: &artifact::HeadManifest| {
            let bytes = artifact::read_checked(dir, file, &manifest)?;
            let tensors = artifact::tensors(file, &bytes)?;
            artifact::head_of(file, name, &tensors, manifest_of, manifest.dimensions)
        };
        let loaded = Self {
            encoders,
            intent: head("intent.safetensors", "intent", &manifest.intent)?,
            sentiment: head("sentiment.safetensors", "sentiment", &manifest.sentiment)?,
            anger: head("sentiment.safetensors", "anger", &manifest.anger)?,
            labels: manifest.intent.labels.clone(),
            version,
        };
        let classes = [loaded.sentiment.labels.len(), loaded.anger.labels.len()];
        if classes != [3, 3] {
            return Err(bad("manifest.json", "sentiment and anger have three labels each"));
        }
        loaded.self_test(&manifest)?;
        Ok(loaded)
    }

    fn self_test(&self, manifest: &Manifest) -> Result<(), Error> {
        for test in &manifest.self_test {
            let said = self.predict(&test.text);
            let (intent, score) = said.intents.first().cloned().unwrap_or_default();
            let near = (score - test.score).abs() <= SELF_TEST_TOLERANCE;
            if intent != test.intent || !near {
                let why = format!(
                    "self-test `{}` gave {intent} {score:.3}, not {} {:.3}",
                    test.text, test.intent, test.score
                );
                return Err(bad("manifest.json", &why));
            }
        }
        Ok(())
    }

    /// Predicts intent, sentiment and anger of a message. Any text will do; a long one is cut.
    #[must_use]
    pub fn predict(&self, text: &str) -> Prediction {
        let features = self.features(text);
        let said = self.intent.predict(&features);
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.sort_by(|a, b| said.probabilities[*b].total_cmp(&said.probabilities[*a]));
        let best = order.first().copied().unwrap_or(0);
        let confident = said.probabilities[best] >= self.intent.certain_min;
        let inside = said.in_scope >= self.intent.scope_min || Some(best) == self.intent.oos;
        let sentiment = self.sentiment.predict(&features).probabilities;
        let sounds = Sentiment::ALL[argmax(&sentiment).min(2)];
        let anger = match sounds {
            Sentiment::Negative => argmax(&self.anger.predict(&features).probabilities),
            Sentiment::Positive | Sentiment::Neutral => 0,
        };
        Prediction {
            intents: order
                .iter()
                .map(|at| (self.labels[*at].clone(), said.probabilities[*at]))
                .collect(),
            in_scope: said.in_scope,
            certain: confident && inside,
            sentiment: sounds,
            sentiment_scores: [sentiment[0], sentiment[1], sentiment[2]],
            anger: u8::try_from(anger).unwrap_or(0),
        }
    }

    /// The unit vector of a text.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<f32> {
        let encoder = &self.encoders.plain;
        encoder
            .encode(text)
            .unwrap_or_else(|_| vec![0.0; encoder.dimensions()])
    }

    /// What a text means.
    #[must_use]
    pub fn meaning(&self, text: &str) -> Meaning {
        let (features, pieces) = self.encoders.features_and_pieces(text).unwrap_or_default();
        let said = self.intent.predict(&features).probabilities;
        Meaning {
            usual: self.encoders.plain.usual(&features.dense),
            vector: features.dense,
            topics: said.into_iter().map(f32::sqrt).collect(),
            pieces,
        }
    }

    fn features(&self, text: &str) -> Features {
        self.encoders.features(text).unwrap_or_default()
    }

    /// The first 12 hex digits of the manifest's hash.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All intents, in the order of training.
    #[must_use]
    pub fn intents(&self) -> &[String] {
        &self.labels
    }
}
