//! Our standard recipe on anyone's labelled files: the figures by which it can be compared.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use super::encoder::{self, Encoder, Encoders};
use super::heads::{Head, Set, argmax};
use super::train::{Depth, featurise};
use super::{Error, Progress, artifact, metrics};

/// Figures of one run. Those about out-of-scope are absent without such a label.
#[derive(Debug, Clone, Serialize)]
pub struct ClassifierReport {
    /// Test messages.
    pub n: usize,
    /// Accuracy, over the part in scope where there is an out-of-scope label.
    pub accuracy: f64,
    /// Macro F1 over the same part.
    pub macro_f1: f64,
    /// Area under the curve of in-scope against out-of-scope messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oos_auroc: Option<f64>,
    /// Out-of-scope messages refused when 5 % of those in scope are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oos_recall_at_5pct_false_refusal: Option<f64>,
    /// Calibration error over the same part as accuracy.
    pub ece: f64,
    /// Seconds of training, encoding included.
    pub train_s: f64,
    /// Bytes of encoder, vocabulary and head together.
    pub model_bytes: u64,
    /// Median time of one prediction, in milliseconds, on one thread.
    pub p50_ms: f64,
}

type Rows = [(String, String)];

/// Trains on `train`, calibrates on `valid`, measures on `test`; each row is (text, label). The encoder
/// is the one in the folder `folder`, as it is, or beside a copy tuned on the same messages.
///
/// # Errors
/// When the encoder cannot be read or there is too little data.
pub fn evaluate_classifier(
    [train, valid, test]: [&Rows; 3],
    oos_label: Option<&str>,
    (folder, depth): (&Path, Depth),
    progress: &mut dyn FnMut(Progress),
) -> Result<ClassifierReport, Error> {
    if train.is_empty() || valid.is_empty() || test.is_empty() {
        return Err(Error::TooLittleData {
            what: "rows",
            found: 0,
            least: 1,
        });
    }
    let mut encoders = Encoders::of(Encoder::load(folder)?);
    let mut labels: Vec<String> = train.iter().map(|(_, label)| label.clone()).collect();
    labels.sort();
    labels.dedup();
    let oos = labels.iter().position(|l| Some(l.as_str()) == oos_label);
    let began = Instant::now();
    let mut directions = None;
    if depth == Depth::Deep {
        let rows = train
            .iter()
            .filter_map(|(text, label)| Some((text.as_str(), labels.binary_search(label).ok()?)));
        let (texts, places): (Vec<&str>, Vec<usize>) = rows.unzip();
        let (tuned, found) = encoders.plain.tuned(&texts, &places, labels.len(), progress)?;
        (encoders.tuned, directions) = (Some(tuned), Some(found));
    }
    let (train_features, train_labels) = known(&encoders, train, &labels, progress)?;
    let (valid_features, valid_labels) = known(&encoders, valid, &labels, progress)?;
    let train = Set {
        features: &train_features.iter().collect::<Vec<_>>(),
        labels: &train_labels,
        dimensions: encoders.plain.dimensions(),
    };
    let valid = Set {
        features: &valid_features.iter().collect::<Vec<_>>(),
        labels: &valid_labels,
        dimensions: encoders.plain.dimensions(),
    };
    let mut done = 0;
    let head = Head::fit([train, valid], &labels, oos, directions.as_deref(), || {
        done += 1;
        progress(Progress {
            what: "head",
            done,
            all: Head::steps(labels.len()),
            loss: None,
        });
    });
    let train_s = began.elapsed().as_secs_f64();
    let mut report = measure(&encoders, &head, test, &labels, oos_label)?;
    report.train_s = train_s;
    let mut files = 0;
    for name in encoder::FILES {
        files += artifact::read(folder, name)?.len() as u64;
    }
    let numbers = head.meaning.weights.len() + head.means.len();
    let grams = head.linear.rows.len() * (labels.len() + 3 * size_of::<f32>());
    let head_bytes = grams + 2 * numbers + 8 * head.linear.bias.len();
    report.model_bytes = files + head_bytes as u64;
    Ok(report)
}

/// Features and places of labels; rows whose label never occurs in training are left out.
fn known(
    encoders: &Encoders,
    rows: &Rows,
    labels: &[String],
    progress: &mut dyn FnMut(Progress),
) -> Result<(Vec<super::linear::Features>, Vec<usize>), Error> {
    let known: Vec<(&str, usize)> = rows
        .iter()
        .filter_map(|(text, label)| Some((text.as_str(), labels.binary_search(label).ok()?)))
        .collect();
    let features = featurise(encoders, known.iter().map(|(text, _)| *text), progress)?;
    Ok((features, known.into_iter().map(|(_, place)| place).collect()))
}

fn measure(
    encoders: &Encoders,
    head: &Head,
    test: &Rows,
    labels: &[String],
    oos_label: Option<&str>,
) -> Result<ClassifierReport, Error> {
    let (mut truth, mut said, mut confidence) = (Vec::new(), Vec::new(), Vec::new());
    let (mut inside, mut outside, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (text, label) in test {
        let began = Instant::now();
        let features = encoders.features(text)?;
        let predicted = head.predict(&features);
        times.push(began.elapsed().as_secs_f32() * 1000.0);
        if Some(label.as_str()) == oos_label {
            outside.push(predicted.in_scope);
            continue;
        }
        inside.push(predicted.in_scope);
        let best = argmax(&predicted.probabilities);
        // A label that training never saw counts as wrong.
        truth.push(labels.binary_search(label).unwrap_or(labels.len()));
        said.push(best);
        confidence.push(predicted.probabilities[best]);
    }
    let right: Vec<bool> = truth.iter().zip(&said).map(|(t, s)| t == s).collect();
    let scored = !outside.is_empty();
    Ok(ClassifierReport {
        n: test.len(),
        accuracy: metrics::accuracy(&truth, &said),
        macro_f1: metrics::macro_f1(&truth, &said, labels.len() + 1),
        oos_auroc: scored.then(|| metrics::auroc(&inside, &outside)),
        oos_recall_at_5pct_false_refusal: scored.then(|| metrics::oos_recall_at_5pct(&inside, &outside)),
        ece: metrics::ece(&confidence, &right),
        train_s: 0.0,
        model_bytes: 0,
        p50_ms: f64::from(metrics::quantile(&times, 0.5)),
    })
}
