//! Products of matrices on as many threads as there are. No sum hangs on how rows are cut, so that they are the same on any number of them.

use kernels::{Begin, Kernels, Rows, RowsMut, Size, pack, pack_rows, packed_length};
use rayon::prelude::*;

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Rows that a thread multiplies at a time.
const PIECE: usize = 24;

/// The right side of a product.
pub(super) struct Right {
    terms: usize,
    columns: usize,
    panels: Vec<f32>,
    zeros: Vec<f32>,
}

impl Right {
    /// A matrix that is given row by row.
    pub fn of_rows(terms: usize, columns: usize, matrix: &[f32]) -> Result<Right> {
        Right::packed(terms, columns, matrix, columns, pack_rows)
    }

    /// A matrix that is given column by column.
    pub fn of_columns(terms: usize, columns: usize, matrix: &[f32]) -> Result<Right> {
        Right::packed(terms, columns, matrix, terms, pack)
    }

    fn packed(
        terms: usize,
        columns: usize,
        values: &[f32],
        stride: usize,
        pack: impl Fn(usize, usize, Rows<'_, f32>, &mut [f32]),
    ) -> Result<Right> {
        let mut panels = room::filled(0.0, packed_length(terms, columns))?;
        pack(terms, columns, Rows { values, stride }, &mut panels);
        Ok(Right {
            terms,
            columns,
            panels,
            zeros: room::filled(0.0, columns)?,
        })
    }

    /// How many numbers a row of the left side has.
    pub fn terms(&self) -> usize {
        self.terms
    }

    /// The product of rows and this matrix, row by row, on this thread.
    pub fn times_here(&self, left: &[f32], product: &mut [f32]) {
        let size = Size {
            rows: left.len() / self.terms.max(1),
            terms: self.terms,
            columns: self.columns,
        };
        let left = Rows {
            values: left,
            stride: self.terms,
        };
        let out = RowsMut {
            values: product,
            stride: self.columns,
        };
        Kernels::fastest().product(size, left, &self.panels, Begin::At(&self.zeros), out);
    }

    /// The same on all threads.
    pub fn times(&self, left: &[f32], monitor: &dyn Monitor) -> Result<Vec<f32>> {
        let rows = left.len() / self.terms.max(1);
        let mut product = room::filled(0.0, rows * self.columns)?;
        product
            .par_chunks_mut(PIECE * self.columns.max(1))
            .zip(left.par_chunks(PIECE * self.terms.max(1)))
            .try_for_each(|(product, left)| {
                monitor.check()?;
                self.times_here(left, product);
                Ok(())
            })
            .map(|()| product)
    }
}

/// The rows of a matrix as columns.
pub(super) fn transposed(matrix: &[f32], columns: usize) -> Result<Vec<f32>> {
    let rows = matrix.len() / columns.max(1);
    let mut turned = room::filled(0.0, matrix.len())?;
    for (row, numbers) in matrix.chunks_exact(columns).enumerate() {
        for (column, number) in numbers.iter().enumerate() {
            turned[column * rows + row] = *number;
        }
    }
    Ok(turned)
}

/// Divides a vector by its length, unless that is 0, and gives what it was divided by.
pub(super) fn unit(vector: &mut [f32]) -> f32 {
    let squares = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>();
    let length = if squares > 0.0 { squares.sqrt() as f32 } else { 1.0 };
    vector.iter_mut().for_each(|number| *number /= length);
    length
}

/// The same of each row.
pub(super) fn to_unit(rows: &mut [f32], width: usize) -> Vec<f32> {
    rows.par_chunks_mut(width.max(1)).map(unit).collect()
}
