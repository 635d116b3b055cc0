//! What a learner fits: it scores, and tells about itself.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bytes;
use super::calibration::Scale;
use super::error::Result;
use super::estimator::Estimator;
use super::exchange::{Outline, TreeSum};
use super::explain::{Additive, Baseline, Explainer};
use super::forecast::Forecaster;
use super::formula::{self, Formula};
use super::grouped::GroupedModel;
use super::linear::{self, Intercept, Weight};
use super::monitor::Monitor;
use super::trees::Importance;
use super::unsupervised::Unsupervised;

/// What errors call it.
pub(super) const WHAT: &str = "the model";

/// A fitted model, whatever learned it.
pub trait Fitted: Estimator + Stored + Debug + Send + Sync {
    /// Checks a decoded model: scoring any encoded row is safe afterwards. `features[i]` is 0 for a number column and the number of levels for
    /// a category; the keys of groups are among them, at the end. Returns an error when stopped, too. O(size).
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()>;

    /// Bytes that it holds on the heap. O(1).
    fn memory(&self) -> usize;

    /// Writes what explanations of a row's score add up to: what there is before a link makes it a number or probabilities. As many as
    /// [`Fitted::base`] has.
    fn margin(&self, row: &[f64], out: &mut [f64]);

    /// The mean of each margin over the training rows.
    fn base(&self) -> &[f64];

    /// What attributes its margins to the features of a row, against a baseline. `features` as for [`Fitted::validate`]. Returns an error when stopped,
    /// too, and for a model that cannot be explained. O(size), and for a background O(rows x size).
    fn explainer(
        &self,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Box<dyn Explainer>>;

    /// What is explained, by the margins or by their base: as many as the explainer's base has.
    fn explained(&self, margins: &[f64]) -> Vec<f64> {
        margins.to_vec()
    }

    /// The model as a sum over its features, when its explained margins are sums. O(size).
    fn additive(&self) -> Option<Box<dyn Additive>> {
        None
    }

    /// Right after the fit, what [`Baseline::Means`] has of the training rows, when its explained margins are sums.
    fn means(&self) -> Option<Vec<f64>> {
        None
    }

    /// What it makes of each of `columns` columns, when it splits rows by them. O(size).
    fn importance(&self, _columns: usize) -> Option<Vec<Importance>> {
        None
    }

    /// The same model as a sum of trees behind a link, when it is one: what is written in formats of trees. Returns an error when stopped, and where there
    /// is no room. O(size).
    fn tree_sum(&self, _monitor: &dyn Monitor) -> Result<Option<TreeSum>> {
        Ok(None)
    }

    /// Its score as a formula, when it has one; `levels` says how many levels each column has, 0 of a number. Returns an error that names what is in the way.
    /// O(size).
    fn formula(&self, levels: &[usize], monitor: &dyn Monitor) -> Result<Option<Formula>> {
        let sum = self.tree_sum(monitor)?;
        sum.map(|sum| formula::of_trees(&sum, levels, monitor)).transpose()
    }

    /// The weights of its margins, when these are weighted sums of the features.
    fn weights(&self) -> Option<(&[Intercept], &[Weight])> {
        None
    }

    /// How many independent columns the weights of a number are of; `None` for a model without such weights.
    fn rank(&self) -> Option<usize> {
        None
    }

    /// What it can do as a model without a target; `None` for one that predicts a target.
    fn unsupervised(&self) -> Option<&dyn Unsupervised> {
        None
    }

    /// The series that it forecasts; `None` for a model of rows.
    fn forecaster(&self) -> Option<&Forecaster> {
        None
    }

    /// How many values at the end of an encoded row say to which group it belongs. They are no features.
    fn keys(&self) -> usize {
        0
    }

    /// The models of groups, if there are any.
    fn grouped(&self) -> Option<&GroupedModel> {
        None
    }

    /// About the condition number of the columns that weights were found for, right after the fit: what is off in a value in one digit may be off
    /// in the weights in this many times as much.
    fn condition(&self) -> Option<f64> {
        None
    }

    /// What a calibration of its probabilities is a function of.
    fn calibration_scale(&self) -> Scale {
        Scale::LogOdds
    }

    /// The mean loss on rows held out by the learner itself, after each iteration; empty when there were none.
    fn eval_losses(&self) -> &[f64] {
        &[]
    }

    /// What it is, for those who write it in another format; `None` for a form that no format says. O(size).
    fn outline(&self) -> Option<Outline<'_>> {
        None
    }

    /// What scores faster than the model itself, when a score is a link of a weighted sum. O(size).
    fn linear_scorer(&self) -> Option<linear::Scorer> {
        None
    }

    /// What scores faster than the model itself, and the same to the bit; `None` when nothing does. O(size).
    fn scorer(&self) -> Option<Box<dyn Estimator>> {
        None
    }
}

/// A form of fitted model whose bytes are stored: what several learners fit can be one.
pub trait Form: Serialize + DeserializeOwned + 'static {
    /// Its number in stored models, which stays its own for ever.
    const CODE: u16;
}

/// Bytes of a fitted model.
pub trait Stored {
    /// The number of its form.
    fn form(&self) -> u16;

    /// Appends its bytes. Returns an error when stopped, and where there is no room. O(size).
    fn encode(&self, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>>;
}

impl<F: Form> Stored for F {
    fn form(&self) -> u16 {
        F::CODE
    }

    fn encode(&self, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        bytes::encode(WHAT, self, bytes, monitor)
    }
}

/// Reads a fitted model of one form. What it holds is not checked yet; see [`Fitted::validate`].
pub(super) fn decode_form<F: Form + Fitted>(bytes: &[u8], monitor: &dyn Monitor) -> Result<Box<dyn Fitted>> {
    Ok(Box::new(bytes::decode::<F>(WHAT, bytes, monitor)?))
}

/// Whether margins' means are as many as they should be, and finite.
pub(crate) fn is_base(base: &[f64], margins: usize) -> bool {
    base.len() == margins && base.iter().all(|mean| mean.is_finite())
}
