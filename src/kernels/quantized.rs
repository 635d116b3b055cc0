//! Products of whole numbers: weights of eight bits, one scale for each column, and values of twelve bits, one scale for each row. Their sums
//! are exact, so that they are the same in any order and in any instructions.

use crate::{COLUMNS, Rows, RowsMut, Size};

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
            // To whole numbers by the rounding of an addition; no number becomes 0.
            *out = (value * factor).clamp(-MOST_VALUE, MOST_VALUE).round_ties_even() as i16;
        }
        if width > terms {
            out[terms] = 0;
        }
    }
}

/// Sums of products of pairs: what instruction sets do differently.
pub trait Pairs {
    /// Adds to sixteen sums for each of `R` rows: `rows` begin there, `panel` has 32 weights for each pair.
    ///
    /// # Safety
    /// The processor has the instructions, `panel` has a multiple of 32 weights, and each row one value for each 16 of them.
    unsafe fn add<const R: usize>(rows: [&[i16]; R], panel: &[i8]) -> [[i32; COLUMNS]; R];
}

/// See [`crate::Kernels::product_quantized`]; `R` rows are multiplied at once.
#[inline(always)]
pub fn product<const R: usize, P: Pairs>(
    size: Size,
    a: Rows<'_, i16>,
    row_scales: &[f32],
    panels: &[i8],
    column_scales: &[f32],
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
    if width == 0 {
        return;
    }
    for first_row in (0..rows).step_by(ROWS) {
        let end = rows.min(first_row + ROWS);
        let panels = panels.chunks_exact(COLUMNS * width).zip(column_scales.chunks(COLUMNS));
        for (first_column, (panel, column_scales)) in (0..columns).step_by(COLUMNS).zip(panels) {
            let tiles = Tiles {
                a,
                row_scales,
                panel,
                width,
                column_scales,
                first_column,
            };
            let mut row = first_row;
            while end - row >= R {
                tiles.add::<R, P>(row, &mut out);
                row += R;
            }
            while end - row >= 4 {
                tiles.add::<4, P>(row, &mut out);
                row += 4;
            }
            while row < end {
                tiles.add::<1, P>(row, &mut out);
                row += 1;
            }
        }
    }
}

/// What tiles of some columns are computed from.
struct Tiles<'a> {
    a: Rows<'a, i16>,
    row_scales: &'a [f32],
    panel: &'a [i8],
    width: usize,
    column_scales: &'a [f32],
    first_column: usize,
}

impl Tiles<'_> {
    /// Adds to `R` rows of the product.
    #[inline(always)]
    fn add<const R: usize, P: Pairs>(&self, first: usize, out: &mut RowsMut<'_>) {
        let rows: [&[i16]; R] =
            std::array::from_fn(|row| &self.a.values[(first + row) * self.a.stride..][..self.width]);
        // SAFETY: whoever instantiates this with `P` has compiled it for instructions that the processor has, and a panel has 16 weights for
        // each value of a row.
        let sums = unsafe { P::add::<R>(rows, self.panel) };
        for (row, sums) in sums.iter().enumerate() {
            let scale = self.row_scales[first + row];
            let out = &mut out.values[(first + row) * out.stride + self.first_column..][..self.column_scales.len()];
            for ((out, sum), column_scale) in out.iter_mut().zip(sums).zip(self.column_scales) {
                *out = (*sum as f32).mul_add(scale * column_scale, *out);
            }
        }
    }
}

/// In what every processor has.
pub struct Portable;

impl Pairs for Portable {
    #[inline(always)]
    unsafe fn add<const R: usize>(rows: [&[i16]; R], panel: &[i8]) -> [[i32; COLUMNS]; R] {
        let mut sums = [[0; COLUMNS]; R];
        for (pair, weights) in panel.as_chunks::<{ 2 * COLUMNS }>().0.iter().enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                let values = [row[2 * pair], row[2 * pair + 1]].map(i32::from);
                for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
                    *sum += values[0] * i32::from(weights[0]) + values[1] * i32::from(weights[1]);
                }
            }
        }
        sums
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512, Vnni};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::*;

    use super::{COLUMNS, Pairs};

    /// Two values of a row, from where the pair stands.
    ///
    /// # Safety
    /// `row` has both.
    #[inline(always)]
    unsafe fn pair(row: &[i16], pair: usize) -> i32 {
        // SAFETY: both are in the row, and any address will do.
        unsafe { row.as_ptr().add(2 * pair).cast::<i32>().read_unaligned() }
    }

    /// In AVX2.
    pub struct Avx2;

    impl Pairs for Avx2 {
        #[inline(always)]
        unsafe fn add<const R: usize>(rows: [&[i16]; R], panel: &[i8]) -> [[i32; COLUMNS]; R] {
            // SAFETY: the processor has AVX2; each read is within the panel or a row, as the caller promises, at any address; and the sums
            // have 64 bytes for each row.
            unsafe {
                let mut sums = [[_mm256_setzero_si256(); 2]; R];
                for (place, weights) in panel.as_chunks::<{ 2 * COLUMNS }>().0.iter().enumerate() {
                    let weights = weights.as_ptr().cast::<__m128i>();
                    let low = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights));
                    let high = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.add(1)));
                    for (row, sums) in rows.iter().zip(&mut sums) {
                        let values = _mm256_set1_epi32(pair(row, place));
                        sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(values, low));
                        sums[1] = _mm256_add_epi32(sums[1], _mm256_madd_epi16(values, high));
                    }
                }
                let mut out = [[0; COLUMNS]; R];
                for (out, sums) in out.iter_mut().zip(sums) {
                    let out = out.as_mut_ptr().cast::<__m256i>();
                    _mm256_storeu_si256(out, sums[0]);
                    _mm256_storeu_si256(out.add(1), sums[1]);
                }
                out
            }
        }
    }

    /// The same in AVX-512, where `add` adds products of pairs to sums.
    ///
    /// # Safety
    /// As [`Pairs::add`].
    #[inline(always)]
    unsafe fn add_512<const R: usize>(
        rows: [&[i16]; R],
        panel: &[i8],
        add: impl Fn(__m512i, __m512i, __m512i) -> __m512i,
    ) -> [[i32; COLUMNS]; R] {
        // SAFETY: the processor has AVX-512 F and BW; each read is within the panel or a row, as the caller promises, at any address; and the
        // sums have 64 bytes for each row.
        unsafe {
            let mut sums = [_mm512_setzero_si512(); R];
            for (place, weights) in panel.as_chunks::<{ 2 * COLUMNS }>().0.iter().enumerate() {
                let weights = _mm512_cvtepi8_epi16(_mm256_loadu_si256(weights.as_ptr().cast()));
                for (row, sum) in rows.iter().zip(&mut sums) {
                    *sum = add(*sum, _mm512_set1_epi32(pair(row, place)), weights);
                }
            }
            let mut out = [[0; COLUMNS]; R];
            for (out, sum) in out.iter_mut().zip(sums) {
                _mm512_storeu_si512(out.as_mut_ptr().cast(), sum);
            }
            out
        }
    }

    /// In AVX-512.
    pub struct Avx512;

    impl Pairs for Avx512 {
        #[inline(always)]
        unsafe fn add<const R: usize>(rows: [&[i16]; R], panel: &[i8]) -> [[i32; COLUMNS]; R] {
            // SAFETY: as the caller promises; the processor has AVX-512 BW.
            unsafe { add_512(rows, panel, |sum, a, b| _mm512_add_epi32(sum, _mm512_madd_epi16(a, b))) }
        }
    }

    /// In AVX-512 with VNNI.
    pub struct Vnni;

    impl Pairs for Vnni {
        #[inline(always)]
        unsafe fn add<const R: usize>(rows: [&[i16]; R], panel: &[i8]) -> [[i32; COLUMNS]; R] {
            // SAFETY: as the caller promises; the processor has VNNI.
            unsafe { add_512(rows, panel, |sum, a, b| _mm512_dpwssd_epi32(sum, a, b)) }
        }
    }
}
