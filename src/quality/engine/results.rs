//! Findings as rows of `assay.check_result`.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::name;
use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use crate::pg::catalog;
use crate::pg::text::{JsonB, Prose, Text};
use crate::quality::engine::run::Outcome;
use crate::quality::finding::Status;
use crate::quality::spec::check::{Check, Malformed, Severity};

/// The columns of `assay.check_result`, in order.
pub type ResultRow = (
    name!(check_id, Option<i64>),
    name!(name, Text),
    name!(kind, Text),
    name!(relation, Text),
    name!(column_name, Option<Text>),
    name!(segment, Option<JsonB>),
    name!(status, Text),
    name!(severity, Text),
    name!(metric, Option<Text>),
    name!(value, Option<f64>),
    name!(threshold, Option<Text>),
    name!(rows_evaluated, Option<i64>),
    name!(rows_failed, Option<i64>),
    name!(fraction_failed, Option<f64>),
    name!(null_rows, Option<i64>),
    name!(sample, Option<JsonB>),
    name!(duration_ms, Option<f64>),
    name!(message, Option<Prose>),
    name!(fraction_low, Option<f64>),
    name!(fraction_high, Option<f64>),
    name!(p_value, Option<f64>),
    name!(role, Text),
    name!(snapshot_at, TimestampWithTimeZone),
);

/// The rows of a set of results.
pub type Results = TableIterator<'static, ResultRow>;

/// The rows of one check that ran as a role, one per segment.
pub fn rows(check: &Check, relation: &str, outcome: Outcome, role: Oid, at: TimestampWithTimeZone) -> Vec<ResultRow> {
    let role = catalog::role_name(role);
    let count = |count: Option<u64>| count.and_then(|count| i64::try_from(count).ok());
    outcome
        .findings
        .into_iter()
        .map(|finding| {
            let status = finding.status(check);
            let judged = !matches!(status, Status::Error);
            (
                check.id,
                check.name.as_str().into(),
                check.kind.into(),
                relation.into(),
                check.column.as_deref().map(Text::from),
                finding.segment.clone().map(JsonB),
                status.name().into(),
                check.severity.name().into(),
                judged.then(|| finding.metric.into()),
                finding.value,
                judged.then(|| finding.threshold(check).into()),
                count(finding.rows),
                count(finding.failed),
                finding.fraction(),
                count(finding.nulls),
                finding.sample.clone().map(JsonB),
                Some(outcome.milliseconds),
                finding.message.clone().map(Prose::from),
                finding.interval.map(|(low, _)| low),
                finding.interval.map(|(_, high)| high),
                finding.p_value,
                role.as_str().into(),
                at,
            )
        })
        .collect()
}

/// What everybody may see of a check's rows: one row, with the worst of their statuses. Segments are values, and so are figures.
pub fn without_figures(rows: Vec<ResultRow>) -> Option<ResultRow> {
    let worst = rows
        .into_iter()
        .max_by_key(|row| Status::named(&row.6).map(Status::rank))?;
    let (check_id, name, kind, relation, severity, role, at) =
        (worst.0, worst.1, worst.2, worst.3, worst.7, worst.21, worst.22);
    Some((
        check_id, name, kind, relation, None, None, worst.6, severity, None, None, None, None, None, None, None, None,
        None, None, None, None, None, role, at,
    ))
}

/// The row of what is no check.
pub fn malformed(check: Malformed, relation: &str, at: TimestampWithTimeZone) -> ResultRow {
    (
        None,
        check.name.into(),
        check.kind.into(),
        relation.into(),
        check.column.map(Text::from),
        None,
        Status::Error.name().into(),
        Severity::default().name().into(),
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        Some(check.problem.into()),
        None,
        None,
        None,
        catalog::role_name(catalog::current_role()).into(),
        at,
    )
}

/// Whether a status name is one that a load must not pass with.
pub fn is_failure(status: &str) -> bool {
    [Status::Fail.name(), Status::Error.name()].contains(&status)
}

/// A result in one sentence.
pub fn told(row: &ResultRow) -> String {
    let (name, segment, message) = (&row.1, &row.5, &row.17);
    let of = segment
        .as_ref()
        .map(|segment| format!(" in {}", short(&segment.0)))
        .unwrap_or_default();
    // The caller may see no more of it.
    if row.8.is_none() && message.is_none() {
        return format!("\"{name}\": {}.", row.6);
    }
    let what = match (message, row.12, row.11) {
        (Some(message), ..) if *row.6 == *Status::Error.name() => format!("could not run: {message}"),
        (_, Some(failed), Some(rows)) => format!("{failed} of {rows} rows fail"),
        _ => {
            let value = row.9.map_or("nothing".to_string(), |value| value.to_string());
            format!(
                "{} is {value}, but must be {}",
                row.8.as_deref().unwrap_or("it"),
                row.10.as_deref().unwrap_or("otherwise")
            )
        }
    };
    // Failing values speak for themselves; what else a sample holds, the message says.
    let are_values = |sample: &&JsonB| {
        sample
            .0
            .as_array()
            .is_some_and(|values| values.iter().all(|v| !v.is_object()))
    };
    let sample = row.15.as_ref().filter(are_values);
    let sample = sample
        .map(|sample| format!(", such as {}", short(&sample.0)))
        .unwrap_or_default();
    let more = match message {
        Some(message) if *row.6 != *Status::Error.name() => format!(" ({message})"),
        _ => String::new(),
    };
    format!("\"{name}\"{of}: {what}{sample}{more}.")
}

/// A JSON value short enough for a message.
fn short(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
