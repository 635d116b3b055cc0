//! The factorisation behind every linear model: Cholesky with pivoting on the equilibrated matrix, which reveals the rank.

use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, MatMut, MatRef, Par};

use crate::algo::error::Result;
use crate::algo::monitor::Monitor;

/// `P S A S P' = L L'` with a diagonal scaling S that makes A's diagonal 1 and a permutation P that puts the largest remaining
/// diagonal next, stopped where what remains is rounding (Higham 2002, section 10.3). Scaling first makes the rank independent of the
/// columns' units.
pub(crate) struct PivotedCholesky {
    size: usize,
    rank: usize,
    /// `size x size`, row by row, in pivoted order; the first `rank` columns of the lower triangle are L.
    factor: Vec<f64>,
    /// The matrix row at each pivoted place.
    order: Vec<usize>,
    /// S, in matrix order; 1 where the diagonal is 0.
    scales: Vec<f64>,
}

impl PivotedCholesky {
    /// Factors the symmetric positive semi-definite matrix whose lower triangle `lower(i, j)` gives. O(size^3).
    pub fn new(size: usize, lower: impl Fn(usize, usize) -> f64, monitor: &dyn Monitor) -> Result<PivotedCholesky> {
        let scales: Vec<f64> = (0..size)
            .map(|i| {
                Some(lower(i, i))
                    .filter(|d| *d > 0.0 && d.is_finite())
                    .map_or(0.0, |d| 1.0 / d.sqrt())
            })
            .collect();
        let mut factor = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..=i {
                factor[i * size + j] = lower(i, j) * scales[i] * scales[j];
            }
        }
        let scales = scales.into_iter().map(|s| if s > 0.0 { s } else { 1.0 }).collect();
        let mut this = PivotedCholesky {
            size,
            rank: 0,
            factor,
            order: (0..size).collect(),
            scales,
        };
        this.eliminate(monitor)?;
        Ok(this)
    }

    fn eliminate(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let size = self.size;
        let tolerance = 32.0 * f64::EPSILON * size.max(16) as f64;
        let mut column = vec![0.0; size];
        for k in 0..size {
            monitor.check()?;
            let mut pivot = k;
            for i in k + 1..size {
                if self.factor[i * size + i] > self.factor[pivot * size + pivot] {
                    pivot = i;
                }
            }
            let diagonal = self.factor[pivot * size + pivot];
            if diagonal.is_nan() || diagonal <= tolerance {
                break;
            }
            self.swap(k, pivot);
            let root = diagonal.sqrt();
            self.factor[k * size + k] = root;
            for (i, row) in self.factor.chunks_exact_mut(size).enumerate().skip(k + 1) {
                row[k] /= root;
                column[i] = row[k];
            }
            for (i, row) in self.factor.chunks_exact_mut(size).enumerate().skip(k + 1) {
                let multiple = row[k];
                row[k + 1..=i]
                    .iter_mut()
                    .zip(&column[k + 1..=i])
                    .for_each(|(value, other)| *value -= multiple * other);
            }
            self.rank = k + 1;
        }
        Ok(())
    }

    /// Swaps rows and columns `a <= b` of the symmetric matrix kept in the lower triangle.
    fn swap(&mut self, a: usize, b: usize) {
        if a == b {
            return;
        }
        let size = self.size;
        let at = |i: usize, j: usize| i * size + j;
        for j in 0..a {
            self.factor.swap(at(a, j), at(b, j));
        }
        for i in a + 1..b {
            self.factor.swap(at(i, a), at(b, i));
        }
        for i in b + 1..size {
            self.factor.swap(at(i, a), at(i, b));
        }
        self.factor.swap(at(a, a), at(b, b));
        self.order.swap(a, b);
    }

    /// How many columns are linearly independent.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// A solution of `A x = b`: the one that is 0 for the columns that depend on others. O(size^2).
    pub fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (size, rank) = (self.size, self.rank);
        let mut x: Vec<f64> = self.order[..rank].iter().map(|&i| right[i] * self.scales[i]).collect();
        for i in 0..rank {
            let row = &self.factor[i * size..i * size + i];
            let known: f64 = row.iter().zip(&x).map(|(l, x)| l * x).sum();
            x[i] = (x[i] - known) / self.factor[i * size + i];
        }
        self.solve_upper(&mut x);
        let mut solution = vec![0.0; size];
        for (value, &i) in x.into_iter().zip(&self.order) {
            solution[i] = value * self.scales[i];
        }
        solution
    }

    /// Solves `L' x = b` in place.
    fn solve_upper(&self, x: &mut [f64]) {
        let size = self.size;
        for i in (0..x.len()).rev() {
            x[i] /= self.factor[i * size + i];
            let value = x[i];
            let row = &self.factor[i * size..i * size + i];
            x[..i].iter_mut().zip(row).for_each(|(x, l)| *x -= l * value);
        }
    }

    /// An orthonormal basis of the vectors that A maps to 0. O(size^2 x (size - rank)).
    pub fn null_space(&self, monitor: &dyn Monitor) -> Result<Vec<Vec<f64>>> {
        let (size, rank) = (self.size, self.rank);
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(size - rank);
        for dependent in rank..size {
            monitor.check()?;
            let mut x: Vec<f64> = self.factor[dependent * size..dependent * size + rank]
                .iter()
                .map(|l| -l)
                .collect();
            self.solve_upper(&mut x);
            let mut vector = vec![0.0; size];
            for (value, &i) in x
                .into_iter()
                .chain([1.0])
                .zip(self.order[..rank].iter().chain([&self.order[dependent]]))
            {
                vector[i] = value * self.scales[i];
            }
            normalise(&mut vector);
            // Once more, because the first time leaves rounding behind.
            for _ in 0..2 {
                project_out(&basis, &mut vector);
                normalise(&mut vector);
            }
            basis.push(vector);
        }
        Ok(basis)
    }

    /// The inverse of A on its independent columns, 0 elsewhere; `size x size`, both triangles. O(size^3).
    pub fn inverse(&self) -> Vec<f64> {
        let (size, rank) = (self.size, self.rank);
        let mut inverse = vec![0.0; size * size];
        if rank == 0 {
            return inverse;
        }
        let factor = MatRef::from_row_major_slice(&self.factor, size, size).submatrix(0, 0, rank, rank);
        let mut lower = vec![0.0; rank * rank];
        invert_lower_triangular(
            MatMut::from_row_major_slice_mut(&mut lower, rank, rank),
            factor,
            Par::Seq,
        );
        let mut square = vec![0.0; rank * rank];
        let lower = MatRef::from_row_major_slice(&lower, rank, rank);
        matmul(
            MatMut::from_row_major_slice_mut(&mut square, rank, rank),
            BlockStructure::TriangularLower,
            Accum::Replace,
            lower.transpose(),
            BlockStructure::TriangularUpper,
            lower,
            BlockStructure::TriangularLower,
            1.0,
            Par::Seq,
        );
        for (a, &i) in self.order[..rank].iter().enumerate() {
            for (b, &j) in self.order[..=a].iter().enumerate() {
                let value = square[a * rank + b] * self.scales[i] * self.scales[j];
                inverse[i * size + j] = value;
                inverse[j * size + i] = value;
            }
        }
        inverse
    }
}

/// Takes out of `vector` its part in the span of an orthonormal basis.
pub(crate) fn project_out(basis: &[Vec<f64>], vector: &mut [f64]) {
    for direction in basis {
        let part = dot(direction, vector);
        vector
            .iter_mut()
            .zip(direction)
            .for_each(|(value, d)| *value -= part * d);
    }
}

/// The scalar product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn normalise(vector: &mut [f64]) {
    // Twice scaled, so that squares neither overflow nor vanish.
    let largest = vector.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest > 0.0 {
        vector.iter_mut().for_each(|v| *v /= largest);
        let length = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|v| *v /= length);
    }
}
