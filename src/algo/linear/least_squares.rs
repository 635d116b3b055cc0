//! Linear regression by least squares, without a penalty and with that of ridge regression.

use super::cholesky::dot;
use super::covariance::Reported;
use super::equations::Equations;
use super::gram::{Gram, Moments, check_width};
use super::input::Input;
use super::link::Squared;
use super::model::{Errors, Fitted, LinearModel, Link, Summary};
use super::pass::{Data, Point, Slope};
use super::reference::{Reference, check_reference};
use super::robust::{self, StandardErrors, check_errors, clusters_of, is_robust};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::parameters::{any, at_least, hyperparameters, log};
use crate::training_set::TrainingSet;
use crate::unit::unit_of;

/// Below this condition number products and one step from the residuals give as many digits as the rows themselves.
const PRODUCTS_SUFFICE: f64 = 1e5;
/// A combination of columns of deviation 1 whose mean square on the rows is not above this is 0 but for rounding.
const EXACTLY_DEPENDENT: f64 = 1e-24;
/// The most columns for which the rows themselves are factored, which costs about twenty times what products do.
const MOST_FACTORED_COLUMNS: usize = 256;

hyperparameters! {
    /// Hyperparameters of ridge regression, named as in scikit-learn. The model minimises the sum of squared errors plus `alpha` times the
    /// sum of squared weights. Linear regression is ridge regression without a penalty: [`RidgeParams::least_squares`].
    pub struct RidgeParams {
        /// The strength of the penalty.
        alpha: f64 = 1.0, at_least(0.0), search log(1e-3, 1e3), from "scikit-learn";
        /// Whether the model has an intercept, which is never penalised.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// Whether the penalty is on the weights of standardised numbers, so that units do not matter, as in a pipeline of scikit-learn's
        /// `StandardScaler` and the model, or on the weights of the numbers as they are. Levels are 0 and 1 in both cases.
        standardize: bool = true, any(), from "assay";
        /// Of what standard errors are made: rows with the same variance, or each row's own residual, with statsmodels' corrections. Those of a
        /// weighted row are of its weighted residual.
        standard_errors: StandardErrors = StandardErrors::Classical, any(), from "statsmodels";
        /// A column of the query that says which rows are not independent of each other: standard errors are by these clusters. It is no feature.
        cluster: Option<String> = None, any(), from "statsmodels";
        /// The level of each category that the weights of its other levels are differences from: the first in order, that of most rows, or the one that
        /// an object names for its column, as in `{"colour": "red"}`. Predictions stay as they are.
        reference: Reference = Reference::None, any(), from "assay";
    }
    together Self::check_errors
}

impl RidgeParams {
    fn check_errors(&self) -> Result<()> {
        check_errors(self.standard_errors, self.cluster.as_deref())?;
        check_reference(&self.reference, self.fit_intercept)
    }

    /// No penalty.
    pub fn least_squares() -> RidgeParams {
        RidgeParams::default().alpha(0.0)
    }
}

/// Ridge regression from sums of products alone, for rows of numbers. O(width^3), whatever the number of rows.
pub fn ridge_gram(gram: &Gram, params: &RidgeParams) -> Result<LinearModel> {
    gram.ask_for_settling()?;
    let (moments, units) = (gram.moments(), gram.units());
    if moments.rows() == 0 {
        return Err(Error::data(
            "there are no rows to learn from",
            "check the training query",
        ));
    }
    let variance = |column| moments.product(column, column) / moments.weight();
    let columns = (0..moments.width()).map(|column| (moments.mean(column), variance(column), units[column]));
    let design = Design::of_numbers(columns, params.fit_intercept);
    let factors: Vec<f64> = (design.raw_factors().iter().zip(&units))
        .map(|(factor, unit)| factor * unit)
        .collect();
    let scaled = moments.scaled(&factors, params.fit_intercept);
    let solved = Solved::of(params, &design, &scaled, &Unwatched)?;
    conclude(
        params,
        (&design, &Reported::of(&design, &params.reference, &[])?),
        &solved.equations,
        (solved.point, None),
        Residuals {
            squares: solved.squares,
            unit: units[scaled.width()],
            rows: moments.rows(),
        },
        &Unwatched,
    )
}

/// The solution of the equations that sums of products make.
pub(super) struct Solved {
    pub equations: Equations,
    penalty: Vec<f64>,
    pub point: Point,
    /// The sum of the squares that it leaves, which is known the less exactly the less it is of `total`.
    pub squares: f64,
    pub total: f64,
}

impl Solved {
    /// Of the moments of a design's columns. O(width^3).
    pub fn of(params: &RidgeParams, design: &Design, moments: &Moments, monitor: &dyn Monitor) -> Result<Solved> {
        let penalty = params.penalties(design);
        let equations = Equations::new(moments, &penalty, params.fit_intercept, monitor)?;
        let (right, mean) = right_hand_side(moments, params.fit_intercept);
        let weights = equations.solve(&right);
        let point = Point {
            intercept: equations.intercept(&weights, mean),
            weights,
        };
        let target = moments.width();
        let origin = if params.fit_intercept {
            0.0
        } else {
            moments.weight() * mean * mean
        };
        let total = moments.product(target, target) + origin;
        let explained: f64 = (point.weights.iter().zip(&right).zip(&penalty))
            .map(|((w, r), p)| w * (r + p * w))
            .sum();
        Ok(Solved {
            equations,
            penalty,
            point,
            squares: (total - explained).max(0.0),
            total,
        })
    }

    /// One step from the residuals themselves makes up for what the products lost to rounding (Bjorck 1996, section 2.9.3), and gives the residual sum of
    /// squares without cancellation. Returns the greatest change of a weight.
    pub fn improve(&mut self, params: &RidgeParams, slope: &Slope) -> f64 {
        let (equations, penalty, point) = (&self.equations, &self.penalty, &mut self.point);
        let gradient = equations.centred(&slope.weights, slope.intercept);
        let pull = point.weights.iter().zip(penalty).map(|(w, p)| p * w);
        let right: Vec<f64> = gradient.iter().zip(pull).map(|(g, pull)| g - pull).collect();
        let step = equations.solve(&right);
        let mean = slope.intercept / equations.weight();
        let lift = equations.intercept(&step, mean);
        // The step's own effect on that sum, exact for a quadratic: it solves the equations, so no further pass is needed.
        let curved: f64 = (step.iter().zip(&right).zip(penalty))
            .map(|((s, r), p)| s * (r - p * s))
            .sum();
        let lifted = f64::from(u8::from(params.fit_intercept)) * slope.intercept * mean;
        self.squares = (2.0 * slope.loss - 2.0 * dot(&step, &gradient) + curved - lifted).max(0.0);
        point.weights.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
        point.intercept += lift;
        step.iter().fold(0.0, |most: f64, step| most.max(step.abs()))
    }
}

impl RidgeParams {
    /// The penalty of each design column.
    fn penalties(&self, design: &Design) -> Vec<f64> {
        // A penalty beyond this makes a weight of 0 all the same.
        let square = |factor: f64| (factor * factor).min(1e100);
        let factor = |factor: f64| if self.standardize { 1.0 } else { square(factor) };
        design
            .raw_factors()
            .into_iter()
            .map(|f| self.alpha * factor(f))
            .collect()
    }
}

/// Ridge regression. Standard errors are those of the shrunken weights (Halawa and El Bassiouni 2000), bias left aside.
///
/// With an `alpha` of 0 it is linear regression by ordinary least squares. Where columns are collinear, the weights are the smallest (on the
/// scale of the encoded columns) of all that fit equally well, and those that the rows do not identify have no standard error.
pub(crate) fn fit(params: &RidgeParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let weights = input.weights.as_deref();
    let design = Design::learn(&set.frame, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    // Numbers whose squares would leave the range of a float are computed with in a unit of their own.
    let unit = unit_of(input.targets.iter().copied());
    let in_unit: Vec<f64>;
    let targets = if unit == 1.0 {
        input.targets
    } else {
        in_unit = input.targets.iter().map(|target| target / unit).collect();
        &in_unit
    };
    let data = Data::new(&design, &set.frame, targets, weights, monitor)?;
    let moments = data.moments()?;
    let mut solved = Solved::of(params, &design, &moments, monitor)?;
    if asks_for_rows(&solved.equations, &design, &data) {
        let (_, mean) = right_hand_side(&moments, params.fit_intercept);
        let shift = if params.fit_intercept { mean } else { 0.0 };
        let triangle = data.triangle(params.fit_intercept, shift)?;
        let (means, weight) = (solved.equations.means(), solved.equations.weight());
        let (equations, weights) =
            Equations::of_triangle(&triangle, means, weight, &solved.penalty, params.fit_intercept, monitor)?;
        solved.point = Point {
            intercept: equations.intercept(&weights, mean),
            weights,
        };
        solved.equations = equations;
    }
    let slope = data.slope(&solved.point, &Squared, data.rows())?;
    solved.improve(params, &slope);
    let Solved {
        equations,
        point,
        squares,
        ..
    } = solved;
    let rows = input.rows();
    let residuals = Residuals { squares, unit, rows };
    let reported = Reported::of(&design, &params.reference, set.features())?;
    let clusters = clusters_of(params.cluster.as_deref(), set)?;
    let errors = match is_robust(params.standard_errors, clusters) && residuals.tell_errors(params, &equations) {
        true => {
            let fit = robust::Fit {
                data,
                point: &point,
                loss: &Squared,
                equations: &equations,
                rows,
                clusters,
                kind: params.standard_errors,
            };
            Some(fit.errors(&reported)?.times(unit))
        }
        false => None,
    };
    let model = conclude(
        params,
        (&design, &reported),
        &equations,
        (point, errors),
        residuals,
        monitor,
    )?;
    monitor.progress(Progress {
        iteration: 1,
        iterations: 1,
        loss: model.summary().loss,
    });
    Ok(model)
}

/// Whether products of columns tell too little, so that the rows themselves are to be factored: where columns nearly depend on each other.
/// Columns that do so exactly, as copies and the levels of a category do, take nothing from the digits of the others; which these are a sample
/// tells, for rows are in an order that says nothing of them.
fn asks_for_rows(equations: &Equations, design: &Design, data: &Data<'_>) -> bool {
    if design.width() > MOST_FACTORED_COLUMNS {
        return false;
    }
    if equations.condition() > PRODUCTS_SUFFICE {
        return true;
    }
    for direction in equations.unseen() {
        let point = Point {
            intercept: -dot(direction, equations.means()),
            weights: direction.clone(),
        };
        if data.mean_square(&point) > EXACTLY_DEPENDENT {
            return true;
        }
    }
    false
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

/// What the fit leaves unexplained.
pub(super) struct Residuals {
    /// The sum of their squares, in units of the target.
    pub squares: f64,
    /// The unit.
    pub unit: f64,
    /// Rows with a weight.
    pub rows: u64,
}

impl Residuals {
    /// Whether there is a residual to estimate the noise from: not with as many columns as rows.
    fn tell_errors(&self, params: &RidgeParams, equations: &Equations) -> bool {
        let parameters = equations.rank() + usize::from(params.fit_intercept);
        self.rows as f64 > parameters as f64 || params.alpha > 0.0
    }
}

/// The model with the errors of its weights, from the residual sum of squares unless they are given. `point` is in units of the target.
pub(super) fn conclude(
    params: &RidgeParams,
    (design, reported): (&Design, &Reported),
    equations: &Equations,
    (point, errors): (Point, Option<Errors>),
    residuals: Residuals,
    monitor: &dyn Monitor,
) -> Result<LinearModel> {
    let errors = match errors {
        None if residuals.tell_errors(params, equations) => {
            let variances = equations.variances(reported, true, monitor)?;
            let freedom = residuals.rows as f64 - variances.freedom;
            Some(Errors {
                variances,
                noise: (residuals.squares / freedom).sqrt() * residuals.unit,
                freedom,
            })
        }
        errors => errors,
    };
    let Residuals { squares, unit, rows } = residuals;
    let errors = errors.filter(|errors| errors.freedom > 1e-6);
    let loss = squares / equations.weight();
    let summary = Summary {
        rows,
        rank: equations.rank(),
        // A mean square beyond the range of a float is the largest one.
        loss: if loss.is_finite() {
            (loss * unit * unit).min(f64::MAX)
        } else {
            loss
        },
        iterations: 1,
        converged: true,
    };
    let point = Point {
        intercept: point.intercept * unit,
        weights: point.weights.iter().map(|weight| weight * unit).collect(),
    };
    let model = LinearModel::assemble_as(design, reported, Link::Identity, &[Fitted { point, errors }], summary)?;
    Ok(model.with_condition(equations.condition()))
}
