//! What goes by steps of preprocessing, summed up.

use serde::{Deserialize, Serialize};

use super::Layout;
use crate::error::{Error, Result};
use crate::pipeline::{MOST_NUMBERS, Totals, Wanted, part_of};
use crate::room;

/// A pass over rows for steps of preprocessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepsPass {
    /// Slots of a row, with what is summed up of each.
    wanted: Vec<(u32, Wanted)>,
}

impl StepsPass {
    /// Of the slots that stages read, which are given with what is summed up there. Returns an error for a stage that is not there.
    pub(super) fn of(layout: &Layout, stages: &[(u32, Wanted)]) -> Result<StepsPass> {
        let slot = |stage: u32| layout.steps().and_then(|steps| steps.input(stage));
        let of_stage = |(stage, wanted): &(u32, Wanted)| {
            let slot = slot(*stage).ok_or(Error::Internal("a step that is not there"))?;
            Ok((slot as u32, wanted.clone()))
        };
        Ok(StepsPass {
            wanted: stages.iter().map(of_stage).collect::<Result<_>>()?,
        })
    }

    /// Checks that it is a pass over such rows.
    pub(super) fn validate(&self, layout: &Layout) -> Result<()> {
        let slots = layout.slots();
        let numbers = self.wanted.iter().map(|(_, wanted)| wanted.numbers());
        let total = numbers.fold(0_u64, u64::saturating_add);
        let is_sound = |(slot, wanted): &(u32, Wanted)| (*slot as usize) < slots && wanted.is_sound();
        match total <= MOST_NUMBERS && self.wanted.iter().all(is_sound) {
            true => Ok(()),
            false => Err(Error::damaged("plan of sums", "its steps do not fit its rows")),
        }
    }

    /// The sums of no rows. Returns an error where there is no room.
    pub(super) fn nothing(&self) -> Result<Vec<Totals>> {
        let mut totals = room::with_capacity(self.wanted.len())?;
        for (_, wanted) in &self.wanted {
            totals.push(wanted.nothing()?);
        }
        Ok(totals)
    }

    /// Adds a row that trains, with its target and what was drawn for it.
    #[inline]
    pub(super) fn add(&self, totals: &mut [Totals], slots: &[f64], (target, draw): (f64, u64)) {
        for (totals, (slot, wanted)) in totals.iter_mut().zip(&self.wanted) {
            let part = match wanted {
                Wanted::Targets(targets) => part_of(draw, targets.parts as usize),
                Wanted::Numbers(_) | Wanted::Levels(_) => 0,
            };
            totals.add(wanted, slots[*slot as usize], (target, part));
        }
    }
}
