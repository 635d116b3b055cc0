//! Logarithms.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::feature::{Feature, Kind};
use super::statistics::finite;
use super::step::{Codes, Formula, Place, Step, Training, Transform};
use crate::coded::coded;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parameters::{Value, any, choices, hyperparameters};

choices! {
    /// Which logarithm it is.
    pub enum Curve {
        /// Of 1 more than the number; of negative ones the same with the sign.
        Log1p = "log1p",
        /// The natural one; missing for what is not above 0.
        Ln = "ln",
    }
}

coded!(Curve { 0 => Log1p, 1 => Ln });

hyperparameters! {
    /// Which logarithm it is.
    pub struct LogParams {
        /// `log1p`: of 1 more than the number, and of negative numbers the same with the other sign; `ln`: of the number, missing unless it is above 0.
        method: Curve = Curve::Log1p, any(), from "numpy's `log1p` and `log`";
    }
}

/// The step.
pub struct Log;

/// A logarithm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logarithm {
    curve: Curve,
}

impl Step for Log {
    const KEY: &'static str = "log";
    const MAIN: Option<&'static str> = Some("method");
    const PLACE: Place = Place::Log;
    const ABOUT: &'static str = "the logarithm of numbers over several powers of ten";
    const GIVES: &'static str = "the feature";
    type Parameters = LogParams;
    type Fitted = Logarithm;

    fn takes(_: &LogParams, kind: &Kind) -> bool {
        matches!(kind, Kind::Number)
    }

    fn fit(params: &LogParams, _: &Training<'_>, monitor: &dyn Monitor) -> Result<Logarithm> {
        monitor.check()?;
        Ok(Logarithm { curve: params.method })
    }
}

impl Transform for Logarithm {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        if let [out] = out {
            *out = match self.curve {
                Curve::Log1p => value.abs().ln_1p().copysign(value),
                Curve::Ln => finite(value.ln()),
            };
        }
    }

    fn formula(&self) -> Option<Formula> {
        Some(match self.curve {
            Curve::Log1p => Formula::LogOfOneMore,
            Curve::Ln => Formula::Log,
        })
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        vec![Feature::number(input.name.clone())]
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        codes == 0
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        let method: Json = serde_json::from_str(&self.curve.show()).unwrap_or_default();
        Map::from_iter([("method".into(), method)])
    }
}
