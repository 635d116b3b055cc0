//! What a profile says about a column.

use std::cmp::Ordering;

use super::days::Calendar;
use super::elements::{ArrayDetails, JsonDetails};
use super::meaning::Meaning;
use super::number::NonFinite;
use super::shape::ShapeDetails;
use super::text_stats::Lengths;

/// A value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Point {
    /// Of a kind whose cells are integers.
    Integer(i64),
    /// Of a kind whose cells are numbers.
    Number(f64),
    /// Of a kind whose cells are texts; of a long text the beginning.
    Text(String),
}

impl Point {
    /// The order of two values of one column: numbers by value, texts by their bytes.
    pub fn order(&self, other: &Point) -> Ordering {
        match (self, other) {
            (Point::Integer(a), Point::Integer(b)) => a.cmp(b),
            (Point::Number(a), Point::Number(b)) => a.total_cmp(b),
            (Point::Text(a), Point::Text(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

/// A bin of a histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Where it begins.
    pub low: f64,
    /// Where it ends; this belongs to the next bin, if there is one.
    pub high: f64,
    /// How many values it has.
    pub count: f64,
}

/// What a column looks like. Errors hold with 99 % confidence; they are 0 where an answer is exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// All rows.
    pub rows: u64,
    /// Rows without a value.
    pub nulls: u64,
    /// Texts without a character.
    pub empty: Option<u64>,
    /// Different values, NULL not among them.
    pub distinct: f64,
    /// Whether that is exact.
    pub distinct_exact: bool,
    /// How far it may be off, as a share of it.
    pub distinct_error: f64,
    /// The least value: of numbers and times the least finite one, of texts the first by their bytes.
    pub min: Option<Point>,
    /// The greatest value.
    pub max: Option<Point>,
    /// Of finite numbers; of booleans the share of true ones.
    pub mean: Option<f64>,
    /// Of finite numbers, divided by n - 1.
    pub stddev: Option<f64>,
    /// The 1, 5, 25, 50, 75, 95 and 99 % quantiles of finite numbers and of times (as numbers), interpolated as SQL's
    /// `percentile_cont` does.
    pub quantiles: Option<[f64; 7]>,
    /// How far the rank of a quantile may be off, as a share of the values.
    pub quantile_error: f64,
    /// Numbers that are 0.
    pub zeros: Option<u64>,
    /// Numbers below 0, infinities not among them.
    pub negatives: Option<u64>,
    /// Values that are no finite numbers.
    pub non_finite: NonFinite,
    /// The ten most frequent values with their rows.
    pub top: Vec<(Point, u64)>,
    /// Whether those are certainly the most frequent, and counted exactly.
    pub top_exact: bool,
    /// How many rows a count may be off.
    pub top_error: u64,
    /// Twenty bins of equal width from the least to the greatest number or time; one when these are the same.
    pub histogram: Vec<Bin>,
    /// What the values mean.
    pub meaning: Meaning,
    /// What only some kinds have.
    pub details: Details,
}

/// What only some kinds of columns have.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// Lengths and blanks, of all kinds whose cells are texts.
    pub lengths: Option<Lengths>,
    /// Casing, masks and formats, of texts and enums.
    pub shapes: Option<ShapeDetails>,
    /// Days, of points in time.
    pub calendar: Option<Calendar>,
    /// Of JSON.
    pub json: Option<JsonDetails>,
    /// Of arrays.
    pub array: Option<ArrayDetails>,
}
