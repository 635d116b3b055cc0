//! Linear regression with penalties that choose columns: lasso and elastic net.

use super::cholesky::dot;
use super::coordinate_descent::{Problem, Solution};
use super::gram::check_width;
use super::input::Input;
use super::least_squares::{self, RidgeParams};
use super::link::Squared;
use super::model::{Fitted, LinearModel, Link, Summary};
use super::pass::{Data, Point};
use crate::design::Design;
use crate::error::Result;
use crate::monitor::{Monitor, Progress};
use crate::parameters::{above, any, at_least, from_to, hyperparameters, linear, log};
use crate::training_set::TrainingSet;

/// What `tol` is multiplied by: scikit-learn's default of 1e-4 leaves weights with three digits, and here more cost little.
pub(super) const PRECISION: f64 = 1e-10;

hyperparameters! {
    /// Hyperparameters of elastic net, named as in scikit-learn. The model minimises half the mean of squared errors plus `alpha` times
    /// (`l1_ratio` times the sum of absolute weights plus half of `1 - l1_ratio` times the sum of squared weights). Lasso is elastic net with
    /// an `l1_ratio` of 1: [`ElasticNetParams::lasso`].
    pub struct ElasticNetParams {
        /// The strength of the penalty.
        alpha: f64 = 1.0, at_least(0.0), search log(1e-4, 10.0), from "scikit-learn";
        /// The share of absolute weights in the penalty, from 0 (ridge) to 1 (lasso).
        l1_ratio: f64 = 0.5, from_to(0.0, 1.0), search linear(0.05, 1.0), from "scikit-learn";
        /// Whether the model has an intercept, which is never penalised.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// Whether the penalty is on the weights of standardised numbers, so that units do not matter, or on the weights of the numbers as
        /// they are, as in scikit-learn without a scaler. Levels are 0 and 1 in both cases.
        standardize: bool = true, any(), from "assay";
        /// Sweeps over the columns at most.
        max_iter: usize = 1000, at_least(1.0), from "scikit-learn";
        /// How exact the weights are. The fit ends when the duality gap is below 1e-10 of this times half the variance of the target: more
        /// exact than in scikit-learn.
        tol: f64 = 1e-4, above(0.0), from "scikit-learn";
    }
}

impl ElasticNetParams {
    /// The penalty is on absolute weights alone.
    pub fn lasso() -> ElasticNetParams {
        ElasticNetParams::default().l1_ratio(1.0)
    }
}

impl ElasticNetParams {
    /// Whether no weight is penalised by its absolute value.
    pub(super) fn is_ridge(&self) -> bool {
        self.alpha * self.l1_ratio == 0.0
    }

    /// The same as ridge regression, of rows that weigh so much in all.
    pub(super) fn ridge(&self, total: f64) -> RidgeParams {
        RidgeParams::default()
            .alpha(self.alpha * (1.0 - self.l1_ratio) * total)
            .fit_intercept(self.fit_intercept)
            .standardize(self.standardize)
    }

    /// The L1 and the L2 penalty of each design column.
    pub(super) fn penalties(&self, design: &Design) -> (Vec<f64>, Vec<f64>) {
        let factors = design.raw_factors().into_iter();
        let factors = factors.map(|factor| if self.standardize { 1.0 } else { factor });
        let (l1, l2) = (self.alpha * self.l1_ratio, self.alpha * (1.0 - self.l1_ratio));
        factors.map(|factor| (l1 * factor, l2 * factor * factor)).unzip()
    }
}

/// Elastic net and lasso. Weights have no standard errors: the rows choose the columns, so those of the chosen columns would be too small.
/// With an `l1_ratio` or an `alpha` of 0 it is ridge regression, and has them. Where columns say the same, the first that the descent meets
/// gets the weight.
pub(super) fn fit(params: &ElasticNetParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let weights = input.weights.as_deref();
    if params.is_ridge() {
        let total = weights.map_or(input.targets.len() as f64, |weights| weights.iter().sum());
        return least_squares::fit(&params.ridge(total), set, monitor);
    }
    let design = Design::learn(&set.frame, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let data = Data::new(&design, &set.frame, input.targets, weights, monitor)?;
    let moments = data.moments()?;
    let means: Vec<f64> = (0..design.width()).map(|column| moments.mean(column)).collect();
    let (l1, l2) = params.penalties(&design);
    let mut problem = Problem::new(&moments, params.fit_intercept, l1, l2, monitor);
    let report = |iteration, loss| {
        monitor.progress(Progress {
            iteration,
            iterations: params.max_iter,
            loss,
        });
    };
    let tolerance = params.tol * PRECISION;
    let mut solution = Solution::zero(design.width());
    if design.width() as u64 > input.rows() {
        problem.walk(&mut solution, params.max_iter, tolerance, report)?;
    } else {
        problem.minimise(&mut solution, params.max_iter, tolerance, report)?;
    }

    let point_of = |solution: &Solution| Point {
        intercept: if params.fit_intercept {
            moments.mean(design.width()) - dot(&means, &solution.weights)
        } else {
            0.0
        },
        weights: solution.weights.clone(),
    };
    // The residuals themselves make up for what the products lost to rounding, as in least squares.
    let slope = data.slope(&point_of(&solution), &Squared, data.rows())?;
    let shift = if params.fit_intercept { slope.intercept } else { 0.0 };
    let exact: Vec<f64> = (slope.weights.iter().zip(&means))
        .map(|(product, mean)| (product - shift * mean) / moments.weight())
        .collect();
    problem.correct(&solution.weights, &exact)?;
    problem.minimise(&mut solution, params.max_iter, tolerance, report)?;
    let point = point_of(&solution);
    let squares = data.slope(&point, &Squared, data.rows())?.loss * 2.0;

    let summary = Summary {
        rows: input.rows(),
        rank: solution.weights.iter().filter(|weight| **weight != 0.0).count(),
        loss: squares / moments.weight(),
        iterations: solution.sweeps,
        converged: solution.converged,
    };
    LinearModel::assemble(&design, Link::Identity, &[Fitted { point, errors: None }], summary)
}
