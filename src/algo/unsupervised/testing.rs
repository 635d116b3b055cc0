//! What tests of models without a target share.

use crate::explain::Baseline;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame};
use crate::monitor::Unwatched;
use crate::training_set::{Target, TrainingSet};
use crate::trees::testing::MIXED;

/// Rows without a target.
pub(crate) fn set_of(columns: Vec<Column>) -> TrainingSet {
    TrainingSet::new(Frame::new(columns).unwrap(), Target::None)
}

/// A row as a model is asked for it.
pub(crate) fn row_of(frame: &Frame, index: usize) -> Vec<f64> {
    let mut row = vec![0.0; frame.width()];
    frame.encode_row(index, &mut row);
    row
}

/// That what features of mixed rows add, and the base, are the margin, against the training rows and against others.
pub(crate) fn features_add_up_to_margins(model: &dyn Fitted, set: &TrainingSet) {
    let rows: Vec<f64> = (0..set.rows()).flat_map(|index| row_of(&set.frame, index)).collect();
    for baseline in [Baseline::Training, Baseline::Background(&rows)] {
        let explainer = model.explainer(&MIXED, baseline, &Unwatched).unwrap();
        // The base is the mean of the margins of the training rows, whichever way it is found.
        assert!((explainer.base()[0] - model.base()[0]).abs() < 1e-9);
        let mut attributions = vec![0.0; rows.len()];
        explainer.explain(&rows, 4, &mut attributions, &Unwatched).unwrap();
        for (row, attributions) in rows.chunks(4).zip(attributions.chunks(4)) {
            let mut margin = [0.0];
            model.margin(row, &mut margin);
            let sum = explainer.base()[0] + attributions.iter().sum::<f64>();
            assert!((sum - margin[0]).abs() < 1e-9 * margin[0].max(1.0), "{sum} {margin:?}");
        }
    }
}
