//! The one table of the learners.

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::exchange::TreeSum;
use crate::exchange::onnx::Graph;
use crate::fitted::{Fitted, Form, WHAT, decode_form};
use crate::grouped::GroupedModel;
use crate::learner::Algorithm;
use crate::monitor::Monitor;

/// Every learner. Training, the errors' lists, the pages and the reading of stored models go by this table.
pub static LEARNERS: &[Algorithm] = &[
    Algorithm::of::<crate::linear::LinearRegression>(),
    Algorithm::of::<crate::linear::Ridge>(),
    Algorithm::of::<crate::linear::Lasso>(),
    Algorithm::of::<crate::linear::ElasticNet>(),
    Algorithm::of::<crate::linear::LogisticRegression>(),
    Algorithm::of::<crate::linear::PoissonRegression>(),
    Algorithm::of::<crate::linear::QuantileRegression>(),
    Algorithm::of::<crate::linear::HuberRegression>(),
    Algorithm::of::<crate::linear::LinearSvm>(),
    Algorithm::of::<crate::naive_bayes::NaiveBayesLearner>(),
    Algorithm::of::<crate::forest::DecisionTree>(),
    Algorithm::of::<crate::forest::Forest>(),
    Algorithm::of::<crate::boosting::GradientBoosting>(),
    Algorithm::of::<crate::clustering::k_means::KMeansLearner>(),
    Algorithm::of::<crate::clustering::mixture::GaussianMixtureLearner>(),
    Algorithm::of::<crate::pca::PcaLearner>(),
    Algorithm::of::<crate::dbscan::DbscanLearner>(),
    Algorithm::of::<crate::isolation::IsolationForestLearner>(),
    Algorithm::of::<crate::forecast::Forecast>(),
];

/// The algorithm of that name.
pub fn named(name: &str) -> Option<&'static Algorithm> {
    LEARNERS.iter().find(|algorithm| algorithm.name == name)
}

/// Reads what scores of one form.
type Decode = fn(&[u8], &dyn Monitor) -> Result<Box<dyn Fitted>>;

/// Forms that no learner fits, but that models from elsewhere have: their numbers, which stay their own for ever, and what reads them.
pub(crate) static IMPORTED: &[(u16, Decode)] = &[
    (TreeSum::CODE, decode_form::<TreeSum>),
    (Graph::CODE, decode_form::<Graph>),
];

/// Reads a fitted model of a form that one of the learners fits or that is imported, or of models by group. What it holds is not checked yet; see
/// [`Fitted::validate`].
pub fn decode(form: u16, bytes: &[u8], monitor: &dyn Monitor) -> Result<Box<dyn Fitted>> {
    if form == GroupedModel::FORM {
        return Ok(Box::new(GroupedModel::decode(bytes, monitor)?));
    }
    decode_single(form, bytes, monitor)
}

/// The same for one model only.
pub(crate) fn decode_single(form: u16, bytes: &[u8], monitor: &dyn Monitor) -> Result<Box<dyn Fitted>> {
    let learned = LEARNERS.iter().find(|algorithm| algorithm.form == form);
    let imported = || IMPORTED.iter().find(|(number, _)| *number == form);
    match learned
        .map(|algorithm| algorithm.decode)
        .or_else(|| imported().map(|(_, decode)| *decode))
    {
        Some(decode) => decode(bytes, monitor),
        None => Err(Error::newer(
            WHAT,
            format!("what scores has form {form}, which this assay does not know"),
        )),
    }
}
