//! Categories of numbers, each of about as many training rows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::bucketize::Bounds;
use super::feature::{Feature, Kind};
use super::statistics::{extremes, numbers_of, present, quantiles};
use super::step::{Codes, Place, Step, Training, Transform};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parameters::{from_to, hyperparameters};

hyperparameters! {
    /// How many buckets there are.
    pub struct QuantileBucketizeParams {
        /// How many buckets there are, fewer where numbers repeat.
        buckets or "num_buckets": usize = 10, from_to(2.0, 253.0), from "BigQuery's `ML.QUANTILE_BUCKETIZE`";
    }
}

/// The step.
pub struct QuantileBucketize;

/// Where buckets end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantiles(Bounds);

impl Step for QuantileBucketize {
    const KEY: &'static str = "quantile_bucketize";
    const MAIN: Option<&'static str> = Some("buckets");
    const PLACE: Place = Place::Bin;
    const ABOUT: &'static str = "makes a category of numbers, of buckets with about as many training rows each";
    const GIVES: &'static str = "a category of buckets such as `[0, 10)`";
    type Parameters = QuantileBucketizeParams;
    type Fitted = Quantiles;

    fn takes(_: &QuantileBucketizeParams, kind: &Kind) -> bool {
        kind.is_number()
    }

    fn fit(params: &QuantileBucketizeParams, training: &Training<'_>, monitor: &dyn Monitor) -> Result<Quantiles> {
        let known = present(numbers_of(training.values)?, monitor)?;
        let shares: Vec<f64> = (1..params.buckets)
            .map(|part| part as f64 / params.buckets as f64)
            .collect();
        let (least, greatest) = extremes(&known);
        let mut bounds = quantiles(&known, &shares, monitor)?;
        bounds.dedup();
        // Nothing is below the least number.
        bounds.retain(|bound| *bound > least);
        if bounds.is_empty() {
            bounds.push(greatest);
        }
        Ok(Quantiles(Bounds { bounds }))
    }
}

impl Transform for Quantiles {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, inputs: [f64; 2], out: &mut [f64]) {
        self.0.apply(inputs, out);
    }

    fn codes(&self, place: usize, inputs: Codes) -> usize {
        self.0.codes(place, inputs)
    }

    fn outputs(&self, inputs: [&Feature; 2]) -> Vec<Feature> {
        self.0.outputs(inputs)
    }

    fn is_sound(&self, inputs: Codes) -> bool {
        self.0.is_sound(inputs)
    }

    fn describe(&self, inputs: [&Feature; 2]) -> Map<String, Json> {
        self.0.describe(inputs)
    }

    fn memory(&self) -> usize {
        self.0.memory()
    }
}
