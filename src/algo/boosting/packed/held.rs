//! What is held of packed rows while trees grow: scores, derivatives, and which rows a tree is learned from.

use std::ops::Range;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::store::Ranges;
use crate::boosting::NumberLoss;
use crate::boosting::fit::Sample;
use crate::boosting::forest::Forest;
use crate::boosting::loss::{Part, derivatives_of_class, finite, logistic, loss_of_row, softmax};
use crate::boosting::packing::Packing;
use crate::boosting::params::{BoostingParams, Objective};
use crate::error::{Error, Result};
use crate::hash;
use crate::monitor::Monitor;
use crate::packed::{Block, Packed};

/// Rows whose derivatives are computed together.
pub(super) const STEP: usize = 4096;

/// What is known of a block's rows beside their bytes.
#[derive(Default)]
pub(super) struct State {
    /// All rows: first those that a tree is learned from, leaf by leaf and in each leaf ascending, then the others.
    pub(super) list: Vec<u16>,
    /// How many are learned from.
    pub(super) inside: usize,
    /// Rows held out for early stopping.
    pub(super) held: Vec<u16>,
    /// Rows x trees a round.
    pub(super) scores: Vec<f32>,
    /// The derivatives of the round as their bits, and then packed.
    pub(super) derivatives: Vec<u64>,
    /// Rows x classes, for the softmax.
    pub(super) probabilities: Vec<f32>,
}

/// Packed rows with their scores.
pub(super) struct Held<'a> {
    pub(super) packed: &'a Packed,
    pub(super) offsets: Vec<usize>,
    pub(super) states: Vec<State>,
    /// The number of each block's first row.
    pub(super) firsts: Vec<usize>,
    pub(super) rows: usize,
    pub(super) objective: Objective,
    /// How much a row of a class counts; none where all count the same.
    pub(super) weights: Option<Vec<f32>>,
    /// The class whose tree is grown.
    pub(super) class: usize,
}

/// Buffers of [`STEP`] rows.
#[derive(Default)]
pub(super) struct Scratch {
    targets: Vec<f64>,
    scores: Vec<f64>,
    weights: Option<Vec<f32>>,
    pub(super) constant: Vec<f64>,
    pub(super) pairs: Vec<[f32; 2]>,
}

impl Held<'_> {
    /// Trees of a round.
    pub(super) fn width(&self) -> usize {
        self.objective.trees_per_round()
    }

    pub(super) fn constant_hessian(&self) -> bool {
        self.weights.is_none() && self.objective.number_loss().is_some_and(NumberLoss::constant_hessian)
    }

    fn weight(&self, target: f32) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[target as usize])
    }

    /// Rows of one step; fewer where each has many scores.
    fn step(&self) -> usize {
        (STEP / self.width()).max(64)
    }

    /// Fetches targets, scores and weights of some rows of a block.
    fn fetch(&self, (block, state): (&Block, &State), rows: Range<usize>, scratch: &mut Scratch) {
        let width = self.width();
        scratch.targets.clear();
        scratch
            .targets
            .extend(rows.clone().map(|row| f64::from(block.target(row))));
        scratch.scores.clear();
        let scores = &state.scores[rows.start * width..rows.end * width];
        scratch.scores.extend(scores.iter().copied().map(f64::from));
        scratch.weights = self
            .weights
            .as_ref()
            .map(|_| rows.map(|row| self.weight(block.target(row))).collect());
    }

    /// Computes the derivatives of some rows of a block for the tree that is grown.
    pub(super) fn derive(&self, (block, state): (&Block, &State), rows: Range<usize>, scratch: &mut Scratch) -> Part {
        let count = rows.len();
        if let Objective::Multiclass { classes } = self.objective {
            let mut largest = (0.0f32, 0.0f32);
            scratch.pairs.clear();
            for row in rows {
                let (target, p) = (block.target(row), state.probabilities[row * classes + self.class]);
                let pair = derivatives_of_class(classes, p, target as usize == self.class, self.weight(target));
                largest = (largest.0.max(pair[0].abs()), largest.1.max(pair[1]));
                scratch.pairs.push(pair);
            }
            return (0.0, f64::from(largest.0), f64::from(largest.1));
        }
        self.fetch((block, state), rows, scratch);
        let (y, scores, weights) = (&scratch.targets, &scratch.scores, scratch.weights.as_deref());
        match self.objective.number_loss() {
            Some(loss) if self.constant_hessian() => {
                scratch.constant.resize(count, 0.0);
                loss.fill_constant(y, scores, &mut scratch.constant)
            }
            Some(loss) => {
                scratch.pairs.resize(count, [0.0; 2]);
                loss.fill(y, scores, weights, &mut scratch.pairs)
            }
            None => {
                scratch.pairs.resize(count, [0.0; 2]);
                logistic(y, scores, weights, &mut scratch.pairs)
            }
        }
    }

    /// Computes the derivatives of all rows, and keeps their bits; of several classes those of the softmax are computed from the probabilities. Gives the
    /// sum of losses, and the largest derivatives.
    pub(super) fn update(&mut self, is_softmax: bool, monitor: &dyn Monitor) -> Result<(f64, (f64, f64))> {
        let mut states = std::mem::take(&mut self.states);
        let held = &*self;
        let parts = states
            .par_iter_mut()
            .zip(&held.packed.train.blocks)
            .map(|(state, block)| {
                monitor.check()?;
                let (mut sum, mut scratch) = (Part::default(), Scratch::default());
                for start in (0..block.rows()).step_by(held.step()) {
                    let rows = start..(start + held.step()).min(block.rows());
                    let part = match held.objective {
                        Objective::Multiclass { classes } if is_softmax => {
                            held.fetch((block, state), rows.clone(), &mut scratch);
                            let out = &mut state.probabilities[rows.start * classes..rows.end * classes];
                            let (y, weights) = (&scratch.targets, scratch.weights.as_deref());
                            (softmax(y, &scratch.scores, weights, classes, out), 0.0, 0.0)
                        }
                        _ => {
                            let part = held.derive((block, state), rows.clone(), &mut scratch);
                            let out = &mut state.derivatives[rows];
                            match held.constant_hessian() {
                                true => out
                                    .iter_mut()
                                    .zip(&scratch.constant)
                                    .for_each(|(out, g)| *out = g.to_bits()),
                                false => out.iter_mut().zip(&scratch.pairs).for_each(|(out, pair)| {
                                    *out = u64::from(pair[0].to_bits()) << 32 | u64::from(pair[1].to_bits());
                                }),
                            }
                            part
                        }
                    };
                    sum = (sum.0 + part.0, sum.1.max(part.1), sum.2.max(part.2));
                }
                Ok(sum)
            });
        let parts: Result<Vec<Part>> = parts.collect();
        self.states = states;
        finite(&parts?)
    }

    /// Packs the derivatives where they are.
    pub(super) fn pack(&mut self, largest: (f64, f64), round: u32, monitor: &dyn Monitor) -> Result<Packing> {
        let is_constant = self.constant_hessian();
        let packing = Packing::of(self.rows, largest, is_constant);
        let states = self.states.par_iter_mut().zip(&self.firsts);
        states.try_for_each(|(state, first)| {
            monitor.check()?;
            let mut scratch = Scratch::default();
            for (index, values) in state.derivatives.chunks_mut(STEP).enumerate() {
                if is_constant {
                    scratch.constant.clear();
                    scratch.constant.extend(values.iter().map(|bits| f64::from_bits(*bits)));
                    packing.pack_constant(&scratch.constant, values);
                } else {
                    let pair = |bits: &u64| [f32::from_bits((bits >> 32) as u32), f32::from_bits(*bits as u32)];
                    scratch.pairs.clear();
                    scratch.pairs.extend(values.iter().map(pair));
                    packing.pack_pairs(&scratch.pairs, (round, (first + index * STEP) as u32), values);
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(packing)
    }

    /// Draws anew which rows a tree is learned from: `fraction` of those that are not held out. `salt` makes draws differ.
    pub(super) fn draw(&mut self, fraction: f64, salt: u64, monitor: &dyn Monitor) -> Result<()> {
        self.states.par_iter_mut().enumerate().try_for_each(|(index, state)| {
            monitor.check()?;
            let rows = state.list.len();
            let mut is_held = vec![false; rows];
            state.held.iter().for_each(|&row| is_held[usize::from(row)] = true);
            let free: Vec<u32> = (0..rows as u32).filter(|&row| !is_held[row as usize]).collect();
            let take = (free.len() as f64 * fraction).round() as usize;
            let mut random = Xoshiro256PlusPlus::seed_from_u64(hash::hash_u64(salt, index as u64));
            let sample = Sample::draw(&mut random, rows, Some(&free), take);
            let inside = sample.inside.unwrap_or_default();
            state.inside = inside.len();
            let all = inside.into_iter().chain(sample.outside);
            state.list.iter_mut().zip(all).for_each(|(own, row)| *own = row as u16);
            Ok(())
        })
    }

    /// Holds rows out for early stopping.
    pub(super) fn hold_out(&mut self, params: &BoostingParams, monitor: &dyn Monitor) -> Result<()> {
        self.draw(1.0 - params.validation_fraction, hash::mix(params.seed, 1), monitor)?;
        let mut held = 0;
        for state in &mut self.states {
            state.held = state.list[state.inside..].to_vec();
            held += state.held.len();
        }
        if held == 0 || self.rows < held + 2 {
            return Err(Error::data(
                "there are too few rows to hold some out for early stopping",
                "give more rows",
            ));
        }
        Ok(())
    }

    /// Puts the rows that a tree is learned from in their order.
    pub(super) fn begin(&mut self, monitor: &dyn Monitor) -> Result<()> {
        self.states.par_iter_mut().try_for_each(|state| {
            monitor.check()?;
            let rows = state.list.len();
            let mut is_inside = vec![false; rows];
            state.list[..state.inside]
                .iter()
                .for_each(|&row| is_inside[usize::from(row)] = true);
            let inside = (0..rows).filter(|&row| is_inside[row]);
            state
                .list
                .iter_mut()
                .zip(inside)
                .for_each(|(own, row)| *own = row as u16);
            Ok(())
        })
    }

    /// Adds the last tree to the scores of all rows: those of its leaves, and the others by walking it.
    pub(super) fn add_tree(
        &mut self,
        forest: &Forest,
        leaves: &[(usize, Ranges)],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let (width, class, packed) = (self.width(), self.class, self.packed);
        let tree = forest.trees() - 1;
        let states = self.states.par_iter_mut().zip(&packed.train.blocks).enumerate();
        states.try_for_each(|(index, (state, block))| {
            monitor.check()?;
            for (node, rows) in leaves {
                let (value, rows) = (forest.stats(*node).value as f32, &rows.of_blocks[index]);
                for &row in &state.list[rows.start as usize..rows.end as usize] {
                    state.scores[usize::from(row) * width + class] += value;
                }
            }
            for &row in &state.list[state.inside..] {
                let row = usize::from(row);
                let leaf = forest.leaf(tree, |column| packed.bins[column].value(block.code(row, column)));
                state.scores[row * width + class] += forest.stats(leaf).value as f32;
            }
            Ok(())
        })
    }

    /// The sum of the losses of the rows that are held out, and of their weights; none where there are none.
    pub(super) fn held_loss(&self, monitor: &dyn Monitor) -> Result<Option<(f64, f64)>> {
        if self.states.iter().all(|state| state.held.is_empty()) {
            return Ok(None);
        }
        let width = self.width();
        let parts = self
            .states
            .par_iter()
            .zip(&self.packed.train.blocks)
            .map(|(state, block)| {
                monitor.check()?;
                let mut sum = (0.0, 0.0);
                for &row in &state.held {
                    let (row, target) = (usize::from(row), block.target(usize::from(row)));
                    let scores: Vec<f64> = state.scores[row * width..(row + 1) * width]
                        .iter()
                        .copied()
                        .map(f64::from)
                        .collect();
                    let weight = f64::from(self.weight(target));
                    sum.0 += weight * loss_of_row(self.objective, f64::from(target), &scores);
                    sum.1 += weight;
                }
                Ok(sum)
            });
        let parts: Vec<(f64, f64)> = parts.collect::<Result<_>>()?;
        Ok(Some(
            parts
                .iter()
                .fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1)),
        ))
    }

    /// The sum of the weights of all rows.
    pub(super) fn total_weight(&self, monitor: &dyn Monitor) -> Result<f64> {
        if self.weights.is_none() {
            return Ok(self.rows as f64);
        }
        let mut weight = 0.0;
        for block in &self.packed.train.blocks {
            monitor.check()?;
            let of_rows = (0..block.rows()).map(|row| f64::from(self.weight(block.target(row))));
            weight += of_rows.sum::<f64>();
        }
        Ok(weight)
    }
}
