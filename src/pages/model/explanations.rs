//! What a model goes by: importance, and on the rows of a query what each feature adds to each score.

use hashbrown::HashMap;

use super::{Card, rows_or_note};
use crate::pages::literal;
use crate::pages::read;
use crate::pages::read::Row;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::chart::{Axis, Bars, Plot, Series, Swarm, SwarmPoint, Tone};
use algo::page::{Block, Chart, Section};

/// Features that are shown, and rows whose attributions are.
const FEATURES: usize = 15;
const SWARM_FEATURES: usize = 12;
const ROWS: usize = 2000;

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("explanations", "Explanations");
    let query = format!(
        "SELECT * FROM assay.feature_importance({}) LIMIT {FEATURES}",
        literal(&card.reference)
    );
    let mut charts = Vec::new();
    if let Some(rows) = rows_or_note(&query, &mut section)? {
        charts.push(importance(&rows));
    }
    if let Some(swarm) = attributions(card, &mut section)? {
        charts.push(swarm);
    }
    if !charts.is_empty() {
        section.push(Block::Charts(charts));
    }
    Ok(section)
}

fn importance(rows: &[Row]) -> Chart {
    let gains: Vec<f64> = rows.iter().map(|row| row.number("gain").unwrap_or(0.0)).collect();
    let bars = Bars {
        x: Axis::numbers("gain"),
        names: rows.iter().map(|row| row.text("feature").unwrap_or_default()).collect(),
        series: vec![Series {
            label: "gain".into(),
            tone: Tone::First,
            values: gains,
        }],
        intervals: Vec::new(),
    };
    Chart::new(
        "Importance",
        "How much the features add to what the model tells apart, the most important first.",
        Plot::Bars(bars),
    )
}

/// What features add to the scores of at most 2,000 rows: the same rows of the same data, whatever their order.
fn attributions(card: &Card, section: &mut Section) -> Result<Option<Chart>> {
    let Some(query) = card.query.as_ref().filter(|_| card.labels.len() <= 2) else {
        return Ok(None);
    };
    if !read::is_known("explain_query")? {
        return Ok(None);
    }
    let sample = format!(
        "SELECT q.*, pg_catalog.row_number() OVER () AS assay_row FROM (SELECT q.* FROM (\n{}\n) AS q ORDER BY pg_catalog.hashtext(q::pg_catalog.text) LIMIT {ROWS}) AS q",
        statement(query)?
    );
    let call = format!(
        "SELECT e.key, e.feature, e.value, e.attribution FROM assay.explain_query({}, {}, ARRAY['assay_row'], 1000) AS e",
        literal(&card.reference),
        literal(&sample)
    );
    let Some(rows) = rows_or_note(&call, section)? else {
        return Ok(None);
    };
    let mut features: HashMap<String, Vec<SwarmPoint>> = HashMap::new();
    for row in &rows {
        serve_interrupts();
        if let (Some(feature), Some(attribution)) = (row.text("feature"), row.number("attribution")) {
            features
                .entry(feature)
                .or_default()
                .push((attribution, row.number("value")));
        }
    }
    let weight = |points: &[SwarmPoint]| points.iter().map(|point| point.0.abs()).sum::<f64>();
    let mut ranked: Vec<(String, Vec<SwarmPoint>)> = features.into_iter().collect();
    ranked.sort_by(|a, b| weight(&b.1).total_cmp(&weight(&a.1)).then_with(|| a.0.cmp(&b.0)));
    ranked.truncate(SWARM_FEATURES);
    if ranked.is_empty() {
        return Ok(None);
    }
    let swarm = Swarm {
        x: Axis::numbers("added to the margin"),
        rows: ranked
            .into_iter()
            .map(|(feature, points)| (feature, in_order(points)))
            .collect(),
    };
    Ok(Some(Chart::new(
        "Attributions",
        "A point for each of at most 2,000 rows: to the right what speaks for the positive class or a greater number, to the left what speaks against it.",
        Plot::Swarm(swarm),
    )))
}

/// Values as their places among all, by which they are coloured.
fn in_order(mut points: Vec<SwarmPoint>) -> Vec<SwarmPoint> {
    let mut values: Vec<f64> = points
        .iter()
        .filter_map(|point| point.1)
        .filter(|value| value.is_finite())
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1).max(1) as f64;
    let distinct = values.first() != values.last();
    for point in &mut points {
        point.1 = point.1.filter(|value| value.is_finite() && distinct).map(|value| {
            // Values alike are in the middle of their places.
            let (from, to) = (
                values.partition_point(|v| *v < value),
                values.partition_point(|v| *v <= value),
            );
            (from + to.max(1) - 1) as f64 / 2.0 / last
        });
    }
    points
}

/// A query without what may follow it.
fn statement(query: &str) -> Result<String> {
    Ok(crate::pg::query::Query::new(query)?.statement().to_owned())
}
