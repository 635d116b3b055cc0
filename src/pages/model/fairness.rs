//! Whether a model treats groups alike: between the values of the columns that `describe_model` names.

use super::performance::{array, segment};
use super::{Card, rows_or_note};
use crate::pages::read;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Table};

/// Rows that are shown of a column.
const MOST: usize = 120;

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
        let Some(query) = card.judging("fairness", &format!(", {}", array(std::slice::from_ref(&column)))) else {
            continue;
        };
        let Some(rows) = rows_or_note(&query, &mut section)? else {
            continue;
        };
        let headings = vec![
            Column::text("metric", 30),
            Column::text("group", 36),
            Column::number("rows"),
            Column::number("value"),
            Column::number("interval"),
            Column::number("difference"),
            Column::number("ratio"),
        ];
        let mut table = Table::new(&format!("By {column}"), headings);
        table.rows.extend(rows.iter().take(MOST).map(|row| {
            vec![
                row.text("metric").map_or(Cell::Empty, Cell::Text),
                Cell::Text(segment(row).unwrap_or_else(|| "between all".into())),
                Cell::count(row.count("rows")),
                Cell::figure(row.number("value")),
                Cell::interval(row.number("low"), row.number("high")),
                Cell::figure(row.number("difference")),
                Cell::figure(row.number("ratio")),
            ]
        }));
        section.push(Block::Table(table.without_empty_columns()));
    }
    Ok(section)
}
