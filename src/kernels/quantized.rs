//! Products of whole numbers: weights of eight bits, one scale for each column, and values of twelve bits, one scale for each row. Their sums
//! are exact, so that they are the same in any order and in any instructions.

use crate::dense::height;
use crate::pairs::Pairs;
use crate::vector::prefetch;
use crate::{Begin, COLUMNS, Rows, RowsMut, Size};

/// The largest whole number that stands for a value. Sixteen bits would hold more, but sums of [`MOST_TERMS`] of them would not fit into 32.
const MOST_VALUE: f32 = 2047.0;

/// The largest weight.
const MOST_WEIGHT: f32 = 127.0;

/// The most terms of a sum.
pub const MOST_TERMS: usize = 8192;

const _: () = assert!(MOST_TERMS as u64 * MOST_VALUE as u64 * MOST_WEIGHT as u64 <= i32::MAX as u64);

/// How many numbers a packed matrix has.
pub fn packed_quantized_length(terms: usize, columns: usize) -> usize {
    columns.next_multiple_of(COLUMNS) * terms.next_multiple_of(2)
}

/// Quantizes and packs a matrix whose columns lie at a stride: for each sixteen columns, two numbers of each from two rows after those of the
/// two rows before; zeros fill up. The scale of a column is its largest number by 127. Panics where the lengths do not fit.
pub fn pack_quantized(terms: usize, columns: usize, matrix: Rows<'_, f32>, panels: &mut [i8], scales: &mut [f32]) {
    assert_eq!(panels.len(), packed_quantized_length(terms, columns));
    assert_eq!(scales.len(), columns);
    panels.fill(0);
    let panel = COLUMNS * terms.next_multiple_of(2);
    for (column, scale) in scales.iter_mut().enumerate() {
        let values = &matrix.values[column * matrix.stride..][..terms];
        let most = values.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        *scale = most / MOST_WEIGHT;
        let start = column / COLUMNS * panel + column % COLUMNS * 2;
        for (term, value) in values.iter().enumerate() {
            // The quotient is at most 127 up to rounding, and no number where all are 0, which becomes 0.
            panels[start + term / 2 * 2 * COLUMNS + term % 2] = (value / *scale).round_ties_even() as i8;
        }
    }
}

/// See [`crate::Kernels::quantize`].
#[inline(always)]
pub fn quantize(size: Size, values: Rows<'_, f32>, out: &mut [i16], scales: &mut [f32]) {
    let Size { rows, terms, .. } = size;
    Size::assert_within(rows, terms, values.stride, values.values.len());
    let width = terms.next_multiple_of(2);
    assert!(out.len() >= rows * width && scales.len() >= rows);
    for row in 0..rows {
        let values = &values.values[row * values.stride..][..terms];
        let mut lanes = [0.0_f32; COLUMNS];
        let (chunks, rest) = values.as_chunks::<COLUMNS>();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane = if value.abs() > *lane { value.abs() } else { *lane };
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *lane = lane.max(value.abs());
        }
        let most = lanes.iter().fold(0.0, |most: f32, &lane| most.max(lane));
        scales[row] = most / MOST_VALUE;
        let factor = if most > 0.0 { MOST_VALUE / most } else { 0.0 };
        let out = &mut out[row * width..][..width];
        for (out, value) in out.iter_mut().zip(values) {
            *out = whole(value * factor);
        }
        if width > terms {
            out[terms] = 0;
        }
    }
}

/// The whole number next to a value, the even one of two, by the rounding of an addition: where numbers are so large, their last digit is
/// that of the ones. What is no number becomes the largest.
#[inline(always)]
fn whole(value: f32) -> i16 {
    const ROUND: f32 = 12_582_912.0;
    let value = if value < MOST_VALUE { value } else { MOST_VALUE };
    let value = if value > -MOST_VALUE { value } else { -MOST_VALUE };
    (value + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i16
}

/// See [`crate::Kernels::product_quantized`]; sixteen columns are `N` registers.
#[inline(always)]
pub fn product<P: Pairs, const N: usize>(
    size: Size,
    (a, row_scales): (Rows<'_, i16>, &[f32]),
    (panels, column_scales): (&[i8], &[f32]),
    begin: Begin<'_>,
    mut out: RowsMut<'_>,
) {
    /// Rows whose values stay in the second cache.
    const ROWS: usize = 96;
    let Size { rows, terms, columns } = size;
    let width = terms.next_multiple_of(2);
    assert!(terms <= MOST_TERMS, "{terms} terms do not fit into a sum");
    Size::assert_within(rows, width, a.stride, a.values.len());
    Size::assert_within(rows, columns, out.stride, out.values.len());
    assert_eq!(panels.len(), packed_quantized_length(terms, columns));
    assert!(row_scales.len() >= rows && column_scales.len() == columns);
    begin.assert_columns(columns);
    if width == 0 {
        return begin.write(size, out);
    }
    for first_row in (0..rows).step_by(ROWS) {
        let end = rows.min(first_row + ROWS);
        for first_column in (0..columns).step_by(COLUMNS) {
            let (panel, rest) = panels[first_column * width..].split_at(COLUMNS * width);
            let mut tiles = Tiles {
                a,
                row_scales,
                panel,
                ahead: &rest[..rest.len().min(panel.len())],
                width,
                column_scales: &column_scales[first_column..columns.min(first_column + COLUMNS)],
                begin: begin.of(first_column, 0),
                first_column,
            };
            let mut row = first_row;
            while row < end {
                let height = height(end - row, P::ROWS);
                tiles.add_rows::<P, N>(height, row, &mut out);
                row += height;
            }
        }
    }
}

/// What tiles of some columns are computed from.
struct Tiles<'a> {
    a: Rows<'a, i16>,
    row_scales: &'a [f32],
    panel: &'a [i8],
    ahead: &'a [i8],
    width: usize,
    column_scales: &'a [f32],
    begin: Begin<'a>,
    first_column: usize,
}

impl Tiles<'_> {
    /// Computes so many rows of the product, which are at most as many as `P` has registers for.
    #[inline(always)]
    fn add_rows<P: Pairs, const N: usize>(&mut self, height: usize, first: usize, out: &mut RowsMut<'_>) {
        macro_rules! by_height {
            ($($rows:literal)+) => {
                match height {
                    // Above the height of the instructions there is nothing to compile.
                    $($rows if $rows <= P::ROWS => self.add::<P, N, $rows>(first, out),)+
                    _ => unreachable!("a tile of {height} rows"),
                }
            };
        }
        by_height!(1 2 3 4 5 6 12);
    }

    /// Computes `R` rows of the product.
    #[inline(always)]
    fn add<P: Pairs, const N: usize, const R: usize>(&mut self, first: usize, out: &mut RowsMut<'_>) {
        // One line for each four pairs.
        let (now, later) = self.ahead.split_at(self.ahead.len().min(self.width / 8 * 64));
        self.ahead = later;
        let a = &self.a.values[first * self.a.stride..];
        // SAFETY: `product` has seen that the rows are there; whoever instantiates this with `P` has compiled it for instructions that the
        // processor has.
        let sums = unsafe { sums::<P, N, R>(a.as_ptr(), self.a.stride, self.panel, now.as_ptr()) };
        for (row, sums) in sums.iter().enumerate() {
            let scale = self.row_scales[first + row];
            let out = &mut out.values[(first + row) * out.stride + self.first_column..][..self.column_scales.len()];
            match (out.first_chunk_mut(), self.column_scales.first_chunk(), self.begin) {
                (Some(out), Some(scales), Begin::Out) => *out = scaled(sums, scale, scales, out),
                (Some(out), Some(scales), Begin::At(numbers)) => match numbers.first_chunk() {
                    Some(numbers) => *out = scaled(sums, scale, scales, numbers),
                    None => self.part(sums, scale, out),
                },
                _ => self.part(sums, scale, out),
            }
        }
    }

    /// The same where some of the columns are not there.
    fn part(&self, sums: &[i32; COLUMNS], scale: f32, out: &mut [f32]) {
        if let Begin::At(numbers) = self.begin {
            out.copy_from_slice(&numbers[..out.len()]);
        }
        for ((out, sum), column_scale) in out.iter_mut().zip(sums).zip(self.column_scales) {
            *out = (*sum as f32).mul_add(scale * column_scale, *out);
        }
    }
}

/// Sums times the scales of their row and their columns, added to where they begin.
#[inline(always)]
fn scaled(sums: &[i32; COLUMNS], scale: f32, column_scales: &[f32; COLUMNS], begin: &[f32; COLUMNS]) -> [f32; COLUMNS] {
    std::array::from_fn(|lane| (sums[lane] as f32).mul_add(scale * column_scales[lane], begin[lane]))
}

/// The sixteen sums, in `N` registers, of each of `R` rows that lie at a stride. Meanwhile memory is fetched from `ahead`.
///
/// # Safety
/// The processor has the instructions of `P`, and at each stride are two values for each 32 weights of the panel.
#[inline(always)]
unsafe fn sums<P: Pairs, const N: usize, const R: usize>(
    a: *const i16,
    stride: usize,
    panel: &[i8],
    ahead: *const i8,
) -> [[i32; COLUMNS]; R] {
    const { assert!(N * P::WIDTH == COLUMNS) };
    let mut sums = [[P::zero(); N]; R];
    let pairs = panel.len() / (2 * COLUMNS);
    for pair in 0..pairs {
        // Each line four times: a loop over four pairs would have the compiler add them in another order, for which registers are too few.
        prefetch::<false>(ahead.wrapping_add(pair * 16).cast());
        // SAFETY: both places are in a row, as the caller promises, and in the panel.
        unsafe {
            step(
                a.add(2 * pair),
                stride,
                panel.as_ptr().add(pair * 2 * COLUMNS),
                &mut sums,
            )
        };
    }
    let mut out = [[0; COLUMNS]; R];
    for (out, sums) in out.iter_mut().zip(sums) {
        for (out, sum) in out.chunks_exact_mut(P::WIDTH).zip(sums) {
            // SAFETY: there is room for so many sums.
            unsafe { sum.store(out.as_mut_ptr()) };
        }
    }
    out
}

/// Adds the products of a pair.
///
/// # Safety
/// The processor has the instructions of `P`; two values are at each stride of `a`, and 32 weights at `weights`.
#[inline(always)]
unsafe fn step<P: Pairs, const N: usize, const R: usize>(
    a: *const i16,
    stride: usize,
    weights: *const i8,
    sums: &mut [[P; N]; R],
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut factors = [P::zero(); N];
        for (part, factor) in factors.iter_mut().enumerate() {
            *factor = P::weights(weights.add(part * 2 * P::WIDTH));
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            let values = P::all(a.add(row * stride));
            for (sum, factor) in sums.iter_mut().zip(factors) {
                *sum = sum.plus(values, factor);
            }
        }
    }
}
