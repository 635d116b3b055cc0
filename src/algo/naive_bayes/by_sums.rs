//! Naive Bayes from a tally of rows that were not held.

use super::tally::{FeatureTally, Tally, pooled};
use super::{Likelihood, NaiveBayes, NaiveBayesParams};
use crate::error::{Error, Result};
use crate::linear::input::Input;
use crate::monitor::{Monitor, Progress};
use crate::sums::{Course, Step, Sums, Total, What};
use crate::training_set::TrainingSet;

/// One pass.
pub(super) struct ByTally(pub NaiveBayesParams);

impl Course for ByTally {
    fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step> {
        let tally = match sums.map(Sums::total) {
            None => return Ok(Step::Pass(What::Tally)),
            Some(Total::Tally(tally)) => tally.clone().without_unknown(),
            Some(Total::Linear(_) | Total::Clusters(_) | Total::Steps(_)) => {
                return Err(Error::Internal("a learner was given sums that it did not ask for"));
            }
        };
        let mut model = tally.finish(&self.0)?;
        // The loss of the sample is about that of all rows; the mean densities are known of all of them.
        let loss = model.learn_base(&sample.frame, &Input::of(sample)?, monitor)?;
        model.base = model.base_of(&tally);
        monitor.progress(Progress {
            iteration: 1,
            iterations: 1,
            loss,
        });
        Ok(Step::Fitted(Box::new(model)))
    }
}

impl NaiveBayes {
    /// The means of the joint densities over the rows of a tally: of a square it is the variance and the square of the mean.
    fn base_of(&self, tally: &Tally) -> Vec<f64> {
        let total: f64 = tally.weights.iter().sum();
        let mut base = self.priors.clone();
        let classes = base.len();
        for (likelihood, feature) in self.features.iter().zip(&tally.features) {
            match (likelihood, feature) {
                (Likelihood::Number(normals), FeatureTally::Number(moments)) => {
                    let all = pooled(moments);
                    for (base, normal) in base.iter_mut().zip(normals) {
                        let square = all.variance() + (all.mean - normal.mean).powi(2);
                        *base += all.weight / total * (normal.peak - 0.5 * square / normal.variance);
                    }
                }
                (Likelihood::Category { logs, .. }, FeatureTally::Category { weights, .. }) => {
                    for (logs, weights) in logs.chunks_exact(classes).zip(weights.chunks_exact(classes)) {
                        let share = weights.iter().sum::<f64>() / total;
                        base.iter_mut().zip(logs).for_each(|(base, log)| *base += share * log);
                    }
                }
                // Made of that tally.
                (Likelihood::Number(_), FeatureTally::Category { .. })
                | (Likelihood::Category { .. }, FeatureTally::Number(_)) => {}
            }
        }
        base
    }
}
