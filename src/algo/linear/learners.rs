//! The learners of the family.

use super::by_passes;
use super::by_sums::ByProducts;
use super::elastic_net::{self, ElasticNetParams};
use super::gram;
use super::least_squares::{self, RidgeParams};
use super::logistic::{self, LogisticRegressionParams};
use super::model::LinearModel;
use super::robust::{self, StandardErrors};
use crate::error::Result;
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::sums::Course;
use crate::task::Task;
use crate::training_set::{Shape, TargetKind, TrainingSet};

/// Ordinary least squares.
pub struct LinearRegression;

impl Learner for LinearRegression {
    const NAME: &'static str = "linear_regression";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str =
        "least squares, as scikit-learn's `LinearRegression`; weights have standard errors and p-values";
    const WITHOUT: &'static [&'static str] = &["alpha", "standardize"];
    type Parameters = RidgeParams;
    type Fitted = LinearModel;

    fn defaults() -> RidgeParams {
        RidgeParams::least_squares()
    }

    fn cluster(params: &RidgeParams) -> Option<&str> {
        params.cluster.as_deref()
    }

    fn memory(params: &RidgeParams, shape: &Shape) -> usize {
        robust::memory(params.standard_errors, params.cluster.as_deref(), shape)
    }

    fn design_memory(_: &RidgeParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        least_squares::fit(params, set, monitor)
    }

    fn sums(params: &RidgeParams, _: TargetKind) -> bool {
        params.standard_errors == StandardErrors::Classical && params.cluster.is_none()
    }

    fn course(params: &RidgeParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(Some(Box::new(ByProducts::new(params, sample)?)))
    }
}

/// Least squares with a penalty on squared weights.
pub struct Ridge;

impl Learner for Ridge {
    const NAME: &'static str = "ridge";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str = "least squares with a penalty on squared weights, as scikit-learn's `Ridge`; weights have standard errors and \
                                 p-values";
    type Parameters = RidgeParams;
    type Fitted = LinearModel;

    fn cluster(params: &RidgeParams) -> Option<&str> {
        params.cluster.as_deref()
    }

    fn memory(params: &RidgeParams, shape: &Shape) -> usize {
        robust::memory(params.standard_errors, params.cluster.as_deref(), shape)
    }

    fn design_memory(_: &RidgeParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        least_squares::fit(params, set, monitor)
    }

    fn sums(params: &RidgeParams, _: TargetKind) -> bool {
        params.standard_errors == StandardErrors::Classical && params.cluster.is_none()
    }

    fn course(params: &RidgeParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(Some(Box::new(ByProducts::new(params, sample)?)))
    }
}

/// Least squares with a penalty on absolute weights.
pub struct Lasso;

impl Learner for Lasso {
    const NAME: &'static str = "lasso";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str = "least squares with a penalty on absolute weights, as scikit-learn's `Lasso`; weights have standard errors only \
                                 when `alpha` is 0";
    const WITHOUT: &'static [&'static str] = &["l1_ratio"];
    type Parameters = ElasticNetParams;
    type Fitted = LinearModel;

    fn defaults() -> ElasticNetParams {
        ElasticNetParams::lasso()
    }

    fn design_memory(_: &ElasticNetParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        elastic_net::fit(params, set, monitor)
    }

    fn sums(_: &ElasticNetParams, _: TargetKind) -> bool {
        true
    }

    fn course(params: &ElasticNetParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(Some(Box::new(ByProducts::new(params, sample)?)))
    }
}

/// Least squares with both penalties.
pub struct ElasticNet;

impl Learner for ElasticNet {
    const NAME: &'static str = "elastic_net";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str = "least squares with penalties on absolute and on squared weights, as scikit-learn's `ElasticNet`; weights have \
                                 standard errors only when there is no penalty on absolute weights";
    type Parameters = ElasticNetParams;
    type Fitted = LinearModel;

    fn design_memory(_: &ElasticNetParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        elastic_net::fit(params, set, monitor)
    }

    fn sums(_: &ElasticNetParams, _: TargetKind) -> bool {
        true
    }

    fn course(params: &ElasticNetParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(Some(Box::new(ByProducts::new(params, sample)?)))
    }
}

/// Logistic regression of two or more classes.
pub struct LogisticRegression;

impl Learner for LogisticRegression {
    const NAME: &'static str = "logistic_regression";
    const TASKS: &'static [Task] = &[Task::Classification];
    const ABOUT: &'static str = "one linear score, or with more than two classes one for each as one multinomial model, as scikit-learn's \
                                 `LogisticRegression`; weights have standard errors and p-values with two classes and up to 500 columns after \
                                 one-hot encoding, and with 3 to 16 classes when (classes - 1) x (columns + 1) is at most 600";
    type Parameters = LogisticRegressionParams;
    type Fitted = LinearModel;

    /// The linear predictor and the loss's derivatives.
    fn memory(params: &LogisticRegressionParams, shape: &Shape) -> usize {
        let errors = robust::memory(params.standard_errors, params.cluster.as_deref(), shape);
        shape.rows.saturating_mul(24).saturating_add(errors)
    }

    fn cluster(params: &LogisticRegressionParams) -> Option<&str> {
        params.cluster.as_deref()
    }

    fn design_memory(_: &LogisticRegressionParams, shape: &Shape) -> usize {
        logistic::memory_needed(shape)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        logistic::fit(params, set, monitor)
    }

    fn sums(params: &LogisticRegressionParams, _: TargetKind) -> bool {
        params.standard_errors == StandardErrors::Classical && params.cluster.is_none()
    }

    fn course(params: &LogisticRegressionParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        by_passes::logistic(params, sample)
    }
}
