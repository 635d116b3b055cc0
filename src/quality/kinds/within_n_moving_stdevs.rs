//! `within_n_moving_stdevs`: that the sum of each of the last periods of time is as those before it let expect, with the arguments of
//! expect_column_values_to_be_within_n_moving_stdevs of dbt_expectations. The calendar is that of the session's time zone.
//!
//! Other than there, growth is told over periods of the calendar, whether those between have rows or not; the first period, which has none before
//! it, has no growth; and where the sums of the window are all the same, any other one deviates.

use hashbrown::HashMap;
use pgrx::pg_sys;
use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::common::figure;
use super::common::literal::value_of;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Value;
use crate::pg::tables;
use crate::quality::finding::{Finding, short};
use crate::quality::grouping::Group;
use crate::quality::spec::{Need, Needs};
use algo::block::Kind;
use algo::quality::moving::{Judged, Window};
use algo::scan::{Constant, Measure, Segment, Tally, Test};

pub static WITHIN_N_MOVING_STDEVS: CheckKind = CheckKind {
    name: "within_n_moving_stdevs",
    needs: Needs {
        column: Need::Optional,
        ..Needs::FIGURE
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(WithinNMovingStdevs::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithinNMovingStdevs {
    #[serde(alias = "timestamp_column")]
    date_column_name: String,
    #[serde(default)]
    period: Period,
    /// How many periods before a sum is the one that its growth is told from.
    #[serde(default = "one")]
    lookback_periods: u16,
    /// How many periods make the window.
    #[serde(default = "seven")]
    trend_periods: u16,
    /// How many periods are judged, up to the last one that is over.
    #[serde(default = "fourteen")]
    test_periods: u16,
    #[serde(default = "three")]
    sigma_threshold: f64,
    sigma_threshold_lower: Option<f64>,
    sigma_threshold_upper: Option<f64>,
    #[serde(default = "yes")]
    take_diffs: bool,
    #[serde(default = "yes")]
    take_logs: bool,
    /// As of when; now, if it is not said.
    at: Option<String>,
}

fn one() -> u16 {
    1
}

fn seven() -> u16 {
    7
}

fn fourteen() -> u16 {
    14
}

fn three() -> f64 {
    3.0
}

fn yes() -> bool {
    true
}

/// The most periods that are read.
const MOST: u32 = 5000;
/// The most periods that a sample names.
const SHOWN: usize = 5;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Period {
    Hour,
    #[default]
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    fn name(self) -> &'static str {
        match self {
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
            Period::Quarter => "quarter",
            Period::Year => "year",
        }
    }

    /// Its length as PostgreSQL reads it.
    fn length(self) -> &'static str {
        match self {
            Period::Quarter => "3 months",
            Period::Hour => "1 hour",
            Period::Day => "1 day",
            Period::Week => "1 week",
            Period::Month => "1 month",
            Period::Year => "1 year",
        }
    }
}

impl WithinNMovingStdevs {
    fn problem(&self) -> Option<&'static str> {
        let (lower, upper) = self.bounds();
        if self.lookback_periods == 0 || self.test_periods == 0 || self.trend_periods < 2 {
            return Some("lookback_periods and test_periods must be at least 1, trend_periods at least 2");
        }
        if self.periods() > MOST {
            return Some("lookback_periods, trend_periods and test_periods must be at most 5000 together");
        }
        if !(self.sigma_threshold > 0.0 && self.sigma_threshold.is_finite()) {
            return Some("sigma_threshold must be above 0");
        }
        (!(lower < upper && lower.is_finite() && upper.is_finite()))
            .then_some("sigma_threshold_lower must be below sigma_threshold_upper: the lower one is negative")
    }

    /// How many standard deviations from the mean are usual.
    fn bounds(&self) -> (f64, f64) {
        (
            self.sigma_threshold_lower.unwrap_or(-self.sigma_threshold),
            self.sigma_threshold_upper.unwrap_or(self.sigma_threshold),
        )
    }

    fn window(&self) -> Window {
        Window {
            trend: usize::from(self.trend_periods),
            growth_over: self.take_diffs.then(|| usize::from(self.lookback_periods)),
            logarithms: self.take_logs,
            bounds: self.bounds(),
        }
    }

    /// The periods that are read: those that are judged, and those that they are compared with.
    fn periods(&self) -> u32 {
        let growth = if self.take_diffs { self.lookback_periods } else { 0 };
        u32::from(self.test_periods) + u32::from(self.trend_periods) + u32::from(growth)
    }

    fn bucket(&self, column: &OutputColumn) -> Group {
        let period = self.period.name();
        Group {
            name: format!("{period}({})", column.name),
            sql: format!(
                "pg_catalog.date_trunc('{period}', {}::pg_catalog.timestamp)",
                value_of(column)
            ),
            type_oid: pg_sys::TIMESTAMPOID,
            type_name: "timestamp without time zone".into(),
        }
    }
}

/// The periods that are read, from the oldest.
struct Calendar {
    /// Where each begins in local time: microseconds since 2000-01-01, and as PostgreSQL writes it.
    starts: Vec<(i64, String)>,
    /// Where the last one ends.
    until: String,
}

impl Calendar {
    /// PostgreSQL's errors for a text that is no point in time pass through.
    fn read(args: &WithinNMovingStdevs) -> Result<Calendar> {
        let at = match &args.at {
            Some(at) => format!("{}::pg_catalog.timestamptz", quote_literal(at)),
            None => "pg_catalog.statement_timestamp()".into(),
        };
        let sql = format!(
            "SELECT b, pg_catalog.to_char(b, 'YYYY-MM-DD HH24:MI:SS')
FROM pg_catalog.generate_series(0, {}) AS i,
    LATERAL (SELECT pg_catalog.date_trunc('{}', ({at})::pg_catalog.timestamp) OPERATOR(pg_catalog.-) (i::pg_catalog.float8 OPERATOR(pg_catalog.*) '{}'::pg_catalog.interval) AS b) AS period
WHERE pg_catalog.isfinite(b) ORDER BY b",
            args.periods(),
            args.period.name(),
            args.period.length(),
        );
        let mut starts: Vec<(i64, String)> = Vec::new();
        tables::as_owner(|| {
            Query::new(&sql)?.run(&mut |row| {
                if let (Value::Number(start), Value::Text(text)) = (row.value(0), row.value(1)) {
                    starts.push(((start * 1e6).round() as i64, text.into_owned()));
                }
                Ok(())
            })
        })?;
        match starts.pop() {
            Some((_, until)) => Ok(Calendar { starts, until }),
            None => Err(Error::new(INVALID_PARAMETER, "at is not finite").hint("Give a point in time.")),
        }
    }

    /// The condition that a row is in one of the periods, and meets the check's own.
    fn within(&self, column: &OutputColumn, filter: Option<&str>) -> String {
        let value = format!("{}::pg_catalog.timestamp", pgrx::spi::quote_identifier(&column.name));
        let own = filter.map(|filter| format!("(\n{filter}\n) AND ")).unwrap_or_default();
        let from = self.starts.first().map_or(self.until.as_str(), |(_, text)| text);
        format!(
            "{own}{value} OPERATOR(pg_catalog.>=) '{from}'::pg_catalog.timestamp AND {value} OPERATOR(pg_catalog.<) '{}'::pg_catalog.timestamp",
            self.until
        )
    }
}

/// One segment's sums.
struct Series {
    segment: Option<Segment>,
    /// By the place of their period.
    sums: Vec<Option<f64>>,
    rows: u64,
    nulls: u64,
}

/// The figure of one period: the sum, or where no column is named the number of rows.
fn sum(tally: &Tally) -> Option<f64> {
    match tally.measure() {
        Measure::Moments(moments, sum) => (moments.count() > 0).then(|| sum.value()),
        _ => Some(tally.rows as f64),
    }
    .filter(|sum| sum.is_finite())
}

impl WithinNMovingStdevs {
    /// The sums of each segment, which was grouped by period last.
    fn series(&self, calendar: &Calendar, answer: &Answer<'_>) -> Vec<Series> {
        let places: HashMap<i64, usize> = calendar.starts.iter().map(|(start, _)| *start).zip(0..).collect();
        let mut all: Vec<Series> = Vec::new();
        let is_grouped = !answer.grouping.groups.is_empty();
        for counted in &answer.segments {
            let Some((Some(Constant::Integer(start)), values)) = counted.values.and_then(|values| values.split_last())
            else {
                continue;
            };
            let segment = is_grouped.then(|| values.to_vec());
            // Segments are sorted, so that equal ones stand together.
            if all.last().is_none_or(|last| last.segment != segment) {
                all.push(Series {
                    segment,
                    sums: vec![None; calendar.starts.len()],
                    rows: 0,
                    nulls: 0,
                });
            }
            if let (Some(series), Some(&place)) = (all.last_mut(), places.get(start)) {
                series.sums[place] = sum(counted.tally);
                series.rows += counted.tally.rows;
                series.nulls += counted.tally.nulls;
            }
        }
        all
    }

    /// Returns an error with 22023 where a sum has no logarithm.
    fn judge(&self, calendar: &Calendar, series: &Series) -> Result<Vec<Judged>> {
        let window = self.window();
        let untaken = |sum: &Option<f64>| sum.is_some_and(|sum| !window.takes(sum));
        if let Some(place) = series.sums.iter().position(untaken) {
            return Err(
                Error::new(INVALID_PARAMETER, "take_logs is for sums that are not negative")
                    .detail(format!(
                        "That of {} is {}.",
                        calendar.starts[place].1,
                        series.sums[place].unwrap_or_default()
                    ))
                    .hint("Set \"take_logs\" to false."),
            );
        }
        let from = calendar.starts.len().saturating_sub(usize::from(self.test_periods));
        Ok(window.judge(&series.sums, from))
    }

    fn finding(&self, calendar: &Calendar, series: &Series, answer: &Answer<'_>, of_column: bool) -> Result<Finding> {
        const METRIC: &str = "periods_failed";
        let judged = self.judge(calendar, series)?;
        let failing: Vec<&Judged> = judged.iter().filter(|one| one.deviates).collect();
        let periods = match judged.len() {
            0 | 1 => format!("no {}", self.period.name()),
            several => format!("none of {several} {}s", self.period.name()),
        };
        let threshold = format!("{periods} outside");
        let mut finding = match judged.len() {
            0 => figure::too_little(METRIC, threshold),
            _ => Finding::figure(METRIC, Some(failing.len() as f64), threshold, failing.is_empty()),
        };
        let number = |number: f64| short(number).parse::<f64>().ok().filter(|number| number.is_finite());
        let shown: Vec<Json> = failing
            .iter()
            .take(SHOWN)
            .map(|one| {
                json!({
                    self.period.name(): self.written(&calendar.starts[one.place].1), "value": number(one.figure),
                    "low": number(one.low), "high": number(one.high),
                })
            })
            .collect();
        finding.sample = (!shown.is_empty()).then_some(Json::Array(shown));
        finding.segment = series.segment.as_ref().map(|segment| answer.grouping.json(segment));
        finding.rows = Some(series.rows);
        finding.nulls = of_column.then_some(series.nulls);
        Ok(finding)
    }

    /// Where a period begins, for people.
    fn written<'s>(&self, start: &'s str) -> &'s str {
        match self.period {
            Period::Hour => start,
            Period::Day | Period::Week | Period::Month | Period::Quarter | Period::Year => {
                start.split_once(' ').map_or(start, |(day, _)| day)
            }
        }
    }

    /// The condition that a row q is in a period that fails.
    fn condition(&self, calendar: &Calendar, bucket: &Group, answer: &Answer<'_>) -> Result<String> {
        let mut conditions: Vec<String> = Vec::new();
        for series in self.series(calendar, answer) {
            let judged = self.judge(calendar, &series)?;
            let failing = judged.iter().filter(|one| one.deviates);
            let starts: Vec<String> = failing
                .map(|one| format!("'{}'::pg_catalog.timestamp", calendar.starts[one.place].1))
                .collect();
            if !starts.is_empty() {
                let segment = series
                    .segment
                    .as_ref()
                    .map(|segment| answer.grouping.condition(segment));
                let segment = segment.map(|segment| format!("{segment} AND ")).unwrap_or_default();
                conditions.push(format!("({segment}{} IN ({}))", bucket.sql, starts.join(", ")));
            }
        }
        Ok(match conditions.is_empty() {
            true => "false".into(),
            false => conditions.join(" OR "),
        })
    }
}

impl Assertion for WithinNMovingStdevs {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.optional_column()?;
        if let Some(column) = column {
            planner.require(
                column,
                |kind| kind.is_number() || kind == Kind::Bool,
                "a number or boolean",
            )?;
        }
        let time = planner.source.require_column(&self.date_column_name)?;
        planner.require(time, Kind::is_time, "a date or timestamp")?;
        let (calendar, bucket) = (Calendar::read(self)?, self.bucket(time));
        let filter = planner.condition(&calendar.within(time, planner.spec.filter.as_deref()));
        let input = column.map(|column| planner.input(column));
        let test = if column.is_some() { Test::Moments } else { Test::Rows };
        let failing_calendar = Calendar::read(self)?;
        let of_bucket = bucket.clone();
        let inquiry = planner.ask_within(input, Some(filter), Some(&bucket), test, move |answer| {
            let mut series = self.series(&calendar, answer);
            if series.is_empty() && answer.grouping.groups.is_empty() {
                series.push(Series {
                    segment: None,
                    sums: Vec::new(),
                    rows: 0,
                    nulls: 0,
                });
            }
            let findings = series.iter();
            findings
                .map(|series| self.finding(&calendar, series, answer, column.is_some()))
                .collect()
        })?;
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Answered(Box::new(move |answer| {
                let condition = self.condition(&failing_calendar, &of_bucket, answer)?;
                Ok(RowCondition::Alone(condition))
            })),
        })
    }
}
