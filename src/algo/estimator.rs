//! What every fitted model can do, whatever learned it.

use std::ops::Range;

use linfa::dataset::Records;
use linfa::traits::PredictInplace;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::frame::Frame;
use super::monitor::Monitor;

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
        let mut row = vec![f64::NAN; frame.nfeatures()];
        for (index, out) in rows.zip(out.chunks_exact_mut(self.outputs())) {
            frame.encode_row(index, &mut row);
            self.score(&row, out);
        }
    }
}

/// Every estimator is a linfa predictor over frames: rows x outputs. Once its monitor asks to stop, the rows that are left get no scores;
/// whoever predicts asks the monitor afterwards.
pub struct Predictor<'a, E: Estimator + ?Sized> {
    /// What scores.
    pub estimator: &'a E,
    /// Who may stop it.
    pub monitor: &'a dyn Monitor,
}

/// Rows scored between two looks at the monitor: even a forest of large trees scores them within a few tens of milliseconds.
const BLOCK: usize = 256;

impl<E: Estimator + Sync + ?Sized> PredictInplace<Frame, Array2<f64>> for Predictor<'_, E> {
    fn predict_inplace<'a>(&'a self, frame: &'a Frame, predictions: &mut Array2<f64>) {
        let blocks = predictions
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .enumerate();
        blocks.for_each(|(block, mut rows)| {
            if self.monitor.check().is_err() {
                return;
            }
            let first = block * BLOCK;
            let mut out = vec![0.0; rows.len()];
            self.estimator.score_rows(frame, first..first + rows.nrows(), &mut out);
            rows.iter_mut().zip(out).for_each(|(target, score)| *target = score);
        });
    }

    fn default_target(&self, frame: &Frame) -> Array2<f64> {
        Array2::zeros((frame.rows(), self.estimator.outputs()))
    }
}
