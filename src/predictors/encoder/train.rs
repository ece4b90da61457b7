//! Training our encoder: it learns to say of a text, in either language, what a teacher says of its
//! English (Reimers and Gurevych, 2020), draws texts together that mean the same (InfoNCE), and hears
//! in reviews what pleasure sounds like. Workers share the weights and average their gradients.

use std::path::Path;
use std::sync::PoisonError;

use candle_core::backprop::GradStore;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder, VarMap};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokenizers::{Model, Tokenizer};

use super::super::{Error, Progress, artifact};
use super::batch::batch;
use super::gated::{Gated, MODEL_TYPE, Shape};
use super::lessons::{Lessons, Reviews, Twins};
use super::{Encoder, FILES, vocabulary};

/// Seed of everything that is drawn.
const SEED: u64 = 20_261_125;
/// Width of an embedding and of each layer.
const WIDTH: usize = 256;
/// Gated windows.
const LAYERS: usize = 3;
/// Texts with a teacher's vector, pairs, and reviews of one worker's step.
const DRAWN: [usize; 3] = [112, 24, 12];
/// Sharpness of the contrasts.
const TEMPERATURE: f64 = 0.05;
/// Weights of nearness to the teacher, of telling its texts apart, of pairs and of pleasure.
const WEIGHTS: [f64; 4] = [2.0, 0.2, 0.2, 0.15];
/// Steps over which the learning rate rises.
const WARM_UP_STEPS: usize = 200;

/// What an encoder learns from.
#[derive(Debug, Clone, Default)]
pub struct EncoderData {
    /// English texts for the teacher, each with a text of the same meaning: itself, a translation, a
    /// word for a gloss, or itself with slips of the finger.
    pub lessons: Vec<(String, String)>,
    /// Texts that mean the same, without a teacher.
    pub pairs: Vec<(String, String)>,
    /// Reviews and whether they are pleased.
    pub reviews: Vec<(String, bool)>,
}

/// How to train an encoder.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Steps of all workers together.
    pub steps: usize,
    /// Threads that each take a part of every step.
    pub workers: usize,
    /// Highest learning rate; it rises first and then falls to nothing.
    pub rate: f64,
}

/// Trains vocabulary and net and writes them into `out` as an encoder's folder. `teacher` is a folder
/// of BERT type; its vectors of the lessons are kept in `cache`.
///
/// # Errors
/// When there is too little data, the teacher cannot be loaded, or a file cannot be written.
pub fn train_encoder(
    data: &EncoderData,
    teacher: &Path,
    cache: &Path,
    recipe: Recipe,
    out: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Error> {
    let tokenizer = vocabulary::train(data)?;
    let guide = Encoder::load(teacher)?;
    let lessons = Lessons::new(data, &tokenizer, &guide, cache, progress)?;
    let twins = Twins::new(&data.pairs, &tokenizer)?;
    let reviews = Reviews::new(&data.reviews, &tokenizer)?;
    let shape = Shape {
        vocab_size: tokenizer.get_model().get_vocab_size(),
        hidden_size: WIDTH,
        num_hidden_layers: LAYERS,
        dimensions: guide.dimensions(),
    };
    let vars = VarMap::new();
    let net = Gated::new(shape, &VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu))?;
    let start = vocabulary::start(&tokenizer, teacher, data, WIDTH, SEED)?;
    seed(&vars, &start)?;
    let school = School {
        net: &net,
        lessons: &lessons,
        twins: &twins,
        reviews: &reviews,
    };
    school.teach(&vars.all_vars(), recipe, progress)?;
    write(out, &tokenizer, shape, &vars)
}

struct School<'a> {
    net: &'a Gated,
    lessons: &'a Lessons,
    twins: &'a Twins,
    reviews: &'a Reviews,
}

impl School<'_> {
    fn teach(&self, vars: &[Var], recipe: Recipe, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        let settings = ParamsAdamW {
            lr: recipe.rate,
            weight_decay: 0.01,
            ..Default::default()
        };
        let mut optimizer = AdamW::new(vars.to_vec(), settings)?;
        let mut random: Vec<StdRng> = (0..recipe.workers.max(1) as u64)
            .map(|worker| StdRng::seed_from_u64(SEED + worker))
            .collect();
        let mut average = 0.0;
        for step in 0..recipe.steps {
            optimizer.set_learning_rate(rate(step, recipe));
            let (gradients, loss) = self.step(vars, &mut random)?;
            optimizer.step(&gradients)?;
            average = if step == 0 {
                loss
            } else {
                0.99_f32.mul_add(average, 0.01 * loss)
            };
            progress(Progress {
                what: "encoder",
                done: step + 1,
                all: recipe.steps,
                loss: average,
            });
        }
        Ok(())
    }

    /// The mean gradients of all workers, and the mean loss.
    fn step(&self, vars: &[Var], random: &mut [StdRng]) -> Result<(GradStore, f32), Error> {
        let count = random.len() as f64;
        let parts: Vec<Result<(GradStore, f32), Error>> = std::thread::scope(|scope| {
            let workers: Vec<_> = random
                .iter_mut()
                .map(|random| scope.spawn(|| self.part(random)))
                .collect();
            let gone = || Err(Error::Tokenizer("a worker of the training stopped".to_owned()));
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| gone()))
                .collect()
        });
        let mut parts = parts.into_iter();
        let (mut sum, mut loss) = parts
            .next()
            .unwrap_or_else(|| self.part(&mut StdRng::seed_from_u64(SEED)))?;
        for part in parts {
            let (gradients, more) = part?;
            loss += more;
            for var in vars {
                match (sum.get(var), gradients.get(var)) {
                    (Some(a), Some(b)) => {
                        let both = (a + b)?;
                        sum.insert(var, both);
                    }
                    (None, Some(b)) => {
                        sum.insert(var, b.clone());
                    }
                    _ => {}
                }
            }
        }
        for var in vars {
            if let Some(gradient) = sum.get(var) {
                let mean = (gradient / count)?;
                sum.insert(var, mean);
            }
        }
        Ok((sum, loss / count as f32))
    }

    fn part(&self, random: &mut StdRng) -> Result<(GradStore, f32), Error> {
        let (texts, wanted) = self.lessons.draw(DRAWN[0], random)?;
        let said = self.net.forward(&batch(&texts)?)?;
        let near = (&said * &wanted)?.sum(1)?.mean(0)?;
        let apart = contrast(&said, &wanted)?;
        let (left, right) = self.twins.draw(DRAWN[1], random);
        let left = self.net.forward(&batch(&left)?)?;
        let right = self.net.forward(&batch(&right)?)?;
        let together = ((contrast(&left, &right)? + contrast(&right, &left)?)? / 2.0)?;
        let (texts, pleased) = self.reviews.draw(DRAWN[2], random)?;
        let logits = (self.net.polarity(&self.net.forward(&batch(&texts)?)?)? * 4.0)?;
        let pleasure = candle_nn::loss::binary_cross_entropy_with_logit(&logits, &pleased)?;
        let loss = (((1.0 - near)? * WEIGHTS[0])? + (apart * WEIGHTS[1])?)?;
        let loss = ((loss + (together * WEIGHTS[2])?)? + (pleasure * WEIGHTS[3])?)?;
        let gradients = loss.backward()?;
        Ok((gradients, loss.to_scalar::<f32>()?))
    }
}

fn rate(step: usize, recipe: Recipe) -> f64 {
    let up = ((step + 1) as f64 / WARM_UP_STEPS as f64).min(1.0);
    let down = 1.0 - step as f64 / recipe.steps as f64;
    recipe.rate * up * down.max(0.02)
}

/// Each row of `left` must be nearest to its own partner among all of `right`.
fn contrast(left: &Tensor, right: &Tensor) -> Result<Tensor, Error> {
    let likeness = (left.matmul(&right.t()?)? / TEMPERATURE)?;
    let count = u32::try_from(left.dim(0)?).unwrap_or(0);
    let partner = Tensor::arange(0, count, &Device::Cpu)?;
    Ok(candle_nn::loss::cross_entropy(&likeness, &partner)?)
}

/// Draws every weight anew from the seed, as widely spread as candle drew it, so that a training can
/// be repeated; the embedding starts from what is known.
fn seed(vars: &VarMap, embedding: &Tensor) -> Result<(), Error> {
    let data = vars.data().lock().unwrap_or_else(PoisonError::into_inner);
    let mut names: Vec<&String> = data.keys().collect();
    names.sort();
    let mut random = StdRng::seed_from_u64(SEED);
    for name in names {
        let var = &data[name];
        if name == "embedding" {
            var.set(embedding)?;
        } else if var.rank() == 2 {
            let spread = var.sqr()?.mean_all()?.sqrt()?.to_scalar::<f32>()?;
            let drawn: Vec<f32> = (0..var.elem_count())
                .map(|_| spread * normal(&mut random))
                .collect();
            var.set(&Tensor::from_vec(drawn, var.shape(), &Device::Cpu)?)?;
        } else if name.ends_with("bias") {
            var.set(&var.zeros_like()?)?;
        }
    }
    Ok(())
}

fn write(out: &Path, tokenizer: &Tokenizer, shape: Shape, vars: &VarMap) -> Result<(), Error> {
    let json = |error: serde_json::Error| Error::Tokenizer(error.to_string());
    let mut config = serde_json::to_value(shape).map_err(json)?;
    config["model_type"] = MODEL_TYPE.into();
    let config = serde_json::to_string_pretty(&config).map_err(json)? + "\n";
    let tokens = tokenizer
        .to_string(false)
        .map_err(|e| Error::Tokenizer(e.to_string()))?;
    let mut tensors: Vec<(String, Tensor)> = Vec::new();
    {
        let data = vars.data().lock().unwrap_or_else(PoisonError::into_inner);
        for (name, var) in data.iter() {
            tensors.push((name.clone(), var.as_tensor().to_dtype(DType::F16)?));
        }
    }
    artifact::write(out, FILES[0], config.as_bytes())?;
    artifact::write(out, FILES[1], tokens.as_bytes())?;
    artifact::write(out, FILES[2], &artifact::serialize(tensors)?)
}

/// A number drawn from the standard normal distribution (Box and Muller, 1958).
pub(super) fn normal(random: &mut StdRng) -> f32 {
    let (u, v): (f32, f32) = (random.random_range(f32::EPSILON..1.0), random.random());
    (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
}

/// A number from 0 on and less than `below`.
pub(super) fn index(random: &mut StdRng, below: usize) -> usize {
    random.random_range(0..below.max(1))
}
