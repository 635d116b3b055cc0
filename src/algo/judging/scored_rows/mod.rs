//! Rows that were scored where they are: of each what it was and what the model said of it, and nothing else. Parts of the rows merge to what all of them
//! are, in whatever order; put into an order of their own they are the same to the last digit, wherever they were.

mod row;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use self::row::MOST_CLASSES;
pub use self::row::ScoredRow;
use crate::accumulator::Accumulator;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::intervals::Coverage;
use crate::metrics::evaluation::{Actual, Scored};
use crate::monitor::Monitor;
use crate::room;
use crate::row_sample::Seen;
use crate::sort;

/// What errors call them.
const WHAT: &str = "scored rows";
/// The most bytes that rows are pushed to. A state is at most 1 GB, and is sent between servers as text, of two digits a byte.
const MOST_BYTES: usize = 500 << 20;
/// Rows that are put in order between two looks at the monitor.
const RUN: usize = 1 << 19;

/// Scored rows of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredRows {
    rows: Rows,
    /// Columns of other numbers that are kept of each row.
    extra: Vec<Vec<f64>>,
    unlabelled: u64,
    unseen: u64,
    seen: Seen,
    coverage: Coverage,
}

/// What each row was, and what the model says.
#[derive(Debug, Clone, PartialEq)]
enum Rows {
    /// Each row's class of two, the probability of the second, and by how many steps of a float that of the first is beside what is left to 1: hardly any, and
    /// so in few bytes.
    TwoClasses {
        actual: Vec<u32>,
        probabilities: Vec<f64>,
        steps: Vec<i64>,
    },
    /// Each row's class, and its probabilities, row after row.
    Classes {
        classes: u32,
        actual: Vec<u32>,
        probabilities: Vec<f64>,
    },
    /// Each row's number, and the predicted one.
    Numbers { actual: Vec<f64>, predicted: Vec<f64> },
}

coded!(Rows {
    0 => TwoClasses { actual, probabilities, steps },
    1 => Classes { classes, actual, probabilities },
    2 => Numbers { actual, predicted },
});

/// By how many steps the first of two probabilities is beside what the second leaves.
fn steps_of(first: f64, second: f64) -> i64 {
    first.to_bits().wrapping_sub((1.0 - second).to_bits()) as i64
}

/// The first of two probabilities, to the last bit.
fn first_of(second: f64, steps: i64) -> f64 {
    f64::from_bits((1.0 - second).to_bits().wrapping_add(steps as u64))
}

fn append<T: Copy>(values: &mut Vec<T>, more: &[T]) -> Result<()> {
    room::reserve(values, more.len())?;
    values.extend_from_slice(more);
    Ok(())
}

impl Rows {
    fn new(classes: u32) -> Rows {
        match classes {
            0 => Rows::Numbers {
                actual: Vec::new(),
                predicted: Vec::new(),
            },
            2 => Rows::TwoClasses {
                actual: Vec::new(),
                probabilities: Vec::new(),
                steps: Vec::new(),
            },
            classes => Rows::Classes {
                classes,
                actual: Vec::new(),
                probabilities: Vec::new(),
            },
        }
    }

    fn classes(&self) -> u32 {
        match self {
            Rows::Numbers { .. } => 0,
            Rows::TwoClasses { .. } => 2,
            Rows::Classes { classes, .. } => *classes,
        }
    }

    fn count(&self) -> usize {
        match self {
            Rows::Numbers { actual, .. } => actual.len(),
            Rows::TwoClasses { actual, .. } | Rows::Classes { actual, .. } => actual.len(),
        }
    }

    /// About how many bytes its values are in a state.
    fn bytes(&self) -> usize {
        match self {
            Rows::Numbers { actual, predicted } => 8 * (actual.len() + predicted.len()),
            Rows::TwoClasses { actual, .. } => 11 * actual.len(),
            Rows::Classes {
                actual, probabilities, ..
            } => 2 * actual.len() + 8 * probabilities.len(),
        }
    }

    fn push(&mut self, target: Actual, scores: &[f64]) -> Result<()> {
        match (self, target, scores) {
            (Rows::Numbers { actual, predicted }, Actual::Number(number), &[score]) if number.is_finite() => {
                room::push(actual, number)?;
                room::push(predicted, score)
            }
            (
                Rows::TwoClasses {
                    actual,
                    probabilities,
                    steps,
                },
                Actual::Class(class @ 0..2),
                &[first, second],
            ) => {
                room::push(actual, class)?;
                room::push(probabilities, second)?;
                room::push(steps, steps_of(first, second))
            }
            (
                Rows::Classes {
                    classes,
                    actual,
                    probabilities,
                },
                Actual::Class(class),
                scores,
            ) if class < *classes && scores.len() == *classes as usize => {
                room::push(actual, class)?;
                append(probabilities, scores)
            }
            (Rows::Numbers { .. } | Rows::TwoClasses { .. } | Rows::Classes { .. }, _, _) => {
                Err(Error::damaged(WHAT, "a row is not of its model"))
            }
        }
    }

    fn merge(&mut self, other: &Rows) -> Result<()> {
        match (self, other) {
            (
                Rows::Numbers { actual, predicted },
                Rows::Numbers {
                    actual: more,
                    predicted: scores,
                },
            ) => {
                append(actual, more)?;
                append(predicted, scores)
            }
            (
                Rows::TwoClasses {
                    actual,
                    probabilities,
                    steps,
                },
                Rows::TwoClasses {
                    actual: more,
                    probabilities: scores,
                    steps: others,
                },
            ) => {
                append(actual, more)?;
                append(probabilities, scores)?;
                append(steps, others)
            }
            (
                Rows::Classes {
                    actual, probabilities, ..
                },
                Rows::Classes {
                    actual: more,
                    probabilities: scores,
                    ..
                },
            ) => {
                append(actual, more)?;
                append(probabilities, scores)
            }
            (Rows::Numbers { .. } | Rows::TwoClasses { .. } | Rows::Classes { .. }, _) => Err(mismatch()),
        }
    }

    fn is_sound(&self) -> bool {
        let known = |actual: &[u32], classes: u32| actual.iter().all(|&class| class < classes);
        match self {
            Rows::Numbers { actual, predicted } => {
                actual.len() == predicted.len() && actual.iter().all(|number| number.is_finite())
            }
            Rows::TwoClasses {
                actual,
                probabilities,
                steps,
            } => actual.len() == probabilities.len() && actual.len() == steps.len() && known(actual, 2),
            Rows::Classes {
                classes,
                actual,
                probabilities,
            } => {
                (1..=MOST_CLASSES).contains(classes)
                    && *classes != 2
                    && actual.len().checked_mul(*classes as usize) == Some(probabilities.len())
                    && known(actual, *classes)
            }
        }
    }

    /// How two rows stand to each other: by what they were, then by what the model says.
    fn compared(&self, a: usize, b: usize) -> Ordering {
        match self {
            Rows::Numbers { actual, predicted } => {
                (actual[a].total_cmp(&actual[b])).then(predicted[a].total_cmp(&predicted[b]))
            }
            Rows::TwoClasses {
                actual,
                probabilities,
                steps,
            } => {
                let scores = probabilities[a].total_cmp(&probabilities[b]);
                actual[a].cmp(&actual[b]).then(scores).then(steps[a].cmp(&steps[b]))
            }
            Rows::Classes {
                classes,
                actual,
                probabilities,
            } => {
                let classes = *classes as usize;
                let of = |row: usize| &probabilities[row * classes..][..classes];
                let mut scores = of(a).iter().zip(of(b)).rev().map(|(a, b)| a.total_cmp(b));
                let scores = || scores.find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
                actual[a].cmp(&actual[b]).then_with(scores)
            }
        }
    }

    /// A row with its scores, for which there is room.
    fn row<'r>(&'r self, row: usize, pair: &'r mut [f64; 2]) -> (Actual, &'r [f64]) {
        match self {
            Rows::Numbers { actual, predicted } => (Actual::Number(actual[row]), &predicted[row..=row]),
            Rows::TwoClasses {
                actual,
                probabilities,
                steps,
            } => {
                *pair = [first_of(probabilities[row], steps[row]), probabilities[row]];
                (Actual::Class(actual[row]), &pair[..])
            }
            Rows::Classes {
                classes,
                actual,
                probabilities,
            } => {
                let classes = *classes as usize;
                (Actual::Class(actual[row]), &probabilities[row * classes..][..classes])
            }
        }
    }
}

fn mismatch() -> Error {
    Error::Mismatch {
        left: "rows that a model scored".into(),
        right: "rows that another scored".into(),
    }
}

impl ScoredRows {
    /// No rows yet, of a model with so many classes; 0 for numbers. Beside the scores `extra` numbers are kept of each row.
    pub fn new(classes: u32, extra: usize) -> ScoredRows {
        ScoredRows {
            rows: Rows::new(classes),
            extra: vec![Vec::new(); extra],
            unlabelled: 0,
            unseen: 0,
            seen: Seen::default(),
            coverage: Coverage::default(),
        }
    }

    /// Adds a row. Returns an error for one of another model, for more rows than fit in a state, and where there is no room.
    pub fn push(&mut self, row: &ScoredRow) -> Result<()> {
        if row.classes != self.rows.classes() {
            return Err(mismatch());
        }
        let Some(actual) = row.actual else {
            self.unlabelled += 1;
            return Ok(());
        };
        // Nothing but rows without a target came before the first that says how many there are.
        if self.rows.count() == 0 && self.extra.is_empty() {
            self.extra = vec![Vec::new(); row.extra.len()];
        }
        if row.extra.len() != self.extra.len() {
            return Err(mismatch());
        }
        if self.rows.bytes() + 8 * self.extra.len() * self.rows.count() > MOST_BYTES {
            return Err(Error::data(
                format!(
                    "the {} scored rows of one part are more than a state holds",
                    self.rows.count()
                ),
                "evaluate on some of the rows, such as a TABLESAMPLE of them",
            )
            .detail(format!("At most {} MB are kept of them.", MOST_BYTES >> 20)));
        }
        self.rows.push(actual, &row.scores)?;
        self.unseen += u64::from(row.unseen);
        if let (Actual::Number(number), Some(interval)) = (actual, row.interval) {
            self.coverage.push(number, interval);
        }
        if let Some(hash) = row.compared {
            self.seen.push(hash);
        }
        (self.extra.iter_mut().zip(&row.extra)).try_for_each(|(values, &value)| room::push(values, value))
    }

    /// How many classes the model has; 0 for numbers.
    pub fn classes(&self) -> u32 {
        self.rows.classes()
    }

    /// How many other numbers are kept of each row.
    pub fn extra(&self) -> usize {
        self.extra.len()
    }

    /// How many rows have a target.
    pub fn count(&self) -> usize {
        self.rows.count()
    }

    /// How many rows have none.
    pub fn unlabelled(&self) -> u64 {
        self.unlabelled
    }

    /// How many values of categories training did not see.
    pub fn unseen(&self) -> u64 {
        self.unseen
    }

    /// Which of them are among those that training kept.
    pub fn seen(&self) -> &Seen {
        &self.seen
    }

    /// How the intervals did.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Appends the rows to others of the same model, and what else is kept of them to so many columns: in the order of their targets and scores, so that
    /// they come alike however they were divided. Returns an error where they are of another model, when stopped, and where there is no room. O(n log n).
    pub fn append_to(&self, scored: &mut Scored, extra: &mut [Vec<f64>], monitor: &dyn Monitor) -> Result<()> {
        if self.count() == 0 {
            return Ok(());
        }
        if extra.len() != self.extra.len() {
            return Err(mismatch());
        }
        let count = u32::try_from(self.count()).map_err(|_| {
            Error::data(
                format!("there are {} scored rows", self.count()),
                "evaluate on some of the rows, such as a TABLESAMPLE of them",
            )
        })?;
        let mut order = room::with_capacity(self.count())?;
        order.extend(0..count);
        let others = |a: usize, b: usize| {
            let mut values = self.extra.iter().map(|values| values[a].total_cmp(&values[b]));
            values.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        let compared = |a: &u32, b: &u32| {
            let (a, b) = (*a as usize, *b as usize);
            self.rows.compared(a, b).then_with(|| others(a, b))
        };
        sort::sort_by(&mut order, RUN, compared, monitor)?;
        let mut pair = [0.0; 2];
        for rows in order.chunks(RUN) {
            monitor.check()?;
            for &row in rows {
                let (actual, scores) = self.rows.row(row as usize, &mut pair);
                scored.push(actual, scores)?;
                for (values, ours) in extra.iter_mut().zip(&self.extra) {
                    room::push(values, ours[row as usize])?;
                }
            }
        }
        Ok(())
    }
}

impl Accumulator for ScoredRows {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if self.rows.classes() != other.rows.classes() {
            return Err(mismatch());
        }
        if self.rows.count() == 0 && self.extra.is_empty() {
            self.extra = vec![Vec::new(); other.extra.len()];
        }
        if other.rows.count() > 0 {
            if self.extra.len() != other.extra.len() {
                return Err(mismatch());
            }
            self.rows.merge(&other.rows)?;
            (self.extra.iter_mut().zip(&other.extra)).try_for_each(|(ours, theirs)| append(ours, theirs))?;
        }
        self.unlabelled = self.unlabelled.saturating_add(other.unlabelled);
        self.unseen = self.unseen.saturating_add(other.unseen);
        self.seen.merge(&other.seen);
        self.coverage.merge(&other.coverage);
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let rows = self.rows.count();
        let sound = self.rows.is_sound()
            && self.extra.iter().all(|values| values.len() == rows)
            && self.seen.is_sound()
            && self.seen.rows() <= rows as u64
            && self.coverage.is_sound()
            && self.coverage.rows() <= rows as u64;
        match sound {
            true => Ok(()),
            false => Err(Error::damaged(WHAT, "rows or counts do not agree")),
        }
    }

    fn memory(&self) -> usize {
        let values = match &self.rows {
            Rows::Numbers { actual, predicted } => 8 * (actual.capacity() + predicted.capacity()),
            Rows::TwoClasses {
                actual,
                probabilities,
                steps,
            } => 4 * actual.capacity() + 8 * (probabilities.capacity() + steps.capacity()),
            Rows::Classes {
                actual, probabilities, ..
            } => 4 * actual.capacity() + 8 * probabilities.capacity(),
        };
        let extra = self
            .extra
            .iter()
            .map(|values| size_of::<Vec<f64>>() + 8 * values.capacity());
        values + extra.sum::<usize>() + self.seen.memory()
    }
}
