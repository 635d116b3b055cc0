//! Quantised columns as histograms read them: row by row.

use rayon::prelude::*;

use super::store::offsets;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::monitor::Monitor;
use crate::trees::bins::Quantised;

/// Columns of one lane, whose histograms are counted together: eight times 256 sums of eight bytes are 16 kB, half of a
/// usual first-level cache.
pub(super) const LANE: usize = 8;

/// The most lanes of one group.
pub(super) const GROUP: usize = 4;

/// Rows of one task when columns are put side by side; so many records stay in a second-level cache.
const STRETCH: usize = 8_192;

/// The bytes of up to [`GROUP`] lanes of columns, row by row: what a histogram reads of a row comes from one place in memory.
pub(super) struct Group {
    /// The first column.
    pub(super) first: usize,
    /// How many columns there are.
    pub(super) columns: usize,
    /// How many lanes there are; the last may have columns left empty.
    pub(super) lanes: usize,
    /// `lanes` entries a row.
    pub(super) records: Vec<[u8; LANE]>,
}

/// Quantised columns, stored twice: by column, where one column is read (rows are parted), and by row, where all are
/// (histograms).
pub(super) struct Table {
    pub(super) data: Quantised,
    pub(super) groups: Vec<Group>,
    /// Where each column's cells begin in a histogram over all columns, and the end of the last.
    pub(super) offsets: Vec<usize>,
}

impl Table {
    /// Bins all columns of `frame`; see [`Quantised::new`].
    pub(super) fn new(frame: &Frame, max_bin: usize, seed: u64, monitor: &dyn Monitor) -> Result<Self> {
        let data = Quantised::new(frame, max_bin, seed, monitor)?;
        let groups = data
            .columns
            .chunks(LANE * GROUP)
            .enumerate()
            .map(|(index, columns)| Group::new(index * LANE * GROUP, columns, data.rows, monitor))
            .collect::<Result<_>>()?;
        let offsets = offsets(&data.bins);
        Ok(Table { data, groups, offsets })
    }

    /// Puts the rows in another order: the row that was `order[i]` becomes row i. O(rows x columns).
    pub(super) fn reorder(&mut self, order: &[u32], monitor: &dyn Monitor) -> Result<()> {
        self.data.reorder(order, monitor)?;
        for group in &mut self.groups {
            let columns = &self.data.columns[group.first..group.first + group.columns];
            // Frees the old records before the new ones are made.
            group.records = Vec::new();
            *group = Group::new(group.first, columns, self.data.rows, monitor)?;
        }
        Ok(())
    }
}

impl Group {
    fn new(first: usize, columns: &[Vec<u8>], rows: usize, monitor: &dyn Monitor) -> Result<Self> {
        let lanes = columns.len().div_ceil(LANE);
        let mut records = vec![[0u8; LANE]; rows * lanes];
        records
            .par_chunks_mut(STRETCH * lanes)
            .enumerate()
            .try_for_each(|(index, records)| {
                monitor.check()?;
                for (place, column) in columns.iter().enumerate() {
                    let bytes = &column[index * STRETCH..];
                    let records = records.iter_mut().skip(place / LANE).step_by(lanes);
                    records
                        .zip(bytes)
                        .for_each(|(record, byte)| record[place % LANE] = *byte);
                }
                Ok::<(), Error>(())
            })?;
        Ok(Group {
            first,
            columns: columns.len(),
            lanes,
            records,
        })
    }
}
