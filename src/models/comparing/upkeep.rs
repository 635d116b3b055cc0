//! `upkeep`: what a model takes.

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use pgrx::spi::quote_literal;

use crate::models::registry::{self, Privilege};
use crate::pg::error::{Error, INTERNAL, Result, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::tables;
use crate::pg::text::Text;

result_row! {
    /// What an activity took.
    struct UpkeepRow {
        activity: String,
        runs: Option<i64>,
        cpu_seconds: Option<f64>,
        duration: Option<Interval>,
        rows: Option<i64>,
        bytes: Option<i64>,
        last_at: Option<TimestampWithTimeZone>,
    }
}

/// What the registry knows, for a model's number: activity, runs, seconds of the processor and of the clock, rows, bytes, and when.
const KEPT: &str = "SELECT 'training'::pg_catalog.text, pg_catalog.count(*),
    CASE WHEN pg_catalog.count(v.cpu_seconds) OPERATOR(pg_catalog.=) pg_catalog.count(*) THEN pg_catalog.sum(v.cpu_seconds) END,
    pg_catalog.date_part('epoch', pg_catalog.sum(v.duration)), pg_catalog.sum(v.rows),
    pg_catalog.sum(pg_catalog.octet_length(v.bytes) OPERATOR(pg_catalog.+) pg_catalog.pg_column_size(v.statistics)),
    pg_catalog.max(v.trained_at), 1
FROM assay.model_version AS v WHERE v.model_id OPERATOR(pg_catalog.=) $model
UNION ALL
SELECT 'drift', pg_catalog.count(*), pg_catalog.sum(d.cpu_seconds), pg_catalog.sum(d.duration_ms) OPERATOR(pg_catalog./) 1000::pg_catalog.float8, pg_catalog.sum(d.rows),
    pg_catalog.sum(pg_catalog.pg_column_size(d.results)), pg_catalog.max(d.run_at), 3
FROM assay.drift_run AS d WHERE d.model_id OPERATOR(pg_catalog.=) $model
UNION ALL
SELECT CASE WHEN c.content OPERATOR(pg_catalog.=) 'decisions' THEN 'predictions' ELSE 'labels' END, pg_catalog.count(b.id), pg_catalog.sum(b.cpu_seconds), NULL,
    pg_catalog.sum(b.rows), pg_catalog.sum(b.bytes), pg_catalog.max(b.logged_at), CASE WHEN c.content OPERATOR(pg_catalog.=) 'decisions' THEN 4 ELSE 5 END
FROM (VALUES ('decisions'::pg_catalog.text), ('labels')) AS c(content)
LEFT JOIN assay.prediction_batch AS b ON b.content OPERATOR(pg_catalog.=) c.content AND b.model_id OPERATOR(pg_catalog.=) $model
GROUP BY c.content
ORDER BY 8";

/// What the caller may see of the checks on what a model's trainings read, by the names of that, then and now. Results of one run of a check stand
/// under one time, and each has what the whole check took.
const CHECKS: &str = "SELECT 'checks'::pg_catalog.text, pg_catalog.count(*),
    CASE WHEN pg_catalog.count(r.cpu_seconds) OPERATOR(pg_catalog.=) pg_catalog.count(*) THEN pg_catalog.sum(r.cpu_seconds) END,
    pg_catalog.sum(r.milliseconds) OPERATOR(pg_catalog./) 1000::pg_catalog.float8, pg_catalog.sum(r.rows), pg_catalog.sum(r.bytes), pg_catalog.max(r.run_at)
FROM (
    SELECT h.check_id, h.run_at, pg_catalog.max(h.cpu_seconds) AS cpu_seconds, pg_catalog.max(h.duration_ms) AS milliseconds,
        pg_catalog.sum(h.rows_evaluated) AS rows, pg_catalog.sum(pg_catalog.pg_column_size(h)) AS bytes
    FROM assay.check_history AS h
    WHERE h.relation OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT s.relation_name FROM assay.model_sources AS s WHERE s.model OPERATOR(pg_catalog.=) $model
        UNION
        SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM assay.model_sources AS s
        JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) s.relation::pg_catalog.oid
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE s.model OPERATOR(pg_catalog.=) $model))
    GROUP BY h.check_id, h.run_at) AS r";

/// `upkeep(model)`.
#[pg_extern(sql = false)]
fn upkeep(model: Option<Text>) -> SetOf<UpkeepRow> {
    let rows = || {
        let name = required("model", model)?;
        let entry = registry::open(&name, Privilege::Manage)?;
        let number = entry.id.to_string();
        let mut rows = tables::as_owner(|| read(&KEPT.replace("$model", &number)))?;
        let checks = read(&CHECKS.replace("$model", &quote_literal(&*name)))?;
        rows.splice(1..1, checks);
        Ok(rows)
    };
    set_of(or_raise::<Vec<UpkeepRow>>(rows()))
}

fn read(query: &str) -> Result<Vec<UpkeepRow>> {
    let mut rows = Vec::new();
    Query::new(query)?.run(&mut |row| {
        rows.push(activity(row)?);
        Ok(())
    })?;
    Ok(rows)
}

fn activity(row: &Row<'_>) -> Result<UpkeepRow> {
    let number = |column: usize| match row.value(column) {
        Value::Number(number) => Some(number),
        Value::Missing | Value::Text(_) | Value::Enum(_) | Value::Vector(_) => None,
    };
    let whole = |column: usize| number(column).map(|number| number as i64);
    let last_at = number(6).map(|seconds| TimestampWithTimeZone::try_from((seconds * 1e6).round() as i64));
    Ok(UpkeepRow {
        activity: match row.value(0) {
            Value::Text(text) => text.into_owned(),
            Value::Missing | Value::Number(_) | Value::Enum(_) | Value::Vector(_) => String::new(),
        },
        runs: whole(1),
        cpu_seconds: number(2),
        duration: number(3).map(Interval::from_seconds),
        rows: whole(4),
        bytes: whole(5),
        last_at: last_at
            .transpose()
            .map_err(|problem| Error::new(INTERNAL, format!("a stored time is wrong: {problem:?}")))?,
    })
}
