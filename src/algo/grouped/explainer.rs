//! Explanations of models by group: each row is explained by the model of its group, and the keys of the group get what that model's base differs
//! by from the base of all.

use std::sync::{Arc, OnceLock};

use super::model::GroupedModel;
use super::places::Places;
use super::scorer::places_and_models;
use crate::error::{Error, Result};
use crate::explain::{Baseline, Explainer};
use crate::fitted::Fitted;
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;

/// Rows of a background between two looks at the monitor.
const BLOCK: usize = 256;

/// Against what the groups' models are explained, kept until they are.
enum Owned {
    Training,
    /// By model.
    Means(Vec<Vec<f64>>),
    /// Rows without the keys of groups.
    Background(Vec<f64>),
}

/// A model, and its explainer from the first row on that needs it.
struct Part {
    model: Arc<dyn Fitted>,
    explainer: OnceLock<Box<dyn Explainer>>,
}

pub(super) struct GroupedExplainer {
    places: Places,
    parts: Vec<Part>,
    /// The kinds of the features, without the keys.
    features: Vec<usize>,
    baseline: Owned,
    base: Vec<f64>,
}

impl GroupedExplainer {
    /// O(size of the model); O(rows) more for a background.
    pub(super) fn new(
        model: &GroupedModel,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<GroupedExplainer> {
        let (places, models) = places_and_models(model);
        let parts = models.into_iter().map(|model| Part {
            model: Arc::clone(model),
            explainer: OnceLock::new(),
        });
        let own = features.len() - places.width();
        let (baseline, base) = match baseline {
            Baseline::Training => (Owned::Training, model.base().to_vec()),
            Baseline::Means(means) => {
                let size = means.len() / parts.len();
                if size * parts.len() != means.len() || size == 0 {
                    return Err(Error::damaged(
                        "the means of what features add",
                        "they are not those of the groups",
                    ));
                }
                let means = means.chunks_exact(size).map(<[f64]>::to_vec);
                (Owned::Means(means.collect()), model.base().to_vec())
            }
            Baseline::Background(rows) => {
                let mut without_keys = room::with_capacity(rows.len() / features.len().max(1) * own)?;
                let mut margin = vec![0.0; model.base().len()];
                let mut sums = vec![Sum::default(); margin.len()];
                for (index, row) in rows.chunks_exact(features.len()).enumerate() {
                    if index.is_multiple_of(BLOCK) {
                        monitor.check()?;
                    }
                    without_keys.extend_from_slice(&row[..own]);
                    model.margin(row, &mut margin);
                    sums.iter_mut().zip(&margin).for_each(|(sum, margin)| sum.add(*margin));
                }
                let count = (rows.len() / features.len()) as f64;
                let means = sums.iter().map(|sum| sum.value() / count).collect();
                (Owned::Background(without_keys), means)
            }
        };
        Ok(GroupedExplainer {
            places,
            parts: parts.collect(),
            features: features[..own].to_vec(),
            baseline,
            base: model.explained(&base),
        })
    }

    /// The explainer of a model, made where it is the first that is asked for.
    fn part(&self, place: usize, monitor: &dyn Monitor) -> Result<&dyn Explainer> {
        let part = &self.parts[place];
        if let Some(explainer) = part.explainer.get() {
            return Ok(&**explainer);
        }
        let baseline = match &self.baseline {
            Owned::Training => Baseline::Training,
            Owned::Means(means) => Baseline::Means(&means[place]),
            Owned::Background(rows) => Baseline::Background(rows),
        };
        let made = part.model.explainer(&self.features, baseline, monitor)?;
        Ok(&**part.explainer.get_or_init(|| made))
    }

    /// Calls `explain` with the rows of each model that explains some of them, without their keys, and `receive` with the place of each of these rows
    /// and with what `explain` wrote: `each` numbers a row.
    fn by_part(
        &self,
        rows: &[f64],
        width: usize,
        each: usize,
        monitor: &dyn Monitor,
        explain: impl Fn(&dyn Explainer, &[f64], &mut [f64]) -> Result<()>,
        mut receive: impl FnMut(usize, &dyn Explainer, &[f64]),
    ) -> Result<()> {
        let own = self.features.len();
        let mut order: Vec<(usize, usize)> = rows
            .chunks_exact(width)
            .enumerate()
            .map(|(row, values)| (self.places.find(&values[own..]), row))
            .collect();
        order.sort_unstable();
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            monitor.check()?;
            let explainer = self.part(same[0].0, monitor)?;
            let mut features = room::with_capacity(same.len() * own)?;
            for &(_, row) in same {
                features.extend_from_slice(&rows[row * width..][..own]);
            }
            let mut out = room::zeros(same.len() * each)?;
            explain(explainer, &features, &mut out)?;
            for (&(_, row), out) in same.iter().zip(out.chunks_exact(each.max(1))) {
                receive(row, explainer, out);
            }
        }
        Ok(())
    }
}

impl Explainer for GroupedExplainer {
    fn base(&self) -> &[f64] {
        &self.base
    }

    fn memory(&self) -> usize {
        let background = match &self.baseline {
            Owned::Training => 0,
            Owned::Means(means) => means.iter().map(|means| means.capacity() * size_of::<f64>()).sum(),
            Owned::Background(rows) => rows.capacity() * size_of::<f64>(),
        };
        let parts = self.parts.iter().filter_map(|part| part.explainer.get());
        background + parts.map(|explainer| explainer.memory()).sum::<usize>()
    }

    fn explain(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let (own, margins) = (self.features.len(), self.base.len());
        if width != own + self.places.width() {
            return Err(Error::Internal("a row to explain has another width than the model's"));
        }
        let explain =
            |explainer: &dyn Explainer, rows: &[f64], out: &mut [f64]| explainer.explain(rows, own, out, monitor);
        let receive = |row: usize, explainer: &dyn Explainer, numbers: &[f64]| {
            let out = out[row * margins * width..][..margins * width].chunks_exact_mut(width);
            for (margin, (out, numbers)) in out.zip(numbers.chunks_exact(own.max(1))).enumerate() {
                out[..own].copy_from_slice(numbers);
                // Several keys name the group together, so they share it.
                let of_group = explainer.base()[margin] - self.base[margin];
                out[own..].fill(of_group / (width - own).max(1) as f64);
            }
        };
        self.by_part(rows, width, margins * own, monitor, explain, receive)
    }

    /// Those of any group's model.
    fn pairs(&self, monitor: &dyn Monitor) -> Result<Vec<(usize, usize)>> {
        let mut pairs = Vec::new();
        for place in 0..self.parts.len() {
            pairs.extend(self.part(place, monitor)?.pairs(monitor)?);
            pairs.sort_unstable();
            pairs.dedup();
        }
        Ok(pairs)
    }

    fn interactions(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let (own, margins) = (self.features.len(), self.base.len());
        let pairs = self.pairs(monitor)?;
        out.fill(0.0);
        let explain = |explainer: &dyn Explainer, rows: &[f64], out: &mut [f64]| {
            let own_pairs = explainer.pairs(monitor)?;
            let mut numbers = room::zeros(rows.len() / own.max(1) * margins * own_pairs.len())?;
            explainer.interactions(rows, own, &mut numbers, monitor)?;
            let places: Vec<usize> = own_pairs
                .iter()
                .filter_map(|pair| pairs.binary_search(pair).ok())
                .collect();
            for (out, numbers) in out
                .chunks_exact_mut(pairs.len().max(1))
                .zip(numbers.chunks_exact(own_pairs.len().max(1)))
            {
                places
                    .iter()
                    .zip(numbers)
                    .for_each(|(&place, &number)| out[place] = number);
            }
            Ok(())
        };
        let each = margins * pairs.len();
        let receive =
            |row: usize, _: &dyn Explainer, numbers: &[f64]| out[row * each..][..each].copy_from_slice(numbers);
        self.by_part(rows, width, each, monitor, explain, receive)
    }
}
