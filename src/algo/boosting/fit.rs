//! The boosting loop: gradients, a tree (or one a class), new scores, the loss; and when to stop.

use linfa::dataset::Records;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::Boosting;
use super::forest::Forest;
use super::grow::{Grower, Round};
use super::loss::{Derivatives, Targets};
use super::objective::NumberLoss;
use super::packing::Packing;
use super::params::{BoostingParams, Objective};
use super::records::Table;
use super::store::Listed;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::{Monitor, Progress};
use crate::training_set::{Shape, TrainingSet};
use crate::trees::bins::Bins;

/// Rows of one task when scores are updated.
const CHUNK: usize = 32_768;

/// Bytes that a fit takes beside the frame itself, at most: bins, scores, gradients, row lists and histograms.
pub(super) fn memory_needed(params: &BoostingParams, shape: &Shape) -> usize {
    let (rows, columns) = (shape.rows, shape.features);
    let width = shape.target.classes().filter(|&classes| classes > 2).unwrap_or(1);
    let probabilities = if width > 1 { 4 * width } else { 0 };
    // Bytes by column and by row; scores; targets in another order, gradients, packed gradients, weights, lists of rows.
    let by_row = columns + columns.div_ceil(8) * 8 + 8 * width + probabilities + 8 + 8 + 8 + 4 + 12;
    let histogram = columns.saturating_mul(256 * 24);
    let kept = histogram
        .saturating_mul(params.num_leaves)
        .min(256 << 20)
        .max(histogram.saturating_mul(4));
    rows.saturating_mul(by_row).saturating_add(kept)
}

/// Which rows trees learn from, and which only receive scores.
#[derive(Default)]
pub(super) struct Sample {
    /// None for all.
    pub(super) inside: Option<Vec<u32>>,
    pub(super) outside: Vec<u32>,
}

impl Sample {
    /// Draws `take` of the rows in `from` (all `rows` when none); the others are outside. O(rows).
    pub(super) fn draw(random: &mut Xoshiro256PlusPlus, rows: usize, from: Option<&[u32]>, take: usize) -> Self {
        let (mut inside, mut outside) = (Vec::with_capacity(take), Vec::new());
        let (mut left, mut wanted) = (from.map_or(rows, <[u32]>::len), take);
        let mut candidates = from.map(|from| from.iter().copied().peekable());
        for row in 0..rows as u32 {
            // Rows that are no candidates stay outside.
            if let Some(candidates) = &mut candidates
                && candidates.next_if_eq(&row).is_none()
            {
                outside.push(row);
                continue;
            }
            // Selection sampling (Knuth, volume 2, algorithm S): exactly `take` rows, all sets equally likely.
            if (uniform(random) * left as f64) < wanted as f64 {
                inside.push(row);
                wanted -= 1;
            } else {
                outside.push(row);
            }
            left -= 1;
        }
        Sample {
            inside: Some(inside),
            outside,
        }
    }
}

/// A number from 0 to 1, 1 excluded.
fn uniform(random: &mut Xoshiro256PlusPlus) -> f64 {
    (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Learns from the rows, with their weights when there are any. With `validation`, rows of the same columns, their loss is reported for every
/// round, and early stopping, when asked for, goes by it; without it, `validation_fraction` of the rows is held out for early stopping.
/// `params` are checked.
///
/// Returns an error when there is no row or column, a target is not finite or no class, all rows are of one class, a category has more than
/// 254 levels, or the loss diverges. Missing values are welcome everywhere but in the target.
pub fn fit(
    params: &BoostingParams,
    set: &TrainingSet,
    validation: Option<&TrainingSet>,
    monitor: &dyn Monitor,
) -> Result<Boosting> {
    let (frame, objective) = (&set.frame, Objective::of(params, set.target.kind())?);
    let targets_of = |set, class_weights| targets_of(params, objective, set, class_weights);
    let targets = targets_of(set, true)?;
    let judge = validation
        .map(|v| -> Result<_> {
            if v.frame.nfeatures() != frame.nfeatures() {
                return Err(Error::data(
                    "validation rows have other columns",
                    "give validation rows the training columns",
                ));
            }
            Ok((&v.frame, targets_of(v, false)?))
        })
        .transpose()?;
    monitor.check()?;
    let mut table = Table::new(frame, params.max_bin, params.seed, monitor)?;
    check_monotone(params, &table.data.bins)?;
    let first = targets.first_scores()?;
    let mut trainer = Trainer {
        params,
        objective,
        frame,
        monitor,
        model: Boosting {
            objective,
            scores: first.clone(),
            base: Vec::new(),
            forest: Forest::default(),
            losses: Vec::new(),
            eval_losses: Vec::new(),
        },
        scores: first.repeat(frame.rows()),
        sample: Sample::default(),
        held: Vec::new(),
        learners: None,
        random: Xoshiro256PlusPlus::seed_from_u64(params.seed ^ 0x6A09_E667_F3BC_C908),
    };
    if params.early_stopping_rounds.is_some() && judge.is_none() {
        trainer.hold_out()?;
    }
    let mut judge = judge.map(|(frame, targets)| Validation {
        frame,
        targets,
        scores: first.repeat(frame.rows()),
    });
    trainer.run(&mut table, targets, judge.as_mut())?;
    let mut model = trainer.model;
    model.base = model.mean_scores();
    Ok(model)
}

/// The targets of rows that a model can learn from.
fn targets_of<'s>(
    params: &BoostingParams,
    objective: Objective,
    set: &'s TrainingSet,
    class_weights: bool,
) -> Result<Targets<'s>> {
    let (rows, values) = (set.frame.rows(), set.target.values());
    if rows == 0 || set.frame.columns().is_empty() {
        return Err(Error::data(
            "there are no rows or no columns to learn from",
            "give a query with rows and feature columns",
        ));
    }
    if rows >= i32::MAX as usize || values.len() != rows {
        return Err(Error::data(
            format!("{rows} rows with {} targets", values.len()),
            "give one target a row",
        ));
    }
    Targets::new(params, objective, values, set.weights.as_deref(), class_weights)
}

/// Returns an error for constraints that are not those of the columns.
pub(super) fn check_monotone(params: &BoostingParams, bins: &[Bins]) -> Result<()> {
    let constraints = &params.monotone_constraints;
    let of_category = |(c, bins): (&i8, &Bins)| *c != 0 && matches!(bins, Bins::Category { .. });
    if (!constraints.is_empty() && constraints.len() != bins.len()) || constraints.iter().zip(bins).any(of_category) {
        return Err(Error::Parameter {
            name: "monotone_constraints",
            value: format!("{constraints:?}"),
            allowed: "one number a column, 0 for categories".into(),
        });
    }
    Ok(())
}

/// Validation rows and their scores so far.
struct Validation<'a> {
    frame: &'a Frame,
    targets: Targets<'a>,
    scores: Vec<f64>,
}

struct Trainer<'a> {
    params: &'a BoostingParams,
    objective: Objective,
    frame: &'a Frame,
    monitor: &'a dyn Monitor,
    model: Boosting,
    /// Rows x trees a round.
    scores: Vec<f64>,
    sample: Sample,
    /// Training rows held out for early stopping.
    held: Vec<u32>,
    /// Training rows that are not held out; none for all.
    learners: Option<Vec<u32>>,
    random: Xoshiro256PlusPlus,
}

impl Trainer<'_> {
    /// Holds rows out for early stopping.
    fn hold_out(&mut self) -> Result<()> {
        let rows = self.frame.rows();
        let held = ((rows as f64 * self.params.validation_fraction).round() as usize).max(1);
        if rows < held + 2 {
            return Err(Error::data(
                "there are too few rows to hold some out for early stopping",
                "give more rows",
            ));
        }
        let sample = Sample::draw(&mut self.random, rows, None, rows - held);
        self.held.clone_from(&sample.outside);
        self.learners.clone_from(&sample.inside);
        self.sample = sample;
        Ok(())
    }

    fn run(&mut self, table: &mut Table, targets: Targets, mut validation: Option<&mut Validation>) -> Result<()> {
        let trees = self.objective.trees_per_round();
        let mut derivatives = Derivatives::new(targets);
        let mut packed = vec![0u64; self.frame.rows()];
        let mut grower = Grower::new(Listed::new(table), self.params, self.monitor);
        let mut best = (f64::INFINITY, 0);
        derivatives.update(&self.scores, self.monitor)?;
        for round in 0..self.params.n_estimators {
            self.monitor.check()?;
            self.draw_rows(round);
            let mut grown = false;
            for class in 0..trees {
                derivatives.select(class, self.monitor)?;
                let number = (round * trees + class) as u32;
                let gradients = &derivatives.gradients;
                let packing = Packing::pack(gradients, derivatives.largest, number, &mut packed, self.monitor)?;
                let wanted = draw_columns(&mut self.random, self.frame.nfeatures(), self.params);
                let facts = Round {
                    data: (gradients, &packed[..]),
                    packing,
                    wanted: &wanted,
                };
                grower.store.begin(self.sample.inside.as_deref());
                let leaves = grower.grow(&mut self.model.forest, &facts)?;
                let leaves: Vec<(usize, &[u32])> = (leaves.into_iter())
                    .map(|(node, rows)| (node, &grower.store.rows[rows]))
                    .collect();
                grown |= leaves.len() > 1;
                self.renew(&derivatives.targets, &leaves)?;
                self.add_tree(class, &leaves)?;
                if let Some(validation) = &mut validation {
                    validation.add_tree(&self.model.forest, class, trees, self.monitor)?;
                }
            }
            let draws_anew = self.params.subsample_freq > 0 || self.params.colsample_bytree < 1.0;
            if !grown && !draws_anew {
                // No split gains anything, and no later round would find one.
                self.model.forest.truncate(round * trees);
                return Ok(());
            }
            if round == 0 && self.sample.inside.is_none() {
                // Rows of one leaf of the first tree are likely to meet again in those of later trees: side by side in memory
                // they are fetched together.
                let order = grower.store.rows;
                self.reorder(&order);
                derivatives.targets.reorder(&order);
                table.reorder(&order, self.monitor)?;
                grower = Grower::new(Listed::new(table), self.params, self.monitor);
            }
            let loss = derivatives.update(&self.scores, self.monitor)?;
            if self.record(round, loss, &derivatives.targets, validation.as_deref(), &mut best)? {
                break;
            }
        }
        if self.params.early_stopping_rounds.is_some() {
            self.model.forest.truncate(best.1 * trees);
        }
        Ok(())
    }

    /// Puts the scores in another order of rows.
    fn reorder(&mut self, order: &[u32]) {
        let width = self.objective.trees_per_round();
        let row = |row: &u32| &self.scores[*row as usize * width..(*row as usize + 1) * width];
        self.scores = order.iter().flat_map(row).copied().collect();
    }

    /// Draws the rows of the round, when they are to be drawn anew.
    fn draw_rows(&mut self, round: usize) {
        let BoostingParams {
            subsample,
            subsample_freq,
            ..
        } = *self.params;
        if subsample < 1.0 && subsample_freq > 0 && round.is_multiple_of(subsample_freq) {
            let rows = self.learners.as_ref().map_or(self.frame.rows(), Vec::len);
            let take = ((rows as f64 * subsample).round() as usize).max(1);
            self.sample = Sample::draw(&mut self.random, self.frame.rows(), self.learners.as_deref(), take);
        }
    }

    /// Gives the leaves of the last tree the values that their rows ask for, where the derivatives only told how to split them.
    fn renew(&mut self, targets: &Targets, leaves: &[(usize, &[u32])]) -> Result<()> {
        let Some(alpha) = self.objective.number_loss().and_then(NumberLoss::renewal) else {
            return Ok(());
        };
        let values: Vec<f64> = leaves
            .par_iter()
            .map(|(_, rows)| {
                self.monitor.check()?;
                Ok(targets.residual_quantile(&self.scores, rows, alpha))
            })
            .collect::<Result<_>>()?;
        let leaves = leaves.iter().map(|(node, _)| *node);
        let shrunk = values.into_iter().map(|value| value * self.params.learning_rate);
        self.model.forest.renew(leaves.zip(shrunk));
        Ok(())
    }

    /// Adds the last tree to the scores of all rows: those of its leaves, and those outside by walking it.
    fn add_tree(&mut self, class: usize, leaves: &[(usize, &[u32])]) -> Result<()> {
        let width = self.objective.trees_per_round();
        let Trainer {
            scores,
            sample,
            frame,
            monitor,
            model,
            ..
        } = self;
        let (forest, columns) = (&model.forest, frame.columns());
        let tree = forest.trees() - 1;
        // Lists of rows are ascending, so each task finds its own part of each.
        let part = |rows: &[u32], start: usize| {
            let place = |row: usize| rows.partition_point(|&r| (r as usize) < row);
            place(start)..place(start + CHUNK)
        };
        scores
            .par_chunks_mut(CHUNK * width)
            .enumerate()
            .try_for_each(|(index, scores)| {
                monitor.check()?;
                let start = index * CHUNK;
                for (node, rows) in leaves {
                    let value = forest.stats(*node).value;
                    for &row in &rows[part(rows, start)] {
                        scores[(row as usize - start) * width + class] += value;
                    }
                }
                for &row in &sample.outside[part(&sample.outside, start)] {
                    let leaf = forest.leaf(tree, |column| columns[column].encoded(row as usize));
                    scores[(row as usize - start) * width + class] += forest.stats(leaf).value;
                }
                Ok(())
            })
    }

    /// Keeps the losses of a round; tells whether to stop. `best` is the least validation loss and the rounds that led to it.
    fn record(
        &mut self,
        round: usize,
        mut loss: f64,
        targets: &Targets,
        validation: Option<&Validation>,
        best: &mut (f64, usize),
    ) -> Result<bool> {
        let mut weight = targets.total_weight();
        let eval = match validation {
            Some(validation) => Some(validation.targets.loss(&validation.scores, None, self.monitor)?),
            None if self.held.is_empty() => None,
            None => {
                let held = targets.loss(&self.scores, Some(&self.held), self.monitor)?;
                loss -= held.0;
                weight -= held.1;
                Some(held)
            }
        };
        Ok(keep_losses(
            &mut self.model,
            (self.params, self.monitor),
            round,
            (loss, weight),
            eval,
            best,
        ))
    }
}

/// Keeps the losses of a round, sums with the weights that they are of: of the rows that are learned from, and of those that are held out. Tells whether to
/// stop; `best` is the least held-out loss and the rounds that led to it.
pub(super) fn keep_losses(
    model: &mut Boosting,
    (params, monitor): (&BoostingParams, &dyn Monitor),
    round: usize,
    (loss, weight): (f64, f64),
    eval: Option<(f64, f64)>,
    best: &mut (f64, usize),
) -> bool {
    let loss = if weight > 0.0 { (loss / weight).max(0.0) } else { 0.0 };
    model.losses.push(loss);
    monitor.progress(Progress {
        iteration: round + 1,
        iterations: params.n_estimators,
        loss,
    });
    let Some((eval, weight)) = eval else { return false };
    let eval = if weight > 0.0 { eval / weight } else { 0.0 };
    model.eval_losses.push(eval);
    if eval < best.0 {
        *best = (eval, round + 1);
    }
    params
        .early_stopping_rounds
        .is_some_and(|rounds| round + 1 - best.1 >= rounds)
}

/// Draws the columns of a tree.
pub(super) fn draw_columns(random: &mut Xoshiro256PlusPlus, columns: usize, params: &BoostingParams) -> Vec<bool> {
    let take = ((columns as f64 * params.colsample_bytree).round() as usize).clamp(1, columns);
    if take == columns {
        return vec![true; columns];
    }
    let drawn = Sample::draw(random, columns, None, take);
    let mut wanted = vec![true; columns];
    drawn.outside.iter().for_each(|&column| wanted[column as usize] = false);
    wanted
}

impl Validation<'_> {
    /// Adds the last tree of `forest` to the scores.
    fn add_tree(&mut self, forest: &Forest, class: usize, width: usize, monitor: &dyn Monitor) -> Result<()> {
        let columns = self.frame.columns();
        let tree = forest.trees() - 1;
        self.scores
            .par_chunks_mut(CHUNK * width)
            .enumerate()
            .try_for_each(|(index, scores)| {
                monitor.check()?;
                for (place, scores) in scores.chunks_exact_mut(width).enumerate() {
                    let leaf = forest.leaf(tree, |column| columns[column].encoded(index * CHUNK + place));
                    scores[class] += forest.stats(leaf).value;
                }
                Ok(())
            })
    }
}

impl Objective {
    /// How many numbers a scored row has; see [`crate::estimator::Estimator::outputs`].
    pub(super) fn outputs(self) -> usize {
        if self == Objective::Binary {
            return 2;
        }
        self.trees_per_round()
    }
}
