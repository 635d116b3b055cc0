//! Powers of numbers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::statistics::finite;
use super::step::{Codes, Place, Step, Training, Transform};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parameters::{from_to, hyperparameters};

/// The greatest power.
const MOST: usize = 8;

hyperparameters! {
    /// Which powers there are.
    pub struct PolynomialParams {
        /// The greatest power.
        degree: usize = 2, from_to(2.0, 8.0), from "scikit-learn's `PolynomialFeatures`";
    }
}

/// The step.
pub struct Polynomial;

/// Powers of a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Powers {
    degree: usize,
}

impl Step for Polynomial {
    const KEY: &'static str = "polynomial";
    const MAIN: Option<&'static str> = Some("degree");
    const PLACE: Place = Place::Expand;
    const ABOUT: &'static str = "powers of numbers, for learners of weighted sums";
    const GIVES: &'static str = "the number, and `name^2` to `name^degree`";
    type Parameters = PolynomialParams;
    type Fitted = Powers;

    fn takes(_: &PolynomialParams, kind: &Kind) -> bool {
        kind.is_number()
    }

    fn fit(params: &PolynomialParams, _: &Training<'_>, monitor: &dyn Monitor) -> Result<Powers> {
        monitor.check()?;
        Ok(Powers { degree: params.degree })
    }
}

impl Transform for Powers {
    fn width(&self) -> usize {
        self.degree
    }

    #[inline]
    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        let mut power = 1.0;
        for out in out {
            power *= value;
            *out = finite(power);
        }
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        let power = |power: usize| Feature::number(format!("{}^{power}", input.name));
        [Feature::number(input.name.clone())]
            .into_iter()
            .chain((2..=self.degree).map(power))
            .collect()
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        codes == 0 && (2..=MOST).contains(&self.degree)
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        Map::from_iter([("degree".into(), json!(self.degree))])
    }
}
