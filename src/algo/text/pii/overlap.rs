//! Which of findings that lie over each other counts.

use super::Found;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Appends what begins behind all that began before: over the last ones it wins where its kind is told more surely, else it is left out.
pub fn push(found: &mut Vec<Found>, one: Found) -> Result<()> {
    let over = found.iter().rev().take_while(|last| last.end > one.start);
    let (mut count, mut wins) = (0, true);
    for last in over {
        count += 1;
        wins &= one.kind < last.kind;
    }
    if wins {
        found.truncate(found.len() - count);
        room::push(found, one)?;
    }
    Ok(())
}

/// All of `surer`, and what of `others` lies over none of it, in the order of the text. Nothing lies over another in either. O(both).
pub fn merge(surer: Vec<Found>, others: Vec<Found>, monitor: &dyn Monitor) -> Result<Vec<Found>> {
    if others.is_empty() {
        return Ok(surer);
    }
    let mut merged = room::with_capacity(surer.len() + others.len())?;
    let mut pace = Pace::new(monitor);
    let mut sure = surer.into_iter().peekable();
    for other in others {
        pace.spend(1)?;
        while let Some(one) = sure.next_if(|one| one.end <= other.start) {
            merged.push(one);
        }
        if sure.peek().is_none_or(|one| one.start >= other.end) {
            merged.push(other);
        }
    }
    merged.extend(sure);
    Ok(merged)
}
