//! `split`: which rows test a model instead of training it.

use super::predict::column_named;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Reader;
use algo::prepare::Split;

/// With fewer rows than this, `auto` keeps all rows for training.
const FEWEST_ROWS: usize = 500;

/// The argument `split`, and `test_fraction`.
pub struct SplitOption {
    /// As it was written.
    pub text: String,
    pub test_fraction: f64,
    kind: Kind,
}

enum Kind {
    Auto,
    Random,
    None,
    /// A boolean column, true for test rows.
    Marked,
}

impl SplitOption {
    /// Reads the arguments. Returns 22023.
    pub fn new(split: Option<String>, test_fraction: Option<f64>) -> Result<SplitOption> {
        let (text, test_fraction) = (split.unwrap_or_else(|| "auto".into()), test_fraction.unwrap_or(0.2));
        if !(test_fraction > 0.0 && test_fraction < 1.0) {
            return Err(Error::new(INVALID_PARAMETER, "test_fraction is out of range")
                .detail(format!("The value is {test_fraction}."))
                .hint("It must be between 0 and 1, both excluded; split => 'none' keeps all rows for training."));
        }
        let kind = match text.as_str() {
            "auto" => Kind::Auto,
            "random" => Kind::Random,
            "none" => Kind::None,
            _ => Kind::Marked,
        };
        Ok(SplitOption {
            text,
            test_fraction,
            kind,
        })
    }

    /// The place of the column by which rows are divided, when there is one.
    pub fn column(&self, columns: &[OutputColumn], target: &str) -> Result<Option<usize>> {
        match self.kind {
            Kind::Auto | Kind::Random | Kind::None => Ok(None),
            Kind::Marked => self.marked(columns, target).map(Some),
        }
    }

    fn marked(&self, columns: &[OutputColumn], target: &str) -> Result<usize> {
        let name = &self.text;
        if name == target {
            return Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is the target"))
                    .hint("Name another boolean column, true for the rows that test the model."),
            );
        }
        let place = column_named(columns, name, "the split column")
            .map_err(|error| error.hint("split is auto, random, none, or the name of a boolean column."))?;
        match columns[place].reader {
            Some(Reader::Bool) => Ok(place),
            _ => Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is not boolean"))
                    .detail(format!("Its type is {}.", columns[place].type_name))
                    .hint("It must be true for the rows that test the model."),
            ),
        }
    }

    /// How so many rows are divided; `column` is the place of the column that divides them.
    pub fn of(&self, rows: usize, column: Option<usize>) -> Split {
        match (&self.kind, column) {
            (Kind::Marked, Some(place)) => Split::Column(place),
            (Kind::None, _) => Split::None,
            (Kind::Auto, _) if rows < FEWEST_ROWS => Split::None,
            (Kind::Auto | Kind::Random | Kind::Marked, _) => Split::Fraction(self.test_fraction),
        }
    }
}
