//! The fitted model of the whole family.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use statrs::function::{beta::checked_beta_reg, erf::erfc};

use super::cholesky::dot;
use super::covariance::Reported;
use super::equations::Variances;
use super::link::probabilities;
use super::pass::Point;
use super::predictor::LinearPredictor;
use super::scorer::Scorer;
use crate::boosting::{NumberLoss, Poisson, Quantile};
use crate::calibration::Sigmoid;
use crate::coded::coded;
use crate::design::{Design, Encoding, Level, NO_COLUMN};
use crate::error::{Error, Result};
use crate::estimator::{Criterion, Estimator};
use crate::exchange::{Head, Outline};
use crate::explain::{Additive, AdditiveExplainer, Baseline, Explainer, Known};
use crate::fitted::{Form, is_base};
use crate::formula::{self, Formula};
use crate::frame::Frame;
use crate::monitor::Monitor;

/// What turns linear scores into outputs.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// The score is the value.
    Identity,
    /// The score is the logarithm of the odds of the second of two classes.
    Logistic,
    /// Each class has a score; probabilities are their softmax.
    Softmax,
    /// The score is the logarithm of the value, a mean.
    Log,
    /// The score is the value, a quantile.
    Quantile(Quantile),
    /// The score tells the second of two classes from the first, or each class has one that tells it from all others. Curves make them
    /// probabilities, which are divided by their sum.
    Sigmoids(Vec<Sigmoid>),
}

coded!(Link {
    0 => Identity,
    1 => Logistic,
    2 => Softmax,
    3 => Log,
    4 => Quantile(loss),
    5 => Sigmoids(curves),
});

/// The loss of means by their logarithms.
static POISSON: Poisson = Poisson { max_delta_step: 0.7 };

/// The least that a class of several counts for, so that there is a sum to divide by.
const LEAST: f64 = 1e-290;

impl Link {
    /// How many numbers a row is answered with.
    pub(super) fn outputs(&self, scores: usize) -> usize {
        match self {
            Link::Identity | Link::Log | Link::Quantile(_) => 1,
            Link::Logistic => 2,
            Link::Softmax => scores,
            Link::Sigmoids(curves) => curves.len().max(2),
        }
    }

    /// Turns the one linear score of a row into outputs.
    #[inline]
    pub(super) fn finish(&self, score: f64, out: &mut [f64]) {
        match (self, out) {
            (Link::Logistic, out) => out.iter_mut().zip(probabilities(score)).for_each(|(out, p)| *out = p),
            (Link::Log, [out, ..]) => *out = score.exp().min(f64::MAX),
            (Link::Sigmoids(curves), [first, second, ..]) => {
                *second = curves.first().map_or(0.5, |curve| curve.at(score));
                *first = 1.0 - *second;
            }
            (Link::Identity | Link::Quantile(_) | Link::Softmax | Link::Sigmoids(_), [out, ..]) => *out = score,
            (Link::Identity | Link::Quantile(_) | Link::Softmax | Link::Sigmoids(_) | Link::Log, []) => {}
        }
    }

    /// Turns all the linear scores of a row, which are at their places, into outputs.
    fn finish_all(&self, out: &mut [f64]) {
        match self {
            Link::Softmax => softmax(out),
            Link::Sigmoids(curves) => {
                out.iter_mut()
                    .zip(curves)
                    .for_each(|(out, curve)| *out = curve.at(*out).max(LEAST));
                let sum: f64 = out.iter().sum();
                out.iter_mut().for_each(|out| *out /= sum);
            }
            Link::Identity | Link::Logistic | Link::Log | Link::Quantile(_) => {}
        }
    }

    /// Whether so many linear scores can be turned into outputs.
    fn is_sound(&self, scores: usize) -> bool {
        match self {
            Link::Identity | Link::Logistic | Link::Log => scores == 1,
            Link::Softmax => scores >= 2,
            Link::Quantile(loss) => scores == 1 && loss.is_sound(),
            Link::Sigmoids(curves) => scores != 2 && curves.len() == scores && curves.iter().all(Sigmoid::is_sound),
        }
    }

    /// Whether a row has one linear score.
    fn is_single(&self) -> bool {
        match self {
            Link::Identity | Link::Logistic | Link::Log | Link::Quantile(_) => true,
            Link::Softmax => false,
            Link::Sigmoids(curves) => curves.len() == 1,
        }
    }
}

/// A weight on the raw scale: of a number itself, or of a level's being there.
///
/// The score is the intercept plus the sum of the weights times raw values, a missing number counting as the training mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// Which linear score: the class with [`Link::Softmax`], else 0.
    pub output: usize,
    /// The index of the feature.
    pub feature: usize,
    /// The level, when the feature is a category.
    pub level: Option<Level>,
    /// The weight.
    pub weight: f64,
    /// Its standard error; `None` when the rows do not tell this column's weight from others' (collinear columns), and for lasso and
    /// elastic net.
    pub standard_error: Option<f64>,
    /// The probability of a weight at least this far from 0 if the true one were 0; `None` as for the error.
    pub p_value: Option<f64>,
}

/// An intercept on the raw scale, with the same measures as a [`Weight`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intercept {
    /// The score where every number and every level is 0.
    pub value: f64,
    /// Its standard error; always `None` when categories have one weight a level, as the levels' common part is free, unless a
    /// penalty ties it down.
    pub standard_error: Option<f64>,
    /// As for weights.
    pub p_value: Option<f64>,
}

/// How a fit went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Training rows.
    pub rows: u64,
    /// Linearly independent design columns; of a lasso or an elastic net, the columns whose weight is not 0.
    pub rank: usize,
    /// The mean training loss: squared error, or negative log likelihood.
    pub loss: f64,
    /// Passes over all rows that an iterative fit made, 1 for least squares; sweeps over the columns for lasso and elastic net.
    pub iterations: usize,
    /// Whether an iterative fit reached its tolerance.
    pub converged: bool,
}

/// A fitted linear model. One output for a regression, one probability a class for a classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearModel {
    link: Link,
    predictor: LinearPredictor,
    /// The mean of each linear score over the training rows.
    base: Vec<f64>,
    intercepts: Vec<Intercept>,
    weights: Vec<Weight>,
    summary: Summary,
    /// About the condition number of the design's columns, where the fit found it; 0 in a model that was read.
    #[serde(skip)]
    condition: Condition,
    #[serde(skip)]
    means: Known,
}

/// What is known of a model only right after its fit, and so no part of it.
#[derive(Clone, Copy, Default)]
struct Condition(f64);

impl PartialEq for Condition {
    fn eq(&self, _: &Condition) -> bool {
        true
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

/// One linear score as it was fitted, with what is known of its errors.
pub(crate) struct Fitted {
    pub point: Point,
    /// `None` when no errors could be computed.
    pub errors: Option<Errors>,
}

/// The sampling errors of a fit.
pub(crate) struct Errors {
    pub variances: Variances,
    /// The deviation of the noise.
    pub noise: f64,
    /// The degrees of freedom of Student's t; infinite for the normal distribution.
    pub freedom: f64,
}

impl Errors {
    /// Those of a maximum of a likelihood.
    pub fn of_likelihood(variances: Variances) -> Errors {
        Errors {
            variances,
            noise: 1.0,
            freedom: f64::INFINITY,
        }
    }

    /// Those of what is measured in a unit.
    pub fn times(self, unit: f64) -> Errors {
        Errors {
            noise: self.noise * unit,
            ..self
        }
    }
}

impl LinearModel {
    /// Folds fits on `design`'s scale into a model. Returns an error when a weight is not finite.
    pub(crate) fn assemble(design: &Design, link: Link, fits: &[Fitted], summary: Summary) -> Result<LinearModel> {
        LinearModel::assemble_as(design, &Reported::plain(design), link, fits, summary)
    }

    /// The same with levels' weights reported as differences from levels of reference.
    pub(crate) fn assemble_as(
        design: &Design,
        reported: &Reported,
        link: Link,
        fits: &[Fitted],
        summary: Summary,
    ) -> Result<LinearModel> {
        let points: Vec<f64> = fits.iter().flat_map(|fit| fit.point.weights.iter().copied()).collect();
        let centred: Vec<f64> = fits.iter().map(|fit| fit.point.intercept).collect();
        let predictor = LinearPredictor::fold(design, &points, &centred);
        let means = Known(Some(means_of(design, &points, fits.len())));
        let (factors, columns) = (design.raw_factors(), design.columns());
        let offsets = &reported.offsets;
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|&column| columns[column].feature);
        let (mut weights, mut intercepts, mut base) = (Vec::new(), Vec::new(), Vec::new());
        for (output, fit) in fits.iter().enumerate() {
            base.push(fit.point.intercept + dot(design.means(), &fit.point.weights));
            let shift: f64 = offsets
                .iter()
                .zip(&fit.point.weights)
                .map(|(offset, weight)| offset * weight)
                .sum();
            let value = fit.point.intercept - shift;
            let (standard_error, p_value) = fit.measure(value, 1.0, |variances| variances.intercept);
            intercepts.push(Intercept {
                value,
                standard_error,
                p_value,
            });
            weights.extend(order.iter().map(|&column| {
                let what = columns[column];
                let weight = reported.weight(&fit.point.weights, column) * factors[column];
                let variance = |variances: &Variances| variances.weights[column];
                let (standard_error, p_value) = fit.measure(weight, factors[column], variance);
                Weight {
                    output,
                    feature: what.feature,
                    level: what.level,
                    weight,
                    standard_error,
                    p_value,
                }
            }));
        }
        let sound = weights
            .iter()
            .map(|w| w.weight)
            .chain(intercepts.iter().map(|i| i.value))
            .all(f64::is_finite);
        if !sound || !summary.loss.is_finite() {
            return Err(Error::data(
                "the numbers are too large or too small to compute with",
                "rescale the target or the features with extreme values",
            ));
        }
        Ok(LinearModel {
            link,
            predictor,
            base,
            intercepts,
            weights,
            summary,
            condition: Condition::default(),
            means,
        })
    }

    pub(crate) fn with_condition(self, condition: f64) -> LinearModel {
        LinearModel {
            condition: Condition(condition),
            ..self
        }
    }

    /// How the fit went.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The scoring function, for scores on the linear scale.
    pub fn predictor(&self) -> &LinearPredictor {
        &self.predictor
    }

    /// What turns linear scores into outputs.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Whether a row has one linear score.
    pub(super) fn is_single(&self) -> bool {
        self.link.is_single()
    }
}

impl Form for LinearModel {
    const CODE: u16 = 1;
}

impl crate::fitted::Fitted for LinearModel {
    fn validate(&self, features: &[usize], _: &dyn Monitor) -> Result<()> {
        self.predictor.validate(features)?;
        let scores = self.predictor.outputs();
        let known = |weight: &Weight| {
            weight.output < scores
                && weight.weight.is_finite()
                && match (features.get(weight.feature), weight.level) {
                    (Some(0), None) => true,
                    (Some(&levels), Some(Level::Code(code))) => (code as usize) < levels,
                    (Some(_), Some(Level::Missing)) => true,
                    _ => false,
                }
        };
        let base = is_base(&self.base, scores);
        if !self.link.is_sound(scores) || !base || self.intercepts.len() != scores || !self.weights.iter().all(known) {
            return Err(Error::damaged("linear model", "the table of weights"));
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        self.predictor.memory()
            + self.weights.capacity() * size_of::<Weight>()
            + self.intercepts.capacity() * size_of::<Intercept>()
            + match &self.link {
                Link::Sigmoids(curves) => curves.capacity() * size_of::<Sigmoid>(),
                Link::Identity | Link::Logistic | Link::Softmax | Link::Log | Link::Quantile(_) => 0,
            }
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        self.predictor.scores(row, out);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(&self, _: &[usize], baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        let (predictor, known) = (self.predictor.clone(), self.means.0.clone());
        Ok(Box::new(AdditiveExplainer::new(predictor, baseline, known, monitor)?))
    }

    fn additive(&self) -> Option<Box<dyn Additive>> {
        Some(Box::new(self.predictor.clone()))
    }

    fn means(&self) -> Option<Vec<f64>> {
        self.means.0.clone()
    }

    /// On the raw scale, by output and feature.
    fn weights(&self) -> Option<(&[Intercept], &[Weight])> {
        Some((&self.intercepts, &self.weights))
    }

    fn formula(&self, levels: &[usize], _: &dyn Monitor) -> Result<Option<Formula>> {
        let link = match &self.link {
            Link::Identity | Link::Quantile(_) => formula::Link::Identity,
            Link::Log => formula::Link::Exp,
            Link::Logistic => formula::Link::Logistic { scale: 1.0 },
            Link::Softmax | Link::Sigmoids(_) => return Ok(None),
        };
        let margin = self.predictor.expression(levels);
        Ok(Some(Formula { margin, link }))
    }

    fn rank(&self) -> Option<usize> {
        match &self.link {
            Link::Identity | Link::Quantile(_) | Link::Log => Some(self.summary.rank),
            Link::Logistic | Link::Softmax | Link::Sigmoids(_) => None,
        }
    }

    fn condition(&self) -> Option<f64> {
        (self.condition.0 > 0.0).then_some(self.condition.0)
    }

    fn outline(&self) -> Option<Outline<'_>> {
        let head = match &self.link {
            Link::Identity | Link::Quantile(_) => Head::Identity,
            Link::Log => Head::Exp,
            Link::Logistic => Head::Logistic,
            Link::Softmax => Head::Softmax,
            Link::Sigmoids(_) => return None,
        };
        Some(Outline::Linear(self.predictor.outline(head)))
    }

    fn linear_scorer(&self) -> Option<Scorer> {
        Scorer::new(self)
    }
}

impl Estimator for LinearModel {
    fn outputs(&self) -> usize {
        self.link.outputs(self.predictor.outputs())
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        if self.link.is_single() {
            self.link.finish(self.predictor.score(row), out);
        } else {
            self.predictor.scores(row, out);
            self.link.finish_all(out);
        }
    }

    fn criterion(&self) -> Option<&dyn Criterion> {
        match &self.link {
            Link::Identity | Link::Logistic | Link::Softmax | Link::Sigmoids(_) => None,
            Link::Log => Some(&POISSON),
            Link::Quantile(loss) => Some(loss),
        }
    }

    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let mut scores = vec![0.0; rows.len() * self.predictor.outputs()];
        self.predictor.score_rows(frame, rows, &mut scores);
        let groups = scores.chunks_exact(self.predictor.outputs());
        for (out, scores) in out.chunks_exact_mut(self.outputs()).zip(groups) {
            if self.link.is_single() {
                self.link.finish(scores[0], out);
            } else {
                out.copy_from_slice(scores);
                self.link.finish_all(out);
            }
        }
    }
}

impl Fitted {
    /// Standard error and p-value of `value`, whose variance on the design's scale is multiplied by the square of `factor`.
    fn measure(
        &self,
        value: f64,
        factor: f64,
        variance: impl Fn(&Variances) -> Option<f64>,
    ) -> (Option<f64>, Option<f64>) {
        let Some(errors) = &self.errors else {
            return (None, None);
        };
        let error = variance(&errors.variances).map(|v| v.sqrt() * errors.noise * factor);
        let error = error.filter(|e| e.is_finite());
        (error, error.and_then(|e| p_value(value / e, errors.freedom)))
    }
}

/// The means over the rows of a design of what each feature adds to each score: for each feature one number per score. `weights` are on the design's scale,
/// one score after the other.
fn means_of(design: &Design, weights: &[f64], scores: usize) -> Vec<f64> {
    let width = design.width();
    let of_level = |score: usize, column: u32| match column {
        NO_COLUMN => 0.0,
        column => weights[score * width + column as usize] * design.means()[column as usize],
    };
    let mut means = Vec::with_capacity(design.encodings().len() * scores);
    for encoding in design.encodings() {
        means.extend((0..scores).map(|score| match encoding {
            // As a missing number adds it, which counts as the mean.
            Encoding::Number {
                column,
                mean,
                centre,
                inverse,
            } => weights[score * width + column] * inverse * (mean - centre),
            Encoding::Category { columns } => columns.iter().map(|&column| of_level(score, column)).sum(),
        }));
    }
    means
}

/// The two-sided p-value of Student's t with `freedom` degrees, or of the normal distribution when that is infinite; `None` for NaN.
///
/// P(|T| >= t) = I(freedom / (freedom + t^2); freedom / 2, 1 / 2), the regularised incomplete beta function (DLMF 8.17).
fn p_value(statistic: f64, freedom: f64) -> Option<f64> {
    if statistic.is_nan() {
        None
    } else if freedom.is_infinite() || statistic.is_infinite() {
        Some(erfc(statistic.abs() / std::f64::consts::SQRT_2))
    } else {
        checked_beta_reg(freedom / 2.0, 0.5, freedom / (freedom + statistic * statistic)).ok()
    }
}

/// Replaces scores by probabilities that add up to 1; the largest score is taken off first, so that nothing overflows.
pub(crate) fn softmax(scores: &mut [f64]) {
    let largest = scores.iter().fold(f64::NEG_INFINITY, |m, s| m.max(*s));
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|score| *score /= sum);
}
