//! Whether a model treats groups alike: between the values of the columns that `describe_model` names.

use serde_json::json;

use super::groups::{self, Heading};
use super::performance::array;
use super::{Card, rows_or_note};
use crate::pages::literal;
use crate::pages::read;
use crate::pages::read::Row;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Status, Table};

/// Groups that are shown of a column.
const GROUPS: usize = 60;

/// What is shown of a group.
const METRICS: [Heading; 8] = [
    ("selection_rate", "selected"),
    ("true_positive_rate", "true positive rate"),
    ("false_positive_rate", "false positive rate"),
    ("precision", "precision"),
    ("base_rate", "positive"),
    ("mean_prediction", "predicted"),
    ("calibration_gap", "calibration gap"),
    ("roc_auc", "ROC AUC"),
];

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("fairness", "Fairness");
    let columns = card.columns("fairness_groups");
    if card.labels.is_empty() {
        section.push(Block::missing("Fairness between groups is judged of classifications."));
        return Ok(section);
    }
    if columns.is_empty() || card.query.is_none() {
        section.push(Block::missing(match card.query {
            None => "Fairness is judged on the rows of a query: assay.render_model(model, query, format).",
            Some(_) => "No groups are named: assay.describe_model(model, '{\"fairness_groups\": [\"a column\"]}') names the columns between whose values the model has to be fair.",
        }));
        return Ok(section);
    }
    for column in columns {
        if !read::is_known("fairness")? {
            break;
        }
        let limits = card
            .description
            .get("fairness_limits")
            .filter(|limits| limits.is_object());
        let demanded = limits.map(|limits| json!({ "limits": limits }).to_string());
        let options = demanded.map_or(String::new(), |options| format!(", {}", literal(&options)));
        let groups = array(std::slice::from_ref(&column));
        let Some(query) = card.judging("fairness", &format!(", {groups}{options}")) else {
            continue;
        };
        let Some(rows) = rows_or_note(&query, &mut section)? else {
            continue;
        };
        section.push(Block::Table(apart(
            &format!("By {column}: how far the groups are apart"),
            &rows,
        )));
        section.push(Block::Table(groups::table(
            &format!("By {column}"),
            &rows,
            &METRICS,
            GROUPS,
        )));
    }
    Ok(section)
}

/// The rows that tell how far groups are apart: those that have no value of their own.
fn apart(caption: &str, rows: &[Row]) -> Table {
    let headings = vec![
        Column::text("criterion", 30),
        Column::number("difference"),
        Column::number("ratio"),
        Column::text("within limits", 10),
    ];
    let mut table = Table::new(caption, headings);
    let rows = rows.iter().filter(|row| {
        row.json("segment").is_null() && row.number("difference").is_some() && row.number("value").is_none()
    });
    table.rows.extend(rows.map(|row| {
        let apart = |name: &str| {
            let end = |end: &str| row.number(&format!("{name}_{end}"));
            Cell::estimate(row.number(name), end("low"), end("high"))
        };
        vec![
            row.text("metric").map_or(Cell::Empty, Cell::Text),
            apart("difference"),
            apart("ratio"),
            match row.json("within_limits").as_bool() {
                Some(true) => Cell::Status(Status::Good, "yes".into()),
                Some(false) => Cell::Status(Status::Bad, "no".into()),
                None => Cell::Empty,
            },
        ]
    }));
    table.without_empty_columns()
}
