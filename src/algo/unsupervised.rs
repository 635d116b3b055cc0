//! What a fitted model can do that was learned without a target.

#[cfg(test)]
pub(crate) mod testing;

use rayon::prelude::*;

use super::error::{Error, Result};
use super::frame::Frame;
use super::monitor::Monitor;
use super::room;
use super::task::Answer;
use super::training_set::TrainingSet;

/// Shares of the training rows whose strangeness is kept: 0, 1/1000, ..., 1.
pub const STRANGENESS_STEPS: usize = 1000;

/// Training rows whose strangeness is looked at: so many tell each of the quantiles to a few thousandths of its share.
pub(crate) const JUDGED: usize = 100_000;
/// Rows that one task looks at.
const BLOCK_ROWS: usize = 256;

/// A fitted model of rows without a target. Its explained margin ([`crate::fitted::Fitted::margin`]) is one number that grows with
/// [`Unsupervised::strangeness`], so that what features add to it says what makes a row strange.
pub trait Unsupervised: Sync {
    /// What it answers for a row. [`crate::estimator::Estimator::score`] writes that.
    fn answer(&self) -> Answer;

    /// How many numbers [`Unsupervised::transform`] writes; 0 for a model that makes none of a row.
    fn transformed(&self) -> usize {
        0
    }

    /// Writes what it makes of a row beside its answer: distances from each cluster, probabilities of each, components. Allocates nothing.
    fn transform(&self, _row: &[f64], _out: &mut [f64]) {}

    /// How well it describes rows, by its metrics. O(rows x size).
    fn assess(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment>;

    /// The same of the rows that it was learned from; a model may know that without a look at them, or tell it of some of them.
    fn assess_training(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Assessment> {
        self.assess(set, monitor)
    }

    /// How strange a row is: greater is stranger. Allocates nothing.
    fn strangeness(&self, row: &[f64]) -> f64;

    /// The strangeness of the training rows: the least, the one that 1/1000 of them do not exceed, and so on to the greatest;
    /// [`STRANGENESS_STEPS`] + 1 numbers, ascending.
    fn strangeness_quantiles(&self) -> &[f64];

    /// The strangeness from which on a row is called an anomaly, unless a share of anomalies is given; `None` where the learner has no such bound.
    fn bound(&self) -> Option<f64> {
        None
    }

    /// The centres of its clusters, in their order; `None` for a model without.
    fn clusters(&self) -> Option<Vec<Cluster>> {
        None
    }

    /// Its components, in their order; `None` for a model without.
    fn components(&self) -> Option<Vec<Component>> {
        None
    }
}

/// Metrics of rows without a target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assessment {
    /// By name; `None` where one is undefined on the rows.
    pub metrics: Vec<(&'static str, Option<f64>)>,
    /// The metric by which versions are compared, and whether more of it is better; `None` where no metric says which is better.
    pub decisive: Option<(&'static str, bool)>,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Training rows in it.
    pub rows: u64,
    /// Its centre, one part for each number of the design.
    pub centre: Vec<Part>,
}

/// A component.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// The variance along it.
    pub variance: f64,
    /// The share of all variance.
    pub share: f64,
    /// How much each number of the design goes into it.
    pub loadings: Vec<Part>,
}

/// What belongs to one number of the design: to a feature, or to a level of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// The index of the feature.
    pub feature: usize,
    /// The level, when the feature is a category.
    pub level: Option<super::design::Level>,
    /// The number: on the raw scale for centres (the share of rows with that level), of unit length for loadings.
    pub value: f64,
}

/// The quantiles that [`Unsupervised::strangeness_quantiles`] gives, of the strangeness of training rows; looks at the monitor. Numbers that are none
/// count as the greatest. O(n log n).
pub fn quantiles(mut strangeness: Vec<f64>, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    monitor.check()?;
    strangeness.retain(|value| !value.is_nan());
    super::sort::sort(&mut strangeness, monitor)?;
    let Some(last) = strangeness.len().checked_sub(1) else {
        return Ok(vec![0.0; STRANGENESS_STEPS + 1]);
    };
    Ok((0..=STRANGENESS_STEPS)
        .map(|step| strangeness[(last * step).div_ceil(STRANGENESS_STEPS)])
        .collect())
}

/// How far rows are apart whose strangeness is looked at.
pub(crate) fn judged_step(rows: usize) -> usize {
    rows.div_ceil(JUDGED).max(1)
}

/// The quantiles of what `strangeness` gives for the rows of a frame: of at most [`JUDGED`] of them.
pub(crate) fn quantiles_of(
    frame: &Frame,
    monitor: &dyn Monitor,
    strangeness: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<Vec<f64>> {
    quantiles(judged(frame, monitor, strangeness)?, monitor)
}

/// What `strangeness` gives for every [`judged_step`]th row of a frame. Blocks in parallel.
pub(crate) fn judged(
    frame: &Frame,
    monitor: &dyn Monitor,
    strangeness: impl Fn(&[f64]) -> f64 + Sync,
) -> Result<Vec<f64>> {
    let step = judged_step(frame.rows());
    let mut values = room::zeros(frame.rows().div_ceil(step))?;
    values
        .par_chunks_mut(BLOCK_ROWS)
        .enumerate()
        .try_for_each(|(block, values)| {
            monitor.check()?;
            let mut row = vec![0.0; frame.width()];
            for (place, value) in values.iter_mut().enumerate() {
                frame.encode_row((block * BLOCK_ROWS + place) * step, &mut row);
                *value = strangeness(&row);
            }
            Ok::<(), Error>(())
        })?;
    Ok(values)
}

/// Whether numbers are such quantiles.
pub fn are_quantiles(quantiles: &[f64]) -> bool {
    quantiles.len() == STRANGENESS_STEPS + 1 && quantiles.is_sorted() && quantiles.iter().all(|value| value.is_finite())
}

/// The strangeness that a share of the training rows exceed.
pub fn exceeded_by(quantiles: &[f64], share: f64) -> f64 {
    let place = (1.0 - share).clamp(0.0, 1.0) * STRANGENESS_STEPS as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    let at = |place: usize| quantiles.get(place).copied().unwrap_or(f64::INFINITY);
    at(low) + (at(high) - at(low)) * (place - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn a_share_of_the_training_rows_exceeds_its_quantile() {
        let values: Vec<f64> = (0..5000).rev().map(f64::from).collect();
        let quantiles = quantiles(values.clone(), &Unwatched).unwrap();
        assert!(are_quantiles(&quantiles));
        for share in [0.001, 0.01, 0.1, 0.5] {
            let bound = exceeded_by(&quantiles, share);
            let beyond = values.iter().filter(|value| **value > bound).count() as f64 / 5000.0;
            assert!((beyond - share).abs() <= 0.0005, "{beyond} of {share}");
        }
        assert_eq!(
            (exceeded_by(&quantiles, 1.0), exceeded_by(&quantiles, 0.0)),
            (0.0, 4999.0)
        );
        assert!(are_quantiles(&self::quantiles(vec![f64::NAN], &Unwatched).unwrap()));
    }
}
