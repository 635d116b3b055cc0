//! Expected metrics of classes, from calibrated probabilities; of numbers, from expected errors.
//!
//! That a row is of a class is a draw by its probability. The expected confusion matrix is the sum of these probabilities, and what follows from it
//! is taken for the metric's expectation. How far the metric will turn out from it follows from the variance of the draws and the metric's gradient.
//! Both hold as far as the probabilities come true as often as they say: neither tells of a relation between features and target that has changed.

use std::cmp::Ordering;

use ndarray::ArrayView2;

use super::Estimate;
use crate::error::{Error, Result};
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 14;
/// Probabilities of a loss are held between this and 1 minus it, as scikit-learn holds them.
const LEAST: f64 = f64::EPSILON;

/// Rows whose classes are not known.
#[derive(Debug, Clone, Copy)]
pub struct Unjudged<'a> {
    /// The scores of the model, rows x classes.
    pub scores: ArrayView2<'a, f64>,
    /// Probabilities that come true as often as they say, rows x classes.
    pub probabilities: ArrayView2<'a, f64>,
    /// The class that each row was taken for.
    pub predicted: &'a [u32],
}

/// A confusion matrix in which rows count in parts.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    pub(super) classes: usize,
    /// `cells[actual * classes + predicted]`.
    pub(super) cells: Vec<f64>,
}

impl Cells {
    pub(super) fn at(&self, actual: usize, predicted: usize) -> f64 {
        self.cells[actual * self.classes + predicted]
    }

    pub(super) fn actual(&self, class: usize) -> f64 {
        (0..self.classes).map(|predicted| self.at(class, predicted)).sum()
    }

    pub(super) fn predicted(&self, class: usize) -> f64 {
        (0..self.classes).map(|actual| self.at(actual, class)).sum()
    }

    pub(super) fn rows(&self) -> f64 {
        self.cells.iter().sum()
    }

    pub(super) fn correct(&self) -> f64 {
        (0..self.classes).map(|class| self.at(class, class)).sum()
    }

    /// That of the second of two classes; of more the mean over the classes that occur.
    fn average(&self, of: impl Fn(&Cells, usize) -> f64) -> f64 {
        if self.classes == 2 {
            return of(self, 1);
        }
        let occurs = |class: &usize| self.actual(*class) + self.predicted(*class) > 0.0;
        let occurring = (0..self.classes).filter(occurs);
        let count = occurring.clone().count();
        occurring.map(|class| of(self, class)).sum::<f64>() / count as f64
    }
}

/// A part of a whole, 0 of nothing.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn accuracy(cells: &Cells) -> f64 {
    ratio(cells.correct(), cells.rows())
}

fn precision(cells: &Cells) -> f64 {
    cells.average(|cells, class| ratio(cells.at(class, class), cells.predicted(class)))
}

fn recall(cells: &Cells) -> f64 {
    cells.average(|cells, class| ratio(cells.at(class, class), cells.actual(class)))
}

fn f1(cells: &Cells) -> f64 {
    cells.average(|cells, class| {
        ratio(
            2.0 * cells.at(class, class),
            cells.actual(class) + cells.predicted(class),
        )
    })
}

/// Gorodkin's R_k, of two classes Matthews' coefficient; 0 where one side does not vary.
fn mcc(cells: &Cells) -> f64 {
    let (rows, classes) = (cells.rows(), 0..cells.classes);
    let products = |of: fn(&Cells, usize) -> (f64, f64)| -> f64 {
        (classes.clone().map(|class| of(cells, class)))
            .map(|(a, b)| a * b)
            .sum()
    };
    let covariance = cells.correct() * rows - products(|c, class| (c.actual(class), c.predicted(class)));
    let actual = rows * rows - products(|c, class| (c.actual(class), c.actual(class)));
    let predicted = rows * rows - products(|c, class| (c.predicted(class), c.predicted(class)));
    let scale = rows * rows * f64::EPSILON;
    match actual > scale && predicted > scale {
        true => (covariance / (actual * predicted).sqrt()).clamp(-1.0, 1.0),
        false => 0.0,
    }
}

pub(super) type OfCells = fn(&Cells) -> f64;

/// The metrics of labels, in the order in which metrics are listed.
pub(super) const OF_CELLS: [(&str, OfCells); 5] = [
    ("accuracy", accuracy),
    ("precision", precision),
    ("recall", recall),
    ("f1", f1),
    ("mcc", mcc),
];

impl Unjudged<'_> {
    /// How many classes there are. Returns an error where lengths differ.
    fn check(&self) -> Result<usize> {
        let (rows, classes) = self.scores.dim();
        let sound = self.probabilities.dim() == (rows, classes)
            && self.predicted.len() == rows
            && self.predicted.iter().all(|&class| (class as usize) < classes);
        match sound {
            true => Ok(classes),
            false => Err(Error::data(
                "scores, probabilities and classes do not go together",
                "pass as many of each",
            )),
        }
    }

    /// Calls `each` with the class that a row was taken for and its probabilities. Returns an error when stopped.
    pub(super) fn each(&self, monitor: &dyn Monitor, mut each: impl FnMut(usize, &[f64], &[f64])) -> Result<()> {
        let rows = self.scores.rows().into_iter().zip(self.probabilities.rows());
        let (mut scores, mut probabilities) = (Vec::new(), Vec::new());
        for (row, ((score, probability), &predicted)) in rows.zip(self.predicted).enumerate() {
            if row.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
            scores.clear();
            scores.extend(score);
            probabilities.clear();
            probabilities.extend(probability);
            each(predicted as usize, &scores, &probabilities);
        }
        Ok(())
    }

    pub(super) fn cells(&self, classes: usize, monitor: &dyn Monitor) -> Result<Cells> {
        let mut sums = vec![Sum::default(); classes * classes];
        self.each(monitor, |predicted, _, probabilities| {
            for (actual, &probability) in probabilities.iter().enumerate() {
                sums[actual * classes + predicted].add(probability);
            }
        })?;
        Ok(Cells {
            classes,
            cells: sums.iter().map(Sum::value).collect(),
        })
    }

    /// The deviations of what follows from the confusion matrix.
    fn deviations(&self, cells: &Cells, monitor: &dyn Monitor) -> Result<[f64; OF_CELLS.len()]> {
        let gradients = OF_CELLS.map(|(_, metric)| gradient(metric, cells));
        let mut variances = [Sum::default(); OF_CELLS.len()];
        self.each(monitor, |predicted, _, probabilities| {
            for (variance, gradient) in variances.iter_mut().zip(&gradients) {
                let slope = |class: usize| gradient[class * cells.classes + predicted];
                variance.add(variance_of(probabilities, slope));
            }
        })?;
        Ok(variances.map(|variance| variance.value().max(0.0).sqrt()))
    }

    /// The mean of a loss of each row by its class, and how far it will turn out from it.
    fn loss(
        &self,
        metric: &'static str,
        loss: impl Fn(&[f64], usize) -> f64,
        monitor: &dyn Monitor,
    ) -> Result<Estimate> {
        let (mut mean, mut variance) = (Sum::default(), Sum::default());
        self.each(monitor, |_, scores, probabilities| {
            for (class, &probability) in probabilities.iter().enumerate() {
                if probability > 0.0 {
                    mean.add(probability * loss(scores, class));
                }
            }
            variance.add(variance_of(probabilities, |class| loss(scores, class)));
        })?;
        let rows = self.predicted.len() as f64;
        let defined = |value: f64| (rows > 0.0).then_some(value);
        Ok(Estimate {
            metric,
            value: defined(mean.value() / rows),
            deviation: defined(variance.value().max(0.0).sqrt() / rows),
        })
    }

    /// The scores of a class with its probabilities, those of the highest scores first.
    pub(super) fn ranked(&self, class: usize, monitor: &dyn Monitor) -> Result<Ranked> {
        let mut rows = room::with_capacity(self.predicted.len())?;
        let scores = self.scores.column(class);
        rows.extend(
            scores
                .iter()
                .copied()
                .zip(self.probabilities.column(class).iter().copied()),
        );
        let order = |a: &(f64, f64), b: &(f64, f64)| match b.0.total_cmp(&a.0) {
            Ordering::Equal => b.1.total_cmp(&a.1),
            order => order,
        };
        sort::sort_by(&mut rows, 1 << 18, order, monitor)?;
        Ok(Ranked { rows })
    }
}

/// The variance of a number that depends on a row's class.
fn variance_of(probabilities: &[f64], number: impl Fn(usize) -> f64) -> f64 {
    let (mut mean, mut square) = (0.0, 0.0);
    for (class, &probability) in probabilities.iter().enumerate() {
        if probability > 0.0 {
            let number = number(class);
            mean += probability * number;
            square += probability * number * number;
        }
    }
    (square - mean * mean).max(0.0)
}

/// How much a metric changes with one row more in each cell, by central differences.
pub(super) fn gradient(metric: OfCells, cells: &Cells) -> Vec<f64> {
    let step = (cells.rows() * 1e-6).max(1e-6);
    let mut moved = cells.clone();
    let slope = |cell: usize| {
        let at = cells.cells[cell];
        // No cell falls below nothing.
        let down = step.min(at);
        moved.cells[cell] = at + step;
        let above = metric(&moved);
        moved.cells[cell] = at - down;
        let below = metric(&moved);
        moved.cells[cell] = at;
        (above - below) / (step + down)
    };
    (0..cells.cells.len()).map(slope).collect()
}

/// Scores of a class, falling, each with the probability of the class.
pub(super) struct Ranked {
    rows: Vec<(f64, f64)>,
}

/// Rows of one score.
pub(super) struct Tie {
    pub(super) rows: std::ops::Range<usize>,
    pub(super) positive: f64,
    pub(super) negative: f64,
}

impl Ranked {
    /// Calls `each` with the rows of each score. Returns an error when stopped.
    pub(super) fn ties(&self, monitor: &dyn Monitor, mut each: impl FnMut(&Tie)) -> Result<()> {
        let mut first = 0;
        let mut ties = 0_usize;
        while let Some(&(score, _)) = self.rows.get(first) {
            let mut next = first;
            let (mut positive, mut negative) = (Sum::default(), Sum::default());
            while let Some(&(_, probability)) = self.rows.get(next).filter(|row| row.0 == score) {
                if next.is_multiple_of(BLOCK) {
                    monitor.check()?;
                }
                positive.add(probability);
                negative.add(1.0 - probability);
                next += 1;
            }
            each(&Tie {
                rows: first..next,
                positive: positive.value(),
                negative: negative.value(),
            });
            // A score that equals nothing, itself not either, is not read again and again.
            first = next.max(first + 1);
            ties += 1;
            if ties.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
        }
        Ok(())
    }

    /// The expected area under the ROC curve: the area under the curve of the expected counts, whose steps are straight lines.
    pub(super) fn roc_auc(&self, monitor: &dyn Monitor) -> Result<Option<Area>> {
        let (mut won, mut positives, mut negatives) = (Sum::default(), Sum::default(), Sum::default());
        self.ties(monitor, |tie| {
            won.add(tie.negative * (positives.value() + tie.positive / 2.0));
            positives.add(tie.positive);
            negatives.add(tie.negative);
        })?;
        let (positives, negatives) = (positives.value(), negatives.value());
        let pairs = positives * negatives;
        Ok((pairs > 0.0).then(|| Area {
            value: won.value() / pairs,
            positives,
            negatives,
        }))
    }

    /// How far the area will turn out from its expectation.
    fn roc_deviation(&self, area: &Area, monitor: &dyn Monitor) -> Result<f64> {
        let (mut above, mut below) = (0.0, area.negatives);
        let mut variance = Sum::default();
        let drift = area.value * (area.negatives - area.positives);
        self.ties(monitor, |tie| {
            below -= tie.negative;
            // What one more positive row of this score wins, and what it takes from the positives above it.
            let gain = (below + tie.negative / 2.0) - (above + tie.positive / 2.0);
            let slope = (gain - drift) / (area.positives * area.negatives);
            let spread: f64 = self.rows[tie.rows.clone()].iter().map(|(_, p)| p * (1.0 - p)).sum();
            variance.add(slope * slope * spread.max(0.0));
            above += tie.positive;
        })?;
        Ok(variance.value().max(0.0).sqrt())
    }

    /// The expected average precision.
    fn average_precision(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        let (mut sum, mut positives, mut rows) = (Sum::default(), Sum::default(), 0.0);
        self.ties(monitor, |tie| {
            positives.add(tie.positive);
            rows += tie.rows.len() as f64;
            sum.add(tie.positive * (positives.value() / rows));
        })?;
        let positives = positives.value();
        Ok((positives > 0.0).then(|| sum.value() / positives))
    }
}

pub(super) struct Area {
    pub(super) value: f64,
    pub(super) positives: f64,
    pub(super) negatives: f64,
}

pub(super) fn log_loss(scores: &[f64], class: usize) -> f64 {
    -scores[class].clamp(LEAST, 1.0 - LEAST).ln()
}

pub(super) fn brier_score(scores: &[f64], class: usize) -> f64 {
    let error = scores[1] - f64::from(u8::from(class == 1));
    error * error
}

/// The expected metrics of a classification, under the names of those that [`crate::metrics::evaluation::classification`] gives. Returns an error
/// when lengths differ and when stopped. O(rows x classes x log rows).
pub fn classification(rows: Unjudged<'_>, monitor: &dyn Monitor) -> Result<Vec<Estimate>> {
    let classes = rows.check()?;
    if rows.predicted.is_empty() {
        return Ok(Vec::new());
    }
    let mut estimates = Vec::new();
    if classes == 2 {
        let ranked = rows.ranked(1, monitor)?;
        let area = ranked.roc_auc(monitor)?;
        let deviation = area.as_ref().map(|area| ranked.roc_deviation(area, monitor));
        estimates.push(Estimate {
            metric: "roc_auc",
            value: area.map(|area| area.value),
            deviation: deviation.transpose()?,
        });
        estimates.push(Estimate {
            metric: "average_precision",
            value: ranked.average_precision(monitor)?,
            deviation: None,
        });
        estimates.push(rows.loss("log_loss", log_loss, monitor)?);
        estimates.push(rows.loss("brier_score", brier_score, monitor)?);
    } else {
        let areas = (0..classes).map(|class| rows.ranked(class, monitor)?.roc_auc(monitor));
        let areas = areas.collect::<Result<Vec<_>>>()?;
        let areas: Vec<f64> = areas.into_iter().flatten().map(|area| area.value).collect();
        estimates.push(Estimate {
            metric: "roc_auc",
            value: (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64),
            deviation: None,
        });
        estimates.push(rows.loss("log_loss", log_loss, monitor)?);
    }
    let cells = rows.cells(classes, monitor)?;
    let deviations = rows.deviations(&cells, monitor)?;
    for ((metric, of), deviation) in OF_CELLS.into_iter().zip(deviations) {
        estimates.push(Estimate {
            metric,
            value: Some(of(&cells)),
            deviation: Some(deviation),
        });
    }
    Ok(estimates)
}

/// The expected metrics of numbers, from the absolute and the squared error that is expected of each row. Returns an error when stopped.
pub fn regression(expected_errors: &[[f64; 2]], monitor: &dyn Monitor) -> Result<Vec<Estimate>> {
    let rows = expected_errors.len() as f64;
    if expected_errors.is_empty() {
        return Ok(Vec::new());
    }
    let (mut absolute, mut squared, mut spread) = (Sum::default(), Sum::default(), Sum::default());
    for block in expected_errors.chunks(BLOCK) {
        monitor.check()?;
        for [error, square] in block {
            absolute.add(*error);
            squared.add(*square);
            spread.add((square - error * error).max(0.0));
        }
    }
    let estimate = |metric, value: f64, deviation| Estimate {
        metric,
        value: Some(value).filter(|value| value.is_finite()),
        deviation,
    };
    let (mae, mse) = (absolute.value() / rows, squared.value() / rows);
    Ok(vec![
        estimate("rmse", mse.sqrt(), None),
        estimate("mae", mae, Some(spread.value().sqrt() / rows)),
        estimate("mse", mse, None),
    ])
}
