//! What the columns of a table look like.
//!
//! A [`ColumnProfile`] counts each value of its column while the different ones are few, so that every answer is exact. When they
//! are too many, it hands over to sketches, which state their errors; the number of rows and of NULLs, the least and the greatest
//! value, mean, standard deviation, zeros, negatives, lengths and blanks stay exact.

mod days;
mod details;
mod elements;
mod meaning;
mod number;
mod number_sketches;
mod report;
mod shape;
mod sizes;
mod summarize;
mod text;
mod text_stats;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use super::formats::Notation;
pub use days::Calendar;
pub use details::iso_date;
pub use elements::{ArrayDetails, JsonDetails, Spread};
pub use meaning::Meaning;
pub use number::NonFinite;
pub use report::{Bin, Details, Point, Report};
pub use shape::ShapeDetails;
pub use sizes::Sizes;
pub use text_stats::Lengths;

use super::accumulator::Accumulator;
use super::block::{BlockColumn, Cells, Form, Kind};
use super::error::{Error, Result};
use super::sketch::{MAX_ROWS, Weighted};
use crate::coded::coded;
use number::Numbers;
use text::Texts;

/// The profile of one column: push blocks of it, merge with the profiles of other parts, report.
///
/// The same pushes give the same state. A merge gives the answers of all rows together: equal ones while they are exact (mean and
/// standard deviation to about 1e-12), within the stated errors afterwards, whatever the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    kind: Kind,
    sizes: Sizes,
    seed: u64,
    rows: u64,
    nulls: u64,
    values: ValueProfile,
}

#[derive(Debug, Clone, PartialEq)]
enum ValueProfile {
    Numbers(Box<Numbers>),
    Texts(Box<Texts>),
}

coded!(ValueProfile {
    0 => Numbers(numbers),
    1 => Texts(texts),
});

impl ColumnProfile {
    /// Of no rows yet. `seed` decides which rows are sampled once there are many.
    pub fn new(kind: Kind, sizes: Sizes, seed: u64) -> ColumnProfile {
        let values = match kind.form() {
            Form::Integers | Form::Numbers => ValueProfile::Numbers(Box::new(Numbers::new())),
            Form::Texts => ValueProfile::Texts(Box::new(Texts::new())),
        };
        ColumnProfile {
            kind,
            sizes,
            seed,
            rows: 0,
            nulls: 0,
            values,
        }
    }

    /// Adds a block of the column. Cells of another form than the kind's count as NULL. O(rows), amortised.
    pub fn push(&mut self, column: &BlockColumn) {
        let rows = column.rows() as u64;
        self.rows += rows;
        if column.kind().form() != self.kind.form() {
            self.nulls += rows;
            return;
        }
        self.nulls += column.nulls() as u64;
        let present = (column.nulls() > 0).then(|| column.present());
        let (kind, sizes, seed) = (self.kind, self.sizes, self.seed);
        match (&mut self.values, column.cells()) {
            (ValueProfile::Numbers(numbers), cells) => numbers.push(kind, sizes, seed, cells, present),
            (ValueProfile::Texts(texts), Cells::Texts(cells)) => texts.push(kind, sizes, seed, cells, present),
            (ValueProfile::Texts(_), _) => (),
        }
    }

    /// What the column's cells mean.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows without a value.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// The value below which a share `q` of the finite numbers or times lies, interpolated as SQL's `percentile_cont` does. `None` without
    /// any, and for texts. O(values held).
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.sorted()?.quantile(q)
    }

    /// The numbers or times in order, by weight; `None` of texts.
    pub(crate) fn sorted(&self) -> Option<Weighted> {
        match &self.values {
            ValueProfile::Numbers(numbers) => Some(summarize::sorted(self.kind, numbers)),
            ValueProfile::Texts(_) => None,
        }
    }

    /// The ten most frequent values of numbers or times with their rows, as the report has them; nothing of texts.
    pub(crate) fn frequent_numbers(&self) -> Vec<(Point, u64)> {
        match &self.values {
            ValueProfile::Numbers(numbers) => summarize::frequent_numbers(self.kind, numbers),
            ValueProfile::Texts(_) => Vec::new(),
        }
    }

    /// All different values with their rows, the most frequent first; NaN and infinities are not among them. `None` when they are more than `most`, or
    /// no longer counted one by one.
    pub fn values(&self, most: usize) -> Option<Vec<(Point, u64)>> {
        match &self.values {
            ValueProfile::Numbers(numbers) => summarize::counted_numbers(self.kind, numbers, most),
            ValueProfile::Texts(texts) => summarize::counted_texts(texts, most),
        }
    }

    /// The day of a point in time, from 2000-01-01. `None` for other values, and for the infinities.
    pub fn day_of(&self, point: &Point) -> Option<i64> {
        match point {
            Point::Integer(time) if self.kind.is_time() && *time != i64::MAX && *time != i64::MIN => {
                Some(number::day(self.kind, *time))
            }
            _ => None,
        }
    }

    /// What the column looks like. O(values held), a few milliseconds at most.
    pub fn report(&self) -> Report {
        match &self.values {
            ValueProfile::Numbers(numbers) => summarize::numbers(self, numbers),
            ValueProfile::Texts(texts) => summarize::texts(self, texts),
        }
    }
}

impl Accumulator for ColumnProfile {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if (self.kind, self.sizes) != (other.kind, other.sizes) {
            let name = |profile: &Self| format!("a profile of {:?} cells with {:?}", profile.kind, profile.sizes);
            return Err(Error::Mismatch {
                left: name(self),
                right: name(other),
            });
        }
        self.rows = self.rows.saturating_add(other.rows);
        self.nulls = self.nulls.saturating_add(other.nulls);
        let (kind, sizes, seed) = (self.kind, self.sizes, self.seed);
        match (&mut self.values, &other.values) {
            (ValueProfile::Numbers(ours), ValueProfile::Numbers(theirs)) => ours.merge(kind, sizes, seed, theirs),
            (ValueProfile::Texts(ours), ValueProfile::Texts(theirs)) => ours.merge(kind, sizes, seed, theirs),
            // Equal kinds have equal forms.
            _ => Ok(()),
        }
    }

    fn validate(&self) -> Result<()> {
        self.sizes.validate()?;
        let damaged = || Error::damaged("profile of a column", "counts do not agree");
        let present = self.rows.checked_sub(self.nulls).ok_or_else(damaged)?;
        if self.rows > MAX_ROWS {
            return Err(damaged());
        }
        match (&self.values, self.kind.form()) {
            (ValueProfile::Numbers(numbers), Form::Integers | Form::Numbers) => {
                numbers.validate(self.kind, self.sizes, present)
            }
            (ValueProfile::Texts(texts), Form::Texts) => texts.validate(self.kind, self.sizes, present),
            _ => Err(damaged()),
        }
    }

    fn memory(&self) -> usize {
        match &self.values {
            ValueProfile::Numbers(numbers) => size_of::<Numbers>() + numbers.memory(),
            ValueProfile::Texts(texts) => size_of::<Texts>() + texts.memory(),
        }
    }
}
