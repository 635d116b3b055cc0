//! Linear regression by least squares, without a penalty and with that of ridge regression.

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::cholesky::dot;
use super::equations::Equations;
use super::gram::{Gram, Moments, check_width};
use super::input::Input;
use super::link::Squared;
use super::model::{Errors, Fitted, LinearModel, Link, Summary, intercept_offsets};
use super::pass::{Data, Point};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::{Monitor, Progress, Unwatched, Watched};

/// Hyperparameters of linear regression, named as in scikit-learn.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinearRegressionParams(LinearRegressionValidParams);

/// Checked [`LinearRegressionParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearRegressionValidParams {
    fit_intercept: bool,
}

impl Default for LinearRegressionValidParams {
    fn default() -> Self {
        LinearRegressionValidParams { fit_intercept: true }
    }
}

impl LinearRegressionParams {
    /// Whether the model has an intercept; true unless set.
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.0.fit_intercept = fit_intercept;
        self
    }
}

impl ParamGuard for LinearRegressionParams {
    type Checked = LinearRegressionValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked> {
        Ok(self.0)
    }
}

/// Hyperparameters of ridge regression, named as in scikit-learn. The model minimises the sum of squared errors plus `alpha` times the
/// sum of squared weights.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RidgeParams(RidgeValidParams);

/// Checked [`RidgeParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RidgeValidParams {
    alpha: f64,
    fit_intercept: bool,
    standardize: bool,
}

impl Default for RidgeValidParams {
    fn default() -> Self {
        RidgeValidParams {
            alpha: 1.0,
            fit_intercept: true,
            standardize: true,
        }
    }
}

impl RidgeParams {
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

    /// Whether the penalty is on the weights of standardised numbers, so that units do not matter, as in a pipeline of a standard
    /// scaler and ridge (true unless set), or on the weights of the numbers as they are. Levels are 0 and 1 in both cases.
    pub fn standardize(mut self, standardize: bool) -> Self {
        self.0.standardize = standardize;
        self
    }
}

impl ParamGuard for RidgeParams {
    type Checked = RidgeValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&Self::Checked> {
        if self.0.alpha.is_finite() && self.0.alpha >= 0.0 {
            return Ok(&self.0);
        }
        Err(Error::Parameter {
            name: "alpha",
            value: self.0.alpha.to_string(),
            allowed: "a number, 0 or more",
        })
    }

    fn check(self) -> Result<Self::Checked> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl From<&LinearRegressionValidParams> for RidgeValidParams {
    fn from(params: &LinearRegressionValidParams) -> Self {
        RidgeValidParams {
            alpha: 0.0,
            fit_intercept: params.fit_intercept,
            standardize: true,
        }
    }
}

/// Ordinary least squares. Where columns are collinear, the weights are the smallest (on the scale of the encoded columns) of all that
/// fit equally well, and those that the rows do not identify have no standard error.
impl Fit<Frame, Array1<f64>, Error> for Watched<'_, LinearRegressionValidParams> {
    type Object = LinearModel;

    fn fit(&self, dataset: &DatasetBase<Frame, Array1<f64>>) -> Result<LinearModel> {
        fit(&RidgeValidParams::from(&self.params), dataset, self.monitor)
    }
}

/// Ridge regression. Standard errors are those of the shrunken weights (Halawa and El Bassiouni 2000), bias left aside.
impl Fit<Frame, Array1<f64>, Error> for Watched<'_, RidgeValidParams> {
    type Object = LinearModel;

    fn fit(&self, dataset: &DatasetBase<Frame, Array1<f64>>) -> Result<LinearModel> {
        fit(&self.params, dataset, self.monitor)
    }
}

/// Linear regression from sums of products alone, for rows of numbers. O(width^3), whatever the number of rows.
pub fn solve_gram(gram: &Gram, params: &LinearRegressionValidParams) -> Result<LinearModel> {
    ridge_gram(gram, &RidgeValidParams::from(params))
}

/// Ridge regression from sums of products alone; as [`solve_gram`].
pub fn ridge_gram(gram: &Gram, params: &RidgeValidParams) -> Result<LinearModel> {
    let moments = gram.moments();
    if moments.rows() == 0 {
        return Err(Error::data(
            "there are no rows to learn from",
            "check the training query",
        ));
    }
    let variance = |column| moments.product(column, column) / moments.weight();
    let columns = (0..moments.width()).map(|column| (moments.mean(column), variance(column)));
    let design = Design::of_numbers(columns, params.fit_intercept);
    let scaled = moments.scaled(&design.raw_factors(), params.fit_intercept);
    let penalty = params.penalties(&design);
    let equations = Equations::new(&scaled, &penalty, params.fit_intercept, &Unwatched)?;
    let target = scaled.width();
    let (right, mean) = right_hand_side(&scaled, params.fit_intercept);
    let weights = equations.solve(&right);
    let point = Point {
        intercept: equations.intercept(&weights, mean),
        weights,
    };
    let total = scaled.product(target, target)
        + if params.fit_intercept {
            0.0
        } else {
            scaled.weight() * mean * mean
        };
    let explained: f64 = (point.weights.iter().zip(&right).zip(&penalty))
        .map(|((w, r), p)| w * (r + p * w))
        .sum();
    conclude(
        params,
        &design,
        &equations,
        point,
        (total - explained).max(0.0),
        moments.rows(),
        &Unwatched,
    )
}

impl RidgeValidParams {
    /// The penalty of each design column.
    fn penalties(&self, design: &Design) -> Vec<f64> {
        let factor = |factor: f64| if self.standardize { 1.0 } else { factor * factor };
        design
            .raw_factors()
            .into_iter()
            .map(|f| self.alpha * factor(f))
            .collect()
    }
}

/// Fits the rows of a dataset; linear regression is ridge regression with an `alpha` of 0.
pub(crate) fn fit(
    params: &RidgeValidParams,
    dataset: &DatasetBase<Frame, Array1<f64>>,
    monitor: &dyn Monitor,
) -> Result<LinearModel> {
    let input = Input::of(dataset)?;
    let weights = input.weights.as_deref();
    let design = Design::learn(&dataset.records, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let data = Data::new(&design, &dataset.records, &input.targets, weights, monitor)?;
    let moments = data.moments()?;
    let penalty = params.penalties(&design);
    let equations = Equations::new(&moments, &penalty, params.fit_intercept, monitor)?;
    let (right, mean) = right_hand_side(&moments, params.fit_intercept);
    let solution = equations.solve(&right);
    let mut point = Point {
        intercept: equations.intercept(&solution, mean),
        weights: solution,
    };

    // One step from the residuals themselves makes up for what the products lost to rounding (Bjorck 1996, section 2.9.3), and gives
    // the residual sum of squares without cancellation.
    let slope = data.slope(&point, &Squared, data.rows())?;
    let gradient = equations.centred(&slope.weights, slope.intercept);
    let pull = point.weights.iter().zip(&penalty).map(|(w, p)| p * w);
    let right: Vec<f64> = gradient.iter().zip(pull).map(|(g, pull)| g - pull).collect();
    let step = equations.solve(&right);
    let mean = slope.intercept / equations.weight();
    let lift = equations.intercept(&step, mean);
    // The step's own effect on that sum, exact for a quadratic: it solves the equations, so no further pass is needed.
    let curved: f64 = (step.iter().zip(&right).zip(&penalty))
        .map(|((s, r), p)| s * (r - p * s))
        .sum();
    let lifted = if params.fit_intercept {
        slope.intercept * mean
    } else {
        0.0
    };
    let squares = (2.0 * slope.loss - 2.0 * dot(&step, &gradient) + curved - lifted).max(0.0);
    point.weights.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
    point.intercept += lift;

    let model = conclude(params, &design, &equations, point, squares, input.rows(), monitor)?;
    monitor.progress(Progress {
        iteration: 1,
        iterations: 1,
        loss: model.summary().loss,
    });
    Ok(model)
}

/// The right hand side of the equations and the mean to explain.
fn right_hand_side(moments: &Moments, intercept: bool) -> (Vec<f64>, f64) {
    let target = moments.width();
    let mean = moments.mean(target);
    let origin = |column| {
        if intercept {
            0.0
        } else {
            moments.weight() * moments.mean(column) * mean
        }
    };
    (
        (0..target)
            .map(|column| moments.product(column, target) + origin(column))
            .collect(),
        mean,
    )
}

/// The model with the errors of its weights, from the residual sum of squares.
fn conclude(
    params: &RidgeValidParams,
    design: &Design,
    equations: &Equations,
    point: Point,
    squares: f64,
    rows: u64,
    monitor: &dyn Monitor,
) -> Result<LinearModel> {
    // With as many columns as rows there is no residual to estimate the noise from.
    let possible = rows as f64 > (equations.rank() + usize::from(params.fit_intercept)) as f64 || params.alpha > 0.0;
    let errors = if possible {
        let (blocks, offsets) = (design.level_blocks(), intercept_offsets(design));
        let variances = equations.variances(&blocks, &offsets, true, monitor)?;
        let freedom = rows as f64 - variances.freedom;
        Some(Errors {
            variances,
            noise: squares / freedom,
            freedom,
        })
    } else {
        None
    };
    let errors = errors.filter(|errors| errors.freedom > 1e-6);
    let summary = Summary {
        rows,
        rank: equations.rank(),
        loss: squares / equations.weight(),
        iterations: 1,
        converged: true,
    };
    LinearModel::assemble(design, Link::Identity, &[Fitted { point, errors }], summary)
}
