//! Isolation forests against scikit-learn, and what must hold whatever the rows.

mod hostile;
mod oracle;
mod small;

use linfa::ParamGuard;
use linfa::traits::PredictInplace;
use serde_json::{Value as Json, json};

use super::*;
use crate::estimator::{Estimator, Predictor};
use crate::explain::Baseline;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame};
use crate::learner::Unchecked;
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::training_set::Target;
use crate::trees::testing::{MIXED, mixed};
use crate::unsupervised::Unsupervised;

fn learn(params: Json, set: &TrainingSet) -> Result<IsolationForest> {
    let mut read = IsolationForestParams::default();
    read.read(params.as_object().unwrap(), &[])?;
    IsolationForestLearner::fit(&Unchecked::new(read).check()?, set, &Unwatched)
}

fn set_of(columns: Vec<Column>) -> TrainingSet {
    TrainingSet::new(Frame::new(columns).unwrap(), Target::None)
}

fn row_of(frame: &Frame, index: usize) -> Vec<f64> {
    let mut row = vec![0.0; frame.width()];
    frame.encode_row(index, &mut row);
    row
}

/// The score of a row.
fn score(estimator: &dyn Estimator, row: &[f64]) -> f64 {
    let mut out = [0.0];
    estimator.score(row, &mut out);
    out[0]
}

/// The scores of all rows.
fn scores(model: &(dyn Estimator + Sync), frame: &Frame) -> Vec<f64> {
    let predictor = Predictor {
        estimator: model,
        monitor: &Unwatched,
    };
    let mut scores = predictor.default_target(frame);
    predictor.predict_inplace(frame, &mut scores);
    scores.unwrap()
}
