//! Whether a model still holds.

use super::Card;
use crate::pg::error::Result;
use algo::page::{Block, Section};

pub fn section(card: &Card) -> Result<Section> {
    Ok(Section::new("monitoring", "Monitoring").with(Block::Facts(vec![card.written("monitoring")])))
}
