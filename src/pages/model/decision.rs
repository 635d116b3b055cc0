//! What is decided by a score.

use super::Card;
use crate::pg::error::Result;
use algo::page::{Block, Cell, Section};

pub fn section(card: &Card) -> Result<Section> {
    let mut facts = vec![card.written("decision")];
    if let Some(threshold) = card.version.number("threshold") {
        let positive = card.labels.last().map_or("", String::as_str);
        let rule = match card.is_binary() {
            true => format!(
                "a row is {positive} when its probability is at least {}",
                algo::page::number::figure(threshold)
            ),
            false => "a row has the class of the greatest probability".into(),
        };
        facts.push(("rule".to_owned(), Cell::Text(rule)));
    }
    Ok(Section::new("decision", "Decision rule").with(Block::Facts(facts)))
}
