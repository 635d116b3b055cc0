//! Principal components against scikit-learn, and what must hold whatever the rows.

mod oracle;
mod small;

use linfa::ParamGuard;
use serde_json::{Value as Json, json};

use super::*;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING};
use crate::learner::Unchecked;
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::training_set::Target;
use crate::trees::testing::{MIXED, mixed, mutated_bytes, pool};
use crate::unsupervised::Unsupervised;

fn learn(params: Json, set: &TrainingSet) -> Result<Pca> {
    let mut read = PcaParams::default();
    read.read(params.as_object().unwrap(), &[])?;
    PcaLearner::fit(&Unchecked::new(read).check()?, set, &Unwatched)
}

fn set_of(columns: Vec<Column>) -> TrainingSet {
    TrainingSet::new(Frame::new(columns).unwrap(), Target::None)
}

fn scores(model: &Pca, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; model.outputs()];
    model.score(row, &mut out);
    out
}

fn row_of(frame: &Frame, index: usize) -> Vec<f64> {
    let mut row = vec![0.0; frame.width()];
    frame.encode_row(index, &mut row);
    row
}
