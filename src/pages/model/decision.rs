//! What is decided by a score.

use super::Card;
use crate::pg::error::Result;
use algo::page::number::figure;
use algo::page::{Block, Cell, Section};

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
    let costs = card.cost("cost_false_positive").zip(card.cost("cost_false_negative"));
    if let (Some((false_positive, false_negative)), Some(cumulated)) = (costs, &card.cumulated)
        && let Some((chart, _)) = cumulated.costs(false_positive, false_negative, threshold)
    {
        section.push(Block::Chart(chart));
    }
    Ok(section)
}
