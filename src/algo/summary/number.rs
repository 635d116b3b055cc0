//! The baseline of a column of numbers.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::quantiles::{gather, order_statistics};
use crate::error::{Error, Result};
use crate::monitor::Monitor;

/// Bins of a baseline, at most.
const BINS: usize = 20;

/// Quantiles of a column's numbers, interpolated between neighbours as SQL's `percentile_cont` does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// 1 in 100 numbers is not greater.
    pub p01: f64,
    /// 5 in 100.
    pub p05: f64,
    /// 25 in 100.
    pub p25: f64,
    /// The median.
    pub p50: f64,
    /// 75 in 100.
    pub p75: f64,
    /// 95 in 100.
    pub p95: f64,
    /// 99 in 100.
    pub p99: f64,
}

impl Quantiles {
    const PERCENTS: [usize; 7] = [1, 5, 25, 50, 75, 95, 99];

    fn from_array([p01, p05, p25, p50, p75, p95, p99]: [f64; 7]) -> Quantiles {
        Quantiles {
            p01,
            p05,
            p25,
            p50,
            p75,
            p95,
            p99,
        }
    }

    pub(super) fn to_array(self) -> [f64; 7] {
        [self.p01, self.p05, self.p25, self.p50, self.p75, self.p95, self.p99]
    }
}

/// Statistics of numbers: moments, exact quantiles, and counts in bins of about equal frequency.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NumberSummary {
    pub(super) moments: Moments,
    /// Known for the rows of one column, not for a merge.
    pub(super) quantiles: Option<Quantiles>,
    /// Ascending. Bin i has the numbers above edge i - 1 up to and with edge i; the first and the last bin are open, so there is one
    /// more bin than edges.
    pub(super) edges: Vec<f64>,
    pub(super) counts: Vec<u64>,
}

impl NumberSummary {
    /// Of the numbers that are not NaN. O(n). Returns an error only when stopped.
    pub(super) fn of(values: &[f64], monitor: &dyn Monitor) -> Result<NumberSummary> {
        let moments = Moments::of(values);
        monitor.check()?;
        let present;
        let values = if moments.count() == values.len() as u64 {
            values
        } else {
            present = gather(values, moments.count() as usize, |value| !value.is_nan());
            &present
        };
        let rows = values.len();
        if rows == 0 {
            return Ok(NumberSummary {
                counts: vec![0],
                ..NumberSummary::default()
            });
        }
        // Ranks of the bins' last values, then of the neighbours of each quantile.
        let edge_ranks = (1..BINS).map(|bin| (bin * rows).div_ceil(BINS) - 1);
        let places = Quantiles::PERCENTS.map(|percent| {
            let hundredfold = percent * (rows - 1);
            (hundredfold / 100, (hundredfold % 100) as f64 / 100.0)
        });
        let neighbours = places.iter().flat_map(|&(rank, _)| [rank, (rank + 1).min(rows - 1)]);
        let mut ranks: Vec<usize> = edge_ranks.clone().chain(neighbours).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let range = (moments.min().unwrap_or_default(), moments.max().unwrap_or_default());
        let found = order_statistics(values, range, &ranks, monitor)?;
        let at = |rank: usize| {
            ranks
                .binary_search(&rank)
                .map_or(Default::default(), |place| found[place])
        };

        let quantiles = places.map(|(rank, part)| {
            let (low, high) = (at(rank).value, at((rank + 1).min(rows - 1)).value);
            // Exact at both ends, and without the overflow of high - low.
            if low == high {
                low
            } else {
                low * (1.0 - part) + high * part
            }
        });
        let (mut edges, mut counts, mut counted) = (Vec::new(), Vec::new(), 0);
        for edge in edge_ranks.map(at) {
            // An edge at the greatest value would leave nothing for the last bin.
            if edges.last() == Some(&edge.value) || edge.at_most == rows as u64 {
                continue;
            }
            edges.push(edge.value);
            counts.push(edge.at_most - counted);
            counted = edge.at_most;
        }
        counts.push(rows as u64 - counted);
        Ok(NumberSummary {
            moments,
            quantiles: Some(Quantiles::from_array(quantiles)),
            edges,
            counts,
        })
    }

    /// Of the numbers that are not NaN, counted in the bins of another. O(n).
    pub(super) fn within(&self, values: &[f64]) -> NumberSummary {
        let mut counts = vec![0; self.counts.len()];
        for value in values.iter().filter(|value| !value.is_nan()) {
            counts[self.edges.partition_point(|edge| edge < value)] += 1;
        }
        NumberSummary {
            moments: Moments::of(values),
            quantiles: None,
            edges: self.edges.clone(),
            counts,
        }
    }

    pub(super) fn merge(&mut self, other: &NumberSummary) -> Result<()> {
        if self.edges != other.edges {
            return Err(Error::Mismatch {
                left: "numbers counted in some bins".into(),
                right: "numbers counted in other bins".into(),
            });
        }
        self.quantiles = match (self.moments.count(), other.moments.count()) {
            (_, 0) => self.quantiles,
            (0, _) => other.quantiles,
            _ => None,
        };
        self.moments.merge(&other.moments);
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(ours, theirs)| *ours += theirs);
        Ok(())
    }

    pub(super) fn is_sound(&self) -> bool {
        let total = self.counts.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
        self.moments.is_sound()
            && total == Some(self.moments.count())
            && self.edges.len() < BINS
            && self.counts.len() == self.edges.len() + 1
            && self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.is_sorted_by(|a, b| a < b)
            && self
                .quantiles
                .is_none_or(|q| q.to_array().iter().all(|value| value.is_finite()))
    }

    /// Count, range, mean and standard deviation.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// Exact quantiles. `None` without numbers, and for a merge of several.
    pub fn quantiles(&self) -> Option<Quantiles> {
        self.quantiles
    }

    /// The edges between bins, ascending; a number that equals one is in the bin below it. None when all numbers are the same.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// How many numbers each bin has: one more than there are edges.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }
}
