//! Isotonic regression: of all functions that never fall, the one that is nearest to what rows were (Barlow et al., "Statistical Inference under Order
//! Restrictions", 1972). Between the blocks that pooling leaves it is linear, as in scikit-learn.

use serde::{Deserialize, Serialize};

use super::Point;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;

/// Rows sorted between two looks at the monitor.
const RUN: usize = 1 << 19;

/// Points of a line that never falls; before the first and behind the last it is flat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    places: Vec<f64>,
    values: Vec<f64>,
}

/// Places that became one value: from the first to the last, the sum of weights, and of those of hits.
#[derive(Debug, Clone, Copy)]
struct Block {
    first: f64,
    last: f64,
    weight: f64,
    hits: f64,
}

impl Block {
    fn value(&self) -> f64 {
        self.hits / self.weight
    }
}

impl Isotonic {
    /// Learns the line by pooling adjacent violators. O(rows log rows).
    pub(super) fn learn(mut points: Vec<Point>, monitor: &dyn Monitor) -> Result<Isotonic> {
        sort::sort_by(&mut points, RUN, |a, b| a.place.total_cmp(&b.place), monitor)?;
        let mut blocks: Vec<Block> = Vec::new();
        for (place, same) in points.chunk_by(|a, b| a.place == b.place).enumerate() {
            if place.is_multiple_of(1 << 16) {
                monitor.check()?;
            }
            let mut block = Block {
                first: same[0].place,
                last: same[0].place,
                weight: same.iter().map(|point| point.weight).sum(),
                // The sum of none would be -0, a probability with a sign.
                hits: same
                    .iter()
                    .filter(|point| point.hit)
                    .fold(0.0, |sum, point| sum + point.weight),
            };
            // A block that is not above the one before it becomes one with it.
            while let Some(before) = blocks.pop_if(|before| before.value() >= block.value()) {
                block = Block {
                    first: before.first,
                    last: block.last,
                    weight: before.weight + block.weight,
                    hits: before.hits + block.hits,
                };
            }
            room::push(&mut blocks, block)?;
        }
        let (mut places, mut values) = (Vec::new(), Vec::new());
        for block in &blocks {
            let value = block.value().clamp(0.0, 1.0);
            room::push(&mut places, block.first)?;
            room::push(&mut values, value)?;
            if block.last > block.first {
                room::push(&mut places, block.last)?;
                room::push(&mut values, value)?;
            }
        }
        Ok(Isotonic { places, values })
    }

    #[inline]
    pub(super) fn at(&self, place: f64) -> f64 {
        // The first place that is not below.
        let next = self.places.partition_point(|known| *known < place);
        match (next, self.places.get(next)) {
            (0, _) => self.values[0],
            (_, None) => self.values[next - 1],
            (_, Some(&above)) => {
                let (below, low, high) = (self.places[next - 1], self.values[next - 1], self.values[next]);
                let share = (place - below) / (above - below);
                low + (high - low) * share
            }
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        !self.places.is_empty()
            && self.places.len() == self.values.len()
            && self.places.iter().all(|place| place.is_finite())
            && self.places.is_sorted_by(|a, b| a < b)
            && self.values.iter().all(|value| (0.0..=1.0).contains(value))
            && self.values.is_sorted()
    }

    pub(super) fn memory(&self) -> usize {
        (self.places.capacity() + self.values.capacity()) * size_of::<f64>()
    }
}
