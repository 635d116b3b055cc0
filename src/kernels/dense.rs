//! Products of matrices of numbers in single precision.

use crate::{COLUMNS, Rows, RowsMut, Size};

/// Terms of sums that are added before the next columns are: a panel of so many rows stays in the nearest cache (24 of its 32 KiB).
const TERMS: usize = 384;

/// Rows whose terms stay in the second cache (144 of its 256 KiB and more).
const ROWS: usize = 96;

/// How many numbers a packed matrix has.
pub fn packed_length(terms: usize, columns: usize) -> usize {
    columns.next_multiple_of(COLUMNS) * terms
}

/// Packs a matrix whose columns lie at a stride into panels: for each sixteen columns, their numbers of one row after those of the row
/// before; zeros fill up the last panel. Panics where `columns` are less than that, or `panels` are not [`packed_length`].
pub fn pack(terms: usize, columns: usize, matrix: Rows<'_, f32>, panels: &mut [f32]) {
    assert_eq!(panels.len(), packed_length(terms, columns));
    if terms == 0 {
        return;
    }
    for (first, panel) in (0..columns)
        .step_by(COLUMNS)
        .zip(panels.chunks_exact_mut(COLUMNS * terms))
    {
        panel.fill(0.0);
        for (lane, column) in (first..columns.min(first + COLUMNS)).enumerate() {
            let values = &matrix.values[column * matrix.stride..][..terms];
            for (row, &value) in panel.chunks_exact_mut(COLUMNS).zip(values) {
                row[lane] = value;
            }
        }
    }
}

/// The same of a matrix whose rows lie at a stride.
pub fn pack_rows(terms: usize, columns: usize, matrix: Rows<'_, f32>, panels: &mut [f32]) {
    assert_eq!(panels.len(), packed_length(terms, columns));
    if terms == 0 {
        return;
    }
    for (first, panel) in (0..columns)
        .step_by(COLUMNS)
        .zip(panels.chunks_exact_mut(COLUMNS * terms))
    {
        let some = COLUMNS.min(columns - first);
        for (term, row) in panel.chunks_exact_mut(COLUMNS).enumerate() {
            row[..some].copy_from_slice(&matrix.values[term * matrix.stride + first..][..some]);
            row[some..].fill(0.0);
        }
    }
}

/// See [`crate::Kernels::product`]; `R` rows are multiplied at once.
#[inline(always)]
pub fn product<const R: usize>(size: Size, a: Rows<'_, f32>, panels: &[f32], out: RowsMut<'_>) {
    let Size { rows, terms, columns } = size;
    Size::assert_within(rows, terms, a.stride, a.values.len());
    Size::assert_within(rows, columns, out.stride, out.values.len());
    assert_eq!(panels.len(), packed_length(terms, columns));
    for first_term in (0..terms).step_by(TERMS) {
        let some_terms = TERMS.min(terms - first_term);
        for first_row in (0..rows).step_by(ROWS) {
            let some_rows = ROWS.min(rows - first_row);
            for first_column in (0..columns).step_by(COLUMNS) {
                let panel = &panels[first_column * terms + first_term * COLUMNS..][..some_terms * COLUMNS];
                let some_columns = COLUMNS.min(columns - first_column);
                let mut row = first_row;
                let end = first_row + some_rows;
                let mut tiles = Tiles {
                    panel: panel.as_chunks().0,
                    a: Rows {
                        values: &a.values[first_term..],
                        stride: a.stride,
                    },
                    out: RowsMut {
                        values: &mut out.values[first_column..],
                        stride: out.stride,
                    },
                    columns: some_columns,
                };
                while end - row >= R {
                    tiles.add::<R>(row);
                    row += R;
                }
                while end - row >= 4 {
                    tiles.add::<4>(row);
                    row += 4;
                }
                while row < end {
                    tiles.add::<1>(row);
                    row += 1;
                }
            }
        }
    }
}

/// What tiles of some columns and some terms are computed from.
struct Tiles<'a> {
    panel: &'a [[f32; COLUMNS]],
    a: Rows<'a, f32>,
    out: RowsMut<'a>,
    columns: usize,
}

impl Tiles<'_> {
    /// Adds to `R` rows of the product.
    #[inline(always)]
    fn add<const R: usize>(&mut self, first: usize) {
        let terms = self.panel.len();
        let rows: [&[f32]; R] = std::array::from_fn(|row| &self.a.values[(first + row) * self.a.stride..][..terms]);
        let (stride, columns) = (self.out.stride, self.columns);
        let mut sums = [[0.0; COLUMNS]; R];
        for (row, sums) in sums.iter_mut().enumerate() {
            let out = &self.out.values[(first + row) * stride..][..columns];
            match out.first_chunk() {
                Some(all) => *sums = *all,
                None => sums[..columns].copy_from_slice(out),
            }
        }
        for (term, factors) in self.panel.iter().enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                // SAFETY: each row has as many terms as the panel has.
                let value = unsafe { *row.get_unchecked(term) };
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = value.mul_add(*factor, *sum);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut self.out.values[(first + row) * stride..][..columns];
            match out.first_chunk_mut() {
                Some(all) => *all = *sums,
                None => out.copy_from_slice(&sums[..columns]),
            }
        }
    }
}
