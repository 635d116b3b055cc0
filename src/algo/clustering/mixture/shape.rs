//! Covariances of components.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::coded::coded;
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::parameters::choices;

choices! {
    /// What covariances components have.
    pub enum Covariance {
        /// Each its own.
        Full = "full",
        /// All the same.
        Tied = "tied",
        /// Each its own variances; the coordinates are independent of each other.
        Diagonal = "diagonal",
        /// Each one variance for all coordinates.
        Spherical = "spherical",
    }
}

coded!(Covariance {
    0 => Full,
    1 => Tied,
    2 => Diagonal,
    3 => Spherical,
});

impl Covariance {
    /// How many square matrices so many components have.
    pub(super) fn matrices(self, components: usize) -> usize {
        match self {
            Covariance::Full => components,
            Covariance::Tied => 1,
            Covariance::Diagonal | Covariance::Spherical => 0,
        }
    }

    /// The matrix of a component, of those that have one.
    pub(super) fn matrix(self, component: usize) -> Option<usize> {
        match self {
            Covariance::Full => Some(component),
            Covariance::Tied => Some(0),
            Covariance::Diagonal | Covariance::Spherical => None,
        }
    }

    /// How many numbers a mixture of so many components is made of, less one.
    pub(super) fn parameters(self, components: usize, width: usize) -> usize {
        let of_matrix = width * (width + 1) / 2;
        let of_shape = match self {
            Covariance::Full => components * of_matrix,
            Covariance::Tied => of_matrix,
            Covariance::Diagonal => components * width,
            Covariance::Spherical => components,
        };
        of_shape + components * width + components - 1
    }
}

/// The covariances of components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shapes {
    pub covariance: Covariance,
    pub width: usize,
    /// Matrices, one after the other: lower triangles that turn a difference from the mean into numbers that are independent and of variance 1. They are the
    /// inverses of the covariances' Cholesky factors.
    pub whitening: Vec<f64>,
    /// Where there are no matrices: for each component one over the standard deviation of each coordinate.
    pub inverses: Vec<f64>,
    /// The logarithm of the determinant of each component's whitening.
    pub logs: Vec<f64>,
}

impl Shapes {
    /// Of covariances: matrices, or for each component and coordinate a variance. Returns an error for one that is none: that of fewer rows than coordinates, say.
    pub fn new(
        covariance: Covariance,
        width: usize,
        components: usize,
        mut values: Vec<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Shapes> {
        if covariance.matrices(components) == 0 {
            if values.iter().any(|variance| !(*variance > 0.0 && variance.is_finite())) {
                return Err(ill_defined());
            }
            values
                .iter_mut()
                .for_each(|variance| *variance = variance.sqrt().recip());
            let log = |inverses: &[f64]| inverses.iter().map(|inverse| inverse.ln()).sum();
            return Ok(Shapes {
                covariance,
                width,
                whitening: Vec::new(),
                logs: values.chunks_exact(width).map(log).collect(),
                inverses: values,
            });
        }
        let whitened = values
            .par_chunks_exact_mut(width * width)
            .map(|matrix| whiten(matrix, width, monitor));
        let mut logs = whitened.collect::<Result<Vec<f64>>>()?;
        if let [one] = logs[..] {
            logs = vec![one; components];
        }
        Ok(Shapes {
            covariance,
            width,
            whitening: values,
            inverses: Vec::new(),
            logs,
        })
    }

    /// The whitening matrix of a component, of those that have one.
    pub fn matrix(&self, component: usize) -> Option<&[f64]> {
        let size = self.width * self.width;
        self.covariance
            .matrix(component)
            .map(|place| &self.whitening[place * size..(place + 1) * size])
    }

    /// One over the standard deviations of a component that has no matrix.
    pub fn inverses(&self, component: usize) -> &[f64] {
        &self.inverses[component * self.width..(component + 1) * self.width]
    }

    /// Turns a difference from a component's mean, whose numbers are in the first half of `scratch`, into independent numbers in the second half; gives their squared
    /// length. O(width^2), without a matrix O(width).
    pub fn whiten(&self, component: usize, scratch: &mut [f64]) -> f64 {
        let (difference, out) = scratch.split_at_mut(self.width);
        match self.matrix(component) {
            Some(matrix) => {
                for (place, (row, out)) in matrix.chunks_exact(self.width).zip(&mut *out).enumerate() {
                    *out = row[..=place].iter().zip(&*difference).map(|(a, b)| a * b).sum();
                }
            }
            None => {
                let inverses = self.inverses(component);
                for ((out, value), inverse) in out.iter_mut().zip(&*difference).zip(inverses) {
                    *out = value * inverse;
                }
            }
        }
        out.iter().map(|value| value * value).sum::<f64>().min(f64::MAX)
    }

    /// The covariance of a component: the inverse of the whitening's product with itself.
    #[cfg(test)]
    pub fn covariance_of(&self, component: usize) -> Vec<f64> {
        let width = self.width;
        let mut factor = vec![0.0; width * width];
        match self.matrix(component) {
            Some(matrix) => {
                factor.copy_from_slice(matrix);
                invert(&mut factor, width, &crate::monitor::Unwatched).unwrap();
            }
            None => {
                let deviations = factor.iter_mut().step_by(width + 1).zip(self.inverses(component));
                deviations.for_each(|(deviation, inverse)| *deviation = inverse.recip());
            }
        }
        let row = |place: usize| &factor[place * width..][..width];
        let dot = |a: usize, b: usize| row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum();
        (0..width * width)
            .map(|place| dot(place / width, place % width))
            .collect()
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        (self.whitening.capacity() + self.inverses.capacity() + self.logs.capacity()) * size_of::<f64>()
    }

    /// Whether what was decoded are the shapes of so many components.
    pub fn is_sound(&self, components: usize, width: usize) -> bool {
        let matrices = self.covariance.matrices(components);
        let squares = width.checked_mul(width).and_then(|square| square.checked_mul(matrices));
        let inverses = match matrices {
            0 => components.checked_mul(width),
            _ => Some(0),
        };
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        self.width == width
            && squares == Some(self.whitening.len())
            && inverses == Some(self.inverses.len())
            && self.logs.len() == components
            && finite(&self.whitening)
            && finite(&self.inverses)
            && finite(&self.logs)
    }
}

/// The error of a covariance that is none.
fn ill_defined() -> Error {
    Error::data(
        "the covariance of a component is not positive definite",
        "ask for fewer components, for \"covariance\" \"diagonal\", or for a greater \"reg_covariance\"",
    )
}

/// Replaces a covariance by its whitening; gives the logarithm of that one's determinant. O(width^3).
fn whiten(matrix: &mut [f64], width: usize, monitor: &dyn Monitor) -> Result<f64> {
    cholesky(matrix, width, monitor)?;
    invert(matrix, width, monitor)?;
    let log: f64 = matrix.iter().step_by(width + 1).map(|value| value.ln()).sum();
    match matrix.iter().all(|value| value.is_finite()) && log.is_finite() {
        true => Ok(log),
        false => Err(ill_defined()),
    }
}

/// Replaces a lower triangle by its inverse, row by row: each is the axis less the rows before it, as often as they are in it.
fn invert(matrix: &mut [f64], width: usize, monitor: &dyn Monitor) -> Result<()> {
    let mut weights = vec![0.0; width];
    for place in 0..width {
        monitor.check()?;
        let (above, below) = matrix.split_at_mut(place * width);
        let own = &mut below[..width];
        weights.copy_from_slice(own);
        own.fill(0.0);
        for (other, (weight, row)) in weights[..place].iter().zip(above.chunks_exact(width)).enumerate() {
            let values = own[..=other].iter_mut().zip(row);
            values.for_each(|(sum, value)| *sum -= weight * value);
        }
        let scale = weights[place].recip();
        own[..place].iter_mut().for_each(|value| *value *= scale);
        own[place] = scale;
    }
    Ok(())
}

/// Replaces the lower triangle of a covariance by its Cholesky factor.
fn cholesky(matrix: &mut [f64], width: usize, monitor: &dyn Monitor) -> Result<()> {
    for column in 0..width {
        monitor.check()?;
        let (above, below) = matrix.split_at_mut(column * width);
        let own = &mut below[..width];
        for (place, row) in above.chunks_exact(width).enumerate() {
            let dot: f64 = row[..place].iter().zip(&own[..place]).map(|(a, b)| a * b).sum();
            own[place] = (own[place] - dot) / row[place];
        }
        let square: f64 = own[..column].iter().map(|value| value * value).sum();
        let rest = own[column] - square;
        // What is less is rounding.
        let least = width as f64 * f64::EPSILON * own[column];
        if !(rest > least && rest.is_finite()) {
            return Err(ill_defined());
        }
        own[column] = rest.sqrt();
        own[column + 1..].fill(0.0);
    }
    Ok(())
}
