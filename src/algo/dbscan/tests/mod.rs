//! DBSCAN against scikit-learn and against its definition, and what must hold whatever the rows.

mod oracle;
mod small;

use std::collections::BTreeMap;

use linfa::ParamGuard;
use serde_json::{Value as Json, json};

use super::*;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame};
use crate::learner::Unchecked;
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::unsupervised::Unsupervised;
use crate::unsupervised::testing::{row_of, set_of};

fn learn(params: Json, set: &TrainingSet) -> Result<Dbscan> {
    let mut read = DbscanParams::default();
    read.read(params.as_object().unwrap(), &[])?;
    DbscanLearner::fit(&Unchecked::new(read).check()?, set, &Unwatched)
}

/// The cluster of each row.
fn labels(model: &Dbscan, frame: &Frame) -> Vec<Option<u32>> {
    (0..frame.rows())
        .map(|index| model.cluster(&row_of(frame, index)))
        .collect()
}

/// Whether each row of the first labelling is with the same rows in the second one, in both directions.
fn are_same<A: Ord + Copy, B: Ord + Copy>(pairs: impl Iterator<Item = (A, B)>) -> bool {
    let (mut there, mut back) = (BTreeMap::new(), BTreeMap::new());
    let mut pairs = pairs;
    pairs.all(|(a, b)| *there.entry(a).or_insert(b) == b && *back.entry(b).or_insert(a) == a)
}
