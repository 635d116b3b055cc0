//! Whether a model still holds: what logged predictions turned out to be worth, and drift.

use super::{Card, rows_or_note};
use crate::pages::drift::{self, Finding};
use crate::pages::read::Row;
use crate::pages::{literal, read};
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Table};

/// Stretches of time, and columns, that are shown.
const MOST: usize = 26;

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("monitoring", "Monitoring").with(Block::Facts(vec![card.written("monitoring")]));
    if read::is_known("performance")? {
        let query = format!(
            "SELECT pg_catalog.to_char(p.bucket, 'YYYY-MM-DD') AS week, p.* FROM assay.performance({}, 'week') AS p WHERE p.segment IS NULL ORDER BY p.bucket DESC, p.version DESC",
            literal(&card.name)
        );
        match rows_or_note(&query, &mut section)? {
            Some(rows) if !rows.is_empty() => section.push(Block::Table(performance(card, &rows))),
            Some(_) => section.push(Block::missing(
                "No predictions are logged: assay.log_predictions(model, query, key) logs them.",
            )),
            None => {}
        }
    }
    if read::is_known("drift_history")? {
        let query = format!(
            "SELECT pg_catalog.to_char(d.run_at, 'YYYY-MM-DD HH24:MI TZH:TZM') AS at, d.* FROM assay.drift_history AS d WHERE {}
AND d.run_at OPERATOR(pg_catalog.=) (SELECT pg_catalog.max(x.run_at) FROM assay.drift_history AS x WHERE {}) ORDER BY d.drifted DESC NULLS LAST, d.impact DESC NULLS LAST LIMIT {MOST}",
            card.is_version("d"),
            card.is_version("x")
        );
        match rows_or_note(&query, &mut section)? {
            Some(rows) if !rows.is_empty() => section.push(Block::Table(drifted(&rows))),
            Some(_) => section.push(Block::missing(
                "No drift is recorded: assay.record_drift(model, query) records it.",
            )),
            None => {}
        }
    }
    Ok(section)
}

/// The metric by which versions are told apart, week by week, the latest first.
fn performance(card: &Card, rows: &[Row]) -> Table {
    let known = ["roc_auc", "log_loss", "rmse", "accuracy"];
    let metrics: Vec<String> = rows.iter().filter_map(|row| row.text("metric")).collect();
    let metric = known
        .iter()
        .find(|known| metrics.iter().any(|metric| metric == *known))
        .map_or("", |metric| *metric);
    let columns = vec![
        Column::text("week", 12),
        Column::number("version"),
        Column::number("rows"),
        Column::number("labelled"),
        Column::number("value"),
        Column::number("interval"),
        Column::number("estimated"),
        Column::rest("note"),
    ];
    let mut table = Table::new(
        &format!(
            "{metric} of the logged predictions of {}, the latest week first",
            card.name
        ),
        columns,
    );
    let of_metric = rows.iter().filter(|row| row.text("metric").as_deref() == Some(metric));
    table.rows.extend(of_metric.take(MOST).map(|row| {
        vec![
            row.text("week").map_or(Cell::Empty, Cell::Text),
            Cell::count(row.count("version")),
            Cell::count(row.count("rows")),
            Cell::count(row.count("labelled")),
            Cell::figure(row.number("value")),
            Cell::interval(row.number("low"), row.number("high")),
            Cell::figure(row.number("estimated")),
            row.text("note").map_or(Cell::Empty, Cell::Text),
        ]
    }));
    table.without_empty_columns()
}

/// What the last recorded run found.
fn drifted(rows: &[Row]) -> Table {
    let at = rows.first().and_then(|row| row.text("at")).unwrap_or_default();
    let findings = rows.iter().map(|row| Finding {
        name: row.text("column_name").unwrap_or_else(|| "all columns".into()),
        drifted: row.json("drifted").as_bool(),
        method: row.json("method").as_str(),
        statistic: row.number("statistic"),
        threshold: row.number("threshold"),
        adjusted_p_value: row.number("adjusted_p_value"),
        importance: row.number("importance"),
        impact: row.number("impact"),
        message: row.json("message").as_str(),
    });
    drift::table(&format!("Drift from the training rows, as recorded {at}"), findings)
}
