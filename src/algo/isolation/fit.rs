//! The rows of each tree, and what is learned of all trees.

use std::collections::BTreeSet;

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::grow::{Drawn, Grown, below, mean_length};
use super::model::{IsolationForest, Training};
use super::{Contamination, IsolationForestParams};
use crate::error::{Error, Result};
use crate::estimator::{Estimator, Predictor};
use crate::forest::{Amount, LeafRows};
use crate::frame::Frame;
use crate::linear::input::weights_of;
use crate::monitor::{Monitor, Progress};
use crate::room;
use crate::sort::sort;
use crate::training_set::{Shape, TrainingSet};
use crate::trees::tree::Trees;
use crate::unsupervised::{judged, judged_step, quantiles};
use linfa::traits::PredictInplace;

/// Trees grown between two looks at what is reported.
const TREES: usize = 16;

/// Bytes that a fit takes beside the frame: the drawn rows of each thread, the trees, weights and, with a contamination, all scores.
pub(super) fn memory_needed(params: &IsolationForestParams, shape: &Shape) -> usize {
    let drawn = drawn(params.max_samples, shape.rows);
    let a_tree = drawn.saturating_mul(2 * Trees::NODE_BYTES + 64);
    let of_threads = drawn
        .saturating_mul(shape.threads.max(TREES))
        .saturating_mul(8 * shape.features + 64);
    let of_rows = shape.rows.saturating_mul(32);
    a_tree
        .saturating_mul(params.num_trees)
        .saturating_add(of_threads)
        .saturating_add(of_rows)
}

/// How many of so many an amount is, at least one and at most all.
fn drawn(amount: Amount, all: usize) -> usize {
    let count = match amount {
        Amount::Count(count) => count,
        Amount::Fraction(share) => (share * all as f64) as usize,
    };
    count.clamp(1, all.max(1))
}

/// Learns from the rows. O(trees x drawn rows x columns), and as much as a score for some of the rows.
pub(super) fn fit(params: &IsolationForestParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<IsolationForest> {
    let frame = &set.frame;
    let weights = weights_of(set)?;
    let (rows, features) = (frame.rows(), frame.columns().len());
    if features == 0 || rows >= i32::MAX as usize {
        return Err(Error::data(
            format!("there are {features} columns of {rows} rows"),
            "give at least one feature column, and fewer than 2147483647 rows",
        ));
    }
    let samples = drawn(params.max_samples, rows);
    let drawing = Drawing {
        levels: frame
            .columns()
            .iter()
            .map(|column| column.levels().unwrap_or(0))
            .collect(),
        sums: weights.as_deref().map(sums_of).transpose()?.flatten(),
        columns: drawn(params.max_features, features),
        seed: params.seed,
        samples,
        frame,
        monitor,
    };
    let (mut trees, mut lengths, mut leaf_rows) = (Trees::default(), Vec::new(), LeafRows::default());
    for first in (0..params.num_trees).step_by(TREES) {
        let numbers = first..(first + TREES).min(params.num_trees);
        let grown: Vec<Grown> = numbers
            .into_par_iter()
            .map(|tree| drawing.grow(tree))
            .collect::<Result<_>>()?;
        for tree in grown {
            if trees.nodes() + tree.trees.nodes() > Trees::MOST_NODES {
                return Err(Error::data(
                    "the trees have too many nodes",
                    "lower \"num_trees\" or \"max_samples\"",
                ));
            }
            room::ask((trees.nodes() + tree.trees.nodes()).saturating_mul(2 * Trees::NODE_BYTES))?;
            trees.append(tree.trees, lengths.len());
            room::reserve(&mut lengths, tree.lengths.len())?;
            lengths.extend(tree.lengths);
            leaf_rows.append(tree.rows);
        }
    }
    let mut model = IsolationForest::new(trees, lengths, leaf_rows.finish());
    monitor.progress(Progress {
        iteration: params.num_trees,
        iterations: params.num_trees,
        loss: model.usual_score(),
    });
    let scorer = model.prepared();
    let estimator: &(dyn Estimator + Sync) = match &scorer {
        Some(scorer) => scorer,
        None => &model,
    };
    let scores = judged(frame, monitor, |row| {
        let mut score = [0.0];
        estimator.score(row, &mut score);
        score[0]
    })?;
    let bound = match params.contamination {
        Contamination::Auto => None,
        Contamination::Share(share) => Some(bound(estimator, frame, share, monitor)?),
    };
    drop(scorer);
    let of_training = of_training(&scores, weights.as_deref(), bound, judged_step(rows));
    model.learn(quantiles(scores, monitor)?, bound, of_training);
    Ok(model)
}

/// The mean score of every `step`th row, and the share of those above the bound.
fn of_training(scores: &[f64], weights: Option<&[f64]>, bound: Option<f64>, step: usize) -> Training {
    let (mut sum, mut above, mut all) = (0.0, 0.0, 0.0);
    for (place, score) in scores.iter().enumerate() {
        let weight = weights.map_or(1.0, |weights| weights[place * step]);
        sum += weight * score;
        above += if bound.is_some_and(|bound| *score > bound) {
            weight
        } else {
            0.0
        };
        all += weight;
    }
    let share = |part: f64| if all > 0.0 { (part / all).clamp(0.0, 1.0) } else { 0.0 };
    Training {
        mean_score: share(sum),
        anomaly_share: bound.map(|_| share(above)),
    }
}

/// The score that a share of the rows exceed: between two scores as numpy's `percentile`, as scikit-learn has it.
fn bound(estimator: &(dyn Estimator + Sync), frame: &Frame, share: f64, monitor: &dyn Monitor) -> Result<f64> {
    let predictor = Predictor { estimator, monitor };
    let mut scores = predictor.default_target(frame);
    predictor.predict_inplace(frame, &mut scores);
    let mut scores = scores?;
    sort(&mut scores, monitor)?;
    let place = (1.0 - share) * (scores.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    Ok(scores[low] + (scores[high] - scores[low]) * (place - low as f64))
}

/// The running sums of weights; `None` where all are the same.
fn sums_of(weights: &[f64]) -> Result<Option<Vec<f64>>> {
    if weights.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(None);
    }
    let (mut sums, mut sum) = (room::with_capacity(weights.len())?, 0.0);
    for weight in weights {
        sum += weight;
        sums.push(sum);
    }
    Ok(Some(sums))
}

/// What all trees share.
struct Drawing<'a> {
    frame: &'a Frame,
    levels: Vec<usize>,
    /// The running sums of the rows' weights, where these differ.
    sums: Option<Vec<f64>>,
    samples: usize,
    columns: usize,
    seed: u64,
    monitor: &'a dyn Monitor,
}

impl Drawing<'_> {
    fn grow(&self, tree: usize) -> Result<Grown> {
        self.monitor.check()?;
        // An odd multiplier: different trees have different seeds.
        let seed = self.seed ^ (tree as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let rows = self.rows(&mut random)?;
        let mut columns: Vec<u32> = (0..self.levels.len() as u32).collect();
        for place in 0..self.columns {
            let other = place + below(&mut random, columns.len() - place);
            columns.swap(place, other);
        }
        columns.truncate(self.columns);
        columns.sort_unstable();
        let mut values = room::zeros(rows.len().saturating_mul(self.levels.len()))?;
        for &column in &columns {
            self.monitor.check()?;
            let values = &mut values[column as usize * rows.len()..][..rows.len()];
            let from = &self.frame.columns()[column as usize];
            values
                .iter_mut()
                .zip(&rows)
                .for_each(|(value, &row)| *value = from.encoded(row as usize));
        }
        let drawn = Drawn {
            values: &values,
            rows: rows.len(),
            levels: &self.levels,
            columns,
        };
        drawn.grow(mean_length(rows.len()), &mut random, self.monitor)
    }

    /// The rows of a tree, ascending.
    fn rows(&self, random: &mut Xoshiro256PlusPlus) -> Result<Vec<u32>> {
        let all = self.frame.rows();
        let mut rows: Vec<u32> = room::with_capacity(self.samples)?;
        match &self.sums {
            Some(sums) => {
                let total = sums.last().copied().unwrap_or(0.0);
                for _ in 0..self.samples {
                    let place = (random.next_u64() >> 11) as f64 * 2.0_f64.powi(-53) * total;
                    // Rows that weigh nothing are not behind any place.
                    let row = sums.partition_point(|sum| *sum <= place).min(all - 1);
                    rows.push(row as u32);
                }
                rows.sort_unstable();
            }
            None if self.samples == all => rows.extend(0..all as u32),
            // One after the other with the same chance for each of those that are left (Knuth, "The Art of Computer Programming", volume 2, 3.4.2,
            // algorithm S) where many are drawn; few are drawn anew when they were drawn before (Floyd; Bentley, "Programming Pearls", 1987).
            None if self.samples > all / 8 => {
                let mut wanted = self.samples;
                for row in 0..all {
                    if row.is_multiple_of(1 << 16) {
                        self.monitor.check()?;
                    }
                    if below(random, all - row) < wanted {
                        rows.push(row as u32);
                        wanted -= 1;
                    }
                }
            }
            None => {
                let mut found = BTreeSet::new();
                for last in all - self.samples..all {
                    let row = below(random, last + 1) as u32;
                    if !found.insert(row) {
                        found.insert(last as u32);
                    }
                }
                rows.extend(found);
            }
        }
        Ok(rows)
    }
}
