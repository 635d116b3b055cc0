//! What a model was trained on.

use super::Card;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Section};

pub fn section(card: &Card) -> Result<Section> {
    let (version, params) = (&card.version, card.version.json("params"));
    let metrics = version.json("metrics");
    let mut facts = vec![
        card.written("data_source"),
        card.written("data_known_problems"),
        ("training rows".to_owned(), Cell::count(version.count("rows"))),
        ("features".to_owned(), Cell::count(version.count("features"))),
    ];
    if let (Some(rows), Some(on)) = (metrics["rows"].as_i64(), metrics["evaluated_on"].as_str()) {
        let on = match on {
            "test" => "held out of the training",
            "train" if version.text("target").is_none() => "the training rows",
            "train" => "the training rows, as none were held out",
            other => other,
        };
        facts.push((
            "judged on".to_owned(),
            Cell::Text(format!("{} rows: {on}", algo::page::number::count(rows))),
        ));
    }
    for (name, key) in [
        ("split", "split"),
        ("weight of rows", "weight"),
        ("left out", "exclude"),
        ("by group", "group_by"),
    ] {
        let value = &params[key];
        let is_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        let written = match value.as_array() {
            Some(names) => names
                .iter()
                .filter_map(crate::pages::read::text)
                .collect::<Vec<_>>()
                .join(", "),
            None => crate::pages::read::text(value).unwrap_or_default(),
        };
        if !is_nothing {
            facts.push((name.to_owned(), Cell::Text(written)));
        }
    }
    let mut section = Section::new("data", "Data").with(Block::Facts(facts));
    match version.text("query") {
        Some(query) => section.push(Block::Code {
            caption: "Training query".into(),
            text: query,
        }),
        None => section.push(Block::missing(
            "The training query is shown to those who may manage the model.",
        )),
    }
    Ok(section)
}
