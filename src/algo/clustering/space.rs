//! The space that distances between rows are measured in.
//!
//! A number column is one coordinate, `(x - centre) * factor`, whose centre is the mean of the training rows and whose factor is one over their
//! standard deviation, or 1 where columns are not standardised; a missing number is at the mean. A category is one coordinate for each level that
//! training saw, 1 for the row's own and 0 for the others (a missing value is one more level when training saw it; a level that it did not see is
//! all zeros): two rows with different levels are as far apart as, in the mean, two rows in a standardised column. Coordinates of numbers come
//! first, then those of levels, each in the order of the features.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::coded::coded;
use crate::design::{Design, Encoding, Level, NO_COLUMN};
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::monitor::Monitor;
use crate::unsupervised::Part;

/// A coordinate is cut to this, so that the squares of all together stay finite.
const MOST: f64 = 1e145;

/// Rows between two looks at the monitor.
const LOOK: usize = 1 << 16;

/// The space of a frame's rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Space {
    /// One per feature.
    axes: Vec<Axis>,
    numbers: usize,
    width: usize,
}

/// What a feature is in the space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Axis {
    /// One coordinate.
    Number { column: u32, centre: f64, factor: f64 },
    /// The coordinate of each level, and last of a missing value; [`NO_COLUMN`] where training did not see it.
    Category { columns: Vec<u32> },
}

coded!(Axis {
    0 => Number { column, centre, factor },
    1 => Category { columns },
});

impl Space {
    /// Learns the space of a frame; also gives the mean variance of its coordinates. Returns an error when stopped, and for numbers too large to be
    /// squared. O(rows x columns).
    pub fn learn(
        frame: &Frame,
        weights: Option<&[f64]>,
        standardize: bool,
        monitor: &dyn Monitor,
    ) -> Result<(Space, f64)> {
        let design = Design::learn(frame, weights, true, monitor)?;
        let axes = design.encodings().iter().map(|encoding| match encoding {
            Encoding::Number {
                column, mean, inverse, ..
            } => Axis::Number {
                column: *column as u32,
                centre: *mean,
                factor: if standardize { *inverse } else { 1.0 },
            },
            Encoding::Category { columns } => Axis::Category {
                columns: columns.clone(),
            },
        });
        let space = Space {
            axes: axes.collect(),
            numbers: design.numbers(),
            width: design.width(),
        };
        space.check_range(frame, monitor)?;
        let of_number = |encoding: &Encoding| match encoding {
            Encoding::Number { inverse, .. } if *inverse == 0.0 => 0.0,
            Encoding::Number { .. } if standardize => 1.0,
            Encoding::Number { inverse, .. } => inverse.powi(-2),
            Encoding::Category { .. } => 0.0,
        };
        let of_levels = design.means()[design.numbers()..]
            .iter()
            .map(|share| share * (1.0 - share));
        let sum = design.encodings().iter().map(of_number).sum::<f64>() + of_levels.sum::<f64>();
        let variance = sum / space.width.max(1) as f64;
        Ok((space, variance))
    }

    /// Returns an error for numbers whose squares would leave the range of a float.
    fn check_range(&self, frame: &Frame, monitor: &dyn Monitor) -> Result<()> {
        let columns = frame.columns().par_iter().zip(&self.axes);
        columns.enumerate().try_for_each(|(feature, (column, axis))| {
            let (Column::Number(values), Axis::Number { centre, factor, .. }) = (column, axis) else {
                return Ok(());
            };
            for values in values.chunks(LOOK) {
                monitor.check()?;
                // NaN is greater than nothing.
                if values.iter().any(|value| ((value - centre) * factor).abs() > MOST) {
                    return Err(Error::data(
                        "distances between the rows are too large",
                        "keep \"standardize\" true, or scale the numbers",
                    )
                    .detail(format!(
                        "Number feature {} has values beyond {MOST:e} from its mean.",
                        feature + 1
                    )));
                }
            }
            Ok(())
        })
    }

    /// How many coordinates there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many of them, the first, are numbers.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// How many features are categories.
    pub fn categories(&self) -> usize {
        self.axes.len() - self.numbers
    }

    /// What the features are.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many features there are.
    pub fn features(&self) -> usize {
        self.axes.len()
    }

    /// The coordinate of a number; that of the mean when it is missing.
    #[inline]
    pub fn number(value: f64, centre: f64, factor: f64) -> f64 {
        let coordinate = (value - centre) * factor;
        match coordinate.is_nan() {
            true => 0.0,
            false => coordinate.clamp(-MOST, MOST),
        }
    }

    /// Writes all coordinates of an encoded row.
    pub fn encode(&self, row: &[f64], out: &mut [f64]) {
        out[self.numbers..].fill(0.0);
        for (axis, &value) in self.axes.iter().zip(row) {
            match axis {
                Axis::Number { column, centre, factor } => {
                    out[*column as usize] = Space::number(value, *centre, *factor);
                }
                Axis::Category { columns } => {
                    let level = level_of(columns, value);
                    if level != NO_COLUMN {
                        out[level as usize] = 1.0;
                    }
                }
            }
        }
    }

    /// Writes all coordinates of some rows of a frame, one row after the other.
    pub fn encode_rows(&self, frame: &Frame, rows: impl Iterator<Item = usize>, out: &mut [f64]) {
        let mut row = vec![f64::NAN; frame.width()];
        for (index, out) in rows.zip(out.chunks_exact_mut(self.width.max(1))) {
            frame.encode_row(index, &mut row);
            self.encode(&row, out);
        }
    }

    /// A point of the space by features, its numbers on the raw scale.
    pub fn raw(&self, point: &[f64]) -> Vec<Part> {
        let mut parts = Vec::with_capacity(self.width);
        for (feature, axis) in self.axes.iter().enumerate() {
            match axis {
                Axis::Number { column, centre, factor } => parts.push(Part {
                    feature,
                    level: None,
                    value: match *factor {
                        0.0 => *centre,
                        factor => centre + point[*column as usize] / factor,
                    },
                }),
                Axis::Category { columns } => {
                    let seen = columns.iter().enumerate().filter(|(_, column)| **column != NO_COLUMN);
                    parts.extend(seen.map(|(code, &column)| Part {
                        feature,
                        level: Some(level_at(code, columns.len())),
                        value: point[column as usize],
                    }));
                }
            }
        }
        parts
    }

    /// The point of the space that numbers on the raw scale are, one per feature; `None` where a feature is no number.
    pub fn point(&self, raw: &[f64]) -> Option<Vec<f64>> {
        let mut point = vec![0.0; self.width];
        for (axis, &value) in self.axes.iter().zip(raw) {
            match axis {
                Axis::Number { column, centre, factor } => {
                    point[*column as usize] = Space::number(value, *centre, *factor);
                }
                Axis::Category { .. } => return None,
            }
        }
        Some(point)
    }

    /// What a density of coordinates is multiplied by to be one of the raw numbers, as a logarithm. Columns that do not vary are left out.
    pub fn log_scale(&self) -> f64 {
        let logs = self.axes.iter().map(|axis| match axis {
            Axis::Number { factor, .. } if *factor != 0.0 => factor.ln(),
            Axis::Number { .. } | Axis::Category { .. } => 0.0,
        });
        logs.sum()
    }

    /// The coordinates of each category.
    pub fn level_blocks(&self) -> Vec<Range<usize>> {
        let mut start = self.numbers;
        let blocks = self.axes.iter().filter_map(|axis| match axis {
            Axis::Number { .. } => None,
            Axis::Category { columns } => {
                let block = start..start + columns.iter().filter(|column| **column != NO_COLUMN).count();
                start = block.end;
                Some(block)
            }
        });
        blocks.collect()
    }

    /// Whether a frame has the columns that this space was learned from.
    pub fn fits(&self, frame: &Frame) -> bool {
        let alike = |(column, axis): (&Column, &Axis)| match (column, axis) {
            (Column::Number(_), Axis::Number { .. }) => true,
            (Column::Category { levels, .. }, Axis::Category { columns }) => columns.len() == levels + 1,
            (Column::Number(_), Axis::Category { .. }) | (Column::Category { .. }, Axis::Number { .. }) => false,
        };
        frame.columns().len() == self.axes.len() && frame.columns().iter().zip(&self.axes).all(alike)
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        let axes = self.axes.iter().map(|axis| match axis {
            Axis::Number { .. } => 0,
            Axis::Category { columns } => columns.capacity() * size_of::<u32>(),
        });
        self.axes.capacity() * size_of::<Axis>() + axes.sum::<usize>()
    }

    /// Checks what was decoded; `features` as for [`crate::fitted::Fitted::validate`].
    pub fn validate(&self, features: &[usize]) -> Result<()> {
        let damaged = || {
            Err(Error::damaged(
                "the space of distances",
                "its features are not the model's",
            ))
        };
        if self.axes.len() != features.len() {
            return damaged();
        }
        let numbers = self
            .axes
            .iter()
            .filter(|axis| matches!(axis, Axis::Number { .. }))
            .count();
        let (mut next_number, mut next_level) = (0_u32, numbers as u32);
        for (axis, &levels) in self.axes.iter().zip(features) {
            match axis {
                Axis::Number { column, centre, factor } => {
                    let sound = centre.is_finite() && factor.is_finite() && *factor >= 0.0;
                    if levels != 0 || *column != next_number || !sound {
                        return damaged();
                    }
                    next_number += 1;
                }
                Axis::Category { columns } => {
                    if levels == 0 || columns.len() != levels + 1 {
                        return damaged();
                    }
                    for &column in columns.iter().filter(|column| **column != NO_COLUMN) {
                        if column != next_level {
                            return damaged();
                        }
                        next_level += 1;
                    }
                }
            }
        }
        if numbers != self.numbers || next_level as usize != self.width {
            return damaged();
        }
        Ok(())
    }
}

/// The coordinate of a category's value in an encoded row.
#[inline]
pub(crate) fn level_of(columns: &[u32], value: f64) -> u32 {
    let missing = columns.len() - 1;
    let slot = if value.is_nan() { missing } else { value as usize };
    match value.is_nan() || slot < missing {
        true => columns[slot],
        false => NO_COLUMN,
    }
}

/// The level at a place of a category's coordinates.
fn level_at(code: usize, places: usize) -> Level {
    if code + 1 == places {
        Level::Missing
    } else {
        Level::Code(code as u32)
    }
}
