//! The inner loops of encoders of texts, in the instructions that the processor has, with the same bits on each: a safe face of what needs
//! `unsafe`.
//!
//! Each element of a product is one chain of fused multiplications and additions in the order of the terms. How rows and columns are cut
//! into tiles, and how many of them a vector register holds, therefore changes nothing. Sums along a row are kept in sixteen lanes that are
//! added in one order. The loops are written once, over arrays of sixteen numbers, and compiled for each instruction set: a fused
//! operation is exact up to its one rounding whatever computes it, and the compiler reorders no sums.

mod dense;
mod instructions;
mod quantized;
mod row;
#[cfg(test)]
mod tests;

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
