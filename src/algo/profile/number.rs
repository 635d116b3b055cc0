//! The profile of integers and numbers, among them times.

use serde::{Deserialize, Serialize};

use super::number_sketches::Sketches;
use super::report::Point;
use super::sizes::Sizes;
use crate::block::{Cells, Form, Kind};
use crate::error::{Error, Result};
use crate::sketch::{Table, from_ordered, ordered};
use crate::summary::PreciseMoments;

/// Values that are no finite numbers, counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NonFinite {
    /// Not a number.
    pub nan: u64,
    /// Positive infinity; for times `infinity`.
    pub positive: u64,
    /// Negative infinity; for times `-infinity`.
    pub negative: u64,
}

impl NonFinite {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.nan.saturating_add(self.positive).saturating_add(self.negative)
    }
}

/// What is known of the numbers of a column. Values are held as integers in their order: themselves, or [`ordered`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Numbers {
    pub(super) moments: PreciseMoments,
    /// The least and the greatest finite value.
    pub(super) range: Option<(i64, i64)>,
    pub(super) zeros: u64,
    pub(super) negatives: u64,
    pub(super) non_finite: NonFinite,
    /// Each finite value with its rows. Empty once there are too many.
    pub(super) exact: Table<i64>,
    pub(super) sketches: Option<Box<Sketches>>,
}

impl Numbers {
    pub(super) fn new() -> Numbers {
        Numbers {
            moments: PreciseMoments::default(),
            range: None,
            zeros: 0,
            negatives: 0,
            non_finite: NonFinite::default(),
            exact: Table::default(),
            sketches: None,
        }
    }

    /// Adds the cells that are there.
    pub(super) fn push(&mut self, kind: Kind, sizes: Sizes, seed: u64, cells: &Cells, present: Option<&[bool]>) {
        match (cells, present) {
            (Cells::Integers(integers), None) => self.push_integers(kind, sizes, seed, integers),
            (Cells::Integers(integers), Some(present)) => {
                self.push_integers(kind, sizes, seed, &pick(integers, present))
            }
            (Cells::Numbers(numbers), None) => self.push_numbers(kind, sizes, seed, numbers),
            (Cells::Numbers(numbers), Some(present)) => self.push_numbers(kind, sizes, seed, &pick(numbers, present)),
            (Cells::Texts(_), _) => (),
        }
    }

    fn push_integers(&mut self, kind: Kind, sizes: Sizes, seed: u64, integers: &[i64]) {
        if kind.is_time() && integers.iter().any(|&time| time == i64::MAX || time == i64::MIN) {
            let finite: Vec<i64> = integers
                .iter()
                .copied()
                .filter(|&t| t != i64::MAX && t != i64::MIN)
                .collect();
            self.non_finite.positive += integers.iter().filter(|&&time| time == i64::MAX).count() as u64;
            self.non_finite.negative += integers.iter().filter(|&&time| time == i64::MIN).count() as u64;
            return self.push_finite(kind, sizes, seed, &finite);
        }
        if kind.is_number() || kind == Kind::Bool {
            let numbers: Vec<f64> = integers.iter().map(|&integer| integer as f64).collect();
            self.moments.merge(&PreciseMoments::of(&numbers));
        }
        self.push_finite(kind, sizes, seed, integers);
    }

    fn push_numbers(&mut self, kind: Kind, sizes: Sizes, seed: u64, numbers: &[f64]) {
        if numbers.iter().fold(true, |all, number| all & number.is_finite()) {
            self.moments.merge(&PreciseMoments::of(numbers));
            let keys: Vec<i64> = numbers.iter().map(|&number| ordered(number)).collect();
            return self.push_finite(kind, sizes, seed, &keys);
        }
        for number in numbers {
            self.non_finite.nan += u64::from(number.is_nan());
            self.non_finite.positive += u64::from(*number == f64::INFINITY);
            self.non_finite.negative += u64::from(*number == f64::NEG_INFINITY);
        }
        let finite: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
        self.push_numbers(kind, sizes, seed, &finite);
    }

    fn push_finite(&mut self, kind: Kind, sizes: Sizes, seed: u64, values: &[i64]) {
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        let (mut zeros, mut negatives) = (0, 0);
        for &value in values {
            least = least.min(value);
            greatest = greatest.max(value);
            zeros += u64::from(value == 0);
            negatives += u64::from(value < 0);
        }
        self.zeros += zeros;
        self.negatives += negatives;
        if !values.is_empty() {
            self.widen((least, greatest));
        }
        let counted = match self.sketches {
            None => self.count(sizes, values),
            Some(_) => 0,
        };
        if counted < values.len() {
            self.sketched(kind, sizes, seed).push(kind, &values[counted..]);
        }
    }

    /// Counts values exactly, and returns how many of them were.
    fn count(&mut self, sizes: Sizes, values: &[i64]) -> usize {
        let limit = usize::from(sizes.values);
        values
            .iter()
            .position(|&value| !self.exact.add(value, 1, limit))
            .unwrap_or(values.len())
    }

    fn widen(&mut self, (least, greatest): (i64, i64)) {
        let (low, high) = self.range.unwrap_or((least, greatest));
        self.range = Some((low.min(least), high.max(greatest)));
    }

    /// Turns from the table to sketches.
    fn sketched(&mut self, kind: Kind, sizes: Sizes, seed: u64) -> &mut Sketches {
        let exact = std::mem::take(&mut self.exact);
        self.sketches.get_or_insert_with(|| {
            let mut sketches = Box::new(Sketches::new(kind, sizes, seed));
            sketches.push_table(kind, &exact);
            sketches
        })
    }

    pub(super) fn merge(&mut self, kind: Kind, sizes: Sizes, seed: u64, other: &Numbers) -> Result<()> {
        self.moments.merge(&other.moments);
        if let Some(range) = other.range {
            self.widen(range);
        }
        self.zeros = self.zeros.saturating_add(other.zeros);
        self.negatives = self.negatives.saturating_add(other.negatives);
        self.non_finite.nan = self.non_finite.nan.saturating_add(other.non_finite.nan);
        self.non_finite.positive = self.non_finite.positive.saturating_add(other.non_finite.positive);
        self.non_finite.negative = self.non_finite.negative.saturating_add(other.non_finite.negative);
        if self.sketches.is_none() && other.sketches.is_none() {
            let mut union = self.exact.clone();
            if other
                .exact
                .iter()
                .all(|(&value, rows)| union.add(value, rows, sizes.values.into()))
            {
                self.exact = union;
                return Ok(());
            }
        }
        let ours = self.sketched(kind, sizes, seed);
        match &other.sketches {
            None => ours.push_table(kind, &other.exact),
            Some(theirs) => ours.merge(theirs)?,
        }
        Ok(())
    }

    /// Values that are finite.
    pub(super) fn finite(&self) -> u64 {
        self.sketches
            .as_ref()
            .map_or_else(|| self.exact.total().unwrap_or(0), |sketches| sketches.quantiles.rows())
    }

    /// Checks everything against the number of values that are there.
    pub(super) fn validate(&self, kind: Kind, sizes: Sizes, present: u64) -> Result<()> {
        let damaged = || Error::damaged("profile of numbers", "counts do not agree");
        let limit = if self.sketches.is_none() {
            sizes.values.into()
        } else {
            0
        };
        if !self.exact.is_sound(limit) || !self.moments.is_sound() {
            return Err(damaged());
        }
        if let Some(sketches) = &self.sketches {
            sketches.validate(kind, sizes)?;
        }
        let finite = self.finite();
        let total = finite.checked_add(self.non_finite.total());
        let counted = kind.is_number() || kind == Kind::Bool;
        let sound = total == Some(present)
            && self
                .zeros
                .checked_add(self.negatives)
                .is_some_and(|some| some <= finite)
            && self.moments.count() == if counted { finite } else { 0 }
            && self.range.is_some() == (finite > 0);
        if !sound || !self.values_are_in_range(kind) {
            return Err(damaged());
        }
        Ok(())
    }

    /// Whether every value held lies between the least and the greatest, and these are finite.
    fn values_are_in_range(&self, kind: Kind) -> bool {
        let Some((least, greatest)) = self.range else {
            return true;
        };
        let possible =
            kind.form() == Form::Integers || (from_ordered(least).is_finite() && from_ordered(greatest).is_finite());
        let within = |value: &i64| (least..=greatest).contains(value);
        possible
            && least <= greatest
            && self.exact.iter().all(|(value, _)| within(value))
            && self.sketches.as_ref().is_none_or(|sketches| {
                sketches.quantiles.sorted().iter().all(|(value, _)| within(value))
                    && sketches.frequent.keys().all(within)
            })
    }

    pub(super) fn memory(&self) -> usize {
        self.exact.memory() + self.sketches.as_ref().map_or(0, |sketches| sketches.memory())
    }
}

/// The number that a held value stands for.
pub(super) fn number(kind: Kind, value: i64) -> f64 {
    match kind.form() {
        Form::Numbers => from_ordered(value),
        _ => value as f64,
    }
}

/// The value as the column has it.
pub(super) fn point(kind: Kind, value: i64) -> Point {
    match kind.form() {
        Form::Numbers => Point::Number(from_ordered(value)),
        _ => Point::Integer(value),
    }
}

/// The day of a point in time, from 2000-01-01.
pub(super) fn day(kind: Kind, time: i64) -> i64 {
    const MICROSECONDS: i64 = 86_400_000_000;
    if kind == Kind::Date {
        time
    } else {
        time.div_euclid(MICROSECONDS)
    }
}

fn pick<T: Copy>(values: &[T], present: &[bool]) -> Vec<T> {
    values
        .iter()
        .zip(present)
        .filter(|&(_, &present)| present)
        .map(|(&value, _)| value)
        .collect()
}
