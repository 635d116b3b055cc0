//! Models whose margins are sums of what each feature adds by itself: the linear family, and naive Bayes.
//!
//! The Shapley value of a feature is then what it adds less the mean of that over the rows that are compared with, whatever these rows are like: a
//! feature adds the same to every coalition.

use std::fmt;

use super::{Baseline, Explainer};
use crate::error::{Error, Result};
use crate::metrics::sum::Sum;
use crate::monitor::{Monitor, Pace};
use crate::pipeline::Feature;
use crate::summary::{Summary, ValueSummary};

/// A model whose margins are sums.
pub trait Additive: Send + Sync {
    /// How many features it has.
    fn features(&self) -> usize;

    /// The margins of a row that adds nothing.
    fn start(&self) -> &[f64];

    /// Writes what a value of a feature, as an encoded row holds it, adds to each margin.
    fn add(&self, feature: usize, value: f64, out: &mut [f64]);

    /// Writes the mean of that over numbers of which mean and variance are known.
    fn add_mean(&self, feature: usize, mean: f64, variance: f64, out: &mut [f64]);
}

/// What is known of a model only right after its fit, and so no part of it: the means over the training rows of what each feature adds.
#[derive(Clone, Default)]
pub struct Known(pub Option<Vec<f64>>);

impl PartialEq for Known {
    fn eq(&self, _: &Known) -> bool {
        true
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

/// The means over rows of what each feature adds: for each feature one number per margin. The order of the rows does not matter.
pub fn means_of_rows(model: &dyn Additive, rows: &[f64], width: usize, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let margins = model.start().len();
    let mut sums = vec![Sum::default(); model.features() * margins];
    let (mut added, mut pace) = (vec![0.0; margins], Pace::new(monitor));
    let rows = rows.chunks_exact(width.max(1));
    let count = rows.len().max(1) as f64;
    for row in rows {
        pace.spend(sums.len())?;
        for (feature, (sums, &value)) in sums.chunks_exact_mut(margins).zip(row).enumerate() {
            model.add(feature, value, &mut added);
            (sums.iter_mut().zip(&added)).for_each(|(sum, added)| sum.add(*added));
        }
    }
    Ok(sums.iter().map(|sum| sum.value() / count).collect())
}

/// The same of rows of which the distribution of each feature is known; `None` where these are not those of the features.
pub fn means_of_summaries(model: &dyn Additive, features: &[Feature], summaries: &[Summary]) -> Option<Vec<f64>> {
    let margins = model.start().len();
    let mut means = vec![0.0; model.features() * margins];
    if features.len() < model.features() || summaries.len() < model.features() {
        return None;
    }
    let mut added = vec![0.0; margins];
    for (place, means) in means.chunks_exact_mut(margins).enumerate() {
        let (feature, summary) = (&features[place], &summaries[place]);
        let rows = summary.rows().max(1) as f64;
        let mut sum = |count: u64, added: &[f64]| {
            let share = count as f64 / rows;
            (means.iter_mut().zip(added)).for_each(|(mean, added)| *mean += share * added);
        };
        match (summary.values(), feature.kind.levels()) {
            (ValueSummary::Numbers(numbers), None) => {
                let moments = numbers.moments();
                if let Some(mean) = moments.mean() {
                    let count = moments.count() as f64;
                    let variance = moments
                        .stddev()
                        .map_or(0.0, |stddev| stddev * stddev * (count - 1.0) / count);
                    model.add_mean(place, mean, variance, &mut added);
                    sum(moments.count(), &added);
                }
            }
            (ValueSummary::Categories(categories), Some(levels)) => {
                for (name, count) in categories.levels() {
                    let code = (0..levels.codes()).find(|code| levels.name(*code) == Some(name.as_str()))?;
                    model.add(place, code as f64, &mut added);
                    sum(*count, &added);
                }
            }
            (ValueSummary::Numbers(_), Some(_)) | (ValueSummary::Categories(_), None) => return None,
        }
        model.add(place, f64::NAN, &mut added);
        sum(summary.nulls() + summary.non_finite(), &added);
    }
    Some(means)
}

/// Explains a model whose margins are sums.
pub struct AdditiveExplainer<A> {
    model: A,
    /// For each feature the mean of what it adds to each margin.
    means: Vec<f64>,
    base: Vec<f64>,
}

impl<A: Additive> AdditiveExplainer<A> {
    /// Against a baseline. `trained`: the means over the training rows, where they are known. Returns an error when stopped, and for training rows
    /// whose means are not known.
    pub fn new(model: A, baseline: Baseline<'_>, trained: Option<Vec<f64>>, monitor: &dyn Monitor) -> Result<Self> {
        let size = model.features() * model.start().len();
        let means = match baseline {
            Baseline::Means(means) => means.to_vec(),
            Baseline::Background(rows) => means_of_rows(&model, rows, model.features(), monitor)?,
            Baseline::Training => trained.ok_or_else(|| {
                Error::data(
                    "what each feature adds in the mean of the training rows is not known",
                    "give rows to compare with",
                )
            })?,
        };
        if means.len() != size {
            return Err(Error::damaged(
                "the means of what features add",
                "they are not those of the model",
            ));
        }
        let mut base = model.start().to_vec();
        for of_feature in means.chunks_exact(base.len()) {
            (base.iter_mut().zip(of_feature)).for_each(|(base, mean)| *base += mean);
        }
        Ok(AdditiveExplainer { model, means, base })
    }
}

impl<A: Additive> Explainer for AdditiveExplainer<A> {
    fn base(&self) -> &[f64] {
        &self.base
    }

    fn memory(&self) -> usize {
        // The model's own tables are about as large as two of its means, of categories many times that, as in the model itself.
        3 * self.means.capacity() * size_of::<f64>()
    }

    fn explain(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let margins = self.base.len();
        let (mut added, mut pace) = (vec![0.0; margins], Pace::new(monitor));
        for (row, out) in (rows.chunks_exact(width.max(1))).zip(out.chunks_exact_mut((width * margins).max(1))) {
            pace.spend(self.means.len())?;
            for (feature, (means, &value)) in self.means.chunks_exact(margins).zip(row).enumerate() {
                self.model.add(feature, value, &mut added);
                for (margin, (added, mean)) in added.iter().zip(means).enumerate() {
                    out[margin * width + feature] = added - mean;
                }
            }
        }
        Ok(())
    }
}
