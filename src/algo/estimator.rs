//! What every fitted model can do, whatever learned it.

use std::ops::Range;

use linfa::dataset::Records;
use linfa::traits::PredictInplace;
use rayon::prelude::*;

use super::error::Result;
use super::frame::Frame;
use super::monitor::Monitor;
use super::room;

/// A fitted model that scores rows.
///
/// An encoded row has one `f64` a feature: the number itself, or the category's code; NaN when missing,
/// [`super::frame::UNSEEN`] for a category level that training did not see. Models by group have the group's values behind them.
pub trait Estimator {
    /// How many numbers [`Estimator::score`] writes: 1 for a regression, one probability a class for a classification (they add
    /// up to 1, in class order).
    fn outputs(&self) -> usize;

    /// Scores one encoded row. Allocates nothing and never panics on a row of the right length. O(size of the model).
    fn score(&self, row: &[f64], out: &mut [f64]);

    /// The loss that it was fitted by, where the usual metrics of its task do not show how well it did.
    fn criterion(&self) -> Option<&dyn Criterion> {
        None
    }

    /// Scores some rows of a frame, as [`Estimator::score`] scores each, to the bit: as many numbers a row, one row after the other.
    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let mut row = vec![f64::NAN; frame.width()];
        for (index, out) in rows.zip(out.chunks_exact_mut(self.outputs())) {
            frame.encode_row(index, &mut row);
            self.score(&row, out);
        }
    }
}

/// A loss of a predicted number, by which models are compared.
pub trait Criterion: Sync {
    /// Its name among the metrics.
    fn name(&self) -> &'static str;

    /// The loss of a prediction, at least 0, where the target is `y`.
    fn loss(&self, y: f64, predicted: f64) -> f64;
}

/// Rows scored between two looks at the monitor: even a forest of large trees scores them within a few tens of milliseconds.
const BLOCK: usize = 256;

/// An estimator, and who may stop it.
pub struct Predictor<'a, E: ?Sized> {
    /// What scores.
    pub estimator: &'a E,
    /// Asked between blocks of rows.
    pub monitor: &'a dyn Monitor,
}

/// The scores of all rows of a frame, as many numbers for each, one row after the other; blocks in parallel. An error when stopped, and where
/// there is no room.
impl<E: Estimator + Sync + ?Sized> PredictInplace<Frame, Result<Vec<f64>>> for Predictor<'_, E> {
    fn predict_inplace<'a>(&'a self, frame: &'a Frame, scores: &mut Result<Vec<f64>>) {
        let Ok(numbers) = scores else { return };
        let width = self.estimator.outputs();
        let scored = numbers
            .par_chunks_mut(BLOCK * width)
            .enumerate()
            .try_for_each(|(block, out)| {
                self.monitor.check()?;
                let first = block * BLOCK;
                self.estimator.score_rows(frame, first..first + out.len() / width, out);
                Ok(())
            });
        if let Err(error) = scored {
            *scores = Err(error);
        }
    }

    fn default_target(&self, frame: &Frame) -> Result<Vec<f64>> {
        room::zeros(frame.nsamples().saturating_mul(self.estimator.outputs()))
    }
}
