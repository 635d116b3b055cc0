//! The automatic preprocessing of the linear family: how the columns of a training frame become the columns of a design matrix.
//!
//! - A number column becomes one design column `(x - centre) * inverse`, where `inverse` is one over the standard deviation; a
//!   missing number is replaced by the training mean first (so the deviation counts the replaced values, as a pipeline of a
//!   mean imputer and a standard scaler does).
//! - A category column becomes one 0/1 design column for each level that training saw, a missing value being one more level when
//!   it occurs. Any other level is all zeros.
//!
//! Design columns are ordered numbers first, then levels, each in feature order, so that the dense part of the matrix is
//! contiguous and the 0/1 part is never multiplied out.

use std::ops::Range;

use linfa::dataset::Records;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::Result;
use super::frame::{Column, Frame, MISSING};
use super::monitor::Monitor;
use crate::coded::coded;
use crate::unit::unit_of;

/// Stands for "no design column" in [`Encoding::Category`].
pub(crate) const NO_COLUMN: u32 = u32::MAX;

/// Rows whose moments are computed in one go before they are merged: small enough for the first cache.
const MOMENT_ROWS: usize = 1024;

/// Which values of a category a design column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The level with this code.
    Code(u32),
    /// A missing value.
    Missing,
}

coded!(Level {
    0 => Code(code),
    1 => Missing,
});

/// What one design column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DesignColumn {
    /// The index of the frame's column.
    pub feature: usize,
    /// The level, when that column is a category.
    pub level: Option<Level>,
}

/// How one frame column is encoded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Encoding {
    /// Design column `column` is `(x - centre) * inverse`, x being `mean` when missing.
    Number {
        column: usize,
        mean: f64,
        centre: f64,
        inverse: f64,
    },
    /// `columns[code]` is the design column of a level, the last entry that of a missing value; [`NO_COLUMN`] when training did
    /// not see it.
    Category { columns: Vec<u32> },
}

/// The encoding of a frame, learned from its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    encodings: Vec<Encoding>,
    numbers: usize,
    /// The mean of each design column over the rows.
    means: Vec<f64>,
}

/// The columns of a category, each with the level that it stands for.
pub(crate) fn levels_of(columns: &[u32]) -> impl Iterator<Item = (usize, Level)> {
    let there = columns.iter().enumerate().filter(|(_, column)| **column != NO_COLUMN);
    there.map(|(code, &column)| {
        let level = if code + 1 == columns.len() {
            Level::Missing
        } else {
            Level::Code(code as u32)
        };
        (column as usize, level)
    })
}

/// The range of the columns of each category, which follow each other behind those of the numbers.
pub(crate) fn blocks_of<'c>(
    numbers: usize,
    categories: impl Iterator<Item = &'c [u32]>,
) -> impl Iterator<Item = Range<usize>> {
    categories.scan(numbers, |start, columns| {
        let block = *start..*start + levels_of(columns).count();
        *start = block.end;
        Some(block)
    })
}

impl Design {
    /// Learns the encoding of `frame`. `weights` are row weights (a weight of 2 acts as the row twice). With `centred` false the
    /// numbers are scaled but not centred, which is what a model without an intercept needs to pass through the origin.
    ///
    /// Constant and all-missing numbers become a column of zeros (without centring: a constant stays as it is). Returns an error only when
    /// stopped. O(rows x columns), one pass, columns in parallel.
    pub fn learn(frame: &Frame, weights: Option<&[f64]>, centred: bool, monitor: &dyn Monitor) -> Result<Design> {
        Ok(Design::of_seen(&Seen::of(frame, weights, monitor)?, centred))
    }

    /// The encoding of columns of which it is known what their rows showed.
    pub(crate) fn of_seen(seen: &[Seen], centred: bool) -> Design {
        let numbers = seen.iter().filter(|s| matches!(s, Seen::Number(_))).count();
        let mut next_number = 0;
        let mut means = vec![0.0; numbers];
        let encodings = seen
            .iter()
            .map(|seen| match seen {
                Seen::Number(moments) => {
                    let column = next_number;
                    next_number += 1;
                    let centre = if centred { moments.mean } else { 0.0 };
                    let inverse = moments.inverse(centred);
                    means[column] = (moments.mean - centre) * inverse;
                    Encoding::Number {
                        column,
                        mean: moments.mean,
                        centre,
                        inverse,
                    }
                }
                Seen::Category(levels) => {
                    let total: f64 = levels.iter().flatten().sum();
                    let columns = levels.iter().map(|weight| match weight {
                        Some(weight) => {
                            means.push(if total > 0.0 { weight / total } else { 0.0 });
                            (means.len() - 1) as u32
                        }
                        None => NO_COLUMN,
                    });
                    Encoding::Category {
                        columns: columns.collect(),
                    }
                }
            })
            .collect();
        Design {
            encodings,
            numbers,
            means,
        }
    }

    /// The encoding of number columns whose means and variances are known, in units.
    pub(crate) fn of_numbers(moments: impl Iterator<Item = (f64, f64, f64)>, centred: bool) -> Design {
        let encoding = |(column, (mean, variance, unit)): (usize, (f64, f64, f64))| {
            let deviation = variance.sqrt() * unit;
            let mean = mean * unit;
            let centre = if centred { mean } else { 0.0 };
            let inverse = Moments { mean, deviation }.inverse(centred);
            let encoding = Encoding::Number {
                column,
                mean,
                centre,
                inverse,
            };
            (encoding, (mean - centre) * inverse)
        };
        let (encodings, means): (Vec<Encoding>, Vec<f64>) = moments.enumerate().map(encoding).unzip();
        Design {
            numbers: encodings.len(),
            encodings,
            means,
        }
    }

    /// How many design columns there are.
    pub fn width(&self) -> usize {
        self.means.len()
    }

    /// The mean of each design column over the rows that it was learned from.
    pub(crate) fn means(&self) -> &[f64] {
        &self.means
    }

    /// How many of them, the first ones, come from numbers.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// How each frame column is encoded, in feature order.
    pub(crate) fn encodings(&self) -> &[Encoding] {
        &self.encodings
    }

    /// What each design column stands for, in design order.
    pub fn columns(&self) -> Vec<DesignColumn> {
        let mut columns = vec![
            DesignColumn {
                feature: 0,
                level: None
            };
            self.width()
        ];
        for (feature, encoding) in self.encodings.iter().enumerate() {
            match encoding {
                Encoding::Number { column, .. } => columns[*column].feature = feature,
                Encoding::Category { columns: places } => {
                    for (place, level) in levels_of(places) {
                        columns[place] = DesignColumn {
                            feature,
                            level: Some(level),
                        };
                    }
                }
            }
        }
        columns
    }

    /// The design columns of each category: in every training row exactly one of each range is 1.
    pub(crate) fn level_blocks(&self) -> Vec<Range<usize>> {
        let categories = self.encodings.iter().filter_map(|encoding| match encoding {
            Encoding::Number { .. } => None,
            Encoding::Category { columns } => Some(&columns[..]),
        });
        blocks_of(self.numbers, categories)
            .filter(|block| !block.is_empty())
            .collect()
    }

    /// For each design column, what a weight on it is multiplied by to become a weight on the raw value: `inverse` of a number,
    /// 1 for a level.
    pub(crate) fn raw_factors(&self) -> Vec<f64> {
        let mut factors = vec![1.0; self.width()];
        for encoding in &self.encodings {
            if let Encoding::Number { column, inverse, .. } = encoding {
                factors[*column] = *inverse;
            }
        }
        factors
    }

    /// Whether `frame` has the columns that this design was learned from, so that it can be encoded.
    pub(crate) fn fits(&self, frame: &Frame) -> bool {
        frame.nfeatures() == self.encodings.len()
            && frame
                .columns()
                .iter()
                .zip(&self.encodings)
                .all(|(column, encoding)| match (column, encoding) {
                    (Column::Number(_), Encoding::Number { .. }) => true,
                    (Column::Category { levels, .. }, Encoding::Category { columns }) => columns.len() == levels + 1,
                    _ => false,
                })
    }
}

/// What the rows of one column showed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Seen {
    Number(Moments),
    /// What the rows of each level, and last those without a value, weigh; `None` where there is no row.
    Category(Vec<Option<f64>>),
}

coded!(Seen {
    0 => Number(moments),
    1 => Category(levels),
});

impl Seen {
    /// That of each column, as for [`Design::learn`].
    pub(crate) fn of(frame: &Frame, weights: Option<&[f64]>, monitor: &dyn Monitor) -> Result<Vec<Seen>> {
        let seen = |column: &Column| match column {
            Column::Number(values) => Moments::of(values, weights, monitor).map(Seen::Number),
            Column::Category { codes, levels } => level_weights(codes, *levels, weights, monitor).map(Seen::Category),
        };
        frame.columns().par_iter().map(seen).collect()
    }

    /// Whether no square of numbers of such columns leaves the range of a float.
    pub(crate) fn are_usual(seen: &[Seen]) -> bool {
        seen.iter().all(|seen| match seen {
            Seen::Number(moments) => moments.are_usual(),
            Seen::Category(_) => true,
        })
    }

    /// How many design columns there are at most.
    pub(crate) fn width(seen: &[Seen]) -> usize {
        let columns = seen.iter().map(|seen| match seen {
            Seen::Number(_) => 1,
            Seen::Category(levels) => levels.len(),
        });
        columns.sum()
    }

    /// The same where other rows may show more: each level may occur, and a constant number may vary, about as far as it is from 0.
    pub(crate) fn workable(self) -> Seen {
        match self {
            Seen::Number(moments) if moments.inverse(true) > 0.0 => self,
            Seen::Number(Moments { mean, .. }) => Seen::Number(Moments {
                mean,
                deviation: if mean == 0.0 { 1.0 } else { mean.abs() },
            }),
            Seen::Category(levels) => Seen::Category(levels.into_iter().map(|weight| weight.or(Some(0.0))).collect()),
        }
    }
}

/// Where the larger of a column's mean and deviation is between these, no square has left the range of a float.
const LEAST_USUAL: f64 = 1e-100;
const MOST_USUAL: f64 = 1e100;

/// The moments of one number column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    pub mean: f64,
    /// The standard deviation, missing values counting as the mean.
    pub deviation: f64,
}

impl Moments {
    /// Those of the values, in a unit of their own where their squares would leave the range of a float.
    fn of(values: &[f64], weights: Option<&[f64]>, monitor: &dyn Monitor) -> Result<Moments> {
        let plain = Moments::in_range(values, weights, monitor)?;
        let size = plain.mean.abs().max(plain.deviation);
        if (LEAST_USUAL..=MOST_USUAL).contains(&size) {
            return Ok(plain);
        }
        let unit = unit_of(values.iter().copied().filter(|value| value.is_finite()));
        if unit == 1.0 {
            return Ok(plain);
        }
        let scaled: Vec<f64> = values.iter().map(|value| value / unit).collect();
        let Moments { mean, deviation } = Moments::in_range(&scaled, weights, monitor)?;
        Ok(Moments {
            mean: mean * unit,
            deviation: deviation * unit,
        })
    }

    /// Two-pass moments of blocks, merged by the update of Chan, Golub and LeVeque (1983).
    fn in_range(values: &[f64], weights: Option<&[f64]>, monitor: &dyn Monitor) -> Result<Moments> {
        let (mut present, mut all, mut mean, mut squares) = (0.0, 0.0, 0.0, 0.0);
        for (index, block) in values.chunks(MOMENT_ROWS).enumerate() {
            monitor.check()?;
            let start = index * MOMENT_ROWS;
            let block_weights = weights.map(|w| &w[start..start + block.len()]);
            let weight = |row: usize| block_weights.map_or(1.0, |w| w[row]);
            let of_block = match block_weights {
                None => BlockMoments::of_present(block),
                Some(_) => None,
            };
            let of_block = of_block.unwrap_or_else(|| BlockMoments::of(block, weight));
            all += of_block.all;
            let (count, block_mean, block_squares) = (of_block.count, of_block.mean, of_block.squares);
            if count == 0.0 {
                continue;
            }
            let delta = block_mean - mean;
            let total = present + count;
            squares += block_squares + delta * delta * (present * count / total);
            mean += delta * (count / total);
            present = total;
        }
        Ok(Moments {
            mean,
            deviation: if all > 0.0 { (squares / all).sqrt() } else { 0.0 },
        })
    }

    /// Whether no square of such numbers leaves the range of a float.
    pub(crate) fn are_usual(&self) -> bool {
        let size = self.mean.abs().max(self.deviation);
        size == 0.0 || (LEAST_USUAL..=MOST_USUAL).contains(&size)
    }

    /// One over the standard deviation. A column whose deviation is only rounding is constant: 0 when it is centred, else 1.
    pub(crate) fn inverse(&self, centred: bool) -> f64 {
        // What is so small that it has no inverse is no number to learn from.
        let inverse = 1.0 / self.deviation;
        if self.deviation > 16.0 * f64::EPSILON * self.mean.abs() && inverse.is_finite() {
            inverse
        } else if centred {
            0.0
        } else {
            1.0
        }
    }
}

/// The moments of a few rows.
struct BlockMoments {
    /// The weight of all rows, and of those with a value.
    all: f64,
    count: f64,
    mean: f64,
    /// The weighted squared deviations from the mean.
    squares: f64,
}

impl BlockMoments {
    /// Of rows with these weights. Where all weigh 1 and have a value, what [`BlockMoments::of_present`] gives, to the bit.
    fn of(values: &[f64], weight: impl Fn(usize) -> f64) -> BlockMoments {
        let known = |row: usize, value: f64| if value.is_finite() { weight(row) } else { 0.0 };
        let count = sum_of(values, known);
        let sum = sum_of(values, |row, value| match value.is_finite() {
            true => weight(row) * value,
            false => 0.0,
        });
        let mean = sum / count;
        let squares = sum_of(values, |row, value| match value.is_finite() {
            true => weight(row) * ((value - mean) * (value - mean)),
            false => 0.0,
        });
        BlockMoments {
            all: sum_of(values, |row, _| weight(row)),
            count,
            mean,
            squares,
        }
    }

    /// Of rows that all weigh 1; `None` where one of them may have no value, which makes the sum one that is not finite.
    fn of_present(values: &[f64]) -> Option<BlockMoments> {
        let sum = sum_of(values, |_, value| value);
        let count = values.len() as f64;
        let mean = sum / count;
        sum.is_finite().then(|| BlockMoments {
            all: count,
            count,
            mean,
            squares: sum_of(values, |_, value| (value - mean) * (value - mean)),
        })
    }
}

/// The sum of what `of` makes of each row's number and value.
#[inline(always)]
fn sum_of(values: &[f64], of: impl Fn(usize, f64) -> f64) -> f64 {
    /// Partial sums that a processor can keep in flight at once.
    const LANES: usize = 8;
    let (tiles, rest) = values.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (tile, values) in tiles.iter().enumerate() {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += of(tile * LANES + lane, values[lane]);
        }
    }
    for (lane, (sum, &value)) in lanes.iter_mut().zip(rest).enumerate() {
        *sum += of(tiles.len() * LANES + lane, value);
    }
    lanes.iter().sum()
}

/// What the rows of each level, and last those without a value, weigh; `None` where there is no row.
fn level_weights(
    codes: &[u32],
    levels: usize,
    weights: Option<&[f64]>,
    monitor: &dyn Monitor,
) -> Result<Vec<Option<f64>>> {
    const BLOCK: usize = 1 << 16;
    // Levels that only rows of no weight have are there, too.
    let mut sums = vec![None; levels + 1];
    for (block, codes) in codes.chunks(BLOCK).enumerate() {
        monitor.check()?;
        let block_weights = weights.map(|weights| &weights[block * BLOCK..]);
        for (row, &code) in codes.iter().enumerate() {
            let slot = if code == MISSING { levels } else { code as usize };
            if let Some(sum) = sums.get_mut(slot) {
                *sum = Some(sum.unwrap_or(0.0) + block_weights.map_or(1.0, |weights| weights[row]));
            }
        }
    }
    Ok(sums)
}
