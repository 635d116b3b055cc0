//! What is decided by a score.

use super::{Card, rows_or_note};
use crate::pages::literal;
use crate::pages::read;
use crate::pages::read::Row;
use crate::pg::error::Result;
use algo::page::chart::{Axis, Curves, Line, Plot, Tone};
use algo::page::number::{count, figure};
use algo::page::{Block, Cell, Chart, Section};

pub fn section(card: &Card) -> Result<Section> {
    let version = &card.version;
    let mut facts = vec![card.written("decision")];
    let threshold = version.number("threshold");
    if let Some(threshold) = threshold {
        let positive = card.labels.last().map_or("", String::as_str);
        let rule = match card.is_binary() {
            true => format!(
                "a row is {positive} when its probability is at least {}",
                figure(threshold)
            ),
            false => "a row has the class of the greatest probability".into(),
        };
        facts.push(("rule".to_owned(), Cell::Text(rule)));
        let (from, to) = (version.number("review_from"), version.number("review_to"));
        if from.is_some() || to.is_some() {
            let ends = (figure(from.unwrap_or(threshold)), figure(to.unwrap_or(threshold)));
            let (below, above) = match version.text("positive").as_deref() {
                Some("approve") => ("refused", "approved"),
                Some(_) | None => ("approved", "refused"),
            };
            let bands = format!(
                "below {} {below}, from {} on {above}, between them a person decides",
                ends.0, ends.1
            );
            facts.push(("bands".to_owned(), Cell::Text(bands)));
        }
    }
    let mut section = Section::new("decision", "Decision rule");
    if !card.is_binary() {
        return Ok(section.with(Block::Facts(facts)));
    }
    facts.extend([card.written("cost_false_positive"), card.written("cost_false_negative")]);
    section.push(Block::Facts(facts));
    if let Some((false_positive, false_negative)) =
        card.cost("cost_false_positive").zip(card.cost("cost_false_negative"))
        && read::is_known("threshold_costs")?
        && let Some(rows) = rows_or_note(&costs(card, false_positive, false_negative), &mut section)?
        && let Some(chart) = chart(&rows, false_positive, false_negative)
    {
        section.push(Block::Chart(chart));
    }
    Ok(section)
}

/// What thresholds cost: on the query's rows, or on those that the version was judged on.
fn costs(card: &Card, false_positive: f64, false_negative: f64) -> String {
    format!(
        "SELECT * FROM assay.threshold_costs({}, {}, '{false_positive}'::pg_catalog.float8, '{false_negative}'::pg_catalog.float8) ORDER BY threshold",
        literal(&card.reference),
        card.query.as_deref().map_or_else(|| "NULL".into(), literal)
    )
}

/// Cost against threshold, with the interval of the cost.
fn chart(rows: &[Row], false_positive: f64, false_negative: f64) -> Option<Chart> {
    let threshold = |row: &Row| {
        row.number("threshold")
            .filter(|threshold| (0.0..=1.0).contains(threshold))
    };
    let at = |flag: &str| rows.iter().find(|row| row.flag(flag)).and_then(threshold);
    let points = rows
        .iter()
        .filter_map(|row| Some((threshold(row)?, row.number("cost")?)));
    let band = rows
        .iter()
        .filter_map(|row| Some((threshold(row)?, row.number("cost_low")?, row.number("cost_high")?)));
    let (best, current) = (at("chosen")?, at("current"));
    let mut marks = vec![(best, "least".to_owned())];
    marks.extend(
        current
            .filter(|current| (current - best).abs() > 0.02)
            .map(|current| (current, "threshold".to_owned())),
    );
    let judged: i64 = ["true_positives", "false_positives", "true_negatives", "false_negatives"]
        .iter()
        .filter_map(|column| rows.first()?.count(column))
        .sum();
    let curves = Curves {
        x: Axis::unit("threshold"),
        y: Axis::numbers("cost"),
        lines: vec![Line {
            label: "cost".into(),
            tone: Tone::First,
            points: points.collect(),
            band: band.collect(),
        }],
        marks,
        ..Curves::default()
    };
    let about = format!(
        "What {} rows cost, with {} for a false alarm and {} for a miss, and its 95% interval: the least at {}.",
        count(judged),
        figure(false_positive),
        figure(false_negative),
        figure(best)
    );
    Some(Chart::new("Cost against threshold", about, Plot::Curves(curves)))
}
