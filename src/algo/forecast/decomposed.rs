//! A series as seasons and a rest: the seasons repeat as they were last, the rest is forecast by a method without a season.

use serde::{Deserialize, Serialize};

use super::naive::Naive;
use super::options::MOST_SEASONS;
use super::state::{State, nested};

/// Seasons, and what is left without them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decomposed {
    /// One for each season.
    seasons: Vec<Naive>,
    /// Whether the one season is a factor; it is added otherwise.
    is_factor: bool,
    #[serde(deserialize_with = "nested")]
    rest: State,
}

/// The least factor of a season.
const LEAST: f64 = 1e-2;

impl Decomposed {
    /// Cycles that begin with the next step.
    pub(super) fn new(cycles: Vec<Vec<f64>>, is_factor: bool, rest: State) -> Decomposed {
        Decomposed {
            seasons: cycles.into_iter().map(Naive::of_cycle).collect(),
            is_factor,
            rest,
        }
    }

    pub(super) fn advance(&mut self, value: f64) {
        let mut rest = value;
        for season in &mut self.seasons {
            match self.is_factor {
                true => rest /= season.next().max(LEAST),
                false => rest -= season.next(),
            }
            season.turn();
        }
        self.rest.advance(rest);
    }

    pub(super) fn project(&self, out: &mut [f64]) {
        self.rest.project(out);
        let mut one = vec![0.0; out.len()];
        for season in &self.seasons {
            season.project(&mut one);
            match self.is_factor {
                true => out.iter_mut().zip(&one).for_each(|(out, one)| *out *= one.max(LEAST)),
                false => out.iter_mut().zip(&one).for_each(|(out, one)| *out += one),
            }
        }
    }

    pub(super) fn name(&self) -> String {
        match &self.rest {
            State::Theta(_) => "theta".into(),
            rest => format!("mstl, rest by {}", rest.name()),
        }
    }

    pub(super) fn is_sound_within(&self, depth: usize) -> bool {
        self.seasons.len() <= MOST_SEASONS
            && self.seasons.iter().all(Naive::is_sound)
            && self.rest.is_sound_within(depth)
    }

    pub(super) fn memory(&self) -> usize {
        let seasons = self.seasons.iter().map(|season| size_of::<Naive>() + season.memory());
        seasons.sum::<usize>() + self.rest.memory()
    }
}
