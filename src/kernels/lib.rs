//! The inner loops of encoders of texts, in the instructions that the processor has, with the same bits on each: a safe face of what needs
//! `unsafe`.
//!
//! Each element of a product is one chain of fused multiplications and additions in the order of the terms. How rows and columns are cut
//! into tiles, and how many of them a vector register holds, therefore changes nothing. Sums along a row are kept in sixteen lanes that are
//! added in one order. The loops are written once, over arrays of sixteen numbers, and compiled for each instruction set: a fused
//! operation is exact up to its one rounding whatever computes it, and the compiler reorders no sums.

mod dense;
mod instructions;
mod pairs;
mod quantized;
mod row;
#[cfg(test)]
mod tests;
mod vector;

pub use dense::{pack, pack_rows, packed_length};
pub use instructions::Kernels;
pub use quantized::{MOST_TERMS, pack_quantized, packed_quantized_length};

/// How many columns of a matrix are multiplied at once: those of a panel.
pub const COLUMNS: usize = 16;

/// Rows of numbers in memory, each `stride` after the one before.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    /// The first row, and all that follow.
    pub values: &'a [T],
    /// From the beginning of a row to that of the next.
    pub stride: usize,
}

/// The same, to be written.
#[derive(Debug)]
pub struct RowsMut<'a> {
    /// The first row, and all that follow.
    pub values: &'a mut [f32],
    /// From the beginning of a row to that of the next.
    pub stride: usize,
}

/// Where the sums of a product begin.
#[derive(Debug, Clone, Copy)]
pub enum Begin<'a> {
    /// At these numbers, one for each column.
    At(&'a [f32]),
    /// At what is there.
    Out,
}

impl<'a> Begin<'a> {
    /// Panics unless there is a number for each column.
    fn assert_columns(self, columns: usize) {
        if let Begin::At(numbers) = self {
            assert_eq!(numbers.len(), columns, "sums do not begin at a number for each column");
        }
    }

    /// For the columns of a panel: after the first terms, the others are added to what is there.
    fn of(self, first_column: usize, first_term: usize) -> Begin<'a> {
        match self {
            Begin::At(numbers) if first_term == 0 => Begin::At(&numbers[first_column..]),
            Begin::At(_) | Begin::Out => Begin::Out,
        }
    }

    /// Writes sums without terms.
    fn write(self, size: Size, out: RowsMut<'_>) {
        if let Begin::At(numbers) = self {
            for row in 0..size.rows {
                out.values[row * out.stride..][..size.columns].copy_from_slice(numbers);
            }
        }
    }
}

/// How large a product is: rows of the left matrix, terms of each sum, columns of the right matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Rows of the left matrix, and of the product.
    pub rows: usize,
    /// Columns of the left matrix, rows of the right one.
    pub terms: usize,
    /// Columns of the right matrix, and of the product.
    pub columns: usize,
}

impl Size {
    /// Panics unless rows of that size lie in so many values: the promise on which the loops read without looking.
    fn assert_within(rows: usize, columns: usize, stride: usize, length: usize) {
        if rows > 0 && columns > 0 {
            let needed = (rows - 1)
                .checked_mul(stride)
                .and_then(|start| start.checked_add(columns));
            assert!(
                columns <= stride || rows == 1,
                "rows of {columns} numbers overlap at a stride of {stride}"
            );
            assert!(
                needed.is_some_and(|needed| needed <= length),
                "{rows} rows of {columns} numbers at a stride of {stride} are more than {length}"
            );
        }
    }
}
