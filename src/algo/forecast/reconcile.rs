//! Totals and parts that add up: S. L. Wickramasuriya, G. Athanasopoulos and R. J. Hyndman, "Optimal Forecast Reconciliation for Hierarchical and Grouped Time
//! Series Through Trace Minimization", Journal of the American Statistical Association 114 (2019), in the form of a projection onto the constraints.

use serde::{Deserialize, Serialize};

use super::model::Point;
use super::options::Reconcile;
use crate::error::{Error, Result};
use crate::linear::cholesky::PivotedCholesky;
use crate::monitor::Monitor;
use crate::room;

/// Which series are parts of which totals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Hierarchy {
    /// How many series are parts, the first of the model.
    parts: usize,
    /// For each total, the parts in it, ascending.
    totals: Vec<Vec<usize>>,
    /// By how much each series gives way to each total's distance from the sum of its parts, one row for each series; empty: totals give way alone.
    gain: Vec<f64>,
}

/// What reconciling knows of the errors of a series.
pub(super) struct Spread {
    /// The variance of its one-step errors.
    pub variance: f64,
    /// One-step errors, the last of which are at the same times in all series.
    pub errors: Vec<f32>,
}

/// The most numbers that how series give way may take.
const LARGEST: usize = 20_000_000;

/// The most series whose covariances are all estimated.
const MOST_COVARIANCES: usize = 2_000;

impl Hierarchy {
    /// How series give way, from the spread of each: parts first, then totals.
    pub(super) fn new(
        parts: usize,
        totals: Vec<Vec<usize>>,
        how: Reconcile,
        spreads: &[Spread],
        monitor: &dyn Monitor,
    ) -> Result<Hierarchy> {
        let mut hierarchy = Hierarchy {
            parts,
            totals,
            gain: Vec::new(),
        };
        let many = hierarchy.totals.len().saturating_mul(spreads.len());
        let refuse = |limit: usize| {
            Err(Error::data(
                "there are too many series to reconcile their totals so",
                "Use \"reconcile\": \"bottom_up\".",
            )
            .detail(format!(
                "There are {} series, {} of them totals; the limit is {limit}.",
                spreads.len(),
                spreads.len() - parts
            )))
        };
        let largest = spreads.iter().map(|spread| spread.variance).fold(0.0, f64::max);
        let variance = |index: usize| spreads[index].variance.max(1e-9 * largest).max(f64::MIN_POSITIVE);
        match how {
            Reconcile::None | Reconcile::BottomUp => (),
            Reconcile::Ols | Reconcile::Wls | Reconcile::MinT if many > LARGEST => return refuse(LARGEST),
            Reconcile::Ols => {
                hierarchy.gain = hierarchy.gain(|row, other| f64::from(u8::from(row == other)), false, monitor)?
            }
            Reconcile::Wls => {
                hierarchy.gain = hierarchy.gain(
                    |row, other| if row == other { variance(row) } else { 0.0 },
                    false,
                    monitor,
                )?
            }
            Reconcile::MinT if spreads.len() > MOST_COVARIANCES => return refuse(MOST_COVARIANCES),
            Reconcile::MinT => {
                let covariance = shrunk(spreads, variance, monitor)?;
                hierarchy.gain = hierarchy.gain(|row, other| covariance[row * spreads.len() + other], true, monitor)?;
            }
        }
        Ok(hierarchy)
    }

    /// W C' (C W C')^-1, where C takes from each total the sum of its parts.
    fn gain(&self, weight: impl Fn(usize, usize) -> f64, is_full: bool, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (count, totals) = (self.parts + self.totals.len(), self.totals.len());
        // W C': for each series and total, its weight with the total less those with the parts.
        let mut turned = room::zeros(count * totals)?;
        for (total, parts) in self.totals.iter().enumerate() {
            monitor.check()?;
            let own = self.parts + total;
            if is_full {
                for row in 0..count {
                    turned[row * totals + total] =
                        weight(row, own) - parts.iter().map(|part| weight(row, *part)).sum::<f64>();
                }
            } else {
                turned[own * totals + total] = weight(own, own);
                parts
                    .iter()
                    .for_each(|part| turned[part * totals + total] = -weight(*part, *part));
            }
        }
        let mut square = room::zeros(totals * totals)?;
        for (row, parts) in self.totals.iter().enumerate() {
            monitor.check()?;
            for column in 0..totals {
                let own = turned[(self.parts + row) * totals + column];
                square[row * totals + column] =
                    own - parts.iter().map(|part| turned[part * totals + column]).sum::<f64>();
            }
        }
        let cholesky = PivotedCholesky::new(totals, |i, j| square[i * totals + j], monitor)?;
        for row in turned.chunks_exact_mut(totals) {
            monitor.check()?;
            let solved = cholesky.solve(row);
            row.copy_from_slice(&solved);
        }
        Ok(turned)
    }

    /// Makes forecasts add up. Intervals move along and keep their widths.
    pub(super) fn reconcile(&self, all: &mut [Vec<Point>], monitor: &dyn Monitor) -> Result<()> {
        let horizon = all.iter().map(Vec::len).min().unwrap_or(0);
        let totals = self.totals.len();
        let mut distances = room::zeros(totals)?;
        // By steps across all series.
        #[expect(clippy::needless_range_loop, reason = "each step goes through all series")]
        for step in 0..horizon {
            monitor.check()?;
            for (total, parts) in self.totals.iter().enumerate() {
                distances[total] =
                    all[self.parts + total][step].value - parts.iter().map(|part| all[*part][step].value).sum::<f64>();
            }
            for (part, row) in self.gain.chunks_exact(totals.max(1)).take(self.parts).enumerate() {
                let by: f64 = row.iter().zip(&distances).map(|(gain, distance)| gain * distance).sum();
                shift(&mut all[part][step], -by);
            }
            // Totals are their parts' sums to the last digit.
            for (total, parts) in self.totals.iter().enumerate() {
                let sum: f64 = parts.iter().map(|part| all[*part][step].value).sum();
                let point = &mut all[self.parts + total][step];
                shift(point, sum - point.value);
                point.value = sum;
            }
        }
        Ok(())
    }

    pub(super) fn is_sound(&self, series: usize) -> bool {
        let gains = self.totals.len().checked_mul(series);
        self.parts.checked_add(self.totals.len()) == Some(series)
            && self.totals.iter().flatten().all(|part| *part < self.parts)
            && (self.gain.is_empty() || Some(self.gain.len()) == gains)
            && self.gain.iter().all(|gain| gain.is_finite())
    }

    pub(super) fn memory(&self) -> usize {
        let totals = self
            .totals
            .iter()
            .map(|parts| size_of::<Vec<usize>>() + parts.len() * size_of::<usize>());
        totals.sum::<usize>() + self.gain.len() * size_of::<f64>()
    }
}

fn shift(point: &mut Point, by: f64) {
    point.value += by;
    point.lower += by;
    point.upper += by;
}

/// The covariance of errors, its correlations drawn to 0: J. Schäfer and K. Strimmer, "A Shrinkage Approach to Large-Scale Covariance Matrix Estimation", Statistical
/// Applications in Genetics and Molecular Biology 4 (2005). Row by row.
fn shrunk(spreads: &[Spread], variance: impl Fn(usize) -> f64, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let count = spreads.len();
    let rows = spreads.iter().map(|spread| spread.errors.len()).min().unwrap_or(0);
    let standard: Vec<Vec<f64>> = spreads
        .iter()
        .map(|spread| {
            let last = &spread.errors[spread.errors.len() - rows..];
            let root = (last.iter().map(|error| f64::from(*error).powi(2)).sum::<f64>() / rows.max(1) as f64).sqrt();
            last.iter()
                .map(|error| if root > 0.0 { f64::from(*error) / root } else { 0.0 })
                .collect()
        })
        .collect();
    let mut covariance = room::zeros(count * count)?;
    let (mut spread, mut square) = (0.0, 0.0);
    for i in 0..count {
        monitor.check()?;
        for j in 0..i {
            let products = standard[i].iter().zip(&standard[j]).map(|(a, b)| a * b);
            let (sum, squares) = products.fold((0.0, 0.0), |(sum, squares), product| {
                (sum + product, squares + product * product)
            });
            let mean = sum / rows.max(1) as f64;
            covariance[i * count + j] = mean;
            square += mean * mean;
            spread += (squares / rows.max(1) as f64 - mean * mean) / (rows.max(2) - 1) as f64;
        }
    }
    let shrink = if square > 0.0 {
        (spread / square).clamp(0.01, 1.0)
    } else {
        1.0
    };
    for i in 0..count {
        for j in 0..i {
            let shrunk = (1.0 - shrink) * covariance[i * count + j] * (variance(i) * variance(j)).sqrt();
            covariance[i * count + j] = shrunk;
            covariance[j * count + i] = shrunk;
        }
        covariance[i * count + i] = variance(i);
    }
    Ok(covariance)
}
