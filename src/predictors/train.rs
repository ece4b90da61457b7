//! Training the shop's heads from its examples, over an encoder that stays as it is.

use std::collections::BTreeMap;
use std::path::Path;

use super::artifact::{self, HeadManifest, Manifest, SelfTest};
use super::encoder::Encoder;
use super::heads::{Head, Set, argmax};
use super::linear::Features;
use super::{Error, OUT_OF_SCOPE, Predictors, Progress, features, metrics};
use crate::conversation::Sentiment;

/// Fewest messages a shop's heads are trained on.
const MESSAGES_MIN: usize = 20;
/// One message in so many calibrates instead of training.
const CALIBRATION_SHARE: u64 = 10;
/// Lines of the self-test.
const SELF_TESTS: usize = 8;
/// Names of the anger levels, in order.
const ANGER: [&str; 3] = ["calm", "annoyed", "furious"];

/// A message with its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// The message.
    pub text: String,
    /// Its intent.
    pub intent: String,
    /// How it sounds.
    pub sentiment: Sentiment,
    /// 0 calm, 1 annoyed, 2 furious.
    pub anger: u8,
}

/// What came out of a training.
#[derive(Debug, Clone)]
pub struct Trained {
    /// Messages learnt from.
    pub messages: usize,
    /// Intents.
    pub intents: usize,
    /// Figures on the messages kept for calibration (weights before the last fit).
    pub figures: BTreeMap<String, f64>,
}

/// Trains the shop's heads over the encoder in the folder `encoder` and writes them into `dir`.
///
/// # Errors
/// When there is too little data, the encoder cannot be read, or a file cannot be written.
pub fn train_shop(
    messages: &[Labelled],
    encoder: &Path,
    dir: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Trained, Error> {
    if messages.len() < MESSAGES_MIN {
        let found = messages.len();
        return Err(Error::TooLittleData {
            what: "messages",
            found,
            least: MESSAGES_MIN,
        });
    }
    let encoder = Encoder::load(encoder)?;
    let all = featurise(&encoder, messages.iter().map(|m| m.text.as_str()), progress)?;
    let mut figures = BTreeMap::new();
    let labels = sorted_labels(messages);
    let oos = labels.iter().position(|l| l == OUT_OF_SCOPE);
    let place = |m: &Labelled| labels.iter().position(|l| *l == m.intent).unwrap_or(0);
    let targets: Vec<usize> = messages.iter().map(place).collect();
    let intent = fit(
        "intent",
        messages,
        &all,
        &targets,
        (labels.clone(), oos),
        &mut figures,
        progress,
    );
    let targets: Vec<usize> = messages.iter().map(|m| sentiment_place(m.sentiment)).collect();
    let names = Sentiment::ALL.map(|s| s.name().to_owned()).to_vec();
    let sentiment = fit(
        "sentiment",
        messages,
        &all,
        &targets,
        (names, None),
        &mut figures,
        progress,
    );
    let (angry, angry_features): (Vec<_>, Vec<_>) = messages
        .iter()
        .zip(&all)
        .filter(|(m, _)| m.sentiment == Sentiment::Negative)
        .map(|(m, f)| (m.clone(), f.clone()))
        .unzip();
    let targets: Vec<usize> = angry.iter().map(|m| usize::from(m.anger).min(2)).collect();
    let names = ANGER.map(str::to_owned).to_vec();
    let anger = fit(
        "anger",
        &angry,
        &angry_features,
        &targets,
        (names, None),
        &mut figures,
        progress,
    );
    let intents = labels.len();
    write_artifact(dir, encoder, messages, [intent, sentiment, anger], &figures)?;
    Ok(Trained {
        messages: messages.len(),
        intents,
        figures,
    })
}

/// Fits on nine tenths, calibrates and measures on the rest, then fits on all.
fn fit(
    what: &'static str,
    messages: &[Labelled],
    all: &[Features],
    targets: &[usize],
    (labels, oos): (Vec<String>, Option<usize>),
    figures: &mut BTreeMap<String, f64>,
    progress: &mut dyn FnMut(Progress),
) -> Head {
    let classes = labels.len();
    let kept: Vec<bool> = messages
        .iter()
        .map(|m| is_kept_for_calibration(&m.text))
        .collect();
    let part = |wanted: bool| -> (Vec<Features>, Vec<usize>) {
        let rows = kept
            .iter()
            .zip(all)
            .zip(targets)
            .filter(|((k, _), _)| **k == wanted);
        rows.map(|((_, f), t)| (f.clone(), *t)).unzip()
    };
    let ((train, train_targets), (valid, valid_targets)) = (part(false), part(true));
    let epochs = 2 * Head::epochs();
    let mut done = 0;
    let mut report = |_: usize, loss: f32| {
        done += 1;
        progress(Progress {
            what,
            done,
            all: epochs,
            loss,
        });
    };
    let train = Set {
        features: &train,
        labels: &train_targets,
    };
    let valid = Set {
        features: &valid,
        labels: &valid_targets,
    };
    let head = Head::fit(train, valid, labels, oos, &mut report);
    let said: Vec<usize> = valid
        .features
        .iter()
        .map(|f| argmax(&head.predict(f).probabilities))
        .collect();
    figures.insert(format!("{what}_accuracy"), metrics::accuracy(valid.labels, &said));
    figures.insert(
        format!("{what}_macro_f1"),
        metrics::macro_f1(valid.labels, &said, classes),
    );
    head.refit(
        Set {
            features: all,
            labels: targets,
        },
        &mut report,
    )
}

/// The same messages every time, whatever else is in the shop.
fn is_kept_for_calibration(text: &str) -> bool {
    let hash = artifact::sha256(format!("calibration:{text}").as_bytes());
    u64::from_str_radix(&hash[..12], 16)
        .unwrap_or(1)
        .is_multiple_of(CALIBRATION_SHARE)
}

pub(super) fn featurise<'a>(
    encoder: &Encoder,
    texts: impl Iterator<Item = &'a str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Features>, Error> {
    let texts: Vec<&str> = texts.collect();
    let vectors = encoder.encode_all(&texts, |done| {
        progress(Progress {
            what: "encode",
            done: done.min(texts.len()),
            all: texts.len(),
            loss: 0.0,
        });
    })?;
    let features = texts.iter().zip(vectors).map(|(text, dense)| Features {
        dense,
        places: features::places(text),
    });
    Ok(features.collect())
}

fn sorted_labels(messages: &[Labelled]) -> Vec<String> {
    let mut labels: Vec<String> = messages.iter().map(|m| m.intent.clone()).collect();
    labels.sort();
    labels.dedup();
    labels
}

fn sentiment_place(sentiment: Sentiment) -> usize {
    Sentiment::ALL.iter().position(|s| *s == sentiment).unwrap_or(1)
}

fn write_artifact(
    dir: &Path,
    encoder: Encoder,
    messages: &[Labelled],
    [intent, sentiment, anger]: [Head; 3],
    figures: &BTreeMap<String, f64>,
) -> Result<(), Error> {
    let mut mood = artifact::head_tensors("sentiment", &sentiment)?;
    mood.extend(artifact::head_tensors("anger", &anger)?);
    let mut files = BTreeMap::new();
    for (name, tensors) in [
        ("intent.safetensors", artifact::head_tensors("intent", &intent)?),
        ("sentiment.safetensors", mood),
    ] {
        let bytes = artifact::serialize(tensors)?;
        artifact::write(dir, name, &bytes)?;
        files.insert(name.to_owned(), artifact::sha256(&bytes));
    }
    let mut lines: Vec<String> = messages
        .iter()
        .map(|m| format!("{}\t{}\t{}\t{}\n", m.text, m.intent, m.sentiment.name(), m.anger))
        .collect();
    lines.sort();
    let mut manifest = Manifest {
        format: artifact::FORMAT,
        trained_by: env!("CARGO_PKG_VERSION").to_owned(),
        files,
        data: artifact::sha256(lines.concat().as_bytes()),
        encoder: encoder.version().to_owned(),
        dimensions: encoder.dimensions(),
        intent: HeadManifest::of(&intent),
        sentiment: HeadManifest::of(&sentiment),
        anger: HeadManifest::of(&anger),
        figures: figures.clone(),
        self_test: Vec::new(),
    };
    write_manifest(dir, &manifest)?;
    // What is served is half precision: the self-test is taken from the folder as it loads.
    let served = Predictors::over(encoder, dir)?;
    let stride = (messages.len() / SELF_TESTS).max(1);
    for message in messages.iter().step_by(stride).take(SELF_TESTS) {
        let said = served.predict(&message.text);
        let (intent, score) = said.intents.first().cloned().unwrap_or_default();
        manifest.self_test.push(SelfTest {
            text: message.text.clone(),
            intent,
            score,
        });
    }
    write_manifest(dir, &manifest)
}

fn write_manifest(dir: &Path, manifest: &Manifest) -> Result<(), Error> {
    let mut json = serde_json::to_string_pretty(manifest)
        .map_err(|e| Error::Tokenizer(format!("the manifest cannot be written: {e}")))?;
    json.push('\n');
    artifact::write(dir, "manifest.json", json.as_bytes())
}
