//! What replaces the exact counts of a column's numbers when these have too many values.

use serde::{Deserialize, Serialize};

use super::days::Days;
use super::number::day;
use super::sizes::Sizes;
use crate::block::Kind;
use crate::error::{Error, Result};
use crate::sketch::{Frequent, HyperLogLog, Key, Kll, Table};

/// Distinct and frequent values, ranks, and of times the days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sketches {
    pub(super) distinct: HyperLogLog,
    pub(super) quantiles: Kll,
    pub(super) frequent: Frequent<i64>,
    /// Of times.
    pub(super) days: Option<Days>,
}

impl Sketches {
    pub(super) fn new(kind: Kind, sizes: Sizes, seed: u64) -> Sketches {
        Sketches {
            distinct: HyperLogLog::new(sizes.precision),
            quantiles: Kll::new(sizes.quantiles, sizes.sample, seed),
            frequent: Frequent::new(sizes.frequent),
            days: kind.is_time().then(Days::default),
        }
    }

    /// Adds rows one by one.
    pub(super) fn push(&mut self, kind: Kind, values: &[i64]) {
        self.distinct.push_all(values.iter().map(Key::hash));
        let frequent = &mut self.frequent;
        self.quantiles.push(values, |value, weight| {
            frequent.was_sampled(weight);
            frequent.push(value, weight);
        });
        if let Some(days) = &mut self.days {
            values.iter().for_each(|&value| days.push(day(kind, value)));
        }
    }

    /// Adds values with their rows.
    pub(super) fn push_table(&mut self, kind: Kind, table: &Table<i64>) {
        self.distinct.push_all(table.iter().map(|(value, _)| value.hash()));
        self.quantiles
            .push_weighted(table.iter().map(|(&value, rows)| (value, rows)));
        self.frequent.push_table(table);
        if let Some(days) = &mut self.days {
            table.iter().for_each(|(&value, _)| days.push(day(kind, value)));
        }
    }

    pub(super) fn merge(&mut self, other: &Sketches) -> Result<()> {
        self.distinct.merge(&other.distinct)?;
        self.quantiles.merge(&other.quantiles)?;
        self.frequent.merge(&other.frequent)?;
        if let (Some(ours), Some(theirs)) = (&mut self.days, &other.days) {
            ours.merge(theirs);
        }
        Ok(())
    }

    /// Checks what the other methods rely on; whether values are possible is the owner's to know.
    pub(super) fn validate(&self, kind: Kind, sizes: Sizes) -> Result<()> {
        self.distinct.validate(sizes.precision)?;
        self.quantiles.validate()?;
        self.frequent.validate()?;
        let sound = self.quantiles.capacity() == sizes.quantiles
            && self.frequent.limit() == sizes.frequent
            && self.frequent.rows() == self.quantiles.rows()
            && self.days.is_some() == kind.is_time()
            && self.days.as_ref().is_none_or(Days::is_sound);
        sound
            .then_some(())
            .ok_or_else(|| Error::damaged("profile of numbers", "sketches do not agree"))
    }

    pub(super) fn memory(&self) -> usize {
        size_of::<Sketches>()
            + self.distinct.memory()
            + self.quantiles.memory()
            + self.frequent.memory()
            + self.days.as_ref().map_or(0, Days::memory)
    }
}
