//! Tests of whole fits.

mod behaviour;
mod hostile;
mod oracle;
mod small;

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use serde_json::{Value, json};

use super::{DecisionTreeParams, RandomForest, RandomForestParams};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::frame::{Column, Frame, MISSING};
use crate::monitor::{Unwatched, Watched};
use crate::trees::testing::{MIXED, classes, dataset, mixed};

type Dataset = DatasetBase<Frame, Array1<f64>>;

/// Fits a tree with parameters in JSON; 0 classes for a regression.
fn tree(params: Value, classes: usize, data: &Dataset) -> Result<RandomForest> {
    let mut params: DecisionTreeParams = serde_json::from_value(params).unwrap();
    params.classes = classes;
    Watched::new(params.check()?, &Unwatched).fit(data)
}

/// Fits a forest in the same way.
fn forest(params: Value, classes: usize, data: &Dataset) -> Result<RandomForest> {
    let mut params: RandomForestParams = serde_json::from_value(params).unwrap();
    params.classes = classes;
    Watched::new(params.check()?, &Unwatched).fit(data)
}

fn score(model: &RandomForest, row: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; model.outputs()];
    model.score(row, &mut out);
    out
}

/// The scores of all rows.
fn scores(model: &RandomForest, frame: &Frame) -> Vec<Vec<f64>> {
    let mut row = vec![0.0; frame.columns().len()];
    let score_row = |index| {
        frame.encode_row(index, &mut row);
        score(model, &row)
    };
    (0..frame.rows()).map(score_row).collect()
}

/// The targets of [`mixed`] for a task.
fn targets_of(targets: &[f64], number_of_classes: usize) -> Vec<f64> {
    match number_of_classes {
        0 => targets.to_vec(),
        count => classes(targets, count),
    }
}
