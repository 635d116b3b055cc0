//! Gradient, hessian and row count of one row in one 64-bit integer, so that a histogram costs one addition a value.
//!
//! Sums of integers do not depend on their order: a model is the same whatever the number of threads. Gradients are rounded
//! to integers with a dither, so that their sums stay unbiased (Shi et al., "Quantized Training of Gradient Boosting
//! Decision Trees", 2022, get by with 3 bits; here a row has at least 11). The final values of leaves are computed from
//! the gradients before rounding.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// At most 2 to so many rows are added up in packed form; then the fields are unpacked into a [`Cell`].
const MAX_BLOCK_BITS: u32 = 13;

/// Rows packed between two looks at the monitor.
const CHUNK: usize = 65_536;

/// Sums over rows: of rounded gradients, rounded hessians, and ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cell {
    pub(super) gradient: i64,
    pub(super) hessian: i64,
    pub(super) count: i64,
}

impl Cell {
    #[inline]
    pub(super) fn add(&mut self, other: Cell) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
        self.count += other.count;
    }

    #[inline]
    pub(super) fn minus(self, other: Cell) -> Cell {
        Cell {
            gradient: self.gradient - other.gradient,
            hessian: self.hessian - other.hessian,
            count: self.count - other.count,
        }
    }
}

/// First and second derivatives of the loss, one a row.
pub(super) enum Gradients {
    /// Every hessian is 1 (squared error without weights): nearly all bits go to the gradient.
    Constant(Vec<f64>),
    /// Gradient and hessian.
    Pairs(Vec<[f32; 2]>),
}

impl Gradients {
    /// Room for `rows` rows.
    pub(super) fn zeros(rows: usize, constant_hessian: bool) -> Self {
        if constant_hessian {
            Gradients::Constant(vec![0.0; rows])
        } else {
            Gradients::Pairs(vec![[0.0; 2]; rows])
        }
    }

    /// The exact sums over `rows`, in their order.
    pub(super) fn sums(&self, rows: &[u32]) -> (f64, f64) {
        match self {
            Gradients::Constant(values) => (rows.iter().map(|&row| values[row as usize]).sum(), rows.len() as f64),
            Gradients::Pairs(pairs) => rows.iter().fold((0.0, 0.0), |(g, h), &row| {
                let [gradient, hessian] = pairs[row as usize];
                (g + f64::from(gradient), h + f64::from(hessian))
            }),
        }
    }
}

/// Where the fields of a packed integer lie, and what one unit of each is worth. From low to high bits: the count, the
/// hessian (never negative), the gradient (signed).
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing {
    block_bits: u32,
    hessian_shift: u32,
    gradient_shift: u32,
    /// The worth of one unit of gradient.
    pub(super) gradient_unit: f64,
    /// The worth of one unit of hessian.
    pub(super) hessian_unit: f64,
}

impl Packing {
    /// The rows that may be added up before they are unpacked.
    pub(super) fn block(&self) -> usize {
        1 << self.block_bits
    }

    /// Whether so many rows in all may be added up in packed form.
    pub(super) fn holds(rows: usize) -> bool {
        rows <= 1 << MAX_BLOCK_BITS
    }

    /// How the derivatives of a round of so many rows are packed. `largest` holds the largest absolute gradient and the largest hessian.
    pub(super) fn of(rows: usize, largest: (f64, f64), constant_hessian: bool) -> Self {
        let block_bits = rows.next_power_of_two().trailing_zeros().clamp(5, MAX_BLOCK_BITS);
        // The count of a full block takes one bit more than a row's number in it.
        let hessian_shift = block_bits + 1;
        let unit = |largest: f64, most: f64| if largest > 0.0 { largest / most } else { 1.0 };
        if constant_hessian {
            let gradient_shift = hessian_shift;
            let most = (1u64 << (63 - gradient_shift - block_bits).min(50)) - 1;
            return Packing {
                block_bits,
                hessian_shift,
                gradient_shift,
                gradient_unit: unit(largest.0, most as f64),
                hessian_unit: 1.0,
            };
        }
        let free = 64 - hessian_shift;
        let hessian_bits = free / 2 - 1;
        let mut packing = Packing {
            block_bits,
            hessian_shift,
            gradient_shift: hessian_shift + hessian_bits,
            gradient_unit: 1.0,
            hessian_unit: 1.0,
        };
        let [gradient_most, hessian_most] = packing.most();
        packing.gradient_unit = unit(largest.0, f64::from(gradient_most));
        packing.hessian_unit = unit(largest.1, f64::from(hessian_most));
        packing
    }

    /// The largest rounded gradient and hessian of a row. The addition that rounds an f32 to an integer is right up to 2^22.
    fn most(&self) -> [f32; 2] {
        let hessian_bits = self.gradient_shift - self.hessian_shift;
        let gradient = (1u32 << (63 - self.gradient_shift - self.block_bits).min(21)) - 1;
        let hessian = (1u32 << (hessian_bits - self.block_bits).min(21)) - 1;
        [gradient as f32, hessian as f32]
    }

    /// Packs the gradients of a round into `packed`, one integer a row. `round` moves the dither. O(n).
    pub(super) fn pack(
        gradients: &Gradients,
        largest: (f64, f64),
        round: u32,
        packed: &mut [u64],
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let packing = Packing::of(packed.len(), largest, matches!(gradients, Gradients::Constant(_)));
        match gradients {
            Gradients::Constant(values) => packed
                .par_chunks_mut(CHUNK)
                .zip(values.par_chunks(CHUNK))
                .try_for_each(|(packed, values)| {
                    monitor.check()?;
                    packing.pack_constant(values, packed);
                    Ok::<(), Error>(())
                })?,
            Gradients::Pairs(pairs) => packed
                .par_chunks_mut(CHUNK)
                .zip(pairs.par_chunks(CHUNK))
                .enumerate()
                .try_for_each(|(index, (packed, pairs))| {
                    monitor.check()?;
                    packing.pack_pairs(pairs, (round, (index * CHUNK) as u32), packed);
                    Ok::<(), Error>(())
                })?,
        }
        Ok(packing)
    }

    /// Packs gradients of rows whose hessians are 1.
    pub(super) fn pack_constant(&self, values: &[f64], packed: &mut [u64]) {
        let scale = 1.0 / self.gradient_unit;
        packed.iter_mut().zip(values).for_each(|(out, value)| {
            *out = ((round_to_integer(value * scale) << self.gradient_shift) as u64).wrapping_add(1);
        });
    }

    /// Packs gradients and hessians of neighbouring rows, of which the first has the number `row`.
    pub(super) fn pack_pairs(&self, pairs: &[[f32; 2]], (round, row): (u32, u32), packed: &mut [u64]) {
        let scales = [(1.0 / self.gradient_unit) as f32, (1.0 / self.hessian_unit) as f32];
        let most = self.most();
        let mut dither = Dither::new(round, row);
        for (out, pair) in packed.iter_mut().zip(pairs) {
            let [u, v] = dither.next();
            let gradient = round_to_i32((pair[0] * scales[0] + u).clamp(-most[0], most[0]));
            let hessian = round_to_i32((pair[1] * scales[1] + v).clamp(0.0, most[1]));
            *out = ((i64::from(gradient) << self.gradient_shift) as u64)
                .wrapping_add((hessian as u64) << self.hessian_shift)
                .wrapping_add(1);
        }
    }

    /// The fields of a sum of at most [`Packing::block`] packed rows.
    #[inline]
    pub(super) fn unpack(&self, sum: u64) -> Cell {
        let count = self.count(sum);
        let gradient = sum as i64 >> self.gradient_shift;
        if self.gradient_shift == self.hessian_shift {
            return Cell {
                gradient,
                hessian: count,
                count,
            };
        }
        let hessian_mask = (1u64 << (self.gradient_shift - self.hessian_shift)) - 1;
        Cell {
            gradient,
            hessian: ((sum >> self.hessian_shift) & hessian_mask) as i64,
            count,
        }
    }

    /// Gradient and hessian of a sum of rows with hessians of their own: both fields take less than 32 bits, and operations on such
    /// numbers exist for vectors.
    #[inline(always)]
    pub(super) fn narrow(&self, sum: u64) -> [i32; 2] {
        let mask = (1 << (self.gradient_shift - self.hessian_shift)) - 1;
        let gradient = (sum as i64 >> self.gradient_shift) as i32;
        [gradient, (sum >> self.hessian_shift) as i32 & mask]
    }

    /// The rows of a sum.
    #[inline(always)]
    pub(super) fn count(&self, sum: u64) -> i64 {
        (sum & ((1 << self.hessian_shift) - 1)) as i64
    }

    /// Whether hessians are the count.
    pub(super) fn constant_hessian(&self) -> bool {
        self.gradient_shift == self.hessian_shift
    }

    /// The sum of gradients that `cell` stands for.
    #[inline]
    pub(super) fn gradient(&self, cell: Cell) -> f64 {
        cell.gradient as f64 * self.gradient_unit
    }

    /// The sum of hessians that `cell` stands for.
    #[inline]
    pub(super) fn hessian(&self, cell: Cell) -> f64 {
        cell.hessian as f64 * self.hessian_unit
    }
}

/// The nearest integer to `x`, |x| < 2^51: adding 1.5 x 2^52 leaves the integer in the low bits. Unlike a cast it compiles
/// to vector code.
#[inline]
fn round_to_integer(x: f64) -> i64 {
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    (x + MAGIC).to_bits() as i64 - MAGIC.to_bits() as i64
}

/// The same for an f32, |x| < 2^22.
#[inline]
fn round_to_i32(x: f32) -> i32 {
    const MAGIC: f32 = 12_582_912.0;
    (x + MAGIC).to_bits() as i32 - MAGIC.to_bits() as i32
}

/// Two numbers a row, evenly spread over -1/2 to 1/2: multiples of the fractional parts of the golden ratio and of the square
/// root of 2 (Weyl sequences), moved by the round.
struct Dither {
    state: [u32; 2],
}

impl Dither {
    const STEPS: [u32; 2] = [0x9E37_79B9, 0x6A09_E667];

    fn new(round: u32, row: u32) -> Self {
        let starts = [round.wrapping_mul(0xC2B2_AE35), round.wrapping_mul(0x85EB_CA6B)];
        Dither {
            state: [0, 1].map(|i| starts[i].wrapping_add(row.wrapping_mul(Self::STEPS[i]))),
        }
    }

    #[inline]
    fn next(&mut self) -> [f32; 2] {
        [0, 1].map(|i| {
            self.state[i] = self.state[i].wrapping_add(Self::STEPS[i]);
            (self.state[i] as i32) as f32 * (1.0 / 4_294_967_296.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn a_full_block_of_the_largest_values_does_not_overflow() {
        let rows = 1 << MAX_BLOCK_BITS;
        for sign in [-1.0f32, 1.0] {
            let mut packed = vec![0; rows];
            let gradients = Gradients::Pairs(vec![[sign * 3.0, 0.25]; rows]);
            let packing = Packing::pack(&gradients, (3.0, 0.25), 7, &mut packed, &Unwatched).unwrap();
            assert_eq!(packing.block(), rows);
            let cell = packing.unpack(packed.iter().fold(0, |sum: u64, v| sum.wrapping_add(*v)));
            assert_eq!(cell.count, rows as i64);
            assert!((packing.gradient(cell) / (f64::from(sign) * 3.0 * rows as f64) - 1.0).abs() < 1e-3);
            assert!((packing.hessian(cell) / (0.25 * rows as f64) - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn a_constant_hessian_counts_rows_and_keeps_the_gradient_fine() {
        let values: Vec<f64> = (0..1000).map(|i| (f64::from(i) - 700.0) * 1e6 + 0.125).collect();
        let mut packed = vec![0; values.len()];
        let gradients = Gradients::Constant(values.clone());
        let packing = Packing::pack(&gradients, (7e8, 1.0), 0, &mut packed, &Unwatched).unwrap();
        let cell = packing.unpack(packed.iter().fold(0, |sum: u64, v| sum.wrapping_add(*v)));
        assert_eq!((cell.count, cell.hessian), (1000, 1000));
        let exact: f64 = values.iter().sum();
        assert!(
            (packing.gradient(cell) - exact).abs() < 1.0,
            "{} {exact}",
            packing.gradient(cell)
        );
    }

    #[test]
    fn rounding_is_unbiased_for_gradients_far_below_one_unit() {
        let rows = 100_000;
        let mut pairs = vec![[1e-6f32, 1e-6]; rows];
        pairs[0] = [1.0, 1.0];
        let gradients = Gradients::Pairs(pairs);
        let mut packed = vec![0; rows];
        let packing = Packing::pack(&gradients, (1.0, 1.0), 3, &mut packed, &Unwatched).unwrap();
        let mut total = Cell::default();
        packed.iter().for_each(|&p| total.add(packing.unpack(p)));
        // The sum is 1.1; each of the 100,000 small rows is 0.004 or 0.002 of a unit.
        assert!(
            (packing.gradient(total) - 1.1).abs() < 0.003,
            "{}",
            packing.gradient(total)
        );
        assert!(
            (packing.hessian(total) - 1.1).abs() < 0.003,
            "{}",
            packing.hessian(total)
        );
    }
}
