//! Principal components against scikit-learn, and what must hold whatever the rows.

mod oracle;
mod small;

use linfa::ParamGuard;
use serde_json::{Value as Json, json};

use super::*;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, MISSING};
use crate::learner::Unchecked;
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::trees::testing::{MIXED, mixed, mutated_bytes, pool};
use crate::unsupervised::Unsupervised;
use crate::unsupervised::testing::{row_of, set_of};

fn learn(params: Json, set: &TrainingSet) -> Result<Pca> {
    let mut read = PcaParams::default();
    read.read(params.as_object().unwrap(), &[])?;
    PcaLearner::fit(&Unchecked::new(read).check()?, set, &Unwatched)
}

fn scores(model: &Pca, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; model.outputs()];
    model.score(row, &mut out);
    out
}
