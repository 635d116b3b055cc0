//! Packed rows on their way from where they were packed: as they are, for they are most of what is sent.
//!
//! | bytes | what |
//! |---|---|
//! | 8 each | the key of the plan, the columns, the buckets, the rows, the sum of their hashes, little-endian |
//! | 4 a bucket | its rows |
//! | | of each bucket the bins, row by row, and four bytes for each target |

use super::{Block, Packer};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// Rows between two looks at the monitor.
const LOOK: usize = 1 << 14;

/// The most buckets.
const MOST_BUCKETS: usize = 1 << 16;

/// The most columns.
const MOST_COLUMNS: usize = 10_000;

impl Packer {
    /// Appends the bytes that [`Packer::unpack`] reads. Returns an error where there is no room. O(rows).
    pub(crate) fn write(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
        let rows: usize = self.buckets.iter().map(Block::rows).sum();
        let width = self.columns + size_of::<f32>();
        room::reserve(&mut bytes, 40 + self.buckets.len() * 4 + rows.saturating_mul(width))?;
        let counts = [self.columns as u64, self.buckets.len() as u64, self.rows, self.sum];
        for number in [self.key].iter().chain(&counts) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for block in &self.buckets {
            bytes.extend_from_slice(&(block.rows() as u32).to_le_bytes());
        }
        for block in &self.buckets {
            for row in 0..block.rows() {
                bytes.extend_from_slice(&block.from(row, 0)[..self.columns]);
            }
            for row in 0..block.rows() {
                bytes.extend_from_slice(&block.target(row).to_le_bytes());
            }
        }
        Ok(bytes)
    }

    /// Packed rows that bytes hold, which may come from anybody. Returns an error for bytes that do not agree. O(bytes).
    pub(crate) fn unpack(mut bytes: &[u8], monitor: &dyn Monitor) -> Result<Packer> {
        let mut next = || take::<8>(&mut bytes).map(u64::from_le_bytes);
        let (key, columns, count, rows, sum) = (next()?, next()?, next()?, next()?, next()?);
        let columns = usize::try_from(columns).unwrap_or(usize::MAX);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if !(1..=MOST_COLUMNS).contains(&columns) || !(1..=MOST_BUCKETS).contains(&count) {
            return Err(damaged("it has no such shape"));
        }
        let mut sizes = room::with_capacity(count)?;
        for _ in 0..count {
            sizes.push(u32::from_le_bytes(take(&mut bytes)?) as usize);
        }
        let total = sizes.iter().map(|rows| *rows as u64).sum::<u64>();
        let needed = total.checked_mul((columns + size_of::<f32>()) as u64);
        if total != rows || needed != Some(bytes.len() as u64) {
            return Err(damaged("its length does not agree with its rows"));
        }
        let mut buckets = room::with_capacity(count)?;
        for rows in sizes {
            let (codes, rest) = bytes.split_at(rows * columns);
            let (targets, rest) = rest.split_at(rows * size_of::<f32>());
            bytes = rest;
            let mut block = Block::default();
            let targets = targets
                .chunks_exact(4)
                .map(|four| four.try_into().map_or(0.0, f32::from_le_bytes));
            for (row, (record, target)) in codes.chunks_exact(columns).zip(targets).enumerate() {
                if row.is_multiple_of(LOOK) {
                    monitor.check()?;
                }
                block.push(record, target)?;
            }
            buckets.push(block);
        }
        Ok(Packer::of_blocks(key, columns, buckets, (rows, sum)))
    }
}

/// Takes so many bytes off the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk().ok_or_else(|| damaged("it ends too early"))?;
    *bytes = rest;
    Ok(*taken)
}

fn damaged(problem: &str) -> Error {
    Error::damaged("packed rows", problem)
}
