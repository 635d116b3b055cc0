//! Tests of whole fits.

mod behaviour;
mod hostile;
mod oracle;
mod small;

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;

use super::{Boosting, BoostingParams, Dataset, Objective, Scorer};
use crate::error::Result;
use crate::estimator::Estimator;
use crate::frame::{Column, Frame, MISSING};
use crate::monitor::{Unwatched, Watched};
use crate::trees::testing::{MIXED, classes, dataset, mixed};

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

/// The scores of a row, walked and, unless a tree is too large for it, by the prepared model alike.
fn score(model: &Boosting, row: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; model.outputs()];
    model.score(row, &mut out);
    if let Some(scorer) = Scorer::new(model) {
        let mut prepared = vec![f64::NAN; model.outputs()];
        scorer.score(row, &mut prepared);
        assert!(
            out.iter().zip(&prepared).all(|(a, b)| a.to_bits() == b.to_bits()),
            "{out:?} {prepared:?}"
        );
    }
    out
}
