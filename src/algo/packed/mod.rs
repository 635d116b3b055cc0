//! Rows packed while they are read: one byte a value, and four for what is to be predicted.
//!
//! The rows of a query are read twice. A [`Survey`] of the first reading keeps a sample, counts, and sums up hashes, by which the second reading is known
//! to have given the same rows. What columns teach (levels, bins, statistics) is learned of the sample; a [`Packer`] makes bytes of the rows of the
//! second reading. Neither depends on the order of rows: the sample is of the rows with the least hashes of their content, and packed rows are put into
//! an order by a hash of their bytes. Rows whose bytes are equal are the same row to a learner, whichever stands first.
//!
//! | file | idea |
//! |---|---|
//! | `plan` | what is done with rows, for those who read them where they are |
//! | `values` | a row's values in bytes |
//! | `survey` | what is known after the first reading |
//! | `merging` | surveys of parts make one |
//! | `packer` | rows to bytes, in blocks |
//! | `parcel` | packed rows on their way |
//! | `order` | their order, and which of them test |
//! | `scored` | a model's answers to packed rows |

mod merging;
mod order;
mod packer;
mod parcel;
mod plan;
mod scored;
mod survey;
#[cfg(test)]
mod tests;
pub mod values;

pub(crate) use packer::other_rows;
pub use packer::{Packer, SampleBins};
pub(crate) use plan::key_of_label;
pub use plan::{PackPlan, Reading, ReadingPlan, SurveyPlan};
pub use scored::score;
pub use survey::{Survey, Surveyed};
pub(crate) use survey::{hash_of, is_labelled, key_of};

use crate::error::{Error, Result};
use crate::frame::{Column, Frame, MISSING};
use crate::monitor::Monitor;
use crate::training_set::{Target, TargetKind};
use crate::trees::bins::Bins;

/// Rows of a chunk, which is one allocation: a block grows by chunks, so that no room is left unused.
const CHUNK: usize = 1 << 10;

/// The most rows of a block: two bytes number them.
const MOST_ROWS: usize = 1 << 16;

/// Bytes behind a chunk, so that eight bytes can be read from any value on.
pub(crate) const PAD: usize = 8;

/// What stands in a column of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Missing,
    /// A number, which may be NaN or infinite: that counts as missing.
    Number(f64),
    /// A text.
    Text(&'a str),
}

/// Rows in bytes, row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Block {
    rows: usize,
    columns: usize,
    /// [`CHUNK`] rows each, and [`PAD`] bytes.
    codes: Vec<Vec<u8>>,
    targets: Vec<Vec<f32>>,
}

impl Block {
    /// How many rows there are, at most [`MOST_ROWS`].
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes from a value of a row on: those of the rows after it follow, and at least eight are there.
    #[inline]
    pub(crate) fn from(&self, row: usize, column: usize) -> &[u8] {
        &self.codes[row / CHUNK][row % CHUNK * self.columns + column..]
    }

    /// The bin of a value.
    #[inline]
    pub(crate) fn code(&self, row: usize, column: usize) -> u8 {
        self.codes[row / CHUNK][row % CHUNK * self.columns + column]
    }

    /// What there is to predict, less the offset; or the number of a class.
    #[inline]
    pub(crate) fn target(&self, row: usize) -> f32 {
        self.targets[row / CHUNK][row % CHUNK]
    }

    /// Moves the rows of a list whose bin goes left to the front, the others behind them; both keep their order. Returns how many went left. O(rows).
    pub(crate) fn part(&self, list: &mut [u16], spare: &mut Vec<u16>, column: usize, left: &[bool; 256]) -> usize {
        spare.resize(list.len(), 0);
        let (mut lefts, mut rights) = (0, 0);
        for place in 0..list.len() {
            let row = list[place];
            let goes_left = left[usize::from(self.code(usize::from(row), column))];
            list[lefts] = row;
            spare[rights] = row;
            lefts += usize::from(goes_left);
            rights += usize::from(!goes_left);
        }
        list[lefts..].copy_from_slice(&spare[..rights]);
        lefts
    }

    /// Bytes that it takes.
    fn memory(&self) -> usize {
        let codes: usize = self.codes.iter().map(Vec::capacity).sum();
        codes + self.targets.iter().map(Vec::capacity).sum::<usize>() * size_of::<f32>()
    }
}

/// Packed rows, which train or test.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blocks {
    pub(crate) blocks: Vec<Block>,
}

impl Blocks {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.blocks.iter().map(|block| block.rows).sum()
    }

    /// Bytes that they take.
    pub fn memory(&self) -> usize {
        self.blocks.iter().map(Block::memory).sum()
    }
}

/// The rows of a query in bytes.
#[derive(Debug, Clone)]
pub struct Packed {
    /// What bytes stand for, one for each feature.
    pub(crate) bins: Vec<Bins>,
    /// What there is to predict.
    pub(crate) kind: TargetKind,
    /// What was taken away from each number that is to be predicted, so that little is lost where they are far from 0.
    pub(crate) offset: f64,
    division: order::Division,
    /// Rows to learn from.
    pub train: Blocks,
    /// Rows to test with; none where all train.
    pub test: Blocks,
}

impl Packed {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.train.rows() + self.test.rows()
    }

    /// How many rows that train each of so many classes has. Returns an error when stopped.
    pub(crate) fn class_rows(&self, classes: usize, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        let mut counts = vec![0; classes];
        for block in &self.train.blocks {
            monitor.check()?;
            (0..block.rows()).for_each(|row| counts[block.target(row) as usize] += 1);
        }
        Ok(counts)
    }

    /// Some of a block's rows as values that have the same bins: what trees cannot tell from the rows themselves. Returns an error when stopped.
    /// O(rows x columns).
    pub(crate) fn unpacked(&self, block: &Block, monitor: &dyn Monitor) -> Result<(Frame, Target)> {
        let column = |(place, bins): (usize, &Bins)| match bins {
            Bins::Number { bounds } => {
                let value = |row| {
                    bounds
                        .get(usize::from(block.code(row, place)))
                        .copied()
                        .unwrap_or(f64::NAN)
                };
                Column::Number((0..block.rows).map(value).collect())
            }
            Bins::Category { levels } => {
                let code = |row| match usize::from(block.code(row, place)) {
                    code if code < *levels => code as u32,
                    _ => MISSING,
                };
                Column::Category {
                    codes: (0..block.rows).map(code).collect(),
                    levels: *levels,
                }
            }
        };
        let looked = |bins: (usize, &Bins)| monitor.check().map(|()| column(bins));
        let columns = self.bins.iter().enumerate().map(looked).collect::<Result<_>>()?;
        let frame = Frame::new(columns).ok_or(Error::Internal("columns of different lengths"))?;
        let values = (0..block.rows)
            .map(|row| f64::from(block.target(row)) + self.offset)
            .collect();
        let target = match self.kind {
            TargetKind::None => Target::None,
            TargetKind::Numbers => Target::Numbers(values),
            TargetKind::Classes(count) => Target::Classes { numbers: values, count },
        };
        Ok((frame, target))
    }
}
