//! Whether a model treats groups alike: between the values of the columns that `describe_model` names.

use super::Card;
use super::groups::{self, Estimate, Heading};
use crate::models::judging::fairness::FairnessRow;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Column, Section, Status, Table};

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

/// What each demand asks, in words.
const CRITERIA: [(&str, &str); 3] = [
    ("demographic_parity", "groups are selected as often"),
    (
        "equal_opportunity",
        "of the positive rows of each group as many are found",
    ),
    (
        "equalized_odds",
        "the same, and of the negative rows as many are flagged",
    ),
];

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("fairness", "Fairness");
    let missing = match &card.judged {
        _ if !card.is_binary() => Some("Fairness between groups is judged of classifications with two classes."),
        None => Some("Fairness is judged on the rows of a query: assay.render_model(model, query, format)."),
        Some(judged) if judged.fairness.is_empty() => Some(
            "No groups are named: assay.describe_model(model, '{\"fairness_groups\": [\"a column\"]}') names the columns between whose values the model has to be fair.",
        ),
        Some(_) => None,
    };
    section.blocks.extend(missing.map(Block::missing));
    for (column, rows) in card.judged.iter().flat_map(|judged| &judged.fairness) {
        match rows {
            Err(why) => section.push(Block::missing(why.as_str())),
            Ok(rows) => {
                section.push(Block::Table(apart(column, rows)));
                let estimates = rows.iter().filter(|row| row.value.is_some());
                let estimates: Vec<Estimate<'_>> = estimates.map(Estimate::of_fairness).collect();
                section.push(Block::Table(groups::table(
                    &format!("By {column}"),
                    &estimates,
                    &METRICS,
                )));
            }
        }
    }
    Ok(section)
}

/// The rows that tell how far groups are apart: those that have no value of their own.
fn apart(column: &str, rows: &[FairnessRow]) -> Table {
    let headings = vec![
        Column::text("criterion", 30),
        Column::number("difference"),
        Column::number("ratio"),
        Column::text("within limits", 14),
        Column::rest("alike where"),
    ];
    let mut table = Table::new(
        &format!("By {column}: how far the groups are apart; alike are a difference of 0 and a ratio of 1"),
        headings,
    );
    let rows = rows.iter().filter(|row| row.segment.is_none() && row.value.is_none());
    table.rows.extend(
        rows.filter(|row| CRITERIA.iter().any(|(name, _)| *name == row.metric))
            .map(|row| {
                let words = CRITERIA.iter().find(|(name, _)| *name == row.metric);
                vec![
                    Cell::text(row.metric),
                    Cell::estimate(row.difference, row.difference_low, row.difference_high),
                    Cell::estimate(row.ratio, row.ratio_low, row.ratio_high),
                    match row.within_limits {
                        Some(true) => Cell::Status(Status::Good, "yes".into()),
                        Some(false) => Cell::Status(Status::Bad, "no".into()),
                        None => Cell::Empty,
                    },
                    words.map_or(Cell::Empty, |(_, words)| Cell::text(*words)),
                ]
            }),
    );
    table.without_empty_columns()
}
