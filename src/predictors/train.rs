//! Training the shop's heads from its examples, over an encoder that stays as it is.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::artifact::{self, Confusion, HeadManifest, Manifest, SelfTest};
use super::encoder::{Encoder, Encoders};
use super::heads::{Head, Set, argmax};
use super::linear::Features;
use super::{Error, OUT_OF_SCOPE, Predictors, Progress, features, metrics};
use crate::conversation::{Sentiment, sha256};

/// Fewest messages a shop's heads are trained on.
const MESSAGES_MIN: usize = 20;
/// One message in so many calibrates instead of training.
const CALIBRATION_SHARE: u64 = 10;
/// Lines of the self-test.
const SELF_TESTS: usize = 8;
/// Confused pairs kept in the manifest.
const CONFUSIONS_MAX: usize = 20;
/// Names of the anger levels, in order.
const ANGER: [&str; 3] = ["calm", "annoyed", "furious"];

/// A message with its labels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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
    /// The same figures of the artifact that was there before.
    pub before: BTreeMap<String, f64>,
}

/// Whether a worse model may take the place of a better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Never.
    Closed,
    /// Whoever trains knows why.
    Open,
}

/// Whether the encoder stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// It does; only the heads are fitted, in seconds.
    Quick,
    /// It is tuned on the shop's intents first, in minutes.
    Deep,
}

/// What the heads are fitted on, and what they are calibrated and measured on.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// Messages to learn from.
    pub messages: &'a [Labelled],
    /// Messages that are only calibrated and measured on, as real shoppers wrote them; without any, a
    /// tenth of the others serves first for that and is then learnt from too.
    pub valid: &'a [Labelled],
}

/// Trains the shop's heads over the encoder in the folder `encoder` and writes them into `dir`, beside
/// the tuned encoder's weights if it was to be tuned.
///
/// # Errors
/// When there is too little data, the encoder cannot be read, a file cannot be written, or the gate is
/// closed and the new heads are worse than those in `dir` on messages that neither was fitted on.
pub fn train_shop(
    material: Material<'_>,
    (encoder, depth): (&Path, Depth),
    (dir, gate): (&Path, Gate),
    progress: &mut dyn FnMut(Progress),
) -> Result<Trained, Error> {
    let Material { messages, valid } = material;
    if messages.len() < MESSAGES_MIN {
        let found = messages.len();
        return Err(Error::TooLittleData {
            what: "messages",
            found,
            least: MESSAGES_MIN,
        });
    }
    let labels = sorted_labels(messages);
    let encoder = Encoder::load(encoder)?;
    let mut encoders = Encoders::of(encoder);
    let mut directions = None;
    if depth == Depth::Deep {
        let (tuned, found) = tune(&encoders.plain, material, &labels, progress)?;
        (encoders.tuned, directions) = (Some(tuned), Some(found));
    }
    let all = featurise(&encoders, messages.iter().map(|m| m.text.as_str()), progress)?;
    let valid_features = featurise(&encoders, valid.iter().map(|m| m.text.as_str()), progress)?;
    let oos = labels.iter().position(|l| l == OUT_OF_SCOPE);
    let rows = Rows {
        learnt: messages.iter().zip(&all).collect(),
        valid: valid.iter().zip(&valid_features).collect(),
        dimensions: encoders.plain.dimensions(),
    };
    let mut measured = Measured {
        on: hash_of(valid),
        ..Measured::default()
    };
    let place = |m: &Labelled| labels.iter().position(|l| *l == m.intent);
    let intent = Part::new("intent", labels.clone(), oos, &rows, place);
    let intent = intent.fit(directions.as_deref(), &mut measured, progress);
    let names = Sentiment::ALL.map(|s| s.name().to_owned()).to_vec();
    let place = |m: &Labelled| Some(sentiment_place(m.sentiment));
    let sentiment = Part::new("sentiment", names, None, &rows, place).fit(None, &mut measured, progress);
    let names = ANGER.map(str::to_owned).to_vec();
    let place = |m: &Labelled| (m.sentiment == Sentiment::Negative).then(|| usize::from(m.anger).min(2));
    let anger = Part::new("anger", names, None, &rows, place).fit(None, &mut measured, progress);
    let before = artifact::figures_of(dir, &measured.on);
    if gate == Gate::Closed {
        compare(&before, &measured.figures)?;
    }
    write_artifact(dir, encoders, messages, [intent, sentiment, anger], &measured)?;
    Ok(Trained {
        messages: messages.len(),
        intents: labels.len(),
        figures: measured.figures,
        before,
    })
}

/// A copy of the encoder tuned on the messages that are learnt from, and the intents' directions.
fn tune(
    encoder: &Encoder,
    material: Material<'_>,
    labels: &[String],
    progress: &mut dyn FnMut(Progress),
) -> Result<(Encoder, Vec<f32>), Error> {
    let borrowed = material.valid.is_empty();
    let learnt = material
        .messages
        .iter()
        .filter(|m| !(borrowed && is_kept_for_calibration(&m.text)));
    let rows = learnt.filter_map(|m| Some((m.text.as_str(), labels.binary_search(&m.intent).ok()?)));
    let (texts, places): (Vec<&str>, Vec<usize>) = rows.unzip();
    encoder.tuned(&texts, &places, labels.len(), progress)
}

/// How much worse a figure may become by chance: about two standard errors of a tenth of the examples.
const WORSE_BY_CHANCE: f64 = 0.02;

fn compare(before: &BTreeMap<String, f64>, now: &BTreeMap<String, f64>) -> Result<(), Error> {
    let worse = before.iter().find_map(|(name, before)| {
        let now = *now.get(name)?;
        (now < before - WORSE_BY_CHANCE).then(|| (name.clone(), *before, now))
    });
    match worse {
        Some((figure, before, now)) => Err(Error::Worse { figure, before, now }),
        None => Ok(()),
    }
}

/// What was found on messages that the weights were not fitted on.
#[derive(Default)]
struct Measured {
    figures: BTreeMap<String, f64>,
    confused: Vec<Confusion>,
    /// Hash of those messages; of none, when a tenth served.
    on: String,
}

/// All messages with their features.
struct Rows<'a> {
    learnt: Vec<(&'a Labelled, &'a Features)>,
    valid: Vec<(&'a Labelled, &'a Features)>,
    dimensions: usize,
}

/// One head's examples.
struct Part<'a> {
    what: &'static str,
    labels: Vec<String>,
    oos: Option<usize>,
    train: Examples<'a>,
    valid: Examples<'a>,
    /// Whether the examples to calibrate on are a part of those that may be learnt from.
    borrowed: bool,
    dimensions: usize,
}

/// Features and places of labels.
type Examples<'a> = (Vec<&'a Features>, Vec<usize>);

impl<'a> Part<'a> {
    fn new(
        what: &'static str,
        labels: Vec<String>,
        oos: Option<usize>,
        rows: &Rows<'a>,
        place: impl Fn(&Labelled) -> Option<usize>,
    ) -> Self {
        let pick =
            |rows: &[(&'a Labelled, &'a Features)], wanted: &dyn Fn(&Labelled) -> bool| -> Examples<'a> {
                let picked = rows.iter().filter(|(m, _)| wanted(m));
                picked.filter_map(|(m, f)| Some((*f, place(m)?))).unzip()
            };
        let borrowed = rows.valid.is_empty();
        let kept = |m: &Labelled| is_kept_for_calibration(&m.text);
        let (train, valid) = if borrowed {
            (pick(&rows.learnt, &|m| !kept(m)), pick(&rows.learnt, &kept))
        } else {
            (pick(&rows.learnt, &|_| true), pick(&rows.valid, &|_| true))
        };
        Self {
            what,
            labels,
            oos,
            train,
            valid,
            borrowed,
            dimensions: rows.dimensions,
        }
    }

    /// Fits, calibrates and measures; what was borrowed for that is learnt from in the end.
    fn fit(
        &self,
        directions: Option<&[f32]>,
        measured: &mut Measured,
        progress: &mut dyn FnMut(Progress),
    ) -> Head {
        let classes = self.labels.len();
        let (what, all) = (
            self.what,
            Head::steps(classes) + Head::steps_again(classes) * usize::from(self.borrowed),
        );
        let mut done = 0;
        let mut report = || {
            done += 1;
            progress(Progress {
                what,
                done,
                all,
                loss: None,
            });
        };
        let set = |examples| Set::of(examples, self.dimensions);
        let (train, valid) = (set(&self.train), set(&self.valid));
        let head = Head::fit([train, valid], &self.labels, self.oos, directions, &mut report);
        self.measure(&head, valid, measured);
        if !self.borrowed {
            return head;
        }
        let features = [train.features, valid.features].concat();
        let labels = [train.labels, valid.labels].concat();
        head.refit(set(&(features, labels)), directions, &mut report)
    }

    fn measure(&self, head: &Head, valid: Set<'_>, measured: &mut Measured) {
        let said: Vec<usize> = valid
            .features
            .iter()
            .map(|f| argmax(&head.predict(f).probabilities))
            .collect();
        let mut put = |name: &str, figure: f64| {
            measured.figures.insert(format!("{}_{name}", self.what), figure);
        };
        put("accuracy", metrics::accuracy(valid.labels, &said));
        put(
            "macro_f1",
            metrics::macro_f1(valid.labels, &said, self.labels.len()),
        );
        if self.what == "intent" {
            measured.confused = confusions(&self.labels, valid.labels, &said);
        }
    }
}

/// Pairs of intents most often taken for each other, those first that are the larger share.
fn confusions(labels: &[String], truth: &[usize], said: &[usize]) -> Vec<Confusion> {
    let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (truth, said) in truth.iter().zip(said).filter(|(t, s)| t != s) {
        *counts.entry((*truth, *said)).or_default() += 1;
    }
    let mut confused: Vec<Confusion> = counts
        .into_iter()
        .map(|((meant, said), times)| Confusion {
            of: truth.iter().filter(|t| **t == meant).count(),
            meant: labels[meant].clone(),
            said: labels[said].clone(),
            times,
        })
        .collect();
    let share = |c: &Confusion| c.times as f64 / c.of.max(1) as f64;
    confused.sort_by(|a, b| share(b).total_cmp(&share(a)));
    confused.truncate(CONFUSIONS_MAX);
    confused
}

/// The same messages every time, whatever else is in the shop.
fn is_kept_for_calibration(text: &str) -> bool {
    let hash = sha256(format!("calibration:{text}").as_bytes());
    u64::from_str_radix(&hash[..12], 16)
        .unwrap_or(1)
        .is_multiple_of(CALIBRATION_SHARE)
}

pub(super) fn featurise<'a>(
    encoders: &Encoders,
    texts: impl Iterator<Item = &'a str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Features>, Error> {
    let read: Vec<String> = texts.map(|text| encoders.plain.read(text)).collect();
    let texts: Vec<&str> = read.iter().map(String::as_str).collect();
    let mut encode = |encoder: &Encoder| {
        encoder.encode_on_all_cores(&texts, |done| {
            progress(Progress {
                what: "encode",
                done: done.min(texts.len()),
                all: texts.len(),
                loss: None,
            });
        })
    };
    let dense = encode(&encoders.plain)?;
    let tuned = match &encoders.tuned {
        Some(tuned) => encode(tuned)?,
        None => vec![Vec::new(); texts.len()],
    };
    let vectors = dense.into_iter().zip(tuned);
    let features = texts.iter().zip(vectors).map(|(text, (dense, tuned))| Features {
        dense,
        tuned,
        places: features::places(text),
    });
    Ok(features.collect())
}

/// Hash of messages with their labels, whatever their order.
fn hash_of(messages: &[Labelled]) -> String {
    let mut lines: Vec<String> = messages
        .iter()
        .map(|m| format!("{}\t{}\t{}\t{}\n", m.text, m.intent, m.sentiment.name(), m.anger))
        .collect();
    lines.sort();
    sha256(lines.concat().as_bytes())
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
    encoders: Encoders,
    messages: &[Labelled],
    [intent, sentiment, anger]: [Head; 3],
    measured: &Measured,
) -> Result<(), Error> {
    let mut mood = artifact::head_tensors("sentiment", &sentiment)?;
    mood.extend(artifact::head_tensors("anger", &anger)?);
    let mut files = BTreeMap::new();
    let mut parts = vec![
        ("intent.safetensors", artifact::head_tensors("intent", &intent)?),
        ("sentiment.safetensors", mood),
    ];
    if let Some(tuned) = &encoders.tuned {
        parts.push((artifact::TUNED, artifact::encoder_tensors(tuned)?));
    }
    for (name, tensors) in parts {
        let bytes = artifact::serialize(tensors)?;
        artifact::write(dir, name, &bytes)?;
        files.insert(name.to_owned(), sha256(&bytes));
    }
    let mut manifest = Manifest {
        format: artifact::FORMAT,
        trained_by: env!("CARGO_PKG_VERSION").to_owned(),
        files,
        data: hash_of(messages),
        measured_on: measured.on.clone(),
        encoder: encoders.plain.version().to_owned(),
        dimensions: encoders.plain.dimensions(),
        intent: HeadManifest::of(&intent),
        sentiment: HeadManifest::of(&sentiment),
        anger: HeadManifest::of(&anger),
        figures: measured.figures.clone(),
        confused: measured.confused.clone(),
        self_test: Vec::new(),
    };
    write_manifest(dir, &manifest)?;
    if !manifest.files.contains_key(artifact::TUNED) {
        artifact::remove(dir, artifact::TUNED)?;
    }
    // What is served is half precision: the self-test is taken from the folder as it loads.
    let served = Predictors::over(encoders.plain, dir)?;
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
