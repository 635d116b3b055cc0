//! The versions of a model and its deployments.

use super::{Card, rows_or_note};
use crate::pages::{literal, read};
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Table};

/// Metrics by which versions are commonly told apart; the first that a version has is shown.
pub(super) const METRICS: [&str; 6] = ["roc_auc", "log_loss", "accuracy", "rmse", "mae", "silhouette"];
const MOST: usize = 30;

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("changes", "Changes");
    let versions = read::rows(&format!(
        "SELECT v.version, v.algorithm, v.deployed, v.rows, v.features, v.metrics, v.trained_by, pg_catalog.to_char(v.trained_at, 'YYYY-MM-DD HH24:MI TZH:TZM') AS trained
FROM assay.model_versions AS v WHERE v.model OPERATOR(pg_catalog.=) {} ORDER BY v.version DESC LIMIT {MOST}",
        literal(&card.name)
    ))?;
    let metric = METRICS
        .into_iter()
        .find(|metric| card.version.json("metrics")[*metric].is_number());
    let columns = vec![
        Column::number("version"),
        Column::text("algorithm", 24),
        Column::number(metric.unwrap_or("metric")),
        Column::number("rows"),
        Column::number("features"),
        Column::text("trained", 24),
        Column::text("by", 20),
        Column::text("", 16),
    ];
    let mut table = Table::new("Versions, the newest first", columns);
    table.rows.extend(versions.iter().map(|row| {
        let is_this = row.count("version") == Some(i64::from(card.number));
        let mark = match (row.flag("deployed"), is_this) {
            (true, _) => "deployed",
            (false, true) => "this one",
            (false, false) => "",
        };
        vec![
            Cell::count(row.count("version")),
            row.text("algorithm").map_or(Cell::Empty, Cell::Text),
            Cell::figure(metric.and_then(|metric| read::number(&row.json("metrics")[metric]))),
            Cell::count(row.count("rows")),
            Cell::count(row.count("features")),
            row.text("trained").map_or(Cell::Empty, Cell::Text),
            row.text("trained_by").map_or(Cell::Empty, Cell::Text),
            Cell::text(mark),
        ]
    }));
    section.push(Block::Table(table.without_empty_columns()));
    let deployments = read::rows(&format!(
        "SELECT d.version, d.replaced, d.deployed_by, pg_catalog.to_char(d.deployed_at, 'YYYY-MM-DD HH24:MI TZH:TZM') AS deployed
FROM assay.deployments AS d WHERE d.model OPERATOR(pg_catalog.=) {} ORDER BY d.deployed_at DESC LIMIT {MOST}",
        literal(&card.name)
    ))?;
    if !deployments.is_empty() {
        let columns = vec![
            Column::text("deployed", 24),
            Column::number("version"),
            Column::number("in place of"),
            Column::text("by", 20),
        ];
        let mut table = Table::new("Deployments, the newest first", columns);
        table.rows.extend(deployments.iter().map(|row| {
            vec![
                row.text("deployed").map_or(Cell::Empty, Cell::Text),
                Cell::count(row.count("version")),
                Cell::count(row.count("replaced")),
                row.text("deployed_by").map_or(Cell::Empty, Cell::Text),
            ]
        }));
        section.push(Block::Table(table.without_empty_columns()));
    }
    if read::is_known("promotions")? {
        let query = format!(
            "SELECT p.*, pg_catalog.to_char(p.decided_at, 'YYYY-MM-DD HH24:MI TZH:TZM') AS decided FROM assay.promotions AS p
WHERE p.model OPERATOR(pg_catalog.=) {} ORDER BY p.decided_at DESC LIMIT {MOST}",
            literal(&card.name)
        );
        if let Some(rows) = rows_or_note(&query, &mut section)?.filter(|rows| !rows.is_empty()) {
            section.push(Block::Table(promotions(&rows)));
        }
    }
    Ok(section)
}

/// The tests by which versions took the place of others.
fn promotions(rows: &[read::Row]) -> Table {
    let columns = vec![
        Column::text("decided", 24),
        Column::number("champion"),
        Column::number("challenger"),
        Column::text("metric", 14),
        Column::number("difference"),
        Column::number("interval"),
        Column::number("p"),
        Column::text("deployed", 8),
        Column::rest("reason"),
    ];
    let mut table = Table::new("Tests of challengers, the newest first", columns);
    table.rows.extend(rows.iter().map(|row| {
        vec![
            row.text("decided").map_or(Cell::Empty, Cell::Text),
            Cell::count(row.count("champion")),
            Cell::count(row.count("challenger")),
            row.text("metric").map_or(Cell::Empty, Cell::Text),
            Cell::figure(row.number("difference")),
            Cell::interval(row.number("low"), row.number("high")),
            row.number("p_value").map_or(Cell::Empty, Cell::PValue),
            Cell::text(if row.flag("deployed") { "yes" } else { "no" }),
            row.text("reason").map_or(Cell::Empty, Cell::Text),
        ]
    }));
    table.without_empty_columns()
}
