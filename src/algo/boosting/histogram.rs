//! Histograms: for every bin of every column, the sums over a leaf's rows.

use std::ops::Range;

use rayon::prelude::*;

use super::packing::{Cell, Packing};
use super::records::{GROUP, Group, LANE, Table};
use super::running;
use crate::error::Result;
use crate::monitor::Monitor;

/// Below so many additions the work is not shared among threads: waking one costs as much.
const SERIAL: usize = 200_000;

/// Rows fetched together. Rows of a leaf are scattered in memory: fetching them in a loop that does nothing else keeps many
/// fetches under way at once, which adding to histograms in between does not.
pub(super) const FETCH: usize = 512;

/// The rows a histogram is built over.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    /// All rows.
    All,
    /// Those listed.
    Listed(&'a [u32]),
}

/// Packed sums of one lane: one array of 256 a column, so that a byte indexes it without a check.
pub(super) type LaneSums = [[u64; 256]; LANE];

/// The buffers of one task.
struct Scratch {
    sums: Vec<LaneSums>,
    values: [u64; FETCH],
    bytes: [[[u8; LANE]; FETCH]; GROUP],
}

/// Builds histograms of one round.
#[derive(Clone, Copy)]
pub(super) struct Builder<'a> {
    pub(super) table: &'a Table,
    /// One packed integer a row.
    pub(super) packed: &'a [u64],
    pub(super) packing: &'a Packing,
    /// Which columns are wanted; cells of others may be left empty.
    pub(super) wanted: &'a [bool],
    pub(super) monitor: &'a dyn Monitor,
}

impl Builder<'_> {
    /// Writes the histogram over `rows` into `cells` (one [`Cell`] a bin of all columns, at [`Table::offsets`]). The result is
    /// exact, so threads may share the work in any way. O(rows x columns).
    pub(super) fn build(&self, rows: Rows, cells: &mut [Cell]) -> Result<()> {
        cells.fill(Cell::default());
        let count = match rows {
            Rows::All => self.table.data.rows,
            Rows::Listed(rows) => rows.len(),
        };
        let groups = self.groups(cells);
        let threads = rayon::current_num_threads();
        if threads == 1 || count * self.table.data.columns.len() < SERIAL {
            return groups
                .into_iter()
                .try_for_each(|(group, cells)| self.add(group, rows, 0, count, cells));
        }
        // As many stretches of rows for each group as give every thread about two tasks.
        let stretches = (2 * threads)
            .div_ceil(groups.len().max(1))
            .min(count.div_ceil(self.packing.block()))
            .max(1);
        let stretch = count.div_ceil(stretches);
        groups.into_par_iter().try_for_each(|(group, cells)| {
            let parts: Vec<Vec<Cell>> = (0..stretches)
                .into_par_iter()
                .map(|index| {
                    let mut part = vec![Cell::default(); cells.len()];
                    let end = ((index + 1) * stretch).min(count);
                    self.add(group, rows, (index * stretch).min(end), end, &mut part)?;
                    Ok(part)
                })
                .collect::<Result<_>>()?;
            for part in parts {
                cells.iter_mut().zip(part).for_each(|(cell, other)| cell.add(other));
            }
            Ok(())
        })
    }

    /// The groups that have a wanted column, each with its cells.
    fn groups<'c>(&self, mut cells: &'c mut [Cell]) -> Vec<(&Group, &'c mut [Cell])> {
        let mut groups = Vec::new();
        for group in &self.table.groups {
            let columns = group.first..group.first + group.columns;
            let size = self.table.offsets[columns.end] - self.table.offsets[columns.start];
            let (own, rest) = cells.split_at_mut(size);
            cells = rest;
            if self.wanted[columns].contains(&true) {
                groups.push((group, own));
            }
        }
        groups
    }

    /// Adds the rows from place `start` to `end` of `rows` to the cells of one group.
    fn add(&self, group: &Group, rows: Rows, start: usize, end: usize, cells: &mut [Cell]) -> Result<()> {
        let lanes = group.lanes;
        let mut scratch = Scratch {
            sums: vec![[[0; 256]; LANE]; lanes],
            values: [0; FETCH],
            bytes: [[[0; LANE]; FETCH]; GROUP],
        };
        let mut from = start;
        while from < end {
            self.monitor.check()?;
            let block = from..(from + self.packing.block()).min(end);
            from = block.end;
            match rows {
                Rows::All => {
                    for (places, values) in block
                        .clone()
                        .step_by(FETCH)
                        .zip(self.packed[block.clone()].chunks(FETCH))
                    {
                        let records = &group.records[places * lanes..(places + values.len()) * lanes];
                        for lane in self.lanes(group) {
                            let records = records.iter().skip(lane).step_by(lanes);
                            let rows = records.zip(values.iter().copied());
                            add_rows(group.columns - lane * LANE, rows, &mut scratch.sums[lane]);
                        }
                    }
                }
                Rows::Listed(rows) => {
                    for rows in rows[block].chunks(FETCH) {
                        self.fetch(group, rows, &mut scratch);
                        for lane in self.lanes(group) {
                            let records = scratch.bytes[lane][..rows.len()].iter();
                            let rows = records.zip(scratch.values.iter().copied());
                            add_rows(group.columns - lane * LANE, rows, &mut scratch.sums[lane]);
                        }
                    }
                }
            }
            self.unload(group, &mut scratch.sums, cells);
        }
        Ok(())
    }

    /// The lanes of `group` that have a wanted column.
    pub(super) fn lanes(&self, group: &Group) -> impl Iterator<Item = usize> {
        let wanted = &self.wanted[group.first..group.first + group.columns];
        wanted
            .chunks(LANE)
            .enumerate()
            .filter(|(_, lane)| lane.contains(&true))
            .map(|(lane, _)| lane)
    }

    /// Copies what is needed of `rows` into the buffers.
    fn fetch(&self, group: &Group, rows: &[u32], scratch: &mut Scratch) {
        scratch
            .values
            .iter_mut()
            .zip(rows)
            .for_each(|(value, row)| *value = self.packed[*row as usize]);
        match group.lanes {
            1 => fetch_records::<1>(&group.records, rows, &mut scratch.bytes),
            2 => fetch_records::<2>(&group.records, rows, &mut scratch.bytes),
            3 => fetch_records::<3>(&group.records, rows, &mut scratch.bytes),
            _ => fetch_records::<4>(&group.records, rows, &mut scratch.bytes),
        }
    }

    /// Moves packed sums into cells, and empties them.
    fn unload(&self, group: &Group, sums: &mut [LaneSums], cells: &mut [Cell]) {
        let offsets = &self.table.offsets[group.first..=group.first + group.columns];
        for (bounds, sums) in offsets.windows(2).zip(sums.iter_mut().flatten()) {
            let cells = &mut cells[bounds[0] - offsets[0]..bounds[1] - offsets[0]];
            for (cell, sum) in cells.iter_mut().zip(sums.iter_mut()) {
                cell.add(self.packing.unpack(*sum));
                *sum = 0;
            }
        }
    }
}

/// Copies the records of `rows`, `LANES` entries each, apart into one buffer a lane.
fn fetch_records<const LANES: usize>(records: &[[u8; LANE]], rows: &[u32], bytes: &mut [[[u8; LANE]; FETCH]; GROUP]) {
    for (place, &row) in rows.iter().take(FETCH).enumerate() {
        let record = &records[row as usize * LANES..][..LANES];
        for lane in 0..LANES {
            bytes[lane][place] = record[lane];
        }
    }
}

/// Adds rows to the sums of the first `columns` columns of a lane (all of them, when there are more).
pub(super) fn add_rows<'a>(columns: usize, rows: impl Iterator<Item = (&'a [u8; LANE], u64)>, sums: &mut LaneSums) {
    match columns {
        1 => add_columns::<1>(rows, sums),
        2 => add_columns::<2>(rows, sums),
        3 => add_columns::<3>(rows, sums),
        4 => add_columns::<4>(rows, sums),
        5 => add_columns::<5>(rows, sums),
        6 => add_columns::<6>(rows, sums),
        7 => add_columns::<7>(rows, sums),
        _ => add_columns::<8>(rows, sums),
    }
}

fn add_columns<'a, const N: usize>(rows: impl Iterator<Item = (&'a [u8; LANE], u64)>, sums: &mut LaneSums) {
    for (bytes, value) in rows {
        for column in 0..N {
            let sum = &mut sums[column][bytes[column] as usize];
            *sum = sum.wrapping_add(value);
        }
    }
}

/// The sums over a leaf's rows, for all columns; see [`Table::offsets`].
pub(super) enum Histogram {
    /// Of each bin.
    Cells(Vec<Cell>),
    /// Of the bins up to each, for tables whose rows fit into a packed sum.
    Running(Vec<u64>),
}

/// The part of a histogram that is one column's.
#[derive(Clone, Copy)]
pub(super) enum Sums<'a> {
    Cells(&'a [Cell]),
    Running(&'a [u64]),
}

impl Histogram {
    /// One of so many cells, over at most so many rows, whose sums are anything.
    pub(super) fn new(rows: usize, cells: usize) -> Histogram {
        if Packing::holds(rows) {
            Histogram::Running(vec![0; cells])
        } else {
            Histogram::Cells(vec![Cell::default(); cells])
        }
    }

    /// Makes it that of `rows`.
    pub(super) fn count(&mut self, builder: &Builder, rows: Rows) -> Result<()> {
        match self {
            Histogram::Cells(cells) => builder.build(rows, cells),
            Histogram::Running(running) => builder.run(rows, running),
        }
    }

    /// Turns the histogram of a leaf into that of one child by taking away the other child's. O(bins).
    pub(super) fn subtract(&mut self, child: &Histogram) {
        match (self, child) {
            (Histogram::Cells(parent), Histogram::Cells(child)) => parent
                .iter_mut()
                .zip(child)
                .for_each(|(cell, other)| *cell = cell.minus(*other)),
            (Histogram::Running(parent), Histogram::Running(child)) => running::subtract(parent, child),
            // All histograms of a table are of one kind.
            (Histogram::Cells(_), Histogram::Running(_)) | (Histogram::Running(_), Histogram::Cells(_)) => (),
        }
    }

    /// The sums of the bins at `places`.
    pub(super) fn sums(&self, places: Range<usize>) -> Sums<'_> {
        match self {
            Histogram::Cells(cells) => Sums::Cells(&cells[places]),
            Histogram::Running(running) => Sums::Running(&running[places]),
        }
    }
}

impl Sums<'_> {
    /// The number of bins, the one of missing values among them.
    pub(super) fn len(self) -> usize {
        match self {
            Sums::Cells(cells) => cells.len(),
            Sums::Running(running) => running.len(),
        }
    }

    /// The sum of one bin.
    pub(super) fn bin(self, bin: usize, packing: &Packing) -> Cell {
        match self {
            Sums::Cells(cells) => cells[bin],
            Sums::Running(running) => packing.unpack(running::bin(running, bin)),
        }
    }

    /// How many bins after `bin`, the one of missing values left out, are empty before one that is not.
    pub(super) fn empty_after(self, bin: usize) -> usize {
        let bins = bin + 1..self.len() - 1;
        match self {
            Sums::Cells(cells) => cells[bins].iter().take_while(|cell| cell.count == 0).count(),
            Sums::Running(running) => running[bins].iter().take_while(|&&sum| sum == running[bin]).count(),
        }
    }

    /// The sum over all bins.
    pub(super) fn total(self, packing: &Packing) -> Cell {
        match self {
            Sums::Running(running) => running.last().map_or_else(Cell::default, |sum| packing.unpack(*sum)),
            Sums::Cells(cells) => cells.iter().fold(Cell::default(), |mut total, cell| {
                total.add(*cell);
                total
            }),
        }
    }
}
