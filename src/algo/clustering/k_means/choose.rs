//! How many clusters there are.

use crate::clustering::lloyd::{Rows, Stop};
use crate::clustering::params::Draw;
use crate::clustering::quality::silhouette;
use crate::clustering::start::{Dice, Sample, on_sample, points};
use crate::error::Result;

/// The most clusters that are tried.
pub(super) const MOST: usize = 12;
/// The most rows on which they are.
pub(super) const ROWS: usize = 2000;
/// Starts of each.
const STARTS: usize = 5;

/// The number of clusters, from 2 to [`MOST`], with the greatest mean silhouette on a sample of rows; of several as good the least. 1 where no number has
/// a silhouette: rows that are all alike, or two.
pub(super) fn count(rows: Rows<'_>, draw: Draw, stop: Stop, dice: &mut Dice) -> Result<usize> {
    let size = rows.frame.rows().min(ROWS);
    let sample = Sample::draw(rows, size, dice)?;
    let sampled = sample.rows(rows);
    let points = points(sampled)?;
    let weights: Vec<f64> = (0..size).map(|row| sampled.weight(row)).collect();
    if weights.iter().all(|weight| *weight == 0.0) {
        return Ok(1);
    }
    let mut best = (1, f64::NEG_INFINITY);
    for count in 2..=MOST.min(size.saturating_sub(1)) {
        let found = on_sample(sampled, count, draw, STARTS, stop, dice)?;
        let mean = silhouette(
            &points,
            rows.space.width(),
            &weights,
            &found.labels,
            count,
            rows.monitor,
        )?;
        if let Some(mean) = mean.filter(|mean| *mean > best.1) {
            best = (count, mean);
        }
    }
    Ok(best.0)
}
