//! Whether one of two models is better than the other on the same rows, and how sure that is.
//!
//! The area under the ROC curve is compared by the method of DeLong, DeLong and Clarke-Pearson (1988), every other metric by a paired bootstrap.
//! Both look at how the two models differ row by row: what makes rows hard for both of them cancels. Rows that belong together (of one
//! customer, say) may be named by clusters; then whole clusters are what varies (Obuchowski 1997 for areas).

pub mod bootstrap;
pub mod delong;

use statrs::function::erf::erfc;

use crate::error::{Error, Result};
use crate::estimator::Criterion;
use crate::metrics::Metric;
use crate::metrics::evaluation::{Scored, Table};
use crate::monitor::Monitor;
use bootstrap::{Bootstrap, Units};

/// What one of the two models said of the rows.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The rows with its scores.
    pub scored: &'a Scored,
    /// The probability from which on it gives a row the positive label.
    pub threshold: f64,
}

/// How two models are compared.
pub struct Plan<'a> {
    /// The metrics, by their names.
    pub metrics: &'a [&'static str],
    /// A loss that is a metric beside the usual ones, of a regression.
    pub criterion: Option<&'a dyn Criterion>,
    /// How sure an interval is, such as 0.95.
    pub confidence: f64,
    /// By what the bootstrap draws.
    pub seed: u64,
    /// How many times it draws.
    pub resamples: usize,
}

/// How two models differ by one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The metric.
    pub metric: &'static str,
    /// What the first reached; `None` where the rows do not define it.
    pub a: Option<f64>,
    /// What the second reached.
    pub b: Option<f64>,
    /// What the difference, first less second, may as well be.
    pub interval: Option<[f64; 2]>,
    /// How likely a difference as great is where there is none.
    pub p_value: Option<f64>,
    /// How that was found.
    pub method: &'static str,
}

impl Difference {
    /// The first less the second.
    pub fn difference(&self) -> Option<f64> {
        Some(self.a? - self.b?)
    }
}

/// What is known of the difference of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// What it may as well be.
    pub interval: [f64; 2],
    /// How likely one as great is where there is none.
    pub p_value: f64,
}

impl Evidence {
    /// Of an estimate with a normal distribution. Without any variance it is what it is.
    fn normal(estimate: f64, variance: f64, confidence: f64) -> Evidence {
        let error = variance.max(0.0).sqrt();
        let reach = error * std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(1.0 - confidence);
        let p_value = match (error > 0.0, estimate == 0.0) {
            (true, _) => erfc(estimate.abs() / error / std::f64::consts::SQRT_2),
            (false, true) => 1.0,
            (false, false) => 0.0,
        };
        Evidence {
            interval: [estimate - reach, estimate + reach],
            p_value,
        }
    }
}

/// The cluster of a row that belongs with no other.
pub const ALONE: u64 = 0;

/// The metric whose differences are found by [`delong`].
const AREA: &str = Metric::RocAuc.name();

/// The metrics by which models of a kind can be compared, the decisive one first; a loss of their own comes before them.
pub fn metrics_of(scored: &Scored) -> &'static [Metric] {
    match scored {
        Scored::Classes { classes: 2, .. } => Metric::OF_CLASSES,
        Scored::Classes { .. } => &[
            Metric::RocAuc,
            Metric::LogLoss,
            Metric::Accuracy,
            Metric::Precision,
            Metric::Recall,
            Metric::F1,
            Metric::Mcc,
        ],
        Scored::Numbers { .. } => Metric::OF_NUMBERS,
    }
}

/// Compares two models on the same rows. `clusters` says for each row to which cluster it belongs. One difference per metric of the plan.
/// Returns an error for rows that are not the same, when stopped, and where there is no room. O(rows x log rows) for areas; the bootstrap takes
/// as many times longer as it draws, but no more than [`bootstrap::MOST_UNITS`] units of what a mean is made of.
pub fn compare(
    sides: [Side<'_>; 2],
    clusters: Option<&[u64]>,
    plan: &Plan<'_>,
    monitor: &dyn Monitor,
) -> Result<Vec<Difference>> {
    check_same_rows(&sides, clusters)?;
    let area = plan
        .metrics
        .contains(&AREA)
        .then(|| area(sides, clusters, plan, monitor))
        .transpose()?;
    let others: Vec<&'static str> = plan.metrics.iter().copied().filter(|name| *name != AREA).collect();
    let drawn = match others.is_empty() {
        true => Vec::new(),
        false => by_bootstrap(sides, clusters, plan, &others, monitor)?,
    };
    let mut found: Vec<Difference> = area.into_iter().chain(drawn).collect();
    found.sort_by_key(|difference| plan.metrics.iter().position(|name| *name == difference.metric));
    Ok(found)
}

fn check_same_rows(sides: &[Side<'_>; 2], clusters: Option<&[u64]>) -> Result<()> {
    let same = match (sides[0].scored, sides[1].scored) {
        (
            Scored::Classes {
                actual: a,
                classes: of_a,
                ..
            },
            Scored::Classes {
                actual: b,
                classes: of_b,
                ..
            },
        ) => of_a == of_b && a == b,
        (Scored::Numbers { actual: a, .. }, Scored::Numbers { actual: b, .. }) => a == b,
        (Scored::Classes { .. }, Scored::Numbers { .. }) | (Scored::Numbers { .. }, Scored::Classes { .. }) => false,
    };
    let rows = sides[0].scored.rows();
    if same && clusters.is_none_or(|clusters| clusters.len() == rows) {
        return Ok(());
    }
    Err(Error::Internal("two models were not scored on the same rows"))
}

fn area(sides: [Side<'_>; 2], clusters: Option<&[u64]>, plan: &Plan<'_>, monitor: &dyn Monitor) -> Result<Difference> {
    let found = delong::compare(sides.map(|side| side.scored), clusters, plan.confidence, monitor)?;
    Ok(Difference {
        metric: AREA,
        a: found.areas.map(|areas| areas[0]),
        b: found.areas.map(|areas| areas[1]),
        interval: found.evidence.map(|evidence| evidence.interval),
        p_value: found.evidence.map(|evidence| evidence.p_value),
        method: match clusters {
            None => "delong",
            Some(_) => "delong, clustered",
        },
    })
}

fn by_bootstrap(
    sides: [Side<'_>; 2],
    clusters: Option<&[u64]>,
    plan: &Plan<'_>,
    names: &[&'static str],
    monitor: &dyn Monitor,
) -> Result<Vec<Difference>> {
    let table = |side: Side<'_>| values(side, plan, names, monitor);
    let [a, b] = [table(sides[0])?, table(sides[1])?];
    let units = Units::new(sides.map(|side| side.scored), clusters, plan.seed, monitor)?;
    let bootstrap = Bootstrap::new(sides, &units, names, plan.criterion, monitor)?;
    let evidence = bootstrap.run(plan.confidence, plan.seed, plan.resamples, monitor)?;
    let value = |table: &Table, name: &str| table.iter().find(|(own, _)| *own == name).and_then(|(_, value)| *value);
    Ok((names.iter().zip(evidence))
        .map(|(&metric, evidence)| Difference {
            metric,
            a: value(&a, metric),
            b: value(&b, metric),
            interval: evidence.map(|evidence| evidence.interval),
            p_value: evidence.map(|evidence| evidence.p_value),
            method: match clusters {
                None => "bootstrap",
                Some(_) => "bootstrap, clustered",
            },
        })
        .collect())
}

/// What a model reached.
fn values(side: Side<'_>, plan: &Plan<'_>, names: &[&'static str], monitor: &dyn Monitor) -> Result<Table> {
    let known = names
        .iter()
        .all(|name| metrics_of(side.scored).iter().any(|metric| metric.name() == *name));
    side.scored
        .metrics(side.threshold, if known { None } else { plan.criterion }, monitor)
}

#[cfg(test)]
mod tests;
