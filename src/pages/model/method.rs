//! How a model was made, and how it is made again.

use serde_json::Value as Json;

use super::{Card, rows_or_note};
use crate::pages::{literal, read};
use crate::pg::error::Result;
use algo::page::chart::{Axis, Curves, Line, Plot, Tone};
use algo::page::{Block, Cell, Chart, Column, Section, Table};

pub fn section(card: &Card) -> Result<Section> {
    let (version, params) = (&card.version, card.version.json("params"));
    let mut facts = vec![
        (
            "algorithm".to_owned(),
            version.text("algorithm").map_or(Cell::Empty, Cell::Text),
        ),
        (
            "took".to_owned(),
            version.number("seconds").map_or(Cell::Empty, |seconds| {
                Cell::Text(format!("{} s", algo::page::number::rough(seconds)))
            }),
        ),
    ];
    for (name, key) in [
        ("hyperparameters given", "params"),
        ("preprocessing", "preprocess"),
        ("calibration", "calibrate"),
        ("intervals", "intervals"),
        ("seed", "seed"),
    ] {
        let value = &params[key];
        let is_nothing = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        facts.push((
            name.to_owned(),
            match read::text(value) {
                Some(text) if !is_nothing => Cell::Code(text),
                Some(_) | None => Cell::text(if key == "params" { "none: all defaults" } else { "none" }),
            },
        ));
    }
    let mut section = Section::new("method", "Method").with(Block::Facts(facts));
    let trials = read::rows(&format!(
        "SELECT t.trial, t.algorithm, t.params, t.metric, t.value, t.stddev, t.chosen FROM assay.model_trials AS t
WHERE t.model OPERATOR(pg_catalog.=) {} AND t.version OPERATOR(pg_catalog.=) {} ORDER BY t.chosen DESC, t.value DESC NULLS LAST, t.trial LIMIT 20",
        literal(&card.name),
        card.number
    ))?;
    if !trials.is_empty() {
        let columns = vec![
            Column::number("trial"),
            Column::text("algorithm", 24),
            Column::text("metric", 20),
            Column::number("mean of folds"),
            Column::number("standard deviation"),
            Column::text("chosen", 8),
            Column::rest("hyperparameters"),
        ];
        let mut table = Table::new("What was tried, the chosen first", columns);
        table.rows.extend(trials.iter().map(|row| {
            vec![
                Cell::count(row.count("trial")),
                row.text("algorithm").map_or(Cell::Empty, Cell::Text),
                row.text("metric").map_or(Cell::Empty, Cell::Text),
                Cell::figure(row.number("value")),
                Cell::figure(row.number("stddev")),
                Cell::text(if row.flag("chosen") { "yes" } else { "" }),
                row.text("params").map_or(Cell::Empty, Cell::Code),
            ]
        }));
        section.push(Block::Table(table));
    }
    if card.is_managed {
        learning(card, &mut section)?;
    }
    Ok(section)
}

/// The loss after each iteration, where the learner has iterations.
fn learning(card: &Card, section: &mut Section) -> Result<()> {
    let query = format!("SELECT * FROM assay.training_info({})", literal(&card.reference));
    let Some(rows) = rows_or_note(&query, section)? else {
        return Ok(());
    };
    let points = |column: &str| -> Vec<(f64, f64)> {
        let point = |row: &read::Row| Some((row.number("iteration")?, row.number(column)?));
        let all: Vec<(f64, f64)> = rows.iter().filter_map(point).collect();
        let step = all.len().div_ceil(200).max(1);
        all.into_iter().step_by(step).collect()
    };
    let (training, validation) = (points("loss"), points("eval_loss"));
    if training.len() < 3 {
        return Ok(());
    }
    let line = |label: &str, tone, points: Vec<(f64, f64)>| Line {
        label: label.into(),
        tone,
        points,
        band: Vec::new(),
    };
    let mut lines = vec![line("training", Tone::First, training)];
    if !validation.is_empty() {
        lines.push(line("validation", Tone::Second, validation));
    }
    let curves = Curves {
        x: Axis::numbers("iteration"),
        y: Axis::numbers("loss"),
        lines,
        ..Curves::default()
    };
    section.push(Block::Chart(Chart::new(
        "Loss while it learned",
        "",
        Plot::Curves(curves),
    )));
    Ok(())
}

/// The call that trains it again.
pub fn reproduce(card: &Card) -> Result<Section> {
    let mut section = Section::new("reproduce", "How to reproduce it");
    let (version, params) = (&card.version, card.version.json("params"));
    match version.text("query") {
        None => section.push(Block::missing(
            "The training query is shown to those who may manage the model.",
        )),
        Some(query) => {
            let mut arguments = vec![
                literal(&card.name),
                literal(&query),
                version.text("target").map_or("NULL".into(), |target| literal(&target)),
                literal(&version.text("algorithm").unwrap_or_default()),
            ];
            for key in ["params", "preprocess"] {
                if params[key].as_object().is_some_and(|given| !given.is_empty()) {
                    arguments.push(format!("{key} => {}", literal(&params[key].to_string())));
                }
            }
            for key in ["split", "weight", "calibrate", "task"] {
                if let Some(text) = params[key].as_str() {
                    arguments.push(format!("{key} => {}", literal(text)));
                }
            }
            for key in ["exclude", "group_by"] {
                if let Some(names) = params[key].as_array().filter(|names| !names.is_empty()) {
                    let names: Vec<String> = names.iter().filter_map(read::text).map(|name| literal(&name)).collect();
                    arguments.push(format!("{key} => ARRAY[{}]", names.join(", ")));
                }
            }
            for key in ["test_fraction", "seed"] {
                if let Json::Number(number) = &params[key] {
                    arguments.push(format!("{key} => {number}"));
                }
            }
            section.push(Block::paragraph(format!(
                "The same call on the same rows, by the same release of assay, gives the same model, of SHA-256 {}, whatever the plan and the number of threads.",
                version.text("hash").unwrap_or_default()
            )));
            section.push(Block::Code {
                caption: String::new(),
                text: format!("SELECT assay.train({});", arguments.join(",\n    ")),
            });
        }
    }
    section.push(Block::Code {
        caption: "This page:".into(),
        text: format!("{};", card.call),
    });
    Ok(section)
}
