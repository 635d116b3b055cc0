//! Some of many rows, drawn by what is in them: the same rows whatever the order in which they come.

use std::collections::BinaryHeap;

use hashbrown::HashMap;

use crate::error::{Error, Result};
use crate::hash;
use crate::room;

/// The rows with the least hashes, each row that equals another one with a hash of its own.
#[derive(Debug)]
pub struct RowDraw {
    most: usize,
    width: usize,
    /// The hashes of the rows that are kept, with their places.
    kept: BinaryHeap<(u64, usize)>,
    /// The rows by their places.
    numbers: Vec<f64>,
    /// How often each row was met, by the hash of its numbers.
    met: HashMap<u64, u32>,
}

impl RowDraw {
    /// Of rows of so many numbers, at most so many.
    pub fn new(most: usize, width: usize) -> RowDraw {
        RowDraw {
            most,
            width,
            kept: BinaryHeap::new(),
            numbers: Vec::new(),
            met: HashMap::new(),
        }
    }

    /// The next row. Returns an error where there is no room. O(width + log of those kept).
    pub fn push(&mut self, row: &[f64]) -> Result<()> {
        if self.most == 0 {
            return Ok(());
        }
        let content = (0_u64..).zip(row).fold(hash::seeded(0), |hash, (column, &number)| {
            hash::mix(hash, hash::hash_f64(column, number))
        });
        if self.met.len() == self.met.capacity() {
            let more = self.met.len().max(64);
            let entry = size_of::<(u64, u32)>() + 1;
            self.met.try_reserve(more).map_err(|_| Error::OutOfMemory {
                needed: 2 * more * entry,
            })?;
        }
        let met = self.met.entry(content).or_insert(0);
        let hash = hash::mix(content, u64::from(*met));
        *met = met.saturating_add(1);
        let place = match self.kept.peek() {
            Some(&(greatest, place)) if self.kept.len() == self.most => {
                if hash >= greatest {
                    return Ok(());
                }
                self.kept.pop();
                place
            }
            _ => {
                room::reserve(&mut self.numbers, self.width)?;
                self.numbers.extend_from_slice(row);
                self.kept.len()
            }
        };
        self.numbers[place * self.width..][..self.width].copy_from_slice(row);
        self.kept.push((hash, place));
        Ok(())
    }

    /// The rows that were drawn, one after the other.
    pub fn rows(self) -> Vec<f64> {
        let places = self.kept.into_sorted_vec();
        places
            .iter()
            .flat_map(|(_, place)| &self.numbers[place * self.width..][..self.width])
            .copied()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: impl Iterator<Item = [f64; 2]>, most: usize) -> Vec<f64> {
        let mut draw = RowDraw::new(most, 2);
        for row in rows {
            draw.push(&row).unwrap();
        }
        draw.rows()
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let row = |n: u32| [f64::from(n % 700), f64::NAN];
        let forwards = drawn((0..5000).map(row), 50);
        assert_eq!(forwards.len(), 100);
        let bits = |rows: Vec<f64>| rows.into_iter().map(f64::to_bits).collect::<Vec<u64>>();
        assert_eq!(bits(forwards), bits(drawn((0..5000).rev().map(row), 50)));
    }

    #[test]
    fn rows_that_repeat_are_drawn_as_often_as_others() {
        // Nine of ten rows are the same.
        let rows = (0..10_000).map(|n| [if n % 10 == 0 { f64::from(n) } else { -1.0 }, 0.0]);
        let same = drawn(rows, 1000).chunks_exact(2).filter(|row| row[0] == -1.0).count();
        assert!((850..950).contains(&same), "{same}");
    }

    #[test]
    fn few_rows_are_all_there_and_none_are_none() {
        assert_eq!(drawn([[1.0, 2.0]].into_iter(), 10), [1.0, 2.0]);
        assert!(drawn([[1.0, 2.0]].into_iter(), 0).is_empty());
        assert!(drawn([].into_iter(), 10).is_empty());
    }
}
