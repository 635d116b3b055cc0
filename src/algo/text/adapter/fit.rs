//! Learning a map: of the texts of a batch, the one that answers a question is to be nearer to it than the others (InfoNCE: van den Oord, Li and Vinyals 2018), by steps of
//! AdamW (Loshchilov and Hutter 2019) that start from the map that changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::map::Map;
use super::matrix::{Right, to_unit, transposed};
use super::options::Options;
use super::pairs::{Division, Pairs, Positive};
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Progress};
use crate::room;

const BETA: [f64; 2] = [0.9, 0.999];
const TINY: f64 = 1e-8;
/// What is less likely counts as this.
const LEAST: f64 = 1e-30;

/// A map that was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub map: Map,
    /// The pass after which it was best; 0 where no pass made it better.
    pub epoch: usize,
    /// The loss of the pairs that say when to stop, else of those that it was learned from: before, and then.
    pub losses: [f64; 2],
}

/// Questions and texts of a batch: vectors, and which are which.
pub(super) struct Batch {
    /// Of the questions, then of the texts, those that answer them first and in their order.
    pub vectors: Vec<f32>,
    /// How many questions there are.
    pub questions: usize,
    /// The weight of each question.
    pub weights: Vec<f64>,
    /// For each question and text, whether the text is left out: it answers the question, too.
    pub left_out: Vec<bool>,
}

/// What is known of the pairs.
struct Known<'p> {
    questions: &'p [f32],
    documents: &'p [f32],
    width: usize,
    /// The texts that answer a question, and those that do not.
    answers: BTreeMap<u32, BTreeSet<u32>>,
    negatives: BTreeMap<u32, Vec<u32>>,
}

/// Learns a map from pairs. `questions` and `documents` are the vectors of the pairs' texts. Gives the same for a seed on any number of threads.
pub fn fit(
    pairs: &Pairs,
    questions: &[f32],
    documents: &[f32],
    divisions: &[Division],
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Fitted> {
    options.check()?;
    let width = questions.len() / pairs.questions.len().max(1);
    let of = |wanted: Division| -> Vec<Positive> {
        let mut positives: Vec<Positive> = (pairs.positives.iter().copied())
            .filter(|positive| divisions.get(positive.question as usize) == Some(&wanted) && positive.weight > 0.0)
            .collect();
        positives.sort_by_key(|positive| (positive.question, positive.document));
        positives
    };
    let (train, validation) = (of(Division::Train), of(Division::Validation));
    if train.len() < 2 {
        return Err(Error::data(
            "there are too few pairs to learn an adapter from",
            "give more questions with texts that answer them, or lower the options test and validation",
        )
        .detail(format!("There are {}.", train.len())));
    }
    let known = Known::new(pairs, questions, documents, width);
    let watched = if validation.len() < 2 { &train } else { &validation };
    let mut map = Map::identity(width, options)?;
    let before = known.loss(&map, watched, options, monitor)?;
    let mut best = Fitted {
        map: map.clone(),
        epoch: 0,
        losses: [before, before],
    };
    let mut steps = Steps::new(&mut map)?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(crate::hash::seeded(options.seed as u64));
    let mut order: Vec<Positive> = train.clone();
    for epoch in 1..=options.epochs {
        shuffle(&mut order, &mut random);
        for chunk in order.chunks(options.batch).filter(|chunk| chunk.len() > 1) {
            let batch = known.batch(chunk)?;
            let (_, gradients) = gradients(&map, &batch, options.temperature, monitor)?;
            steps.go(&mut map, &gradients, options);
        }
        let loss = known.loss(&map, watched, options, monitor)?;
        monitor.progress(Progress {
            iteration: epoch,
            iterations: options.epochs,
            loss,
        });
        if loss < best.losses[1] {
            best = Fitted {
                map: map.clone(),
                epoch,
                losses: [before, loss],
            };
        } else if epoch >= best.epoch + options.patience {
            break;
        }
    }
    Ok(best)
}

impl<'p> Known<'p> {
    fn new(pairs: &Pairs, questions: &'p [f32], documents: &'p [f32], width: usize) -> Known<'p> {
        let mut answers: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for positive in pairs.positives.iter().filter(|positive| positive.weight > 0.0) {
            answers.entry(positive.question).or_default().insert(positive.document);
        }
        let mut negatives: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (question, document) in &pairs.negatives {
            let is_answer = answers.get(question).is_some_and(|answers| answers.contains(document));
            if !is_answer {
                negatives.entry(*question).or_default().push(*document);
            }
        }
        Known {
            questions,
            documents,
            width,
            answers,
            negatives,
        }
    }

    /// The questions and texts of some pairs; for each question one of the texts that do not answer it, where there are some.
    fn batch(&self, positives: &[Positive]) -> Result<Batch> {
        let mut texts: Vec<u32> = positives.iter().map(|positive| positive.document).collect();
        for (place, positive) in positives.iter().enumerate() {
            if let Some(negatives) = self.negatives.get(&positive.question) {
                // Which one hangs on nothing but the batch.
                texts.push(negatives[place % negatives.len()]);
            }
        }
        let width = self.width;
        let mut vectors = room::with_capacity((positives.len() + texts.len()) * width)?;
        let row = |vectors: &'p [f32], place: u32| &vectors[place as usize * width..(place as usize + 1) * width];
        for positive in positives {
            vectors.extend_from_slice(row(self.questions, positive.question));
        }
        for text in &texts {
            vectors.extend_from_slice(row(self.documents, *text));
        }
        let mut left_out = room::with_capacity(positives.len() * texts.len())?;
        for (own, positive) in positives.iter().enumerate() {
            let answers = self.answers.get(&positive.question);
            left_out.extend(
                texts
                    .iter()
                    .enumerate()
                    .map(|(place, text)| place != own && answers.is_some_and(|answers| answers.contains(text))),
            );
        }
        Ok(Batch {
            vectors,
            questions: positives.len(),
            weights: positives.iter().map(|positive| positive.weight).collect(),
            left_out,
        })
    }

    /// The mean loss of pairs.
    fn loss(&self, map: &Map, positives: &[Positive], options: &Options, monitor: &dyn Monitor) -> Result<f64> {
        let (mut sum, mut weights) = (0.0, 0.0);
        // As many compete as in a batch that is learned from, taken from all over the pairs.
        let batches = positives.len().div_ceil(options.batch).max(1);
        for first in 0..batches {
            let chunk: Vec<Positive> = positives.iter().skip(first).step_by(batches).copied().collect();
            if chunk.len() < 2 {
                continue;
            }
            let batch = self.batch(&chunk)?;
            let weight: f64 = batch.weights.iter().sum();
            sum += weight * Scores::new(map, &batch, options.temperature, monitor)?.loss(&batch);
            weights += weight;
        }
        Ok(if weights > 0.0 { sum / weights } else { 0.0 })
    }
}

/// How near the questions of a batch are to its texts.
struct Scores {
    /// The images of all vectors, of length 1, and the lengths that they had.
    images: Vec<f32>,
    lengths: Vec<f32>,
    /// For each question and text, how likely the text is to answer it.
    shares: Vec<f32>,
    texts: usize,
}

impl Scores {
    fn new(map: &Map, batch: &Batch, temperature: f64, monitor: &dyn Monitor) -> Result<Scores> {
        let width = map.width();
        let texts = batch.vectors.len() / width - batch.questions;
        let mut images = map.ready()?.apply(&batch.vectors, monitor)?;
        let lengths = to_unit(&mut images, width);
        let (questions, answers) = images.split_at(batch.questions * width);
        let mut shares = Right::of_columns(width, texts, answers)?.times(questions, monitor)?;
        shares
            .par_chunks_mut(texts)
            .zip(batch.left_out.par_chunks(texts))
            .for_each(|(shares, left_out)| softmax(shares, left_out, temperature));
        Ok(Scores {
            images,
            lengths,
            shares,
            texts,
        })
    }

    /// The mean over questions, by their weights, of the logarithm of how unlikely the right text is.
    fn loss(&self, batch: &Batch) -> f64 {
        let weights: f64 = batch.weights.iter().sum();
        let own = |question: usize| f64::from(self.shares[question * self.texts + question]).max(LEAST).ln();
        let losses = batch
            .weights
            .iter()
            .enumerate()
            .map(|(question, weight)| -weight * own(question));
        losses.sum::<f64>() / weights.max(TINY)
    }
}

/// Of the cosines of a question and its texts, how likely each is to answer it.
fn softmax(shares: &mut [f32], left_out: &[bool], temperature: f64) {
    let scaled = |share: &f32| f64::from(*share) / temperature;
    let is_in = |place: usize| !left_out[place];
    let most = (shares.iter().enumerate())
        .filter(|(place, _)| is_in(*place))
        .map(|(_, share)| scaled(share))
        .fold(f64::NEG_INFINITY, f64::max);
    let power = |place: usize, share: &f32| {
        if is_in(place) {
            (scaled(share) - most).exp()
        } else {
            0.0
        }
    };
    let sum: f64 = shares
        .iter()
        .enumerate()
        .map(|(place, share)| power(place, share))
        .sum();
    for (place, share) in shares.iter_mut().enumerate() {
        *share = (power(place, share) / sum) as f32;
    }
}

/// The loss of a batch, and its derivatives by the numbers that are learned.
pub(super) fn gradients(
    map: &Map,
    batch: &Batch,
    temperature: f64,
    monitor: &dyn Monitor,
) -> Result<(f64, Vec<Vec<f32>>)> {
    let scores = Scores::new(map, batch, temperature, monitor)?;
    let (width, texts) = (map.width(), scores.texts);
    let loss = scores.loss(batch);
    let weights: f64 = batch.weights.iter().sum::<f64>().max(TINY);
    // By the cosines.
    let mut by_cosines = scores.shares;
    for (question, row) in by_cosines.chunks_exact_mut(texts).enumerate() {
        row[question] -= 1.0;
        let scale = (batch.weights[question] / (weights * temperature)) as f32;
        row.iter_mut().for_each(|by| *by *= scale);
    }
    let (questions, answers) = scores.images.split_at(batch.questions * width);
    let mut by_images = Right::of_rows(texts, width, answers)?.times(&by_cosines, monitor)?;
    let by_answers =
        Right::of_rows(batch.questions, width, questions)?.times(&transposed(&by_cosines, texts)?, monitor)?;
    room::reserve(&mut by_images, by_answers.len())?;
    by_images.extend(by_answers);
    // Through the division by the length.
    by_images
        .par_chunks_mut(width)
        .zip(scores.images.par_chunks(width))
        .zip(&scores.lengths)
        .for_each(|((by, image), length)| {
            let along: f32 = by.iter().zip(image).map(|(by, number)| by * number).sum();
            by.iter_mut()
                .zip(image)
                .for_each(|(by, number)| *by = (*by - along * number) / length);
        });
    Ok((loss, map.gradients(&batch.vectors, &by_images, monitor)?))
}

/// Steps of AdamW: running means of derivatives and their squares.
struct Steps {
    means: Vec<Vec<f32>>,
    squares: Vec<Vec<f32>>,
    count: i32,
}

impl Steps {
    fn new(map: &mut Map) -> Result<Steps> {
        let zeros = |map: &mut Map| -> Result<Vec<Vec<f32>>> {
            map.parameters()
                .iter()
                .map(|numbers| room::filled(0.0, numbers.len()))
                .collect()
        };
        Ok(Steps {
            means: zeros(map)?,
            squares: zeros(map)?,
            count: 0,
        })
    }

    fn go(&mut self, map: &mut Map, gradients: &[Vec<f32>], options: &Options) {
        self.count += 1;
        let correct = BETA.map(|beta| 1.0 - beta.powi(self.count));
        let (width, rest) = (map.width, map.rest());
        let lists = map.parameters().into_iter().zip(gradients).zip(rest);
        let moments = self.means.iter_mut().zip(&mut self.squares);
        for (((numbers, gradients), rest), (means, squares)) in lists.zip(moments) {
            numbers
                .par_iter_mut()
                .zip(gradients)
                .zip(means.par_iter_mut().zip(squares))
                .enumerate()
                .for_each(|(place, ((number, gradient), (mean, square)))| {
                    let gradient = f64::from(*gradient);
                    let first = BETA[0] * f64::from(*mean) + (1.0 - BETA[0]) * gradient;
                    let second = BETA[1] * f64::from(*square) + (1.0 - BETA[1]) * gradient * gradient;
                    // A matrix goes back to the one that changes nothing.
                    let rest = if place % (width + 1) == 0 { *rest } else { 0.0 };
                    let step = (first / correct[0]) / ((second / correct[1]).sqrt() + TINY);
                    let away = f64::from(*number - rest);
                    *number -= (options.learning_rate * (step + options.weight_decay * away)) as f32;
                    (*mean, *square) = (first as f32, second as f32);
                });
        }
    }
}

/// An order at random (Fisher and Yates).
fn shuffle(order: &mut [Positive], random: &mut Xoshiro256PlusPlus) {
    for place in (1..order.len()).rev() {
        let other = ((u128::from(random.next_u64()) * (place as u128 + 1)) >> 64) as usize;
        order.swap(place, other);
    }
}
