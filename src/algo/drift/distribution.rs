//! The distribution of one column on one side, as an accumulator.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::cells::{Cells, Limits};
use crate::accumulator::Accumulator;
use crate::block::{BlockColumn, Cells as Column, Kind};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::sketch::{MAX_ROWS, from_ordered, hash_text, ordered};
use crate::summary::Moments;

/// Bytes of a category's name that are kept.
const NAME: usize = 200;
/// What holding a name costs apart from its bytes.
const NAME_OVERHEAD: usize = 48;

/// How the values of a column compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// They have an order and distances: numbers and times.
    Numbers,
    /// They are equal or not.
    Categories,
}

impl Scale {
    /// That of a kind of cells; `None` for kinds that are not compared: JSON, arrays and binary data.
    pub fn of(kind: Kind) -> Option<Scale> {
        match kind {
            Kind::Integer
            | Kind::Float
            | Kind::Numeric
            | Kind::Date
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Time
            | Kind::Interval => Some(Scale::Numbers),
            Kind::Bool | Kind::Text | Kind::Enum | Kind::Uuid | Kind::Other => Some(Scale::Categories),
            Kind::Json | Kind::Array | Kind::Bytes => None,
        }
    }
}

/// The distribution of one column: push blocks of it, merge with that of other rows. NULL is counted by the caller.
///
/// The same rows give the same distribution, in whatever order and parts they come (the moments to about 1e-12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    limits: Limits,
    values: ValueDistribution,
}

/// The values of a distribution.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueDistribution {
    /// Of [`Scale::Numbers`].
    Numbers(Numbers),
    /// Of [`Scale::Categories`].
    Categories(Categories),
}

coded!(ValueDistribution {
    0 => Numbers(numbers),
    1 => Categories(categories),
});

/// Numbers, times among them: those by their days, microseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Numbers {
    /// By [`ordered`].
    pub(super) cells: Cells,
    pub(super) moments: Moments,
    /// NaN and infinities, which take no part.
    pub(super) non_finite: u64,
}

/// Categories, told apart by a hash of 64 bits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Categories {
    pub(super) cells: Cells,
    pub(super) names: Names,
}

/// What the categories are called, while they are few and short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Names {
    /// `None` once they take too much.
    known: Option<BTreeMap<i64, Box<str>>>,
    bytes: u64,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            known: Some(BTreeMap::new()),
            bytes: 0,
        }
    }
}

impl Names {
    /// The bytes of as many short names as there are values.
    fn limit(limits: Limits) -> u64 {
        u64::from(limits.values) * 16
    }

    fn add(&mut self, key: i64, name: &str, limits: Limits) {
        let Some(known) = &mut self.known else { return };
        let kept = &name[..name.floor_char_boundary(NAME)];
        self.bytes += (kept.len() + NAME_OVERHEAD) as u64;
        if self.bytes <= Names::limit(limits) {
            known.insert(key, kept.into());
        } else {
            self.forget();
        }
    }

    fn forget(&mut self) {
        *self = Names { known: None, bytes: 0 };
    }

    /// The name of a category.
    pub(super) fn get(&self, key: i64) -> Option<&str> {
        self.known.as_ref()?.get(&key).map(|name| &**name)
    }

    /// Whether every category has its name.
    pub(super) fn are_known(&self) -> bool {
        self.known.is_some()
    }
}

impl Numbers {
    /// Adds the values of some rows.
    fn push(&mut self, kind: Kind, column: &BlockColumn, rows: impl Iterator<Item = usize>, limits: Limits) {
        let mut finite: Vec<f64> = Vec::with_capacity(column.rows());
        let present = column.present();
        match column.cells() {
            Column::Integers(integers) => finite.extend(rows.filter(|&row| present[row]).filter_map(|row| {
                let integer = integers[row];
                let infinite = kind.is_time() && (integer == i64::MAX || integer == i64::MIN);
                self.non_finite += u64::from(infinite);
                (!infinite).then_some(integer as f64)
            })),
            Column::Numbers(numbers) => finite.extend(rows.filter(|&row| present[row]).filter_map(|row| {
                let number = numbers[row];
                self.non_finite += u64::from(!number.is_finite());
                number.is_finite().then_some(number)
            })),
            Column::Texts(_) => {}
        }
        self.push_values(&finite, limits);
    }

    /// Adds finite numbers.
    fn push_values(&mut self, values: &[f64], limits: Limits) {
        self.moments.merge(&Moments::of(values));
        let keys: Vec<i64> = values.iter().map(|&value| ordered(value)).collect();
        self.cells.add_all(&keys, limits);
    }

    /// ValueDistribution of which each has some rows; those that are not finite take no part.
    pub fn of(values: impl Iterator<Item = (f64, u64)>, limits: Limits) -> Numbers {
        let mut numbers = Numbers::default();
        for (value, rows) in values.filter(|&(_, rows)| rows > 0) {
            if value.is_finite() {
                numbers.cells.add(ordered(value), rows, limits);
                numbers.moments.merge(&Moments::repeated(value, rows));
            } else {
                numbers.non_finite += rows;
            }
        }
        numbers
    }

    /// How many finite numbers there are.
    pub fn rows(&self) -> u64 {
        self.moments.count()
    }

    /// NaN and infinities.
    pub fn non_finite(&self) -> u64 {
        self.non_finite
    }

    /// Count, range, mean and standard deviation of the finite numbers.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

impl Categories {
    fn push(&mut self, column: &BlockColumn, rows: impl Iterator<Item = usize>, limits: Limits) {
        let present = column.present();
        let rows = rows.filter(|&row| present[row]);
        match column.cells() {
            Column::Texts(texts) => rows.for_each(|row| self.add(texts.get(row), 1, limits)),
            Column::Integers(integers) => {
                let (mut all, mut true_ones) = (0, 0);
                rows.for_each(|row| {
                    all += 1;
                    true_ones += u64::from(integers[row] != 0);
                });
                self.add("false", all - true_ones, limits);
                self.add("true", true_ones, limits);
            }
            Column::Numbers(_) => {}
        }
    }

    /// Adds rows of a category.
    pub fn add(&mut self, name: &str, rows: u64, limits: Limits) {
        if rows == 0 {
            return;
        }
        let key = hash_text(name) as i64;
        if self.cells.add(key, rows, limits) && self.names.are_known() {
            if self.cells.is_exact() {
                self.names.add(key, name, limits);
            } else {
                self.names.forget();
            }
        }
    }

    /// The rows of a category, while these are counted exactly.
    pub fn rows_of(&self, name: &str) -> u64 {
        let key = hash_text(name) as i64;
        self.cells
            .sorted()
            .iter()
            .find(|cell| cell.0 == key)
            .map_or(0, |cell| cell.1)
    }
}

impl Distribution {
    /// Of no rows yet. `None` for kinds that are not compared.
    pub fn new(kind: Kind, limits: Limits) -> Option<Distribution> {
        let values = match Scale::of(kind)? {
            Scale::Numbers => ValueDistribution::Numbers(Numbers::default()),
            Scale::Categories => ValueDistribution::Categories(Categories::default()),
        };
        Some(Distribution { limits, values })
    }

    /// Of numbers that were counted within these limits.
    pub fn from_numbers(numbers: Numbers, limits: Limits) -> Distribution {
        Distribution {
            limits,
            values: ValueDistribution::Numbers(numbers),
        }
    }

    /// Of categories that were counted within these limits.
    pub fn from_categories(categories: Categories, limits: Limits) -> Distribution {
        Distribution {
            limits,
            values: ValueDistribution::Categories(categories),
        }
    }

    /// Adds the values of some rows of a block; NULL is passed over. O(rows), amortised.
    pub fn push(&mut self, column: &BlockColumn, rows: impl Iterator<Item = usize>) {
        match &mut self.values {
            ValueDistribution::Numbers(numbers) => numbers.push(column.kind(), column, rows, self.limits),
            ValueDistribution::Categories(categories) => categories.push(column, rows, self.limits),
        }
    }

    /// Adds all values of a block.
    pub fn push_all(&mut self, column: &BlockColumn) {
        match (&mut self.values, column.cells()) {
            (ValueDistribution::Numbers(numbers), Column::Numbers(values))
                if column.nulls() == 0 && values.iter().fold(true, |all, value| all & value.is_finite()) =>
            {
                numbers.push_values(values, self.limits);
            }
            _ => self.push(column, 0..column.rows()),
        }
    }

    /// The values.
    pub fn values(&self) -> &ValueDistribution {
        &self.values
    }

    /// How they compare.
    pub fn scale(&self) -> Scale {
        match &self.values {
            ValueDistribution::Numbers(_) => Scale::Numbers,
            ValueDistribution::Categories(_) => Scale::Categories,
        }
    }

    /// Takes no more memory than these limits allow from now on.
    pub fn shrink(&mut self, limits: Limits) {
        self.limits = self.limits.min(limits);
        match &mut self.values {
            ValueDistribution::Numbers(numbers) => numbers.cells.make_room(self.limits),
            ValueDistribution::Categories(categories) => {
                categories.cells.make_room(self.limits);
                if !categories.cells.is_exact() || categories.names.bytes > Names::limit(self.limits) {
                    categories.names.forget();
                }
            }
        }
    }

    fn cells(&self) -> &Cells {
        match &self.values {
            ValueDistribution::Numbers(numbers) => &numbers.cells,
            ValueDistribution::Categories(categories) => &categories.cells,
        }
    }

    /// Rows with a value.
    pub fn rows(&self) -> u64 {
        match &self.values {
            ValueDistribution::Numbers(numbers) => numbers.moments.count().saturating_add(numbers.non_finite),
            ValueDistribution::Categories(categories) => categories.cells.rows(),
        }
    }
}

impl Accumulator for Distribution {
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.shrink(other.limits);
        let limits = self.limits;
        match (&mut self.values, &other.values) {
            (ValueDistribution::Numbers(ours), ValueDistribution::Numbers(theirs)) => {
                ours.cells.merge(&theirs.cells, limits);
                ours.moments.merge(&theirs.moments);
                ours.non_finite = ours.non_finite.saturating_add(theirs.non_finite);
            }
            (ValueDistribution::Categories(ours), ValueDistribution::Categories(theirs)) => {
                if let (Some(names), true) = (&theirs.names.known, ours.cells.is_exact()) {
                    let new = names
                        .iter()
                        .filter(|(key, _)| ours.names.get(**key).is_none())
                        .collect::<Vec<_>>();
                    new.into_iter()
                        .for_each(|(&key, name)| ours.names.add(key, name, limits));
                }
                ours.cells.merge(&theirs.cells, limits);
                if !theirs.names.are_known() || !ours.cells.is_exact() {
                    ours.names.forget();
                }
            }
            _ => {
                return Err(Error::Mismatch {
                    left: "a distribution of numbers".into(),
                    right: "one of categories".into(),
                });
            }
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let sound = match &self.values {
            ValueDistribution::Numbers(numbers) => {
                let finite = |key: i64| from_ordered(key).is_finite();
                numbers.moments.is_sound()
                    && numbers.moments.count() == numbers.cells.rows()
                    && (!numbers.cells.is_exact() || numbers.cells.sorted().iter().all(|&(key, _)| finite(key)))
            }
            ValueDistribution::Categories(categories) => match &categories.names.known {
                None => categories.names.bytes == 0,
                Some(known) => {
                    let bytes: usize = known.values().map(|name| name.len() + NAME_OVERHEAD).sum();
                    categories.cells.is_exact()
                        && known.len() == categories.cells.len()
                        && categories.cells.sorted().iter().all(|(key, _)| known.contains_key(key))
                        && bytes as u64 == categories.names.bytes
                        && bytes as u64 <= Names::limit(self.limits)
                }
            },
        };
        if sound && self.limits.is_sound() && self.cells().is_within(self.limits) && self.rows() <= MAX_ROWS {
            return Ok(());
        }
        Err(Error::damaged("distribution of a column", "counts do not agree"))
    }

    fn memory(&self) -> usize {
        // What a name costs beyond its bytes is counted with them.
        let names = match &self.values {
            ValueDistribution::Categories(categories) => categories.names.bytes as usize,
            ValueDistribution::Numbers(_) => 0,
        };
        self.cells().memory() + names
    }
}
