//! The seasonal naive: the value of one season before.

use serde::{Deserialize, Serialize};

/// The values of the last season.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Naive {
    /// As many as a season has steps; 1: the last value.
    cycle: Vec<f64>,
    /// Which of them the next step has.
    next: usize,
}

impl Naive {
    /// After values, of which there is at least one; without a season where there is not one whole.
    pub(super) fn fit(values: &[f64], season: usize) -> Naive {
        let season = match values.len() >= season {
            true => season.max(1),
            false => 1,
        };
        Naive {
            cycle: values[values.len() - season..].to_vec(),
            next: 0,
        }
    }

    /// The same values for ever.
    pub(super) fn of_cycle(cycle: Vec<f64>) -> Naive {
        Naive { cycle, next: 0 }
    }

    pub(super) fn season(&self) -> usize {
        self.cycle.len()
    }

    /// The value of the next step.
    pub(super) fn next(&self) -> f64 {
        self.cycle[self.next]
    }

    /// A step without a change of the values.
    pub(super) fn turn(&mut self) {
        self.next = (self.next + 1) % self.cycle.len();
    }

    pub(super) fn advance(&mut self, value: f64) {
        self.cycle[self.next] = value;
        self.turn();
    }

    pub(super) fn project(&self, out: &mut [f64]) {
        let values = self.cycle.iter().cycle().skip(self.next);
        out.iter_mut().zip(values).for_each(|(out, value)| *out = *value);
    }

    pub(super) fn is_sound(&self) -> bool {
        self.next < self.cycle.len() && self.cycle.iter().all(|value| value.is_finite())
    }

    pub(super) fn memory(&self) -> usize {
        self.cycle.len() * size_of::<f64>()
    }
}
