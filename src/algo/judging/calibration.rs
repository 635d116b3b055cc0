//! Whether probabilities come true as often as they say.

use super::scores::{Scores, Step};
use crate::error::{Error, Result};
use crate::stats::proportion::wilson;

/// The confidence of intervals.
pub const LEVEL: f64 = 0.95;

/// Where bins of scores end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// All are as wide.
    #[default]
    Uniform,
    /// All have as many rows.
    Quantile,
}

impl Strategy {
    /// By its name, which is scikit-learn's.
    pub fn named(name: &str) -> Option<Strategy> {
        match name {
            "uniform" => Some(Strategy::Uniform),
            "quantile" => Some(Strategy::Quantile),
            _ => None,
        }
    }
}

/// The most bins.
const MOST_BINS: usize = 1000;

/// A number of bins that was asked for. Returns an error beyond 1 to 1,000.
pub fn checked_bins(bins: i64) -> Result<usize> {
    usize::try_from(bins)
        .ok()
        .filter(|bins| (1..=MOST_BINS).contains(bins))
        .ok_or_else(|| Error::Parameter {
            name: "bins",
            value: bins.to_string(),
            allowed: format!("from 1 to {MOST_BINS}").into(),
        })
}

/// Rows with about the same probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Its ends: probabilities above `lower` up to `upper` are in it, and the lowest bin has its lower end, too.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// How many rows are in it.
    pub rows: u64,
    /// How many of them are positive.
    pub positives: u64,
    /// The mean of their probabilities.
    pub predicted: f64,
    /// Wilson's interval of the share of positive rows.
    pub interval: (f64, f64),
}

impl Bin {
    /// The share of rows that are positive.
    pub fn actual(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }
}

/// A bin as charts have it, of probabilities or of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// How many rows are in it.
    pub rows: u64,
    /// The mean of what was predicted.
    pub predicted: f64,
    /// The mean of what came true; of classes the share of positive rows.
    pub actual: f64,
    /// What that mean may as well be; `None` where rows are too few to tell.
    pub interval: Option<(f64, f64)>,
}

impl From<&Bin> for Point {
    fn from(bin: &Bin) -> Point {
        Point {
            lower: bin.lower,
            upper: bin.upper,
            rows: bin.rows,
            predicted: bin.predicted,
            actual: bin.actual(),
            interval: Some(bin.interval),
        }
    }
}

/// Probabilities against what came true, in bins with rows, ascending, as scikit-learn's `calibration_curve` makes them.
pub fn curve(scores: &Scores, bins: usize, strategy: Strategy) -> Vec<Bin> {
    let edges = match strategy {
        Strategy::Uniform => (0..=bins).map(|edge| edge as f64 / bins as f64).collect(),
        Strategy::Quantile => quantiles(scores.steps(), bins),
    };
    let inner = edges.get(1..bins).unwrap_or_default();
    let mut found: Vec<Option<Step>> = vec![None; bins];
    for step in scores.steps() {
        // As numpy's searchsorted: a probability on an edge is in the bin below it.
        let place = inner.partition_point(|edge| *edge < step.mean());
        match &mut found[place] {
            Some(bin) => bin.add(step),
            empty => *empty = Some(*step),
        }
    }
    let bins = found.into_iter().enumerate().filter_map(|(place, bin)| {
        let bin = bin?;
        Some(Bin {
            lower: edges[place],
            upper: edges[place + 1],
            rows: bin.rows(),
            positives: bin.counts[1],
            predicted: bin.mean(),
            interval: wilson(bin.counts[1], bin.rows(), LEVEL),
        })
    });
    bins.collect()
}

/// A bin for each distinct probability.
pub fn exact(scores: &Scores) -> Vec<Bin> {
    let bins = scores.steps().iter().map(|step| Bin {
        lower: step.lowest,
        upper: step.lowest,
        rows: step.rows(),
        positives: step.counts[1],
        predicted: step.mean(),
        interval: wilson(step.counts[1], step.rows(), LEVEL),
    });
    bins.collect()
}

/// The ends of bins with as many rows each: numpy's percentiles of the scores, which lie between two rows where they have to.
fn quantiles(steps: &[Step], bins: usize) -> Vec<f64> {
    let mut rows = 0;
    let ends: Vec<u64> = steps
        .iter()
        .map(|step| {
            rows += step.rows();
            rows
        })
        .collect();
    let Some(last) = rows.checked_sub(1) else {
        return vec![0.0; bins + 1];
    };
    let score_of = |row: u64| steps[ends.partition_point(|end| *end <= row)].mean();
    let edge = |edge: usize| {
        let at = last as f64 * (edge as f64 / bins as f64);
        let row = (at as u64).min(last);
        let (low, part) = (score_of(row), at - row as f64);
        if part > 0.0 && row < last {
            low + (score_of(row + 1) - low) * part
        } else {
            low
        }
    };
    (0..=bins).map(edge).collect()
}

/// The mean squared error of probabilities, taken apart (Murphy 1973; Stephenson, Coelho and Jolliffe 2008 for what differs within bins), and
/// how far probabilities are from what came true.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Decomposition {
    /// Brier's score: reliability less resolution plus uncertainty plus what is within bins.
    pub brier: f64,
    /// The mean squared distance of bins' probabilities from what came true: 0 is best.
    pub reliability: f64,
    /// How far the bins' shares of positive rows are from that of all: the more, the better they tell rows apart.
    pub resolution: f64,
    /// What no forecast can change: the variance of what came true.
    pub uncertainty: f64,
    /// What differs within bins: the variance of probabilities less twice their covariance with what came true. 0 where each bin has one
    /// probability.
    pub within_bins: f64,
    /// The mean distance of bins' probabilities from what came true.
    pub expected_error: f64,
    /// The largest of these distances.
    pub maximum_error: f64,
}

/// Takes Brier's score apart by bins of the same scores. `None` without rows.
pub fn decompose(scores: &Scores, bins: &[Bin]) -> Option<Decomposition> {
    let totals = scores.totals();
    let rows = (totals[0] + totals[1]) as f64;
    if rows == 0.0 {
        return None;
    }
    let base = totals[1] as f64 / rows;
    let mut found = Decomposition {
        uncertainty: base * (1.0 - base),
        ..Decomposition::default()
    };
    let squared = scores.steps().iter().map(|step| {
        let score = step.mean();
        step.counts[1] as f64 * (1.0 - score) * (1.0 - score) + step.counts[0] as f64 * score * score
    });
    found.brier = squared.sum::<f64>() / rows;
    for bin in bins {
        let (weight, off) = (bin.rows as f64 / rows, bin.predicted - bin.actual());
        found.reliability += weight * off * off;
        found.resolution += weight * (bin.actual() - base) * (bin.actual() - base);
        found.expected_error += weight * off.abs();
        found.maximum_error = found.maximum_error.max(off.abs());
    }
    found.within_bins = found.brier - (found.reliability - found.resolution + found.uncertainty);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::scores::tests::ranking;
    use crate::monitor::Unwatched;

    fn scores(rows: u64, distinct: u64) -> Scores {
        Scores::of(&ranking(rows, distinct), &Unwatched).unwrap()
    }

    #[test]
    fn every_row_is_in_one_bin() {
        let scores = scores(1000, 37);
        for strategy in [Strategy::Uniform, Strategy::Quantile] {
            for bins in [1, 5, 10, 200] {
                let curve = curve(&scores, bins, strategy);
                assert_eq!(curve.iter().map(|bin| bin.rows).sum::<u64>(), 1000);
                assert!(
                    curve
                        .iter()
                        .all(|bin| bin.predicted <= bin.upper && bin.predicted >= bin.lower - 1e-12)
                );
                assert!(
                    curve
                        .iter()
                        .all(|bin| bin.interval.0 <= bin.actual() && bin.actual() <= bin.interval.1)
                );
            }
        }
    }

    #[test]
    fn bins_of_quantiles_have_about_as_many_rows() {
        let curve = curve(&scores(1000, 1 << 40), 10, Strategy::Quantile);
        assert!(curve.iter().all(|bin| (99..=101).contains(&bin.rows)), "{curve:?}");
    }

    #[test]
    fn a_bin_for_each_probability_leaves_nothing_within() {
        let scores = scores(800, 20);
        let found = decompose(&scores, &exact(&scores)).unwrap();
        assert!(found.within_bins.abs() < 1e-15);
        assert!((found.brier - (found.reliability - found.resolution + found.uncertainty)).abs() < 1e-15);
        assert!(found.expected_error <= found.maximum_error);
    }

    #[test]
    fn no_rows_have_no_curve() {
        let none = Scores::default();
        assert!(curve(&none, 10, Strategy::Uniform).is_empty());
        assert!(curve(&none, 10, Strategy::Quantile).is_empty());
        assert_eq!(decompose(&none, &[]), None);
    }
}
