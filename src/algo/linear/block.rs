//! How passes over a frame are cut: slabs of rows in parallel, each walked in blocks that stay in the cache.
//!
//! The cut depends on the number of rows and the size of what is accumulated, never on the number of threads, and slabs are merged
//! in order. So every sum is the same to the bit whatever the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use crate::design::{Design, Encoding, NO_COLUMN};
use crate::error::Result;
use crate::frame::{Column, Frame};
use crate::monitor::Monitor;

/// Rows in a block.
pub(crate) const BLOCK_ROWS: usize = 256;
/// The most slabs.
const SLABS: usize = 32;
/// Bytes that all slabs' accumulators together should stay under; two slabs there are in any case.
const SLAB_BYTES: usize = 64 << 20;

/// Which rows a pass visits: each `stride`-th block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows {
    /// How many rows the frame has.
    pub rows: usize,
    /// 1 for all blocks.
    pub stride: usize,
}

impl Rows {
    /// Runs `slab` over slabs of blocks, in parallel, and returns what each gave, in order. `accumulator_bytes` is what one slab
    /// holds.
    pub fn slabs<T: Send>(
        self,
        accumulator_bytes: usize,
        slab: impl Fn(&mut dyn Iterator<Item = Range<usize>>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let blocks = self.rows.div_ceil(BLOCK_ROWS).div_ceil(self.stride);
        let slabs = (SLAB_BYTES / accumulator_bytes.max(1))
            .clamp(2, SLABS)
            .min(blocks.max(1));
        let each = blocks.div_ceil(slabs);
        (0..slabs)
            .into_par_iter()
            .map(|index| {
                let mut ranges = (index * each..((index + 1) * each).min(blocks)).map(|block| {
                    let start = block * self.stride * BLOCK_ROWS;
                    start..(start + BLOCK_ROWS).min(self.rows)
                });
                slab(&mut ranges)
            })
            .collect()
    }
}

/// A block of rows encoded by a design, row by row, each row scaled by the square root of its weight.
///
/// A row's dense part is its number columns, a one, and the target. Its levels are the numbers of its 0/1 design columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    /// Rows held.
    pub rows: usize,
    /// Numbers a dense row: the design's number columns and two more.
    pub dense_width: usize,
    /// `rows x dense_width`.
    pub dense: Vec<f64>,
    /// Levels a row: one a category.
    pub categories: usize,
    /// `rows x categories`; [`NO_COLUMN`] when there is none.
    pub levels: Vec<u32>,
    /// The square roots of the rows' weights.
    pub roots: Vec<f64>,
}

impl Block {
    /// Room for a block of `design`.
    pub fn new(design: &Design) -> Block {
        let dense_width = design.numbers() + 2;
        let categories = design.encodings().len() - design.numbers();
        Block {
            rows: 0,
            dense_width,
            dense: vec![0.0; BLOCK_ROWS * dense_width],
            categories,
            levels: vec![NO_COLUMN; BLOCK_ROWS * categories],
            roots: vec![1.0; BLOCK_ROWS],
        }
    }

    /// Encodes the rows of `range`. The first `range.len()` of `self.roots` are the square roots of their weights; `targets` are
    /// taken as they are, so they come scaled.
    pub fn fill(&mut self, design: &Design, frame: &Frame, range: Range<usize>, targets: &[f64]) {
        let (width, categories) = (self.dense_width, self.categories);
        self.rows = range.len();
        let mut category = 0;
        for (column, encoding) in frame.columns().iter().zip(design.encodings()) {
            match (column, encoding) {
                (
                    Column::Number(values),
                    Encoding::Number {
                        column,
                        mean,
                        centre,
                        inverse,
                    },
                ) => {
                    let rows = self.dense[*column..].iter_mut().step_by(width);
                    for ((place, &x), root) in rows.zip(&values[range.clone()]).zip(&self.roots) {
                        let x = if x.is_nan() { *mean } else { x };
                        *place = (x - centre) * inverse * root;
                    }
                }
                (Column::Category { codes, .. }, Encoding::Category { columns }) => {
                    let rows = self.levels[category..].iter_mut().step_by(categories);
                    for (place, &code) in rows.zip(&codes[range.clone()]) {
                        *place = level_column(columns, code);
                    }
                    category += 1;
                }
                // Ruled out by Design::fits.
                _ => {}
            }
        }
        for ((row, root), target) in self.dense.chunks_exact_mut(width).zip(&self.roots).zip(targets) {
            row[width - 2] = *root;
            row[width - 1] = *target;
        }
    }
}

/// The design column of a code.
#[inline]
pub(crate) fn level_column(columns: &[u32], code: u32) -> u32 {
    // The code of a missing value is larger than any other.
    columns[(code as usize).min(columns.len() - 1)]
}

/// Walks the blocks that `ranges` gives, asking `monitor` before each.
pub(crate) fn walk(
    ranges: &mut dyn Iterator<Item = Range<usize>>,
    monitor: &dyn Monitor,
    mut block: impl FnMut(Range<usize>),
) -> Result<()> {
    for range in ranges {
        monitor.check()?;
        block(range);
    }
    Ok(())
}
