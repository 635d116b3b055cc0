//! Tests of whole fits.

mod behaviour;
mod hostile;
mod oracle;
mod small;

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Boosting, BoostingParams, Dataset, Objective, Scorer};
use crate::algo::error::Result;
use crate::algo::estimator::Estimator;
use crate::algo::frame::{Column, Frame, MISSING};
use crate::algo::monitor::{Unwatched, Watched};

/// A dataset of `columns`.
fn dataset(columns: Vec<Column>, targets: Vec<f64>) -> Dataset {
    DatasetBase::new(Frame::new(columns).unwrap(), Array1::from(targets))
}

fn fit(params: BoostingParams, data: &Dataset) -> Result<Boosting> {
    Watched::new(params.check()?, &Unwatched).fit(data)
}

/// Parameters that let a handful of rows make a tree: one round, full learning rate, leaves of one row.
fn tiny(objective: Objective) -> BoostingParams {
    let mut params = BoostingParams::new(objective);
    params.n_estimators = 1;
    params.learning_rate = 1.0;
    params.min_child_samples = 1;
    params.min_data_per_group = 1;
    params.cat_smooth = 0.0;
    params.cat_l2 = 0.0;
    params
}

/// The scores of a row, walked and by the prepared model alike.
fn score(model: &Boosting, row: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; model.outputs()];
    model.score(row, &mut out);
    let mut prepared = vec![f64::NAN; model.outputs()];
    Scorer::new(model.clone()).score(row, &mut prepared);
    assert!(
        out.iter().zip(&prepared).all(|(a, b)| a.to_bits() == b.to_bits()),
        "{out:?} {prepared:?}"
    );
    out
}

/// Rows of three number columns (one with missing values), a category of seven levels with missing values, and a number that
/// depends on them.
fn mixed(rows: usize, seed: u64) -> (Vec<Column>, Vec<f64>) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut uniform = move || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut numbers = vec![Vec::new(), Vec::new(), Vec::new()];
    let (mut codes, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let [a, b, c] = [uniform() * 10.0, uniform(), uniform().powi(3)];
        let code = (uniform() * 7.0) as u32;
        let gone = [uniform() < 0.1, uniform() < 0.1];
        numbers[0].push(a);
        numbers[1].push(if gone[0] { f64::NAN } else { b });
        numbers[2].push(c);
        codes.push(if gone[1] { MISSING } else { code });
        let of_code = f64::from(code * code % 5);
        targets.push(a.sin() + 2.0 * b * c + of_code + f64::from(u8::from(gone[0])) + uniform());
    }
    let mut columns: Vec<Column> = numbers.into_iter().map(Column::Number).collect();
    columns.push(Column::Category { codes, levels: 7 });
    (columns, targets)
}

/// The features that [`mixed`] has, as `validate` takes them.
const MIXED: [usize; 4] = [0, 0, 0, 7];

/// The targets of [`mixed`] in `classes` classes of about equal size.
fn classes(targets: &[f64], classes: usize) -> Vec<f64> {
    let mut sorted = targets.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cuts: Vec<f64> = (1..classes).map(|i| sorted[i * targets.len() / classes]).collect();
    targets
        .iter()
        .map(|y| cuts.partition_point(|cut| cut <= y) as f64)
        .collect()
}
