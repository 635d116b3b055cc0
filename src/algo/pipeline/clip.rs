//! Brings outliers in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::statistics::{numbers_of, present, quantiles};
use super::step::{Codes, Formula, Place, Step, Training, Transform};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parameters::{any, between, hyperparameters, refuse};

hyperparameters! {
    /// From where to where numbers go.
    pub struct ClipParams {
        /// Lesser numbers become this.
        min: Option<f64> = None, any(), from "numpy's `clip`";
        /// Greater numbers become this.
        max: Option<f64> = None, any(), from "numpy's `clip`";
        /// Numbers below this quantile of the training rows become it, and those above the one as far from the other end become that one.
        quantile: Option<f64> = None, between(0.0, 0.5), from "assay";
    }
    together ClipParams::check_bounds
}

impl ClipParams {
    fn check_bounds(&self) -> Result<()> {
        match (self.min, self.max, self.quantile) {
            (None, None, None) => refuse("quantile", "null", "given, such as 0.01, or min or max instead"),
            (Some(min), Some(max), _) if min >= max => refuse("min", min, "less than max"),
            _ => Ok(()),
        }
    }
}

/// The step.
pub struct Clip;

/// From where to where numbers go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
}

impl Step for Clip {
    const KEY: &'static str = "clip";
    const MAIN: Option<&'static str> = Some("quantile");
    const PLACE: Place = Place::Clip;
    const ABOUT: &'static str = "brings numbers between two bounds, given or learned";
    const GIVES: &'static str = "the feature";
    type Parameters = ClipParams;
    type Fitted = Bounds;

    fn takes(_: &ClipParams, kind: &Kind) -> bool {
        kind.is_number()
    }

    fn fit(params: &ClipParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Bounds> {
        let mut bounds = Bounds {
            low: params.min,
            high: params.max,
        };
        if let Some(share) = params.quantile {
            let known = present(numbers_of(training.values)?, monitor)?;
            if let ([low, high], false) = (
                &quantiles(&known, &[share, 1.0 - share], monitor)?[..],
                known.is_empty(),
            ) {
                bounds.low = Some(bounds.low.map_or(*low, |given| given.max(*low)));
                bounds.high = Some(bounds.high.map_or(*high, |given| given.min(*high)));
            }
        }
        if let (Some(low), Some(high)) = (bounds.low, bounds.high) {
            bounds.high = Some(high.max(low));
        }
        Ok(bounds)
    }
}

impl Transform for Bounds {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        let low = self.low.unwrap_or(f64::NEG_INFINITY);
        let high = self.high.unwrap_or(f64::INFINITY);
        if let [out] = out {
            // NaN stays what it is: no comparison with it holds.
            *out = if value < low {
                low
            } else if value > high {
                high
            } else {
                value
            };
        }
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Clamp {
            low: self.low,
            high: self.high,
        })
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        vec![input.clone()]
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        let finite = |bound: Option<f64>| bound.is_none_or(f64::is_finite);
        codes == 0 && finite(self.low) && finite(self.high)
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        Map::from_iter([("min".into(), json!(self.low)), ("max".into(), json!(self.high))])
    }
}
