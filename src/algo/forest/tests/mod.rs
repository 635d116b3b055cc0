//! Tests of whole fits.

mod behaviour;
mod hostile;
mod oracle;
mod small;

use linfa::ParamGuard;
use linfa::dataset::Records;
use serde_json::{Value, json};

use super::fit::fit;
use super::{DecisionTree, ForestParams, RandomForest};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING};
use crate::learner::{Learner, Unchecked};
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::training_set::{Target, TrainingSet};
use crate::trees::testing::{MIXED, classes, dataset, mixed};

type Dataset = TrainingSet;

/// Checked hyperparameters from JSON.
fn params(mut params: ForestParams, json: &Value, without: &[&str]) -> Result<ForestParams> {
    params.read(json.as_object().unwrap(), without)?;
    params.check()?;
    Ok(params)
}

/// The same rows for so many classes, 0 for numbers.
fn of_classes(data: &Dataset, classes: usize) -> Dataset {
    let values = data.target.values().to_vec();
    let target = match classes {
        0 => Target::Numbers(values),
        count => Target::Classes { numbers: values, count },
    };
    TrainingSet { target, ..data.clone() }
}

/// Fits a tree with parameters in JSON; 0 classes for a regression.
fn tree(json: Value, classes: usize, data: &Dataset) -> Result<RandomForest> {
    let params = Unchecked::new(params(ForestParams::one_tree(), &json, DecisionTree::WITHOUT)?);
    DecisionTree::fit(&params.check()?, &of_classes(data, classes), &Unwatched)
}

/// Fits a forest in the same way.
fn forest(json: Value, classes: usize, data: &Dataset) -> Result<RandomForest> {
    let params = params(ForestParams::default(), &json, &[])?;
    fit(&params, &of_classes(data, classes), &Unwatched)
}

fn score(model: &RandomForest, row: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; model.outputs()];
    model.score(row, &mut out);
    out
}

/// The scores of all rows.
fn scores(model: &RandomForest, frame: &Frame) -> Vec<Vec<f64>> {
    let mut row = vec![0.0; frame.nfeatures()];
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
