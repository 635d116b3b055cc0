//! Rows as codes of the columns that trees split by.

use super::columns::{Column, Columns};
use crate::error::Result;
use crate::room;

/// Rows whose places in tables are sought at a time.
pub(super) const ROWS: usize = 4;

/// The codes of some rows, one column after the other.
pub(super) struct CodedRows {
    codes: Vec<u16>,
    /// How many rows there can be, a multiple of [`ROWS`].
    most: usize,
    rows: usize,
}

impl CodedRows {
    /// Room for so many rows.
    pub(super) fn new(columns: &Columns, rows: usize) -> Result<CodedRows> {
        let most = rows.next_multiple_of(ROWS);
        Ok(CodedRows {
            codes: room::filled(0, most * columns.all().len())?,
            most,
            rows: 0,
        })
    }

    /// Codes encoded rows, as many as there is room for at most, in the place of those before.
    pub(super) fn code(&mut self, columns: &[Column], rows: &[f64], width: usize) {
        self.rows = rows.len() / width;
        for (column, codes) in columns.iter().zip(self.codes.chunks_exact_mut(self.most)) {
            for (code, row) in codes.iter_mut().zip(rows.chunks_exact(width)) {
                *code = column.code(row[column.feature]);
            }
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The codes of a column, those of [`CodedRows::rows`] rows at the beginning.
    #[inline]
    pub(super) fn column(&self, column: usize) -> &[u16] {
        &self.codes[column * self.most..][..self.most]
    }
}
