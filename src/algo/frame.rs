//! The training frame: typed columns in memory.
//!
//! Numbers are `f64`, NaN meaning missing (SQL NULL, NaN and infinities alike). Categories are codes into a list of levels.

use std::ops::Range;

use linfa::dataset::Records;
use rayon::prelude::*;

use super::error::Result;
use super::monitor::Monitor;
use super::room;

/// The code of a missing category.
pub const MISSING: u32 = u32::MAX;

/// The code of a category level that was not seen in training: only rows that a model is tested on have it.
pub const UNSEEN_CODE: u32 = u32::MAX - 1;

/// In an encoded row: a category level that was not seen in training. (Numbers are never infinite in an encoded row.)
pub const UNSEEN: f64 = f64::INFINITY;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// One column of a [`Frame`].
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Finite numbers, or NaN for missing.
    Number(Vec<f64>),
    /// Codes below `levels`, or [`MISSING`]; in rows that test a model also [`UNSEEN_CODE`].
    Category {
        /// One code a row.
        codes: Vec<u32>,
        /// How many levels there are.
        levels: usize,
    },
}

impl Column {
    /// Without rows: a category of so many levels, or with none numbers.
    pub fn empty(levels: usize) -> Column {
        match levels {
            0 => Column::Number(Vec::new()),
            levels => Column::Category {
                codes: Vec::new(),
                levels,
            },
        }
    }

    /// Appends a value as an encoded row holds it. Returns an error where there is no room.
    #[inline]
    pub fn push(&mut self, encoded: f64) -> Result<()> {
        match self {
            Column::Number(values) => room::push(values, encoded),
            Column::Category { codes, .. } => room::push(
                codes,
                match encoded {
                    value if value.is_nan() => MISSING,
                    UNSEEN => UNSEEN_CODE,
                    code => code as u32,
                },
            ),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Number(values) => values.len(),
            Column::Category { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of one row as an encoded row holds it: the number, or the category's code; NaN for missing.
    #[inline]
    pub fn encoded(&self, row: usize) -> f64 {
        match self {
            Column::Number(values) => values[row],
            Column::Category { codes, .. } => match codes[row] {
                MISSING => f64::NAN,
                UNSEEN_CODE => UNSEEN,
                code => f64::from(code),
            },
        }
    }

    /// How many levels a category has; `None` for numbers.
    pub fn levels(&self) -> Option<usize> {
        match self {
            Column::Number(_) => None,
            Column::Category { levels, .. } => Some(*levels),
        }
    }

    /// The rows named by `rows`, in that order.
    pub fn take(&self, rows: &[u32]) -> Column {
        match self {
            Column::Number(values) => Column::Number(rows.iter().map(|&r| values[r as usize]).collect()),
            Column::Category { codes, levels } => Column::Category {
                codes: rows.iter().map(|&r| codes[r as usize]).collect(),
                levels: *levels,
            },
        }
    }

    /// The same rows in another order: `places` names the place of each, every place once. Reads one row after the other, so that places which lie
    /// in few runs cost no more than a copy. Returns an error when stopped, and where there is no room.
    fn arranged(&self, places: &[u32], monitor: &dyn Monitor) -> Result<Column> {
        fn arrange<T: Copy>(values: &[T], arranged: &mut [T], places: &[u32], monitor: &dyn Monitor) -> Result<()> {
            for (values, places) in values.chunks(BLOCK).zip(places.chunks(BLOCK)) {
                monitor.check()?;
                for (&value, &place) in values.iter().zip(places) {
                    arranged[place as usize] = value;
                }
            }
            Ok(())
        }
        Ok(match self {
            Column::Number(values) => {
                let mut arranged = room::zeros(values.len())?;
                arrange(values, &mut arranged, places, monitor)?;
                Column::Number(arranged)
            }
            Column::Category { codes, levels } => {
                let mut arranged = room::filled(0, codes.len())?;
                arrange(codes, &mut arranged, places, monitor)?;
                Column::Category {
                    codes: arranged,
                    levels: *levels,
                }
            }
        })
    }

    /// Rows that are neighbours.
    fn slice(&self, rows: Range<usize>) -> Column {
        match self {
            Column::Number(values) => Column::Number(values[rows].to_vec()),
            Column::Category { codes, levels } => Column::Category {
                codes: codes[rows].to_vec(),
                levels: *levels,
            },
        }
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        match self {
            Column::Number(values) => values.capacity() * size_of::<f64>(),
            Column::Category { codes, .. } => codes.capacity() * size_of::<u32>(),
        }
    }
}

/// Columns of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    columns: Vec<Column>,
    keys: Vec<Column>,
    rows: usize,
}

impl Frame {
    /// A frame of `columns`, or `None` when their lengths differ.
    pub fn new(columns: Vec<Column>) -> Option<Self> {
        let rows = columns.first().map_or(0, Column::len);
        columns.iter().all(|c| c.len() == rows).then_some(Frame {
            columns,
            keys: Vec::new(),
            rows,
        })
    }

    /// The same with columns that say to which group a row belongs; `None` when their lengths differ.
    pub fn with_keys(self, keys: Vec<Column>) -> Option<Self> {
        let fit = keys.iter().all(|key| key.len() == self.rows);
        fit.then_some(Frame { keys, ..self })
    }

    /// The columns that say to which group a row belongs. Learners do not see them; they stand at the end of an encoded row.
    pub fn keys(&self) -> &[Column] {
        &self.keys
    }

    /// How many values an encoded row has.
    pub fn width(&self) -> usize {
        self.columns.len() + self.keys.len()
    }

    /// The columns, in feature order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns themselves, and those of keys.
    pub fn into_columns(self) -> (Vec<Column>, Vec<Column>) {
        (self.columns, self.keys)
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are once each level of a category has one of its own; missing values are one more level.
    pub fn design_columns(&self) -> usize {
        let width = |column: &Column| match column {
            Column::Number(_) => 1,
            Column::Category { levels, .. } => levels + 1,
        };
        self.columns.iter().map(width).sum()
    }

    /// Writes row `row` into `out`, one value a column, as [`Column::encoded`] gives it.
    #[inline]
    pub fn encode_row(&self, row: usize, out: &mut [f64]) {
        for (value, column) in out.iter_mut().zip(self.columns.iter().chain(&self.keys)) {
            *value = column.encoded(row);
        }
    }

    /// The rows named by `rows`, in that order.
    pub fn take(&self, rows: &[u32]) -> Frame {
        Frame {
            columns: self.columns.iter().map(|c| c.take(rows)).collect(),
            keys: self.keys.iter().map(|c| c.take(rows)).collect(),
            rows: rows.len(),
        }
    }

    /// The same rows in another order: `places` names the place of each, every place once. Columns in parallel. Returns an error when stopped, and where
    /// there is no room.
    pub fn arranged(&self, places: &[u32], monitor: &dyn Monitor) -> Result<Frame> {
        let arrange = |columns: &[Column]| {
            let columns = columns.par_iter();
            let arranged = columns.map(|column| column.arranged(places, monitor));
            arranged.collect::<Result<Vec<Column>>>()
        };
        Ok(Frame {
            columns: arrange(&self.columns)?,
            keys: arrange(&self.keys)?,
            rows: self.rows,
        })
    }

    /// Rows that are neighbours.
    pub fn slice(&self, rows: Range<usize>) -> Frame {
        let slice = |columns: &[Column]| columns.iter().map(|column| column.slice(rows.clone())).collect();
        Frame {
            columns: slice(&self.columns),
            keys: slice(&self.keys),
            rows: rows.len(),
        }
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.columns.iter().chain(&self.keys).map(Column::memory).sum()
    }
}

impl Records for Frame {
    type Elem = f64;

    fn nsamples(&self) -> usize {
        self.rows
    }

    fn nfeatures(&self) -> usize {
        self.columns.len()
    }
}
