//! The arguments that say how two models are compared.

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use algo::comparing;
use algo::metrics::evaluation::Scored;
use algo::model::Model;

/// What the metric is called that decides.
pub const MAIN: &str = "main";
/// The confidence when none is given.
pub const CONFIDENCE: f64 = 0.95;
/// The draws when their number is not given.
pub const RESAMPLES: usize = 1000;
/// The most of them.
const MOST_RESAMPLES: i32 = 100_000;

/// Which metrics are wanted.
pub enum Metrics {
    /// The one that decides.
    Main,
    All,
    Named(Vec<String>),
}

/// How two models are compared.
pub struct Options {
    pub metrics: Metrics,
    /// The column that says which rows belong together.
    pub cluster_by: Option<String>,
    pub confidence: f64,
    pub seed: u64,
    pub resamples: usize,
}

impl Options {
    /// Reads the arguments. Returns 22023.
    pub fn new(
        metrics: Metrics,
        cluster_by: Option<String>,
        confidence: Option<f64>,
        seed: Option<i64>,
        resamples: Option<i32>,
    ) -> Result<Options> {
        let confidence = confidence.unwrap_or(CONFIDENCE);
        if !(confidence > 0.0 && confidence < 1.0) {
            return Err(Error::new(INVALID_PARAMETER, "confidence is out of range")
                .detail(format!("The value is {confidence}."))
                .hint("It must be between 0 and 1, both excluded, such as 0.95."));
        }
        let resamples = match resamples {
            None => RESAMPLES,
            Some(count @ 100..=MOST_RESAMPLES) => count as usize,
            Some(count) => {
                return Err(Error::new(INVALID_PARAMETER, "resamples is out of range")
                    .detail(format!("The value is {count}."))
                    .hint(format!("It must be between 100 and {MOST_RESAMPLES}.")));
            }
        };
        Ok(Options {
            metrics,
            cluster_by,
            confidence,
            seed: seed.unwrap_or(0) as u64,
            resamples,
        })
    }

    /// The names of the metrics, of two models, the first of which may have been fitted by a loss of its own. Returns 22023 for one that they
    /// cannot be compared by.
    pub fn names(&self, scored: &Scored, model: &Model) -> Result<Vec<&'static str>> {
        let own = model.fitted.criterion().map(|criterion| criterion.name());
        let usual = comparing::metrics_of(scored).iter().map(|metric| metric.name());
        let mut known: Vec<&'static str> = own.into_iter().chain(usual).collect();
        // The loss may be one of the usual metrics.
        let mut seen = std::collections::HashSet::new();
        known.retain(|name| seen.insert(*name));
        match &self.metrics {
            Metrics::Main => Ok(known.into_iter().take(1).collect()),
            Metrics::All => Ok(known),
            Metrics::Named(names) if names.is_empty() => {
                Err(Error::new(INVALID_PARAMETER, "metric is an empty array")
                    .hint("Name a metric; NULL stands for all."))
            }
            Metrics::Named(names) => {
                let mut found = Vec::with_capacity(names.len());
                for name in names {
                    let name = match name.as_str() {
                        MAIN => known.first(),
                        name => known.iter().find(|known| **known == name),
                    };
                    let Some(&name) = name else {
                        return Err(unknown(names, &known, model));
                    };
                    if !found.contains(&name) {
                        found.push(name);
                    }
                }
                Ok(found)
            }
        }
    }
}

fn unknown(names: &[String], known: &[&'static str], model: &Model) -> Error {
    let is_known = |name: &&String| name.as_str() == MAIN || known.contains(&name.as_str());
    let name = names.iter().find(|name| !is_known(name)).map_or("", String::as_str);
    Error::new(INVALID_PARAMETER, format!("metric cannot be \"{name}\"")).hint(format!(
        "Of this {} it is {MAIN} or one of {}.",
        model.answer.task().name(),
        known.join(", ")
    ))
}
