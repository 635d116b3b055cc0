//! A feature of 0 and 1 for each level.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind, NULL};
use super::statistics::codes_of;
use super::step::{Codes, Place, Step, Training, Transform};
use crate::error::Result;
use crate::frame::MISSING;
use crate::monitor::{Monitor, Pace};
use crate::parameters::{any, hyperparameters};

hyperparameters! {
    /// How levels become features, named as in scikit-learn's `OneHotEncoder`.
    pub struct OneHotParams {
        /// Whether the first level has no feature, as the others tell it.
        drop_first: bool = false, any(), from "assay, as scikit-learn's `drop='first'`";
    }
}

/// The step.
pub struct OneHot;

/// The levels that have a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flags {
    /// Their codes, ascending; [`MISSING`] is that of missing values.
    codes: Vec<u32>,
}

impl Step for OneHot {
    const KEY: &'static str = "encode";
    const METHOD: Option<&'static str> = Some("one_hot");
    const PLACE: Place = Place::Encode;
    const ABOUT: &'static str = "a feature for each level of a category, and for missing values if training rows have some; all are 0 for a level \
                                 that training did not see";
    const GIVES: &'static str = "features of 0 and 1, `name=level`";
    type Parameters = OneHotParams;
    type Fitted = Flags;

    fn takes(_: &OneHotParams, kind: &Kind) -> bool {
        kind.levels().is_some()
    }

    fn fit(params: &OneHotParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Flags> {
        let (codes, levels) = codes_of(training.values)?;
        let mut seen = vec![false; levels + 1];
        let mut pace = Pace::new(monitor);
        for &code in codes {
            pace.spend(1)?;
            seen[(code as usize).min(levels)] = true;
        }
        let known = (0..levels as u32).filter(|&code| seen[code as usize]);
        let codes = known
            .chain(seen[levels].then_some(MISSING))
            .skip(usize::from(params.drop_first))
            .collect();
        Ok(Flags { codes })
    }
}

impl Transform for Flags {
    fn width(&self) -> usize {
        self.codes.len()
    }

    #[inline]
    fn apply(&self, [code, _]: [f64; 2], out: &mut [f64]) {
        let code = if code.is_nan() { f64::from(MISSING) } else { code };
        for (out, own) in out.iter_mut().zip(&self.codes) {
            *out = f64::from(u8::from(f64::from(*own) == code));
        }
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        let flag = |&code: &u32| {
            let level = if code == MISSING { None } else { Some(code) };
            Feature::flag(format!(
                "{}={}",
                input.name,
                input.level(level).unwrap_or_else(|| NULL.into())
            ))
        };
        self.codes.iter().map(flag).collect()
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        let fits = |&code: &u32| code == MISSING || (code as usize) < codes;
        codes > 0 && self.codes.is_sorted_by(|a, b| a < b) && self.codes.iter().all(fits)
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        Map::from_iter([("levels".into(), json!(self.codes.len()))])
    }

    fn memory(&self) -> usize {
        self.codes.capacity() * size_of::<u32>()
    }
}
