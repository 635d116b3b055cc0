//! A number for each level.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind, Levels};
use super::step::{Codes, MOST_LEVELS, Place, Step, Training, Transform};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::parameters::{any, hyperparameters};

hyperparameters! {
    /// How levels become numbers.
    pub struct OrdinalParams {
        /// The levels in the order of their numbers, from 0; those that it does not name are -1. None: all levels in the order of their texts.
        levels or "categories": Vec<String> = Vec::new(), any(), from "scikit-learn's `OrdinalEncoder`";
    }
}

/// The step.
pub struct Ordinal;

/// The number of each code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Places {
    numbers: Vec<f64>,
}

/// The number of a level that has none.
const UNKNOWN: f64 = -1.0;

impl Step for Ordinal {
    const KEY: &'static str = "encode";
    const METHOD: Option<&'static str> = Some("ordinal");
    const PLACE: Place = Place::Encode;
    const ABOUT: &'static str = "a number for each level: its place; -1 for one that training did not see";
    const GIVES: &'static str = "a number";
    type Parameters = OrdinalParams;
    type Fitted = Places;

    fn takes(_: &OrdinalParams, kind: &Kind) -> bool {
        kind.levels().is_some()
    }

    fn most_levels(_: &OrdinalParams) -> Option<usize> {
        Some(MOST_LEVELS)
    }

    fn fit(params: &OrdinalParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Places> {
        monitor.check()?;
        let lack = || Error::Internal("a step of categories was given numbers");
        let levels: &Levels = training.feature.kind.levels().ok_or_else(lack)?;
        let number = |code: usize| {
            let name = levels.name(code).unwrap_or_default();
            match params.levels.is_empty() {
                true => code as f64,
                false => {
                    let place = params.levels.iter().position(|level| level == name);
                    place.map_or(UNKNOWN, |place| place as f64)
                }
            }
        };
        Ok(Places {
            numbers: (0..levels.codes()).map(number).collect(),
        })
    }
}

impl Transform for Places {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [code, _]: [f64; 2], out: &mut [f64]) {
        if let [out] = out {
            *out = match self.numbers.get(code as usize) {
                _ if code.is_nan() => f64::NAN,
                Some(number) => *number,
                None => UNKNOWN,
            };
        }
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        vec![Feature::number(input.name.clone())]
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        codes > 0 && self.numbers.len() == codes && self.numbers.iter().all(|number| number.is_finite())
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        let named = self.numbers.iter().filter(|number| **number != UNKNOWN).count();
        Map::from_iter([("levels".into(), json!(named))])
    }

    fn memory(&self) -> usize {
        self.numbers.capacity() * size_of::<f64>()
    }
}
