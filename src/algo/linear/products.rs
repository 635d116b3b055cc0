//! Weighted sums of products of design columns, dense numbers by matrix products and 0/1 columns by table updates.

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};

use super::block::Block;
use crate::design::NO_COLUMN;
use crate::error::Result;
use crate::monitor::Monitor;

/// Sums that are added between two looks at the monitor.
const CHUNK: usize = 1 << 18;

/// The lower triangle of the weighted products of all columns: the dense ones (numbers, a one, the target), then the levels.
///
/// A block of `r` rows with `d` dense columns and `c` categories costs O(r (d^2 + c d + c^2)), however many levels there are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Products {
    dense: usize,
    width: usize,
    /// `dense x dense`, row by row.
    square: Vec<f64>,
    /// A row of `width` for each level, of which the part up to the level's own place is used.
    levels: Vec<f64>,
}

impl Products {
    /// No rows yet. `numbers` is how many of the `width` design columns are dense.
    pub fn new(numbers: usize, width: usize) -> Products {
        let (dense, levels) = (numbers + 2, width - numbers);
        let width = dense + levels;
        Products {
            dense,
            width,
            square: vec![0.0; dense * dense],
            levels: vec![0.0; levels * width],
        }
    }

    /// Bytes that one of these holds.
    pub fn bytes(width: usize) -> usize {
        (width + 2) * (width + 2) * size_of::<f64>()
    }

    /// Adds the rows of a block.
    pub fn add(&mut self, block: &Block) {
        self.add_scaled(block, &block.dense, &block.roots);
    }

    /// Adds the rows of a block with other weights than its own: `values` are its dense numbers times `roots`, the square roots of the
    /// weights.
    pub fn add_scaled(&mut self, block: &Block, values: &[f64], roots: &[f64]) {
        let (dense, width) = (self.dense, self.width);
        let rows = MatRef::from_row_major_slice(&values[..block.rows * dense], block.rows, dense);
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.square, dense, dense),
            BlockStructure::TriangularLower,
            Accum::Add,
            rows.transpose(),
            BlockStructure::Rectangular,
            rows,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        if block.categories == 0 {
            return;
        }
        // Levels are design columns; here two more dense columns, the one and the target, come before them.
        let per_row = values
            .chunks_exact(dense)
            .zip(block.levels.chunks_exact(block.categories));
        for ((row, levels), root) in per_row.zip(roots).take(block.rows) {
            let weight = root * root;
            for (index, &level) in levels.iter().enumerate() {
                if level == NO_COLUMN {
                    continue;
                }
                let start = (level as usize + 2 - dense) * width;
                let sums = &mut self.levels[start..start + width];
                for (sum, value) in sums[..dense].iter_mut().zip(row) {
                    *sum += root * value;
                }
                for &other in levels[..index].iter().filter(|l| **l != NO_COLUMN) {
                    sums[other as usize + 2] += weight;
                }
            }
        }
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        self.square.fill(0.0);
        self.levels.fill(0.0);
    }

    /// Adds what another has.
    pub fn merge(&mut self, other: &Products, monitor: &dyn Monitor) -> Result<()> {
        for (ours, theirs) in [(&mut self.square, &other.square), (&mut self.levels, &other.levels)] {
            for (ours, theirs) in ours.chunks_mut(CHUNK).zip(theirs.chunks(CHUNK)) {
                monitor.check()?;
                ours.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
            }
        }
        Ok(())
    }

    /// How many design columns there are.
    pub fn design_width(&self) -> usize {
        self.width - 2
    }

    /// The sum of the weights.
    pub fn weight(&self) -> f64 {
        self.at(self.dense - 2, self.dense - 2)
    }

    /// The weighted sum of products of two columns: design columns by their number, the target being number `design_width()`.
    pub fn product(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.place(a), self.place(b));
        if a == b && a >= self.dense {
            return self.sum_at(a);
        }
        self.at(a.max(b), a.min(b))
    }

    /// The weighted sum of a column, numbered as for [`Products::product`].
    pub fn sum(&self, a: usize) -> f64 {
        self.sum_at(self.place(a))
    }

    fn sum_at(&self, place: usize) -> f64 {
        let one = self.dense - 2;
        self.at(place.max(one), place.min(one))
    }

    fn at(&self, a: usize, b: usize) -> f64 {
        match a.checked_sub(self.dense) {
            None => self.square[a * self.dense + b],
            Some(level) => self.levels[level * self.width + b],
        }
    }

    fn place(&self, column: usize) -> usize {
        if column == self.design_width() {
            self.dense - 1
        } else if column + 2 < self.dense {
            column
        } else {
            column + 2
        }
    }
}
