//! Parts the rows of a leaf between its children, keeping their order.

use rayon::prelude::*;

use crate::error::Result;
use crate::monitor::Monitor;

/// Rows parted by one task.
const CHUNK: usize = 65_536;

/// Moves the rows whose bin goes left (`left[bin]`) to the front of `rows`, the others behind them; both keep their order.
/// `spare` is as long as `rows`. Returns how many went left. O(n).
pub(crate) fn partition(
    rows: &mut [u32],
    spare: &mut [u32],
    column: &[u8],
    left: &[bool; 256],
    monitor: &dyn Monitor,
) -> Result<usize> {
    // Each chunk is parted on its own: lefts move to its front, rights into its part of the spare.
    let lefts: Vec<usize> = if rows.len() < 2 * CHUNK {
        rows.chunks_mut(CHUNK)
            .zip(spare.chunks_mut(CHUNK))
            .map(|(rows, spare)| part(rows, spare, column, left))
            .collect()
    } else {
        rows.par_chunks_mut(CHUNK)
            .zip(spare.par_chunks_mut(CHUNK))
            .map(|(rows, spare)| {
                monitor.check()?;
                Ok(part(rows, spare, column, left))
            })
            .collect::<Result<_>>()?
    };
    let mut end = 0;
    for (index, &count) in lefts.iter().enumerate() {
        let start = index * CHUNK;
        rows.copy_within(start..start + count, end);
        end += count;
    }
    let total = end;
    for (index, &count) in lefts.iter().enumerate() {
        let start = index * CHUNK;
        let size = CHUNK.min(rows.len() - start) - count;
        rows[end..end + size].copy_from_slice(&spare[start..start + size]);
        end += size;
    }
    Ok(total)
}

/// Parts one chunk without a branch on the data: every row is written to both sides, and only one side moves on.
fn part(rows: &mut [u32], spare: &mut [u32], column: &[u8], left: &[bool; 256]) -> usize {
    let (mut lefts, mut rights) = (0, 0);
    for place in 0..rows.len() {
        let row = rows[place];
        let goes_left = left[column[row as usize] as usize];
        rows[lefts] = row;
        spare[rights] = row;
        lefts += usize::from(goes_left);
        rights += usize::from(!goes_left);
    }
    lefts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn both_sides_keep_their_order_across_chunks() {
        let column: Vec<u8> = (0..300_000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let left: [bool; 256] = std::array::from_fn(|bin| bin % 3 == 0);
        for step in [1, 2, 300] {
            let all: Vec<u32> = (0..300_000).step_by(step).collect();
            let mut rows = all.clone();
            let mut spare = vec![0; rows.len()];
            let count = partition(&mut rows, &mut spare, &column, &left, &Unwatched).unwrap();
            let goes_left = |row: &&u32| left[column[**row as usize] as usize];
            let expected: Vec<u32> = all
                .iter()
                .filter(goes_left)
                .chain(all.iter().filter(|row| !goes_left(row)))
                .copied()
                .collect();
            assert_eq!(rows, expected);
            assert_eq!(count, all.iter().filter(goes_left).count());
        }
    }
}
