//! The reasons that are kept of a decision: what moved its margin most, in either direction, against the training rows.

use std::rc::Rc;

use serde_json::{Value as Json, json};

use crate::models::explain::{RowExplainer, TopAttributions};
use crate::models::registry::Version;
use crate::models::scorer::Scorer;
use crate::pg::error::Result;

/// What explains the decisions of a version.
pub struct Reasons {
    explainer: RowExplainer,
    scorer: Rc<Scorer>,
    most: usize,
    baseline: Option<&'static str>,
    /// The base value; with more than two classes one for each, as far as they were met.
    base: Vec<f64>,
}

impl Reasons {
    /// For `most` reasons of each decision. Returns an error for a model that cannot be explained.
    pub fn new(version: &Version, scorer: &Rc<Scorer>, most: usize) -> Result<Reasons> {
        let bases = match scorer.outputs() {
            0..=2 => 1,
            classes => classes,
        };
        Ok(Reasons {
            explainer: RowExplainer::new(version, Rc::clone(scorer))?,
            scorer: Rc::clone(scorer),
            most,
            baseline: None,
            base: vec![f64::NAN; bases],
        })
    }

    /// Against what they are told; `None` before the first row.
    pub fn baseline(&self) -> Option<&'static str> {
        self.baseline
    }

    /// The base values.
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// The reasons of a row that has been scored, the strongest first. `shown` gives the value of an input.
    pub fn of(&mut self, encoded: &[f64], shown: impl Fn(usize) -> Option<String>) -> Result<Json> {
        let TopAttributions {
            baseline,
            class,
            base_value,
            attributions,
            ..
        } = self.explainer.top(encoded, self.most)?;
        self.baseline = Some(baseline);
        let place = class.unwrap_or(0).min(self.base.len() - 1);
        self.base[place] = base_value;
        let inputs = &self.scorer.model().inputs;
        let reason = |(input, attribution): (usize, f64)| json!({"feature": inputs[input].name, "value": shown(input), "attribution": attribution});
        Ok(attributions.into_iter().map(reason).collect())
    }
}
