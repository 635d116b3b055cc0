//! Poisson regression: the logarithm of the mean of counts is linear.

use super::by_passes::{Begun, ByPasses, FromPasses, ScoreSteps, usual_width};
use super::by_sums::{OTHER_SUMS, check_rows, products_of};
use super::covariance::Reported;
use super::equations::Equations;
use super::exact;
use super::gram::{self, check_width};
use super::input::Input;
use super::losses::PoissonLoss;
use super::model::{Errors, Fitted, LinearModel, Link, Summary};
use super::newton::{self, Single};
use super::pass::Data;
use super::reference::{Reference, check_reference};
use super::robust::{self, StandardErrors, check_errors, clusters_of, is_robust};
use super::summing::{LinearKind, LinearPass, LinearSums, RowsLoss};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::learner::{Checked, Learner};
use crate::monitor::{Monitor, Unwatched};
use crate::parameters::{above, any, at_least, hyperparameters, log};
use crate::sums::{Course, Sums, Total, What};
use crate::task::Task;
use crate::training_set::{Shape, TargetKind, TrainingSet};

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

    fn sums(params: &PoissonParams, _: TargetKind) -> bool {
        params.standard_errors == StandardErrors::Classical && params.cluster.is_none()
    }

    fn course(params: &PoissonParams, sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        if usual_width(sample)?.is_none() {
            return Ok(None);
        }
        let input = Input::of(sample)?;
        let first = products_of(sample, (input.targets, input.weights.as_deref()), &Unwatched)?;
        check_width(first.design().width())?;
        let first = What::Linear(first);
        Ok(Some(Box::new(ByPasses::new(BySums(params.clone()), first))))
    }
}

pub(super) fn fit(params: &PoissonParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let weights = input.weights.as_deref();
    check_counts(input.targets)?;
    let design = Design::learn(&set.frame, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let data = Data::new(&design, &set.frame, input.targets, weights, monitor)?;
    let mean = params.mean(data.target_mean()?)?;
    let penalty = params.penalties(&design, data.total_weight());
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
        tolerance: params.tolerance(),
    };
    let minimum = problem.minimise()?;
    let (equations, point) = (&minimum.equations, &minimum.points[0]);
    let reported = Reported::of(&design, &params.reference, set.features())?;
    let clusters = clusters_of(params.cluster.as_deref(), set)?;
    let errors = match is_robust(params.standard_errors, clusters) {
        true => {
            let fit = robust::Fit {
                data,
                point,
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
    let size = (input.rows(), data.total_weight());
    params.assemble((&design, &reported), (&minimum, mean), errors, size)
}

/// Returns an error for a target below 0.
pub(super) fn check_counts(targets: &[f64]) -> Result<()> {
    match targets.iter().copied().find(|target| *target < 0.0) {
        None => Ok(()),
        Some(least) => Err(Error::data(
            "a count is below 0",
            "leave out rows whose target is negative, or use another regression",
        )
        .detail(format!("The target of a row is {least}."))),
    }
}

impl PoissonParams {
    /// What a count is expected to be where the score is 0, if this is the mean of all. Returns an error where it is 0.
    fn mean(&self, mean: f64) -> Result<f64> {
        if mean <= 0.0 {
            return Err(Error::data(
                "the target is 0 in every row that counts",
                "give rows whose target is above 0, too",
            ));
        }
        // What the intercept is where nothing else tells; without one there is nowhere to put it.
        Ok(if self.fit_intercept { mean } else { 1.0 })
    }

    /// The penalty of each design column over rows of so much weight.
    fn penalties(&self, design: &Design, weight: f64) -> Vec<f64> {
        let of_column = |factor: f64| match self.standardize {
            true => 1.0,
            false => (factor * factor).min(1e100),
        };
        let factors = design.raw_factors().into_iter();
        factors.map(|factor| self.alpha * weight * of_column(factor)).collect()
    }

    /// How near, in squared standard errors, the minimum is to be.
    fn tolerance(&self) -> f64 {
        (self.tol * 1e-3).powi(2)
    }

    /// The model where Newton's method ended: of so many rows of so much weight.
    fn assemble(
        &self,
        (design, reported): (&Design, &Reported),
        (minimum, mean): (&newton::Minimum<Equations>, f64),
        errors: Errors,
        (rows, weight): (u64, f64),
    ) -> Result<LinearModel> {
        let mut point = minimum
            .points
            .first()
            .cloned()
            .ok_or(Error::Internal("a minimum without a point"))?;
        point.intercept += mean.ln();
        let summary = Summary {
            rows,
            rank: minimum.equations.rank(),
            loss: (minimum.loss / weight).max(0.0),
            iterations: minimum.iterations,
            converged: minimum.converged,
        };
        let errors = Some(errors);
        LinearModel::assemble_as(design, reported, Link::Log, &[Fitted { point, errors }], summary)
    }
}

/// Poisson regression whose rows are summed up: the first pass is for the products of the columns, which tell what they are like, and the mean count.
struct BySums(PoissonParams);

impl FromPasses for BySums {
    type Steps = ScoreSteps;

    fn limits(&self) -> (usize, f64) {
        (self.0.max_iter, self.0.tolerance())
    }

    fn reference(&self) -> &Reference {
        &self.0.reference
    }

    fn look_at_loss(&self, _: f64) -> Result<()> {
        Ok(())
    }

    fn begin(&self, first: (&What, &Total), sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Begun<ScoreSteps>> {
        let (What::Linear(first), Total::Linear(LinearSums::Products(wide))) = first else {
            return Err(OTHER_SUMS);
        };
        check_counts(sample.targets()?)?;
        check_rows(wide.weight())?;
        let intercept = self.0.fit_intercept;
        let (seen, moments) = exact::of_products(first, wide, intercept, monitor)?;
        let design = Design::of_seen(&seen, intercept);
        let (width, weight) = (moments.width(), moments.weight());
        let mean = self.0.mean(moments.mean(width) * first.scale.1)?;
        Ok(Begun {
            penalty: self.0.penalties(&design, weight),
            design,
            pass: LinearPass {
                seen,
                centred: intercept,
                scale: (0.0, 1.0),
                class_weights: Vec::new(),
                kind: LinearKind::Products,
            },
            weight,
            steps: ScoreSteps {
                loss: RowsLoss::Poisson(mean),
                intercept,
            },
        })
    }

    fn conclude(
        &self,
        begun: &Begun<ScoreSteps>,
        reported: &Reported,
        minimum: &newton::Minimum<Equations>,
        rows: &Sums,
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        let mean = match begun.steps.loss {
            RowsLoss::Poisson(mean) => mean,
            RowsLoss::Squared | RowsLoss::Logistic => return Err(OTHER_SUMS),
        };
        let errors = Errors::of_likelihood(minimum.equations.variances(reported, false, monitor)?);
        let size = (rows.counted(), begun.weight);
        self.0
            .assemble((&begun.design, reported), (minimum, mean), errors, size)
    }
}
