//! How well a model does: its metrics, its curves, and the same by slice.

use serde_json::Value as Json;

use super::groups::{self, Heading};
use super::{Card, rows_or_note};
use crate::pages::read;
use crate::pages::read::Row;
use crate::pg::error::Result;
use crate::quality::finding::segment_text;
use algo::page::chart::{Axis, Curves, Dot, Line, Plot, Tone};
use algo::page::{Block, Cell, Chart, Column, Section, Table};

/// Slices that are shown, the worst first.
const SLICES: usize = 60;

/// What is shown of a slice, if its task has it.
const METRICS: [Heading; 8] = [
    ("roc_auc", "ROC AUC"),
    ("log_loss", "log loss"),
    ("accuracy", "accuracy"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("r2", "R2"),
];

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("performance", "Performance");
    let stored = card.version.json("metrics");
    match card.judging("evaluate", "") {
        None => {
            section.push(Block::Table(stored_metrics(stored)));
            if card.cumulated.is_some() {
                section.push(Block::paragraph(match stored["evaluated_on"].as_str() {
                    Some("test") => "Curves of the rows that were held out when it was trained.",
                    _ => "Curves of the rows that it was trained on, as none were held out: it is better on them than on others.",
                }));
            }
        }
        // A query that the model cannot be judged on is an error of the caller's.
        Some(evaluate) => section.push(Block::Table(judged_metrics(&read::rows(&evaluate)?, stored))),
    }
    let mut charts = (card.cumulated.as_ref()).map_or(Vec::new(), |cumulated| {
        cumulated.charts(card.version.number("threshold"))
    });
    if let Some(rows) = calibrated(card, &mut section)?.filter(|rows| !rows.is_empty()) {
        charts.insert(2.min(charts.len()), calibration(card, &rows));
    }
    if !charts.is_empty() {
        section.push(Block::Charts(charts));
    }
    if card.labels.len() > 2
        && let Some(query) = card.judging("confusion_matrix", "")
        && let Some(rows) = rows_or_note(&query, &mut section)?
    {
        section.push(Block::Table(confusion(card, &rows)));
    }
    if card.query.is_none() {
        section.push(Block::missing(
            "With a query the card judges the model on its rows: assay.render_model(model, query, format).",
        ));
    }
    Ok(section)
}

/// What was predicted beside what came true: of the query's rows, or as it is kept with the version. Of more than two classes each has its own.
fn calibrated(card: &Card, section: &mut Section) -> Result<Option<Vec<Row>>> {
    if card.labels.len() > 2 {
        return Ok(None);
    }
    match card.judging("calibration_curve", ", 10, 'quantile'") {
        Some(query) if read::is_known("calibration_curve")? => rows_or_note(&query, section),
        None if read::is_known("model_calibration")? => {
            let condition = card.is_version("c");
            rows_or_note(
                &format!("SELECT c.* FROM assay.model_calibration AS c WHERE {condition} ORDER BY c.bin"),
                section,
            )
        }
        Some(_) | None => Ok(None),
    }
}

fn stored_metrics(stored: &Json) -> Table {
    let mut table = Table::new(
        "Stored with the version",
        vec![Column::text("metric", 30), Column::number("value")],
    );
    let numbers = stored
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_f64()?)));
    table
        .rows
        .extend(numbers.map(|(name, value)| vec![Cell::text(name), Cell::Figure(value)]));
    table
}

/// What was judged now beside what was stored; with intervals where they are known.
fn judged_metrics(judged: &[Row], stored: &Json) -> Table {
    let columns = vec![
        Column::text("metric", 30),
        Column::number("on the query"),
        Column::number("interval"),
        Column::number("stored"),
    ];
    let mut table = Table::new("", columns);
    for row in judged.iter().filter(|row| row.json("segment").is_null()) {
        let name = row.text("metric").unwrap_or_default();
        table.rows.push(vec![
            Cell::text(&name),
            Cell::figure(row.number("value")),
            Cell::interval(row.number("low"), row.number("high")),
            Cell::figure(stored[&name].as_f64()),
        ]);
    }
    table.without_empty_columns()
}

/// What was predicted and what was so, in bins of the prediction.
fn calibration(card: &Card, rows: &[Row]) -> Chart {
    let dot = |row: &Row| {
        Some(Dot {
            x: row.number("predicted")?,
            y: row.number("actual")?,
            interval: row.number("low").zip(row.number("high")),
            rows: row.count("rows"),
        })
    };
    let dots: Vec<Dot> = rows.iter().filter_map(dot).collect();
    let (x, y, about) = match card.is_binary() {
        true => (
            Axis::unit("predicted probability"),
            Axis::unit("share that was positive"),
            "as many rows were positive as the model said",
        ),
        false => (
            Axis::numbers("predicted"),
            Axis::numbers("mean that came true"),
            "predictions are right on average",
        ),
    };
    let ends = dots
        .iter()
        .map(|dot| dot.x)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
    let (low, high) = if card.is_binary() { (0.0, 1.0) } else { ends };
    let curves = Curves {
        x,
        y,
        lines: vec![Line {
            label: "perfect".into(),
            tone: Tone::Muted,
            points: vec![(low, low), (high, high)],
            band: Vec::new(),
        }],
        dots,
        marks: Vec::new(),
    };
    let about = format!(
        "Where a point is on the diagonal, {about}. Lines are 95% intervals, points are larger where there are more rows."
    );
    Chart::new("Calibration", about, Plot::Curves(curves))
}

fn confusion(card: &Card, rows: &[Row]) -> Table {
    const MOST: usize = 12;
    let labels: Vec<&String> = card.labels.iter().take(MOST).collect();
    let mut columns = vec![Column::text("actual", 24)];
    columns.extend(labels.iter().map(|label| Column::number(label)));
    let mut table = Table::new(
        "Rows by their actual class (down) and the predicted one (across)",
        columns,
    );
    for actual in &labels {
        let of = |predicted: &String| {
            let mut cells = rows.iter().filter(|row| {
                row.text("actual").as_ref() == Some(actual) && row.text("predicted").as_ref() == Some(predicted)
            });
            Cell::count(cells.next().and_then(|row| row.count("rows")))
        };
        let mut cells = vec![Cell::text(actual.as_str())];
        cells.extend(labels.iter().map(|predicted| of(predicted)));
        table.rows.push(cells);
    }
    table
}

/// A list of columns as an argument.
pub(super) fn array(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| crate::pages::literal(name)).collect();
    format!("ARRAY[{}]::pg_catalog.text[]", names.join(", "))
}

/// A segment in words.
pub(super) fn segment(row: &Row) -> Option<String> {
    row.json("segment").as_object().map(segment_text)
}

/// The same by the values of each column that `describe_model` names.
pub fn slices(card: &Card) -> Result<Section> {
    let mut section = Section::new("slices", "Performance by slice");
    let columns = card.columns("slices");
    if columns.is_empty() || card.query.is_none() {
        section.push(Block::missing(match card.query {
            None => "Slices are judged on the rows of a query: assay.render_model(model, query, format).",
            Some(_) => "No slices are named: assay.describe_model(model, '{\"slices\": [\"a column\"]}') names columns whose values are judged apart.",
        }));
        return Ok(section);
    }
    for column in columns {
        if !read::is_known("calibration_curve")? {
            break;
        }
        let Some(query) = card.judging(
            "evaluate",
            &format!(", group_by => {}", array(std::slice::from_ref(&column))),
        ) else {
            continue;
        };
        let Some(rows) = rows_or_note(&query, &mut section)? else {
            continue;
        };
        section.push(Block::Table(groups::table(
            &format!("By {column}"),
            &rows,
            &METRICS,
            SLICES,
        )));
    }
    Ok(section)
}
