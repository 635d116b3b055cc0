//! What every fitted model can do, whatever learned it.

use linfa::dataset::Records;
use linfa::traits::PredictInplace;
use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::frame::Frame;

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
}

/// Every estimator is a linfa predictor over frames: rows x outputs.
pub struct Predictor<'a, E: Estimator + ?Sized>(pub &'a E);

/// Rows scored by one thread at a time.
const BLOCK: usize = 4096;

impl<E: Estimator + Sync + ?Sized> PredictInplace<Frame, Array2<f64>> for Predictor<'_, E> {
    fn predict_inplace<'a>(&'a self, frame: &'a Frame, predictions: &mut Array2<f64>) {
        predictions
            .axis_chunks_iter_mut(Axis(0), BLOCK)
            .into_par_iter()
            .enumerate()
            .for_each(|(block, mut rows)| {
                let mut row = vec![f64::NAN; frame.nfeatures()];
                let mut out = vec![0.0; self.0.outputs()];
                for (index, mut target) in (block * BLOCK..).zip(rows.outer_iter_mut()) {
                    frame.encode_row(index, &mut row);
                    self.0.score(&row, &mut out);
                    target.iter_mut().zip(&out).for_each(|(t, o)| *t = *o);
                }
            });
    }

    fn default_target(&self, frame: &Frame) -> Array2<f64> {
        Array2::zeros((frame.rows(), self.0.outputs()))
    }
}
