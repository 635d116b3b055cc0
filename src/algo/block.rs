//! Rows on their way into a pass: a block of them, column by column, so that each accumulator runs over one column at a time.
//!
//! Every SQL type comes as one of three kinds of cells; [`Kind`] says what they mean.

use super::error::Result;
use super::texts::Texts;
use crate::coded::coded;

/// The most rows of a block: a block of eight-byte cells stays in the first or second cache.
pub const ROWS: usize = 1024;

/// The most bytes of text in one column of a block, but for a row that is longer by itself.
const TEXT_BYTES: usize = 1 << 18;

/// What the cells of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Kind {
    /// Integers 0 and 1.
    Bool,
    /// Integers.
    Integer,
    /// Numbers of binary floating point, maybe NaN or infinite.
    Float,
    /// Decimal numbers, as the nearest floating-point ones; NaN and infinities occur.
    Numeric,
    /// Integers: days since 2000-01-01; the extreme integers are the infinities.
    Date,
    /// Integers: microseconds since 2000-01-01 of a clock on the wall; the extreme integers are the infinities.
    Timestamp,
    /// Integers: microseconds since 2000-01-01 UTC; the extreme integers are the infinities.
    TimestampTz,
    /// Integers: microseconds since midnight.
    Time,
    /// Integers: microseconds, with days of 24 hours and months of 30 days, as PostgreSQL compares intervals.
    Interval,
    /// Texts.
    Text,
    /// Texts: labels of an enum type.
    Enum,
    /// Texts: uuids with hyphens.
    Uuid,
    /// Texts: JSON.
    Json,
    /// Texts: arrays as PostgreSQL writes them, `{a,b}`.
    Array,
    /// Texts: binary data as PostgreSQL writes it, `\x00ff`.
    Bytes,
    /// Texts: values of any other type, as PostgreSQL writes them.
    Other,
}

coded!(named Kind {
    0 => Bool,
    1 => Integer,
    2 => Float,
    3 => Numeric,
    4 => Date,
    5 => Timestamp,
    6 => TimestampTz,
    7 => Time,
    8 => Interval,
    9 => Text,
    10 => Enum,
    11 => Uuid,
    12 => Json,
    13 => Array,
    14 => Bytes,
    15 => Other,
});

/// Which of the three forms the cells of a kind have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// [`Cells::Integers`]
    Integers,
    /// [`Cells::Numbers`]
    Numbers,
    /// [`Cells::Texts`]
    Texts,
}

impl Kind {
    /// The form of its cells.
    pub fn form(self) -> Form {
        match self {
            Kind::Bool
            | Kind::Integer
            | Kind::Date
            | Kind::Timestamp
            | Kind::TimestampTz
            | Kind::Time
            | Kind::Interval => Form::Integers,
            Kind::Float | Kind::Numeric => Form::Numbers,
            Kind::Text | Kind::Enum | Kind::Uuid | Kind::Json | Kind::Array | Kind::Bytes | Kind::Other => Form::Texts,
        }
    }

    /// Whether it is a number to calculate with.
    pub fn is_number(self) -> bool {
        matches!(self, Kind::Integer | Kind::Float | Kind::Numeric)
    }

    /// Whether it is a point in time.
    pub fn is_time(self) -> bool {
        matches!(self, Kind::Date | Kind::Timestamp | Kind::TimestampTz)
    }
}

/// The cells of a column, one a row. Where the value is NULL they hold 0 or an empty text.
#[derive(Debug, Clone)]
pub enum Cells {
    /// Of kinds whose form is [`Form::Integers`].
    Integers(Vec<i64>),
    /// Of kinds whose form is [`Form::Numbers`].
    Numbers(Vec<f64>),
    /// Of kinds whose form is [`Form::Texts`].
    Texts(Texts),
}

/// One column of a block.
#[derive(Debug, Clone)]
pub struct BlockColumn {
    kind: Kind,
    cells: Cells,
    present: Vec<bool>,
    nulls: usize,
}

/// What takes cells, each of the form of its kind.
pub trait TakesCells {
    /// NULL.
    fn take_null(&mut self);

    /// A cell of [`Form::Integers`].
    fn take_integer(&mut self, integer: i64);

    /// A cell of [`Form::Numbers`].
    fn take_number(&mut self, number: f64);

    /// A cell of [`Form::Texts`]. Returns an error where there is no room for it.
    fn take_text(&mut self, text: &str) -> Result<()>;
}

impl TakesCells for BlockColumn {
    #[inline]
    fn take_null(&mut self) {
        self.push_null();
    }

    #[inline]
    fn take_integer(&mut self, integer: i64) {
        self.push_integer(integer);
    }

    #[inline]
    fn take_number(&mut self, number: f64) {
        self.push_number(number);
    }

    #[inline]
    fn take_text(&mut self, text: &str) -> Result<()> {
        self.push_text(text)
    }
}

impl BlockColumn {
    /// An empty column.
    pub fn new(kind: Kind) -> BlockColumn {
        let cells = match kind.form() {
            Form::Integers => Cells::Integers(Vec::new()),
            Form::Numbers => Cells::Numbers(Vec::new()),
            Form::Texts => Cells::Texts(Texts::default()),
        };
        BlockColumn {
            kind,
            cells,
            present: Vec::new(),
            nulls: 0,
        }
    }

    /// What its cells mean.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its cells.
    pub fn cells(&self) -> &Cells {
        &self.cells
    }

    /// For each row whether it has a value.
    pub fn present(&self) -> &[bool] {
        &self.present
    }

    /// How many rows have none.
    pub fn nulls(&self) -> usize {
        self.nulls
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.present.len()
    }

    /// Appends NULL.
    #[inline]
    pub fn push_null(&mut self) {
        match &mut self.cells {
            Cells::Integers(integers) => integers.push(0),
            Cells::Numbers(numbers) => numbers.push(0.0),
            Cells::Texts(texts) => texts.push(""),
        }
        self.present.push(false);
        self.nulls += 1;
    }

    /// Appends an integer; NULL when this is no column of integers.
    #[inline]
    pub fn push_integer(&mut self, integer: i64) {
        match &mut self.cells {
            Cells::Integers(integers) => {
                integers.push(integer);
                self.present.push(true);
            }
            _ => self.push_null(),
        }
    }

    /// Appends a number; NULL when this is no column of numbers.
    #[inline]
    pub fn push_number(&mut self, number: f64) {
        match &mut self.cells {
            Cells::Numbers(numbers) => {
                numbers.push(number);
                self.present.push(true);
            }
            _ => self.push_null(),
        }
    }

    /// Appends a text; NULL when this is no column of texts. Returns an error where there is no room for it; the block's other buffers
    /// have a bounded size.
    #[inline]
    pub fn push_text(&mut self, text: &str) -> Result<()> {
        match &mut self.cells {
            Cells::Texts(texts) => {
                texts.reserve(text)?;
                texts.push(text);
                self.present.push(true);
            }
            _ => self.push_null(),
        }
        Ok(())
    }

    /// Some of its rows, as a column of their own.
    pub fn select(&self, rows: impl Iterator<Item = usize>) -> Result<BlockColumn> {
        let mut chosen = BlockColumn::new(self.kind);
        for row in rows {
            match &self.cells {
                _ if !self.present[row] => chosen.push_null(),
                Cells::Integers(integers) => chosen.push_integer(integers[row]),
                Cells::Numbers(numbers) => chosen.push_number(numbers[row]),
                Cells::Texts(texts) => chosen.push_text(texts.get(row))?,
            }
        }
        Ok(chosen)
    }

    /// Whether it has taken as much as a block should hold.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.present.len() >= ROWS
            || match &self.cells {
                Cells::Texts(texts) => texts.bytes() >= TEXT_BYTES,
                _ => false,
            }
    }

    /// Forgets its rows; memory for a usual block is kept, that of uncommonly long texts is not.
    pub fn clear(&mut self) {
        match &mut self.cells {
            Cells::Integers(integers) => integers.clear(),
            Cells::Numbers(numbers) => numbers.clear(),
            Cells::Texts(texts) => {
                texts.clear(2 * TEXT_BYTES);
            }
        }
        self.present.clear();
        self.nulls = 0;
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.present.capacity()
            + match &self.cells {
                Cells::Integers(integers) => integers.capacity() * size_of::<i64>(),
                Cells::Numbers(numbers) => numbers.capacity() * size_of::<f64>(),
                Cells::Texts(texts) => texts.memory(),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_nulls_stand_side_by_side() {
        let mut texts = BlockColumn::new(Kind::Text);
        texts.push_text("a").unwrap();
        texts.push_null();
        texts.push_text("").unwrap();
        texts.push_text("über").unwrap();
        let Cells::Texts(cells) = texts.cells() else { panic!() };
        assert_eq!(cells.iter().collect::<Vec<_>>(), ["a", "", "", "über"]);
        assert_eq!(texts.present(), [true, false, true, true]);
        assert_eq!((texts.rows(), texts.nulls()), (4, 1));
        texts.clear();
        assert_eq!((texts.rows(), texts.nulls()), (0, 0));
        texts.push_integer(3);
        assert_eq!(
            (texts.rows(), texts.nulls()),
            (1, 1),
            "a value of another form is no value"
        );
    }

    #[test]
    fn long_texts_fill_a_block_early() {
        let mut texts = BlockColumn::new(Kind::Text);
        texts.push_text(&"x".repeat(TEXT_BYTES)).unwrap();
        assert!(texts.is_full());
        texts.clear();
        (0..ROWS).for_each(|_| texts.push_text("x").unwrap());
        assert!(texts.is_full());
    }
}
