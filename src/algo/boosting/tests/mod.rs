//! Tests of whole fits.

mod behaviour;
mod hostile;
mod objectives;
mod oracle;
mod small;

use super::{Boosting, Objective, Scorer};
use crate::error::Result;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING};
use crate::monitor::{Monitor, Unwatched};
use crate::parameters::Hyperparameters;
use crate::training_set::{Target, TrainingSet};
use crate::trees::testing::{MIXED, classes, dataset, mixed};

type Dataset = TrainingSet;

/// Hyperparameters, and what is predicted.
#[derive(Debug, Clone, Default)]
struct BoostingParams {
    objective: Objective,
    params: super::BoostingParams,
}

impl std::ops::Deref for BoostingParams {
    type Target = super::BoostingParams;

    fn deref(&self) -> &super::BoostingParams {
        &self.params
    }
}

impl std::ops::DerefMut for BoostingParams {
    fn deref_mut(&mut self) -> &mut super::BoostingParams {
        &mut self.params
    }
}

impl BoostingParams {
    fn new(objective: Objective) -> Self {
        BoostingParams {
            objective,
            ..BoostingParams::default()
        }
    }

    /// An objective of numbers, with the parameters that it takes.
    fn of_numbers(params: super::BoostingParams) -> Self {
        let objective = params.objective.unwrap().with(&params);
        BoostingParams { objective, params }
    }

    /// Fits rows whose targets become what is predicted.
    fn fit(&self, data: &Dataset, validation: Option<&Dataset>, monitor: &dyn Monitor) -> Result<Boosting> {
        let of_objective = |data: &Dataset| {
            let values = data.target.values().to_vec();
            let target = match self.objective {
                _ if self.objective.number_loss().is_some() => Target::Numbers(values),
                Objective::Multiclass { classes } => Target::Classes {
                    numbers: values,
                    count: classes,
                },
                _ => Target::Classes {
                    numbers: values,
                    count: 2,
                },
            };
            TrainingSet { target, ..data.clone() }
        };
        self.params.check()?;
        let validation = validation.map(of_objective);
        super::fit(&self.params, &of_objective(data), validation.as_ref(), monitor)
    }
}

fn fit(params: BoostingParams, data: &Dataset) -> Result<Boosting> {
    params.fit(data, None, &Unwatched)
}

/// Parameters that let a handful of rows make a tree: one round, full learning rate, leaves of one row.
fn tiny(objective: Objective) -> BoostingParams {
    let mut params = BoostingParams::new(objective);
    params.n_estimators = 1;
    params.learning_rate = 1.0;
    params.min_child_samples = 1;
    params.min_data_per_group = 1;
    params.cat_smooth = 0.0;
    params.cat_l2 = 0.0;
    params
}

/// The scores of a row, walked and, unless a tree is too large for it, by the prepared model alike.
fn score(model: &Boosting, row: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; model.outputs()];
    model.score(row, &mut out);
    if let Some(scorer) = Scorer::new(model) {
        let mut prepared = vec![f64::NAN; model.outputs()];
        scorer.score(row, &mut prepared);
        assert!(
            out.iter().zip(&prepared).all(|(a, b)| a.to_bits() == b.to_bits()),
            "{out:?} {prepared:?}"
        );
    }
    out
}
