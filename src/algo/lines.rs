//! Numbers of several columns side by side: what a query's rows are kept in until their order is known.
//!
//! Putting rows in order visits them at random. Column by column that is a cache miss a value; side by side it is one a row.

use rayon::prelude::*;

use super::error::Result;
use super::monitor::Monitor;
use super::room;

/// Numbers that a line of the cache holds.
pub const LINE: usize = 8;

/// Rows of one task.
const CHUNK: usize = 16_384;
/// Rows whose lines stay in the first cache while they are taken apart.
const TILE: usize = 64;

/// Rows of `width` numbers each.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    width: usize,
    values: Vec<f64>,
}

impl Lines {
    /// No rows yet.
    pub fn new(width: usize) -> Lines {
        Lines {
            width,
            values: Vec::new(),
        }
    }

    /// Numbers a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `rows` rows of missing numbers. Returns an error where there is no room for them.
    pub fn missing(width: usize, rows: usize) -> Result<Lines> {
        let values = room::filled(f64::NAN, width.saturating_mul(rows))?;
        Ok(Lines { width, values })
    }

    /// Appends a row of [`Lines::width`] numbers. Returns an error where there is no room for it.
    #[inline]
    pub fn push(&mut self, line: &[f64]) -> Result<()> {
        debug_assert_eq!(line.len(), self.width);
        room::reserve(&mut self.values, line.len())?;
        if let Ok(whole) = <&[f64; LINE]>::try_from(line) {
            // A length that is known beforehand is copied by a few instructions instead of a call.
            self.values.extend_from_slice(whole);
        } else if let [only] = line {
            self.values.push(*only);
        } else {
            self.values.extend_from_slice(line);
        }
        Ok(())
    }

    /// Appends a row whose numbers are all missing. Returns an error where there is no room for it.
    pub fn push_missing(&mut self) -> Result<()> {
        room::reserve(&mut self.values, self.width)?;
        self.values.extend(std::iter::repeat_n(f64::NAN, self.width));
        Ok(())
    }

    /// The numbers of one column, in the order of rows.
    pub fn into_column(self, lane: usize) -> Vec<f64> {
        if self.width == 1 {
            self.values
        } else {
            self.column_from(lane, 0).collect()
        }
    }

    /// The numbers of one column, from row `first` on. `lane` is below [`Lines::width`].
    pub fn column_from(&self, lane: usize, first: usize) -> impl Iterator<Item = f64> {
        let start = (first * self.width).min(self.values.len());
        let lines = self.values[start..].chunks_exact(self.width.max(1));
        lines.map(move |line| line[lane])
    }

    /// A number. There are such a row and lane.
    #[inline]
    pub fn number(&self, row: usize, lane: usize) -> f64 {
        self.values[row * self.width + lane]
    }

    /// Bytes that the rows take.
    pub fn memory(&self) -> usize {
        self.values.len() * size_of::<f64>()
    }

    /// The columns, each of the rows that `order` names, in that order. In parallel; O(rows x width). Returns an error only when stopped.
    pub fn gather(&self, order: &[u32], monitor: &dyn Monitor) -> Result<Vec<Vec<f64>>> {
        let mut columns = (0..self.width)
            .map(|_| room::zeros(order.len()))
            .collect::<Result<Vec<Vec<f64>>>>()?;
        let mut tasks: Vec<(&[u32], Vec<&mut [f64]>)> = order
            .chunks(CHUNK)
            .map(|order| (order, Vec::with_capacity(self.width)))
            .collect();
        for column in &mut columns {
            for ((_, parts), part) in tasks.iter_mut().zip(column.chunks_mut(CHUNK)) {
                parts.push(part);
            }
        }
        tasks.into_par_iter().try_for_each(|(order, mut parts)| -> Result<()> {
            monitor.check()?;
            for (tile, order) in order.chunks(TILE).enumerate() {
                let start = tile * TILE;
                for (lane, part) in parts.iter_mut().enumerate() {
                    let places = part[start..start + order.len()].iter_mut();
                    places
                        .zip(order)
                        .for_each(|(place, &row)| *place = self.values[row as usize * self.width + lane]);
                }
            }
            Ok(())
        })?;
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn columns_are_those_of_the_rows_named() {
        let rows = 40_000;
        for width in [1, 3, LINE, 13] {
            let mut lines = Lines::new(width);
            for row in 0..rows {
                let line: Vec<f64> = (0..width).map(|lane| (row * width + lane) as f64).collect();
                assert!(lines.push(&line).is_ok());
            }
            let order: Vec<u32> = (0..rows as u32).filter(|row| row % 3 != 1).rev().collect();
            let gathered = lines.gather(&order, &Unwatched).unwrap_or_default();
            assert_eq!(gathered.len(), width);
            for (lane, column) in gathered.iter().enumerate() {
                let expected: Vec<f64> = order.iter().map(|&row| (row as usize * width + lane) as f64).collect();
                assert_eq!(column, &expected);
                let all: Vec<f64> = (0..rows).map(|row| (row * width + lane) as f64).collect();
                assert_eq!(lines.column_from(lane, 7).next(), Some((7 * width + lane) as f64));
                assert_eq!(lines.clone().into_column(lane), all);
            }
        }
        let empty = Lines::new(2).gather(&[], &Unwatched).unwrap_or_default();
        assert_eq!(empty, [Vec::<f64>::new(), Vec::new()]);
    }
}
