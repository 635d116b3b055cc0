//! The eigenvectors of a covariance: exact, in the order of their variances, with signs that do not depend on how they were found.

use faer::diag::{Diag, DiagRef};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd_scratch, tridiagonal_self_adjoint_evd};
use faer::{Mat, Par, Spec};
use rayon::prelude::*;

use super::MOST_COMPONENTS;
use super::tridiagonal::Tridiagonal;
use crate::error::{Error, Result};
use crate::forest::Amount;
use crate::monitor::Monitor;
use crate::room;

/// Components that are kept unless it is said how many.
const USUAL: usize = 100;
/// Absolute loadings that differ by less than this share are the same: which is greater is a matter of rounding.
const SAME: f64 = 1e-9;

/// Directions with the variances along them, the greatest first.
pub(super) struct Directions {
    /// Of each direction.
    pub variances: Vec<f64>,
    tridiagonal: Tridiagonal,
    /// The eigenvectors of the tridiagonal matrix, the least first.
    vectors: Mat<f64>,
}

/// Bytes that it takes to find them.
pub(super) fn memory_needed(width: usize) -> usize {
    // The matrix, eigenvectors of the reduced form, those of halves, and the directions in our order, twice.
    width.saturating_mul(width).saturating_mul(8 * size_of::<f64>())
}

impl Directions {
    /// Of the symmetric matrix of `width` columns whose lower triangle `lower(i, j)` gives. O(width^3).
    pub(super) fn of(width: usize, lower: impl Fn(usize, usize) -> f64, monitor: &dyn Monitor) -> Result<Directions> {
        monitor.check()?;
        room::ask(memory_needed(width))?;
        let tridiagonal = Tridiagonal::of(width, lower, monitor)?;
        let (mut values, mut vectors) = (Diag::<f64>::zeros(width), Mat::zeros(width, width));
        let settings = Spec::default();
        let needed = self_adjoint_evd_scratch::<f64>(width, ComputeEigenvectors::Yes, Par::Seq, settings);
        let mut scratch = MemBuffer::try_new(needed).map_err(|_| Error::OutOfMemory {
            needed: memory_needed(width),
        })?;
        tridiagonal_self_adjoint_evd(
            DiagRef::from_slice(&tridiagonal.diagonal),
            DiagRef::from_slice(&tridiagonal.below),
            values.as_mut(),
            Some(vectors.as_mut()),
            Par::Seq,
            MemStack::new(&mut scratch),
            settings,
        )
        .map_err(|_| {
            Error::data(
                "the directions of the rows cannot be told",
                "leave out columns whose numbers are extreme",
            )
        })?;
        monitor.check()?;
        Ok(Directions {
            // What is below 0 is rounding.
            variances: (0..width).rev().map(|place| values[place].max(0.0)).collect(),
            tridiagonal,
            vectors,
        })
    }

    /// Of the first `count` directions for each column one number. O(width^2 x count), in parallel.
    pub(super) fn loadings(&self, count: usize, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let width = self.variances.len();
        let mut directions = room::zeros(width * count)?;
        let each = directions.par_chunks_exact_mut(width).enumerate();
        each.try_for_each(|(component, direction)| {
            monitor.check()?;
            for (column, out) in direction.iter_mut().enumerate() {
                *out = self.vectors[(column, width - 1 - component)];
            }
            self.tridiagonal.turn(direction);
            let sign = sign(direction);
            direction.iter_mut().for_each(|loading| *loading *= sign);
            Ok::<(), Error>(())
        })?;
        let mut loadings = room::zeros(width * count)?;
        for (component, direction) in directions.chunks_exact(width).enumerate() {
            for (column, loading) in direction.iter().enumerate() {
                loadings[column * count + component] = *loading;
            }
        }
        Ok(loadings)
    }

    /// How many are kept of those of `rows` rows. Returns an error for more than there can be.
    pub(super) fn count(&self, wanted: Option<Amount>, rows: usize) -> Result<usize> {
        let width = self.variances.len();
        let greatest = self.variances.first().copied().unwrap_or(0.0);
        // The error of an eigenvalue is a few units in the last place of the greatest.
        let nothing = greatest * 4.0 * f64::EPSILON * width as f64;
        let varying = self.variances.iter().filter(|variance| **variance > nothing).count();
        match wanted {
            None => Ok(varying.min(USUAL)),
            Some(Amount::Count(count)) => {
                let most = width.min(rows).min(MOST_COMPONENTS);
                if count <= most {
                    return Ok(count);
                }
                Err(Error::data(
                    format!("there are not {count} components"),
                    "ask for fewer with \"num_components\", or leave it out",
                )
                .detail(format!(
                    "{rows} rows of {width} columns, a level of a category being a column, have at most {most}."
                )))
            }
            Some(Amount::Fraction(share)) => {
                let total: f64 = self.variances.iter().sum();
                let mut sum = 0.0;
                let enough = self.variances.iter().position(|variance| {
                    sum += variance;
                    sum > share * total
                });
                Ok(enough.map_or(varying, |place| place + 1).clamp(1, MOST_COMPONENTS))
            }
        }
    }
}

/// What makes the loading with the greatest absolute value positive, the first of equal ones: scikit-learn's `svd_flip` by the components, as `PCA` has had
/// it since 1.5. Its choice among loadings that differ by rounding is not stable, so that here equal means nearly equal.
fn sign(loadings: &[f64]) -> f64 {
    let greatest = loadings.iter().fold(0.0_f64, |most, loading| most.max(loading.abs()));
    let first = loadings.iter().find(|loading| loading.abs() >= greatest * (1.0 - SAME));
    match first {
        Some(first) if *first < 0.0 => -1.0,
        _ => 1.0,
    }
}
