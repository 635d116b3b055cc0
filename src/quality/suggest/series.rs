//! Checks of rows that go on coming: that none are missing, none are of the future, and that the last day is like those before it.

use serde_json::{Map, Value as Json, json};

use super::column::{Column, longest_gap};
use super::proposal::Proposal;
use super::stuck;
use crate::pg::error::Result;
use crate::quality::source::Source;
use algo::block::Kind;
use algo::profile::Calendar;

/// Columns whose figures are watched.
const MOST_COLUMNS: usize = 10;

/// The column of the time at which rows happen: on most days until now there are some.
fn time<'c, 'a>(columns: &'c [Column<'a>], today: i64) -> Option<(&'c Column<'a>, Calendar)> {
    const FEWEST_DAYS: u64 = 14;
    let of = |column: &'c Column<'a>| {
        let calendar = column.running(today)?;
        let is_dense = calendar.filled >= FEWEST_DAYS && calendar.filled * 10 >= calendar.span * 6;
        is_dense.then_some((column, calendar))
    };
    columns.iter().find_map(of)
}

/// What is suggested of a source's rows over time; `origin` is the column that says where rows are from.
pub fn proposals(
    source: &Source,
    columns: &[Column<'_>],
    origin: Option<&str>,
    today: i64,
) -> Result<Vec<Vec<Proposal>>> {
    let Some((time, calendar)) = time(columns, today) else {
        return Ok(Vec::new());
    };
    let mut groups = vec![vec![not_in_future(time)]];
    groups.extend(no_gaps(time, &calendar).map(|proposal| vec![proposal]));
    let watch = |column: Option<&str>, metric: &str, reason: String| {
        let mut args = Map::new();
        args.insert("timestamp_column".into(), json!(time.name));
        if metric != "row_count" {
            args.insert("metric".into(), json!(metric));
        }
        let proposal = |by| Proposal::new("anomaly", column, Json::Object(args.clone()), reason.clone()).by(by);
        match origin {
            // Of few rows a day of each the figures of all together say more.
            Some(_) => vec![proposal(origin), proposal(None)],
            None => vec![proposal(None)],
        }
    };
    let days = format!("{} days have rows", calendar.filled);
    groups.push(watch(
        None,
        "row_count",
        format!("{days}; the last one has as many as those before it"),
    ));
    let others = || {
        columns
            .iter()
            .filter(|column| column.name != time.name && !column.says_nothing())
    };
    let with_nulls = others().filter(|column| column.nulls > 0).take(MOST_COLUMNS);
    groups.extend(with_nulls.map(|column| {
        let reason = format!("{days}; the share of NULLs of the last one is that of those before it");
        watch(Some(column.name), "null_fraction", reason)
    }));
    let measured = others().filter(|column| column.is_measured()).take(MOST_COLUMNS);
    groups.extend(measured.map(|column| {
        let reason = format!("{days}; the mean of the last one is that of those before it");
        watch(Some(column.name), "mean", reason)
    }));
    groups.extend(stuck::proposals(source, others(), time, origin)?);
    Ok(groups)
}

fn not_in_future(time: &Column<'_>) -> Proposal {
    let now = match time.kind {
        Kind::Date => "CURRENT_DATE",
        Kind::Timestamp => "LOCALTIMESTAMP",
        _ => "CURRENT_TIMESTAMP",
    };
    let args = json!({ "expression": format!("<= {now}") });
    time.holding("expression_is_true", args, "no row is of the future".into())
}

/// That no day is missing; of days without rows that there are, such as weekends, no more follow each other than twice as many.
fn no_gaps(time: &Column<'_>, calendar: &Calendar) -> Option<Proposal> {
    /// Longer ones say nothing.
    const LONGEST: i64 = 4;
    let gap = longest_gap(calendar);
    if gap > LONGEST {
        return None;
    }
    let steps = match (gap, time.kind) {
        // From day to day.
        (0, Kind::Date) => 1,
        // From the morning of one to the evening of the next.
        (0, _) => 2,
        (gap, _) => 2 * gap + 1,
    };
    let reason = match gap {
        0 => format!("none of {} days is without a row", calendar.filled),
        gap => format!("of {} days no more than {gap} in a row are without one", calendar.span),
    };
    Some(time.holding("no_gaps", json!({ "datepart": "day", "interval": steps }), reason))
}
