//! Comparing models on the same rows, deploying by the evidence, and what a model takes.

pub mod champion;
mod options;
mod pass;
mod promote;
pub mod promotion;
pub mod sources;
mod upkeep;

use pgrx::pg_extern;

pub use self::options::CONFIDENCE;
use self::options::{MAIN, Metrics, Options};
use self::pass::Pass;
use super::registry::{self, Privilege};
use crate::pg::error::{Result, advise, or_raise};
use crate::pg::options::{required, texts};
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;

result_row! {
    /// How two models differ by a metric.
    struct ComparisonRow {
        metric: &'static str,
        a: Option<f64>,
        b: Option<f64>,
        difference: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        p_value: Option<f64>,
        method: &'static str,
        rows: i64,
    }
}

/// The metrics that one text names.
fn metrics(metric: Option<Text>) -> Metrics {
    match metric.map(String::from) {
        None => Metrics::All,
        Some(name) if name == MAIN => Metrics::Main,
        Some(name) => Metrics::Named(vec![name]),
    }
}

fn compare(a: Option<Text>, b: Option<Text>, query: Option<Text>, options: &Options) -> Result<Vec<ComparisonRow>> {
    let (a, b) = (required("a", a)?, required("b", b)?);
    let query = required("query", query)?;
    let versions = [&a, &b].map(|reference| registry::resolve(reference, Privilege::Predict));
    let [of_a, of_b] = versions;
    let (of_a, of_b) = (of_a?, of_b?);
    let pass = Pass::run([&a, &b], [&of_a, &of_b], &query, options)?;
    for (reference, share) in pass.trained() {
        advise(
            format!(
                "about {:.0} % of these rows trained model \"{reference}\"",
                share * 100.0
            ),
            Some("A model knows the rows that it learned from: it seems better on them than it is on others.".into()),
            Some("Compare models on rows that neither has seen.".into()),
        );
    }
    let rows = pass.rows() as i64;
    let differences = pass.compare(options)?.into_iter();
    Ok(differences
        .map(|found| ComparisonRow {
            metric: found.metric,
            a: found.a,
            b: found.b,
            difference: found.difference(),
            low: found.interval.map(|interval| interval[0]),
            high: found.interval.map(|interval| interval[1]),
            p_value: found.p_value,
            method: found.method,
            rows,
        })
        .collect())
}

/// `compare_models(a, b, query, metric, ...)`, the metric by its name.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn compare_models(
    a: Option<Text>,
    b: Option<Text>,
    query: Option<Text>,
    metric: Option<Text>,
    cluster_by: Option<Text>,
    confidence: Option<f64>,
    seed: Option<i64>,
    resamples: Option<i32>,
) -> SetOf<ComparisonRow> {
    let options = Options::new(
        metrics(metric),
        cluster_by.map(String::from),
        confidence,
        seed,
        resamples,
    );
    set_of(or_raise(options.and_then(|options| compare(a, b, query, &options))))
}

/// `compare_models(a, b, query, metric, ...)`, the metrics by their names.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn compare_models_by(
    a: Option<Text>,
    b: Option<Text>,
    query: Option<Text>,
    metric: Option<Vec<Option<Text>>>,
    cluster_by: Option<Text>,
    confidence: Option<f64>,
    seed: Option<i64>,
    resamples: Option<i32>,
) -> SetOf<ComparisonRow> {
    let rows = || {
        let metrics = texts("metric", metric)?.map_or(Metrics::All, Metrics::Named);
        let options = Options::new(metrics, cluster_by.map(String::from), confidence, seed, resamples)?;
        compare(a, b, query, &options)
    };
    set_of(or_raise(rows()))
}
