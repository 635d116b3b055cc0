//! Linear regression with penalties that choose columns: lasso and elastic net.

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::cholesky::dot;
use super::coordinate_descent::{Problem, Solution};
use super::gram::check_width;
use super::input::Input;
use super::least_squares::{self, RidgeParams};
use super::link::Squared;
use super::model::{Fitted, LinearModel, Link, Summary};
use super::pass::{Data, Point};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::{Monitor, Progress, Watched};

/// What `tol` is multiplied by: scikit-learn's default of 1e-4 leaves weights with three digits, and here more cost little.
const PRECISION: f64 = 1e-10;

/// Hyperparameters of lasso, named as in scikit-learn. The model minimises half the mean of squared errors plus `alpha` times the sum of
/// absolute weights.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LassoParams(LassoValidParams);

/// Checked [`LassoParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LassoValidParams {
    alpha: f64,
    fit_intercept: bool,
    standardize: bool,
    max_iter: usize,
    tol: f64,
}

/// Hyperparameters of elastic net, named as in scikit-learn. The model minimises half the mean of squared errors plus `alpha` times
/// (`l1_ratio` times the sum of absolute weights plus half of `1 - l1_ratio` times the sum of squared weights).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ElasticNetParams(ElasticNetValidParams);

/// Checked [`ElasticNetParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticNetValidParams {
    alpha: f64,
    l1_ratio: f64,
    fit_intercept: bool,
    standardize: bool,
    max_iter: usize,
    tol: f64,
}

impl Default for ElasticNetValidParams {
    fn default() -> Self {
        ElasticNetValidParams {
            alpha: 1.0,
            l1_ratio: 0.5,
            fit_intercept: true,
            standardize: true,
            max_iter: 1000,
            tol: 1e-4,
        }
    }
}

impl Default for LassoValidParams {
    fn default() -> Self {
        let ElasticNetValidParams {
            alpha,
            fit_intercept,
            standardize,
            max_iter,
            tol,
            ..
        } = ElasticNetValidParams::default();
        LassoValidParams {
            alpha,
            fit_intercept,
            standardize,
            max_iter,
            tol,
        }
    }
}

impl From<&LassoValidParams> for ElasticNetValidParams {
    fn from(params: &LassoValidParams) -> Self {
        ElasticNetValidParams {
            alpha: params.alpha,
            l1_ratio: 1.0,
            fit_intercept: params.fit_intercept,
            standardize: params.standardize,
            max_iter: params.max_iter,
            tol: params.tol,
        }
    }
}

/// The setters that both have.
macro_rules! setters {
    ($params:ty) => {
        impl $params {
            /// The strength of the penalty, 0 or more; 1 unless set.
            pub fn alpha(mut self, alpha: f64) -> Self {
                self.0.alpha = alpha;
                self
            }

            /// Whether the model has an intercept, which is never penalised; true unless set.
            pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
                self.0.fit_intercept = fit_intercept;
                self
            }

            /// Whether the penalty is on the weights of standardised numbers (true unless set), so that units do not matter, or on the
            /// weights of the numbers as they are, as in scikit-learn without a scaler. Levels are 0 and 1 in both cases.
            pub fn standardize(mut self, standardize: bool) -> Self {
                self.0.standardize = standardize;
                self
            }

            /// Sweeps over the columns at most, 1 or more; 1000 unless set.
            pub fn max_iter(mut self, max_iter: usize) -> Self {
                self.0.max_iter = max_iter;
                self
            }

            /// How exact the weights are, above 0; 1e-4 unless set. The fit ends when the duality gap is below 1e-10 of this times half
            /// the variance of the target.
            pub fn tol(mut self, tol: f64) -> Self {
                self.0.tol = tol;
                self
            }
        }
    };
}
setters!(LassoParams);
setters!(ElasticNetParams);

impl ElasticNetParams {
    /// The share of absolute weights in the penalty, from 0 (ridge) to 1 (lasso); 0.5 unless set.
    pub fn l1_ratio(mut self, l1_ratio: f64) -> Self {
        self.0.l1_ratio = l1_ratio;
        self
    }
}

impl ElasticNetValidParams {
    fn verify(&self) -> Result<()> {
        let verify = |sound: bool, name, value: String, allowed| {
            if sound {
                Ok(())
            } else {
                Err(Error::Parameter { name, value, allowed })
            }
        };
        let (alpha, ratio, tol) = (self.alpha, self.l1_ratio, self.tol);
        verify(
            alpha.is_finite() && alpha >= 0.0,
            "alpha",
            alpha.to_string(),
            "a number, 0 or more",
        )?;
        verify(
            (0.0..=1.0).contains(&ratio),
            "l1_ratio",
            ratio.to_string(),
            "a number from 0 to 1",
        )?;
        verify(tol.is_finite() && tol > 0.0, "tol", tol.to_string(), "a number above 0")?;
        verify(
            self.max_iter > 0,
            "max_iter",
            self.max_iter.to_string(),
            "a whole number, 1 or more",
        )
    }
}

impl ParamGuard for LassoParams {
    type Checked = LassoValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        ElasticNetValidParams::from(&self.0).verify()?;
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl ParamGuard for ElasticNetParams {
    type Checked = ElasticNetValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        self.0.verify()?;
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// Lasso. Weights have no standard errors: the rows choose the columns, so those of the chosen columns would be too small. (With an `alpha`
/// of 0 it is linear regression, and has them.) Where columns say the same, the first that the descent meets gets the weight.
impl Fit<Frame, Array1<f64>, Error> for Watched<'_, LassoValidParams> {
    type Object = LinearModel;

    fn fit(&self, dataset: &DatasetBase<Frame, Array1<f64>>) -> Result<LinearModel> {
        fit(&ElasticNetValidParams::from(&self.params), dataset, self.monitor)
    }
}

/// Elastic net. Weights have no standard errors, as with lasso; with an `l1_ratio` or an `alpha` of 0 it is ridge regression, and has
/// them.
impl Fit<Frame, Array1<f64>, Error> for Watched<'_, ElasticNetValidParams> {
    type Object = LinearModel;

    fn fit(&self, dataset: &DatasetBase<Frame, Array1<f64>>) -> Result<LinearModel> {
        fit(&self.params, dataset, self.monitor)
    }
}

impl ElasticNetValidParams {
    /// The L1 and the L2 penalty of each design column.
    fn penalties(&self, design: &Design) -> (Vec<f64>, Vec<f64>) {
        let factors = design.raw_factors().into_iter();
        let factors = factors.map(|factor| if self.standardize { 1.0 } else { factor });
        let (l1, l2) = (self.alpha * self.l1_ratio, self.alpha * (1.0 - self.l1_ratio));
        factors.map(|factor| (l1 * factor, l2 * factor * factor)).unzip()
    }
}

fn fit(
    params: &ElasticNetValidParams,
    dataset: &DatasetBase<Frame, Array1<f64>>,
    monitor: &dyn Monitor,
) -> Result<LinearModel> {
    let input = Input::of(dataset)?;
    let weights = input.weights.as_deref();
    if params.alpha * params.l1_ratio == 0.0 {
        let total = weights.map_or(input.targets.len() as f64, |weights| weights.iter().sum());
        let ridge = RidgeParams::default()
            .alpha(params.alpha * (1.0 - params.l1_ratio) * total)
            .fit_intercept(params.fit_intercept)
            .standardize(params.standardize);
        return least_squares::fit(&ridge.check()?, dataset, monitor);
    }
    let design = Design::learn(&dataset.records, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let data = Data::new(&design, &dataset.records, &input.targets, weights, monitor)?;
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
