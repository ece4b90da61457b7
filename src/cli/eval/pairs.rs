//! `xiaoer eval pairs`: does the encoder know which texts mean the same? Beside it, in the same run, the
//! cosine of character n-grams, which knows spelling only.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{EncoderArgs, read_lines, report, rounded};
use crate::conversation::fold;
use crate::predictors::{Encoder, dot, metrics};

/// Longest n-gram of characters.
const GRAM_CHARS_MAX: usize = 3;
/// Longest text looked at, in characters.
const TEXT_CHARS_MAX: usize = 400;

#[derive(Args, Debug)]
pub struct PairsArgs {
    /// Pairs of texts with how alike they are
    #[arg(value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    encoder: EncoderArgs,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    score: f32,
}

pub(super) fn run(args: &PairsArgs) -> anyhow::Result<()> {
    let pairs: Vec<Pair> = read_lines(&args.pairs)?;
    let encoder = Encoder::load(&args.encoder.encoder)?;
    let sides = |side: fn(&Pair) -> &str| pairs.iter().map(side).collect::<Vec<_>>();
    let (left, right) = (sides(|pair| &pair.a), sides(|pair| &pair.b));
    let ours = encoder.encode_all(&left, |_| {})?;
    let ours = ours.iter().zip(encoder.encode_all(&right, |_| {})?);
    let meaning: Vec<f32> = ours.map(|(a, b)| dot(a, &b)).collect();
    let spelling = Spelling::over(left.iter().chain(&right).copied());
    let letters: Vec<f32> = left
        .iter()
        .zip(&right)
        .map(|(a, b)| spelling.cosine(a, b))
        .collect();
    let truth: Vec<f32> = pairs.iter().map(|pair| pair.score).collect();
    let figures = json!({
        "n": pairs.len(),
        "encoder": figures(&meaning, &truth),
        "character_tf_idf": figures(&letters, &truth),
    });
    report(&figures, args.json)
}

/// Spearman's correlation, and for labels of 0 and 1 the area under the curve.
fn figures(said: &[f32], truth: &[f32]) -> serde_json::Value {
    let of = |wanted: bool| {
        let rows = said
            .iter()
            .zip(truth)
            .filter(move |(_, truth)| (**truth > 0.5) == wanted);
        rows.map(|(said, _)| *said).collect::<Vec<f32>>()
    };
    let binary = truth.iter().all(|truth| *truth == 0.0 || *truth == 1.0);
    let auroc = if binary {
        metrics::auroc(&of(true), &of(false))
    } else {
        f64::NAN
    };
    json!({ "spearman": rounded(metrics::spearman(said, truth)), "auroc": rounded(auroc) })
}

/// Inverse document frequencies of character n-grams.
struct Spelling {
    texts: f32,
    seen: HashMap<String, f32>,
}

impl Spelling {
    fn over<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut spelling = Self {
            texts: 0.0,
            seen: HashMap::new(),
        };
        for text in texts {
            spelling.texts += 1.0;
            for gram in grams(text) {
                *spelling.seen.entry(gram).or_insert(0.0) += 1.0;
            }
        }
        spelling
    }

    fn weight(&self, gram: &str) -> f32 {
        let seen = self.seen.get(gram).copied().unwrap_or(1.0);
        (1.0 + self.texts / seen).ln().powi(2)
    }

    fn cosine(&self, a: &str, b: &str) -> f32 {
        let (a, b) = (grams(a), grams(b));
        let size = |grams: &HashSet<String>| grams.iter().map(|gram| self.weight(gram)).sum::<f32>();
        let shared: f32 = a.intersection(&b).map(|gram| self.weight(gram)).sum();
        shared / (size(&a) * size(&b)).sqrt().max(f32::EPSILON)
    }
}

fn grams(text: &str) -> HashSet<String> {
    let chars: Vec<char> = fold(text, TEXT_CHARS_MAX).chars().collect();
    let of = |size: usize| chars.windows(size).map(|gram| gram.iter().collect::<String>());
    (1..=GRAM_CHARS_MAX).flat_map(of).collect()
}
