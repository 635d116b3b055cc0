//! How well a learner does on the test rows of a division.

use crate::error::{Error, Result};
use crate::learner::Configured;
use crate::metrics::evaluation::{self, Table};
use crate::monitor::Monitor;
use crate::prepare::Prepared;
use crate::room;

/// The probability from which on a row of two classes is taken for the second one.
const THRESHOLD: f64 = 0.5;

/// What a learner reached on rows that it did not learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// How many rows there were.
    pub rows: usize,
    /// The metrics, without those that only describe the rows.
    pub metrics: Table,
}

impl Judgement {
    /// A metric by its name; `None` where it is undefined on these rows.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(metric, _)| *metric == name)?.1
    }
}

/// Learns from the training rows of a division, and scores its test rows. Returns an error for rows that cannot be learned from, and without test
/// rows.
pub fn judge(learner: &dyn Configured, prepared: &Prepared, monitor: &dyn Monitor) -> Result<Judgement> {
    let test = (prepared.test.as_ref()).ok_or(Error::Internal("a fold has no test rows"))?;
    let outputs = prepared.answer.as_ref().map_or(1, crate::task::Answer::outputs);
    let (fitted, _) = learner.fit(&prepared.train, monitor)?;
    // The scores, and what the metrics make of them.
    room::ask(
        (test.rows().saturating_mul(outputs).saturating_mul(3 * size_of::<f64>()))
            .saturating_add(test.rows().saturating_mul(64)),
    )?;
    let mut metrics = evaluation::evaluate(&*fitted, test, THRESHOLD, monitor)?;
    metrics.retain(|(name, _)| !matches!(*name, "rows" | "threshold"));
    Ok(Judgement {
        rows: test.rows(),
        metrics,
    })
}

/// The mean of each metric over folds, where it is defined.
pub fn means(folds: &[Judgement]) -> Table {
    let Some(first) = folds.first() else { return Vec::new() };
    let mean = |&(name, _): &(&'static str, Option<f64>)| {
        let values: Vec<f64> = folds.iter().filter_map(|fold| fold.metric(name)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (name, (!values.is_empty()).then_some(mean))
    };
    first.metrics.iter().map(mean).collect()
}
