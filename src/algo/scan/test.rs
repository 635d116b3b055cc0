//! What a check asks of each row, or of a column as a whole.

use serde::{Deserialize, Serialize};

use crate::block::{Form, Kind};
use crate::coded::coded;
use crate::drift;
use crate::formats::Format;

/// A value that cells are compared with; its form is that of the column's cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Constant {
    /// With integers.
    Integer(i64),
    /// With numbers.
    Number(f64),
    /// With texts.
    Text(String),
}

coded!(named Constant {
    0 => Integer(value),
    1 => Number(value),
    2 => Text(value),
});

impl Constant {
    pub(super) fn form(&self) -> Form {
        match self {
            Constant::Integer(_) => Form::Integers,
            Constant::Number(_) => Form::Numbers,
            Constant::Text(_) => Form::Texts,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Constant::Integer(integer) => Some(*integer),
            Constant::Number(_) | Constant::Text(_) => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Constant::Number(number) => Some(*number),
            Constant::Integer(_) | Constant::Text(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Constant::Text(text) => Some(text),
            Constant::Integer(_) | Constant::Number(_) => None,
        }
    }
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Where the range ends.
    pub value: Constant,
    /// Whether that value itself is outside.
    #[serde(default)]
    pub strict: bool,
}

/// A test. Those of rows say of each row whether it passes; NULL is no failure but for [`Test::NotNull`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// Not NULL.
    NotNull,
    /// A text other than the empty one.
    NotEmpty,
    /// One of some values, or none of them.
    Accepted {
        /// The values.
        values: Vec<Constant>,
        /// Whether it must be none of them.
        #[serde(default)]
        negated: bool,
    },
    /// Within a range. NaN is in no range; texts are compared by code point.
    Range {
        /// The lower end.
        low: Option<Bound>,
        /// The upper end.
        high: Option<Bound>,
    },
    /// A part of the text matches a regular expression, or none does.
    Matches {
        /// The expression, in the syntax of the regex crate.
        pattern: String,
        /// Whether none must.
        #[serde(default)]
        negated: bool,
    },
    /// Of a format: see [`Format`].
    Format {
        /// Its name.
        format: String,
    },
    /// As long, in characters, as these bounds allow.
    Length {
        /// The fewest characters.
        low: Option<u64>,
        /// The most.
        high: Option<u64>,
    },
    /// A condition that PostgreSQL has evaluated. As in a constraint, NULL is no failure.
    True,
    /// The number of rows, and of those that are not NULL.
    Rows,
    /// The latest point in time.
    Latest,
    /// Count, sum, mean and standard deviation.
    Moments,
    /// The profile of the column: distinct values, quantiles, frequent values.
    Profile,
    /// The distribution of the column, to be compared with that of other rows.
    Distribution(drift::Limits),
    /// The conventions that texts keep to: see [`crate::quality::mixed_formats`].
    Formats,
    /// The orders of magnitude of numbers: see [`crate::quality::scale_shift`].
    Scale,
    /// The least and the greatest value.
    Extremes,
    /// How often each of some values occurs. Rows with another value fail.
    Occurring {
        /// The values.
        values: Vec<Constant>,
    },
}

coded!(named Test {
    0 => NotNull,
    1 => NotEmpty,
    2 => Accepted { values, negated },
    3 => Range { low, high },
    4 => Matches { pattern, negated },
    5 => Format { format },
    6 => Length { low, high },
    7 => True,
    8 => Rows,
    9 => Latest,
    10 => Moments,
    11 => Profile,
    12 => Distribution(limits),
    13 => Formats,
    14 => Scale,
    15 => Extremes,
    16 => Occurring { values },
});

impl Test {
    /// Whether it can be asked of a column of this kind, or of rows without naming one.
    pub fn suits(&self, kind: Option<Kind>) -> bool {
        let form = kind.map(Kind::form);
        let of_form = |bound: &Option<Bound>| bound.as_ref().is_none_or(|bound| Some(bound.value.form()) == form);
        match self {
            Test::Rows => true,
            Test::NotNull => kind.is_some(),
            Test::NotEmpty | Test::Matches { .. } | Test::Length { .. } | Test::Formats => form == Some(Form::Texts),
            Test::Format { format } => form == Some(Form::Texts) && Format::parse(format).is_some(),
            Test::Profile => kind.is_some(),
            Test::Distribution(limits) => kind.and_then(drift::Scale::of).is_some() && limits.is_sound(),
            Test::Accepted { values, .. } | Test::Occurring { values } => {
                kind.is_some() && values.iter().all(|value| Some(value.form()) == form)
            }
            Test::Range { low, high } => kind.is_some() && of_form(low) && of_form(high),
            Test::True => kind == Some(Kind::Bool),
            Test::Latest => kind.is_some_and(Kind::is_time),
            Test::Moments => kind.is_some_and(|kind| kind.is_number() || kind == Kind::Bool),
            Test::Scale => kind.is_some_and(Kind::is_number),
            Test::Extremes => kind.is_some_and(|kind| kind.form() != Form::Texts && kind != Kind::Bool),
        }
    }

    /// Whether it says of each row whether it fails.
    pub fn is_per_row(&self) -> bool {
        match self {
            Test::NotNull
            | Test::NotEmpty
            | Test::Accepted { .. }
            | Test::Range { .. }
            | Test::Matches { .. }
            | Test::Format { .. }
            | Test::Length { .. }
            | Test::True => true,
            Test::Rows
            | Test::Latest
            | Test::Moments
            | Test::Profile
            | Test::Distribution(_)
            | Test::Formats
            | Test::Scale
            | Test::Extremes
            | Test::Occurring { .. } => false,
        }
    }

    /// Whether it measures the column as a whole, which takes memory of its own.
    pub fn measures(&self) -> bool {
        !self.is_per_row() && *self != Test::Rows
    }
}

/// What a test says of a row.
pub type Outcome = u8;
/// It passes.
pub const PASS: Outcome = 0;
/// It fails.
pub const FAIL: Outcome = 1;
/// Its value is NULL, and the test is not about that.
pub const NULL: Outcome = 2;
