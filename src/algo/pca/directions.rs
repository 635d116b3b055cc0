//! The eigenvectors of a covariance: exact, in the order of their variances, with signs that do not depend on how they were found.

use faer::{Mat, Side};

use super::MOST_COMPONENTS;
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
    /// For each column, one number per direction.
    pub loadings: Vec<f64>,
}

/// Bytes that it takes to find them.
pub(super) fn memory_needed(width: usize) -> usize {
    // The matrix, its reduced form, eigenvectors, those of halves, and the copy in our order.
    width.saturating_mul(width).saturating_mul(8 * size_of::<f64>())
}

impl Directions {
    /// All eigenvectors of the symmetric matrix of `width` columns whose lower triangle `lower(i, j)` gives. O(width^3).
    pub(super) fn of(width: usize, lower: impl Fn(usize, usize) -> f64, monitor: &dyn Monitor) -> Result<Directions> {
        monitor.check()?;
        room::ask(memory_needed(width))?;
        let matrix = Mat::from_fn(width, width, |i, j| lower(i.max(j), i.min(j)));
        let found = (matrix.self_adjoint_eigen(Side::Lower)).map_err(|_| {
            Error::data(
                "the directions of the rows cannot be told",
                "leave out columns whose numbers are extreme",
            )
        })?;
        monitor.check()?;
        let (values, vectors) = (found.S(), found.U());
        let mut directions = Directions {
            // What is below 0 is rounding.
            variances: (0..width).rev().map(|place| values[place].max(0.0)).collect(),
            loadings: room::zeros(width * width)?,
        };
        for component in 0..width {
            let of = |column: usize| vectors[(column, width - 1 - component)];
            let sign = sign(width, of);
            for column in 0..width {
                directions.loadings[column * width + component] = sign * of(column);
            }
        }
        Ok(directions)
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
fn sign(width: usize, loading: impl Fn(usize) -> f64) -> f64 {
    let greatest = (0..width).fold(0.0_f64, |most, column| most.max(loading(column).abs()));
    let first = (0..width).find(|&column| loading(column).abs() >= greatest * (1.0 - SAME));
    match first.map(&loading) {
        Some(first) if first < 0.0 => -1.0,
        _ => 1.0,
    }
}
