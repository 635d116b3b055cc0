//! What every fitted model can do, whatever learned it.

use std::ops::Range;

use rayon::prelude::*;

use super::error::Result;
use super::frame::Frame;
use super::monitor::Monitor;
use super::room;

/// A fitted model that scores rows.
///
/// An encoded row has one `f64` a feature: the number itself, or the category's code; NaN when missing,
/// [`super::frame::UNSEEN`] for a category level that training did not see.
pub trait Estimator {
    /// How many numbers [`Estimator::score`] writes: 1 for a regression, one probability a class for a classification (they add
    /// up to 1, in class order).
    fn outputs(&self) -> usize;

    /// Scores one encoded row. Allocates nothing and never panics on a row of the right length. O(size of the model).
    fn score(&self, row: &[f64], out: &mut [f64]);

    /// Scores some rows of a frame, as [`Estimator::score`] scores each, to the bit: as many numbers a row, one row after the other.
    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let mut row = vec![f64::NAN; frame.columns().len()];
        for (index, out) in rows.zip(out.chunks_exact_mut(self.outputs())) {
            frame.encode_row(index, &mut row);
            self.score(&row, out);
        }
    }
}

/// Rows scored between two looks at the monitor: even a forest of large trees scores them within a few tens of milliseconds.
const BLOCK: usize = 256;

/// The scores of all rows of a frame, as many numbers for each, one row after the other; blocks in parallel. Returns an error when stopped,
/// and where there is no room.
pub fn scores(estimator: &(impl Estimator + Sync + ?Sized), frame: &Frame, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let width = estimator.outputs();
    let mut scores = room::zeros(frame.rows().saturating_mul(width))?;
    scores
        .par_chunks_mut(BLOCK * width)
        .enumerate()
        .try_for_each(|(block, out)| -> Result<()> {
            monitor.check()?;
            let first = block * BLOCK;
            estimator.score_rows(frame, first..first + out.len() / width, out);
            Ok(())
        })?;
    Ok(scores)
}
