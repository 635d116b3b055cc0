//! The sufficient statistics of least squares: means and centred products of columns, mergeable.

use serde::{Deserialize, Serialize};

use super::products::Products;
use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;
use crate::unit::unit_for;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};

/// Rows that a [`Gram`] gathers before it multiplies them out.
const PENDING_ROWS: usize = 128;
/// Rows of a matrix that are worked on between two looks at the monitor.
const CHUNK_ROWS: usize = 64;
/// The most columns: their products take 2 GiB.
const MAX_WIDTH: usize = 16_384;

/// More rows than any table has; counts below it may be added without a thought of overflow.
const MAX_ROWS: u64 = 1 << 62;

/// Count, means and centred products of some features and a target.
///
/// Two of them merge by the pairwise update of Chan, Golub and LeVeque (1983), which loses no digits to large means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    width: usize,
    rows: u64,
    skipped: u64,
    weight: f64,
    /// Of the features, then of the target.
    means: Vec<f64>,
    /// The lower triangle, row by row, of the weighted sums of products of deviations from the means; the target comes last.
    products: Vec<f64>,
}

impl Moments {
    /// No rows of `width` features. O(width^2).
    pub fn new(width: usize) -> Moments {
        let columns = width + 1;
        let products = vec![0.0; columns * (columns + 1) / 2];
        Moments {
            width,
            rows: 0,
            skipped: 0,
            weight: 0.0,
            means: vec![0.0; columns],
            products,
        }
    }

    /// The moments of design columns. The target's mean is `shift` more than the products say.
    pub(crate) fn from_products(sums: &Products, rows: usize, shift: f64, monitor: &dyn Monitor) -> Result<Moments> {
        let width = sums.design_width();
        let mut moments = Moments::new(width);
        (moments.rows, moments.weight) = (rows as u64, sums.weight());
        if moments.weight <= 0.0 {
            return Ok(moments);
        }
        for (column, mean) in moments.means.iter_mut().enumerate() {
            *mean = sums.sum(column) / moments.weight;
        }
        let mut next = 0;
        for a in 0..=width {
            if a % CHUNK_ROWS == 0 {
                monitor.check()?;
            }
            for b in 0..=a {
                let raw = sums.product(a, b);
                let centred = raw - moments.weight * moments.means[a] * moments.means[b];
                // What is left of a column that is all ones is rounding.
                let nothing = a == b && a < width && centred <= 1e-13 * raw;
                moments.products[next] = if nothing { 0.0 } else { centred };
                next += 1;
            }
        }
        moments.means[width] += shift;
        Ok(moments)
    }

    /// Moments of other columns of the same rows: their means, and the lower triangle of their products, the target's last in both.
    pub(crate) fn of_columns(&self, means: Vec<f64>, products: Vec<f64>) -> Moments {
        Moments {
            width: means.len().saturating_sub(1),
            means,
            products,
            ..*self
        }
    }

    /// How many features there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows were left out because a value was missing.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The sum of the rows' weights.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The weighted mean of a feature; that of the target has number `width()`.
    pub fn mean(&self, column: usize) -> f64 {
        self.means[column]
    }

    /// The weighted sum of products of two columns' deviations from their means, numbered as for [`Moments::mean`].
    pub fn product(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (a.max(b), a.min(b));
        self.products[a * (a + 1) / 2 + b]
    }

    /// The same statistics of features multiplied by `factors`, and moved to mean 0 when `centred`. A factor of 0 makes a column of
    /// zeros.
    pub(crate) fn scaled(&self, factors: &[f64], centred: bool) -> Moments {
        let factor = |column: usize| factors.get(column).copied().unwrap_or(1.0);
        let mut scaled = self.clone();
        let mut next = 0;
        for a in 0..=self.width {
            scaled.means[a] *= if centred && a < self.width { 0.0 } else { factor(a) };
            for b in 0..=a {
                scaled.products[next] *= factor(a) * factor(b);
                next += 1;
            }
        }
        scaled
    }

    /// Whether the column is 0 in every row so far.
    fn is_zero(&self, column: usize) -> bool {
        self.means[column] == 0.0 && self.product(column, column) == 0.0
    }

    /// Adds the moments of `rows` rows, each of `width + 1` numbers, the target last; the numbers are overwritten.
    fn add_rows(&mut self, rows: &mut [f64]) {
        let columns = self.width + 1;
        let count = rows.len() / columns;
        if count == 0 {
            return;
        }
        let mut means = vec![0.0; columns];
        for row in rows.chunks_exact(columns) {
            means.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
        }
        means.iter_mut().for_each(|mean| *mean /= count as f64);
        for row in rows.chunks_exact_mut(columns) {
            row.iter_mut().zip(&means).for_each(|(value, mean)| *value -= mean);
        }
        let mut square = vec![0.0; columns * columns];
        let deviations = MatRef::from_row_major_slice(&*rows, count, columns);
        matmul(
            MatMut::from_row_major_slice_mut(&mut square, columns, columns),
            BlockStructure::TriangularLower,
            Accum::Replace,
            deviations.transpose(),
            BlockStructure::Rectangular,
            deviations,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        let lower = square.chunks_exact(columns).enumerate().flat_map(|(a, row)| &row[..=a]);
        self.add(count as u64, count as f64, &means, lower);
    }

    /// The pairwise update.
    fn add<'a>(&mut self, rows: u64, weight: f64, means: &[f64], products: impl Iterator<Item = &'a f64>) {
        self.rows += rows;
        if weight <= 0.0 {
            return;
        }
        let total = self.weight + weight;
        let factor = self.weight * weight / total;
        let deltas: Vec<f64> = means
            .iter()
            .zip(&self.means)
            .map(|(theirs, ours)| theirs - ours)
            .collect();
        let mut places = self.products.iter_mut().zip(products);
        for (a, left) in deltas.iter().enumerate() {
            for ((place, product), right) in places.by_ref().take(a + 1).zip(&deltas) {
                *place += product + left * right * factor;
            }
        }
        self.means
            .iter_mut()
            .zip(&deltas)
            .for_each(|(mean, delta)| *mean += delta * (weight / total));
        self.weight = total;
    }
}

impl Accumulator for Moments {
    fn merge(&mut self, other: &Self) -> Result<()> {
        if self.width != other.width {
            let name = |m: &Moments| format!("sums of products of {} features", m.width);
            return Err(Error::Mismatch {
                left: name(self),
                right: name(other),
            });
        }
        // Each count must stay where validate would still take it, so that no later count overflows.
        let seen = [self.rows, self.skipped, other.rows, other.skipped];
        let total = seen.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        if total.is_none_or(|total| total >= MAX_ROWS) {
            return Err(Error::data(
                "the states together say that they saw more rows than can be counted",
                "merge states of rows only once",
            ));
        }
        self.skipped += other.skipped;
        self.add(other.rows, other.weight, &other.means, other.products.iter());
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let columns = self.width.saturating_add(1);
        let sound = columns <= MAX_WIDTH
            && self.means.len() == columns
            && self.products.len() == columns * (columns + 1) / 2
            && self.weight >= 0.0
            && self.weight.is_finite()
            && self.rows.checked_add(self.skipped).is_some_and(|rows| rows < MAX_ROWS)
            && self.means.iter().all(|mean| mean.is_finite())
            && self.products.iter().all(|product| product.is_finite())
            && (0..columns).all(|column| self.product(column, column) >= 0.0);
        if sound {
            Ok(())
        } else {
            Err(Error::damaged("sums of products", "sizes or values do not agree"))
        }
    }

    fn memory(&self) -> usize {
        (self.means.capacity() + self.products.capacity()) * size_of::<f64>()
    }
}

/// An accumulator of [`Moments`] from dense rows. It gathers rows and multiplies them out a block at a time, O(width^2) a row.
///
/// Serialized it is its moments and units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Settled", try_from = "Settled")]
pub struct Gram {
    /// Of the columns in their units.
    moments: Moments,
    /// One a column, the target's last: 1 unless its squares would leave the range of a float.
    units: Vec<f64>,
    pending: Vec<f64>,
}

/// What is stored of a [`Gram`].
#[derive(Serialize, Deserialize)]
struct Settled {
    moments: Moments,
    /// Units are powers of two: their exponents. None when all are 1.
    exponents: Vec<i16>,
}

impl Gram {
    /// For rows of `width` features. Returns an error when the products would not fit in 2 GiB.
    pub fn new(width: usize) -> Result<Gram> {
        check_width(width)?;
        // The products, and as much again to merge them with.
        room::ask((width + 1).saturating_mul(width + 2).saturating_mul(size_of::<f64>()))?;
        Ok(Gram {
            moments: Moments::new(width),
            units: vec![1.0; width + 1],
            pending: Vec::new(),
        })
    }

    /// How many features a row has.
    pub fn width(&self) -> usize {
        self.moments.width
    }

    /// Adds a row of `width` features and its target. A row with a missing (not finite) value is left out and counted, and so is one
    /// of the wrong length. Returns an error where there is no room.
    pub fn push(&mut self, row: &[f64], target: f64) -> Result<()> {
        if row.len() != self.moments.width || !target.is_finite() || !row.iter().all(|value| value.is_finite()) {
            self.moments.skipped += 1;
            return Ok(());
        }
        room::reserve(&mut self.pending, row.len() + 1)?;
        self.pending.extend_from_slice(row);
        self.pending.push(target);
        if self.pending.len() >= PENDING_ROWS * (row.len() + 1) {
            self.ask_for_settling()?;
            self.settle();
        }
        Ok(())
    }

    /// Returns an error unless there is room to multiply out the rows that were gathered, in a copy.
    pub(crate) fn ask_for_settling(&self) -> Result<()> {
        let columns = self.moments.width + 1;
        let square = columns.saturating_mul(columns).saturating_mul(size_of::<f64>());
        room::ask(square.saturating_add(self.memory()))
    }

    /// The moments of all rows so far, of columns divided by their [`Gram::units`].
    pub fn moments(&self) -> Moments {
        self.settled().moments
    }

    /// What each column is divided by, the target's last: a power of two, and 1 unless numbers are huge or tiny.
    pub fn units(&self) -> Vec<f64> {
        self.settled().units
    }

    fn settled(&self) -> Gram {
        let mut settled = self.clone();
        settled.settle();
        settled
    }

    fn settle(&mut self) {
        let columns = self.moments.width + 1;
        let mut greatest = vec![0.0_f64; columns];
        for row in self.pending.chunks_exact(columns) {
            for (greatest, value) in greatest.iter_mut().zip(row) {
                *greatest = greatest.max(value.abs());
            }
        }
        let units: Vec<f64> = greatest.iter().map(|greatest| unit_for(*greatest)).collect();
        if units != self.units {
            let any: Vec<bool> = greatest.iter().map(|greatest| *greatest > 0.0).collect();
            self.widen(&units, &any);
        }
        if self.units.iter().any(|unit| *unit != 1.0) {
            for row in self.pending.chunks_exact_mut(columns) {
                row.iter_mut().zip(&self.units).for_each(|(value, unit)| *value /= unit);
            }
        }
        self.moments.add_rows(&mut self.pending);
        self.pending.clear();
    }

    /// Takes units in which numbers of other units are no greater than 1 or so, too. Only columns that `count` are there in those.
    fn widen(&mut self, theirs: &[f64], count: &[bool]) {
        let mut factors = vec![1.0; self.units.len()];
        for (column, factor) in factors.iter_mut().enumerate() {
            let (ours, theirs) = (self.units[column], theirs[column]);
            let empty = self.moments.is_zero(column);
            if ours == theirs || !count[column] || (theirs < ours && !empty) {
                continue;
            }
            self.units[column] = theirs;
            *factor = if empty { 1.0 } else { ours / theirs };
        }
        if factors.iter().any(|factor| *factor != 1.0) {
            self.moments = self.moments.scaled(&factors, false);
        }
    }
}

impl From<Gram> for Settled {
    fn from(mut gram: Gram) -> Settled {
        gram.settle();
        let exponents = if gram.units.iter().all(|unit| *unit == 1.0) {
            Vec::new()
        } else {
            gram.units.iter().map(|unit| unit.log2().round() as i16).collect()
        };
        Settled {
            moments: gram.moments,
            exponents,
        }
    }
}

impl TryFrom<Settled> for Gram {
    type Error = Error;

    fn try_from(settled: Settled) -> Result<Gram> {
        let Settled { moments, exponents } = settled;
        moments.validate()?;
        let columns = moments.width + 1;
        let sound = exponents.is_empty() || exponents.len() == columns;
        if !sound || exponents.iter().any(|exponent| !(-1000..=1000).contains(exponent)) {
            return Err(Error::damaged("sums of products", "units do not agree"));
        }
        let units = if exponents.is_empty() {
            vec![1.0; columns]
        } else {
            exponents
                .iter()
                .map(|&exponent| f64::powi(2.0, exponent.into()))
                .collect()
        };
        Ok(Gram {
            moments,
            units,
            pending: Vec::new(),
        })
    }
}

/// As the first version has it: without units.
impl TryFrom<Moments> for Gram {
    type Error = Error;

    fn try_from(moments: Moments) -> Result<Gram> {
        Gram::try_from(Settled {
            moments,
            exponents: Vec::new(),
        })
    }
}

impl Accumulator for Gram {
    fn merge(&mut self, other: &Self) -> Result<()> {
        self.ask_for_settling()?;
        self.settle();
        other.ask_for_settling()?;
        let mut other = other.settled();
        if self.units != other.units && self.moments.width == other.moments.width {
            let there = |gram: &Gram| {
                (0..gram.units.len())
                    .map(|column| !gram.moments.is_zero(column))
                    .collect()
            };
            let (ours, theirs): (Vec<bool>, Vec<bool>) = (there(self), there(&other));
            self.widen(&other.units, &theirs);
            other.widen(&self.units, &ours);
        }
        self.moments.merge(&other.moments)
    }

    fn validate(&self) -> Result<()> {
        self.moments.validate()
    }

    fn memory(&self) -> usize {
        self.moments.memory() + (self.units.capacity() + self.pending.capacity()) * size_of::<f64>()
    }
}

/// Bytes that fitting a design of `width` columns takes at least, whatever the number of rows: the products of two threads, their
/// moments, the factor and its inverse. O(1).
pub fn memory_needed(width: usize) -> usize {
    let square = (width.saturating_add(2))
        .saturating_pow(2)
        .saturating_mul(size_of::<f64>());
    square.saturating_mul(2 + 1 + 2)
}

/// Returns an error when the products of `width` columns would take too much memory.
pub(crate) fn check_width(width: usize) -> Result<()> {
    if width < MAX_WIDTH {
        return Ok(());
    }
    Err(Error::data(
        format!(
            "the features become {width} columns of numbers and levels, but at most {} are possible",
            MAX_WIDTH - 1
        ),
        "leave out categories with many levels, or use gradient_boosting",
    ))
}
