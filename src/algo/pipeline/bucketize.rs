//! Categories of numbers, by given bounds.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind, Levels};
use super::step::{Codes, Place, Step, Training, Transform};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::parameters::{any, hyperparameters, refuse};

/// The most buckets: what learners tell apart.
pub(super) const MOST_BUCKETS: usize = 253;

hyperparameters! {
    /// By what numbers are divided.
    pub struct BucketizeParams {
        /// Where buckets end, ascending: a bucket holds the numbers from one bound up to, and without, the next.
        bounds or "split_points": Vec<f64> = Vec::new(), any(), from "BigQuery's `ML.BUCKETIZE`";
    }
    together BucketizeParams::check_bounds
}

impl BucketizeParams {
    fn check_bounds(&self) -> Result<()> {
        let sound = (1..MOST_BUCKETS).contains(&self.bounds.len()) && self.bounds.is_sorted_by(|a, b| a < b);
        match sound {
            true => Ok(()),
            false => refuse(
                "bounds",
                format!("{:?}", self.bounds),
                "1 to 252 numbers, each greater than the one before",
            ),
        }
    }
}

/// The step.
pub struct Bucketize;

/// Where buckets end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    pub(super) bounds: Vec<f64>,
}

impl Step for Bucketize {
    const KEY: &'static str = "bucketize";
    const MAIN: Option<&'static str> = Some("bounds");
    const PLACE: Place = Place::Bin;
    const ABOUT: &'static str = "makes a category of numbers by given bounds";
    const GIVES: &'static str = "a category of buckets such as `[0, 10)`";
    type Parameters = BucketizeParams;
    type Fitted = Bounds;

    fn takes(_: &BucketizeParams, kind: &Kind) -> bool {
        kind.is_number()
    }

    fn fit(params: &BucketizeParams, _: &Training<'_>, monitor: &dyn Monitor) -> Result<Bounds> {
        monitor.check()?;
        Ok(Bounds {
            bounds: params.bounds.clone(),
        })
    }
}

impl Transform for Bounds {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [value, _]: [f64; 2], out: &mut [f64]) {
        if let [out] = out {
            *out = if value.is_nan() {
                f64::NAN
            } else {
                self.bounds.partition_point(|bound| *bound <= value) as f64
            };
        }
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        self.bounds.len() + 1
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        let text = |place: usize| self.bounds[place].to_string();
        let last = self.bounds.len();
        let name = |bucket: usize| match bucket {
            0 => format!("< {}", text(0)),
            bucket if bucket == last => format!(">= {}", text(last - 1)),
            bucket => format!("[{}, {})", text(bucket - 1), text(bucket)),
        };
        let levels = Levels {
            names: (0..=last).map(name).collect::<Vec<_>>().into(),
            other: false,
            added: None,
        };
        vec![Feature {
            name: input.name.clone(),
            kind: Kind::Category(levels),
        }]
    }

    fn is_sound(&self, [codes, _]: Codes) -> bool {
        let ascends = self.bounds.is_sorted_by(|a, b| a < b) && self.bounds.iter().all(|bound| bound.is_finite());
        codes == 0 && (1..MOST_BUCKETS).contains(&self.bounds.len()) && ascends
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        Map::from_iter([("bounds".into(), json!(self.bounds))])
    }

    fn memory(&self) -> usize {
        self.bounds.capacity() * size_of::<f64>()
    }
}
