//! The linear learners that learn from sums of products: least squares with its penalties.

use super::coordinate_descent::{Problem, Solution};
use super::covariance::Reported;
use super::elastic_net::{ElasticNetParams, PRECISION};
use super::exact;
use super::gram::{Moments, check_width};
use super::input::Input;
use super::least_squares::{self, Residuals, RidgeParams, Solved};
use super::model::{Fitted, LinearModel, Link, Summary};
use super::pass::Point;
use super::summing::{LinearKind, LinearPass, LinearSums, RowsLoss};
use crate::design::{Design, Seen};
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::sums::{Course, Step, Sums, Total, What};
use crate::training_set::TrainingSet;
use crate::unit::unit_for;

/// Above this condition number products alone leave fewer than nine digits, and the rows are read again for their residuals.
const PRODUCTS_SUFFICE: f64 = 1e3;
/// Below this share of all squares those that are left are not known to enough digits by products.
const CANCELLED: f64 = 1e-6;
/// Passes for residuals at most, and the change of a weight, in deviations of the target for one of a column, from which on there is another.
const MOST_PASSES: usize = 4;
const NO_CHANGE: f64 = 1e-11;

/// The sums that were not asked for.
pub(super) const OTHER_SUMS: Error = Error::Internal("a learner was given sums that it did not ask for");

/// A linear learner whose columns' products say nearly all.
pub(super) struct ByProducts<P> {
    params: P,
    pass: LinearPass,
    solved: Option<Found>,
    passes: usize,
}

/// What products said.
struct Found {
    params: RidgeParams,
    design: Design,
    seen: Vec<Seen>,
    solved: Solved,
}

/// Hyperparameters of learners by products.
pub(super) trait FromProducts: Clone + Send {
    fn fit_intercept(&self) -> bool;

    /// What to learn by ridge regression, of rows that weigh so much; `None` for what is learned otherwise.
    fn as_ridge(&self, weight: f64) -> Option<RidgeParams>;

    /// The model where it is not ridge regression.
    fn otherwise(
        &self,
        design: &Design,
        moments: &Moments,
        size: (f64, u64),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel>;
}

impl<P: FromProducts> ByProducts<P> {
    /// The pass for products of columns in units that the sample taught. Returns an error for a design that is too wide.
    pub fn new(params: &P, sample: &TrainingSet) -> Result<ByProducts<P>> {
        let (input, monitor) = (Input::of(sample)?, &Unwatched);
        let pass = products_of(sample, (input.targets, input.weights.as_deref()), monitor)?;
        check_width(pass.design().width())?;
        Ok(ByProducts {
            params: params.clone(),
            pass,
            solved: None,
            passes: 0,
        })
    }

    /// The pass for the residuals of what was found.
    fn slope(&self, found: &Found) -> What {
        let (centre, unit) = self.pass.scale;
        let mut point = found.solved.point.clone();
        // Small numbers lose no digits to a large mean.
        let centre = if found.params.fit_intercept { centre } else { 0.0 };
        point.intercept -= centre / unit;
        What::Linear(LinearPass {
            seen: found.seen.clone(),
            centred: found.params.fit_intercept,
            scale: (centre, unit),
            class_weights: Vec::new(),
            kind: LinearKind::Slope(RowsLoss::Squared, point),
        })
    }
}

/// The pass for the products of the columns of such rows, and a target.
pub(crate) fn products_of(
    sample: &TrainingSet,
    (targets, weights): (&[f64], Option<&[f64]>),
    monitor: &dyn Monitor,
) -> Result<LinearPass> {
    let finite = |target: &&f64| target.is_finite();
    let most = targets
        .iter()
        .filter(finite)
        .fold(0.0_f64, |most, target| most.max(target.abs()));
    // Powers of two, which change no digits.
    let first = unit_for(most);
    let count = targets.len().max(1) as f64;
    let mean = targets.iter().map(|target| target / first).sum::<f64>() / count;
    let away = targets.iter().map(|target| (target / first - mean).abs()).sum::<f64>() / count;
    let unit = match away.log2().round() {
        exponent if exponent.is_finite() && away > 0.0 => (first * exponent.exp2()).clamp(f64::MIN_POSITIVE, f64::MAX),
        _ => first,
    };
    Ok(LinearPass {
        seen: exact::workable(&sample.frame, weights, monitor)?,
        centred: true,
        scale: (mean * first, unit),
        class_weights: Vec::new(),
        kind: LinearKind::Products,
    })
}

impl<P: FromProducts> Course for ByProducts<P> {
    fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step> {
        let Some(sums) = sums else {
            return Ok(Step::Pass(What::Linear(self.pass.clone())));
        };
        let found = match (sums.total(), self.solved.take()) {
            (Total::Linear(LinearSums::Products(wide)), None) => {
                check_rows(wide.weight())?;
                let intercept = self.params.fit_intercept();
                let (seen, moments) = exact::of_products(&self.pass, wide, intercept, monitor)?;
                let design = Design::of_seen(&seen, intercept);
                let Some(params) = self.params.as_ridge(moments.weight()) else {
                    let size = (self.pass.scale.1, sums.counted());
                    let model = self.params.otherwise(&design, &moments, size, monitor)?;
                    return self.fitted(model, monitor);
                };
                let solved = Solved::of(&params, &design, &moments, monitor)?;
                let found = Found {
                    params,
                    design,
                    seen,
                    solved,
                };
                let Solved {
                    equations,
                    squares,
                    total,
                    ..
                } = &found.solved;
                if equations.condition() > PRODUCTS_SUFFICE || *squares <= CANCELLED * total {
                    self.passes = 1;
                    return self.again(found);
                }
                found
            }
            (Total::Linear(LinearSums::Slope(slope)), Some(mut found)) => {
                let change = found.solved.improve(&found.params, slope);
                if change > NO_CHANGE && self.passes < MOST_PASSES {
                    self.passes += 1;
                    return self.again(found);
                }
                found
            }
            (Total::Tally(_) | Total::Linear(_) | Total::Clusters(_) | Total::Steps(_), _) => return Err(OTHER_SUMS),
        };
        let reported = Reported::of(&found.design, &found.params.reference, sample.features())?;
        let residuals = Residuals {
            squares: found.solved.squares,
            unit: self.pass.scale.1,
            rows: sums.counted(),
        };
        let Solved { equations, point, .. } = found.solved;
        let model = least_squares::conclude(
            &found.params,
            (&found.design, &reported),
            &equations,
            (point, None),
            residuals,
            monitor,
        )?;
        self.fitted(model, monitor)
    }
}

impl<P: FromProducts> ByProducts<P> {
    fn again(&mut self, found: Found) -> Result<Step> {
        let pass = self.slope(&found);
        self.solved = Some(found);
        Ok(Step::Pass(pass))
    }

    fn fitted(&self, model: LinearModel, monitor: &dyn Monitor) -> Result<Step> {
        monitor.progress(Progress {
            iteration: 1,
            iterations: 1,
            loss: model.summary().loss,
        });
        Ok(Step::Fitted(Box::new(model)))
    }
}

/// Returns an error unless rows weigh something.
pub(super) fn check_rows(weight: f64) -> Result<()> {
    if weight > 0.0 {
        return Ok(());
    }
    Err(Error::data(
        "there are no rows to learn from",
        "check the training query",
    ))
}

impl FromProducts for RidgeParams {
    fn fit_intercept(&self) -> bool {
        self.fit_intercept
    }

    fn as_ridge(&self, _: f64) -> Option<RidgeParams> {
        Some(self.clone())
    }

    fn otherwise(&self, _: &Design, _: &Moments, _: (f64, u64), _: &dyn Monitor) -> Result<LinearModel> {
        Err(OTHER_SUMS)
    }
}

impl FromProducts for ElasticNetParams {
    fn fit_intercept(&self) -> bool {
        self.fit_intercept
    }

    fn as_ridge(&self, weight: f64) -> Option<RidgeParams> {
        self.is_ridge().then(|| self.ridge(weight))
    }

    fn otherwise(
        &self,
        design: &Design,
        moments: &Moments,
        (unit, rows): (f64, u64),
        monitor: &dyn Monitor,
    ) -> Result<LinearModel> {
        let (l1, l2) = self.penalties(design);
        // Weights are in units of the target here, their squares in its square.
        let l1 = l1.into_iter().map(|l1| l1 / unit).collect();
        let problem = &mut Problem::new(moments, self.fit_intercept, l1, l2, monitor);
        let (mut solution, tolerance) = (Solution::zero(design.width()), self.tol * PRECISION);
        let report = |iteration, loss: f64| {
            monitor.progress(Progress {
                iteration,
                iterations: self.max_iter,
                loss: loss * unit * unit,
            });
        };
        if design.width() as u64 > rows {
            problem.walk(&mut solution, self.max_iter, tolerance, report)?;
        } else {
            problem.minimise(&mut solution, self.max_iter, tolerance, report)?;
        }
        let summary = Summary {
            rows,
            rank: solution.weights.iter().filter(|weight| **weight != 0.0).count(),
            loss: left(moments, &solution.weights, self.fit_intercept) * unit * unit,
            iterations: solution.sweeps,
            converged: solution.converged,
        };
        let explained: f64 = (solution.weights.iter().enumerate())
            .map(|(column, weight)| weight * moments.mean(column))
            .sum();
        let intercept = match self.fit_intercept {
            true => moments.mean(moments.width()) - explained,
            false => 0.0,
        };
        let point = Point {
            weights: solution.weights.iter().map(|weight| weight * unit).collect(),
            intercept: intercept * unit,
        };
        LinearModel::assemble(design, Link::Identity, &[Fitted { point, errors: None }], summary)
    }
}

/// The mean square that weights leave. O(width^2).
fn left(moments: &Moments, weights: &[f64], intercept: bool) -> f64 {
    let all: Vec<f64> = weights.iter().map(|weight| -weight).chain([1.0]).collect();
    let columns = || all.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
    let square: f64 = columns()
        .map(|(a, left)| {
            columns()
                .map(|(b, right)| left * right * moments.product(a, b))
                .sum::<f64>()
        })
        .sum();
    let mean: f64 = columns().map(|(column, weight)| weight * moments.mean(column)).sum();
    (square / moments.weight()).max(0.0) + if intercept { 0.0 } else { mean * mean }
}
