//! Boosting of packed rows: what beside a row's bytes is held are two bytes for the lists of leaves, four for its score and eight for its derivatives.
//!
//! Rows stay where they are, in blocks of so few that two bytes number them; a leaf has a range of each block's list. So rows of a leaf are near each other,
//! however many there are, and nothing is put in another order. Derivatives are computed where they are needed rather than kept beside their packed form.

mod held;
mod store;

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use held::{Held, State};

use super::Boosting;
use super::fit::{check_monotone, draw_columns, keep_losses};
use super::forest::Forest;
use super::grow::{Grower, Round};
use super::loss::{scores_of_shares, weights_of_classes};
use super::params::{BoostingParams, Objective};
use super::store::offsets;
use crate::error::{Error, Result};
use crate::hash;
use crate::monitor::Monitor;
use crate::packed::{Block, Packed};
use crate::room;
use crate::training_set::{Shape, TargetKind};

/// Bytes that a fit takes beside the packed rows, at most.
pub(super) fn memory_needed(params: &BoostingParams, shape: &Shape) -> usize {
    let (rows, columns) = (shape.rows, shape.features);
    let width = shape.target.classes().filter(|&classes| classes > 2).unwrap_or(1);
    let probabilities = if width > 1 { 4 * width } else { 0 };
    let histogram = columns.saturating_mul(256 * 24);
    let kept = histogram
        .saturating_mul(params.num_leaves)
        .min(256 << 20)
        .max(histogram.saturating_mul(4));
    // A leaf has a range of each block's list.
    let ranges = (rows / 8192 + 1).saturating_mul(8 * params.num_leaves);
    let by_row = 2 + 8 + 4 * width + probabilities;
    rows.saturating_mul(by_row).saturating_add(kept).saturating_add(ranges)
}

/// The scores before the first tree, and how much a row of each class counts.
fn begin(
    params: &BoostingParams,
    objective: Objective,
    packed: &Packed,
    monitor: &dyn Monitor,
) -> Result<(Vec<f64>, Option<Vec<f32>>)> {
    let TargetKind::Classes(classes) = packed.kind else {
        let mut mean = 0.0;
        let rows = packed.train.rows() as f64;
        for block in &packed.train.blocks {
            monitor.check()?;
            mean += (0..block.rows()).map(|row| f64::from(block.target(row))).sum::<f64>() / rows;
        }
        return Ok((vec![f64::from(mean as f32)], None));
    };
    let counts = packed.class_rows(classes, monitor)?;
    let weights = weights_of_classes(params, objective, &counts);
    let all: Vec<f64> = counts
        .iter()
        .zip(&weights)
        .map(|(count, weight)| *count as f64 * weight)
        .collect();
    let total: f64 = all.iter().sum();
    let shares: Vec<f64> = all.iter().map(|weight| weight / total).collect();
    let weights = weights.iter().map(|weight| *weight as f32).collect();
    let is_one = |weights: &Vec<f32>| weights.iter().all(|weight| *weight == 1.0);
    Ok((
        scores_of_shares(objective, &shares)?,
        Some(weights).filter(|weights| !is_one(weights)),
    ))
}

/// Learns from packed rows, as [`super::fit`] does from others. `params` are checked, and have an objective that [`packs`] knows.
pub(super) fn fit(params: &BoostingParams, packed: &Packed, monitor: &dyn Monitor) -> Result<Boosting> {
    let objective = Objective::of(params, packed.kind)?;
    let rows = packed.train.rows();
    if rows == 0 || rows >= i32::MAX as usize {
        return Err(Error::data(
            format!("there are {rows} rows to train on"),
            "give a query with rows, and no more than 2,000,000,000",
        ));
    }
    check_monotone(params, &packed.bins)?;
    let (first, weights) = begin(params, objective, packed, monitor)?;
    let width = objective.trees_per_round();
    let state = |block: &Block| {
        monitor.check()?;
        let rows = block.rows();
        let mut scores = room::with_capacity(rows * width)?;
        (0..rows).for_each(|_| scores.extend(first.iter().map(|score| *score as f32)));
        Ok(State {
            list: (0..rows).map(|row| row as u16).collect(),
            inside: rows,
            held: Vec::new(),
            scores,
            derivatives: room::filled(0, rows)?,
            probabilities: room::filled(0.0, if width > 1 { rows * width } else { 0 })?,
        })
    };
    let states = packed.train.blocks.iter().map(state).collect::<Result<Vec<_>>>()?;
    let ends = packed.train.blocks.iter().scan(0, |end, block| {
        *end += block.rows();
        Some(*end - block.rows())
    });
    let mut held = Held {
        packed,
        offsets: offsets(&packed.bins),
        states,
        firsts: ends.collect(),
        rows,
        objective,
        weights,
        class: 0,
    };
    if params.early_stopping_rounds.is_some() {
        held.hold_out(params, monitor)?;
    }
    let scores = first
        .iter()
        .map(|score| f64::from(*score as f32) + packed.offset)
        .collect();
    let mut model = Boosting {
        objective,
        scores,
        base: Vec::new(),
        forest: Forest::default(),
        losses: Vec::new(),
        eval_losses: Vec::new(),
    };
    run(params, held, &mut model, monitor)?;
    model.base = model.mean_scores();
    Ok(model)
}

/// The rounds.
fn run(params: &BoostingParams, mut held: Held, model: &mut Boosting, monitor: &dyn Monitor) -> Result<()> {
    let (trees, columns) = (held.width(), held.packed.bins.len());
    let weight = held.total_weight(monitor)?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(params.seed ^ 0x6A09_E667_F3BC_C908);
    let mut best = (f64::INFINITY, 0);
    let (_, mut largest) = held.update(true, monitor)?;
    let mut grower = Grower::new(held, params, monitor);
    for round in 0..params.n_estimators {
        if params.subsample < 1.0 && params.subsample_freq > 0 && round.is_multiple_of(params.subsample_freq) {
            grower
                .store
                .draw(params.subsample, hash::mix(params.seed, 2 + round as u64), monitor)?;
        }
        let mut grown = false;
        for class in 0..trees {
            monitor.check()?;
            grower.store.class = class;
            if trees > 1 {
                (_, largest) = grower.store.update(false, monitor)?;
            }
            let packing = grower.store.pack(largest, (round * trees + class) as u32, monitor)?;
            grower.store.begin(monitor)?;
            let wanted = draw_columns(&mut random, columns, params);
            let facts = Round {
                data: (),
                packing,
                wanted: &wanted,
            };
            let leaves = grower.grow(&mut model.forest, &facts)?;
            grown |= leaves.len() > 1;
            grower.store.add_tree(&model.forest, &leaves, monitor)?;
        }
        let draws_anew = params.subsample_freq > 0 || params.colsample_bytree < 1.0;
        if !grown && !draws_anew {
            model.forest.truncate(round * trees);
            return Ok(());
        }
        let (loss, most) = grower.store.update(true, monitor)?;
        largest = most;
        let eval = grower.store.held_loss(monitor)?;
        let (of_held, weight_of_held) = eval.unwrap_or_default();
        let learned = (loss - of_held, weight - weight_of_held);
        if keep_losses(model, (params, monitor), round, learned, eval, &mut best) {
            break;
        }
    }
    if params.early_stopping_rounds.is_some() {
        model.forest.truncate(best.1 * trees);
    }
    Ok(())
}

/// Whether a target can be learned from packed rows: what is predicted of a number is its mean, or it is a class. Other objectives look at the numbers
/// themselves.
pub(super) fn packs(params: &BoostingParams, kind: TargetKind) -> bool {
    match kind {
        TargetKind::None => false,
        TargetKind::Classes(_) => params.objective.is_none(),
        TargetKind::Numbers => matches!(params.objective, None | Some(super::NumberObjective::Regression)),
    }
}
