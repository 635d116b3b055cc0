//! An accumulator that knows which metric it answers.

use super::metric::{Inputs, Metric};
use super::{AbsoluteErrors, Agreement, Loss, Probability, Ranking, RegressionError};
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::label::Label;
use crate::monitor::Monitor;

/// The rows of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Tally {
    metric: Metric,
    rows: Rows,
}

/// What is kept of the rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rows {
    Ranking(Ranking),
    Probability(Probability),
    Agreement(Agreement),
    RegressionError(RegressionError),
    AbsoluteErrors(AbsoluteErrors),
}

impl Rows {
    /// What `metric` needs to keep.
    pub(crate) fn of(metric: Metric) -> Rows {
        match (metric, metric.inputs()) {
            (_, Inputs::LabelAndScore) => Rows::Ranking(Ranking::default()),
            (Metric::BrierScore, _) => Rows::Probability(Probability::new(Loss::Brier)),
            (_, Inputs::LabelAndProbability) => Rows::Probability(Probability::new(Loss::Log)),
            (_, Inputs::Labels) => Rows::Agreement(Agreement::default()),
            (Metric::MedianAbsoluteError, _) => Rows::AbsoluteErrors(AbsoluteErrors::default()),
            (_, Inputs::Numbers) => Rows::RegressionError(RegressionError::default()),
        }
    }
}

/// Evaluates an expression with the accumulator inside [`Rows`], whichever it is.
macro_rules! with_rows {
    ($rows:expr, $name:ident => $body:expr) => {
        match $rows {
            $crate::metrics::Rows::Ranking($name) => $body,
            $crate::metrics::Rows::Probability($name) => $body,
            $crate::metrics::Rows::Agreement($name) => $body,
            $crate::metrics::Rows::RegressionError($name) => $body,
            $crate::metrics::Rows::AbsoluteErrors($name) => $body,
        }
    };
}
pub(crate) use with_rows;

impl Tally {
    /// No rows.
    pub fn new(metric: Metric) -> Tally {
        Tally {
            metric,
            rows: Rows::of(metric),
        }
    }

    /// Decoded rows of a metric. Returns an error when they are damaged, or are another metric's.
    pub(crate) fn from_rows(metric: Metric, rows: Rows) -> Result<Tally> {
        with_rows!(&rows, rows => rows.validate())?;
        if let (Rows::Probability(theirs), Rows::Probability(ours)) = (&rows, Rows::of(metric))
            && theirs.loss() != ours.loss()
        {
            return Err(Error::damaged("state", format!("it does not hold what {metric} needs")));
        }
        Ok(Tally { metric, rows })
    }

    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The metric it answers.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The pairs of label and score, for the curves.
    pub fn ranking(&self) -> Option<&Ranking> {
        if let Rows::Ranking(ranking) = &self.rows {
            Some(ranking)
        } else {
            None
        }
    }

    /// Adds a row of [`Inputs::LabelAndScore`] or [`Inputs::LabelAndProbability`]. Returns an error as [`Ranking::push`] and
    /// [`Probability::push`] do, and for a metric of other rows.
    #[inline]
    pub fn push_score(&mut self, label: &Label, score: f64) -> Result<()> {
        match &mut self.rows {
            Rows::Ranking(rows) => rows.push(label, score),
            Rows::Probability(rows) => rows.push(label, score),
            _ => Err(self.other_rows("a label and a score")),
        }
    }

    /// Adds a row of [`Inputs::Labels`]. Returns an error as [`Agreement::push`] does, and for a metric of other rows.
    #[inline]
    pub fn push_labels(&mut self, actual: &Label, predicted: &Label) -> Result<()> {
        match &mut self.rows {
            Rows::Agreement(rows) => rows.push(actual, predicted),
            _ => Err(self.other_rows("two labels")),
        }
    }

    /// Adds a row of [`Inputs::Numbers`]. Returns an error as [`RegressionError::push`] does, and for a metric of other rows.
    #[inline]
    pub fn push_numbers(&mut self, actual: f64, predicted: f64) -> Result<()> {
        match &mut self.rows {
            Rows::RegressionError(rows) => rows.push(actual, predicted),
            Rows::AbsoluteErrors(rows) => rows.push(actual, predicted),
            _ => Err(self.other_rows("two numbers")),
        }
    }

    #[cold]
    fn other_rows(&self, given: &str) -> Error {
        Error::Mismatch {
            left: format!("a state of {}", self.metric),
            right: given.to_string(),
        }
    }

    /// Adds the rows of another tally. Returns an error when that is of another metric, as [`Accumulator::merge`] says.
    pub fn merge(&mut self, other: &Tally) -> Result<()> {
        match (&mut self.rows, &other.rows) {
            _ if self.metric != other.metric => Err(self.other_rows(&format!("one of {}", other.metric))),
            (Rows::Ranking(ours), Rows::Ranking(theirs)) => ours.merge(theirs),
            (Rows::Probability(ours), Rows::Probability(theirs)) => ours.merge(theirs),
            (Rows::Agreement(ours), Rows::Agreement(theirs)) => ours.merge(theirs),
            (Rows::RegressionError(ours), Rows::RegressionError(theirs)) => ours.merge(theirs),
            (Rows::AbsoluteErrors(ours), Rows::AbsoluteErrors(theirs)) => ours.merge(theirs),
            _ => Err(self.other_rows("other rows")),
        }
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        with_rows!(&self.rows, rows => rows.memory())
    }

    /// Whether it is time for [`Tally::fold`].
    #[inline]
    pub fn is_due(&self) -> bool {
        match &self.rows {
            Rows::Ranking(rows) => rows.is_due(),
            Rows::Probability(_) | Rows::Agreement(_) | Rows::RegressionError(_) | Rows::AbsoluteErrors(_) => false,
        }
    }

    /// Keeps repeated rows in less memory. Returns an error when stopped, and where there is no room.
    pub fn fold(&mut self, monitor: &dyn Monitor) -> Result<()> {
        match &mut self.rows {
            Rows::Ranking(rows) => rows.fold(monitor),
            Rows::Probability(_) | Rows::Agreement(_) | Rows::RegressionError(_) | Rows::AbsoluteErrors(_) => Ok(()),
        }
    }

    /// The metric of the rows so far. `None` where it is undefined: without rows, and as the accumulators say. Returns an error when stopped, and
    /// where there is no room.
    pub fn finish(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        Ok(match (&self.rows, self.metric) {
            (Rows::Ranking(rows), Metric::AveragePrecision) => rows.average_precision(monitor)?,
            (Rows::Ranking(rows), _) => rows.roc_auc(monitor)?,
            (Rows::Probability(rows), _) => rows.mean(),
            (Rows::Agreement(rows), metric) => {
                let (confusion, average) = rows.confusion();
                match metric {
                    Metric::Accuracy => confusion.accuracy(),
                    Metric::Precision => average.and_then(|average| confusion.precision(average)),
                    Metric::Recall => average.and_then(|average| confusion.recall(average)),
                    Metric::F1 => average.and_then(|average| confusion.f1(average)),
                    _ => confusion.mcc(),
                }
            }
            (Rows::RegressionError(rows), Metric::Rmse) => rows.rmse(),
            (Rows::RegressionError(rows), Metric::Mae) => rows.mae(),
            (Rows::RegressionError(rows), Metric::Mape) => rows.mape(),
            (Rows::RegressionError(rows), Metric::R2) => rows.r2(),
            (Rows::RegressionError(rows), _) => rows.mse(),
            (Rows::AbsoluteErrors(rows), _) => rows.median(monitor)?,
        })
    }
}
