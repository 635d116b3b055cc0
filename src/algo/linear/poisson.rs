//! Poisson regression: the logarithm of the mean of counts is linear.

use super::covariance::Reported;
use super::gram::{self, check_width};
use super::input::Input;
use super::losses::PoissonLoss;
use super::model::{Errors, Fitted, LinearModel, Link, Summary};
use super::newton::{self, Single};
use super::pass::Data;
use super::reference::{Reference, check_reference};
use super::robust::{self, StandardErrors, check_errors, clusters_of, is_robust};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::parameters::{above, any, at_least, hyperparameters, log};
use crate::task::Task;
use crate::training_set::{Shape, TrainingSet};

hyperparameters! {
    /// Hyperparameters of Poisson regression. The model minimises half the mean deviance plus half of `alpha` times the sum of squared weights.
    pub struct PoissonParams {
        /// The strength of the penalty. scikit-learn's default is 1; without a penalty the model is statsmodels' `GLM`.
        alpha: f64 = 0.0, at_least(0.0), search log(1e-6, 10.0), from "scikit-learn";
        /// Passes over the rows at most.
        max_iter: usize = 100, at_least(1.0), from "statsmodels";
        /// How exact the weights are. The fit ends when the next step promises to come nearer to the minimum by a thousandth of this, in standard
        /// errors.
        tol: f64 = 1e-4, above(0.0), from "scikit-learn";
        /// Whether the model has an intercept, which is never penalised.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// Whether the penalty is on the weights of standardised numbers or of the numbers as they are.
        standardize: bool = true, any(), from "assay";
        /// Of what standard errors are made: of what the model says, that the variance is the mean, or of each row's own residual.
        standard_errors: StandardErrors = StandardErrors::Classical, any(), from "statsmodels";
        /// A column of the query that says which rows are not independent of each other: standard errors are by these clusters. It is no feature.
        cluster: Option<String> = None, any(), from "statsmodels";
        /// The level of each category that the weights of its other levels are differences from: the first in order, that of most rows, or the one that
        /// an object names for its column, as in `{"colour": "red"}`. Predictions stay as they are.
        reference: Reference = Reference::None, any(), from "assay";
    }
    together Self::check_together
}

impl PoissonParams {
    fn check_together(&self) -> Result<()> {
        check_errors(self.standard_errors, self.cluster.as_deref())?;
        self.standard_errors.check_likelihood()?;
        check_reference(&self.reference, self.fit_intercept)
    }
}

/// Poisson regression.
pub struct PoissonRegression;

impl Learner for PoissonRegression {
    const NAME: &'static str = "poisson_regression";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str = "the mean of counts, whose logarithm is linear, as statsmodels' `GLM` with `Poisson` and scikit-learn's `PoissonRegressor`; \
                                 weights have standard errors and p-values. For rates predict the count over the exposure, with the exposure as weight";
    type Parameters = PoissonParams;
    type Fitted = LinearModel;

    fn cluster(params: &PoissonParams) -> Option<&str> {
        params.cluster.as_deref()
    }

    fn memory(params: &PoissonParams, shape: &Shape) -> usize {
        let errors = robust::memory(params.standard_errors, params.cluster.as_deref(), shape);
        shape.rows.saturating_mul(24).saturating_add(errors)
    }

    fn design_memory(_: &PoissonParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns).saturating_mul(2)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        fit(params, set, monitor)
    }
}

pub(super) fn fit(params: &PoissonParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let weights = input.weights.as_deref();
    if let Some(least) = input.targets.iter().copied().find(|target| *target < 0.0) {
        return Err(Error::data(
            "a count is below 0",
            "leave out rows whose target is negative, or use another regression",
        )
        .detail(format!("The target of a row is {least}.")));
    }
    let design = Design::learn(&set.frame, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let data = Data::new(&design, &set.frame, input.targets, weights, monitor)?;
    let mean = data.target_mean()?;
    if mean <= 0.0 {
        return Err(Error::data(
            "the target is 0 in every row that counts",
            "give rows whose target is above 0, too",
        ));
    }
    // What the intercept is where nothing else tells; without one there is nowhere to put it.
    let mean = if params.fit_intercept { mean } else { 1.0 };
    let strength = params.alpha * data.total_weight();
    let penalty: Vec<f64> = (design.raw_factors().into_iter())
        .map(|factor| {
            strength
                * if params.standardize {
                    1.0
                } else {
                    (factor * factor).min(1e100)
                }
        })
        .collect();
    let problem = newton::Problem {
        data,
        objective: Single {
            data,
            loss: PoissonLoss { mean },
            intercept: params.fit_intercept,
        },
        outputs: 1,
        penalty: &penalty,
        max_iterations: params.max_iter,
        tolerance: (params.tol * 1e-3).powi(2),
    };
    let minimum = problem.minimise()?;
    let (equations, mut point) = (&minimum.equations, minimum.points[0].clone());
    let reported = Reported::of(&design, &params.reference, set.features())?;
    let clusters = clusters_of(params.cluster.as_deref(), set)?;
    let errors = match is_robust(params.standard_errors, clusters) {
        true => {
            let fit = robust::Fit {
                data,
                point: &point,
                loss: &PoissonLoss { mean },
                equations,
                rows: input.rows(),
                clusters,
                kind: params.standard_errors,
            };
            fit.errors(&reported)?
        }
        false => Errors::of_likelihood(equations.variances(&reported, false, monitor)?),
    };
    point.intercept += mean.ln();
    let summary = Summary {
        rows: input.rows(),
        rank: equations.rank(),
        loss: (minimum.loss / data.total_weight()).max(0.0),
        iterations: minimum.iterations,
        converged: minimum.converged,
    };
    let fitted = Fitted {
        point,
        errors: Some(errors),
    };
    LinearModel::assemble_as(&design, &reported, Link::Log, &[fitted], summary)
}
