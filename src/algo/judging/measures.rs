//! The metrics of scored rows with their intervals: how far they may be from those of all the rows that there could be.
//!
//! | metric | interval |
//! |---|---|
//! | accuracy; precision and recall of two classes | Wilson (1927), of the rows that the share is of |
//! | f1 of two classes | Wilson's of the share of true positives among the rows that are or are called positive, of which it is a function |
//! | roc_auc | DeLong, DeLong and Clarke-Pearson (1988); of several classes with the mean of their standard errors, which is not too narrow |
//! | average_precision | the logit interval of Boyd, Eng and Page (2013) |
//! | mcc; precision, recall and f1 of several classes | the delta method on the counts of the confusion matrix |
//! | log_loss, brier_score, mae, mse, mape, the losses of objectives | normal, from the variance of the rows' losses |
//! | rmse | the roots of the ends of mse's |
//! | r2 | normal, from the variance of its influence function |
//! | median_absolute_error | of order statistics (binomial), without any distribution |

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::calibration::LEVEL;
use crate::error::Result;
use crate::estimator::Criterion;
use crate::metrics::Ranking;
use crate::metrics::evaluation::{self, Decided, Scored};
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;
use crate::stats::proportion::{normal_quantile, wilson};

/// A metric's value, and the interval that it is known to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its value; `None` where it is not defined on the rows.
    pub value: Option<f64>,
    /// A 95 % interval; `None` where rows are too few to tell, and for what is no estimate.
    pub interval: Option<(f64, f64)>,
}

/// Rows between two looks at the monitor.
const LOOK: usize = 1 << 16;

/// The metrics of rows, and what of them was counted and put in order on the way.
#[derive(Debug, Default)]
pub struct Measures {
    /// All metrics of the rows, in their usual order.
    pub measures: Vec<Measure>,
    /// Rows by actual and predicted class; empty of numbers.
    pub matrix: Vec<Vec<u64>>,
    /// The rows of two classes in the order of their scores.
    pub ranking: Option<Ranking>,
}

/// All metrics of the rows, in their usual order, those of classes at `threshold`. Returns an error as [`Scored::metrics`] does.
pub fn measure(
    scored: &Scored,
    threshold: f64,
    criterion: Option<&dyn Criterion>,
    monitor: &dyn Monitor,
) -> Result<Vec<Measure>> {
    Ok(measure_all(scored, threshold, criterion, monitor)?.measures)
}

/// The same, and what else is made on the way.
pub fn measure_all(
    scored: &Scored,
    threshold: f64,
    criterion: Option<&dyn Criterion>,
    monitor: &dyn Monitor,
) -> Result<Measures> {
    match (scored, scored.classes()) {
        (Scored::Classes { .. }, Some((actual, probabilities))) => {
            of_classes(actual, probabilities, Decided::From(threshold), monitor)
        }
        (Scored::Classes { .. }, None) => Ok(Measures::default()),
        (Scored::Numbers { actual, predicted }, _) => {
            let table = scored.metrics(threshold, criterion, monitor)?;
            let intervals = Numbers::of(actual, predicted, criterion, monitor)?;
            Ok(Measures {
                measures: with_intervals(table, |name, value| intervals.of_metric(name, value)),
                ..Measures::default()
            })
        }
    }
}

/// The metrics of rows by the class that each was taken for when it was decided, in the order of [`measure`]. Returns an error as it does.
pub fn of_decided(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    decided: &[u32],
    monitor: &dyn Monitor,
) -> Result<Vec<Measure>> {
    Ok(of_classes(actual, probabilities, Decided::As(decided), monitor)?.measures)
}

/// Metrics with the intervals of those that are defined.
fn with_intervals(
    table: evaluation::Table,
    interval: impl Fn(&'static str, f64) -> Option<(f64, f64)>,
) -> Vec<Measure> {
    let measure = |(name, value): (&'static str, Option<f64>)| Measure {
        name,
        value,
        interval: value.and_then(|value| interval(name, value)),
    };
    table.into_iter().map(measure).collect()
}

/// Ends of an interval that are no numbers are none.
fn finite((low, high): (f64, f64)) -> Option<(f64, f64)> {
    (low.is_finite() && high.is_finite()).then_some((low, high))
}

/// The normal interval around a value with a variance, within bounds.
pub(crate) fn normal(value: f64, variance: f64, bounds: (f64, f64)) -> Option<(f64, f64)> {
    let half = normal_quantile(LEVEL) * variance.max(0.0).sqrt();
    finite((value - half, value + half)).map(|(low, high)| (low.max(bounds.0), high.min(bounds.1)))
}

/// Sums of losses of rows.
#[derive(Debug, Clone, Copy, Default)]
struct Losses {
    rows: u64,
    sum: Sum,
    squares: Sum,
}

impl Losses {
    fn add(&mut self, loss: f64) {
        self.rows += 1;
        self.sum.add(loss);
        self.squares.add_square(loss);
    }

    fn merge(&mut self, other: &Losses) {
        self.rows += other.rows;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// The variance of the mean; `None` for fewer than two rows.
    fn variance_of_mean(&self) -> Option<f64> {
        let rows = self.rows as f64;
        (self.rows > 1).then(|| self.sum.squared_deviations(&self.squares, self.rows) / (rows - 1.0) / rows)
    }

    /// The normal interval of the mean.
    fn interval(&self) -> Option<(f64, f64)> {
        let mean = self.sum.value() / self.rows as f64;
        normal(mean, self.variance_of_mean()?, (0.0, f64::INFINITY))
    }
}

/// The counts of a confusion matrix, and what varies with them.
struct Matrix<'m> {
    cells: &'m [Vec<u64>],
    rows: f64,
    actual: Vec<f64>,
    predicted: Vec<f64>,
}

impl Matrix<'_> {
    fn of(cells: &[Vec<u64>]) -> Matrix<'_> {
        let actual: Vec<f64> = cells.iter().map(|row| row.iter().sum::<u64>() as f64).collect();
        let predicted = (0..cells.len()).map(|class| cells.iter().map(|row| row[class]).sum::<u64>() as f64);
        Matrix {
            rows: actual.iter().sum(),
            predicted: predicted.collect(),
            actual,
            cells,
        }
    }

    fn correct(&self) -> f64 {
        (0..self.cells.len()).map(|class| self.cells[class][class] as f64).sum()
    }

    /// How many classes occur, which averages are over.
    fn occurring(&self) -> f64 {
        let occurs = self.actual.iter().zip(&self.predicted).filter(|(a, p)| **a + **p > 0.0);
        occurs.count() as f64
    }

    /// The variance of a function of the counts that does not change when all grow alike, from its derivative for a row of one class that is
    /// called another.
    fn variance(&self, derivative: impl Fn(usize, usize) -> f64) -> f64 {
        let mut sum = 0.0;
        for (actual, row) in self.cells.iter().enumerate() {
            for (predicted, &count) in row.iter().enumerate() {
                if count > 0 {
                    let slope = derivative(actual, predicted);
                    sum += count as f64 * slope * slope;
                }
            }
        }
        sum
    }

    fn hit(&self, actual: usize, predicted: usize) -> f64 {
        f64::from(u8::from(actual == predicted))
    }

    fn diagonal(&self, class: usize) -> f64 {
        self.cells[class][class] as f64
    }

    fn recall_variance(&self) -> f64 {
        self.variance(|i, j| (self.hit(i, j) - self.diagonal(i) / self.actual[i]) / self.actual[i] / self.occurring())
    }

    fn precision_variance(&self) -> f64 {
        self.variance(|i, j| {
            (self.hit(i, j) - self.diagonal(j) / self.predicted[j]) / self.predicted[j] / self.occurring()
        })
    }

    fn f1_variance(&self) -> f64 {
        let both = |class: usize| self.actual[class] + self.predicted[class];
        let lost = |class: usize| 2.0 * self.diagonal(class) / (both(class) * both(class));
        self.variance(|i, j| (2.0 * self.hit(i, j) / both(i) - lost(i) - lost(j)) / self.occurring())
    }

    /// `None` where it is not defined.
    fn mcc_variance(&self) -> Option<f64> {
        let (rows, correct) = (self.rows, self.correct());
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let covariance = correct * rows - product(&self.actual, &self.predicted);
        let actual = rows * rows - product(&self.actual, &self.actual);
        let predicted = rows * rows - product(&self.predicted, &self.predicted);
        let root = (actual * predicted).sqrt();
        if root <= 0.0 {
            return None;
        }
        let mcc = covariance / root;
        Some(self.variance(|i, j| {
            let up = self.hit(i, j) * rows + correct - self.predicted[i] - self.actual[j];
            let (wide, tall) = (
                2.0 * (rows - self.actual[i]) / actual,
                2.0 * (rows - self.predicted[j]) / predicted,
            );
            up / root - mcc / 2.0 * (wide + tall)
        }))
    }
}

/// The interval of the share of positive rows' precision: on the scale of its logarithm of odds.
fn of_average_precision(value: f64, positives: u64) -> Option<(f64, f64)> {
    if positives == 0 {
        return None;
    }
    if value <= 0.0 || value >= 1.0 {
        // Beyond the range of the logit: Wilson's, as of a share of the positive rows.
        let hits = (value * positives as f64).round() as u64;
        return Some(wilson(hits, positives, LEVEL));
    }
    let middle = (value / (1.0 - value)).ln();
    let half = normal_quantile(LEVEL) / (positives as f64 * value * (1.0 - value)).sqrt();
    let at = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    finite((at(middle - half), at(middle + half)))
}

/// The losses of rows by their probabilities: the logarithmic one, and of two classes the squared one.
fn losses(actual: &[u32], probabilities: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<(Losses, Losses)> {
    let binary = probabilities.ncols() == 2;
    let blocks = actual.par_chunks(LOOK).enumerate().map(|(block, actual)| {
        monitor.check()?;
        let (mut log, mut brier) = (Losses::default(), Losses::default());
        for (row, &class) in (block * LOOK..).zip(actual) {
            let probabilities = probabilities.row(row);
            log.add(evaluation::log_loss(
                probabilities.to_slice().unwrap_or_default(),
                class as usize,
            ));
            if binary {
                let off = f64::from(class) - probabilities[1];
                brier.add(off * off);
            }
        }
        Ok((log, brier))
    });
    let (mut log, mut brier) = (Losses::default(), Losses::default());
    for (more_log, more_brier) in blocks.collect::<Result<Vec<_>>>()? {
        log.merge(&more_log);
        brier.merge(&more_brier);
    }
    Ok((log, brier))
}

fn of_classes(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    decided: Decided<'_>,
    monitor: &dyn Monitor,
) -> Result<Measures> {
    let judged = evaluation::judge(actual, probabilities, decided, monitor)?;
    let binary = probabilities.ncols() == 2;
    let (log, brier) = losses(actual, probabilities, monitor)?;
    let matrix = Matrix::of(&judged.matrix);
    let within = |value: f64, variance: f64| normal(value, variance, (0.0, 1.0));
    let interval = |name: &str, value: f64| match name {
        "roc_auc" => within(value, judged.auc_variance?),
        "average_precision" => of_average_precision(value, matrix.actual[1] as u64),
        "log_loss" => log.interval(),
        "brier_score" => brier.interval(),
        "accuracy" => Some(wilson(matrix.correct() as u64, matrix.rows as u64, LEVEL)),
        "precision" if binary => share_of(matrix.diagonal(1), matrix.predicted[1]),
        "recall" if binary => share_of(matrix.diagonal(1), matrix.actual[1]),
        "f1" if binary => {
            let hits = matrix.diagonal(1);
            let (low, high) = share_of(hits, matrix.actual[1] + matrix.predicted[1] - hits)?;
            Some((2.0 * low / (1.0 + low), 2.0 * high / (1.0 + high)))
        }
        "precision" => within(value, matrix.precision_variance()),
        "recall" => within(value, matrix.recall_variance()),
        "f1" => within(value, matrix.f1_variance()),
        "mcc" => normal(value, matrix.mcc_variance()?, (-1.0, 1.0)),
        // The threshold and the rows are no estimates.
        _ => None,
    };
    Ok(Measures {
        measures: with_intervals(judged.table, interval),
        matrix: judged.matrix.clone(),
        ranking: judged.ranking,
    })
}

/// Wilson's interval of a share; `None` of no rows.
fn share_of(part: f64, rows: f64) -> Option<(f64, f64)> {
    (rows > 0.0).then(|| wilson(part as u64, rows as u64, LEVEL))
}

/// What the intervals of a regression's metrics are made of.
#[derive(Default)]
struct Numbers {
    absolute: Losses,
    squared: Losses,
    relative: Losses,
    own: Losses,
    own_name: Option<&'static str>,
    influence: Losses,
    r2_scale: f64,
    median: Option<(f64, f64)>,
}

impl Numbers {
    fn of(
        actual: &[f64],
        predicted: &[f64],
        criterion: Option<&dyn Criterion>,
        monitor: &dyn Monitor,
    ) -> Result<Numbers> {
        let mut found = Numbers {
            own_name: criterion.map(|criterion| criterion.name()),
            ..Numbers::default()
        };
        let (mut target, mut errors) = (Losses::default(), room::with_capacity(actual.len())?);
        for (row, (&actual, &predicted)) in actual.iter().zip(predicted).enumerate() {
            if row.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            let off = actual - predicted;
            errors.push(off.abs());
            target.add(actual);
            found.absolute.add(off.abs());
            found.squared.add(off * off);
            found.relative.add(off.abs() / actual.abs().max(f64::EPSILON));
            if let Some(criterion) = criterion {
                found.own.add(criterion.loss(actual, predicted));
            }
        }
        let rows = actual.len() as f64;
        let mean = target.sum.value() / rows;
        found.r2_scale = target.sum.squared_deviations(&target.squares, target.rows) / rows;
        let left = found.squared.sum.value() / rows / found.r2_scale;
        for (row, (&actual, &predicted)) in actual.iter().zip(predicted).enumerate() {
            if row.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            let (off, deviation) = (actual - predicted, actual - mean);
            found
                .influence
                .add((off * off - left * deviation * deviation) / found.r2_scale);
        }
        monitor.check()?;
        found.median = median_interval(&mut errors);
        Ok(found)
    }

    fn of_metric(&self, name: &str, value: f64) -> Option<(f64, f64)> {
        match name {
            own if Some(own) == self.own_name => normal(value, self.own.variance_of_mean()?, (0.0, f64::INFINITY)),
            "mae" => self.absolute.interval(),
            "mse" => self.squared.interval(),
            "rmse" => self.squared.interval().map(|(low, high)| (low.sqrt(), high.sqrt())),
            "mape" => self.relative.interval(),
            "r2" if self.r2_scale > 0.0 => normal(value, self.influence.variance_of_mean()?, (f64::NEG_INFINITY, 1.0)),
            "median_absolute_error" => self.median,
            _ => None,
        }
    }
}

/// Two order statistics between which the median is, in 95 % of samples; `None` for fewer than six rows, of which none are.
fn median_interval(values: &mut [f64]) -> Option<(f64, f64)> {
    let rows = values.len();
    if rows < 6 {
        return None;
    }
    let half = normal_quantile(LEVEL) * (rows as f64).sqrt() / 2.0;
    // From 1: the normal approximation of the binomial, on the wide side.
    let low = (rows as f64 / 2.0 - half).floor().max(1.0) as usize;
    let high = (rows as f64 / 2.0 + half + 1.0).ceil().min(rows as f64) as usize;
    let (_, &mut at_low, above) = values.select_nth_unstable_by(low - 1, f64::total_cmp);
    let at_high = match high - low {
        0 => at_low,
        apart => *above.select_nth_unstable_by(apart - 1, f64::total_cmp).1,
    };
    Some((at_low, at_high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn draw(seed: u64, row: u64) -> f64 {
        crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64
    }

    /// Rows drawn anew for each seed, of two classes.
    fn classes(seed: u64, rows: u64) -> Scored {
        let score = |row| draw(3 * seed, row);
        Scored::Classes {
            actual: (0..rows)
                .map(|row| u32::from(draw(3 * seed + 1, row) < score(row)))
                .collect(),
            probabilities: (0..rows).flat_map(|row| [1.0 - score(row), score(row)]).collect(),
            classes: 2,
        }
    }

    fn several(seed: u64, rows: u64) -> Scored {
        let mut scored = (Vec::new(), Vec::new());
        for row in 0..rows {
            let weights: Vec<f64> = (0..3).map(|class| 0.1 + draw(5 * seed + class, row)).collect();
            let sum: f64 = weights.iter().sum();
            let (at, mut below) = (draw(5 * seed + 3, row), 0.0);
            let class = weights.iter().position(|weight| {
                below += weight / sum;
                at < below
            });
            scored.0.push(class.unwrap_or(2) as u32);
            scored.1.extend(weights.iter().map(|weight| weight / sum));
        }
        Scored::Classes {
            actual: scored.0,
            probabilities: scored.1,
            classes: 3,
        }
    }

    fn numbers(seed: u64, rows: u64) -> Scored {
        let actual = |row| 1.0 + 9.0 * draw(3 * seed, row);
        let noise = |row| (draw(3 * seed + 1, row) + draw(3 * seed + 2, row) - 1.0) * 4.0;
        Scored::Numbers {
            actual: (0..rows).map(actual).collect(),
            predicted: (0..rows).map(|row| actual(row) + noise(row)).collect(),
        }
    }

    /// How often the interval of each metric holds the value that many rows have.
    fn coverage(of: impl Fn(u64, u64) -> Scored) -> Vec<(&'static str, f64)> {
        let measured = |seed, rows| measure(&of(seed, rows), 0.5, None, &Unwatched).unwrap();
        let truth = measured(1_000_000, 200_000);
        let samples: Vec<Vec<Measure>> = (0..200).map(|seed| measured(seed, 400)).collect();
        let with_interval = truth.iter().filter(|truth| truth.interval.is_some());
        with_interval
            .map(|truth| {
                let holds = samples.iter().filter(|sample| {
                    let found = sample.iter().find(|found| found.name == truth.name);
                    found
                        .and_then(|found| found.interval)
                        .is_some_and(|(low, high)| Some(low) <= truth.value && truth.value <= Some(high))
                });
                (truth.name, holds.count() as f64 / 200.0)
            })
            .collect()
    }

    #[test]
    fn intervals_hold_what_many_rows_have_about_95_times_in_100() {
        for (of, metrics) in [(coverage(classes), 9), (coverage(several), 7), (coverage(numbers), 6)] {
            assert_eq!(of.len(), metrics, "{of:?}");
            for (name, share) in of {
                assert!((0.90..=1.0).contains(&share), "{name}: {share}");
            }
        }
    }

    #[test]
    fn values_are_those_of_the_table() {
        for scored in [classes(1, 300), several(1, 300), numbers(1, 300)] {
            let table = scored.metrics(0.4, None, &Unwatched).unwrap();
            let measures = measure(&scored, 0.4, None, &Unwatched).unwrap();
            let values: Vec<_> = measures.iter().map(|measure| (measure.name, measure.value)).collect();
            assert_eq!(values, table);
            for measure in measures {
                if let Some((low, high)) = measure.interval {
                    assert!(Some(low) <= measure.value && measure.value <= Some(high), "{measure:?}");
                }
            }
        }
    }

    #[test]
    fn one_row_has_few_intervals_and_no_nonsense() {
        for scored in [classes(1, 1), several(1, 1), numbers(1, 1)] {
            for measure in measure(&scored, 0.5, None, &Unwatched).unwrap() {
                let bounds = measure.interval.unwrap_or((0.0, 0.0));
                assert!(bounds.0.is_finite() && bounds.1.is_finite(), "{measure:?}");
            }
        }
    }
}
