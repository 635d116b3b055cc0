//! Exact order statistics of a column, in a few passes instead of a sort.

use crate::error::Result;
use crate::monitor::Monitor;

/// Cells of a histogram; a group of fewer values than this is sorted.
const CELLS: usize = 2048;
/// Histograms within a cell of a histogram, at most. ValueSummary that are still not apart are sorted.
const DEPTH: usize = 6;

/// A value that has a wanted rank.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ranked {
    /// The value.
    pub value: f64,
    /// How many values are not greater.
    pub at_most: u64,
}

/// The values that would stand at `ranks` (ascending, from 0, below the number of values) if the finite `values`, which go from the least
/// of `range` to its greatest, were sorted.
///
/// A histogram between the least and the greatest value tells which cells hold wanted ranks; only their values are looked at again,
/// in the same way. Every other histogram has cells that are even in the values' bits, that is about in their logarithms, so that
/// outliers and many powers of ten take one more round. O(n) for usual distributions, O(n log n) at worst.
/// Returns an error only when stopped.
pub fn order_statistics(
    values: &[f64],
    range: (f64, f64),
    ranks: &[usize],
    monitor: &dyn Monitor,
) -> Result<Vec<Ranked>> {
    debug_assert!(ranks.is_sorted() && ranks.iter().all(|&rank| rank < values.len()));
    let mut found = vec![Ranked::default(); ranks.len()];
    let round = Round {
        ranks,
        below: 0,
        depth: DEPTH,
        monitor,
    };
    round.select(values, range, &mut found)?;
    Ok(found)
}

/// The values for which `wanted` holds. Without a branch, which a processor could not foretell.
pub(super) fn gather(values: &[f64], most: usize, wanted: impl Fn(f64) -> bool) -> Vec<f64> {
    // One place more, for what is written and not kept at the end.
    let mut gathered = vec![0.0; most + 1];
    let mut next = 0;
    for &value in values {
        gathered[next.min(most)] = value;
        next += usize::from(wanted(value));
    }
    gathered.truncate(next);
    gathered
}

/// A number whose order is that of the value.
#[inline]
fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// A search for `ranks` among values that have `below` lesser ones outside, with so many histograms within each other.
struct Round<'a> {
    ranks: &'a [usize],
    below: usize,
    depth: usize,
    monitor: &'a dyn Monitor,
}

impl Round<'_> {
    /// Fills `found`.
    fn select(&self, values: &[f64], (least, greatest): (f64, f64), found: &mut [Ranked]) -> Result<()> {
        self.monitor.check()?;
        if self.ranks.is_empty() || values.is_empty() {
            return Ok(());
        }
        if least == greatest {
            found.fill(Ranked {
                value: least,
                at_most: (self.below + values.len()) as u64,
            });
            return Ok(());
        }
        let scale = (CELLS - 1) as f64 / (greatest - least);
        // The scale is 0 when the range overflows, and infinite when it is too small to be divided by.
        if values.len() <= CELLS || self.depth == 0 || !scale.is_finite() || scale == 0.0 {
            sort(values, self.ranks, self.below, found);
            return Ok(());
        }
        if self.depth.is_multiple_of(2) {
            // Rounding is monotone, so cells are in the order of values. Added to 2^52, a number up to CELLS - 1 is rounded into the
            // low bits.
            const ROUND: f64 = (1_u64 << 52) as f64;
            let cell = |value: f64| ((value - least) * scale + ROUND).to_bits();
            self.select_in(values, cell, found)
        } else {
            let least = ordered_bits(least);
            let spread = ordered_bits(greatest) - least;
            let shift = (u64::BITS - spread.leading_zeros()).saturating_sub(CELLS.ilog2());
            self.select_in(
                values,
                |value| ((ordered_bits(value) - least) >> shift).min(CELLS as u64 - 1),
                found,
            )
        }
    }

    /// The same, by a histogram of these cells.
    fn select_in(&self, values: &[f64], cell: impl Fn(f64) -> u64, found: &mut [Ranked]) -> Result<()> {
        // Which cells have ranks, and where their values go.
        let mut slots = [NO_SLOT; CELLS];
        let mut groups: Vec<Group> = Vec::new();
        let (mut next, mut start) = (0, 0);
        for (cell, &count) in histogram(values, &cell).iter().enumerate() {
            let end = start + count as usize;
            let first = next;
            while next < self.ranks.len() && self.ranks[next] < end {
                next += 1;
            }
            if next > first {
                slots[cell] = groups.len() as u16;
                groups.push(Group {
                    values: Vec::with_capacity(count as usize),
                    start,
                    first,
                    next,
                });
            }
            start = end;
        }
        self.monitor.check()?;
        let wanted: usize = groups.iter().map(|group| group.values.capacity()).sum();
        // One place more, for what is written and not kept at the end; without a branch, which a processor could not foretell.
        let (mut gathered, mut last) = (vec![(0.0, NO_SLOT); wanted + 1], 0);
        for_cells(values, &cell, |value, cell| {
            gathered[last.min(wanted)] = (value, slots[cell]);
            last += usize::from(slots[cell] != NO_SLOT);
        });
        gathered.truncate(last);
        for (value, slot) in gathered {
            groups[slot as usize].values.push(value);
        }
        for group in groups {
            let ranks: Vec<usize> = self.ranks[group.first..group.next]
                .iter()
                .map(|rank| rank - group.start)
                .collect();
            let round = Round {
                ranks: &ranks,
                below: self.below + group.start,
                depth: self.depth - 1,
                monitor: self.monitor,
            };
            round.select(&group.values, range(&group.values), &mut found[group.first..group.next])?;
        }
        Ok(())
    }
}

/// The mark of a cell without a wanted rank.
const NO_SLOT: u16 = u16::MAX;

/// The values of a cell, how many values are in lesser cells, and which ranks are in this one.
struct Group {
    values: Vec<f64>,
    start: usize,
    first: usize,
    next: usize,
}

fn range(values: &[f64]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut least, mut greatest) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for block in values.chunks(LANES) {
        for (lane, &value) in block.iter().enumerate() {
            least[lane] = if value < least[lane] { value } else { least[lane] };
            greatest[lane] = if value > greatest[lane] { value } else { greatest[lane] };
        }
    }
    (
        least.into_iter().fold(f64::INFINITY, f64::min),
        greatest.into_iter().fold(f64::NEG_INFINITY, f64::max),
    )
}

/// How many values each cell has. Neighbouring rows count in different tables, so that equal ones do not wait for each other.
fn histogram(values: &[f64], cell: &impl Fn(f64) -> u64) -> Vec<u32> {
    let mut tables = vec![[0_u32; CELLS]; 2];
    let mut table = 0;
    for_cells(values, cell, |_, cell| {
        tables[table & 1][cell] += 1;
        table += 1;
    });
    (0..CELLS).map(|cell| tables[0][cell] + tables[1][cell]).collect()
}

/// Calls `each` with every value and the low bits of its cell. Cells are computed some at a time, which vector instructions do.
#[inline]
fn for_cells(values: &[f64], cell: &impl Fn(f64) -> u64, mut each: impl FnMut(f64, usize)) {
    const TILE: usize = 256;
    let mut cells = [0_u64; TILE];
    for values in values.chunks(TILE) {
        cells
            .iter_mut()
            .zip(values)
            .for_each(|(place, &value)| *place = cell(value));
        for (&value, &cell) in values.iter().zip(&cells) {
            each(value, cell as usize & (CELLS - 1));
        }
    }
}

fn sort(values: &[f64], ranks: &[usize], below: usize, found: &mut [Ranked]) {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    for (found, &rank) in found.iter_mut().zip(ranks) {
        let value = sorted[rank];
        let at_most = rank + sorted[rank..].partition_point(|&other| other <= value);
        *found = Ranked {
            value,
            at_most: (below + at_most) as u64,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_u64;
    use crate::monitor::Unwatched;

    fn check(values: &[f64]) {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let last = values.len() - 1;
        let mut ranks: Vec<usize> = (0..=20).map(|k| k * last / 20).collect();
        ranks.extend([last, last]);
        let found = order_statistics(values, range(values), &ranks, &Unwatched).unwrap_or_default();
        assert_eq!(found.len(), ranks.len());
        for (found, rank) in found.into_iter().zip(ranks) {
            assert_eq!(found.value, sorted[rank]);
            assert_eq!(
                found.at_most as usize,
                sorted.partition_point(|&other| other <= found.value)
            );
        }
    }

    #[test]
    fn they_are_those_of_sorted_values() {
        let uniform = |i: u64| hash_u64(1, i) as f64 / u64::MAX as f64;
        for n in [1, 2, 5, 2048, 2049, 30_000] {
            check(&(0..n).map(uniform).collect::<Vec<_>>());
            check(&(0..n).map(|i| (uniform(i) * 7.0).floor()).collect::<Vec<_>>());
            check(
                &(0..n)
                    .map(|i| 10_f64.powf(uniform(i) * 600.0 - 300.0))
                    .collect::<Vec<_>>(),
            );
            check(
                &(0..n)
                    .map(|i| {
                        if i % 100 == 7 {
                            1e300 * uniform(i)
                        } else {
                            uniform(i) - 0.5
                        }
                    })
                    .collect::<Vec<_>>(),
            );
            check(
                &(0..n)
                    .map(|i| if i % 2 == 0 { f64::MAX } else { -f64::MAX })
                    .collect::<Vec<_>>(),
            );
            check(&(0..n).map(|i| f64::from_bits(i % 5)).collect::<Vec<_>>());
            check(&(0..n).map(|i| (uniform(i) - 0.5).powi(41)).collect::<Vec<_>>());
            check(&vec![-3.25; n as usize]);
        }
    }
}
