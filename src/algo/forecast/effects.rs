//! What holidays, events and regressors known in advance add to a series.

use serde::{Deserialize, Serialize};

use super::frequency::Frequency;
use super::input::Event;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;
use crate::sort::sort_by;

/// The times of events, by name, for all series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Calendar {
    /// Ascending.
    names: Vec<String>,
    /// For each name its times, ascending.
    times: Vec<Vec<i64>>,
}

/// Events that are sorted between two looks at the monitor.
const SORTED: usize = 1 << 14;

impl Calendar {
    pub(super) fn of(events: &[Event], monitor: &dyn Monitor) -> Result<Calendar> {
        let mut sorted: Vec<&Event> = events.iter().collect();
        sort_by(&mut sorted, SORTED, Ord::cmp, monitor)?;
        sorted.dedup();
        let mut calendar = Calendar::default();
        for event in sorted {
            if calendar.names.last() != Some(&event.name) {
                calendar.names.push(event.name.clone());
                calendar.times.push(Vec::new());
            }
            if let Some(times) = calendar.times.last_mut() {
                times.push(event.at);
            }
        }
        Ok(calendar)
    }

    /// How many events there are by name.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether an event is in each of some steps, whose times ascend.
    pub(super) fn column(&self, event: usize, frequency: Frequency, times: &[i64]) -> Result<Vec<f64>> {
        let mut column = room::zeros(times.len())?;
        let Some(&anchor) = times.first() else {
            return Ok(column);
        };
        let begin = frequency.step_of(anchor, anchor);
        for time in &self.times[event] {
            // An event belongs to the step that began before it, not to the nearest.
            let step = match frequency {
                Frequency::Clock(size) => time.saturating_sub(anchor).div_euclid(size.max(1)),
                Frequency::BusinessDays | Frequency::Months { .. } => {
                    frequency.step_of(*time, anchor).saturating_sub(begin)
                }
            };
            if let Some(cell) = usize::try_from(step).ok().and_then(|step| column.get_mut(step)) {
                *cell = 1.0;
            }
        }
        Ok(column)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.names.len() == self.times.len() && !self.names.iter().any(|name| name.contains('\0'))
    }
}

/// Linear effects on one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Effects {
    /// What each event adds.
    events: Vec<f64>,
    /// What the regressors add at each step to come that is known.
    ahead: Vec<f64>,
    /// What they add behind those.
    beyond: f64,
}

impl Effects {
    pub(super) fn new(events: Vec<f64>, ahead: Vec<f64>, beyond: f64) -> Effects {
        Effects { events, ahead, beyond }
    }

    /// Adds the effects on the next steps, whose times are given.
    pub(super) fn add(
        &self,
        calendar: &Calendar,
        frequency: Frequency,
        times: &[i64],
        values: &mut [f64],
    ) -> Result<()> {
        for (step, value) in values.iter_mut().enumerate() {
            *value += self.ahead.get(step).copied().unwrap_or(self.beyond);
        }
        for (event, effect) in self.events.iter().enumerate().filter(|(_, effect)| **effect != 0.0) {
            let column = calendar.column(event, frequency, times)?;
            values
                .iter_mut()
                .zip(&column)
                .for_each(|(value, is_there)| *value += effect * is_there);
        }
        Ok(())
    }

    pub(super) fn is_sound(&self, calendar: &Calendar) -> bool {
        self.events.len() == calendar.len()
            && self.events.iter().chain(&self.ahead).all(|effect| effect.is_finite())
            && self.beyond.is_finite()
    }

    pub(super) fn memory(&self) -> usize {
        (self.events.len() + self.ahead.len()) * size_of::<f64>()
    }
}
