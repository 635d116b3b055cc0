//! Columns as they were read from a query.

use crate::lines::Lines;
use crate::texts::Texts;

/// What kind of values a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Truth values, as 0 and 1.
    Boolean,
    /// Numbers of a type that holds whole numbers exactly.
    Whole,
    /// Any other numbers.
    Number,
    /// Dates, as days since 2000-01-01.
    Date,
    /// Timestamps, as seconds since then.
    Timestamp,
    /// Texts, or what is told apart as such.
    Category,
    /// Vectors of numbers.
    Vector,
}

impl ColumnKind {
    /// Whether a value is one number.
    pub fn is_number(self) -> bool {
        match self {
            ColumnKind::Boolean | ColumnKind::Whole | ColumnKind::Number | ColumnKind::Date | ColumnKind::Timestamp => {
                true
            }
            ColumnKind::Category | ColumnKind::Vector => false,
        }
    }
}

/// A column's name and type.
#[derive(Debug, Clone)]
pub struct Heading {
    /// The column's name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// The kind of its values.
    pub kind: ColumnKind,
}

/// A column that has been read.
pub struct ReadColumn {
    /// Its name and type.
    pub heading: Heading,
    /// Values that were NaN or infinite; they count as missing too.
    pub non_finite: u64,
    /// Its values.
    pub values: ColumnValues,
}

/// The values of a column that has been read.
pub enum ColumnValues {
    /// Those of one lane of the lines of that number.
    Lane {
        /// The number of the lines.
        lines: usize,
        /// The lane.
        lane: usize,
    },
    /// One lane for each element; none when every vector was NULL.
    Vectors(Lines),
    /// A code for each row, [`crate::frame::MISSING`] for NULL.
    Codes {
        /// One per row.
        codes: Vec<u32>,
        /// The levels that codes stand for, in no order.
        levels: Texts,
        /// The place of each level in the order of its enum type, when it has one.
        places: Option<Vec<f32>>,
    },
}

/// All rows of a query.
pub struct ReadRows {
    /// How many rows there are.
    pub rows: usize,
    /// The columns by their place in the query; `None` for those left out.
    pub columns: Vec<Option<ReadColumn>>,
    /// What columns of numbers are lanes of.
    pub lines: Vec<Lines>,
}

/// The values of a column that is no feature, one for each row of the query.
pub enum Apart {
    /// Numbers, NaN for NULL.
    Numbers(Vec<f64>),
    /// Codes of texts.
    Codes {
        /// One per row, [`crate::frame::MISSING`] for NULL.
        codes: Vec<u32>,
        /// The texts that codes stand for, in no order.
        levels: Texts,
    },
}

impl ReadRows {
    /// Takes out a column of numbers that stands in lines of its own: its name and its numbers. `None` when it was not read so.
    pub(super) fn take_numbers(&mut self, place: usize) -> Option<(String, Vec<f64>)> {
        let column = self.columns.get_mut(place)?.take()?;
        let ColumnValues::Lane { lines, lane } = column.values else {
            return None;
        };
        let lines = std::mem::replace(self.lines.get_mut(lines)?, Lines::new(0));
        Some((column.heading.name, lines.into_column(lane)))
    }

    /// Takes out a column of numbers that stands in lines of its own, or of categories. `None` when it was not read so.
    pub(super) fn take_apart(&mut self, place: usize) -> Option<Apart> {
        match &self.columns.get(place)?.as_ref()?.values {
            ColumnValues::Lane { .. } => self.take_numbers(place).map(|(_, numbers)| Apart::Numbers(numbers)),
            ColumnValues::Vectors(_) => None,
            ColumnValues::Codes { .. } => match self.columns.get_mut(place)?.take()?.values {
                ColumnValues::Codes { codes, levels, .. } => Some(Apart::Codes { codes, levels }),
                ColumnValues::Lane { .. } | ColumnValues::Vectors(_) => None,
            },
        }
    }
}
