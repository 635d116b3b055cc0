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
use crate::trees::testing::{MIXED, mixed};
use crate::unsupervised::Unsupervised;
use crate::unsupervised::testing::{row_of, set_of};

fn learn(params: Json, set: &TrainingSet) -> Result<IsolationForest> {
    let mut read = IsolationForestParams::default();
    read.read(params.as_object().unwrap(), &[])?;
    IsolationForestLearner::fit(&Unchecked::new(read).check()?, set, &Unwatched)
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
