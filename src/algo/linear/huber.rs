//! Regression that outliers hardly move: Huber's loss with the scale of the errors estimated along, as statsmodels' `RLM` with `HuberT`.

use super::covariance::Reported;
use super::equations::Equations;
use super::gram::{self, check_width};
use super::input::{Input, Standardised};
use super::link::{Loss, Squared};
use super::losses::HuberLoss;
use super::model::{Errors, Fitted, LinearModel, Link, Summary};
use super::newton::{Objective, Single, Steps};
use super::pass::{Data, Point};
use super::reference::{Reference, check_reference};
use crate::design::Design;
use crate::error::Result;
use crate::learner::{Checked, Learner};
use crate::monitor::{Monitor, Progress};
use crate::parameters::{above, any, at_least, hyperparameters};
use crate::task::Task;
use crate::training_set::{Shape, TrainingSet};

/// The median of absolute errors of a normal distribution of deviation 1.
const NORMAL_MEDIAN: f64 = 0.674_489_750_196_081_7;
/// Errors whose scale is below this share of the target's deviation are none.
const NOTHING: f64 = 1e-12;
/// Bytes that a row takes for its target, its error and its weight.
const ROW_BYTES: usize = 40;

hyperparameters! {
    /// Hyperparameters of Huber's regression. The model minimises Huber's loss of the errors over their scale, which is their median absolute size.
    pub struct HuberParams {
        /// From how many scales on an error counts by its size and not by its square: 1.345 leaves 95 % of the efficiency where errors are normal.
        t or "epsilon": f64 = 1.345, above(0.0), from "statsmodels";
        /// Passes over the rows at most.
        max_iter: usize = 50, at_least(1.0), from "statsmodels";
        /// How exact the weights are: the fit ends when a step moves the scores by less than this, in scales.
        tol: f64 = 1e-8, above(0.0), from "statsmodels";
        /// Whether the model has an intercept.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// The level of each category that the weights of its other levels are differences from: the first in order, that of most rows, or the one that
        /// an object names for its column, as in `{"colour": "red"}`. Predictions stay as they are.
        reference: Reference = Reference::None, any(), from "assay";
    }
    together Self::check_together
}

impl HuberParams {
    fn check_together(&self) -> Result<()> {
        check_reference(&self.reference, self.fit_intercept)
    }
}

/// Huber's regression.
pub struct HuberRegression;

impl Learner for HuberRegression {
    const NAME: &'static str = "huber_regression";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str = "a line that outliers hardly move, as statsmodels' `RLM` with `HuberT`, the scale being the median absolute error; weights have \
                                 standard errors and p-values (scikit-learn's `HuberRegressor` estimates the scale in another way, and has a penalty)";
    type Parameters = HuberParams;
    type Fitted = LinearModel;

    fn memory(_: &HuberParams, shape: &Shape) -> usize {
        shape.rows.saturating_mul(ROW_BYTES)
    }

    fn design_memory(_: &HuberParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        fit(params, set, monitor)
    }
}

/// Where iterations ended.
struct Found {
    point: Point,
    scale: f64,
    loss: f64,
    iterations: usize,
    converged: bool,
}

pub(super) fn fit(params: &HuberParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let weights = input.weights.as_deref();
    let design = Design::learn(&set.frame, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let standard = Standardised::of(&input, params.fit_intercept)?;
    let data = Data::new(&design, &set.frame, &standard.targets, weights, monitor)?;
    let found = params.iterate(&data)?;
    let nothing = vec![0.0; design.width()];
    let equations = Equations::new(&data.moments()?, &nothing, params.fit_intercept, monitor)?;
    let reported = Reported::of(&design, &params.reference, set.features())?;
    let errors = params.errors(&data, &found, &equations, &reported, input.rows())?;
    let summary = Summary {
        rows: input.rows(),
        rank: equations.rank(),
        loss: (found.loss / data.total_weight() * standard.unit * standard.unit).min(f64::MAX),
        iterations: found.iterations,
        converged: found.converged,
    };
    let fitted = Fitted {
        point: standard.restored(&found.point),
        errors: errors.map(|errors| errors.times(standard.unit)),
    };
    LinearModel::assemble_as(&design, &reported, Link::Identity, &[fitted], summary)
}

impl HuberParams {
    /// Least squares, and from there on least squares with rows weighted by what Huber's loss makes of their errors.
    fn iterate(&self, data: &Data) -> Result<Found> {
        let zero = Point {
            weights: vec![0.0; data.design.width()],
            intercept: 0.0,
        };
        let (mut point, _) = self.step(data, &zero, Squared)?;
        let mut scale = scale(data, &point)?;
        let mut iterations = 1;
        let converged = loop {
            if scale <= NOTHING {
                // More than half of the rows lie on the line.
                break true;
            }
            let loss = HuberLoss {
                threshold: self.t * scale,
            };
            let (next, gain) = self.step(data, &point, loss)?;
            point = next;
            iterations += 1;
            let before = scale;
            scale = self::scale(data, &point)?;
            let change = (gain.max(0.0) / data.total_weight()).sqrt();
            data.monitor.progress(Progress {
                iteration: iterations,
                iterations: self.max_iter,
                loss: scale,
            });
            if change <= self.tol * before && (scale - before).abs() <= self.tol * before {
                break true;
            }
            if iterations >= self.max_iter {
                break false;
            }
        };
        let loss = HuberLoss {
            threshold: self.t * scale,
        };
        Ok(Found {
            loss: data.slope(&point, &loss, data.rows())?.loss,
            point,
            scale,
            iterations,
            converged,
        })
    }

    /// The minimum of the loss's parabola at a point, and what it promises.
    fn step(&self, data: &Data, point: &Point, loss: impl Loss) -> Result<(Point, f64)> {
        let nothing = vec![0.0; data.design.width()];
        let objective = Single {
            data: *data,
            loss,
            intercept: self.fit_intercept,
        };
        let (here, equations) = objective.renew(vec![point.clone()], &nothing, data.rows())?;
        let (steps, gain) = objective.step(&here, &equations, &nothing);
        Ok((
            steps.iter().fold(point.clone(), |point, step| point.moved(step, 1.0)),
            gain,
        ))
    }

    /// statsmodels' H1: Huber's (1981) estimate, with his correction for few rows.
    fn errors(
        &self,
        data: &Data,
        found: &Found,
        equations: &Equations,
        reported: &Reported,
        rows: u64,
    ) -> Result<Option<Errors>> {
        let rows = rows as f64;
        let parameters = (equations.rank() + usize::from(self.fit_intercept)) as f64;
        let freedom = rows - parameters;
        if freedom <= 0.0 || found.scale <= NOTHING {
            return Ok(None);
        }
        let threshold = self.t * found.scale;
        let (mut inside, mut squares) = (0.0, 0.0);
        for (row, (score, target)) in data.scores(&found.point)?.iter().zip(data.targets).enumerate() {
            let (weight, error) = (data.weights.map_or(1.0, |w| w[row]), (target - score).abs());
            inside += if error <= threshold { weight } else { 0.0 };
            squares += weight * error.min(threshold).powi(2);
        }
        let share = inside / data.total_weight();
        if share <= 0.0 {
            return Ok(None);
        }
        let correction = 1.0 + parameters / rows * (share * (1.0 - share)) / (share * share);
        Ok(Some(Errors {
            variances: equations.variances(reported, false, data.monitor)?,
            noise: correction * (squares / freedom).sqrt() / share,
            freedom: f64::INFINITY,
        }))
    }
}

/// The median absolute error, over what it is where errors are normal with deviation 1.
fn scale(data: &Data, point: &Point) -> Result<f64> {
    let mut errors = data.scores(point)?;
    errors
        .iter_mut()
        .zip(data.targets)
        .for_each(|(score, target)| *score = (target - *score).abs());
    data.monitor.check()?;
    let median = match data.weights {
        None => median(&mut errors),
        Some(weights) => weighted_median(&errors, weights),
    };
    Ok(median / NORMAL_MEDIAN)
}

/// Of an even number the mean of the two in the middle. There is at least one.
fn median(values: &mut [f64]) -> f64 {
    let half = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (lower, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    match is_even {
        true => 0.5 * (upper + lower.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        false => upper,
    }
}

/// The same of rows that count so often.
fn weighted_median(values: &[f64], weights: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).filter(|row| weights[*row] > 0.0).collect();
    order.sort_unstable_by(|a, b| values[*a].total_cmp(&values[*b]));
    let half = 0.5 * order.iter().map(|row| weights[*row]).sum::<f64>();
    let mut sum = 0.0;
    for (place, &row) in order.iter().enumerate() {
        sum += weights[row];
        if sum > half {
            return values[row];
        }
        if sum == half
            && let Some(&next) = order.get(place + 1)
        {
            return 0.5 * (values[row] + values[next]);
        }
    }
    order.last().map_or(0.0, |row| values[*row])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_a_value_so_often() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(weighted_median(&[4.0, 1.0, 2.0, 3.0], &[1.0; 4]), 2.5);
        assert_eq!(weighted_median(&[4.0, 1.0, 2.0], &[1.0, 2.0, 3.0]), 2.0);
        assert_eq!(weighted_median(&[4.0, 1.0, 9.0], &[2.0, 1.0, 0.0]), 4.0);
    }
}
