//! Two columns together: the product of numbers, the pairs of levels.

use std::cmp::Reverse;

use hashbrown::HashMap;
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind, Levels, NULL};
use super::statistics::finite;
use super::step::{Codes, Place, Step, Training, Transform};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::frame::{Column, MISSING, UNSEEN};
use crate::monitor::{Monitor, Pace};
use crate::parameters::hyperparameters;

hyperparameters! {
    /// A cross has none: `crosses` names columns.
    pub struct CrossParams {
        /// How many columns are crossed.
        columns: usize = 2, crate::parameters::from_to(2.0, 2.0), from "BigQuery's `ML.FEATURE_CROSS`";
    }
}

/// Pairs between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// The step.
pub struct Cross;

/// What two features make together.
#[derive(Debug, Clone, PartialEq)]
pub enum Crossed {
    /// Their product.
    Product,
    /// A category of pairs of codes, ascending; [`MISSING`] is that of missing values. Whether one more stands for rare pairs.
    Pairs {
        /// The pairs.
        pairs: Vec<(u32, u32)>,
        /// Whether there is a code for the others.
        other: bool,
    },
}

coded!(Crossed { 0 => Product, 1 => Pairs { pairs, other } });

/// A code as pairs hold it; `None` for a level that training did not see.
#[inline]
fn code_of(value: f64) -> Option<u32> {
    match value {
        value if value.is_nan() => Some(MISSING),
        UNSEEN => None,
        value => Some(value as u32),
    }
}

impl Crossed {
    /// Learns from training rows; the `most` pairs that occur most often are told apart. Returns an error for a number and a category.
    pub(super) fn learn(a: &Training<'_>, b: &Training<'_>, most: usize, monitor: &dyn Monitor) -> Result<Crossed> {
        match (a.values, b.values) {
            (Column::Number(_), Column::Number(_)) => Ok(Crossed::Product),
            (Column::Category { codes: left, .. }, Column::Category { codes: right, .. }) => {
                let mut counts = HashMap::<(u32, u32), u64>::new();
                let mut pace = Pace::new(monitor);
                for pair in left.iter().copied().zip(right.iter().copied()) {
                    pace.spend(4)?;
                    *counts.entry(pair).or_default() += 1;
                }
                counts.remove(&(MISSING, MISSING));
                let other = counts.len() > most;
                // The most frequent of some at a time, as there may be very many.
                let mut best: Vec<(Reverse<u64>, (u32, u32))> = Vec::new();
                let mut counts = counts
                    .into_iter()
                    .map(|(pair, count)| (Reverse(count), pair))
                    .peekable();
                while counts.peek().is_some() {
                    monitor.check()?;
                    best.extend(counts.by_ref().take(BLOCK));
                    if best.len() > most {
                        best.select_nth_unstable(most);
                        best.truncate(most);
                    }
                }
                let mut pairs: Vec<(u32, u32)> = best.into_iter().map(|(_, pair)| pair).collect();
                pairs.sort_unstable();
                Ok(Crossed::Pairs { pairs, other })
            }
            _ => Err(Error::data(
                format!(
                    "columns \"{}\" and \"{}\" cannot be crossed: one is a number, the other a category",
                    a.feature.name, b.feature.name
                ),
                "make a category of the number with bucketize or quantile_bucketize",
            )),
        }
    }
}

impl Step for Cross {
    const KEY: &'static str = "crosses";
    const PLACE: Place = Place::Cross;
    const ABOUT: &'static str =
        "two columns together, as they are before they are encoded; encode, polynomial and scale of their type follow";
    const GIVES: &'static str = "of two numbers the product `a*b`; of two categories a category of pairs";
    type Parameters = CrossParams;
    type Fitted = Crossed;

    fn takes(_: &CrossParams, _: &Kind) -> bool {
        false
    }

    fn fit(_: &CrossParams, _: &Training<'_>, _: &dyn Monitor) -> Result<Crossed> {
        Err(Error::Internal("a cross is of two columns"))
    }
}

impl Transform for Crossed {
    fn width(&self) -> usize {
        1
    }

    #[inline]
    fn apply(&self, [a, b]: [f64; 2], out: &mut [f64]) {
        let [out] = out else { return };
        *out = match self {
            Crossed::Product => finite(a * b),
            Crossed::Pairs { pairs, other } => {
                let rest = if *other { pairs.len() as f64 } else { UNSEEN };
                match (code_of(a), code_of(b)) {
                    (Some(MISSING), Some(MISSING)) => f64::NAN,
                    (Some(a), Some(b)) => pairs.binary_search(&(a, b)).map_or(rest, |place| place as f64),
                    _ => rest,
                }
            }
        };
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        match self {
            Crossed::Product => 0,
            Crossed::Pairs { pairs, other } => pairs.len() + usize::from(*other),
        }
    }

    fn outputs(&self, [a, b]: [&Feature; 2]) -> Vec<Feature> {
        let name = format!("{}*{}", a.name, b.name);
        let Crossed::Pairs { pairs, other } = self else {
            return vec![Feature::number(name)];
        };
        let level = |feature: &Feature, code: u32| {
            let code = if code == MISSING { None } else { Some(code) };
            feature.level(code).unwrap_or_else(|| NULL.into())
        };
        let names = pairs
            .iter()
            .map(|&(of_a, of_b)| format!("{}*{}", level(a, of_a), level(b, of_b)));
        let levels = Levels {
            names: names.collect::<Vec<_>>().into(),
            other: *other,
            added: None,
        };
        vec![Feature {
            name,
            kind: Kind::Category(levels),
        }]
    }

    fn is_sound(&self, [of_a, of_b]: Codes) -> bool {
        match self {
            Crossed::Product => of_a == 0 && of_b == 0,
            Crossed::Pairs { pairs, .. } => {
                let fits = |code: u32, codes: usize| code == MISSING || (code as usize) < codes;
                let fit = pairs.iter().all(|&(a, b)| fits(a, of_a) && fits(b, of_b));
                of_a > 0 && of_b > 0 && fit && pairs.is_sorted_by(|a, b| a < b) && self.codes(0, [0, 0]) > 0
            }
        }
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        match self {
            Crossed::Product => Map::new(),
            Crossed::Pairs { pairs, other } => {
                Map::from_iter([("pairs".into(), json!(pairs.len())), ("rare".into(), json!(other))])
            }
        }
    }

    fn memory(&self) -> usize {
        match self {
            Crossed::Product => 0,
            Crossed::Pairs { pairs, .. } => pairs.capacity() * size_of::<(u32, u32)>(),
        }
    }
}
