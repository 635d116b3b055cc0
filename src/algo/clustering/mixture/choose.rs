//! How many components there are.

use super::expectation::{Stop, improve, of_clusters};
use super::shape::Covariance;
use crate::clustering::lloyd::{self, Rows};
use crate::clustering::params::Draw;
use crate::clustering::start::{Dice, Sample, on_sample};
use crate::error::{Error, Result};

/// The most components that are tried.
pub(super) const MOST: usize = 9;
/// The most rows on which they are.
pub(super) const ROWS: usize = 5000;
/// Starts of each.
const STARTS: usize = 2;

/// The number of components, from 1 to [`MOST`], with the least Bayesian information criterion (Schwarz, 1978) on a sample of rows; of several as good the
/// least. Numbers of components whose covariances are none are not taken.
pub(super) fn count(
    rows: Rows<'_>,
    covariance: Covariance,
    draw: Draw,
    (first, stop): (lloyd::Stop, Stop),
    dice: &mut Dice,
) -> Result<usize> {
    let size = rows.frame.rows().min(ROWS);
    let sample = Sample::draw(rows, size, dice)?;
    let sampled = sample.rows(rows);
    let mut best = (1, f64::INFINITY);
    for count in 1..=MOST.min(size) {
        let clusters = on_sample(sampled, count, draw, STARTS, first, dice)?;
        let fitted = of_clusters(sampled, &clusters.labels, &clusters.centres, covariance, stop.added)
            .and_then(|mixture| improve(sampled, mixture, stop, false));
        let fitted = match fitted {
            Err(Error::Data { .. }) => continue,
            fitted => fitted?,
        };
        let log_likelihood = fitted.log_density * size as f64;
        let criterion = bic(covariance, count, rows.space.width(), log_likelihood, size as f64);
        if criterion < best.1 {
            best = (count, criterion);
        }
    }
    Ok(best.0)
}

/// The Bayesian information criterion.
pub(super) fn bic(covariance: Covariance, components: usize, width: usize, log_likelihood: f64, rows: f64) -> f64 {
    covariance.parameters(components, width) as f64 * rows.ln() - 2.0 * log_likelihood
}

/// That of Akaike (1974).
pub(super) fn aic(covariance: Covariance, components: usize, width: usize, log_likelihood: f64) -> f64 {
    2.0 * covariance.parameters(components, width) as f64 - 2.0 * log_likelihood
}
