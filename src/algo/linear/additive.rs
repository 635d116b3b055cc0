//! What each feature adds to the linear scores.

use super::predictor::LinearPredictor;
use crate::explain::Additive;

impl Additive for LinearPredictor {
    fn features(&self) -> usize {
        self.terms().len()
    }

    fn start(&self) -> &[f64] {
        self.intercepts()
    }

    fn add(&self, feature: usize, value: f64, out: &mut [f64]) {
        match self.terms()[feature].place(value, self.outputs()) {
            Some((place, factor)) => {
                let weights = &self.table()[place..place + self.outputs()];
                (out.iter_mut().zip(weights)).for_each(|(out, weight)| *out = weight * factor);
            }
            None => out.fill(0.0),
        }
    }

    fn add_mean(&self, feature: usize, mean: f64, _variance: f64, out: &mut [f64]) {
        self.add(feature, mean, out);
    }
}
