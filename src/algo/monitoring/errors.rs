//! What error is to be expected of a predicted number, learned from predictions whose truth is known: by the size of the prediction.
//!
//! The predictions are put in order and divided into parts of as many rows, at most [`PARTS`]; the mean absolute and the mean squared error of its
//! part is what a prediction is expected to be off. It follows errors that grow with the prediction, and a mix of predictions that changes; not what
//! features tell besides.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;

/// The most parts.
const PARTS: usize = 20;
/// The fewest rows of a part.
const LEAST_OF_PART: usize = 25;
/// Fewer rows tell nothing.
const LEAST: usize = 100;

/// Errors by the size of the prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// The greatest prediction of each part, ascending, with the mean absolute and the mean squared error.
    parts: Vec<(f64, [f64; 2])>,
}

impl Errors {
    /// Learns from predictions with what was true; `None` where these are too few. Returns an error when stopped, and where there is no room.
    /// O(n log n).
    pub fn learn(rows: impl Iterator<Item = (f64, f64)>, monitor: &dyn Monitor) -> Result<Option<Errors>> {
        let mut pairs: Vec<(f64, f64)> = Vec::new();
        for (predicted, actual) in rows {
            room::push(&mut pairs, (predicted, predicted - actual))?;
        }
        if pairs.len() < LEAST {
            return Ok(None);
        }
        let order = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        sort::sort_by(&mut pairs, 1 << 18, order, monitor)?;
        let count = (pairs.len() / LEAST_OF_PART).clamp(1, PARTS);
        let mut parts: Vec<(f64, [f64; 2])> = Vec::with_capacity(count);
        let mut first = 0;
        for part in 1..=count {
            monitor.check()?;
            let mut end = pairs.len() * part / count;
            // Equal predictions have equal errors to expect.
            while end > first && end < pairs.len() && pairs[end].0 == pairs[end - 1].0 {
                end += 1;
            }
            let Some(rows) = pairs.get(first..end).filter(|rows| !rows.is_empty()) else {
                continue;
            };
            let mean = |of: fn(f64) -> f64| rows.iter().map(|row| of(row.1)).sum::<f64>() / rows.len() as f64;
            parts.push((rows[rows.len() - 1].0, [mean(f64::abs), mean(|error| error * error)]));
            first = end;
        }
        Ok(Some(Errors { parts }))
    }

    /// The absolute and the squared error to be expected of a prediction.
    pub fn of(&self, predicted: f64) -> [f64; 2] {
        let place = self.parts.partition_point(|part| part.0 < predicted);
        self.parts[place.min(self.parts.len() - 1)].1
    }
}
