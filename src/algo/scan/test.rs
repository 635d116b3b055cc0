//! What a check asks of each row, or of a column as a whole.

use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::pattern::Patterns;
use crate::block::{BlockColumn, Cells, Form, Kind};
use crate::coded::coded;
use crate::drift;
use crate::error::{Error, Result};
use crate::formats::Format;
use crate::monitor::Pace;

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
    fn form(&self) -> Form {
        match self {
            Constant::Integer(_) => Form::Integers,
            Constant::Number(_) => Form::Numbers,
            Constant::Text(_) => Form::Texts,
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
            Test::Accepted { values, .. } => kind.is_some() && values.iter().all(|value| Some(value.form()) == form),
            Test::Range { low, high } => kind.is_some() && of_form(low) && of_form(high),
            Test::True => kind == Some(Kind::Bool),
            Test::Latest => kind.is_some_and(Kind::is_time),
            Test::Moments => kind.is_some_and(|kind| kind.is_number() || kind == Kind::Bool),
            Test::Scale => kind.is_some_and(Kind::is_number),
        }
    }

    /// Whether it says of each row whether it fails.
    pub fn judges_rows(&self) -> bool {
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
            | Test::Scale => false,
        }
    }

    /// Whether it measures the column as a whole, which takes memory of its own.
    pub fn measures(&self) -> bool {
        !self.judges_rows() && *self != Test::Rows
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

/// A test made ready for its column's form.
#[derive(Debug, Clone)]
pub enum Ready {
    /// Rows of which none fails.
    Nothing,
    NotNull,
    NotEmpty,
    Integers(Vec<i64>, bool),
    Numbers(Vec<f64>, bool),
    Texts(HashSet<Box<str>>, bool),
    IntegerRange(i64, i64),
    /// The ends, and whether each is outside.
    NumberRange(f64, f64, bool, bool),
    TextRange(Option<(Box<str>, bool)>, Option<(Box<str>, bool)>),
    /// The place of the pattern among those of the scan.
    Pattern(usize, bool),
    Format(Format),
    Length(u64, u64),
    True,
}

impl Ready {
    /// `place_of` gives the place of a pattern.
    pub fn new<'t>(test: &'t Test, form: Option<Form>, place_of: impl FnOnce(&'t str) -> usize) -> Result<Ready> {
        Ok(match test {
            Test::NotNull => Ready::NotNull,
            Test::NotEmpty => Ready::NotEmpty,
            Test::Accepted { values, negated } => accepted(values, *negated, form),
            Test::Range { low, high } => range(low.as_ref(), high.as_ref(), form),
            Test::Matches { pattern, negated } => Ready::Pattern(place_of(pattern), *negated),
            Test::Format { format } => match Format::parse(format) {
                Some(format) => Ready::Format(format),
                None => return Err(Error::damaged("plan of a scan", format!("there is no format {format}"))),
            },
            Test::Length { low, high } => Ready::Length(low.unwrap_or(0), high.unwrap_or(u64::MAX)),
            Test::True => Ready::True,
            Test::Rows
            | Test::Latest
            | Test::Moments
            | Test::Profile
            | Test::Distribution(_)
            | Test::Formats
            | Test::Scale => Ready::Nothing,
        })
    }

    /// What it says of each row of a block.
    pub fn outcomes(
        &self,
        patterns: &mut Patterns,
        column: &BlockColumn,
        outcomes: &mut Vec<Outcome>,
        pace: &mut Pace<'_>,
    ) -> Result<()> {
        outcomes.clear();
        pace.spend(column.rows())?;
        let present = column.present();
        match (self, column.cells()) {
            (Ready::NotNull, _) => outcomes.extend(present.iter().map(|&present| Outcome::from(!present))),
            (Ready::Integers(values, negated), Cells::Integers(cells)) => {
                judge(cells, present, outcomes, |cell| {
                    values.binary_search(cell).is_ok() == *negated
                });
            }
            (Ready::Numbers(values, negated), Cells::Numbers(cells)) => judge(cells, present, outcomes, |cell| {
                values.binary_search_by(|value| value.total_cmp(&(cell + 0.0))).is_ok() == *negated
            }),
            (Ready::IntegerRange(low, high), Cells::Integers(cells)) => {
                judge(cells, present, outcomes, |cell| (cell < low) | (cell > high));
            }
            (Ready::NumberRange(low, high, above, below), Cells::Numbers(cells)) => {
                // Written so that NaN fails.
                judge(cells, present, outcomes, |cell| {
                    let within = (cell >= low) & (cell <= high);
                    !within | (*above & (cell == low)) | (*below & (cell == high))
                });
            }
            (Ready::True, Cells::Integers(cells)) => judge(cells, present, outcomes, |&cell| cell == 0),
            (Ready::Pattern(place, negated), Cells::Texts(texts)) => {
                for (text, &present) in texts.iter().zip(present) {
                    outcomes.push(match present {
                        true => Outcome::from(patterns.is_match(*place, text, pace)? == *negated),
                        false => NULL,
                    });
                }
            }
            (ready, Cells::Texts(texts)) => {
                for (text, &present) in texts.iter().zip(present) {
                    pace.spend(text.len())?;
                    outcomes.push(match present {
                        true => Outcome::from(ready.rejects(text)),
                        false => NULL,
                    });
                }
            }
            _ => outcomes.extend(present.iter().map(|&present| if present { PASS } else { NULL })),
        }
        Ok(())
    }

    #[inline]
    fn rejects(&self, text: &str) -> bool {
        match self {
            Ready::NotEmpty => text.is_empty(),
            Ready::Texts(values, negated) => values.contains(text) == *negated,
            Ready::TextRange(low, high) => {
                let below = |(low, strict): &(Box<str>, bool)| text < &**low || (*strict && text == &**low);
                let above = |(high, strict): &(Box<str>, bool)| text > &**high || (*strict && text == &**high);
                low.as_ref().is_some_and(below) || high.as_ref().is_some_and(above)
            }
            Ready::Format(format) => !format.matches(text),
            Ready::Length(low, high) => {
                let length = text.chars().count() as u64;
                length < *low || length > *high
            }
            _ => false,
        }
    }
}

/// Without a branch, so that it runs on several cells at a time.
#[inline(always)]
fn judge<T>(cells: &[T], present: &[bool], outcomes: &mut Vec<Outcome>, rejects: impl Fn(&T) -> bool) {
    outcomes.extend(cells.iter().zip(present).map(|(cell, &present)| {
        (Outcome::from(rejects(cell)) & Outcome::from(present)) | (Outcome::from(!present) << 1)
    }));
}

fn accepted(values: &[Constant], negated: bool, form: Option<Form>) -> Ready {
    match form {
        Some(Form::Integers) => {
            let mut integers: Vec<i64> = values.iter().filter_map(integer).collect();
            integers.sort_unstable();
            Ready::Integers(integers, negated)
        }
        Some(Form::Numbers) => {
            let mut numbers: Vec<f64> = values.iter().filter_map(number).map(|number| number + 0.0).collect();
            numbers.sort_unstable_by(f64::total_cmp);
            Ready::Numbers(numbers, negated)
        }
        _ => Ready::Texts(values.iter().filter_map(text).map(Into::into).collect(), negated),
    }
}

fn range(low: Option<&Bound>, high: Option<&Bound>, form: Option<Form>) -> Ready {
    match form {
        Some(Form::Integers) => {
            let end = |bound: Option<&Bound>, open: i64, step: i64| {
                bound.map_or(open, |bound| match (integer(&bound.value), bound.strict) {
                    (Some(end), true) => end.saturating_add(step),
                    (end, _) => end.unwrap_or(open),
                })
            };
            Ready::IntegerRange(end(low, i64::MIN, 1), end(high, i64::MAX, -1))
        }
        Some(Form::Numbers) => {
            let end = |bound: Option<&Bound>, open: f64| bound.and_then(|bound| number(&bound.value)).unwrap_or(open);
            let strict = |bound: Option<&Bound>| bound.is_some_and(|bound| bound.strict);
            Ready::NumberRange(
                end(low, f64::NEG_INFINITY),
                end(high, f64::INFINITY),
                strict(low),
                strict(high),
            )
        }
        _ => {
            let end = |bound: Option<&Bound>| bound.and_then(|bound| Some((text(&bound.value)?.into(), bound.strict)));
            Ready::TextRange(end(low), end(high))
        }
    }
}

fn integer(constant: &Constant) -> Option<i64> {
    match constant {
        Constant::Integer(integer) => Some(*integer),
        _ => None,
    }
}

fn number(constant: &Constant) -> Option<f64> {
    match constant {
        Constant::Number(number) => Some(*number),
        _ => None,
    }
}

fn text(constant: &Constant) -> Option<&str> {
    match constant {
        Constant::Text(text) => Some(text),
        _ => None,
    }
}
