//! Growing the trees: rows drawn for each, several trees at a time, put together in order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use linfa::dataset::Records;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::RandomForest;
use super::bag::OutOfBag;
use super::classes::Classes;
use super::grow::{Grower, Grown, Limits, too_large};
use super::leaves::Leaves;
use super::moments::Moments;
use super::order::{Answers, Ordered};
use super::params::{ClassWeight, Criterion, ForestParams, check_classes};
use super::statistics::LeafRows;
use super::tally::{Sample, Tally};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::linear::input::{Input, class_weights};
use crate::monitor::{Monitor, Progress};
use crate::room;
use crate::training_set::{Shape, TrainingSet};
use crate::trees::Importance;
use crate::trees::tree::Trees;

/// Rows of one task when rows are walked down a tree.
const CHUNK: usize = 4_096;

/// Bytes that a fit takes on `threads` threads beside the frame itself, at most, the finished model among them: bins, for every
/// thread the rows of its tree, and the trees, whose leaves are as many as rows when targets cannot be told from noise (an inner node and a leaf take
/// about 48 bytes; a forest of few classes has often a quarter of these).
pub(super) fn memory_needed(params: &ForestParams, shape: &Shape) -> usize {
    let Shape {
        rows, features, target, ..
    } = *shape;
    let threads = shape.threads.min(params.n_estimators);
    let drawn = match params.bootstrap {
        // The chance to be drawn in as many draws as there are rows is 1 - 1/e.
        true => (params.rows_a_tree(rows) as f64).min(rows as f64 * 0.64) as usize,
        false => rows,
    };
    let deepest = params
        .max_depth
        .and_then(|depth| 1usize.checked_shl(depth.min(64) as u32));
    let leaves = (drawn / params.min_samples_leaf.of_rows(rows, 1).max(1))
        .min(deepest.unwrap_or(usize::MAX))
        .min(params.max_leaf_nodes.unwrap_or(usize::MAX))
        .max(1);
    let classes = target.classes().unwrap_or(1);
    let leaf = if classes > 2 { 12 } else { 8 };
    let trees = leaves
        .saturating_mul(2 * Trees::NODE_BYTES + leaf + LeafRows::BYTES)
        .saturating_mul(params.n_estimators);
    // Targets and weights; bins; samples and row lists of each thread.
    let votes = if params.oob_score { 8 * classes + 8 } else { 0 };
    let by_row = 16 + features + threads * (2 * size_of::<Sample>() + 8) + votes;
    rows.saturating_mul(by_row).saturating_add(trees)
}

/// What all trees of a fit share.
struct Shared<'a> {
    params: &'a ForestParams,
    /// `None` for numbers.
    classes: Option<usize>,
    criterion: Criterion,
    limits: Limits,
    ordered: Ordered,
    targets: &'a [f64],
    /// Of each row, before rows are drawn.
    weights: Vec<f64>,
    frame: &'a Frame,
    monitor: &'a dyn Monitor,
}

/// A tree, and the rows that it did not learn from.
struct Finished {
    grown: Grown,
    /// When asked for, each such row and the number of its leaf.
    outside: Vec<(u32, u32)>,
}

/// Learns from the rows, with their weights when there are any. `params` are checked.
///
/// Returns an error when there is no row or column, a target is not finite or no class, all rows are of one class, a category has more than
/// 254 levels, or the criterion is one of the other task. Missing values are welcome everywhere but in the target.
pub(super) fn fit(params: &ForestParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<RandomForest> {
    let (frame, target) = (&set.frame, set.target.kind());
    let classes = target.classes();
    classes.map_or(Ok(()), check_classes)?;
    let criterion = params.judged_by(target)?;
    let input = Input::of(set)?;
    let rows = frame.rows();
    if frame.columns().is_empty() || rows >= i32::MAX as usize {
        return Err(Error::data(
            format!("there are {} columns of {rows} rows", frame.nfeatures()),
            "give at least one feature column, and fewer than 2147483647 rows",
        ));
    }
    let targets = input.targets;
    let mut weights = input.weights.unwrap_or_else(|| vec![1.0; rows]);
    if let Some(classes) = classes {
        let found = class_weights(targets, Some(&weights))?.len();
        if found > classes {
            return Err(Error::data(
                format!("there are {found} classes, not {classes}"),
                "number the classes from 0",
            ));
        }
        if params.class_weight == Some(ClassWeight::Balanced) {
            balance(&mut weights, targets, classes, |_| 1);
        }
    }
    monitor.check()?;
    let answers = Answers {
        targets,
        weights: &weights,
        classes,
    };
    let ordered = Ordered::new(frame, &answers, params.max_bin, params.seed, monitor)?;
    let limits = Limits {
        max_depth: params.max_depth.unwrap_or(usize::MAX),
        min_split: params.min_samples_split.of_rows(rows, 2),
        min_leaf: params.min_samples_leaf.of_rows(rows, 1),
        min_decrease: params.min_impurity_decrease,
        max_leaves: params.max_leaf_nodes,
        candidates: params.columns_a_split(frame.nfeatures(), target),
    };
    let shared = Shared {
        params,
        classes,
        criterion,
        limits,
        ordered,
        targets,
        weights,
        frame,
        monitor,
    };
    shared.run()
}

/// Multiplies the weights so that each class weighs the same in total, going by how often each row counts.
fn balance(weights: &mut [f64], targets: &[f64], classes: usize, counts: impl Fn(usize) -> usize) {
    let mut by_class = vec![0usize; classes];
    let rows = targets.iter().enumerate();
    rows.for_each(|(row, y)| by_class[*y as usize] += counts(row));
    let share = by_class.iter().sum::<usize>() as f64 / classes as f64;
    for (weight, y) in weights.iter_mut().zip(targets) {
        let count = by_class[*y as usize];
        *weight *= if count > 0 { share / count as f64 } else { 0.0 };
    }
}

impl Shared<'_> {
    /// Grows all trees. Every thread takes the next tree until none is left; a tree's draws depend on its number only.
    fn run(&self) -> Result<RandomForest> {
        let next = AtomicUsize::new(0);
        let collected = Mutex::new(Collected::new(self));
        let work = |_: rayon::BroadcastContext| {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.params.n_estimators {
                    return Ok(());
                }
                let grown = self.tree(number).and_then(|finished| {
                    let mut collected = collected.lock().map_err(|_| Error::Stopped)?;
                    collected.take(number, finished)
                });
                if grown.is_err() {
                    // No thread begins another tree.
                    next.store(self.params.n_estimators, Ordering::Relaxed);
                    return grown;
                }
            }
        };
        rayon::broadcast(work).into_iter().collect::<Result<()>>()?;
        let collected = collected.into_inner().map_err(|_| Error::Stopped)?;
        collected.finish()
    }

    /// Draws the rows of a tree and grows it.
    fn tree(&self, number: usize) -> Result<Finished> {
        self.monitor.check()?;
        // An odd multiplier: different trees have different seeds.
        let seed = self.params.seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let samples = self.draw(&mut random)?;
        let grown = match self.classes {
            Some(classes @ 3..) => self.grow(Classes::new(self.criterion, classes), &samples, random),
            _ => self.grow(Moments::new(self.criterion), &samples, random),
        }?;
        let outside = if self.params.oob_score {
            self.outside(&grown, &samples)?
        } else {
            Vec::new()
        };
        Ok(Finished { grown, outside })
    }

    fn grow<T: Tally>(&self, tally: T, samples: &[Sample], random: Xoshiro256PlusPlus) -> Result<Grown> {
        let columns = self.frame.nfeatures();
        let leaves = Leaves::new(self.classes);
        let grower = Grower {
            ordered: &self.ordered,
            limits: self.limits,
            monitor: self.monitor,
            share: self.params.n_estimators < rayon::current_num_threads(),
            random,
            scratch: tally.scratch(),
            tally,
            columns: (0..columns).collect(),
            samples: Vec::new(),
            work: 0,
            weight: 0.0,
            grown: Grown {
                trees: Trees::default(),
                base: vec![0.0; leaves.width()],
                leaves,
                leaf_rows: LeafRows::default(),
                importance: vec![Importance::default(); columns],
                impurity: 0.0,
            },
        };
        grower.grow(samples)
    }

    /// Every row with its weight in a tree, 0 for rows that were not drawn.
    fn draw(&self, random: &mut Xoshiro256PlusPlus) -> Result<Vec<Sample>> {
        let rows = self.targets.len();
        let all = || {
            let samples = self.weights.iter().zip(self.targets);
            samples.map(|(&weight, &target)| Sample { weight, target }).collect()
        };
        if !self.params.bootstrap {
            return Ok(all());
        }
        let mut counts = vec![0u32; rows];
        for draw in 0..self.params.rows_a_tree(rows) {
            if draw % CHUNK == 0 {
                self.monitor.check()?;
            }
            counts[(((random.next_u64() >> 32) * rows as u64) >> 32) as usize] += 1;
        }
        let mut weights: Vec<f64> = self
            .weights
            .iter()
            .zip(&counts)
            .map(|(w, &c)| w * f64::from(c))
            .collect();
        if weights.iter().all(|weight| *weight == 0.0) {
            // Nearly all rows weigh nothing, and none of the others was drawn.
            return Ok(all());
        }
        if let (Some(ClassWeight::BalancedSubsample), Some(classes)) = (self.params.class_weight, self.classes) {
            let count = |row| counts[row] as usize;
            balance(&mut weights, self.targets, classes, count);
        }
        let samples = weights.into_iter().zip(self.targets);
        Ok(samples.map(|(weight, &target)| Sample { weight, target }).collect())
    }

    /// The rows that a tree did not learn from, with the numbers of their leaves.
    fn outside(&self, grown: &Grown, samples: &[Sample]) -> Result<Vec<(u32, u32)>> {
        let columns = self.frame.columns();
        let parts: Vec<Vec<(u32, u32)>> = samples
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, samples)| {
                self.monitor.check()?;
                let rows = samples.iter().enumerate().filter(|(_, sample)| sample.weight == 0.0);
                let leaf = |(place, _): (usize, &Sample)| {
                    let row = chunk * CHUNK + place;
                    let leaf = grown.trees.leaf(0, |column| columns[column].encoded(row));
                    (row as u32, grown.trees.number(leaf) as u32)
                };
                Ok(rows.map(leaf).collect())
            })
            .collect::<Result<_>>()?;
        Ok(parts.concat())
    }
}

/// Finished trees, taken in the order of their numbers whatever the order they come in.
struct Collected<'a> {
    shared: &'a Shared<'a>,
    waiting: BTreeMap<usize, Finished>,
    grown: Vec<(Trees, Leaves, LeafRows)>,
    /// The sum of the trees' means.
    base: Vec<f64>,
    importance: Vec<Importance>,
    impurity: f64,
    out_of_bag: Option<OutOfBag<'a>>,
}

impl<'a> Collected<'a> {
    fn new(shared: &'a Shared<'a>) -> Self {
        let Shared {
            params,
            classes,
            targets,
            ..
        } = *shared;
        Collected {
            shared,
            waiting: BTreeMap::new(),
            grown: Vec::new(),
            base: vec![0.0; Leaves::new(classes).outputs()],
            importance: vec![Importance::default(); shared.frame.nfeatures()],
            impurity: 0.0,
            out_of_bag: params.oob_score.then(|| OutOfBag::new(targets, classes)),
        }
    }

    fn take(&mut self, number: usize, finished: Finished) -> Result<()> {
        self.waiting.insert(number, finished);
        while let Some(Finished { grown, outside }) = self.waiting.remove(&self.grown.len()) {
            for (sum, of_tree) in self.importance.iter_mut().zip(&grown.importance) {
                sum.splits += of_tree.splits;
                sum.gain += of_tree.gain;
                sum.cover += of_tree.cover;
            }
            (self.base.iter_mut().zip(&grown.base)).for_each(|(sum, mean)| *sum += mean);
            self.impurity += grown.impurity;
            let iteration = self.grown.len() + 1;
            let loss = match &mut self.out_of_bag {
                Some(out_of_bag) => {
                    out_of_bag.add(&grown.leaves, &outside, self.shared.monitor)?;
                    out_of_bag.loss()
                }
                None => self.impurity / iteration as f64,
            };
            self.grown.push((grown.trees, grown.leaves, grown.leaf_rows));
            self.shared.monitor.progress(Progress {
                iteration,
                iterations: self.shared.params.n_estimators,
                loss,
            });
        }
        Ok(())
    }

    /// Puts the trees together.
    fn finish(self) -> Result<RandomForest> {
        let nodes = self.grown.iter().map(|(trees, ..)| trees.nodes()).sum();
        let entries: usize = self.grown.iter().map(|(_, leaves, _)| leaves.entries()).sum();
        if nodes > Trees::MOST_NODES || entries > u32::MAX as usize {
            return Err(too_large());
        }
        let mut trees = Trees::with_capacity(nodes)?;
        // Leaves double their room.
        room::ask(entries.saturating_mul(2 * size_of::<(u16, f32)>()))?;
        let (mut leaves, mut leaf_rows) = (Leaves::new(self.shared.classes), LeafRows::default());
        let (mut base, count) = (self.base, self.grown.len() as f64);
        for (its_trees, its_leaves, its_rows) in self.grown {
            self.shared.monitor.check()?;
            trees.append(its_trees, leaves.len());
            leaves.append(its_leaves);
            leaf_rows.append(its_rows);
        }
        leaves.finish(count, &mut base);
        Ok(RandomForest {
            trees,
            leaves,
            leaf_rows: leaf_rows.finish(),
            base,
            importance: self.importance,
        })
    }
}
