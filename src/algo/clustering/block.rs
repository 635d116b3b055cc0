//! Rows of a frame as tiles of coordinates: eight rows beside each other, coordinate by coordinate, as vector instructions want them. A block is
//! filled, used and filled again, so that no copy of the frame is held.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::design::NO_COLUMN;
use crate::frame::{Column, Frame};
use crate::space::{Axis, Space};

/// Rows of a tile.
pub(crate) const TILE: usize = 8;
/// Tiles of a block.
pub(crate) const TILES: usize = 32;
/// Rows of a block: with twenty columns they stay in the second cache.
pub(crate) const ROWS: usize = TILE * TILES;

/// One coordinate of tiles that are to be filled.
struct Fill<'a> {
    axis: &'a Axis,
    /// The numbers of the block's rows.
    values: &'a [f64],
    tiles: &'a [usize],
    coordinates: &'a mut [f64],
    /// Numbers of a tile, and where those of the coordinate are.
    width: usize,
    start: usize,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (whole, rest) = self.values.as_chunks::<TILE>();
        for &tile in self.tiles {
            let out = &mut self.coordinates[tile * self.width + self.start..][..TILE];
            match whole.get(tile) {
                Some(values) => self.axis.write_by(simd, values, out),
                None => {
                    out.fill(0.0);
                    self.axis.write_by(simd, rest, &mut out[..rest.len()]);
                }
            }
        }
    }
}

/// A block of rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    rows: usize,
    numbers: usize,
    categories: usize,
    /// For each tile and number coordinate eight numbers.
    coordinates: Vec<f64>,
    /// For each row one coordinate per category; [`NO_COLUMN`] for none.
    levels: Vec<u32>,
}

impl Block {
    /// Room for rows of a space.
    pub fn new(space: &Space) -> Block {
        Block {
            rows: 0,
            numbers: space.numbers(),
            categories: space.categories(),
            coordinates: vec![0.0; ROWS * space.numbers()],
            levels: vec![NO_COLUMN; ROWS * space.categories()],
        }
    }

    /// Bytes that such a block takes.
    pub fn bytes(space_width: usize) -> usize {
        ROWS * space_width * size_of::<f64>()
    }

    /// Fills some tiles with rows of a frame; those that are not named hold other rows.
    pub fn fill(&mut self, space: &Space, frame: &Frame, rows: Range<usize>, tiles: &[usize]) {
        self.rows = rows.len();
        let mut category = 0;
        for (column, axis) in frame.columns().iter().zip(space.axes()) {
            match axis {
                Axis::Number { column: place, .. } => {
                    if let Column::Number(values) = column {
                        Arch::new().dispatch(Fill {
                            axis,
                            values: &values[rows.clone()],
                            tiles,
                            coordinates: &mut self.coordinates,
                            width: self.numbers * TILE,
                            start: *place as usize * TILE,
                        });
                    }
                }
                Axis::Category { .. } => {
                    self.fill_category(column, axis, rows.start, category, tiles);
                    category += 1;
                }
            }
        }
    }

    fn fill_category(&mut self, column: &Column, axis: &Axis, start: usize, category: usize, tiles: &[usize]) {
        for &tile in tiles {
            for row in tile * TILE..((tile + 1) * TILE).min(self.rows) {
                self.levels[row * self.categories + category] = axis.place(column.encoded(start + row));
            }
        }
    }

    /// How many rows it holds.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number coordinates of a tile.
    #[inline]
    pub fn tile(&self, tile: usize) -> &[f64] {
        &self.coordinates[tile * self.numbers * TILE..][..self.numbers * TILE]
    }

    /// The coordinates of a row's levels; [`NO_COLUMN`] for none.
    #[inline]
    pub fn levels(&self, row: usize) -> &[u32] {
        &self.levels[row * self.categories..][..self.categories]
    }

    /// The number coordinates of a row, in order.
    #[inline]
    pub fn numbers(&self, row: usize) -> impl Iterator<Item = f64> {
        self.tile(row / TILE)[row % TILE..].iter().step_by(TILE).copied()
    }

    /// Writes the point of a row.
    pub fn write_point(&self, row: usize, point: &mut [f64]) {
        point.fill(0.0);
        point
            .iter_mut()
            .zip(self.numbers(row))
            .for_each(|(out, value)| *out = value);
        for &level in self.levels(row).iter().filter(|level| **level != NO_COLUMN) {
            point[level as usize] = 1.0;
        }
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.coordinates.capacity() * size_of::<f64>() + self.levels.capacity() * size_of::<u32>()
    }
}
