//! Profiles: what every column of a relation looks like, from one pass over it.

use pgrx::{pg_extern, pg_sys};
use serde_json::{Value as Json, json};

use crate::pg::error::{Error, INVALID_PARAMETER, MISMATCHED_STATES, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::intake;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::state::{self, StateDatum};
use crate::pg::text::Text;
use crate::quality::pass::Pass;
use crate::quality::source::Source;
use crate::quality::value;
use algo::monitor::Monitor;
use algo::profile::{ColumnProfile, Point, Report};
use algo::scan::{PlanColumn, Scan};
use algo::state::State;

result_row! {
    /// What a column looks like.
    struct ProfileRow {
        column_name: String,
        data_type: String,
        rows: i64,
        nulls: i64,
        null_fraction: Option<f64>,
        empty: Option<i64>,
        distinct_estimate: i64,
        min: Option<String>,
        max: Option<String>,
        mean: Option<f64>,
        stddev: Option<f64>,
        p01: Option<f64>,
        p05: Option<f64>,
        p25: Option<f64>,
        p50: Option<f64>,
        p75: Option<f64>,
        p95: Option<f64>,
        p99: Option<f64>,
        zeros: Option<i64>,
        negatives: Option<i64>,
        top_values: Json,
        histogram: Option<Json>,
        meaning: String,
        details: Json,
    }
}

/// Reads the rows of a source once, for the profiles of all its columns. Returns an error with 42701 when two columns have one name, and with 22023
/// without a column.
pub fn scan_of(source: &Source) -> Result<Scan> {
    source.require_distinct_names()?;
    if source.columns().is_empty() {
        return Err(Error::new(INVALID_PARAMETER, "the query has no columns").hint("Name those to be profiled."));
    }
    let mut pass = Pass::default();
    for column in source.columns() {
        let place = pass.column(column);
        pass.profile(place);
    }
    let mut scans = pass.run(source)?.into_scans().into_iter();
    let first = scans
        .next()
        .ok_or_else(|| Error::new(INVALID_PARAMETER, "the query has no columns"))?;
    scans.try_fold(first, |all, scan| Ok(all.join_columns(scan)?))
}

/// The columns of a scan with their profiles.
pub fn columns(scan: &Scan) -> impl Iterator<Item = (&PlanColumn, &ColumnProfile)> {
    let plan = scan.plan();
    plan.profiled
        .iter()
        .map(|&column| &plan.columns[column])
        .zip(scan.profiles())
}

fn row(column: &PlanColumn, report: &Report) -> ProfileRow {
    let kind = column.kind;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let written = |point: &Point| intake::written(kind, &value::of_point(point));
    let present = report.rows - report.nulls;
    // Of times, quantiles are values of the type: they are in the details.
    let quantiles = report.quantiles.filter(|_| kind.is_number());
    let quantile = |place: usize| quantiles.map(|quantiles| quantiles[place]);
    let top: Vec<Json> = report
        .top
        .iter()
        .map(|(point, rows)| {
            let fraction = *rows as f64 / present.max(1) as f64;
            json!({ "value": value::json(kind, &value::of_point(point)), "rows": rows, "fraction": fraction })
        })
        .collect();
    let bins: Vec<Json> = report
        .histogram
        .iter()
        .map(|bin| json!({ "low": value::json_on_scale(kind, bin.low), "high": value::json_on_scale(kind, bin.high), "rows": bin.count.round() as u64 }))
        .collect();
    let mut details = report.details_json();
    if let (Some(quantiles), false, Json::Object(object)) = (report.quantiles, kind.is_number(), &mut details) {
        let names = ["p01", "p05", "p25", "p50", "p75", "p95", "p99"];
        object.extend(
            names
                .iter()
                .zip(quantiles)
                .map(|(name, value)| (name.to_string(), value::json_on_scale(kind, value))),
        );
    }
    ProfileRow {
        column_name: column.name.as_str().into(),
        data_type: column.type_name.as_str().into(),
        rows: count(report.rows),
        nulls: count(report.nulls),
        null_fraction: (report.rows > 0).then(|| report.nulls as f64 / report.rows as f64),
        empty: report.empty.map(count),
        distinct_estimate: report.distinct.round() as i64,
        min: report.min.as_ref().map(written),
        max: report.max.as_ref().map(written),
        mean: report.mean,
        stddev: report.stddev,
        p01: quantile(0),
        p05: quantile(1),
        p25: quantile(2),
        p50: quantile(3),
        p75: quantile(4),
        p95: quantile(5),
        p99: quantile(6),
        zeros: report.zeros.map(count),
        negatives: report.negatives.map(count),
        top_values: Json::Array(top),
        histogram: (!bins.is_empty()).then_some(Json::Array(bins)),
        meaning: report.meaning.name().into(),
        details,
    }
}

fn rows(scan: &Scan) -> Result<SetOf<ProfileRow>> {
    let monitor = Foreground::new()?;
    let mut rows = Vec::with_capacity(scan.profiles().len());
    for (column, profile) in columns(scan) {
        monitor.check()?;
        rows.push(row(column, &profile.report()));
    }
    Ok(set_of(rows))
}

fn of_query(query: Option<&str>) -> Result<Scan> {
    scan_of(&Source::open(required("query", query)?)?)
}

/// `profile(query)`.
#[pg_extern(sql = false)]
fn profile(query: Option<Text>) -> SetOf<ProfileRow> {
    or_raise(of_query(query.as_deref()).and_then(|scan| rows(&scan)))
}

/// `profile_state(query)`.
#[pg_extern(sql = false)]
fn profile_state(query: Option<Text>) -> StateDatum {
    or_raise(of_query(query.as_deref()).and_then(|scan| state::flat_datum(&State::from(scan))))
}

/// `profile_of(state)`.
#[pg_extern(sql = false)]
fn profile_of(fcinfo: pg_sys::FunctionCallInfo) -> SetOf<ProfileRow> {
    let rows = or_raise(state::look(fcinfo, 0, |state| match state {
        State::Scan(scan) => rows(scan.settled(&Foreground::new()?)?.as_ref()),
        other => Err(Error::new(
            MISMATCHED_STATES,
            format!("a state of {} holds no profile", other.kind()),
        )
        .hint("Make it with assay.profile_state.")),
    }));
    rows.unwrap_or_else(|| set_of([]))
}
