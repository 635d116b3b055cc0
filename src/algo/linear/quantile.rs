//! Quantile regression (Koenker and Bassett 1978): the line that a share of the rows lies below.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::covariance::Reported;
use super::equations::Equations;
use super::gram::{self, check_width};
use super::input::{Input, Standardised};
use super::kinks::{Kink, ROW_BYTES};
use super::link::Loss;
use super::model::{Errors, Fitted, LinearModel, Link, Summary};
use super::pass::{Data, Point};
use super::reference::{Reference, check_reference};
use super::robust::{self, StandardErrors};
use super::sides::Sides;
use crate::boosting::Quantile;
use crate::design::Design;
use crate::error::{Error, Result};
use crate::learner::{Checked, Learner};
use crate::monitor::Monitor;
use crate::parameters::{above, any, at_least, between, choices, hyperparameters};
use crate::task::Task;
use crate::training_set::{Shape, TrainingSet};

/// The duality gap may be this times the tolerance, as a share of the minimum.
const GAP: f64 = 1e-4;
/// An error below this, in deviations of the target, is that of a row that the line goes through.
const ON_THE_LINE: f64 = 1e-7;
/// Bytes that a row takes for targets, sides and errors.
const SCORE_BYTES: usize = 64;

choices! {
    /// Of what standard errors are made.
    pub enum QuantileErrors {
        /// Noise whose spread may differ from row to row.
        Robust = "robust",
        /// Noise that is the same in all rows.
        Iid = "iid",
    }
}

hyperparameters! {
    /// Hyperparameters of quantile regression. The model minimises the mean pinball loss, without a penalty.
    pub struct QuantileParams {
        /// The share of rows that the line is above: 0.5 for the median.
        quantile or "q": f64 = 0.5, between(0.0, 1.0), from "scikit-learn";
        /// Steps at most.
        max_iter: usize = 1000, at_least(1.0), from "statsmodels";
        /// How exact the weights are. The fit ends when the loss is proven to be within a ten-thousandth of this share of its minimum: more exact than
        /// in statsmodels.
        tol: f64 = 1e-6, above(0.0), from "statsmodels";
        /// Whether the model has an intercept.
        fit_intercept: bool = true, any(), from "scikit-learn";
        /// Of what standard errors are made, statsmodels' `vcov`: with its kernel (Epanechnikov's) and bandwidth (Hall and Sheather's). Weighted rows have
        /// none.
        standard_errors: QuantileErrors = QuantileErrors::Robust, any(), from "statsmodels";
        /// The level of each category that the weights of its other levels are differences from: the first in order, that of most rows, or the one that
        /// an object names for its column, as in `{"colour": "red"}`. Predictions stay as they are.
        reference: Reference = Reference::None, any(), from "assay";
    }
    together Self::check_together
}

impl QuantileParams {
    fn check_together(&self) -> Result<()> {
        check_reference(&self.reference, self.fit_intercept)
    }
}

/// Quantile regression.
pub struct QuantileRegression;

impl Learner for QuantileRegression {
    const NAME: &'static str = "quantile_regression";
    const TASKS: &'static [Task] = &[Task::Regression];
    const ABOUT: &'static str = "a line that a share of the rows lies below, as statsmodels' `QuantReg` and, without its penalty, scikit-learn's \
                                 `QuantileRegressor`; weights have standard errors and p-values";
    type Parameters = QuantileParams;
    type Fitted = LinearModel;

    fn quantile(params: &QuantileParams, alpha: f64) -> Option<QuantileParams> {
        Some(params.clone().quantile(alpha))
    }

    fn memory(_: &QuantileParams, shape: &Shape) -> usize {
        shape.rows.saturating_mul(SCORE_BYTES + ROW_BYTES + 8 * shape.features)
    }

    fn design_memory(_: &QuantileParams, shape: &Shape) -> usize {
        gram::memory_needed(shape.design_columns).saturating_mul(2)
    }

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
        fit(params, set, monitor)
    }
}

pub(super) fn fit(params: &QuantileParams, set: &TrainingSet, monitor: &dyn Monitor) -> Result<LinearModel> {
    let input = Input::of(set)?;
    let weights = input.weights.as_deref();
    let design = Design::learn(&set.frame, weights, params.fit_intercept, monitor)?;
    check_width(design.width())?;
    let standard = Standardised::of(&input, params.fit_intercept)?;
    let data = Data::new(&design, &set.frame, &standard.targets, weights, monitor)?;
    let penalty = vec![0.0; design.width()];
    let found = Sides {
        data,
        kinks: |row: usize| {
            let weight = weights.map_or(1.0, |w| w[row]);
            let kink = Kink {
                target: standard.targets[row],
                sign: 1.0,
                low: (params.quantile - 1.0) * weight,
                high: params.quantile * weight,
            };
            [kink; 2]
        },
        sides: 1,
        penalty: &penalty,
        intercept: params.fit_intercept,
        max_iterations: params.max_iter,
        tolerance: params.tol * GAP,
    }
    .minimise()?;
    let point = &found.minimum.point;
    let equations = Equations::new(&data.moments()?, &penalty, params.fit_intercept, monitor)?;
    let reported = Reported::of(&design, &params.reference, set.features())?;
    let errors = match weights {
        None => params.errors(&data, point, &equations, &reported)?,
        Some(_) => None,
    };
    let summary = Summary {
        rows: input.rows(),
        rank: equations.rank(),
        loss: (found.loss / data.total_weight() * standard.unit).min(f64::MAX),
        iterations: found.minimum.iterations,
        converged: found.minimum.converged,
    };
    let fitted = Fitted {
        point: standard.restored(point),
        errors: errors.map(|errors| errors.times(standard.unit)),
    };
    let link = Link::Quantile(Quantile { alpha: params.quantile });
    LinearModel::assemble_as(&design, &reported, link, &[fitted], summary)
}

impl QuantileParams {
    /// The errors, in units of the standardised target; none where there is no noise to estimate them from.
    fn errors(&self, data: &Data, point: &Point, equations: &Equations, reported: &Reported) -> Result<Option<Errors>> {
        let rows = data.targets.len() as f64;
        let freedom = rows - (equations.rank() + usize::from(self.fit_intercept)) as f64;
        let Some(density) = self.density(data, point)?.filter(|_| freedom > 0.0) else {
            return Ok(None);
        };
        let q = self.quantile;
        let errors = match self.standard_errors {
            QuantileErrors::Iid => Errors {
                variances: equations.variances(reported, false, data.monitor)?,
                noise: (q * (1.0 - q)).sqrt() / density,
                freedom,
            },
            QuantileErrors::Robust => {
                let fit = robust::Fit {
                    data: *data,
                    point,
                    loss: &Prices {
                        above: q / density,
                        below: (1.0 - q) / density,
                    },
                    equations,
                    rows: data.targets.len() as u64,
                    clusters: None,
                    kind: StandardErrors::Hc0,
                };
                Errors {
                    freedom,
                    ..fit.errors(reported)?
                }
            }
        };
        Ok(Some(errors))
    }

    /// The density of the errors at 0, by Epanechnikov's kernel with the bandwidth of Hall and Sheather (1988) as statsmodels scales it.
    fn density(&self, data: &Data, point: &Point) -> Result<Option<f64>> {
        let normal = Normal::new(0.0, 1.0).map_err(|_| Error::Internal("the normal distribution"))?;
        let rows = data.targets.len() as f64;
        let mut errors = data.scores(point)?;
        errors
            .iter_mut()
            .zip(data.targets)
            .for_each(|(score, target)| *score = target - *score);
        let z = normal.inverse_cdf(self.quantile);
        let num = 1.5 * normal.pdf(z).powi(2);
        let den = 2.0 * z * z + 1.0;
        let h = rows.powf(-1.0 / 3.0) * normal.inverse_cdf(0.975).powf(2.0 / 3.0) * (num / den).cbrt();
        let mean = data.target_mean()?;
        let deviation = (data.targets.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / rows).sqrt();
        let between = self.quantile + h < 1.0 && self.quantile - h > 0.0;
        let width = normal.inverse_cdf((self.quantile + h).min(1.0)) - normal.inverse_cdf((self.quantile - h).max(0.0));
        let kernel = |bandwidth: f64| {
            let inside = errors.iter().map(|error| error / bandwidth).filter(|u| u.abs() <= 1.0);
            inside.map(|u| 0.75 * (1.0 - u * u)).sum::<f64>()
        };
        let sum_of = |bandwidth: f64| kernel(bandwidth) / (rows * bandwidth);
        let mut sorted = errors.clone();
        data.monitor.check()?;
        let spread = (percentile(&mut sorted, 0.75) - percentile(&mut sorted, 0.25)) / 1.34;
        let bandwidth = deviation.min(spread) * width;
        data.monitor.check()?;
        let density = sum_of(bandwidth);
        Ok((between && bandwidth > 0.0 && density > 0.0 && density.is_finite()).then_some(density))
    }
}

/// Between two neighbours, as numpy's. There is at least one.
fn percentile(values: &mut [f64], share: f64) -> f64 {
    let place = (values.len() - 1) as f64 * share;
    let (_, &mut lower, larger) = values.select_nth_unstable_by(place as usize, f64::total_cmp);
    let upper = larger.iter().copied().fold(f64::INFINITY, f64::min);
    match place.fract() {
        0.0 => lower,
        share => lower + (upper - lower) * share,
    }
}

/// The same for every error on one side.
struct Prices {
    above: f64,
    below: f64,
}

impl Loss for Prices {
    fn residuals(&self, scores: &mut [f64], targets: &[f64], _: Option<&[f64]>, _: Option<&mut [f64]>) -> f64 {
        for (score, target) in scores.iter_mut().zip(targets) {
            *score = if target - *score > ON_THE_LINE {
                self.above
            } else {
                self.below
            };
        }
        0.0
    }
}
