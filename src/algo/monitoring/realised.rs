//! Metrics of rows whose truth is known, by the classes that they were taken for when it was decided, with intervals.
//!
//! The values are those that [`super::expected`] gives where each row is surely of its class. The intervals are at 95 percent: Wilson's of shares,
//! DeLong's (1988) of the area under the ROC curve, else the normal one by the metric's gradient.

use ndarray::{Array2, ArrayView2};

use super::Realised;
use super::expected::{self, Cells, OF_CELLS, Ranked, Unjudged};
use crate::error::{Error, Result};
use crate::metrics::sum::Sum;
use crate::metrics::{AbsoluteErrors, RegressionError};
use crate::monitor::Monitor;
use crate::room;
use crate::stats::proportion::wilson;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 14;
const CONFIDENCE: f64 = 0.95;
/// Standard deviations on each side.
const Z: f64 = 1.959_963_984_540_054;

/// An interval of a number that is from `least` to `most`.
pub(super) fn normal(value: Option<f64>, deviation: Option<f64>, [least, most]: [f64; 2]) -> Option<[f64; 2]> {
    let (value, half) = (value?, Z * deviation?);
    half.is_finite()
        .then(|| [(value - half).max(least), (value + half).min(most)])
}

/// The standard deviation of a mean of so many numbers.
fn of_mean(sum: &Sum, squares: &Sum, rows: f64) -> Option<f64> {
    let variance = (squares.value() - sum.value() * sum.value() / rows).max(0.0) / (rows - 1.0);
    (rows > 1.0).then(|| (variance / rows).sqrt())
}

/// The metrics of a classification: of each row its scores, its class and the one that it was taken for. Returns an error when lengths differ and
/// when stopped. O(rows x classes x log rows).
pub fn classification(
    scores: ArrayView2<'_, f64>,
    actual: &[u32],
    predicted: &[u32],
    monitor: &dyn Monitor,
) -> Result<Vec<Realised>> {
    let (rows, classes) = scores.dim();
    if actual.len() != rows || actual.iter().any(|&class| class as usize >= classes) {
        return Err(Error::data(
            "scores and classes do not go together",
            "pass as many of each",
        ));
    }
    room::ask(rows.saturating_mul(classes).saturating_mul(size_of::<f64>()))?;
    let mut known = Array2::zeros((rows, classes));
    for (row, &class) in actual.iter().enumerate() {
        known[[row, class as usize]] = 1.0;
    }
    let known = Unjudged {
        scores: scores.view(),
        probabilities: known.view(),
        predicted,
    };
    let estimates = expected::classification(known, monitor)?;
    if estimates.is_empty() {
        return Ok(Vec::new());
    }
    let cells = known.cells(classes, monitor)?;
    let with_interval = |estimate: &super::Estimate| {
        let value = estimate.value;
        let interval = match estimate.metric {
            "roc_auc" if classes == 2 => normal(value, de_long(&known.ranked(1, monitor)?, monitor)?, [0.0, 1.0]),
            "log_loss" => normal(
                value,
                of_losses(&known, expected::log_loss, monitor)?,
                [0.0, f64::INFINITY],
            ),
            "brier_score" => normal(value, of_losses(&known, expected::brier_score, monitor)?, [0.0, 1.0]),
            metric => of_cells(metric, value, &cells),
        };
        Ok(Realised {
            metric: estimate.metric,
            value,
            interval,
        })
    };
    estimates.iter().map(with_interval).collect()
}

/// An interval of what follows from a confusion matrix.
fn of_cells(metric: &str, value: Option<f64>, cells: &Cells) -> Option<[f64; 2]> {
    let share = |part: f64, whole: f64| {
        let (low, high) = wilson(part as u64, whole as u64, CONFIDENCE);
        (whole > 0.0).then_some([low, high])
    };
    match metric {
        "accuracy" => return share(cells.correct(), cells.rows()),
        "precision" if cells.classes == 2 => return share(cells.at(1, 1), cells.predicted(1)),
        "recall" if cells.classes == 2 => return share(cells.at(1, 1), cells.actual(1)),
        _ => {}
    }
    let (_, of) = OF_CELLS.iter().find(|(name, _)| *name == metric)?;
    let slopes = expected::gradient(*of, cells);
    // Rows are drawn alone: the counts of cells are those of a multinomial draw, and a metric does not change where all grow alike.
    let variance: f64 = cells
        .cells
        .iter()
        .zip(slopes)
        .map(|(rows, slope)| rows * slope * slope)
        .sum();
    let least = if metric == "mcc" { -1.0 } else { 0.0 };
    normal(
        value,
        Some(variance.sqrt()).filter(|deviation| *deviation > 0.0),
        [least, 1.0],
    )
}

/// The standard deviation of a mean loss.
fn of_losses(rows: &Unjudged<'_>, loss: fn(&[f64], usize) -> f64, monitor: &dyn Monitor) -> Result<Option<f64>> {
    let (mut sum, mut squares) = (Sum::default(), Sum::default());
    rows.each(monitor, |_, scores, known| {
        let loss = loss(scores, known.iter().position(|&one| one == 1.0).unwrap_or(0));
        sum.add(loss);
        squares.add_square(loss);
    })?;
    Ok(of_mean(&sum, &squares, rows.predicted.len() as f64))
}

/// The standard deviation of the area under the ROC curve, after DeLong, DeLong and Clarke-Pearson (1988).
fn de_long(ranked: &Ranked, monitor: &dyn Monitor) -> Result<Option<f64>> {
    let Some(area) = ranked.roc_auc(monitor)? else {
        return Ok(None);
    };
    let (positives, negatives) = (area.positives, area.negatives);
    let (mut above, mut below) = (0.0, negatives);
    let (mut of_positives, mut of_negatives) = (Sum::default(), Sum::default());
    ranked.ties(monitor, |tie| {
        below -= tie.negative;
        // Of each positive row the share of negatives below it, of each negative the share of positives above it.
        let won = (below + tie.negative / 2.0) / negatives - area.value;
        let lost = (above + tie.positive / 2.0) / positives - area.value;
        of_positives.add(tie.positive * won * won);
        of_negatives.add(tie.negative * lost * lost);
        above += tie.positive;
    })?;
    if positives < 2.0 || negatives < 2.0 {
        return Ok(None);
    }
    let variance =
        of_positives.value() / (positives - 1.0) / positives + of_negatives.value() / (negatives - 1.0) / negatives;
    Ok(Some(variance.sqrt()))
}

/// The metrics of a regression, under the names of [`crate::metrics::evaluation::regression`]. Returns an error when lengths differ, a number is not
/// finite, and when stopped. O(rows).
pub fn regression(actual: &[f64], predicted: &[f64], monitor: &dyn Monitor) -> Result<Vec<Realised>> {
    if actual.len() != predicted.len() {
        return Err(Error::data(
            "values and predictions do not go together",
            "pass as many of each",
        ));
    }
    if actual.is_empty() {
        return Ok(Vec::new());
    }
    let (mut sums, mut errors) = (RegressionError::default(), AbsoluteErrors::default());
    let mut moments = [(Sum::default(), Sum::default()); 3];
    for (row, (&actual, &predicted)) in actual.iter().zip(predicted).enumerate() {
        if row.is_multiple_of(BLOCK) {
            monitor.check()?;
        }
        sums.push(actual, predicted)?;
        errors.push(actual, predicted)?;
        let error = (predicted - actual).abs();
        let relative = error / actual.abs().max(f64::EPSILON);
        for ((sum, squares), number) in moments.iter_mut().zip([error, error * error, relative]) {
            sum.add(number);
            squares.add_square(number);
        }
    }
    let rows = sums.rows() as f64;
    let [absolute, squared, relative] = moments.map(|(sum, squares)| of_mean(&sum, &squares, rows));
    let positive = [0.0, f64::INFINITY];
    let of = |metric, value, deviation| Realised {
        metric,
        value,
        interval: normal(value, deviation, positive),
    };
    let mse = of("mse", sums.mse(), squared);
    Ok(vec![
        Realised {
            metric: "rmse",
            value: sums.rmse(),
            interval: mse.interval.map(|ends| ends.map(f64::sqrt)),
        },
        of("mae", sums.mae(), absolute),
        of("mape", sums.mape(), relative),
        mse,
        of("r2", sums.r2(), None),
        of("median_absolute_error", errors.median(monitor)?, None),
    ])
}
