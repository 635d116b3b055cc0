//! The arguments of `anomaly`. Names are near those of elementary, where it has them.

use serde::Deserialize;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::quality::kinds::assertion::out_of_range;
use algo::anomaly::{self, Quantity, Season};
use algo::scan::Test;

/// What the check watches, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    #[serde(default)]
    pub metric: Metric,
    /// As rare as so many standard deviations are among normal values.
    #[serde(default = "three")]
    pub sensitivity: f64,
    #[serde(default)]
    pub direction: Direction,
    #[serde(default)]
    pub seasonality: Seasonality,
    #[serde(default)]
    pub compare: Compare,
    /// With it the past is that of the rows themselves; without it that of the runs of the check.
    pub timestamp_column: Option<String>,
    #[serde(default)]
    pub bucket: Bucket,
    /// An interval of PostgreSQL.
    pub training_period: Option<String>,
    #[serde(default = "seven")]
    pub min_points: usize,
    /// Periods, each from and to: what they hold is not learned from, and not judged.
    #[serde(default)]
    pub exclude: Vec<(String, String)>,
    /// Differences up to this share of what is expected pass; of `null_fraction` differences up to this.
    pub tolerance: Option<f64>,
    /// The moment to judge at, instead of now.
    pub at: Option<String>,
    /// The model that forecasts the figure: what it expects is judged by, instead of the past.
    pub model: Option<String>,
}

/// The figure that is watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    #[default]
    RowCount,
    NullFraction,
    Mean,
    Sum,
    Stddev,
    Min,
    Max,
    Median,
    DistinctCount,
    /// Seconds since the latest point in time.
    Freshness,
}

/// What kinds of columns a metric is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnNeed {
    Nothing,
    Any,
    Number,
    NumberOrBool,
    Time,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    Both,
    Up,
    Down,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seasonality {
    #[default]
    Auto,
    None,
    Weekday,
    HourOfDay,
    HourOfWeek,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    #[default]
    Auto,
    Level,
    Change,
}

/// The time that one point stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    Hour,
    #[default]
    Day,
    Week,
    Month,
}

fn three() -> f64 {
    3.0
}
fn seven() -> usize {
    7
}

impl Metric {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Metric::RowCount => "row_count",
            Metric::NullFraction => "null_fraction",
            Metric::Mean => "mean",
            Metric::Sum => "sum",
            Metric::Stddev => "stddev",
            Metric::Min => "min",
            Metric::Max => "max",
            Metric::Median => "median",
            Metric::DistinctCount => "distinct_count",
            Metric::Freshness => "freshness",
        }
    }

    /// The column that it takes.
    pub fn column_need(self) -> ColumnNeed {
        match self {
            Metric::RowCount => ColumnNeed::Nothing,
            Metric::NullFraction | Metric::DistinctCount => ColumnNeed::Any,
            Metric::Mean | Metric::Sum => ColumnNeed::NumberOrBool,
            Metric::Stddev | Metric::Min | Metric::Max | Metric::Median => ColumnNeed::Number,
            Metric::Freshness => ColumnNeed::Time,
        }
    }

    /// What the shared pass is asked for.
    pub fn test(self) -> Test {
        match self {
            Metric::RowCount => Test::Rows,
            Metric::NullFraction => Test::NotNull,
            Metric::Mean | Metric::Sum | Metric::Stddev | Metric::Min | Metric::Max => Test::Moments,
            Metric::Median | Metric::DistinctCount => Test::Profile,
            Metric::Freshness => Test::Latest,
        }
    }

    /// Whether no row makes it 0, instead of nothing.
    pub fn is_zero_without_rows(self) -> bool {
        matches!(self, Metric::RowCount | Metric::Sum)
    }

    /// The least and the greatest that it can be.
    pub fn range(self) -> (f64, f64) {
        match self {
            Metric::NullFraction => (0.0, 1.0),
            Metric::RowCount | Metric::Stddev | Metric::DistinctCount | Metric::Freshness => (0.0, f64::INFINITY),
            Metric::Mean | Metric::Sum | Metric::Min | Metric::Max | Metric::Median => {
                (f64::NEG_INFINITY, f64::INFINITY)
            }
        }
    }
}

impl Bucket {
    /// As users and PostgreSQL write it.
    pub fn name(self) -> &'static str {
        match self {
            Bucket::Hour => "hour",
            Bucket::Day => "day",
            Bucket::Week => "week",
            Bucket::Month => "month",
        }
    }

    /// In which places of time rows may come or not.
    pub fn season(self) -> Season {
        match self {
            Bucket::Hour => Season::HourOfWeek,
            Bucket::Day => Season::Weekday,
            Bucket::Week | Bucket::Month => Season::None,
        }
    }

    /// What is learned from unless something else is asked for.
    pub fn training_period(self) -> &'static str {
        match self {
            Bucket::Hour | Bucket::Day => "28 days",
            Bucket::Week => "1 year",
            Bucket::Month => "3 years",
        }
    }
}

impl Anomaly {
    /// Returns an error with 22023 for what the types of the arguments cannot say.
    pub fn require_sound(&self) -> Result<()> {
        let iso = |text: &String| text.get(..10).is_some_and(is_date);
        let wrong = if !(self.sensitivity > 0.0 && self.sensitivity <= 30.0) {
            "sensitivity must be above 0 and at most 30"
        } else if !(3..=10_000).contains(&self.min_points) {
            "min_points must be between 3 and 10000"
        } else if self.tolerance.is_some_and(|tolerance| tolerance < 0.0) {
            "tolerance must be at least 0"
        } else if !self.exclude.iter().all(|(from, to)| iso(from) && iso(to)) || !self.at.iter().all(iso) {
            "exclude and at take dates and timestamps that begin as 2026-01-31 does"
        } else if self.at.is_some() && self.timestamp_column.is_none() {
            "at needs a timestamp_column: runs of a check are judged as they are made"
        } else if self.model.is_some() && self.timestamp_column.is_none() {
            "model needs a timestamp_column, whose buckets it forecasts"
        } else if self.model.is_some() && (self.seasonality != Seasonality::Auto || self.compare != Compare::Auto) {
            "seasonality and compare are of the past, and have no meaning with model"
        } else if self.metric == Metric::Freshness && self.timestamp_column.is_some() {
            "freshness is known of the present only, so it takes no timestamp_column"
        } else if matches!(self.seasonality, Seasonality::HourOfDay | Seasonality::HourOfWeek)
            && self.bucket != Bucket::Hour
            || self.seasonality == Seasonality::Weekday && !matches!(self.bucket, Bucket::Hour | Bucket::Day)
        {
            "seasonality hour_of_day and hour_of_week need buckets of an hour, and weekday buckets of an hour or a day"
        } else {
            return Ok(());
        };
        Err(out_of_range("anomaly", wrong))
    }

    /// Returns an error with 22023 where a column is named and the metric takes none, or the other way round.
    pub fn require_column(&self, column: Option<&str>) -> Result<()> {
        let metric = self.metric.name();
        match (self.metric.column_need(), column) {
            (ColumnNeed::Nothing, Some(column)) => Err(Error::new(
                INVALID_PARAMETER,
                format!("{metric} is not about one column, but \"{column}\" is named"),
            )
            .hint("Leave column_name out, or name another metric.")),
            (ColumnNeed::Nothing, None) | (_, Some(_)) => Ok(()),
            (_, None) => {
                Err(Error::new(INVALID_PARAMETER, format!("{metric} needs a column")).hint("Name it with column_name."))
            }
        }
    }

    /// Whether it is about too much of something only, which no rows are not.
    pub fn accepts_less(&self) -> bool {
        self.direction == Direction::Up && self.metric.is_zero_without_rows()
    }

    /// How points are judged, for so many series together.
    pub fn params(&self, series: usize) -> anomaly::Params {
        let seasons = match (self.seasonality, self.bucket) {
            (Seasonality::Auto, Bucket::Hour) => {
                vec![Season::None, Season::HourOfDay, Season::Weekday, Season::HourOfWeek]
            }
            (Seasonality::Auto, Bucket::Day) => vec![Season::None, Season::Weekday],
            (Seasonality::Auto, _) | (Seasonality::None, _) => vec![Season::None],
            (Seasonality::Weekday, _) => vec![Season::Weekday],
            (Seasonality::HourOfDay, _) => vec![Season::HourOfDay],
            (Seasonality::HourOfWeek, _) => vec![Season::HourOfWeek],
        };
        anomaly::Params {
            sensitivity: self.sensitivity,
            direction: match self.direction {
                Direction::Both => anomaly::Direction::Both,
                Direction::Up => anomaly::Direction::Up,
                Direction::Down => anomaly::Direction::Down,
            },
            seasons,
            quantities: match self.compare {
                // An age does not grow from run to run.
                Compare::Auto if self.metric == Metric::Freshness => vec![Quantity::Level],
                Compare::Auto => vec![Quantity::Level, Quantity::Change],
                Compare::Level => vec![Quantity::Level],
                Compare::Change => vec![Quantity::Change],
            },
            tolerance: match self.metric {
                Metric::NullFraction => anomaly::Tolerance::Absolute(self.tolerance.unwrap_or(0.01)),
                _ => anomaly::Tolerance::Relative(self.tolerance.unwrap_or(0.05)),
            },
            min_points: self.min_points,
            range: self.metric.range(),
            series,
        }
    }
}

/// Whether a text is a date as ISO 8601 writes it.
pub fn is_date(text: &str) -> bool {
    let shape = text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    shape && text.len() == 10
}
