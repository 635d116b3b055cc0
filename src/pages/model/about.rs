//! What a model is, and what people have written of it.

use super::Card;
use super::changes::METRICS;
use crate::models::describe::Content;
use crate::models::describe::FIELDS;
use crate::pages::{literal, read};
use crate::pg::error::Result;
use algo::page::number::{count, figure};
use algo::page::{Block, Cell, Section};

/// What counts most: how well it does, what is decided by it, and how much of the card people have written.
pub fn overview(card: &Card) -> Vec<(String, Cell)> {
    let stored = card.version.json("metrics");
    let metric = METRICS.into_iter().find(|metric| stored[*metric].is_number());
    let worth = metric.and_then(|metric| match &card.judged {
        Some(judged) => {
            let row = judged.metrics.iter().find(|row| row.metric == metric)?;
            let value = Cell::estimate(Some(row.value), row.low, row.high).plain();
            Some(format!("{metric} {value} on the {} rows of the query", count(row.rows)))
        }
        None => {
            let of = match stored["evaluated_on"].as_str() {
                Some("test") => "held out of the training",
                Some("folds") => "of folds, each judged by a model of the others",
                _ => "that it was trained on",
            };
            let value = figure(stored[metric].as_f64()?);
            Some(format!(
                "{metric} {value} on {} rows {of}",
                count(stored["rows"].as_i64()?)
            ))
        }
    });
    let mut facts = Vec::new();
    facts.extend(worth.map(|worth| ("how well".to_owned(), Cell::Text(worth))));
    if let (Some(threshold), [_, positive]) = (card.version.number("threshold"), &card.labels[..]) {
        let rule = format!(
            "a row is called {positive} from a probability of {} on",
            figure(threshold)
        );
        facts.push(("rule".to_owned(), Cell::Text(rule)));
    }
    let texts = || FIELDS.iter().filter(|field| field.content == Content::Text);
    let written = texts()
        .filter(|field| card.description.contains_key(field.name))
        .count();
    let written = format!("{written} of {} fields that only people can write", texts().count());
    facts.push(("written".to_owned(), Cell::Text(written)));
    facts
}

/// Which model this is.
pub fn identity(card: &Card) -> Result<Section> {
    let version = &card.version;
    let text = |column: &str| version.text(column).map_or(Cell::Empty, Cell::Text);
    let models = read::rows(&format!(
        "SELECT m.owner::pg_catalog.text AS owner, m.deployed_version, m.last_version FROM assay.models AS m WHERE m.model OPERATOR(pg_catalog.=) {}",
        literal(&card.name)
    ))?;
    let model = models.first();
    let deployed = match model.and_then(|model| model.count("deployed_version")) {
        Some(deployed) if deployed == i64::from(card.number) => "this version is deployed".to_owned(),
        Some(deployed) => format!("version {deployed} is deployed, not this one"),
        None => "no version is deployed".to_owned(),
    };
    let mut facts = vec![
        ("model".to_owned(), Cell::text(&card.name)),
        ("version".to_owned(), Cell::Text(format!("{}; {deployed}", card.number))),
    ];
    let aliases = version.texts("aliases");
    if !aliases.is_empty() {
        facts.push(("aliases".to_owned(), Cell::Text(aliases.join(", "))));
    }
    facts.extend([
        ("task".to_owned(), text("task")),
        ("predicts".to_owned(), text("target")),
    ]);
    if !card.labels.is_empty() {
        let mut classes = card.labels.join(", ");
        if let (true, Some(positive)) = (card.is_binary(), card.labels.last()) {
            classes += &format!(" (the positive class is {positive})");
        }
        facts.push(("classes".to_owned(), Cell::Text(classes)));
    }
    facts.extend([
        ("algorithm".to_owned(), text("algorithm")),
        ("trained".to_owned(), text("trained")),
        ("trained by".to_owned(), text("trained_by")),
        (
            "owner".to_owned(),
            model
                .and_then(|model| model.text("owner"))
                .map_or(Cell::Empty, Cell::Text),
        ),
        (
            "SHA-256".to_owned(),
            version.text("hash").map_or(Cell::Empty, Cell::Code),
        ),
        card.written("owner_contact"),
    ]);
    facts.retain(|(_, cell)| *cell != Cell::Empty);
    Ok(Section::new("identity", "Identity").with(Block::Facts(facts)))
}

/// What it is for.
pub fn purpose(card: &Card) -> Result<Section> {
    let facts = [
        "purpose",
        "intended_use",
        "users",
        "out_of_scope",
        "ethical_considerations",
    ]
    .map(|field| card.written(field));
    Ok(Section::new("purpose", "Purpose").with(Block::Facts(facts.to_vec())))
}

/// What it cannot do.
pub fn limits(card: &Card) -> Result<Section> {
    let mut section =
        Section::new("limits", "Limits").with(Block::Facts(vec![card.written("limits"), card.written("review")]));
    let metrics = card.version.json("metrics");
    if card.version.text("target").is_some() && metrics["evaluated_on"].as_str().is_some_and(|on| on != "test") {
        section.push(Block::Note(
            algo::page::Status::Warning,
            "No rows were held out: its metrics are of rows that it learned from, and better than they are on others."
                .into(),
        ));
    }
    Ok(section)
}

/// How what is missing is written.
pub fn words(card: &Card) -> Result<Section> {
    let missing: Vec<&str> = FIELDS
        .iter()
        .filter(|field| field.content == Content::Text && !card.description.contains_key(field.name))
        .map(|field| field.name)
        .collect();
    let mut section = Section::new("unwritten", "Not written yet");
    if missing.is_empty() {
        return Ok(section);
    }
    section.push(Block::paragraph(format!(
        "Only people can say these, and nobody has: {}.",
        missing.join(", ")
    )));
    section.push(Block::Code {
        caption: "Who may manage the model writes them:".into(),
        text: format!(
            "SELECT assay.describe_model({}, '{{\"{}\": \"...\"}}');",
            literal(&card.name),
            missing[0]
        ),
    });
    Ok(section)
}
