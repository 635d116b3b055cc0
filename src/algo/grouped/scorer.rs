//! Models by group laid out for scoring many rows.

use std::sync::Arc;

use super::model::{GroupedModel, Own};
use super::places::Places;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::linear;

/// For each group the place of what scores it among the models; that of all rows is the first.
pub(super) fn places_and_models(model: &GroupedModel) -> (Places, Vec<&Arc<dyn Fitted>>) {
    let (mut models, mut places) = (vec![model.all()], Vec::new());
    for group in model.groups() {
        places.push(match &group.own {
            Own::Model(model) => {
                models.push(model);
                models.len() as u32 - 1
            }
            Own::TooFewRows | Own::LacksClass | Own::NotLearnable => 0,
        });
    }
    (Places::new(model.table().clone(), places), models)
}

/// What scores one group's rows.
enum Engine {
    Prepared(Box<dyn Estimator>),
    Model(Arc<dyn Fitted>),
}

impl Engine {
    fn of(fitted: &Arc<dyn Fitted>) -> Engine {
        match fitted.scorer() {
            Some(prepared) => Engine::Prepared(prepared),
            None => Engine::Model(Arc::clone(fitted)),
        }
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        match self {
            Engine::Prepared(scorer) => scorer.score(row, out),
            Engine::Model(fitted) => fitted.score(row, out),
        }
    }
}

/// The models of all groups, each laid out for scoring. Gives the same scores as the model, to the bit.
pub(super) struct GroupedScorer {
    places: Places,
    engines: Vec<Engine>,
    outputs: usize,
}

impl GroupedScorer {
    /// O(size of the models).
    pub(super) fn new(model: &GroupedModel) -> GroupedScorer {
        let (places, models) = places_and_models(model);
        GroupedScorer {
            places,
            engines: models.into_iter().map(Engine::of).collect(),
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
        let (features, key) = row.split_at(row.len() - self.places.width());
        self.engines[self.places.find(key)].score(features, out);
    }
}

/// A model whose score is a link of a weighted sum, of all rows or of each group, laid out for those who add a row's numbers where they are.
/// Gives the same scores as the model, to the bit.
pub struct LinearScorers {
    places: Places,
    scorers: Vec<linear::Scorer>,
}

impl LinearScorers {
    /// `None` for a model, or a group's, with another score. O(size of the models).
    pub fn new(fitted: &dyn Fitted) -> Option<LinearScorers> {
        let Some(grouped) = fitted.grouped() else {
            return Some(LinearScorers {
                places: Places::default(),
                scorers: vec![fitted.linear_scorer()?],
            });
        };
        let (places, models) = places_and_models(grouped);
        let scorers = models.into_iter().map(|model| model.linear_scorer());
        Some(LinearScorers {
            places,
            scorers: scorers.collect::<Option<_>>()?,
        })
    }

    /// What scores an encoded row, of which only the end counts, which names its group; and how many features stand before that.
    #[inline(always)]
    pub fn of(&self, row: &[f64]) -> (&linear::Scorer, usize) {
        let features = row.len() - self.places.width();
        let place = if self.places.width() == 0 {
            0
        } else {
            self.places.find(&row[features..])
        };
        (&self.scorers[place], features)
    }
}

impl Estimator for LinearScorers {
    fn outputs(&self) -> usize {
        self.scorers.first().map_or(0, Estimator::outputs)
    }

    #[inline]
    fn score(&self, row: &[f64], out: &mut [f64]) {
        let (scorer, features) = self.of(row);
        scorer.score(&row[..features], out);
    }
}
