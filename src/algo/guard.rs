//! Whether a row is like those that trained a model: in the ranges of its numbers, with the categories that there were, and without a value only where
//! training lacked some, too.

use crate::frame::UNSEEN;
use crate::model::{InputKind, Model};
use crate::summary::{Summary, ValueSummary};

/// In what a value is unlike those that training saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// A number below the least or above the greatest.
    Outside,
    /// A category that there was none of.
    Unseen,
    /// No value, where every training row had one.
    Missing,
}

impl Oddity {
    /// All of them, in the order of counts.
    pub const ALL: [Oddity; 3] = [Oddity::Outside, Oddity::Unseen, Oddity::Missing];
}

/// What training saw in each slot of a raw row.
#[derive(Debug)]
pub struct Limits {
    low: Vec<f64>,
    high: Vec<f64>,
    /// All bits where a value may be missing, none where it may not.
    may_miss: Vec<u64>,
    /// The raw feature that each slot belongs to.
    features: Vec<u32>,
    /// Their names.
    names: Vec<String>,
}

/// How many rows had a value that is unlike, and how many values were how unlike, by raw feature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows with a value that is unlike.
    pub odd: u64,
    /// By raw feature, in the order of [`Oddity::ALL`].
    pub features: Vec<[u64; 3]>,
}

impl Limits {
    /// From the summaries of a model's raw features in its training rows, one for each of them.
    pub fn new(model: &Model, summaries: &[Summary]) -> Limits {
        let slots = model.raw_width();
        let mut limits = Limits {
            low: vec![f64::NEG_INFINITY; slots],
            high: vec![f64::INFINITY; slots],
            may_miss: vec![u64::MAX; slots],
            features: vec![0; slots],
            names: Vec::new(),
        };
        for (place, (feature, summary)) in model.raw_features().into_iter().zip(summaries).enumerate() {
            limits.features[feature.slots.clone()].fill(place as u32);
            limits.names.push(feature.name);
            let Some(first) = feature.slots.clone().next() else {
                continue;
            };
            if summary.nulls() + summary.non_finite() == 0 {
                limits.may_miss[first] = 0;
            }
            match (&model.inputs[feature.input].kind, summary.values()) {
                (InputKind::Category { levels, other }, _) => {
                    limits.low[first] = 0.0;
                    limits.high[first] = (levels.len() + usize::from(*other)) as f64 - 1.0;
                }
                (InputKind::Number | InputKind::Vector { .. }, ValueSummary::Numbers(numbers)) => {
                    let moments = numbers.moments();
                    if let (Some(least), Some(greatest)) = (moments.min(), moments.max()) {
                        (limits.low[first], limits.high[first]) = (least, greatest);
                    }
                }
                // Of texts there is nothing to be outside of.
                (InputKind::Text { .. }, _) | (_, ValueSummary::Categories(_)) => {}
            }
        }
        limits
    }

    /// The name of a raw feature.
    pub fn name(&self, feature: usize) -> &str {
        &self.names[feature]
    }

    /// Whether a raw row has a value unlike those of training. O(row), without a branch that depends on values.
    #[inline]
    pub fn is_odd(&self, row: &[f64]) -> bool {
        let limits = self.low.iter().zip(&self.high).zip(&self.may_miss);
        let mut odd = 0;
        for (value, ((low, high), may_miss)) in row.iter().zip(limits) {
            odd |= odd_bits(*value, *low, *high, *may_miss);
        }
        odd != 0
    }

    /// The first value of a raw row that is unlike: its raw feature, in what, and the value.
    pub fn first(&self, row: &[f64]) -> Option<(usize, Oddity, f64)> {
        (0..self.low.len().min(row.len())).find_map(|slot| {
            let oddity = self.oddity(slot, row[slot])?;
            Some((self.features[slot] as usize, oddity, row[slot]))
        })
    }

    /// Counts what is unlike in a raw row that is [odd](Limits::is_odd).
    pub fn count(&self, row: &[f64], counts: &mut Counts) {
        counts.odd += 1;
        counts.features.resize(self.names.len(), [0; 3]);
        for (slot, value) in row.iter().enumerate().take(self.low.len()) {
            if let Some(oddity) = self.oddity(slot, *value) {
                counts.features[self.features[slot] as usize][oddity as usize] += 1;
            }
        }
    }

    /// What training saw of a number: the least and the greatest.
    pub fn range(&self, feature: usize) -> Option<[f64; 2]> {
        let slot = self.features.iter().position(|own| *own as usize == feature)?;
        Some([self.low[slot], self.high[slot]])
    }

    fn oddity(&self, slot: usize, value: f64) -> Option<Oddity> {
        if odd_bits(value, self.low[slot], self.high[slot], self.may_miss[slot]) == 0 {
            return None;
        }
        Some(match value {
            value if value.is_nan() => Oddity::Missing,
            UNSEEN => Oddity::Unseen,
            _ => Oddity::Outside,
        })
    }
}

/// Bits that are set where a value is unlike.
#[inline(always)]
fn odd_bits(value: f64, low: f64, high: f64, may_miss: u64) -> u64 {
    let within = (value >= low) & (value <= high);
    let missing = value.is_nan();
    // Where a value is missing it is within nothing.
    u64::from(!within) & !(u64::from(missing) & may_miss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            low: vec![0.0, 0.0, -1.5],
            high: vec![10.0, 2.0, 1.5],
            may_miss: vec![0, u64::MAX, u64::MAX],
            features: vec![0, 1, 2],
            names: vec!["age".into(), "job".into(), "x".into()],
        }
    }

    #[test]
    fn what_training_did_not_see_is_odd() {
        let limits = limits();
        for row in [
            [0.0, 0.0, 0.0],
            [10.0, 2.0, 1.5],
            [5.0, f64::NAN, f64::NAN],
            [-0.0, 1.0, -1.5],
        ] {
            assert!(!limits.is_odd(&row), "{row:?}");
            assert_eq!(limits.first(&row), None);
        }
        for (row, feature, oddity) in [
            ([-0.1, 0.0, 0.0], 0, Oddity::Outside),
            ([10.1, 0.0, 0.0], 0, Oddity::Outside),
            ([f64::NAN, 0.0, 0.0], 0, Oddity::Missing),
            ([5.0, UNSEEN, 0.0], 1, Oddity::Unseen),
            ([5.0, 1.0, 1.6], 2, Oddity::Outside),
        ] {
            assert!(limits.is_odd(&row), "{row:?}");
            assert_eq!(
                limits.first(&row).map(|(feature, oddity, _)| (feature, oddity)),
                Some((feature, oddity))
            );
            let mut counts = Counts::default();
            limits.count(&row, &mut counts);
            let mut expected = vec![[0; 3]; 3];
            expected[feature][oddity as usize] = 1;
            assert_eq!((counts.odd, counts.features), (1, expected));
        }
        assert_eq!(limits.range(2), Some([-1.5, 1.5]));
    }
}
