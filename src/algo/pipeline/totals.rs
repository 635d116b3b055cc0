//! What is summed up of rows that go by a step, where they are not held. Sums have twice the digits of a number, so that what is learned of them hangs on the
//! order of rows as good as never, and trees have the same splits wherever the rows are.

use serde::{Deserialize, Serialize};

use crate::coded::coded;
use crate::error::{Error, Result};
use crate::frame::UNSEEN;
use crate::metrics::sum::Sum;
use crate::room;

/// The most numbers that sums of one step are: levels, times parts, times classes.
pub(crate) const MOST_NUMBERS: u64 = 1 << 21;
/// The most parts in which rows are.
pub(super) const MOST_PARTS: u32 = 50;

/// What a step is learned from.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Numbers. What is summed up is by how much they are more than this one, which is about their mean.
    Numbers(f64),
    /// The rows of each of so many codes.
    Levels(u32),
    /// What there is to predict in the rows of each code.
    Targets(Targets),
}

coded!(Wanted {
    0 => Numbers(about),
    1 => Levels(codes),
    2 => Targets(targets),
});

/// How targets are summed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Targets {
    /// In so many parts, each for itself.
    pub parts: u32,
    /// Of so many codes.
    pub codes: u32,
    /// Of so many classes, each for itself; 1 for numbers, and for two classes.
    pub classes: u32,
    /// Less this, which is about the mean.
    pub about: f64,
}

/// Sums over rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Totals {
    /// Of numbers.
    Numbers(Numbers),
    /// Rows by code; behind them those with missing values, and those with levels that are not known.
    Levels(Vec<u64>),
    /// Targets by part, by code as above, and by class.
    Targets {
        /// Rows by part and code.
        rows: Vec<u64>,
        /// Sums of the targets.
        sums: Vec<Sum>,
        /// Sums of their squares.
        squares: Vec<Sum>,
    },
}

coded!(Totals {
    0 => Numbers(numbers),
    1 => Levels(rows),
    2 => Targets { rows, sums, squares },
});

/// Sums over numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// How many there are, and how many are missing.
    pub present: u64,
    /// Missing ones.
    pub missing: u64,
    /// The sum of what they are more than [`Wanted::Numbers`] says, and that of its squares.
    pub sum: Sum,
    /// The squares.
    pub squares: Sum,
    /// The least and the greatest; infinite where there are none.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Wanted {
    /// How many numbers its sums are.
    pub(crate) fn numbers(&self) -> u64 {
        match self {
            Wanted::Numbers(_) => 8,
            Wanted::Levels(codes) => u64::from(*codes) + 2,
            Wanted::Targets(targets) => {
                let cells = u64::from(targets.parts) * (u64::from(targets.codes) + 2);
                cells.saturating_mul(1 + 4 * u64::from(targets.classes))
            }
        }
    }

    /// Whether it can be summed up at all.
    pub(crate) fn is_sound(&self) -> bool {
        let fits = self.numbers() <= MOST_NUMBERS;
        match self {
            Wanted::Numbers(about) => about.is_finite(),
            Wanted::Levels(codes) => fits && *codes > 0,
            Wanted::Targets(Targets {
                parts,
                codes,
                classes,
                about,
            }) => fits && (1..=MOST_PARTS).contains(parts) && *codes > 0 && *classes > 0 && about.is_finite(),
        }
    }

    /// The sums of no rows. Returns an error where there is no room.
    pub(crate) fn nothing(&self) -> Result<Totals> {
        Ok(match self {
            Wanted::Numbers(_) => Totals::Numbers(Numbers {
                present: 0,
                missing: 0,
                sum: Sum::default(),
                squares: Sum::default(),
                least: f64::INFINITY,
                greatest: f64::NEG_INFINITY,
            }),
            Wanted::Levels(codes) => Totals::Levels(room::filled(0, *codes as usize + 2)?),
            Wanted::Targets(targets) => {
                let cells = targets.parts as usize * (targets.codes as usize + 2);
                Totals::Targets {
                    rows: room::filled(0, cells)?,
                    sums: room::filled(Sum::default(), cells * targets.classes as usize)?,
                    squares: room::filled(Sum::default(), cells * targets.classes as usize)?,
                }
            }
        })
    }
}

/// The place of a value among so many codes: behind them missing ones, and then those that are not known.
#[inline]
fn place_of(value: f64, codes: u32) -> usize {
    let codes = codes as usize;
    match value {
        value if value.is_nan() => codes,
        UNSEEN => codes + 1,
        value => (value as usize).min(codes + 1),
    }
}

impl Totals {
    /// Adds a row, whose part of the rows this is.
    #[inline]
    pub(crate) fn add(&mut self, wanted: &Wanted, value: f64, (target, part): (f64, usize)) {
        match (self, wanted) {
            (Totals::Numbers(numbers), Wanted::Numbers(about)) => {
                if value.is_nan() {
                    numbers.missing += 1;
                    return;
                }
                let more = value - about;
                numbers.present += 1;
                numbers.sum.add(more);
                numbers.squares.add_square(more);
                numbers.least = numbers.least.min(value);
                numbers.greatest = numbers.greatest.max(value);
            }
            (Totals::Levels(rows), Wanted::Levels(codes)) => {
                if let Some(rows) = rows.get_mut(place_of(value, *codes)) {
                    *rows += 1;
                }
            }
            (Totals::Targets { rows, sums, squares }, Wanted::Targets(targets)) => {
                let classes = targets.classes as usize;
                let cell = part * (targets.codes as usize + 2) + place_of(value, targets.codes);
                // Of several classes, a row adds 1 to its own.
                let (place, more) = match classes {
                    1 => (cell, target - targets.about),
                    _ => (cell * classes + (target as usize).min(classes - 1), 1.0),
                };
                if let (Some(rows), Some(sum), Some(square)) =
                    (rows.get_mut(cell), sums.get_mut(place), squares.get_mut(place))
                {
                    *rows += 1;
                    sum.add(more);
                    square.add_square(more);
                }
            }
            (Totals::Numbers(_) | Totals::Levels(_) | Totals::Targets { .. }, _) => {}
        }
    }

    /// Whether sizes agree, so that they can be merged.
    pub(crate) fn is_like(&self, other: &Totals) -> bool {
        match (self, other) {
            (Totals::Numbers(_), Totals::Numbers(_)) => true,
            (Totals::Levels(ours), Totals::Levels(theirs)) => ours.len() == theirs.len(),
            (
                Totals::Targets { rows: ours, sums, .. },
                Totals::Targets {
                    rows: theirs,
                    sums: more,
                    ..
                },
            ) => (ours.len(), sums.len()) == (theirs.len(), more.len()),
            (Totals::Numbers(_) | Totals::Levels(_) | Totals::Targets { .. }, _) => false,
        }
    }

    /// Adds those of other rows, whose sizes agree. Returns an error for more rows than can be counted.
    pub(crate) fn merge(&mut self, other: &Totals) -> Result<()> {
        match (self, other) {
            (Totals::Numbers(ours), Totals::Numbers(theirs)) => {
                count(&mut ours.present, theirs.present)?;
                count(&mut ours.missing, theirs.missing)?;
                ours.sum.merge(&theirs.sum);
                ours.squares.merge(&theirs.squares);
                ours.least = ours.least.min(theirs.least);
                ours.greatest = ours.greatest.max(theirs.greatest);
            }
            (Totals::Levels(ours), Totals::Levels(theirs)) => counts(ours, theirs)?,
            (
                Totals::Targets { rows, sums, squares },
                Totals::Targets {
                    rows: more_rows,
                    sums: more_sums,
                    squares: more_squares,
                },
            ) => {
                counts(rows, more_rows)?;
                sums.iter_mut().zip(more_sums).for_each(|(sum, more)| sum.merge(more));
                let squares = squares.iter_mut().zip(more_squares);
                squares.for_each(|(sum, more)| sum.merge(more));
            }
            (Totals::Numbers(_) | Totals::Levels(_) | Totals::Targets { .. }, _) => {
                return Err(Error::Internal("sums of another step"));
            }
        }
        Ok(())
    }

    /// Returns an error for what cannot be sums.
    pub(crate) fn validate(&self) -> Result<()> {
        let is_sound = match self {
            Totals::Numbers(numbers) => {
                let ordered = numbers.present == 0 || numbers.least <= numbers.greatest;
                ordered && numbers.squares.value() >= 0.0
            }
            Totals::Levels(rows) => rows.len() as u64 <= MOST_NUMBERS,
            Totals::Targets { rows, sums, squares } => {
                sums.len() == squares.len()
                    && !rows.is_empty()
                    && sums.len().is_multiple_of(rows.len())
                    && (sums.len() as u64) <= MOST_NUMBERS
            }
        };
        match is_sound {
            true => Ok(()),
            false => Err(Error::damaged("sums", "those of a step do not agree")),
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Totals::Numbers(_) => 0,
            Totals::Levels(rows) => rows.capacity() * size_of::<u64>(),
            Totals::Targets { rows, sums, squares } => {
                rows.capacity() * size_of::<u64>() + (sums.capacity() + squares.capacity()) * size_of::<Sum>()
            }
        }
    }
}

fn count(ours: &mut u64, theirs: u64) -> Result<()> {
    *ours = ours.checked_add(theirs).ok_or_else(|| {
        Error::data(
            "the states together say that they saw more rows than can be counted",
            "merge states of rows only once",
        )
    })?;
    Ok(())
}

fn counts(ours: &mut [u64], theirs: &[u64]) -> Result<()> {
    ours.iter_mut()
        .zip(theirs)
        .try_for_each(|(ours, theirs)| count(ours, *theirs))
}
