//! Buckets by a hash of the text: categories of any number of levels, and of those that training did not see.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind, Levels};
use super::step::{Codes, Place, Step, TextReader, TextRows, Training, Transform};
use crate::error::{Error, Result};
use crate::hash::hash_watched;
use crate::monitor::Monitor;
use crate::parameters::{any, from_to, hyperparameters};

hyperparameters! {
    /// How texts are put into buckets.
    pub struct HashParams {
        /// How many buckets there are.
        buckets or "num_buckets": usize = 64, from_to(2.0, 253.0), from "BigQuery's `ML.HASH_BUCKETIZE`";
        /// Another seed puts texts together in another way.
        seed: u64 = 0, any(), from "assay";
    }
}

/// The step.
pub struct Hash;

/// Buckets of texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Buckets {
    buckets: u32,
    seed: u64,
}

impl Step for Hash {
    const KEY: &'static str = "encode";
    const METHOD: Option<&'static str> = Some("hash");
    const PLACE: Place = Place::Read;
    const ABOUT: &'static str =
        "puts levels into buckets by a hash of their text, however many there are, those too that training did not see";
    const GIVES: &'static str = "a category of so many buckets";
    type Parameters = HashParams;
    type Fitted = Buckets;

    fn takes(_: &HashParams, kind: &Kind) -> bool {
        matches!(kind, Kind::Text | Kind::Category(_))
    }

    fn fit(_: &HashParams, _: &Training<'_>, _: &dyn Monitor) -> Result<Buckets> {
        Err(Error::Internal("buckets are of texts"))
    }

    fn fit_texts(params: &HashParams, _: &TextRows<'_>, monitor: &dyn Monitor) -> Result<Buckets> {
        monitor.check()?;
        Ok(Buckets {
            buckets: params.buckets as u32,
            seed: params.seed,
        })
    }
}

impl Transform for Buckets {
    fn width(&self) -> usize {
        1
    }

    fn apply(&self, _: [f64; 2], out: &mut [f64]) {
        out.fill(f64::NAN);
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        self.buckets as usize
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        let names = (0..self.buckets).map(|bucket| bucket.to_string()).collect::<Vec<_>>();
        let levels = Levels {
            names: names.into(),
            other: false,
            added: None,
        };
        vec![Feature {
            name: input.name.clone(),
            kind: Kind::Category(levels),
        }]
    }

    fn is_sound(&self, _: Codes) -> bool {
        (2..=253).contains(&self.buckets)
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        Map::from_iter([("buckets".into(), json!(self.buckets))])
    }

    fn text_reader(&self) -> Option<Box<dyn TextReader>> {
        Some(Box::new(self.clone()))
    }
}

impl TextReader for Buckets {
    fn read(&mut self, text: &str, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let hash = hash_watched(self.seed, text.as_bytes(), monitor)?;
        out.fill((hash % u64::from(self.buckets.max(1))) as f64);
        Ok(())
    }
}
