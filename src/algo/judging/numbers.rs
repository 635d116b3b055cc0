//! Predicted numbers against actual ones, in bins of neighbouring predictions.

use serde::{Deserialize, Serialize};

use super::calibration::{LEVEL, Point};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;
use crate::stats::proportion::normal_quantile;

/// The most bins: some 9 kB.
const BINS: usize = 200;

/// Rows whose predictions are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NumberBin {
    /// The least prediction.
    pub lowest: f64,
    /// The greatest.
    pub highest: f64,
    /// How many rows.
    pub rows: u64,
    /// The mean prediction.
    pub predicted: f64,
    /// The mean of what they were.
    pub actual: f64,
    /// The sum of squared deviations of what they were from that mean.
    pub deviations: f64,
}

impl NumberBin {
    /// The variance of what the rows were; `None` for one row.
    pub fn variance(&self) -> Option<f64> {
        (self.rows > 1).then(|| self.deviations / (self.rows - 1) as f64)
    }

    /// The normal interval of the mean of what they were; `None` for one row.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half = normal_quantile(LEVEL) * (self.variance()? / self.rows as f64).sqrt();
        Some((self.actual - half, self.actual + half))
    }

    /// Adds rows whose predictions are not below (Chan, Golub and LeVeque 1983).
    fn add(&mut self, other: &NumberBin) {
        let (ours, theirs) = (self.rows as f64, other.rows as f64);
        let all = ours + theirs;
        let apart = other.actual - self.actual;
        self.deviations += other.deviations + apart * apart * (ours * theirs / all);
        self.actual += apart * (theirs / all);
        self.predicted += (other.predicted - self.predicted) * (theirs / all);
        self.rows += other.rows;
        self.highest = self.highest.max(other.highest);
    }
}

impl From<&NumberBin> for Point {
    fn from(bin: &NumberBin) -> Point {
        Point {
            lower: bin.lowest,
            upper: bin.highest,
            rows: bin.rows,
            predicted: bin.predicted,
            actual: bin.actual,
            interval: bin.interval(),
        }
    }
}

/// Scored rows of a regression, in bins of ascending predictions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NumberBins {
    bins: Vec<NumberBin>,
}

impl NumberBins {
    /// Of rows; those whose prediction or number is not finite are left out. Returns an error when stopped, and where there is no room.
    /// O(n log n).
    pub fn of(actual: &[f64], predicted: &[f64], monitor: &dyn Monitor) -> Result<NumberBins> {
        let mut rows: Vec<(f64, f64)> = room::with_capacity(actual.len())?;
        let finite = |(predicted, actual): &(f64, f64)| predicted.is_finite() && actual.is_finite();
        rows.extend(predicted.iter().copied().zip(actual.iter().copied()).filter(finite));
        // By both, so that the order of rows does not matter.
        let order = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        sort::sort_in_parallel_by(&mut rows, &order, monitor)?;
        let bins = rows.iter().map(|&(predicted, actual)| NumberBin {
            lowest: predicted,
            highest: predicted,
            rows: 1,
            predicted,
            actual,
            deviations: 0.0,
        });
        Ok(NumberBins {
            bins: reduced(bins, rows.len() as u64, BINS),
        })
    }

    /// The bins, ascending.
    pub fn bins(&self) -> &[NumberBin] {
        &self.bins
    }

    /// The same in at most so many bins of about as many rows.
    pub fn in_bins(&self, bins: usize) -> Vec<NumberBin> {
        reduced(self.bins.iter().copied(), self.rows(), bins)
    }

    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.bins.iter().map(|bin| bin.rows).sum()
    }

    /// Adds the rows of others. Rows of wide bins stay together.
    pub fn merge(&mut self, other: &NumberBins) {
        let mut all: Vec<NumberBin> = self.bins.iter().chain(&other.bins).copied().collect();
        all.sort_by(|a, b| a.lowest.total_cmp(&b.lowest));
        let rows = all.iter().map(|bin| bin.rows).sum();
        self.bins = reduced(all.into_iter(), rows, BINS);
    }

    /// Whether it can have been made of rows: hostile bytes may say otherwise.
    pub fn is_sound(&self) -> bool {
        let rows = self.bins.iter().try_fold(0_u64, |sum, bin| sum.checked_add(bin.rows));
        rows.is_some_and(|rows| rows <= 1 << 61)
            && self.bins.len() <= BINS
            && self.bins.is_sorted_by(|a, b| a.lowest <= b.lowest)
            && self.bins.iter().all(|bin| {
                bin.rows > 0
                    && bin.lowest.is_finite()
                    && bin.highest.is_finite()
                    && bin.lowest <= bin.highest
                    && bin.predicted.is_finite()
                    && bin.actual.is_finite()
                    && bin.deviations >= 0.0
            })
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.bins.capacity() * size_of::<NumberBin>()
    }
}

/// Ascending bins of `rows` rows together, as at most `limit`.
fn reduced(bins: impl Iterator<Item = NumberBin>, rows: u64, limit: usize) -> Vec<NumberBin> {
    let (mut found, mut last, mut before) = (Vec::<NumberBin>::new(), None, 0_u64);
    for bin in bins {
        let place = u128::from(before) * limit as u128 / u128::from(rows.max(1));
        match found.last_mut() {
            Some(open) if last == Some(place) || open.lowest == bin.lowest => open.add(&bin),
            _ => {
                found.push(bin);
                last = Some(place);
            }
        }
        before += bin.rows;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn bins_have_the_mean_and_the_spread_of_their_rows() {
        let predicted: Vec<f64> = (0..1000).map(|row| f64::from(row % 500)).collect();
        let actual: Vec<f64> = (0..1000).map(|row| f64::from(row % 500) + f64::from(row % 3)).collect();
        let bins = NumberBins::of(&actual, &predicted, &Unwatched).unwrap();
        assert!(bins.bins().len() <= BINS && bins.is_sound());
        assert_eq!(bins.rows(), 1000);
        let all = bins.in_bins(1)[0];
        let mean = actual.iter().sum::<f64>() / 1000.0;
        let variance = actual.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / 999.0;
        assert!((all.actual - mean).abs() < 1e-9);
        assert!((all.variance().unwrap() - variance).abs() < 1e-6);
        let (low, high) = all.interval().unwrap();
        assert!(low < mean && mean < high);
        assert_eq!(bins.in_bins(10).len(), 10);
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let predicted: Vec<f64> = (0..300).map(|row| f64::from(row * 7 % 31)).collect();
        let actual: Vec<f64> = (0..300).map(|row| f64::from(row * 13 % 17) / 7.0).collect();
        let forward = NumberBins::of(&actual, &predicted, &Unwatched).unwrap();
        let turned = |values: &[f64]| values.iter().rev().copied().collect::<Vec<f64>>();
        assert_eq!(
            forward,
            NumberBins::of(&turned(&actual), &turned(&predicted), &Unwatched).unwrap()
        );
    }

    #[test]
    fn equal_predictions_are_one_bin_with_an_interval() {
        let bins = NumberBins::of(&[1.0, 2.0, 3.0], &[5.0, 5.0, 5.0], &Unwatched).unwrap();
        assert_eq!(bins.bins().len(), 1);
        let alone = NumberBins::of(&[1.0], &[5.0], &Unwatched).unwrap();
        assert_eq!(alone.bins()[0].interval(), None);
        assert!(NumberBins::of(&[], &[], &Unwatched).unwrap().bins().is_empty());
    }
}
