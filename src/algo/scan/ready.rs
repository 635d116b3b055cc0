//! Tests made ready for the cells of their columns. There is no arm for tests to come: a new one is answered here, or does not compile.

use hashbrown::HashSet;

use super::pattern::Patterns;
use super::test::{Bound, Constant, FAIL, NULL, Outcome, PASS, Test};
use crate::block::{BlockColumn, Cells, Form};
use crate::error::{Error, Result};
use crate::formats::Format;
use crate::monitor::Pace;

/// A test made ready for its column's form.
#[derive(Debug, Clone)]
pub enum Ready {
    /// None: the test says nothing of rows.
    Nothing,
    NotNull,
    Integers(IntegerTest),
    Numbers(NumberTest),
    Texts(TextTest),
}

/// A test of integers.
#[derive(Debug, Clone)]
pub enum IntegerTest {
    /// Sorted values, and whether it must be none of them.
    Accepted(Vec<i64>, bool),
    Range(i64, i64),
    /// A condition that PostgreSQL has evaluated.
    True,
}

/// A test of numbers.
#[derive(Debug, Clone)]
pub enum NumberTest {
    /// Sorted values, and whether it must be none of them.
    Accepted(Vec<f64>, bool),
    /// The ends, and whether each is outside.
    Range(f64, f64, bool, bool),
}

/// A test of texts.
#[derive(Debug, Clone)]
pub enum TextTest {
    NotEmpty,
    /// Values, and whether it must be none of them.
    Accepted(HashSet<Box<str>>, bool),
    /// The ends, and whether each is outside.
    Range(Option<(Box<str>, bool)>, Option<(Box<str>, bool)>),
    /// The place of the pattern among those of the scan, and whether it must not match.
    Pattern(usize, bool),
    Format(Format),
    Length(u64, u64),
}

impl Ready {
    /// `place_of` gives the place of a pattern.
    pub fn new<'t>(test: &'t Test, form: Option<Form>, place_of: impl FnOnce(&'t str) -> usize) -> Result<Ready> {
        Ok(match test {
            Test::NotNull => Ready::NotNull,
            Test::NotEmpty => Ready::Texts(TextTest::NotEmpty),
            Test::Accepted { values, negated } => accepted(values, *negated, form.ok_or_else(unsuitable)?),
            Test::Occurring { values } => accepted(values, false, form.ok_or_else(unsuitable)?),
            Test::Range { low, high } => range(low.as_ref(), high.as_ref(), form.ok_or_else(unsuitable)?),
            Test::Matches { pattern, negated } => Ready::Texts(TextTest::Pattern(place_of(pattern), *negated)),
            Test::Format { format } => match Format::parse(format) {
                Some(format) => Ready::Texts(TextTest::Format(format)),
                None => return Err(Error::damaged("plan of a scan", format!("there is no format {format}"))),
            },
            Test::Length { low, high } => Ready::Texts(TextTest::Length(low.unwrap_or(0), high.unwrap_or(u64::MAX))),
            Test::True => Ready::Integers(IntegerTest::True),
            Test::Rows
            | Test::Latest
            | Test::Moments
            | Test::Profile
            | Test::Distribution(_)
            | Test::Formats
            | Test::Scale
            | Test::Extremes => Ready::Nothing,
        })
    }

    /// What it says of each row of a block. Returns an error where the cells are not of its form.
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
            (Ready::Nothing, _) => {
                outcomes.extend(present.iter().map(|&present| if present { PASS } else { NULL }));
            }
            (Ready::NotNull, _) => outcomes.extend(present.iter().map(|&present| Outcome::from(!present))),
            (Ready::Integers(test), Cells::Integers(cells)) => test.outcomes(cells, present, outcomes),
            (Ready::Numbers(test), Cells::Numbers(cells)) => test.outcomes(cells, present, outcomes),
            (Ready::Texts(test), Cells::Texts(texts)) => {
                for (text, &present) in texts.iter().zip(present) {
                    outcomes.push(match present {
                        true if test.rejects(text, patterns, pace)? => FAIL,
                        true => PASS,
                        false => NULL,
                    });
                }
            }
            (Ready::Integers(_) | Ready::Numbers(_) | Ready::Texts(_), _) => return Err(unsuitable()),
        }
        Ok(())
    }
}

fn unsuitable() -> Error {
    Error::damaged("plan of a scan", "a test does not suit its column")
}

impl IntegerTest {
    fn outcomes(&self, cells: &[i64], present: &[bool], outcomes: &mut Vec<Outcome>) {
        match self {
            IntegerTest::Accepted(values, negated) => {
                extend(outcomes, cells, present, |cell| {
                    values.binary_search(cell).is_ok() == *negated
                });
            }
            IntegerTest::Range(low, high) => extend(outcomes, cells, present, |cell| (cell < low) | (cell > high)),
            IntegerTest::True => extend(outcomes, cells, present, |&cell| cell == 0),
        }
    }
}

impl NumberTest {
    fn outcomes(&self, cells: &[f64], present: &[bool], outcomes: &mut Vec<Outcome>) {
        match self {
            NumberTest::Accepted(values, negated) => extend(outcomes, cells, present, |cell| {
                values.binary_search_by(|value| value.total_cmp(&(cell + 0.0))).is_ok() == *negated
            }),
            NumberTest::Range(low, high, above, below) => extend(outcomes, cells, present, |cell| {
                // Written so that NaN fails.
                let within = (cell >= low) & (cell <= high);
                !within | (*above & (cell == low)) | (*below & (cell == high))
            }),
        }
    }
}

impl TextTest {
    #[inline]
    fn rejects(&self, text: &str, patterns: &mut Patterns, pace: &mut Pace<'_>) -> Result<bool> {
        let rejected = match self {
            TextTest::Pattern(place, negated) => return Ok(patterns.is_match(*place, text, pace)? == *negated),
            TextTest::NotEmpty => text.is_empty(),
            TextTest::Accepted(values, negated) => values.contains(text) == *negated,
            TextTest::Range(low, high) => {
                let below = |(low, strict): &(Box<str>, bool)| text < &**low || (*strict && text == &**low);
                let above = |(high, strict): &(Box<str>, bool)| text > &**high || (*strict && text == &**high);
                low.as_ref().is_some_and(below) || high.as_ref().is_some_and(above)
            }
            TextTest::Format(format) => !format.matches(text),
            TextTest::Length(low, high) => {
                let length = text.chars().count() as u64;
                length < *low || length > *high
            }
        };
        pace.spend(text.len())?;
        Ok(rejected)
    }
}

/// Adds what a test says of each cell. Without a branch, so that it runs on several cells at a time.
#[inline(always)]
fn extend<T>(outcomes: &mut Vec<Outcome>, cells: &[T], present: &[bool], rejects: impl Fn(&T) -> bool) {
    outcomes.extend(cells.iter().zip(present).map(|(cell, &present)| {
        (Outcome::from(rejects(cell)) & Outcome::from(present)) | (Outcome::from(!present) << 1)
    }));
}

fn accepted(values: &[Constant], negated: bool, form: Form) -> Ready {
    match form {
        Form::Integers => {
            let mut integers: Vec<i64> = values.iter().filter_map(Constant::integer).collect();
            integers.sort_unstable();
            Ready::Integers(IntegerTest::Accepted(integers, negated))
        }
        Form::Numbers => {
            let numbers = values.iter().filter_map(Constant::number);
            let mut numbers: Vec<f64> = numbers.map(|number| number + 0.0).collect();
            numbers.sort_unstable_by(f64::total_cmp);
            Ready::Numbers(NumberTest::Accepted(numbers, negated))
        }
        Form::Texts => {
            let texts = values.iter().filter_map(Constant::text).map(Into::into).collect();
            Ready::Texts(TextTest::Accepted(texts, negated))
        }
    }
}

fn range(low: Option<&Bound>, high: Option<&Bound>, form: Form) -> Ready {
    match form {
        Form::Integers => {
            let end = |bound: Option<&Bound>, open: i64, step: i64| {
                bound.map_or(open, |bound| match (bound.value.integer(), bound.strict) {
                    (Some(end), true) => end.saturating_add(step),
                    (end, _) => end.unwrap_or(open),
                })
            };
            Ready::Integers(IntegerTest::Range(end(low, i64::MIN, 1), end(high, i64::MAX, -1)))
        }
        Form::Numbers => {
            let end = |bound: Option<&Bound>, open: f64| bound.and_then(|bound| bound.value.number()).unwrap_or(open);
            let strict = |bound: Option<&Bound>| bound.is_some_and(|bound| bound.strict);
            Ready::Numbers(NumberTest::Range(
                end(low, f64::NEG_INFINITY),
                end(high, f64::INFINITY),
                strict(low),
                strict(high),
            ))
        }
        Form::Texts => {
            let end = |bound: Option<&Bound>| bound.and_then(|bound| Some((bound.value.text()?.into(), bound.strict)));
            Ready::Texts(TextTest::Range(end(low), end(high)))
        }
    }
}
