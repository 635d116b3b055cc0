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
use super::held::Held;
use super::leaves::Leaves;
use super::moments::Moments;
use super::order::{Answers, Ordered};
use super::params::{ClassWeight, Criterion, ForestParams, check_classes};
use super::statistics::LeafRows;
use super::tally::{PieceTally, Sample};
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::linear::input::{Input, class_weights};
use crate::monitor::{Monitor, Progress};
use crate::room;
use crate::training_set::{Shape, TargetKind, TrainingSet};
use crate::trees::Importance;
use crate::trees::tree::Trees;

/// Rows of one task when rows are walked down a tree.
const CHUNK: usize = 4_096;

/// Rows that a tree has of so many, at most.
pub(super) fn drawn_rows(params: &ForestParams, rows: usize) -> usize {
    match params.bootstrap {
        // The chance to be drawn in as many draws as there are rows is 1 - 1/e.
        true => (params.rows_a_tree(rows) as f64).min(rows as f64 * 0.64) as usize,
        false => rows,
    }
}

/// Bytes of all trees, whose leaves are as many as rows when targets cannot be told from noise (an inner node and a leaf take about 48 bytes; a forest of
/// few classes has often a quarter of these).
pub(super) fn trees_memory(params: &ForestParams, rows: usize, classes: usize) -> usize {
    let deepest = params
        .max_depth
        .and_then(|depth| 1usize.checked_shl(depth.min(64) as u32));
    let leaves = (drawn_rows(params, rows) / params.min_samples_leaf.of_rows(rows, 1).max(1))
        .min(deepest.unwrap_or(usize::MAX))
        .min(params.max_leaf_nodes.unwrap_or(usize::MAX))
        .max(1);
    let leaf = if classes > 2 { 12 } else { 8 };
    leaves
        .saturating_mul(2 * Trees::NODE_BYTES + leaf + LeafRows::BYTES)
        .saturating_mul(params.n_estimators)
}

/// Bytes that a fit takes on `threads` threads beside the frame itself, at most, the finished model among them: bins, for every
/// thread the rows of its tree, and the trees.
pub(super) fn memory_needed(params: &ForestParams, shape: &Shape) -> usize {
    let Shape {
        rows, features, target, ..
    } = *shape;
    let threads = shape.threads.min(params.n_estimators);
    let classes = target.classes().unwrap_or(1);
    // Targets and weights; bins; samples and row lists of each thread.
    let votes = if params.oob_score { 8 * classes + 8 } else { 0 };
    let by_row = 16 + features + threads * (2 * size_of::<Sample>() + 8) + votes;
    rows.saturating_mul(by_row)
        .saturating_add(trees_memory(params, rows, classes))
}

/// The rows that a forest learns from.
pub(super) trait Rows: Sync {
    /// Those of a tree.
    type Drawn;

    /// How many there are.
    fn len(&self) -> usize;

    /// What there is to predict of a row: a number or a class.
    fn target(&self, row: usize) -> f64;

    /// Draws the rows of a tree.
    fn draw(&self, draw: Draw, random: &mut Xoshiro256PlusPlus) -> Result<Self::Drawn>;

    /// Grows a tree from the rows drawn.
    fn grow<T: PieceTally>(&self, grower: Grower<'_, T>, drawn: &mut Self::Drawn) -> Result<Grown>;

    /// The rows that were not drawn, with the numbers of their leaves.
    fn outside(&self, grown: &Grown, drawn: &Self::Drawn, monitor: &dyn Monitor) -> Result<Vec<(u32, u32)>>;
}

/// How the rows of a tree are drawn.
#[derive(Clone, Copy)]
pub(super) struct Draw<'a> {
    pub(super) params: &'a ForestParams,
    /// `None` for numbers.
    pub(super) classes: Option<usize>,
    pub(super) monitor: &'a dyn Monitor,
}

impl Draw<'_> {
    /// Draws as many of so many rows as a tree is to have, with replacement, and hands each on.
    pub(super) fn rows(
        &self,
        rows: usize,
        random: &mut Xoshiro256PlusPlus,
        mut drawn: impl FnMut(usize),
    ) -> Result<()> {
        for draw in 0..self.params.rows_a_tree(rows) {
            if draw % CHUNK == 0 {
                self.monitor.check()?;
            }
            drawn((((random.next_u64() >> 32) * rows as u64) >> 32) as usize);
        }
        Ok(())
    }
}

/// What all trees of a fit share.
pub(super) struct Shared<'a, R> {
    pub(super) params: &'a ForestParams,
    /// `None` for numbers.
    pub(super) classes: Option<usize>,
    pub(super) criterion: Criterion,
    pub(super) limits: Limits,
    pub(super) ordered: Ordered,
    pub(super) rows: R,
    pub(super) monitor: &'a dyn Monitor,
}

impl Limits {
    /// The limits for so many rows and columns.
    pub(super) fn new(params: &ForestParams, rows: usize, columns: usize, target: TargetKind) -> Limits {
        Limits {
            max_depth: params.max_depth.unwrap_or(usize::MAX),
            min_split: params.min_samples_split.of_rows(rows, 2),
            min_leaf: params.min_samples_leaf.of_rows(rows, 1),
            min_decrease: params.min_impurity_decrease,
            max_leaves: params.max_leaf_nodes,
            candidates: params.columns_a_split(columns, target),
        }
    }
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
    let (ordered, columns) = Ordered::new(frame, &answers, params.max_bin, params.seed, monitor)?;
    let shared = Shared {
        params,
        classes,
        criterion,
        limits: Limits::new(params, rows, frame.nfeatures(), target),
        ordered,
        rows: HeldRows {
            targets,
            weights,
            frame,
            columns,
        },
        monitor,
    };
    shared.run()
}

/// Multiplies the weights so that each class weighs the same in total, going by how often each row counts.
fn balance(weights: &mut [f64], targets: &[f64], classes: usize, counts: impl Fn(usize) -> usize) {
    let mut by_class = vec![0usize; classes];
    let rows = targets.iter().enumerate();
    rows.for_each(|(row, y)| by_class[*y as usize] += counts(row));
    let of_class = balanced(&by_class);
    for (weight, y) in weights.iter_mut().zip(targets) {
        *weight *= of_class[*y as usize];
    }
}

/// What a row of each class has to weigh so that classes of so many rows weigh the same in total.
pub(super) fn balanced(rows: &[usize]) -> Vec<f64> {
    let share = rows.iter().sum::<usize>() as f64 / rows.len() as f64;
    let weight = |&rows: &usize| if rows > 0 { share / rows as f64 } else { 0.0 };
    rows.iter().map(weight).collect()
}

impl<R: Rows> Shared<'_, R> {
    /// Grows all trees. Every thread takes the next tree until none is left; a tree's draws depend on its number only.
    pub(super) fn run(&self) -> Result<RandomForest> {
        let next = AtomicUsize::new(0);
        let collected = Mutex::new(Collected::new(self)?);
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
        let draw = Draw {
            params: self.params,
            classes: self.classes,
            monitor: self.monitor,
        };
        let mut drawn = self.rows.draw(draw, &mut random)?;
        let grown = match self.classes {
            Some(classes @ 3..) => self.grow(Classes::new(self.criterion, classes), &mut drawn, random),
            _ => self.grow(Moments::new(self.criterion), &mut drawn, random),
        }?;
        let outside = if self.params.oob_score {
            self.rows.outside(&grown, &drawn, self.monitor)?
        } else {
            Vec::new()
        };
        Ok(Finished { grown, outside })
    }

    fn grow<T: PieceTally>(&self, tally: T, drawn: &mut R::Drawn, random: Xoshiro256PlusPlus) -> Result<Grown> {
        let columns = self.ordered.bins.len();
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
        self.rows.grow(grower, drawn)
    }
}

/// Rows as they are.
struct HeldRows<'a> {
    targets: &'a [f64],
    /// Of each row, before rows are drawn.
    weights: Vec<f64>,
    frame: &'a Frame,
    /// The frame in bytes.
    columns: Vec<Vec<u8>>,
}

impl Rows for HeldRows<'_> {
    /// Every row with its weight in a tree, 0 for rows that were not drawn.
    type Drawn = Vec<Sample>;

    fn len(&self) -> usize {
        self.targets.len()
    }

    fn target(&self, row: usize) -> f64 {
        self.targets[row]
    }

    fn draw(&self, draw: Draw, random: &mut Xoshiro256PlusPlus) -> Result<Vec<Sample>> {
        let all = || {
            let samples = self.weights.iter().zip(self.targets);
            samples.map(|(&weight, &target)| Sample { weight, target }).collect()
        };
        if !draw.params.bootstrap {
            return Ok(all());
        }
        let mut counts = vec![0u32; self.len()];
        draw.rows(self.len(), random, |row| counts[row] += 1)?;
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
        if let (Some(ClassWeight::BalancedSubsample), Some(classes)) = (draw.params.class_weight, draw.classes) {
            let count = |row| counts[row] as usize;
            balance(&mut weights, self.targets, classes, count);
        }
        let samples = weights.into_iter().zip(self.targets);
        Ok(samples.map(|(weight, &target)| Sample { weight, target }).collect())
    }

    fn grow<T: PieceTally>(&self, grower: Grower<'_, T>, samples: &mut Vec<Sample>) -> Result<Grown> {
        let weight = samples.iter().map(|s| s.weight).sum();
        let (mut held, rows) = Held::new(grower.ordered, (&self.columns, samples), grower.limits.min_leaf);
        grower.grow(&mut held, rows, weight)
    }

    fn outside(&self, grown: &Grown, samples: &Vec<Sample>, monitor: &dyn Monitor) -> Result<Vec<(u32, u32)>> {
        let columns = self.frame.columns();
        let parts: Vec<Vec<(u32, u32)>> = samples
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, samples)| {
                monitor.check()?;
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
struct Collected<'a, R> {
    shared: &'a Shared<'a, R>,
    waiting: BTreeMap<usize, Finished>,
    grown: Vec<(Trees, Leaves, LeafRows)>,
    /// The sum of the trees' means.
    base: Vec<f64>,
    importance: Vec<Importance>,
    impurity: f64,
    out_of_bag: Option<OutOfBag>,
}

impl<'a, R: Rows> Collected<'a, R> {
    fn new(shared: &'a Shared<'a, R>) -> Result<Self> {
        let Shared { params, classes, .. } = *shared;
        let out_of_bag = match params.oob_score {
            true => Some(OutOfBag::new(shared.rows.len(), classes)?),
            false => None,
        };
        Ok(Collected {
            shared,
            waiting: BTreeMap::new(),
            grown: Vec::new(),
            base: vec![0.0; Leaves::new(classes).outputs()],
            importance: vec![Importance::default(); shared.ordered.bins.len()],
            impurity: 0.0,
            out_of_bag,
        })
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
                    let target = |row| self.shared.rows.target(row);
                    out_of_bag.add(&grown.leaves, &outside, target, self.shared.monitor)?;
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
