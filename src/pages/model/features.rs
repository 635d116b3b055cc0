//! What a model reads, and what becomes of a value that is missing.

use serde_json::Value as Json;

use super::{Card, rows_or_note};
use crate::pages::columns::quoted_if_blank;
use crate::pages::read::Row;
use crate::pages::{literal, read};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Table, ValueSummary};

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("features", "Features");
    if !card.is_managed {
        let names = read::rows(&format!("SELECT assay.features({}) AS names", literal(&card.reference)))?;
        let names = names.first().map(|row| row.texts("names")).unwrap_or_default();
        section.push(Block::paragraph(format!("It reads: {}.", names.join(", "))));
        section.push(Block::missing(
            "Their values in the training rows, and what is put in place of a missing one, are shown to those who may manage the model.",
        ));
        return Ok(section);
    }
    let query = format!("SELECT * FROM assay.feature_info({})", literal(&card.reference));
    let Some(rows) = rows_or_note(&query, &mut section)? else {
        return Ok(section);
    };
    let columns = vec![
        Column::text("feature", 30),
        Column::text("type", 18),
        Column::number("missing"),
        Column::text("what a missing value becomes", 36),
        Column::rest("values (least .. mean .. greatest)"),
    ];
    let mut table = Table::new("", columns);
    for row in &rows {
        serve_interrupts();
        let share = row
            .count("nulls")
            .zip(row.count("rows"))
            .map(|(nulls, rows)| nulls as f64 / rows.max(1) as f64);
        table.rows.push(vec![
            row.text("feature").map_or(Cell::Empty, Cell::Text),
            row.text("type").map_or(Cell::Empty, Cell::Text),
            Cell::share(share),
            Cell::Text(missing_policy(card, row)),
            Cell::Values(values(row)),
        ]);
    }
    section.push(Block::Table(table));
    Ok(section)
}

/// What is done with a missing value: what a step of preprocessing puts in its place, else what the learner does.
fn missing_policy(card: &Card, row: &Row) -> String {
    let steps = row.json("steps").as_array();
    let imputed = steps.into_iter().flatten().find(|step| step["step"] == "impute");
    if let Some(step) = imputed {
        let value = step.get("value").and_then(read::text).unwrap_or_default();
        let put = match step["method"].as_str() {
            Some("constant") => format!("the constant {value}"),
            Some("most_frequent") => format!("the most frequent of the training rows: {value}"),
            Some(method) => format!("the {method} of the training rows: {value}"),
            None => value,
        };
        return match step["indicator"].as_bool() {
            Some(true) => format!("{put}; a feature of its own says that it was missing"),
            Some(false) | None => put,
        };
    }
    let is_category = row.count("categories").is_some();
    let algorithm = card.version.text("algorithm").unwrap_or_default();
    let is_tree = [
        "gradient_boosting",
        "random_forest",
        "decision_tree",
        "isolation_forest",
    ]
    .contains(&algorithm.as_str());
    match (is_tree, is_category, algorithm.as_str()) {
        (true, ..) => "kept: each split sends it to the better side".into(),
        (false, _, "naive_bayes") => "left out of the product".into(),
        (false, true, _) => "a category of its own".into(),
        (false, false, _) => match row.number("mean") {
            Some(mean) if is_boolean(row) => {
                format!(
                    "the share of true ones in the training rows: {}",
                    algo::page::number::figure(mean)
                )
            }
            Some(mean) => format!("the mean of the training rows: {}", algo::page::number::figure(mean)),
            None => "the mean of the training rows".into(),
        },
    }
}

fn is_boolean(row: &Row) -> bool {
    row.text("type").as_deref() == Some("boolean")
}

/// The values of a feature in few words.
fn values(row: &Row) -> ValueSummary {
    let rows = row.count("rows").unwrap_or(0).max(0) as u64;
    if let Some(top) = row.json("top_categories").as_array() {
        let entry = |entry: &Json| {
            let count = entry["rows"].as_u64()?;
            Some((
                read::text(&entry["category"]).map(quoted_if_blank)?,
                algo::page::number::percent(count, rows),
            ))
        };
        return ValueSummary::Top(top.iter().filter_map(entry).collect());
    }
    if let (Some(mean), true) = (row.number("mean"), is_boolean(row)) {
        let share = |name: &str, share: f64| (name.to_owned(), algo::page::number::share(share));
        return ValueSummary::Top(vec![share("true", mean), share("false", 1.0 - mean)]);
    }
    let points = ["min", "mean", "max"].map(|column| row.number(column).map(algo::page::number::figure));
    ValueSummary::Range(points.into_iter().flatten().collect())
}
