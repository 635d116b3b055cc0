//! The one table of the learners.

#[cfg(test)]
mod tests;

use super::error::{Error, Result};
use super::fitted::{Fitted, WHAT};
use super::learner::Algorithm;
use super::monitor::Monitor;
use super::{boosting, forest, linear, naive_bayes};

/// Every learner. Training, the errors' lists, the pages and the reading of stored models go by this table.
pub static LEARNERS: [Algorithm; 9] = [
    Algorithm::of::<linear::LinearRegression>(),
    Algorithm::of::<linear::Ridge>(),
    Algorithm::of::<linear::Lasso>(),
    Algorithm::of::<linear::ElasticNet>(),
    Algorithm::of::<linear::LogisticRegression>(),
    Algorithm::of::<naive_bayes::NaiveBayesLearner>(),
    Algorithm::of::<forest::DecisionTree>(),
    Algorithm::of::<forest::Forest>(),
    Algorithm::of::<boosting::GradientBoosting>(),
];

/// The algorithm of that name.
pub fn named(name: &str) -> Option<&'static Algorithm> {
    LEARNERS.iter().find(|algorithm| algorithm.name == name)
}

/// Reads a fitted model of a form that one of the learners fits. What it holds is not checked yet; see [`Fitted::validate`].
pub fn decode(form: u16, bytes: &[u8], monitor: &dyn Monitor) -> Result<Box<dyn Fitted>> {
    match LEARNERS.iter().find(|algorithm| algorithm.form == form) {
        Some(algorithm) => (algorithm.decode)(bytes, monitor),
        None => Err(Error::newer(
            WHAT,
            format!("what scores has form {form}, which this assay does not know"),
        )),
    }
}
