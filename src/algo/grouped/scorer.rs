//! Models by group laid out for scoring many rows.

use std::sync::Arc;

use super::model::{GroupedModel, Own};
use super::table::Table;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::linear;

/// What scores one group's rows.
enum Engine {
    Linear(linear::Scorer),
    Prepared(Box<dyn Estimator>),
    Model(Arc<dyn Fitted>),
}

impl Engine {
    fn of(fitted: &Arc<dyn Fitted>) -> Engine {
        match (fitted.linear_scorer(), fitted.scorer()) {
            (Some(linear), _) => Engine::Linear(linear),
            (None, Some(prepared)) => Engine::Prepared(prepared),
            (None, None) => Engine::Model(Arc::clone(fitted)),
        }
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        match self {
            Engine::Linear(scorer) => scorer.score(row, out),
            Engine::Prepared(scorer) => scorer.score(row, out),
            Engine::Model(fitted) => fitted.score(row, out),
        }
    }
}

/// The models of all groups, each laid out for scoring. Gives the same scores as the model, to the bit.
pub(super) struct GroupedScorer {
    table: Table,
    /// For each group the place of its engine.
    places: Vec<u32>,
    /// That of all rows first.
    engines: Vec<Engine>,
    outputs: usize,
}

impl GroupedScorer {
    /// O(size of the models).
    pub(super) fn new(model: &GroupedModel) -> GroupedScorer {
        let mut engines = vec![Engine::of(model.all())];
        let place = |own: &Own| match own {
            Own::Model(model) => {
                engines.push(Engine::of(model));
                engines.len() as u32 - 1
            }
            Own::TooFewRows | Own::LacksClass | Own::NotLearnable => 0,
        };
        let places = model.groups().iter().map(|group| &group.own).map(place).collect();
        GroupedScorer {
            table: model.table().clone(),
            places,
            engines,
            outputs: model.outputs(),
        }
    }
}

impl Estimator for GroupedScorer {
    fn outputs(&self) -> usize {
        self.outputs
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        let (features, key) = row.split_at(row.len() - self.table.width());
        let place = self.table.find(key).map_or(0, |group| self.places[group]);
        self.engines[place as usize].score(features, out);
    }
}
