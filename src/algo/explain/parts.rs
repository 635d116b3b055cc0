//! Models with one margin that is a sum of one part per feature, where a part may depend on the whole row: the squared distance from the
//! nearest of several centres, a squared Mahalanobis distance, the squared error of a reconstruction.
//!
//! What is attributed to a feature is its part less the mean of its parts over the rows that are compared with. Where the parts depend on no other
//! feature these are Shapley values, as of an [`super::Additive`] model.

use super::{Baseline, Explainer};
use crate::error::{Error, Result};
use crate::metrics::sum::Sum;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// A model whose margin is a sum of parts.
pub trait Parts: Send + Sync {
    /// How many features it has.
    fn features(&self) -> usize;

    /// Writes the part of each feature of an encoded row: all together they are the margin. Allocates nothing.
    fn parts(&self, row: &[f64], out: &mut [f64]);
}

/// The mean of each feature's part over encoded rows of `width` numbers, one after the other. The order of the rows does not matter.
pub fn means_of_parts(model: &dyn Parts, rows: &[f64], width: usize, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let mut sums = vec![Sum::default(); model.features()];
    let (mut parts, mut pace) = (vec![0.0; model.features()], Pace::new(monitor));
    let rows = rows.chunks_exact(width.max(1));
    let count = rows.len().max(1) as f64;
    for row in rows {
        pace.spend(parts.len())?;
        model.parts(row, &mut parts);
        (sums.iter_mut().zip(&parts)).for_each(|(sum, part)| sum.add(*part));
    }
    Ok(sums.iter().map(|sum| sum.value() / count).collect())
}

/// Explains a model whose margin is a sum of parts.
pub struct PartsExplainer<P> {
    model: P,
    /// For each feature the mean of its part.
    means: Vec<f64>,
    base: [f64; 1],
}

impl<P: Parts> PartsExplainer<P> {
    /// Against a baseline. `trained`: the means over the training rows. Returns an error when stopped, and for means that are not the model's.
    pub fn new(model: P, baseline: Baseline<'_>, trained: &[f64], monitor: &dyn Monitor) -> Result<Self> {
        let means = match baseline {
            Baseline::Training => trained.to_vec(),
            Baseline::Means(means) => means.to_vec(),
            Baseline::Background(rows) => means_of_parts(&model, rows, model.features(), monitor)?,
        };
        if means.len() != model.features() {
            return Err(Error::damaged(
                "the means of a distance's parts",
                "they are not those of the model",
            ));
        }
        let base = [means.iter().sum()];
        Ok(PartsExplainer { model, means, base })
    }
}

impl<P: Parts> Explainer for PartsExplainer<P> {
    fn base(&self) -> &[f64] {
        &self.base
    }

    fn memory(&self) -> usize {
        self.means.capacity() * size_of::<f64>()
    }

    fn explain(&self, rows: &[f64], width: usize, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let features = self.means.len();
        let (mut parts, mut pace) = (room::zeros(features)?, Pace::new(monitor));
        for (row, out) in rows.chunks_exact(width.max(1)).zip(out.chunks_exact_mut(width.max(1))) {
            pace.spend(features)?;
            self.model.parts(row, &mut parts);
            for ((out, part), mean) in out.iter_mut().zip(&parts).zip(&self.means) {
                *out = part - mean;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    /// The squared distance from the nearer of two points on a plane.
    struct Nearer;

    impl Parts for Nearer {
        fn features(&self) -> usize {
            2
        }

        fn parts(&self, row: &[f64], out: &mut [f64]) {
            let of = |centre: f64| [(row[0] - centre).powi(2), row[1].powi(2)];
            let [near, far] = [of(-1.0), of(5.0)];
            out.copy_from_slice(if near[0] <= far[0] { &near } else { &far });
        }
    }

    #[test]
    fn parts_less_their_means_and_the_base_are_the_margin() {
        let background = [0.0, 1.0, 4.0, 0.0, -1.0, 2.0];
        let trained = [0.25, 4.0];
        let rows = [-1.0, 0.0, 6.0, -3.0];
        for (baseline, means) in [
            (Baseline::Training, trained),
            (Baseline::Means(&[1.0, 0.5]), [1.0, 0.5]),
            // 1 and 1, 1 and 0, 0 and 4.
            (Baseline::Background(&background), [2.0 / 3.0, 5.0 / 3.0]),
        ] {
            let explainer = PartsExplainer::new(Nearer, baseline, &trained, &Unwatched).unwrap();
            assert!((explainer.base()[0] - means[0] - means[1]).abs() < 1e-15);
            // Behind a row's features its group's key may stand, to which nothing is attributed.
            let keyed: Vec<f64> = rows.chunks(2).flat_map(|row| [row[0], row[1], 7.0]).collect();
            let (mut out, mut of_keyed) = ([f64::NAN; 4], [0.0; 6]);
            explainer.explain(&rows, 2, &mut out, &Unwatched).unwrap();
            explainer.explain(&keyed, 3, &mut of_keyed, &Unwatched).unwrap();
            assert_eq!(of_keyed, [out[0], out[1], 0.0, out[2], out[3], 0.0]);
            for (row, margin) in [(0, 0.0), (1, 1.0 + 9.0)] {
                let sum = explainer.base()[0] + out[2 * row] + out[2 * row + 1];
                assert!((sum - margin).abs() < 1e-12, "{sum}, not {margin}");
            }
        }
        assert!(PartsExplainer::new(Nearer, Baseline::Means(&[1.0]), &trained, &Unwatched).is_err());
    }
}
