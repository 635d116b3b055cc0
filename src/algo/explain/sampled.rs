//! Any model, by sampling orders of its features.
//!
//! A row of the background becomes the explained row one feature at a time, in some order, and what the answer changes by is the feature's. The mean over
//! orders and rows is its Shapley value (Strumbelj and Kononenko, "An Efficient Explanation of Individual Classifications using Game Theory", 2010). Orders
//! come in pairs, one the reverse of the other, which takes most of the chance out of it where features act in pairs. Attributions and base add up to the
//! answer whatever orders are drawn.

use rand_core::{RngCore, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Baseline, Explainer};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::monitor::{Monitor, Pace};

/// Rows of the background that are compared with, at most: those that are as far from each other as can be, in its order.
const ROWS: usize = 64;
/// Walks from a row of the background to the explained row, at least.
const WALKS: usize = 128;

/// Attributes the numbers that a model answers with.
pub(crate) struct SampledExplainer<M> {
    model: M,
    /// Rows one after the other.
    background: Vec<f64>,
    features: usize,
    /// Orders of the features, one after the other; each is walked from the next row of the background.
    orders: Vec<u32>,
    base: Vec<f64>,
}

impl<M: Estimator + Send + Sync> SampledExplainer<M> {
    /// Against rows. Returns an error for another baseline, and when stopped.
    pub(crate) fn new(model: M, features: usize, baseline: Baseline<'_>, monitor: &dyn Monitor) -> Result<Self> {
        let Baseline::Background(rows) = baseline else {
            return Err(Error::data(
                "the imported model does not say what its training rows were like",
                "explain it against the rows of a query: assay.explain_query(model, query, key, baseline => query)",
            ));
        };
        let width = features.max(1);
        let (mut out, mut pace) = (vec![0.0; model.outputs()], Pace::new(monitor));
        let count = rows.len() / width;
        let row = |place: usize| &rows[place * width..][..width];
        let mut background = Vec::new();
        let mut base = vec![0.0; model.outputs()];
        for place in 0..count.min(ROWS) {
            let row = row(place * count / count.min(ROWS));
            pace.spend(256)?;
            model.score(row, &mut out);
            // A row without an answer says nothing of the others.
            if out.iter().all(|out| out.is_finite()) {
                background.extend_from_slice(row);
                base.iter_mut().zip(&out).for_each(|(base, out)| *base += out);
            }
        }
        let kept = background.len() / width;
        if kept == 0 {
            return Err(Error::data(
                "the model has no finite answer for any row of the baseline",
                "give rows in which the columns that it needs are known",
            ));
        }
        base.iter_mut().for_each(|base| *base /= kept as f64);
        let walks = WALKS.next_multiple_of(2 * kept);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut orders: Vec<u32> = Vec::with_capacity(walks * features);
        for walk in 0..walks {
            let mut order: Vec<u32> = (0..features as u32).collect();
            // The walks of one round are the reverse of those of the round before.
            match (walk / kept) % 2 {
                0 => {
                    (1..features).for_each(|place| order.swap(place, (random.next_u64() % (place as u64 + 1)) as usize))
                }
                _ => {
                    order = orders[(walk - kept) * features..][..features]
                        .iter()
                        .rev()
                        .copied()
                        .collect()
                }
            }
            orders.extend(order);
        }
        Ok(SampledExplainer {
            model,
            background,
            features,
            orders,
            base,
        })
    }
}

impl<M: Estimator + Send + Sync> Explainer for SampledExplainer<M> {
    fn base(&self) -> &[f64] {
        &self.base
    }

    fn memory(&self) -> usize {
        self.background.capacity() * size_of::<f64>() + self.orders.capacity() * size_of::<u32>()
    }

    fn explain(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let (features, outputs) = (self.features, self.base.len());
        let mut pace = Pace::new(monitor);
        let (mut before, mut after) = (vec![0.0; outputs], vec![0.0; outputs]);
        let walks = (self.orders.len() / features.max(1)).max(1) as f64;
        let each = rows
            .chunks_exact(width.max(1))
            .zip(out.chunks_exact_mut((width * outputs).max(1)));
        for (row, out) in each {
            out.fill(0.0);
            let starts = self.background.chunks_exact(features.max(1)).cycle();
            for (order, start) in self.orders.chunks_exact(features.max(1)).zip(starts) {
                let mut mixed = start.to_vec();
                self.model.score(&mixed, &mut before);
                for &feature in order {
                    let feature = feature as usize;
                    if mixed[feature].to_bits() == row[feature].to_bits() {
                        continue;
                    }
                    pace.spend(256)?;
                    mixed[feature] = row[feature];
                    self.model.score(&mixed, &mut after);
                    for (output, (before, after)) in before.iter_mut().zip(&after).enumerate() {
                        out[output * width + feature] += (after - *before) / walks;
                        *before = *after;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    /// The product of the first two features, and three times the third.
    struct Product;

    impl Estimator for Product {
        fn outputs(&self) -> usize {
            2
        }

        fn score(&self, row: &[f64], out: &mut [f64]) {
            out.copy_from_slice(&[row[0] * row[1], 3.0 * row[2]]);
        }
    }

    #[test]
    fn pairs_and_sums_are_exact() {
        let background = [0.0, 0.0, 1.0, 2.0, 2.0, 5.0];
        let explainer = SampledExplainer::new(Product, 3, Baseline::Background(&background), &Unwatched).unwrap();
        assert_eq!(explainer.base(), [2.0, 9.0]);
        let rows = [3.0, 5.0, 7.0, 2.0, 2.0, 5.0];
        let mut out = [9.0; 12];
        explainer.explain(&rows, 3, &mut out, &Unwatched).unwrap();
        // From (0, 0) the product is shared evenly; from (2, 2) the first adds 1 times the mean of 2 and 5, the second 3 times the mean of 2 and 3.
        let expected = [(7.5 + 3.5) / 2.0, (7.5 + 7.5) / 2.0, 0.0, 0.0, 0.0, 12.0];
        out.iter()
            .zip(expected)
            .for_each(|(own, expected)| assert!((own - expected).abs() < 1e-12, "{out:?}"));
        let mut alone = [0.0; 6];
        explainer.explain(&rows[3..], 3, &mut alone, &Unwatched).unwrap();
        assert_eq!(alone, out[6..]);
        assert!(SampledExplainer::new(Product, 3, Baseline::Training, &Unwatched).is_err());
    }
}
