//! Sums over rows, each counted for a component by how much it belongs to it.

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, MatMut, MatRef, Par};

use super::density::{Mixture, ROWS};
use super::shape::{Covariance, Shapes};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Sums about given means.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    covariance: Covariance,
    width: usize,
    /// Of each component what its rows weigh, and the sum of their differences from the mean.
    pub weights: Vec<f64>,
    sums: Vec<f64>,
    /// The sums of the products of differences: lower triangles, for all components together where these have one covariance; without matrices the sums of
    /// squares.
    pub products: Vec<f64>,
    /// The weighted sum of the logarithms of the rows' densities, and what the rows weigh.
    pub log_density: f64,
    pub weight: f64,
}

impl Moments {
    /// Of no rows.
    pub fn new(covariance: Covariance, components: usize, width: usize) -> Result<Moments> {
        let products = match covariance.matrices(components) {
            0 => components * width,
            matrices => matrices * width * width,
        };
        Ok(Moments {
            covariance,
            width,
            weights: vec![0.0; components],
            sums: room::zeros(components * width)?,
            products: room::zeros(products)?,
            log_density: 0.0,
            weight: 0.0,
        })
    }

    /// Bytes that such sums take.
    pub fn bytes(covariance: Covariance, components: usize, width: usize) -> usize {
        let products = match covariance.matrices(components) {
            0 => components.saturating_mul(width),
            matrices => matrices.saturating_mul(width).saturating_mul(width),
        };
        products
            .saturating_add(components.saturating_mul(width))
            .saturating_mul(size_of::<f64>())
    }

    /// Adds the rows of a block to a component, as much as `shares` says. `differences` are those from the component's mean.
    pub fn add(&mut self, component: usize, differences: &[f64], shares: &[f64], scaled: &mut [f64]) {
        let width = self.width;
        self.weights[component] += shares.iter().sum::<f64>();
        for (column, (values, out)) in differences
            .chunks_exact(ROWS)
            .zip(scaled.chunks_exact_mut(ROWS))
            .enumerate()
        {
            let mut lanes = [0.0; 8];
            let chunks = values.as_chunks::<8>().0.iter().zip(shares.as_chunks::<8>().0);
            for ((values, shares), out) in chunks.zip(out.as_chunks_mut::<8>().0) {
                for lane in 0..8 {
                    out[lane] = values[lane] * shares[lane];
                    lanes[lane] += out[lane];
                }
            }
            self.sums[component * width + column] += lanes.iter().sum::<f64>();
        }
        match self.covariance.matrix(component) {
            Some(place) => {
                let rows = MatRef::from_column_major_slice(differences, ROWS, width);
                let products = &mut self.products[place * width * width..(place + 1) * width * width];
                matmul(
                    MatMut::from_row_major_slice_mut(products, width, width),
                    BlockStructure::TriangularLower,
                    Accum::Add,
                    MatRef::from_column_major_slice(&*scaled, ROWS, width).transpose(),
                    BlockStructure::Rectangular,
                    rows,
                    BlockStructure::Rectangular,
                    1.0,
                    Par::Seq,
                );
            }
            None => {
                let squares = &mut self.products[component * width..(component + 1) * width];
                for ((sum, values), scaled) in squares
                    .iter_mut()
                    .zip(differences.chunks_exact(ROWS))
                    .zip(scaled.chunks_exact(ROWS))
                {
                    let mut lanes = [0.0; 8];
                    for (values, scaled) in values.as_chunks::<8>().0.iter().zip(scaled.as_chunks::<8>().0) {
                        for lane in 0..8 {
                            lanes[lane] += values[lane] * scaled[lane];
                        }
                    }
                    *sum += lanes.iter().sum::<f64>();
                }
            }
        }
    }

    /// Adds those of other rows.
    pub fn merge(&mut self, other: &Moments, monitor: &dyn Monitor) -> Result<()> {
        /// Numbers between two looks at the monitor.
        const LOOK: usize = 1 << 20;
        for (ours, theirs) in [
            (&mut self.weights, &other.weights),
            (&mut self.sums, &other.sums),
            (&mut self.products, &other.products),
        ] {
            for (ours, theirs) in ours.chunks_mut(LOOK).zip(theirs.chunks(LOOK)) {
                monitor.check()?;
                ours.iter_mut().zip(theirs).for_each(|(sum, more)| *sum += more);
            }
        }
        self.log_density += other.log_density;
        self.weight += other.weight;
        Ok(())
    }

    /// The mixture whose likelihood is greatest, given how much rows belong to each component; `added` to each variance. The sums are about `means`.
    pub fn mixture(&self, means: &[f64], added: f64, monitor: &dyn Monitor) -> Result<Mixture> {
        let (components, width) = (self.weights.len(), self.width);
        // A component without rows keeps its mean, and gets the least variance.
        let weights: Vec<f64> = self.weights.iter().map(|weight| weight + 10.0 * f64::EPSILON).collect();
        let total: f64 = weights.iter().sum();
        let shifts: Vec<f64> = (self.sums.chunks_exact(width).zip(&weights))
            .flat_map(|(sums, weight)| sums.iter().map(move |sum| sum / weight))
            .collect();
        let mut values = self.products.clone();
        match self.covariance {
            Covariance::Full => {
                for (component, matrix) in values.chunks_exact_mut(width * width).enumerate() {
                    matrix.iter_mut().for_each(|value| *value /= weights[component]);
                    less_square(matrix, &shifts[component * width..(component + 1) * width], 1.0);
                }
            }
            Covariance::Tied => {
                values.iter_mut().for_each(|value| *value /= total);
                for (shift, weight) in shifts.chunks_exact(width).zip(&weights) {
                    less_square(&mut values, shift, weight / total);
                }
            }
            Covariance::Diagonal | Covariance::Spherical => {
                let of_components = values
                    .chunks_exact_mut(width)
                    .zip(shifts.chunks_exact(width))
                    .zip(&weights);
                for ((variances, shifts), weight) in of_components {
                    for (variance, shift) in variances.iter_mut().zip(shifts) {
                        *variance = (*variance / weight - shift * shift).max(0.0) + added;
                    }
                    if self.covariance == Covariance::Spherical {
                        let mean = variances.iter().sum::<f64>() / width as f64;
                        variances.fill(mean);
                    }
                }
            }
        }
        for matrix in values
            .chunks_exact_mut(width * width)
            .take(self.covariance.matrices(components))
        {
            matrix
                .iter_mut()
                .step_by(width + 1)
                .for_each(|variance| *variance += added);
        }
        Ok(Mixture {
            weights: weights.iter().map(|weight| weight / total).collect(),
            means: means.iter().zip(&shifts).map(|(mean, shift)| mean + shift).collect(),
            shapes: Shapes::new(self.covariance, width, components, values, monitor)?,
        })
    }

    /// For each coordinate the mean, over the rows, of its part of the squared Mahalanobis distance from the component that the rows belong to: with the
    /// products S and the inverse covariance P of each the diagonal of PS. O(components x width^3).
    pub fn distance_parts(&self, shapes: &Shapes, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let width = self.width;
        let mut parts = vec![0.0; width];
        match self.covariance {
            Covariance::Full | Covariance::Tied => {
                let matrices = self.products.chunks_exact(width * width);
                for (products, whitening) in matrices.zip(shapes.whitening.chunks_exact(width * width)) {
                    let at = |a: usize, b: usize| products[a.max(b) * width + a.min(b)];
                    for row in whitening.chunks_exact(width) {
                        monitor.check()?;
                        // A row w of the whitening adds w (S w), coordinate by coordinate.
                        for (a, part) in parts.iter_mut().enumerate().filter(|(a, _)| row[*a] != 0.0) {
                            *part += row[a] * row.iter().enumerate().map(|(b, value)| value * at(a, b)).sum::<f64>();
                        }
                    }
                }
            }
            Covariance::Diagonal | Covariance::Spherical => {
                for (squares, inverses) in self
                    .products
                    .chunks_exact(width)
                    .zip(shapes.inverses.chunks_exact(width))
                {
                    for ((part, square), inverse) in parts.iter_mut().zip(squares).zip(inverses) {
                        *part += square * inverse * inverse;
                    }
                }
            }
        }
        parts.iter_mut().for_each(|part| *part /= self.weight);
        Ok(parts)
    }
}

/// Takes the products of a shift with itself, times a factor, from a lower triangle.
fn less_square(matrix: &mut [f64], shift: &[f64], factor: f64) {
    for (place, row) in matrix.chunks_exact_mut(shift.len()).enumerate() {
        for (value, other) in row[..=place].iter_mut().zip(shift) {
            *value -= factor * shift[place] * other;
        }
    }
}
