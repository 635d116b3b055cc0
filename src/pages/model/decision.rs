//! What is decided by a score.

use super::Card;
use crate::pg::error::Result;
use algo::judging::costs::Operating;
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
                "a row is called {positive} when its probability of {positive} is at least {}",
                figure(threshold)
            ),
            false => "a row is given the class that is most probable".into(),
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
    let chart = card.costs().and_then(|costs| chart(&card.curves().costs, costs));
    section.blocks.extend(chart.map(|chart| Block::Charts(vec![chart])));
    Ok(section)
}

/// Cost against threshold, with the interval of the cost.
fn chart(points: &[Operating], (false_positive, false_negative): (f64, f64)) -> Option<Chart> {
    let rows =
        |point: &Operating| point.true_positives + point.false_positives + point.true_negatives + point.false_negatives;
    let (judged, best) = (rows(points.first()?), points.iter().find(|point| point.chosen)?);
    let current = points.iter().find(|point| point.current)?;
    // The threshold at which no row is called positive is beyond all scores.
    let place = |point: &Operating| point.threshold.clamp(0.0, 1.0);
    let mut marks = vec![(place(best), "least".to_owned())];
    if (place(current) - place(best)).abs() > 0.02 {
        marks.push((place(current), "threshold".to_owned()));
    }
    let ascending = || points.iter().rev();
    let band = ascending().filter_map(|point| {
        let (low, high) = point.cost.interval?;
        Some((place(point), low, high))
    });
    let curves = Curves {
        x: Axis::unit("threshold"),
        y: Axis::numbers("cost"),
        lines: vec![Line {
            label: "cost".into(),
            tone: Tone::First,
            points: ascending().map(|point| (place(point), point.cost.value)).collect(),
            band: band.collect(),
        }],
        marks,
        ..Curves::default()
    };
    let least = match best.threshold <= 1.0 {
        true => format!("It costs least at {}", figure(best.threshold)),
        false => "It costs least to flag no row".into(),
    };
    let about = format!(
        "What the mistakes among {} rows cost, with {} for a false alarm and {} for a miss, and the 95% interval of that. {least}: {} rather than {} at the present threshold of {}.",
        count(i64::try_from(judged).unwrap_or(i64::MAX)),
        figure(false_positive),
        figure(false_negative),
        figure(best.cost.value),
        figure(current.cost.value),
        figure(current.threshold)
    );
    Some(Chart::new("Cost against threshold", about, Plot::Curves(curves)))
}
