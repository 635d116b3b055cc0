//! Histograms of tables of few rows: a bin holds the sums over all bins up to it, in packed form, since all rows together fit into it.
//!
//! With few rows most of the time goes into bins, not into rows. So a bin takes 8 bytes, not 24; bins that leave a child too small are passed
//! over several at a time; and a score is computed only where it may be better than the best so far.

use super::histogram::{Builder, LaneSums, Rows, add_rows};
use super::packing::{Cell, Packing};
use super::records::{Group, LANE};
use crate::error::Result;

/// Bins looked at together, in operations that exist for vectors.
pub(super) const STEP: usize = 8;

impl Builder<'_> {
    /// Writes the sums over `rows` up to each bin of the wanted columns. O(rows x columns + bins).
    pub(super) fn run(&self, rows: Rows, running: &mut [u64]) -> Result<()> {
        self.monitor.check()?;
        for group in &self.table.groups {
            for lane in self.lanes(group) {
                let mut sums = [[0; 256]; LANE];
                self.add_lane(group, lane, rows, &mut sums);
                let first = group.first + lane * LANE;
                let offsets = &self.table.offsets[first..=(first + LANE).min(group.first + group.columns)];
                for (bounds, sums) in offsets.windows(2).zip(&sums) {
                    let mut sum = 0u64;
                    for (running, own) in running[bounds[0]..bounds[1]].iter_mut().zip(sums) {
                        sum = sum.wrapping_add(*own);
                        *running = sum;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds `rows` to the sums of one lane.
    fn add_lane(&self, group: &Group, lane: usize, rows: Rows, sums: &mut LaneSums) {
        let (lanes, columns) = (group.lanes, group.columns - lane * LANE);
        match rows {
            Rows::All => {
                let records = group.records.iter().skip(lane).step_by(lanes);
                add_rows(columns, records.zip(self.packed.iter().copied()), sums);
            }
            Rows::Listed(rows) => {
                let row = |&row: &u32| (&group.records[row as usize * lanes + lane], self.packed[row as usize]);
                add_rows(columns, rows.iter().map(row), sums);
            }
        }
    }
}

/// Takes away the sums of other rows. O(bins).
pub(super) fn subtract(running: &mut [u64], other: &[u64]) {
    running
        .iter_mut()
        .zip(other)
        .for_each(|(sum, other)| *sum = sum.wrapping_sub(*other));
}

/// The sum of one bin of a column.
pub(super) fn bin(running: &[u64], bin: usize) -> u64 {
    let before = if bin > 0 { running[bin - 1] } else { 0 };
    running[bin].wrapping_sub(before)
}

/// The sum of a column's missing values.
pub(super) fn missing(running: &[u64]) -> u64 {
    bin(running, running.len() - 1)
}

/// The sum of each bin of a column.
pub(super) fn cells(running: &[u64], packing: &Packing) -> Vec<Cell> {
    (0..running.len())
        .map(|place| packing.unpack(bin(running, place)))
        .collect()
}

/// The scores of a leaf's children against the best so far, in single precision and without a division. Sums are in units of the packing.
pub(super) struct Filter<'a> {
    packing: &'a Packing,
    total: Cell,
    l2: f32,
    /// From scores to those of sums in units.
    scale: f64,
}

impl<'a> Filter<'a> {
    /// A filter of the splits of a leaf.
    pub(super) fn new(packing: &'a Packing, total: Cell, l2: f64) -> Self {
        Filter {
            packing,
            total,
            l2: (l2 / packing.hessian_unit) as f32,
            scale: packing.hessian_unit / packing.gradient_unit / packing.gradient_unit,
        }
    }

    /// Whether the children's scores may be more than `highest` where one of `lefts`, and `start` with it, goes left. It errs only by yes.
    #[inline]
    pub(super) fn admits(&self, start: u64, lefts: &[u64; STEP], highest: f64) -> bool {
        // Sums of positive terms after a few operations, each with an error of at most 2^-24.
        let highest = (highest * self.scale) as f32 * (1.0 - 2e-6);
        let below = if !highest.is_finite() {
            0
        } else if self.packing.constant_hessian() {
            self.counted_below(start, lefts, highest)
        } else {
            self.weighed_below(start, lefts, highest)
        };
        below < STEP as u32
    }

    /// How many of `lefts` have scores below `highest`, where hessians are counts.
    fn counted_below(&self, start: u64, lefts: &[u64; STEP], highest: f32) -> u32 {
        let below = |left: &&u64| {
            let left = self.packing.unpack(left.wrapping_add(start));
            let right = self.total.minus(left);
            let [left, right] = [left, right].map(|cell| [cell.gradient as f32, cell.hessian as f32]);
            self.is_below(left, right, highest)
        };
        lefts.iter().filter(below).count() as u32
    }

    /// The same for other hessians. Inlined, the loop does not become vector code.
    #[inline(never)]
    fn weighed_below(&self, start: u64, lefts: &[u64; STEP], highest: f32) -> u32 {
        let [gradient, hessian] = [self.total.gradient as i32, self.total.hessian as i32];
        let mut below = 0;
        for &left in lefts {
            let [g, h] = self.packing.narrow(left.wrapping_add(start));
            let right = [(gradient - g) as f32, (hessian - h) as f32];
            below += u32::from(self.is_below([g as f32, h as f32], right, highest));
        }
        below
    }

    /// False for what is no number.
    #[inline(always)]
    fn is_below(&self, left: [f32; 2], right: [f32; 2], highest: f32) -> bool {
        let (of_left, of_right) = (left[1] + self.l2, right[1] + self.l2);
        left[0] * left[0] * of_right + right[0] * right[0] * of_left < highest * (of_left * of_right)
    }
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Sums;
    use super::super::packing::Gradients;
    use super::super::params::BoostingParams;
    use super::super::split::{Bounds, Judge};
    use super::*;
    use crate::monitor::Unwatched;
    use crate::trees::bins::Bins;

    /// Numbers that look random, from 0 to 1.
    fn noise(seed: u64, count: usize) -> Vec<f32> {
        let mix = |i: u64| {
            (seed * 1_000_003 + i)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(31)
        };
        let number = |i| (mix(i).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1u64 << 24) as f32;
        (0..count as u64).map(number).collect()
    }

    /// Checks that a column's best split is the same by the sums of bins and by the sums up to bins.
    fn check(params: &BoostingParams, gradients: &Gradients, bins: &Bins, of_row: &[usize], bounds: Bounds) {
        let mut packed = vec![0; of_row.len()];
        let packing = Packing::pack(gradients, (1.0, 1.0), 1, &mut packed, &Unwatched).unwrap();
        let mut own = vec![0u64; bins.len()];
        of_row
            .iter()
            .zip(&packed)
            .for_each(|(bin, row)| own[*bin] = own[*bin].wrapping_add(*row));
        let cells: Vec<Cell> = own.iter().map(|sum| packing.unpack(*sum)).collect();
        let mut sum = 0u64;
        let up_to = |own: &u64| {
            sum = sum.wrapping_add(*own);
            sum
        };
        let running: Vec<u64> = own.iter().map(up_to).collect();
        let judge = Judge {
            params,
            packing: &packing,
        };
        let total = Sums::Cells(&cells).total(&packing);
        assert_eq!(Sums::Running(&running).total(&packing), total);
        let parent = judge.parent(total, bounds).unwrap();
        let best = parent.best(0, bins, Sums::Cells(&cells), 0.0);
        assert_eq!(parent.best(0, bins, Sums::Running(&running), 0.0), best);
        if let Some(best) = best {
            // What is as good as the best so far need not be found, what is better must be.
            assert_eq!(
                parent.best(0, bins, Sums::Running(&running), best.gain * 0.999),
                Some(best)
            );
            let found = parent.best(0, bins, Sums::Running(&running), best.gain * 1.001);
            assert!(found.is_none_or(|found| found.gain <= best.gain));
        }
    }

    #[test]
    fn the_best_split_is_that_of_the_bins_own_sums() {
        let params = [
            BoostingParams::default(),
            BoostingParams {
                reg_lambda: 3.0,
                min_split_gain: 0.2,
                ..Default::default()
            },
            BoostingParams {
                reg_alpha: 0.3,
                ..Default::default()
            },
            BoostingParams {
                monotone_constraints: vec![1],
                min_child_samples: 1,
                ..Default::default()
            },
        ];
        let narrow = Bounds { low: -0.05, high: 0.02 };
        for (seed, rows) in [1, 7, 8, 40, 50, 90, 300, 2_000, 8_192].into_iter().enumerate() {
            let seed = seed as u64;
            let (places, values) = (noise(seed, rows), noise(seed + 100, rows));
            for count in [1, 2, 7, 8, 9, 100, 255] {
                let bins = Bins::Number {
                    bounds: vec![0.0; count],
                };
                // The last bin is that of missing values, which only some columns have.
                let all = count + usize::from(seed.is_multiple_of(2));
                let of_row: Vec<usize> = places.iter().map(|x| (x * all as f32) as usize).collect();
                let slope = |row: usize| (values[row] - 0.5) + 0.3 * (places[row] - 0.4);
                let pairs = (0..rows)
                    .map(|row| [slope(row), 0.1 + 0.9 * values[row] * values[row]])
                    .collect();
                let constant = (0..rows).map(|row| f64::from(slope(row))).collect();
                for gradients in [Gradients::Pairs(pairs), Gradients::Constant(constant)] {
                    for params in &params {
                        check(params, &gradients, &bins, &of_row, Bounds::FREE);
                        check(params, &gradients, &bins, &of_row, narrow);
                    }
                }
            }
        }
    }
}
