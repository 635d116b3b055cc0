//! Where the rows are that trees grow on: which of them a leaf has, how its histogram is counted and how it is parted.

use std::ops::Range;

use rayon::prelude::*;

use super::grow::Round;
use super::histogram::{Builder, Histogram, Rows};
use super::packing::{Cell, Gradients};
use super::records::Table;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::trees::bins::Bins;
use crate::trees::partition::partition;

/// Rows in bins, with the derivatives of the round.
pub(super) trait Store: Sync {
    /// Some of the rows.
    type Rows: Send + Sync;
    /// The derivatives of a round, where the store does not hold them itself.
    type Data<'r>: Sync;

    /// The bins of each column.
    fn bins(&self) -> &[Bins];

    /// Where each column's cells begin in a histogram over all columns, and the end of the last.
    fn offsets(&self) -> &[usize];

    /// A histogram over all columns, whose sums are anything.
    fn histogram(&self) -> Histogram;

    /// The rows that a tree is learned from.
    fn root(&self) -> Self::Rows;

    /// How many rows there are.
    fn len(&self, rows: &Self::Rows) -> usize;

    /// Parts rows by the bin of a column: those that go left (`left[bin]`), and the others. O(rows).
    fn part(
        &mut self,
        rows: &Self::Rows,
        column: usize,
        left: &[bool; 256],
        monitor: &dyn Monitor,
    ) -> Result<(Self::Rows, Self::Rows)>;

    /// Makes a histogram that of some rows. O(rows x columns).
    fn count(
        &self,
        rows: &Self::Rows,
        round: &Round<Self::Data<'_>>,
        histogram: &mut Histogram,
        monitor: &dyn Monitor,
    ) -> Result<()>;

    /// The sum over rows that are too few for a histogram. O(rows).
    fn total(&self, rows: &Self::Rows, round: &Round<Self::Data<'_>>) -> Cell;

    /// The sums of gradients and hessians before rounding over the rows of each leaf. O(rows).
    fn sums(
        &self,
        leaves: &[&Self::Rows],
        round: &Round<Self::Data<'_>>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<(f64, f64)>>;

    /// Where the bins of a column are in a histogram over all columns.
    fn places(&self, column: usize) -> Range<usize> {
        self.offsets()[column]..self.offsets()[column + 1]
    }

    /// The number of cells in a histogram over all columns.
    fn cells(&self) -> usize {
        self.offsets().last().copied().unwrap_or(0)
    }
}

/// Where the cells of each column begin, and the end of the last.
pub(super) fn offsets(bins: &[Bins]) -> Vec<usize> {
    let mut offsets = vec![0];
    offsets.extend(bins.iter().scan(0, |end, bins| {
        *end += bins.len();
        Some(*end)
    }));
    offsets
}

/// The rows of a table by their numbers: each leaf has a range of one list, in ascending order.
pub(super) struct Listed<'a> {
    table: &'a Table,
    pub(super) rows: Vec<u32>,
    spare: Vec<u32>,
    /// Whether the tree is learned from all rows.
    is_all: bool,
}

impl<'a> Listed<'a> {
    /// No rows yet.
    pub(super) fn new(table: &'a Table) -> Self {
        Listed {
            table,
            rows: Vec::new(),
            spare: Vec::new(),
            is_all: false,
        }
    }

    /// Begins a tree that is learned from the rows `sample` (ascending; none for all).
    pub(super) fn begin(&mut self, sample: Option<&[u32]>) {
        self.rows.clear();
        match sample {
            Some(sample) => self.rows.extend_from_slice(sample),
            None => self.rows.extend(0..self.table.data.rows as u32),
        }
        self.is_all = sample.is_none();
        self.spare.resize(self.rows.len(), 0);
    }
}

impl Store for Listed<'_> {
    type Rows = Range<usize>;
    /// The derivatives, and the same packed.
    type Data<'r> = (&'r Gradients, &'r [u64]);

    fn bins(&self) -> &[Bins] {
        &self.table.data.bins
    }

    fn offsets(&self) -> &[usize] {
        &self.table.offsets
    }

    fn histogram(&self) -> Histogram {
        Histogram::new(self.table.data.rows, self.cells())
    }

    fn root(&self) -> Range<usize> {
        0..self.rows.len()
    }

    fn len(&self, rows: &Range<usize>) -> usize {
        rows.len()
    }

    fn part(
        &mut self,
        rows: &Range<usize>,
        column: usize,
        left: &[bool; 256],
        monitor: &dyn Monitor,
    ) -> Result<(Range<usize>, Range<usize>)> {
        let lefts = partition(
            &mut self.rows[rows.clone()],
            &mut self.spare[rows.clone()],
            &self.table.data.columns[column],
            left,
            monitor,
        )?;
        let middle = rows.start + lefts;
        Ok((rows.start..middle, middle..rows.end))
    }

    fn count(
        &self,
        rows: &Range<usize>,
        round: &Round<Self::Data<'_>>,
        histogram: &mut Histogram,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let builder = Builder {
            table: self.table,
            packed: round.data.1,
            packing: &round.packing,
            wanted: round.wanted,
            monitor,
        };
        if self.is_all && rows.len() == self.rows.len() {
            return histogram.count(&builder, Rows::All);
        }
        histogram.count(&builder, Rows::Listed(&self.rows[rows.clone()]))
    }

    fn total(&self, rows: &Range<usize>, round: &Round<Self::Data<'_>>) -> Cell {
        let packed = |total: &mut Cell, row: &u32| total.add(round.packing.unpack(round.data.1[*row as usize]));
        let mut total = Cell::default();
        self.rows[rows.clone()].iter().for_each(|row| packed(&mut total, row));
        total
    }

    fn sums(
        &self,
        leaves: &[&Range<usize>],
        round: &Round<Self::Data<'_>>,
        monitor: &dyn Monitor,
    ) -> Result<Vec<(f64, f64)>> {
        let of_leaf = |rows: &&Range<usize>| {
            monitor.check()?;
            Ok(round.data.0.sums(&self.rows[(*rows).clone()]))
        };
        leaves.par_iter().map(of_leaf).collect()
    }
}
