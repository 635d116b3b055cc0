//! All metrics of a model at once.

use linfa::traits::PredictInplace;
use ndarray::{ArrayView2, Axis, Slice};
use rayon::prelude::*;

use super::confusion::{Average, Confusion};
use super::probability::clip;
use super::{AbsoluteErrors, ClassLoss, Loss, Probability, Ranking, RegressionError};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::estimator::{Criterion, Estimator, Predictor};
use crate::label::Label;
use crate::monitor::Monitor;
use crate::room;
use crate::task::Answer;
use crate::training_set::{Target, TrainingSet};

/// Rows of one task, or between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// Metrics and their values; `None` where a metric is undefined on the rows.
pub type Table = Vec<(&'static str, Option<f64>)>;

/// What rows were, and what a model said of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Scored {
    /// Each row's class, and its probabilities, `classes` for each row.
    Classes {
        /// The classes' numbers.
        actual: Vec<u32>,
        /// Row after row.
        probabilities: Vec<f64>,
        /// How many classes there are.
        classes: usize,
    },
    /// Each row's number, and the predicted one.
    Numbers {
        /// What it is.
        actual: Vec<f64>,
        /// What the model said.
        predicted: Vec<f64>,
    },
}

/// A row's target, as a model's answer has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Actual {
    /// The number of its class.
    Class(u32),
    /// Its number.
    Number(f64),
}

impl Scored {
    /// No rows yet, of a model with that answer.
    pub fn new(answer: &Answer) -> Scored {
        match answer {
            Answer::Classes(labels) => Scored::Classes {
                actual: Vec::new(),
                probabilities: Vec::new(),
                classes: labels.len(),
            },
            Answer::Number
            | Answer::Cluster { .. }
            | Answer::Strangeness
            | Answer::Forecast
            | Answer::Components { .. } => Scored::Numbers {
                actual: Vec::new(),
                predicted: Vec::new(),
            },
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Scored::Classes { actual, .. } => actual.len(),
            Scored::Numbers { actual, .. } => actual.len(),
        }
    }

    /// Adds a row. Returns an error when its target is none of the model's kind, and where there is no room.
    pub fn push(&mut self, target: Actual, scores: &[f64]) -> Result<()> {
        match (self, target) {
            (
                Scored::Classes {
                    actual, probabilities, ..
                },
                Actual::Class(class),
            ) => {
                room::push(actual, class)?;
                room::reserve(probabilities, scores.len())?;
                probabilities.extend_from_slice(scores);
                Ok(())
            }
            (Scored::Numbers { actual, predicted }, Actual::Number(number)) => {
                room::push(actual, number)?;
                scores.iter().try_for_each(|&score| room::push(predicted, score))
            }
            (Scored::Classes { .. }, Actual::Number(_)) | (Scored::Numbers { .. }, Actual::Class(_)) => {
                Err(Error::data(
                    "the rows' target is not what the model answers",
                    "evaluate on the column that the model predicts",
                ))
            }
        }
    }

    /// The rows of a set with the scores that a model gave them. Returns an error for a set without a target.
    pub fn of(target: &Target, scores: Vec<f64>) -> Result<Scored> {
        match target {
            Target::Classes { numbers, count } => Ok(Scored::Classes {
                actual: numbers.iter().map(|&class| class as u32).collect(),
                probabilities: scores,
                classes: *count,
            }),
            Target::Numbers(numbers) => Ok(Scored::Numbers {
                actual: numbers.clone(),
                predicted: scores,
            }),
            Target::None => Err(Error::data(
                "the rows have no target to evaluate on",
                "name the column to predict",
            )),
        }
    }

    /// The rows named by `rows`, in that order.
    pub fn take(&self, rows: &[u32]) -> Scored {
        fn of<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|&row| values[row as usize]).collect()
        }
        match self {
            Scored::Classes {
                actual,
                probabilities,
                classes,
            } => {
                let of_row = |&row: &u32| &probabilities[row as usize * classes..][..*classes];
                Scored::Classes {
                    actual: of(actual, rows),
                    probabilities: rows.iter().flat_map(of_row).copied().collect(),
                    classes: *classes,
                }
            }
            Scored::Numbers { actual, predicted } => Scored::Numbers {
                actual: of(actual, rows),
                predicted: of(predicted, rows),
            },
        }
    }

    /// The classes and the probabilities, rows x classes; `None` for numbers.
    pub fn classes(&self) -> Option<(&[u32], ArrayView2<'_, f64>)> {
        let Scored::Classes {
            actual,
            probabilities,
            classes,
        } = self
        else {
            return None;
        };
        let view = ArrayView2::from_shape((actual.len(), *classes), probabilities).ok()?;
        Some((actual, view))
    }

    /// All metrics, those of classes at `threshold`; of numbers also the mean of `criterion`, which comes first. Returns an error as
    /// [`classification`] and [`regression`] do.
    pub fn metrics(&self, threshold: f64, criterion: Option<&dyn Criterion>, monitor: &dyn Monitor) -> Result<Table> {
        match (self, self.classes()) {
            (Scored::Numbers { actual, predicted }, _) => {
                let others = regression(actual, predicted, monitor)?;
                let own = criterion.map(|criterion| mean_loss(criterion, actual, predicted, monitor));
                Ok(own.transpose()?.into_iter().chain(others).collect())
            }
            (Scored::Classes { .. }, Some((actual, probabilities))) => {
                classification(actual, probabilities, threshold, monitor)
            }
            (Scored::Classes { actual, .. }, None) => Err(Error::data(
                format!("{} labels have not as many probabilities", actual.len()),
                "pass as many of each",
            )),
        }
    }
}

/// Scores the rows of a set. Returns an error for a set without a target, and when stopped.
pub fn score(estimator: &(impl Estimator + Sync + ?Sized), set: &TrainingSet, monitor: &dyn Monitor) -> Result<Scored> {
    let predictor = Predictor { estimator, monitor };
    let mut scores = predictor.default_target(&set.frame);
    predictor.predict_inplace(&set.frame, &mut scores);
    Scored::of(&set.target, scores?)
}

/// Scores the rows of a set, and gives their metrics. Returns an error as [`Scored::metrics`] does.
pub fn evaluate(
    estimator: &(impl Estimator + Sync + ?Sized),
    set: &TrainingSet,
    threshold: f64,
    monitor: &dyn Monitor,
) -> Result<Table> {
    score(estimator, set, monitor)?.metrics(threshold, estimator.criterion(), monitor)
}

/// The mean of a loss; `None` without rows, and where it is beyond all numbers.
fn mean_loss(
    criterion: &dyn Criterion,
    actual: &[f64],
    predicted: &[f64],
    monitor: &dyn Monitor,
) -> Result<(&'static str, Option<f64>)> {
    let mut sum = 0.0;
    for (actual, predicted) in actual.chunks(BLOCK).zip(predicted.chunks(BLOCK)) {
        monitor.check()?;
        let losses = actual
            .iter()
            .zip(predicted)
            .map(|(&y, &predicted)| criterion.loss(y, predicted));
        sum += losses.sum::<f64>();
    }
    let mean = sum / actual.len() as f64;
    Ok((criterion.name(), Some(mean).filter(|mean| mean.is_finite())))
}

/// The class that a row of probabilities is taken for: of two classes the second when its probability is `threshold` at least; of
/// more the likeliest, the first of equals.
#[inline]
pub fn decide(probabilities: &[f64], threshold: f64) -> usize {
    if let [_, positive] = probabilities {
        return usize::from(*positive >= threshold);
    }
    let mut best = 0;
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > probabilities[best] {
            best = class;
        }
    }
    best
}

/// The confusion matrix: `matrix[actual][predicted]` rows, from the class of each row and its probabilities (rows x classes).
/// Returns an error when their lengths differ, a class has no probability, or it is stopped.
pub fn confusion_matrix(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    threshold: f64,
    monitor: &dyn Monitor,
) -> Result<Vec<Vec<u64>>> {
    let classes = check_shape(actual, &probabilities)?;
    let counted = |block: Block<'_>| {
        let mut matrix = vec![vec![0; classes]; classes];
        block.each(|class, row| {
            matrix[class][decide(row, threshold)] += 1;
            Ok(())
        })?;
        Ok(matrix)
    };
    let mut matrix = vec![vec![0; classes]; classes];
    for part in blocks(actual, probabilities, monitor, counted)? {
        add_counts(&mut matrix, &part);
    }
    Ok(matrix)
}

fn add_counts(matrix: &mut [Vec<u64>], more: &[Vec<u64>]) {
    for (ours, theirs) in matrix.iter_mut().flatten().zip(more.iter().flatten()) {
        *ours += theirs;
    }
}

/// For which class rows of probabilities are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decided<'a> {
    /// For the one that [`decide`] says with this threshold.
    From(f64),
    /// Each row for one that was decided before.
    As(&'a [u32]),
}

impl Decided<'_> {
    /// Returns an error unless each row is taken for a class.
    fn check(&self, rows: usize, classes: usize) -> Result<()> {
        match self {
            Decided::As(given) if given.len() != rows || given.iter().any(|&class| class as usize >= classes) => {
                Err(Error::data(
                    format!("{} decisions do not go with {rows} rows", given.len()),
                    "pass as many of each, and classes that the model knows",
                ))
            }
            Decided::From(_) | Decided::As(_) => Ok(()),
        }
    }

    #[inline]
    fn class(&self, row: usize, probabilities: &[f64]) -> usize {
        match self {
            Decided::From(threshold) => decide(probabilities, *threshold),
            Decided::As(given) => given[row] as usize,
        }
    }
}

/// Some rows, the class of each and its probabilities.
struct Block<'a> {
    /// The number of the first one.
    first: usize,
    actual: &'a [u32],
    probabilities: ArrayView2<'a, f64>,
}

impl Block<'_> {
    /// Calls `each` with the class of every row and its probabilities.
    fn each(&self, mut each: impl FnMut(usize, &[f64]) -> Result<()>) -> Result<()> {
        let mut copy = vec![0.0; self.probabilities.ncols()];
        for (&class, given) in self.actual.iter().zip(self.probabilities.rows()) {
            let row = given.to_slice().unwrap_or_else(|| {
                copy.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
                &copy
            });
            each(class as usize, row)?;
        }
        Ok(())
    }
}

/// What `work` makes of each block of rows, in their order; blocks in parallel. They are the same whatever the number of threads. Returns an error
/// as `work` does, and when stopped.
fn blocks<T: Send>(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    monitor: &dyn Monitor,
    work: impl Fn(Block<'_>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let parts = actual.par_chunks(BLOCK).enumerate().map(|(block, actual)| {
        monitor.check()?;
        let first = block * BLOCK;
        let probabilities = probabilities.slice_axis(Axis(0), Slice::from(first..first + actual.len()));
        work(Block {
            first,
            actual,
            probabilities,
        })
    });
    parts.collect()
}

/// The metrics of a classification, from the class of each row and its probabilities (rows x classes, in class order).
///
/// Of two classes, the second is positive: roc_auc, average_precision, log_loss, brier_score, and at `threshold` accuracy, precision,
/// recall, f1 and mcc; then the threshold and the number of rows. Of more: roc_auc (each class against the rest, averaged over the
/// classes that occur), log_loss, accuracy, precision, recall and f1 (averaged over the classes that occur), mcc, rows.
///
/// Returns an error when lengths differ, a class has no probability, something is no probability, or it is stopped. O(rows x classes x log rows).
pub fn classification(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    threshold: f64,
    monitor: &dyn Monitor,
) -> Result<Table> {
    Ok(judge(actual, probabilities, Decided::From(threshold), monitor)?.table)
}

/// The metrics of a classification, and what their intervals are made of.
pub(crate) struct Judged {
    pub(crate) table: Table,
    /// Rows by actual and predicted class.
    pub(crate) matrix: Vec<Vec<u64>>,
    /// The variance of roc_auc; of several classes not below it.
    pub(crate) auc_variance: Option<f64>,
    /// The rows of two classes in the order of their scores.
    pub(crate) ranking: Option<Ranking>,
}

/// What [`classification`] gives, and more; of rows that were decided before without the threshold.
pub(crate) fn judge(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    decided: Decided<'_>,
    monitor: &dyn Monitor,
) -> Result<Judged> {
    Ok(judge_and(actual, probabilities, decided, |_| Ok(()), monitor)?.0)
}

/// What [`judge`] gives, and what `of_class` makes of the ranking of the second of two classes, or of each of more against the rest: rows are put in
/// order once for both.
pub(crate) fn judge_and<T: Send>(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    decided: Decided<'_>,
    of_class: impl Fn(&Ranking) -> Result<T> + Sync,
    monitor: &dyn Monitor,
) -> Result<(Judged, Vec<T>)> {
    let classes = check_shape(actual, &probabilities)?;
    decided.check(actual.len(), classes)?;
    let summed = |block: Block<'_>| {
        let mut matrix = vec![vec![0; classes]; classes];
        let (mut loss, mut brier) = (ClassLoss::default(), Probability::new(Loss::Brier));
        let mut place = block.first..;
        block.each(|class, row| {
            matrix[class][decided.class(place.next().unwrap_or_default(), row)] += 1;
            if let &[_, positive] = row {
                brier.push(&Label::Bool(class == 1), positive)?;
            }
            loss.push(row, class)
        })?;
        Ok((matrix, loss, brier))
    };
    let mut matrix = vec![vec![0; classes]; classes];
    let (mut loss, mut brier) = (ClassLoss::default(), Probability::new(Loss::Brier));
    for (counts, more_loss, more_brier) in blocks(actual, probabilities, monitor, summed)? {
        add_counts(&mut matrix, &counts);
        loss.merge(&more_loss)?;
        brier.merge(&more_brier)?;
    }
    let cells = matrix
        .iter()
        .enumerate()
        .flat_map(|(a, row)| row.iter().enumerate().map(move |(p, &rows)| (a, p, rows)));
    let confusion = Confusion::new(classes, cells);
    let binary = classes == 2;
    let mut table: Table = Vec::new();
    let auc_variance;
    let mut sorted = None;
    let of_classes;
    if binary {
        let ranking = rank(actual, probabilities, 1, monitor)?;
        let (area, precision) = rayon::join(
            || ranking.roc_auc_with_variance(monitor),
            || ranking.average_precision(monitor),
        );
        let area = area?;
        auc_variance = area.and_then(|(_, variance)| variance);
        table.push(("roc_auc", area.map(|(area, _)| area)));
        table.push(("average_precision", precision?));
        of_classes = vec![of_class(&ranking)?];
        sorted = Some(ranking);
        table.push(("log_loss", loss.mean()));
        table.push(("brier_score", brier.mean()));
    } else {
        let area;
        (area, of_classes) = one_against_rest(actual, probabilities, of_class, monitor)?;
        auc_variance = area.and_then(|(_, variance)| variance);
        table.push(("roc_auc", area.map(|(area, _)| area)));
        table.push(("log_loss", loss.mean()));
    }
    let average = if binary { Average::Class(1) } else { Average::Macro };
    table.push(("accuracy", confusion.accuracy()));
    table.push(("precision", confusion.precision(average)));
    table.push(("recall", confusion.recall(average)));
    table.push(("f1", confusion.f1(average)));
    table.push(("mcc", confusion.mcc()));
    if let (true, Decided::From(threshold)) = (binary, decided) {
        table.push(("threshold", Some(threshold)));
    }
    table.push(("rows", Some(actual.len() as f64)));
    let judged = Judged {
        table,
        matrix,
        auc_variance,
        ranking: sorted,
    };
    Ok((judged, of_classes))
}

/// Minus the logarithm of the probability of a row's class.
pub(crate) fn log_loss(probabilities: &[f64], class: usize) -> f64 {
    -clip(probabilities.get(class).copied().unwrap_or_default()).ln()
}

/// The ranking of one class's probability against the rest, for its curves. Returns an error as [`classification`] does.
pub fn rank(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    class: usize,
    monitor: &dyn Monitor,
) -> Result<Ranking> {
    if class >= check_shape(actual, &probabilities)? {
        return Err(Error::data(
            format!("there is no class {class}"),
            "name a class of the model",
        ));
    }
    let probabilities = probabilities.column(class);
    Ranking::of(
        actual
            .iter()
            .zip(probabilities)
            .map(|(&actual, &probability)| (actual as usize == class, probability)),
        monitor,
    )
}

/// An area under the curve and its variance.
type Area = (f64, Option<f64>);

/// The mean of the areas of each class against the rest, and its variance if they moved together; and what is made of the ranking of each.
fn one_against_rest<T: Send>(
    actual: &[u32],
    probabilities: ArrayView2<'_, f64>,
    of_class: impl Fn(&Ranking) -> Result<T> + Sync,
    monitor: &dyn Monitor,
) -> Result<(Option<Area>, Vec<T>)> {
    let ranked = (0..probabilities.ncols()).into_par_iter().map(|class| {
        let ranking = rank(actual, probabilities, class, monitor)?;
        Ok((ranking.roc_auc_with_variance(monitor)?, of_class(&ranking)?))
    });
    let (areas, of_classes): (Vec<Option<Area>>, Vec<T>) = ranked.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let areas: Vec<Area> = areas.into_iter().flatten().collect();
    if areas.is_empty() {
        return Ok((None, of_classes));
    }
    let mean = areas.iter().map(|(area, _)| area).sum::<f64>() / areas.len() as f64;
    let errors: Option<f64> = areas.iter().map(|(_, variance)| variance.map(f64::sqrt)).sum();
    let error = errors.map(|errors| errors / areas.len() as f64);
    Ok((Some((mean, error.map(|error| error * error))), of_classes))
}

fn check_shape(actual: &[u32], probabilities: &ArrayView2<'_, f64>) -> Result<usize> {
    let (rows, classes) = probabilities.dim();
    if rows != actual.len() {
        return Err(Error::data(
            format!("{} labels have {rows} rows of probabilities", actual.len()),
            "pass as many of each",
        ));
    }
    if let Some(class) = actual.iter().find(|&&class| class as usize >= classes) {
        return Err(Error::data(
            format!("class {class} has no probability among {classes}"),
            "evaluate on rows whose labels the model has learned",
        ));
    }
    Ok(classes)
}

/// The metrics of a regression: rmse, mae, mape, mse, r2, median_absolute_error, rows. Returns an error when lengths differ, a number is not finite,
/// or it is stopped. O(n), in parallel.
pub fn regression(actual: &[f64], predicted: &[f64], monitor: &dyn Monitor) -> Result<Table> {
    if actual.len() != predicted.len() {
        return Err(Error::data(
            format!("{} values have {} predictions", actual.len(), predicted.len()),
            "pass as many of each",
        ));
    }
    let blocks = actual.par_chunks(BLOCK).zip(predicted.par_chunks(BLOCK));
    let parts = blocks.map(|(actual, predicted)| {
        monitor.check()?;
        let (mut sums, mut errors) = (RegressionError::default(), AbsoluteErrors::default());
        for (&actual, &predicted) in actual.iter().zip(predicted) {
            sums.push(actual, predicted)?;
            errors.push(actual, predicted)?;
        }
        Ok((sums, errors))
    });
    let (mut sums, mut errors) = (RegressionError::default(), AbsoluteErrors::default());
    for (more_sums, more_errors) in parts.collect::<Result<Vec<_>>>()? {
        sums.merge(&more_sums)?;
        errors.merge(&more_errors)?;
    }
    monitor.check()?;
    Ok(vec![
        ("rmse", sums.rmse()),
        ("mae", sums.mae()),
        ("mape", sums.mape()),
        ("mse", sums.mse()),
        ("r2", sums.r2()),
        ("median_absolute_error", errors.median(monitor)?),
        ("rows", Some(sums.rows() as f64)),
    ])
}
