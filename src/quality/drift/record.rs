//! Drift over time: what the rows of a day were to a model, kept with it.

use std::collections::BTreeMap;
use std::time::Instant;

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::model;
use super::report::{DriftResult, ReportRow};
use crate::models::{self, Privilege};
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::settings::{self, Retention};
use crate::pg::text::{JsonB, Text};
use crate::pg::{processor, read_only, role, snapshot, tables};
use crate::quality::finding::short;
use crate::reliability::issues;
use crate::reliability::issues::finding::{Finding, Source, Status};

/// What is kept of a row of a report: all but its details, which take most of the room.
fn kept(row: &ReportRow) -> Json {
    // JSON has no NaN and no infinities; PostgreSQL reads them from texts.
    let number = |number: Option<f64>| number.map(|number| number.to_string());
    json!({
        "column_name": row.column_name, "method": row.method, "statistic": number(row.statistic), "threshold": number(row.threshold),
        "p_value": number(row.adjusted_p_value), "drifted": row.drifted, "importance": number(row.importance),
        "impact": number(row.impact), "null_share_reference": number(row.null_share_reference),
        "null_share_current": number(row.null_share_current), "reference_rows": row.reference_rows,
        "message": row.message.as_ref().map(ToString::to_string),
    })
}

/// Keeps a report with the version that it is about, and prunes the older ones of the model.
fn keep(reference: &str, query: &str, rows: &[ReportRow], duration_ms: f64, cpu_seconds: f64) -> Result<()> {
    let (model_id, version) = models::version_of(reference, Privilege::Manage)?;
    let results: Vec<Json> = rows.iter().map(kept).collect();
    let current_rows = rows.iter().map(|row| row.current_rows).max().unwrap_or(0);
    let ran_by = role::name_of(role::current());
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.drift_run (model_id, version, ran_by, query, rows, duration_ms, results, cpu_seconds)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                model_id.into(),
                version.into(),
                ran_by.into(),
                query.to_string().into(),
                current_rows.into(),
                duration_ms.into(),
                JsonB(Json::from(results)).into(),
                cpu_seconds.into(),
            ],
        )?;
        match settings::history_retention() {
            Retention::Seconds(seconds) => tables::write(
                "DELETE FROM assay.drift_run WHERE model_id OPERATOR(pg_catalog.=) $1 AND run_at OPERATOR(pg_catalog.<)
                     (pg_catalog.statement_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $2))",
                &[model_id.into(), f64::from(seconds).into()],
            ),
            Retention::Nothing | Retention::Forever => Ok(()),
        }
    })
}

/// What a report says of each column as a whole: a model's column has drifted where one of its rows is an alarm.
fn findings(reference: &str, rows: &[ReportRow]) -> Result<Vec<Finding>> {
    let (model_id, _) = models::version_of(reference, Privilege::Manage)?;
    let Some(model) = models::by_id(model_id)? else {
        return Ok(Vec::new());
    };
    let mut columns: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for row in rows {
        let (Some(column), Some(drifted)) = (row.column_name.as_deref(), row.drifted) else {
            continue;
        };
        let alarm = columns.entry(column).or_default();
        if let (true, None, Some(method)) = (drifted, &alarm, row.method) {
            let figure = |figure: Option<f64>| figure.map_or("nothing".into(), short);
            *alarm = Some(format!(
                "{method} is {}, the threshold {}.",
                figure(row.statistic),
                figure(row.threshold)
            ));
        }
    }
    let found = columns.into_iter().map(|(column, alarm)| {
        let status = if alarm.is_some() { Status::Fail } else { Status::Pass };
        Finding::of_model(&model, Source::Drift, column, status, alarm)
    });
    Ok(found.collect())
}

/// `record_drift(model, query, options)`.
#[pg_extern(sql = false)]
fn record_drift(model: Option<Text>, query: Option<Text>, options: Option<Jsonb>) -> SetOf<ReportRow> {
    read_only::require_writable(c"assay.record_drift()");
    let recorded = || {
        let (model, query) = (
            required("model", model.as_deref())?,
            required("query", query.as_deref())?,
        );
        let (begun, spent) = (Instant::now(), processor::seconds());
        let results = model::compare(model, query, object("options", options)?)?;
        let rows: Vec<ReportRow> = results.into_iter().map(DriftResult::into_row).collect();
        if settings::history_retention() != Retention::Nothing {
            keep(
                model,
                query,
                &rows,
                begun.elapsed().as_secs_f64() * 1e3,
                processor::seconds() - spent,
            )?;
        }
        issues::keep_all(findings(model, &rows)?, snapshot::time()?)?;
        Ok(rows)
    };
    set_of(or_raise(recorded()))
}
