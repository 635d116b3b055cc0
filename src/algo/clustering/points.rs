//! Points of a space that rows are compared with one by one.

use serde::{Deserialize, Serialize};

use crate::design::NO_COLUMN;
use crate::error::{Error, Result};
use crate::space::{Axis, MOST, Space};

/// Points that are computed with at a time.
const LANES: usize = 8;

/// Points of a space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Points {
    width: usize,
    /// One point after the other.
    coordinates: Vec<f64>,
    categories: usize,
    /// For each point and category the sum of the squares of the point's coordinates.
    level_squares: Vec<f64>,
}

impl Points {
    /// Of coordinates, one point after the other.
    pub fn new(space: &Space, coordinates: Vec<f64>) -> Points {
        let blocks = space.level_blocks();
        let of_point = |point: &[f64]| -> Vec<f64> {
            let square = |block: &std::ops::Range<usize>| point[block.clone()].iter().map(|value| value * value).sum();
            blocks.iter().map(square).collect()
        };
        Points {
            width: space.width(),
            level_squares: coordinates
                .chunks_exact(space.width().max(1))
                .flat_map(of_point)
                .collect(),
            coordinates,
            categories: blocks.len(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.coordinates.len() / self.width.max(1)
    }

    /// All coordinates.
    pub fn coordinates(&self) -> &[f64] {
        &self.coordinates
    }

    /// The coordinates of one.
    pub fn point(&self, place: usize) -> &[f64] {
        &self.coordinates[place * self.width..(place + 1) * self.width]
    }

    /// For each category the sum of the squares of a point's coordinates.
    pub fn level_squares(&self, place: usize) -> &[f64] {
        &self.level_squares[place * self.categories..(place + 1) * self.categories]
    }

    /// The nearest point to an encoded row, of several as near the first, and the squared distance. O(points x features).
    pub fn nearest(&self, space: &Space, row: &[f64]) -> (usize, f64) {
        let mut nearest = (0, f64::INFINITY);
        for first in (0..self.count()).step_by(LANES) {
            let squares = self.squares_from(space, row, first);
            for (lane, &square) in squares.iter().enumerate().take(self.count() - first) {
                if square < nearest.1 {
                    nearest = (first + lane, square);
                }
            }
        }
        nearest
    }

    /// Writes the squared distance from each point. O(points x features).
    pub fn squares(&self, space: &Space, row: &[f64], out: &mut [f64]) {
        for (block, out) in out[..self.count()].chunks_mut(LANES).enumerate() {
            out.copy_from_slice(&self.squares_from(space, row, block * LANES)[..out.len()]);
        }
    }

    /// The squared distances from [`LANES`] points and from fewer at the end.
    #[inline]
    fn squares_from(&self, space: &Space, row: &[f64], first: usize) -> [f64; LANES] {
        let (mut squares, mut category) = ([0.0; LANES], 0);
        let lanes = LANES.min(self.count() - first);
        for (axis, &value) in space.axes().iter().zip(row) {
            match axis {
                Axis::Number { column, .. } => {
                    let value = axis.coordinate(value);
                    let centres = self.coordinates[first * self.width + *column as usize..]
                        .iter()
                        .step_by(self.width);
                    for (square, centre) in squares[..lanes].iter_mut().zip(centres) {
                        *square += (value - centre) * (value - centre);
                    }
                }
                Axis::Category { .. } => {
                    let level = axis.place(value);
                    for (lane, square) in squares[..lanes].iter_mut().enumerate() {
                        *square += self.level_square(first + lane, category, level);
                    }
                    category += 1;
                }
            }
        }
        squares
    }

    /// The squared distance in a category.
    #[inline]
    fn level_square(&self, place: usize, category: usize, level: u32) -> f64 {
        let all = self.level_squares[place * self.categories + category];
        match level {
            NO_COLUMN => all,
            level => (all - 2.0 * self.coordinates[place * self.width + level as usize] + 1.0).max(0.0),
        }
    }

    /// Writes what each feature adds to the squared distance from a point. O(features).
    pub fn parts(&self, space: &Space, row: &[f64], place: usize, out: &mut [f64]) {
        let mut category = 0;
        for ((axis, &value), out) in space.axes().iter().zip(row).zip(out) {
            *out = match axis {
                Axis::Number { column, .. } => {
                    let centre = self.coordinates[place * self.width + *column as usize];
                    let difference = axis.coordinate(value) - centre;
                    difference * difference
                }
                Axis::Category { .. } => {
                    category += 1;
                    self.level_square(place, category - 1, axis.place(value))
                }
            };
        }
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        (self.coordinates.capacity() + self.level_squares.capacity()) * size_of::<f64>()
    }

    /// Checks what was decoded: so many points of a space.
    pub fn validate(&self, space: &Space, count: usize) -> Result<()> {
        let blocks = space.level_blocks();
        let bounded = |value: &f64| value.abs() <= 2.0 * MOST;
        let squares = |value: &f64| *value >= 0.0 && value.is_finite();
        let sound = self.width == space.width()
            && self.width > 0
            && self.categories == blocks.len()
            && count.checked_mul(self.width) == Some(self.coordinates.len())
            && count.checked_mul(self.categories) == Some(self.level_squares.len())
            && self.coordinates.iter().all(bounded)
            && self.level_squares.iter().all(squares);
        match sound && count > 0 {
            true => Ok(()),
            false => Err(Error::damaged(
                "the centres of clusters",
                "sizes or values do not agree",
            )),
        }
    }
}
