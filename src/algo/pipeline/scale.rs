//! Centre and unit of numbers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::statistics::{extremes, finite, mean, numbers_of, present, quantiles};
use super::step::{Codes, Formula, NOT_SUMMED, Place, Relearned, Step, Training, Transform};
use super::totals::{Totals, Wanted};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::parameters::{Value, any, choices, hyperparameters};

choices! {
    /// By what numbers are centred and divided.
    pub enum Method {
        /// Mean and standard deviation of the population.
        Standard = "standard",
        /// Least and greatest, which become 0 and 1.
        MinMax = "min_max",
        /// Median and distance of the quartiles.
        Robust = "robust",
        /// 0 and the greatest absolute value.
        MaxAbs = "max_abs",
    }
}

coded!(Method { 0 => Standard, 1 => MinMax, 2 => Robust, 3 => MaxAbs });

hyperparameters! {
    /// How numbers are scaled.
    pub struct ScaleParams {
        /// `standard`: mean 0 and deviation 1 (of the population); `min_max`: from 0 to 1; `robust`: median 0 and distance of the quartiles 1;
        /// `max_abs`: divided by the greatest absolute value.
        method: Method = Method::Standard, any(), from "scikit-learn's `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler`";
    }
}

/// The step.
pub struct Scale;

/// What numbers are centred at and divided by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaled {
    method: Method,
    center: f64,
    scale: f64,
}

impl Step for Scale {
    const KEY: &'static str = "scale";
    const MAIN: Option<&'static str> = Some("method");
    const PLACE: Place = Place::Scale;
    const ABOUT: &'static str = "centres numbers and divides them";
    const GIVES: &'static str = "the feature";
    type Parameters = ScaleParams;
    type Fitted = Scaled;

    fn takes(_: &ScaleParams, kind: &Kind) -> bool {
        kind.is_number()
    }

    fn fit(params: &ScaleParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Scaled> {
        let known = present(numbers_of(training.values)?, monitor)?;
        let (center, scale) = match params.method {
            Method::Standard => {
                let mean = mean(&known);
                let squares: f64 = known.iter().map(|value| (value - mean) * (value - mean)).sum();
                (mean, (squares / known.len().max(1) as f64).sqrt())
            }
            Method::MinMax => {
                let (least, greatest) = extremes(&known);
                (least, greatest - least)
            }
            Method::Robust => match quantiles(&known, &[0.25, 0.5, 0.75], monitor)?[..] {
                [low, median, high] => (median, high - low),
                _ => (0.0, 1.0),
            },
            Method::MaxAbs => {
                let (least, greatest) = extremes(&known);
                (0.0, greatest.abs().max(least.abs()))
            }
        };
        Scaled::of(params.method, (center, scale), &training.feature.name)
    }

    fn wanted(_: &ScaleParams, fitted: &Scaled, _: usize) -> Option<Wanted> {
        match fitted.method {
            Method::Standard | Method::MinMax | Method::MaxAbs => Some(Wanted::Numbers(fitted.center)),
            Method::Robust => None,
        }
    }

    fn relearn(_: &ScaleParams, fitted: &Scaled, sums: (&Wanted, &Totals), name: &str) -> Result<Relearned<Scaled>> {
        let (Wanted::Numbers(about), Totals::Numbers(numbers)) = sums else {
            return Err(NOT_SUMMED);
        };
        if numbers.present == 0 {
            return Ok(Relearned::new(fitted.clone()));
        }
        let (least, greatest) = (numbers.least, numbers.greatest);
        let learned = match fitted.method {
            Method::Standard => {
                let rows = numbers.present as f64;
                let deviations = numbers.sum.squared_deviations(&numbers.squares, numbers.present);
                (about + numbers.sum.value() / rows, (deviations / rows).sqrt())
            }
            Method::MinMax => (least, greatest - least),
            Method::MaxAbs => (0.0, greatest.abs().max(least.abs())),
            Method::Robust => return Err(NOT_SUMMED),
        };
        Scaled::of(fitted.method, learned, name).map(Relearned::new)
    }
}

impl Scaled {
    /// Returns an error for numbers that are too large.
    fn of(method: Method, (center, scale): (f64, f64), name: &str) -> Result<Scaled> {
        if !center.is_finite() || !scale.is_finite() {
            return Err(Error::data(
                format!("feature \"{name}\" has numbers that are too large to be scaled"),
                "divide the column in the query, so that squares of its numbers fit in double precision",
            ));
        }
        // What does not vary is centred only.
        let is_constant = scale <= 10.0 * f64::EPSILON * center.abs() || scale == 0.0;
        Ok(Scaled {
            method,
            center,
            scale: if is_constant { 1.0 } else { scale },
        })
    }
}

impl Transform for Scaled {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        if let [out] = out {
            *out = finite((value - self.center) / self.scale);
        }
    }

    fn formula(&self) -> Option<Formula> {
        Some(Formula::Affine {
            center: self.center,
            scale: self.scale,
        })
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        vec![Feature::number(input.name.clone())]
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        codes == 0 && self.center.is_finite() && self.scale.is_finite() && self.scale > 0.0
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        let method: Json = serde_json::from_str(&self.method.show()).unwrap_or_default();
        Map::from_iter([
            ("method".into(), method),
            ("center".into(), json!(self.center)),
            ("scale".into(), json!(self.scale)),
        ])
    }
}
