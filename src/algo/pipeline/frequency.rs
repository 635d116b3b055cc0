//! The share of rows that have a level.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::statistics::codes_of;
use super::step::{Codes, MOST_LEVELS, NOT_SUMMED, Place, Relearned, Step, Training, Transform};
use super::totals::{Totals, Wanted};
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::parameters::{any, hyperparameters};

hyperparameters! {
    /// How shares are given.
    pub struct FrequencyParams {
        /// Whether it is a share of the training rows, not a count of them.
        normalize: bool = true, any(), from "category_encoders' `CountEncoder`";
    }
}

/// The step.
pub struct Frequency;

/// The share of each code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    shares: Vec<f64>,
    missing: f64,
}

impl Step for Frequency {
    const KEY: &'static str = "encode";
    const METHOD: Option<&'static str> = Some("frequency");
    const PLACE: Place = Place::Encode;
    const ABOUT: &'static str = "the share of training rows that have the level; 0 for one that training did not see";
    const GIVES: &'static str = "a number";
    type Parameters = FrequencyParams;
    type Fitted = Shares;

    fn takes(_: &FrequencyParams, kind: &Kind) -> bool {
        kind.levels().is_some()
    }

    fn most_levels(_: &FrequencyParams) -> Option<usize> {
        Some(MOST_LEVELS)
    }

    fn fit(params: &FrequencyParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Shares> {
        let (codes, levels) = codes_of(training.values)?;
        let mut counts = vec![0.0; levels + 1];
        let mut pace = Pace::new(monitor);
        for &code in codes {
            pace.spend(1)?;
            counts[(code as usize).min(levels)] += 1.0;
        }
        if params.normalize {
            counts.iter_mut().for_each(|count| *count /= codes.len().max(1) as f64);
        }
        let missing = counts.pop().unwrap_or(0.0);
        Ok(Shares {
            shares: counts,
            missing,
        })
    }

    fn wanted(_: &FrequencyParams, _: &Shares, codes: usize) -> Option<Wanted> {
        u32::try_from(codes).ok().map(Wanted::Levels)
    }

    fn relearn(params: &FrequencyParams, _: &Shares, sums: (&Wanted, &Totals), _: &str) -> Result<Relearned<Shares>> {
        let (_, Totals::Levels(rows)) = sums else {
            return Err(NOT_SUMMED);
        };
        let all = match params.normalize {
            true => rows.iter().map(|rows| *rows as f64).sum::<f64>().max(1.0),
            false => 1.0,
        };
        let mut shares: Vec<f64> = rows.iter().map(|rows| *rows as f64 / all).collect();
        // Behind the levels are rows with missing values, and those with levels that the sample does not have.
        shares.pop();
        let missing = shares.pop().unwrap_or(0.0);
        Ok(Relearned::new(Shares { shares, missing }))
    }
}

impl Transform for Shares {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [code, _]: [f64; 2], out: &mut [f64]) {
        if let [out] = out {
            *out = match self.shares.get(code as usize) {
                _ if code.is_nan() => self.missing,
                Some(share) => *share,
                None => 0.0,
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
        let all = self.shares.iter().chain([&self.missing]);
        codes > 0 && self.shares.len() == codes && all.into_iter().all(|share| share.is_finite())
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        Map::from_iter([
            ("levels".into(), json!(self.shares.len())),
            ("missing".into(), json!(self.missing)),
        ])
    }

    fn memory(&self) -> usize {
        self.shares.capacity() * size_of::<f64>()
    }
}
