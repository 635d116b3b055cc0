//! Where centres go next: to the means of their rows, and farther where they keep going the same way.
//!
//! Where clusters are not apart, centres creep to where they end by steps that hardly differ. A longer step in the same direction (successive
//! over-relaxation) comes to as little inertia in about half of the iterations. A step that led to more inertia is taken back.

use super::lloyd::{Stop, square};
use super::sums::{FarRow, Sums};
use crate::error::Result;

/// How much farther than the means centres go at first, as a share of the way to these; how it grows; and the most.
const FIRST: f64 = 1.0;
const GROWTH: f64 = 1.2;
const MOST: f64 = 2.0;

/// The steps of centres.
pub(super) struct Course {
    stop: Stop,
    /// The way from the centres to the means, the last time.
    way: Vec<f64>,
    beyond: f64,
    /// The means that the last step went beyond.
    means: Option<Vec<f64>>,
    least: f64,
}

/// A step.
pub(super) struct Step {
    /// Where the centres go.
    pub centres: Vec<f64>,
    /// Whether they were there, so that no row changes its cluster.
    pub is_settled: bool,
    /// Whether there is no other.
    pub is_last: bool,
}

impl Course {
    /// Of centres that go on until it is time to stop.
    pub fn new(stop: Stop) -> Course {
        Course {
            stop,
            way: Vec::new(),
            beyond: 0.0,
            means: None,
            least: f64::INFINITY,
        }
    }

    /// A step from centres whose rows add up to these sums and leave such an inertia; `is_same` says that they were in the same clusters before. `farthest` gives
    /// so many rows to clusters that have none. Iterations are counted from 1.
    pub fn step(
        &mut self,
        centres: &[f64],
        (sums, inertia, is_same): (&mut Sums, f64, bool),
        farthest: impl FnOnce(usize) -> Result<Vec<FarRow>>,
        iteration: usize,
    ) -> Result<Step> {
        let width = centres.len() / sums.weights.len().max(1);
        let is_end = iteration >= self.stop.iterations;
        if let Some(means) = self.back(inertia) {
            return Ok(Step {
                centres: means,
                is_settled: false,
                is_last: is_end,
            });
        }
        match sums.empty().len() {
            0 => {}
            empty => sums.fill_empty(&farthest(empty)?),
        }
        let means = sums.means(centres, width);
        let is_settled = self.is_at_means() && is_same;
        let is_last = is_settled || is_end || square(centres, &means) <= self.stop.shift;
        Ok(Step {
            centres: match is_last {
                true => means,
                false => self.next(centres, means),
            },
            is_settled,
            is_last,
        })
    }

    /// Whether the centres are where the last step's means were.
    fn is_at_means(&self) -> bool {
        self.means.is_none()
    }

    /// The means to go back to, where going beyond them has led to more inertia.
    fn back(&mut self, inertia: f64) -> Option<Vec<f64>> {
        if inertia > self.least && self.means.is_some() {
            (self.way, self.beyond) = (Vec::new(), 0.0);
            return self.means.take();
        }
        self.least = self.least.min(inertia);
        None
    }

    /// Where centres go whose rows have these means.
    fn next(&mut self, centres: &[f64], means: Vec<f64>) -> Vec<f64> {
        if !self.stop.is_relaxed {
            return means;
        }
        let way: Vec<f64> = means.iter().zip(centres).map(|(mean, centre)| mean - centre).collect();
        let together: f64 = way.iter().zip(&self.way).map(|(a, b)| a * b).sum();
        self.beyond = match together > 0.0 {
            true => (self.beyond * GROWTH).clamp(FIRST, MOST),
            false => 0.0,
        };
        self.way = way;
        if self.beyond == 0.0 {
            self.means = None;
            return means;
        }
        let next = means.iter().zip(&self.way).map(|(mean, way)| mean + self.beyond * way);
        let next = next.collect();
        self.means = Some(means);
        next
    }
}
