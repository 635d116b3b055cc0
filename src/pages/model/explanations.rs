//! What a model goes by: importance, and on the rows of a query what each feature adds to each score.

use super::Card;
use crate::models::explain::sample::{ExplainedFeature, ExplainedSide, Point};
use crate::pages::literal;
use crate::pages::read;
use crate::pages::read::Row;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use algo::page::chart::{Axis, Bars, Plot, Series, Swarm, SwarmPoint, Tone};
use algo::page::number::count;
use algo::page::{Block, Chart, Section};

/// Features that are shown, with a point for each row and without.
const FEATURES: usize = 15;
const SWARM_FEATURES: usize = 12;

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("explanations", "Explanations");
    let query = format!(
        "SELECT * FROM assay.feature_importance({}) LIMIT {FEATURES}",
        literal(&card.reference)
    );
    let explained = match card.judged.as_ref().map(|judged| &judged.explained) {
        Some(Ok(sides)) => sides.as_slice(),
        Some(Err(why)) => {
            section.push(Block::missing(why.as_str()));
            &[]
        }
        None => &[],
    };
    let mut charts = Vec::new();
    match read::attempted(&query)? {
        Ok(rows) => charts.push(importance(&rows)),
        // Of learners that know no importance, such as naive Bayes, attributions tell it.
        Err(_) if !explained.is_empty() => charts.extend(explained.first().and_then(of_attributions)),
        Err(why) => section.push(Block::missing(why)),
    }
    for side in explained {
        serve_interrupts();
        charts.extend(attributions(card, side));
    }
    if !charts.is_empty() {
        section.push(Block::Charts(charts));
    }
    if card.judged.is_none() {
        section.push(Block::missing(
            "With a query the card shows what each feature adds to the scores of its rows.",
        ));
    }
    Ok(section)
}

fn bars(names: Vec<String>, values: Vec<f64>, axis: &str) -> Plot {
    Plot::Bars(Bars {
        x: Axis::numbers(axis),
        names,
        series: vec![Series {
            label: axis.into(),
            tone: Tone::First,
            values,
        }],
        intervals: Vec::new(),
    })
}

fn importance(rows: &[Row]) -> Chart {
    let gains = rows.iter().map(|row| row.number("gain").unwrap_or(0.0)).collect();
    let names = rows.iter().map(|row| row.text("feature").unwrap_or_default()).collect();
    Chart::new(
        "Importance",
        "How much the features add to what the model tells apart, the most important first.",
        bars(names, gains, "gain"),
    )
}

fn of_attributions(side: &ExplainedSide) -> Option<Chart> {
    let features = side
        .features
        .iter()
        .filter(|feature| !feature.points.is_empty())
        .take(FEATURES);
    let (names, means): (Vec<String>, Vec<f64>) = features.map(|feature| (feature.name.clone(), feature.mean)).unzip();
    (!names.is_empty()).then(|| {
        Chart::new(
            "Importance",
            "How much the features add to scores in the mean, in either direction, the most important first.",
            bars(names, means, "mean size of attributions"),
        )
    })
}

/// What features add to the scores of some rows, a point for each.
fn attributions(card: &Card, side: &ExplainedSide) -> Option<Chart> {
    let rows = side.features.first()?.points.len();
    if rows == 0 {
        return None;
    }
    let row = |feature: &ExplainedFeature| (feature.name.clone(), in_order(&feature.points));
    let swarm = Swarm {
        x: Axis::numbers("added to the margin"),
        rows: side.features.iter().take(SWARM_FEATURES).map(row).collect(),
    };
    let label = |class: usize| card.labels.get(class).map_or("", String::as_str);
    let (title, what) = match (side.class, card.is_binary()) {
        (Some(class), _) => (
            format!("Attributions: {}", label(class)),
            format!("for {}", label(class)),
        ),
        (None, true) => ("Attributions".into(), format!("for {}", label(1))),
        (None, false) => ("Attributions".into(), "for a greater number".into()),
    };
    let against = if card.labels.is_empty() {
        "for a smaller one"
    } else {
        "against it"
    };
    let about = format!(
        "A point for each of {} rows: to the right what speaks {what}, to the left what speaks {against}. Its colour says how high the value is.",
        count(i64::try_from(rows).unwrap_or(i64::MAX))
    );
    Some(Chart::new(&title, about, Plot::Swarm(swarm)))
}

/// Values as their places among all, by which they are coloured.
fn in_order(points: &[Point]) -> Vec<SwarmPoint> {
    let mut values: Vec<f64> = points.iter().filter_map(|point| point.1).collect();
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1).max(1) as f64;
    let distinct = values.first() != values.last();
    let place = |value: f64| {
        // Values alike are in the middle of their places.
        let (from, to) = (
            values.partition_point(|v| *v < value),
            values.partition_point(|v| *v <= value),
        );
        (from + to.max(1) - 1) as f64 / 2.0 / last
    };
    let point = |&(attribution, value): &Point| (attribution, value.filter(|_| distinct).map(place));
    points.iter().map(point).collect()
}
