//! `xiaoer train-encoder`: the text encoder from public texts and a teacher. Hours, not seconds; shops
//! never need it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::progress::Bars;
use crate::predictors::{EncoderData, EncoderRecipe, train_encoder};

/// Train the text encoder from public texts
#[derive(Args, Debug)]
pub struct TrainEncoderArgs {
    /// Folder with lessons.tsv, pairs.tsv and reviews.tsv (scripts/prepare_encoder_data.py makes them);
    /// the teacher's vectors are kept here
    #[arg(long, value_name = "DIR")]
    texts: PathBuf,
    /// Folder of the teacher, an encoder of BERT type
    #[arg(long, value_name = "DIR")]
    teacher: PathBuf,
    /// Where the encoder goes
    #[arg(long, default_value = "models/encoder", value_name = "DIR")]
    out: PathBuf,
    /// Steps of the training
    #[arg(long, default_value_t = 5_000)]
    steps: usize,
    /// Threads that each take a part of every step
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Highest learning rate
    #[arg(long, default_value_t = 2e-3)]
    rate: f64,
}

/// Runs the command.
///
/// # Errors
/// When texts or teacher cannot be read, or the encoder cannot be written.
pub fn run(args: &TrainEncoderArgs) -> anyhow::Result<()> {
    let mut bars = Bars::new();
    let data = read(&args.texts)?;
    bars.say(&format!(
        "{} lessons, {} pairs, {} reviews, {} steps",
        data.lessons.len(),
        data.pairs.len(),
        data.reviews.len(),
        args.steps
    ));
    let recipe = EncoderRecipe {
        steps: args.steps,
        workers: args.workers,
        rate: args.rate,
    };
    train_encoder(&data, &args.teacher, &args.texts, recipe, &args.out, &mut |p| {
        bars.show(p);
    })?;
    bars.say(&format!("wrote {}; now `xiaoer train`", args.out.display()));
    Ok(())
}

fn read(dir: &Path) -> anyhow::Result<EncoderData> {
    let table = |name: &str| -> anyhow::Result<Vec<(String, String)>> {
        let path = dir.join(name);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let rows = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(rows.map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
    };
    let reviews = table("reviews.tsv")?
        .into_iter()
        .map(|(text, label)| (text, label == "1"));
    Ok(EncoderData {
        lessons: table("lessons.tsv")?,
        pairs: table("pairs.tsv")?,
        reviews: reviews.collect(),
    })
}
