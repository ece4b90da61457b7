//! Tuning our encoder on labelled messages: each label has a direction, first the mean of its messages, and
//! a message is to lie nearest to its own (cosine head: Luo et al., 2018). The directions and the encoder
//! move together; the encoder is held near to where it was, because passages are found by it too.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::batch::batch;
use super::gated::{EMBEDDINGS, Gated, PAIRS, PIECE, USUAL};
use super::{Encoder, Net, unit};
use crate::predictors::{Error, Progress};

/// Seed of the order of messages and of what is dropped.
const SEED: u64 = 20_261_125;
/// Times that each message is looked at, and the fewest steps all the same.
const PASSES: usize = 6;
const STEPS_MIN: usize = 120;
/// Messages of one step; two threads take a half each.
const STEP_TEXTS: usize = 128;
const WORKERS: usize = 2;
/// Learning rates of the encoder and of the directions.
const RATES: [f64; 2] = [2e-3, 2e-2];
/// Share of the steps over which the rates rise; afterwards they fall to nothing.
const WARM_UP: f64 = 0.1;
/// Sharpness of the choice between directions.
const SCALE: f64 = 20.0;
/// How much nearer to its own direction than to any other a message is to lie, as a cosine (CosFace: Wang et al., 2018).
const MARGIN: f64 = 0.2;
/// Chance that a piece of a longer message is left out.
const DROPPED: f64 = 0.1;
/// Pieces of a message that none is left out of.
const WHOLE_MAX: usize = 2;
/// Pieces looked at while tuning.
const PIECES_MAX: usize = 40;
/// Pull of a message's vector towards the one it had.
const NEARNESS: f64 = 0.5;

/// Messages with their labels, as pieces.
struct Lessons {
    texts: Vec<Vec<u32>>,
    labels: Vec<u32>,
    /// Vectors before tuning.
    vectors: Vec<Vec<f32>>,
}

/// A net whose weights move.
struct Tuned {
    net: Gated,
    directions: Var,
    weights: Vec<Var>,
}

impl Encoder {
    /// A copy of the encoder tuned to tell the labels apart, and each label's direction, of length one:
    /// `classes x dimensions`.
    ///
    /// # Errors
    /// When the encoder is not of our kind.
    pub fn tuned(
        &self,
        texts: &[&str],
        labels: &[usize],
        classes: usize,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, Vec<f32>), Error> {
        let Net::Gated(net) = &self.net else {
            return Err(Error::NotTunable);
        };
        let vectors = self.encode_all(texts, |_| {})?;
        let pieces = texts.iter().map(|text| self.pieces(text)).map(|mut ids| {
            ids.truncate(PIECES_MAX);
            ids
        });
        let known = pieces
            .zip(labels)
            .zip(vectors)
            .filter(|((ids, _), _)| !ids.is_empty());
        let mut lessons = Lessons {
            texts: Vec::new(),
            labels: Vec::new(),
            vectors: Vec::new(),
        };
        for ((ids, label), vector) in known {
            lessons.texts.push(ids);
            lessons.labels.push(u32::try_from(*label).unwrap_or(0));
            lessons.vectors.push(vector);
        }
        // What words mean stays as it was learnt from far more text; how they add up is tuned.
        let mut vars = HashMap::new();
        let stays = |name: &str| {
            name == PAIRS || EMBEDDINGS.contains(&name) || name.starts_with(PIECE) || name.starts_with(USUAL)
        };
        let moves = |name: &str| !stays(name);
        for (name, tensor) in self.weights.iter().filter(|(name, _)| moves(name)) {
            vars.insert(name.clone(), Var::from_tensor(tensor)?);
        }
        let mut tensors = self.weights.clone();
        tensors.extend(
            vars.iter()
                .map(|(name, var)| (name.clone(), var.as_tensor().clone())),
        );
        let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let mut names: Vec<&String> = vars.keys().collect();
        names.sort();
        let tuned = Tuned {
            net: Gated::new(net.shape(), &vb)?,
            directions: Var::from_tensor(&lessons.means(classes, net.shape().dimensions)?)?,
            weights: names.into_iter().map(|name| vars[name].clone()).collect(),
        };
        tuned.teach(&lessons, progress)?;
        let directions = unit(tuned.directions.as_tensor())?.flatten_all()?.to_vec1()?;
        // What is served is half precision, so the rest is fitted over that.
        let mut rounded = self.weights.clone();
        for (name, var) in vars {
            let half = var
                .as_tensor()
                .detach()
                .to_dtype(DType::F16)?
                .to_dtype(DType::F32)?;
            rounded.insert(name, half);
        }
        Ok((self.with_weights(rounded)?, directions))
    }
}

impl Lessons {
    fn means(&self, classes: usize, size: usize) -> candle_core::Result<Tensor> {
        let mut means = vec![0.0_f32; classes * size];
        for (label, vector) in self.labels.iter().zip(&self.vectors) {
            let mean = &mut means[*label as usize * size..(*label as usize + 1) * size];
            mean.iter_mut().zip(vector).for_each(|(m, v)| *m += v);
        }
        unit(&Tensor::from_vec(means, (classes, size), &Device::Cpu)?)
    }

    /// Steps of one pass: messages of like length together, the steps in any order.
    fn pass(&self, random: &mut StdRng) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.texts.len()).collect();
        order.shuffle(random);
        order.sort_by_key(|at| self.texts[*at].len());
        let mut steps: Vec<Vec<usize>> = order.chunks(STEP_TEXTS).map(<[usize]>::to_vec).collect();
        steps.shuffle(random);
        steps
    }

    fn pieces(&self, at: usize, random: &mut StdRng) -> Vec<u32> {
        let whole = &self.texts[at];
        if whole.len() <= WHOLE_MAX {
            return whole.clone();
        }
        let kept: Vec<u32> = whole
            .iter()
            .copied()
            .filter(|_| !random.random_bool(DROPPED))
            .collect();
        if kept.is_empty() { whole.clone() } else { kept }
    }
}

impl Tuned {
    fn teach(&self, lessons: &Lessons, progress: &mut dyn FnMut(Progress)) -> Result<(), Error> {
        let adam = |vars: Vec<Var>| {
            let settings = ParamsAdamW {
                weight_decay: 0.01,
                ..Default::default()
            };
            AdamW::new(vars, settings)
        };
        let mut optimizers = [adam(self.weights.clone())?, adam(vec![self.directions.clone()])?];
        let mut random = StdRng::seed_from_u64(SEED);
        let steps = (PASSES * lessons.texts.len().div_ceil(STEP_TEXTS)).max(STEPS_MIN);
        let (mut queue, mut average) = (Vec::new(), 0.0_f32);
        for step in 0..steps {
            if queue.is_empty() {
                queue = lessons.pass(&mut random);
            }
            let texts = queue.pop().unwrap_or_default();
            let (gradients, loss) = self.step(lessons, &texts, &mut random)?;
            let share = step as f64 / steps as f64;
            for (optimizer, rate) in optimizers.iter_mut().zip(RATES) {
                optimizer.set_learning_rate(rate * (share / WARM_UP).min(1.0) * (1.0 - share));
                optimizer.step(&gradients)?;
            }
            average = if step == 0 {
                loss
            } else {
                0.98_f32.mul_add(average, 0.02 * loss)
            };
            progress(Progress {
                what: "tune",
                done: step + 1,
                all: steps,
                loss: Some(average),
            });
        }
        Ok(())
    }

    /// Gradients and loss of one step, its messages shared out among the workers.
    fn step(
        &self,
        lessons: &Lessons,
        texts: &[usize],
        random: &mut StdRng,
    ) -> Result<(GradStore, f32), Error> {
        let shares: Vec<Vec<(usize, Vec<u32>)>> = texts
            .chunks(texts.len().div_ceil(WORKERS).max(1))
            .map(|share| {
                share
                    .iter()
                    .map(|at| (*at, lessons.pieces(*at, random)))
                    .collect()
            })
            .collect();
        let part = |share: &Vec<(usize, Vec<u32>)>| self.part(lessons, share, texts.len());
        let parts: Vec<Result<(GradStore, f32), Error>> = std::thread::scope(|scope| {
            let workers: Vec<_> = shares.iter().map(|share| scope.spawn(|| part(share))).collect();
            let gone = || Err(Error::Tokenizer("a worker of the tuning stopped".to_owned()));
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| gone()))
                .collect()
        });
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_else(|| part(&Vec::new()))?;
        parts.try_fold(first, |(mut sum, loss), more| {
            let (gradients, of_part) = more?;
            for var in self.weights.iter().chain([&self.directions]) {
                let both = match (sum.get(var), gradients.get(var)) {
                    (Some(a), Some(b)) => (a + b)?,
                    (None, Some(b)) => b.clone(),
                    _ => continue,
                };
                sum.insert(var, both);
            }
            Ok((sum, loss + of_part))
        })
    }

    /// One worker's share of a step's loss over `all` messages.
    fn part(
        &self,
        lessons: &Lessons,
        share: &[(usize, Vec<u32>)],
        all: usize,
    ) -> Result<(GradStore, f32), Error> {
        let ids: Vec<Vec<u32>> = share.iter().map(|(_, ids)| ids.clone()).collect();
        let labels: Vec<u32> = share.iter().map(|(at, _)| lessons.labels[*at]).collect();
        let before: Vec<Vec<f32>> = share.iter().map(|(at, _)| lessons.vectors[*at].clone()).collect();
        let said = self.net.forward(&batch(&ids)?)?;
        let directions = unit(self.directions.as_tensor())?;
        let labels = Tensor::new(labels, &Device::Cpu)?;
        let own = candle_nn::encoding::one_hot(labels.clone(), directions.dim(0)?, MARGIN as f32, 0.0_f32)?;
        let scores = ((said.matmul(&directions.t()?)? - own)? * SCALE)?;
        let wrong = candle_nn::loss::cross_entropy(&scores, &labels)?;
        let near = (&said * Tensor::new(before, &Device::Cpu)?)?
            .sum(D::Minus1)?
            .mean(0)?;
        let loss = ((wrong + ((1.0 - near)? * NEARNESS)?)? * (share.len() as f64 / all as f64))?;
        Ok((loss.backward()?, loss.to_scalar::<f32>()?))
    }
}
