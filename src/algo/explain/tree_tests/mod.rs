//! Explanations add up, agree with the definition, and depend neither on how they are computed nor on the rows beside them.

mod adding_up;
mod definition;
mod oracle;
mod pairs;
mod shapes;

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::plan::Limits;
use super::{Baseline, Ensemble, Explainer, TreeExplainer};
use crate::boosting::{Boosting, GradientBoosting};
use crate::fitted::Fitted;
use crate::forest::{Forest, RandomForest};
use crate::frame::{Frame, UNSEEN};
use crate::learner::{Learner, Unchecked};
use crate::monitor::Unwatched;
use crate::training_set::{Target, TrainingSet};
use crate::trees::testing::{MIXED, classes, mixed};

/// No tables at all.
const WALKED: Limits = Limits {
    bytes: 0,
    leaves_of_tree: 0,
    leaves: 0,
    ..Limits::USUAL
};

/// The same row by row against a background.
const ROW_BY_ROW: Limits = Limits { bits: 0, ..WALKED };

/// Some tables, and walks to the leaves for which there are none.
const SPLIT: Limits = Limits {
    bytes: 20_000,
    ..Limits::USUAL
};

/// Rows of all kinds, in the form of [`MIXED`]: values in and out of range, missing, unseen.
fn rows(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut uniform = move || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut rows = Vec::new();
    for _ in 0..count {
        for levels in MIXED {
            let value = match (uniform() < 0.15, levels) {
                (true, _) => f64::NAN,
                (false, 0) => uniform() * 12.0 - 1.0,
                (false, levels) if uniform() < 0.9 => (uniform() * levels as f64).floor(),
                (false, _) => UNSEEN,
            };
            rows.push(value);
        }
    }
    rows
}

/// What a model learns from: a number, or so many classes.
fn learned(count: usize, classes_of: usize, weighted: bool) -> TrainingSet {
    let (columns, numbers) = mixed(count, 7);
    let target = match classes_of {
        0 => Target::Numbers(numbers),
        count => Target::Classes {
            numbers: classes(&numbers, count),
            count,
        },
    };
    let set = TrainingSet::new(Frame::new(columns).unwrap(), target);
    match weighted {
        true => set.weighted((0..count).map(|row| 0.5 + (row % 5) as f32).collect()),
        false => set,
    }
}

fn boosting(set: &TrainingSet, change: impl FnOnce(&mut <GradientBoosting as Learner>::Parameters)) -> Boosting {
    let mut params = GradientBoosting::defaults();
    params.n_estimators = 7;
    change(&mut params);
    let checked = linfa::ParamGuard::check(Unchecked::<GradientBoosting>::new(params)).unwrap();
    GradientBoosting::fit(&checked, set, &Unwatched).unwrap()
}

fn forest(set: &TrainingSet, change: impl FnOnce(&mut <Forest as Learner>::Parameters)) -> RandomForest {
    let mut params = Forest::defaults();
    params.n_estimators = 5;
    change(&mut params);
    let checked = linfa::ParamGuard::check(Unchecked::<Forest>::new(params)).unwrap();
    Forest::fit(&checked, set, &Unwatched).unwrap()
}

fn explainer(ensemble: &Ensemble<'_>, baseline: Baseline<'_>, limits: Limits) -> TreeExplainer {
    TreeExplainer::limited(ensemble, &MIXED, baseline, limits, &Unwatched).unwrap()
}

/// The attributions of all rows at once.
fn explain(explainer: &dyn Explainer, rows: &[f64], width: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; rows.len() * explainer.base().len()];
    explainer.explain(rows, width, &mut out, &Unwatched).unwrap();
    out
}

/// Checks that attributions and base are the margin of each row.
fn adds_up(what: &str, fitted: &dyn Fitted, explainer: &dyn Explainer, rows: &[f64], width: usize) {
    let explained = explain(explainer, rows, width);
    let margins = explainer.base().len();
    let mut margin = vec![0.0; margins];
    for (row, of_row) in rows.chunks_exact(width).zip(explained.chunks_exact(margins * width)) {
        fitted.margin(row, &mut margin);
        for ((margin, base), parts) in margin.iter().zip(explainer.base()).zip(of_row.chunks_exact(width)) {
            let sum: f64 = base + parts.iter().sum::<f64>();
            let error = (sum - margin).abs();
            assert!(
                error <= 1e-9 * margin.abs().max(1.0),
                "{what}: {sum} {margin} of {row:?}"
            );
        }
    }
}

/// Explains a row, and two features together, by a model that may be anything that validation lets pass: nothing of it panics.
pub(crate) fn explained_anyhow(fitted: &dyn Fitted, row: &[f64]) {
    for baseline in [Baseline::Training, Baseline::Background(row)] {
        let Ok(explainer) = fitted.explainer(&MIXED, baseline, &Unwatched) else {
            continue;
        };
        explain(&*explainer, row, row.len());
        let pairs = explainer.pairs(&Unwatched).unwrap();
        let mut out = vec![0.0; explainer.base().len() * pairs.len()];
        explainer.interactions(row, row.len(), &mut out, &Unwatched).unwrap();
    }
}
