//! What a training column looked like: the baseline that later rows are compared with.
//!
//! [`summarize`] makes it; [`Summary::within`] counts other rows in the same bins or levels, whatever values they have, so that the
//! two distributions compare and summaries of parts merge exactly.

mod category;
mod moments;
mod number;
mod precise;
mod quantiles;
mod squares;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use category::CategorySummary;
pub use moments::Moments;
pub use number::{NumberSummary, Quantiles};
pub(crate) use precise::PreciseMoments;
pub use quantiles::{Ranked, order_statistics};
pub(crate) use squares::Squares;

use super::accumulator::Accumulator;
use super::error::{Error, Result};
use super::frame::{Column, MISSING};
use super::monitor::Monitor;
use crate::coded::coded;

/// The statistics of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    rows: u64,
    nulls: u64,
    non_finite: u64,
    values: ValueSummary,
}

/// The statistics of the values that are there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum ValueSummary {
    /// Of numbers.
    Numbers(NumberSummary),
    /// Of categories.
    Categories(CategorySummary),
}

coded!(named ValueSummary {
    0 => Numbers(numbers),
    1 => Categories(categories),
});

/// The summary of a frame's column. `levels` names the codes of categories; `non_finite` says how many of the missing numbers were
/// NaN or infinite rather than NULL. O(n) for numbers of usual distributions, O(n + levels log levels) for categories; memory for a
/// copy of the numbers where some are missing. Returns an error only when stopped.
pub fn summarize(column: &Column, levels: &[String], non_finite: u64, monitor: &dyn Monitor) -> Result<Summary> {
    let values = match column {
        Column::Number(values) => ValueSummary::Numbers(NumberSummary::of(values, monitor)?),
        Column::Category { codes, .. } => ValueSummary::Categories(CategorySummary::of(codes, levels)),
    };
    monitor.check()?;
    Ok(Summary::new(column, non_finite, values))
}

impl Summary {
    fn new(column: &Column, non_finite: u64, values: ValueSummary) -> Summary {
        let missing = match (&values, column) {
            (ValueSummary::Numbers(numbers), _) => column.len() as u64 - numbers.moments.count(),
            (_, Column::Category { codes, .. }) => codes.iter().filter(|&&code| code == MISSING).count() as u64,
            (_, Column::Number(_)) => 0,
        };
        let non_finite = non_finite.min(missing);
        Summary {
            rows: column.len() as u64,
            nulls: missing - non_finite,
            non_finite,
            values,
        }
    }

    /// The summary of other rows of this column, counted in the bins or under the levels of this one, which they share. Its
    /// quantiles are not known. Returns an error when the column is of the other type. O(n log bins).
    pub fn within(&self, column: &Column, levels: &[String], non_finite: u64) -> Result<Summary> {
        let values = match (&self.values, column) {
            (ValueSummary::Numbers(reference), Column::Number(values)) => {
                ValueSummary::Numbers(reference.within(values))
            }
            (ValueSummary::Categories(reference), Column::Category { codes, .. }) => {
                ValueSummary::Categories(reference.within(codes, levels))
            }
            _ => return Err(mixed_types()),
        };
        Ok(Summary::new(column, non_finite, values))
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows whose value is NULL.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// Rows whose number is NaN or infinite.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// The statistics of all other rows.
    pub fn values(&self) -> &ValueSummary {
        &self.values
    }

    /// The rows of each bin or level (then of all other levels), and last the missing ones: a distribution whose parts are those
    /// of every summary [`Summary::within`] this one.
    pub fn distribution(&self) -> Vec<u64> {
        let mut counts = match &self.values {
            ValueSummary::Numbers(numbers) => numbers.counts.clone(),
            ValueSummary::Categories(categories) => categories
                .levels
                .iter()
                .map(|&(_, rows)| rows)
                .chain([categories.other])
                .collect(),
        };
        counts.push(self.nulls + self.non_finite);
        counts
    }

    /// The summary for people and for `jsonb`: null where a statistic is undefined, never NaN.
    pub fn to_json(&self) -> Value {
        let mut json = json!({ "rows": self.rows, "nulls": self.nulls, "non_finite": self.non_finite });
        let more = match &self.values {
            ValueSummary::Numbers(numbers) => {
                let moments = &numbers.moments;
                let quantiles = numbers.quantiles.map(Quantiles::to_array);
                let quantile = |place: usize| quantiles.map(|quantiles| quantiles[place]);
                json!({
                    "type": "number",
                    "min": moments.min(), "max": moments.max(), "mean": moments.mean(), "stddev": moments.stddev(),
                    "p01": quantile(0), "p05": quantile(1), "p25": quantile(2), "p50": quantile(3), "p75": quantile(4),
                    "p95": quantile(5), "p99": quantile(6),
                    "bin_edges": numbers.edges, "bin_counts": numbers.counts,
                })
            }
            ValueSummary::Categories(categories) => {
                let levels: Vec<Value> = categories
                    .levels
                    .iter()
                    .map(|(level, rows)| json!({ "level": level, "rows": rows }))
                    .collect();
                json!({
                    "type": "category",
                    "distinct": categories.distinct, "levels": levels, "other": categories.other,
                })
            }
        };
        if let (Value::Object(json), Value::Object(more)) = (&mut json, more) {
            json.extend(more);
        }
        json
    }
}

fn mixed_types() -> Error {
    Error::Mismatch {
        left: "a summary of numbers".into(),
        right: "one of categories".into(),
    }
}

impl Accumulator for Summary {
    fn merge(&mut self, other: &Self) -> Result<()> {
        match (&mut self.values, &other.values) {
            (ValueSummary::Numbers(ours), ValueSummary::Numbers(theirs)) => ours.merge(theirs)?,
            (ValueSummary::Categories(ours), ValueSummary::Categories(theirs)) => ours.merge(theirs)?,
            _ => return Err(mixed_types()),
        }
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.non_finite += other.non_finite;
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        /// Far more than anyone has, and far from overflow when many are merged.
        const MAX_ROWS: u64 = 1 << 53;
        let (sound, present) = match &self.values {
            ValueSummary::Numbers(numbers) => (numbers.is_sound(), numbers.moments.count()),
            ValueSummary::Categories(categories) => {
                let sound = categories.is_sound();
                (sound, if sound { categories.rows() } else { 0 })
            }
        };
        let missing = self.nulls.checked_add(self.non_finite);
        let rows = missing.and_then(|missing| missing.checked_add(present));
        if sound && rows == Some(self.rows) && self.rows <= MAX_ROWS {
            return Ok(());
        }
        Err(Error::damaged("summary of a column", "counts or bins do not agree"))
    }

    fn memory(&self) -> usize {
        match &self.values {
            ValueSummary::Numbers(numbers) => (numbers.edges.capacity() + numbers.counts.capacity()) * size_of::<f64>(),
            ValueSummary::Categories(categories) => {
                let names: usize = categories.levels.iter().map(|(name, _)| name.capacity()).sum();
                names + categories.levels.capacity() * size_of::<(String, u64)>()
            }
        }
    }
}
