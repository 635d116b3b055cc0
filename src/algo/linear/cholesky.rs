//! The factorisation behind every linear model: Cholesky with pivoting on the equilibrated matrix, which reveals the rank.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{Accum, MatMut, MatRef, Par};

use crate::error::Result;
use crate::monitor::Monitor;

/// Rows and columns of the blocks that an inverse is computed in.
const BLOCK: usize = 128;
/// Rows of a matrix that are worked on between two looks at the monitor.
const CHUNK_ROWS: usize = 128;

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
            if i % CHUNK_ROWS == 0 {
                monitor.check()?;
            }
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

    /// The same from R of the columns' QR factorisation, of which `upper(i, j)` gives the upper triangle: `A = R'R`, with the digits that
    /// products lose. `right` is turned along: what it becomes is what [`PivotedCholesky::solve_turned`] takes. O(size^3).
    pub fn of_triangle(
        size: usize,
        upper: impl Fn(usize, usize) -> f64,
        right: &mut [f64],
        monitor: &dyn Monitor,
    ) -> Result<PivotedCholesky> {
        let norm = |j: usize| (0..=j).map(|i| upper(i, j).powi(2)).sum::<f64>().sqrt();
        let scales: Vec<f64> = (0..size)
            .map(|j| Some(norm(j)).filter(|n| *n > 0.0).map_or(1.0, |n| 1.0 / n))
            .collect();
        let mut columns = vec![0.0; size * size];
        for (j, column) in columns.chunks_exact_mut(size.max(1)).enumerate() {
            for (i, value) in column.iter_mut().enumerate().take(j + 1) {
                *value = upper(i, j) * scales[j];
            }
        }
        let mut this = PivotedCholesky {
            size,
            rank: 0,
            factor: columns,
            order: (0..size).collect(),
            scales,
        };
        this.reflect(right, monitor)?;
        Ok(this)
    }

    /// Householder's reflections with the largest remaining column next (Businger and Golub 1965). The rows of `factor` are columns.
    fn reflect(&mut self, right: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        let size = self.size;
        let tolerance = tolerance(size);
        for k in 0..size {
            monitor.check()?;
            let rest = |column: &[f64]| dot(&column[k..], &column[k..]);
            let largest = (k..size).map(|j| (j, rest(&self.factor[j * size..(j + 1) * size])));
            let (pivot, square) = largest.fold((k, 0.0), |best, next| if next.1 > best.1 { next } else { best });
            let norm = square.sqrt();
            if norm.is_nan() || norm <= tolerance {
                break;
            }
            if pivot > k {
                let (left, after) = self.factor.split_at_mut(pivot * size);
                left[k * size..(k + 1) * size].swap_with_slice(&mut after[..size]);
                self.order.swap(k, pivot);
            }
            let (done, after) = self.factor.split_at_mut((k + 1) * size);
            let own = &mut done[k * size..];
            let turned = norm.copysign(-own[k]);
            own[k] -= turned;
            let length = dot(&own[k..], &own[k..]);
            let others = after.chunks_exact_mut(size).chain([&mut right[..size]]);
            for other in others.filter(|_| length > 0.0) {
                let multiple = 2.0 * dot(&own[k..], &other[k..]) / length;
                other[k..]
                    .iter_mut()
                    .zip(&own[k..])
                    .for_each(|(value, v)| *value -= multiple * v);
            }
            own[k] = turned;
            own[k + 1..].fill(0.0);
            self.rank = k + 1;
        }
        Ok(())
    }

    fn eliminate(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let size = self.size;
        let tolerance = tolerance(size);
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
                if i % CHUNK_ROWS == 0 {
                    monitor.check()?;
                }
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

    /// About how much larger the relative error of a solution may be than that of the equilibrated columns: the ratio of the largest to the
    /// least pivot, which is at most the condition number and seldom much less (Higham 2002, section 15.6).
    pub fn condition(&self) -> f64 {
        let pivots = (0..self.rank).map(|k| self.factor[k * self.size + k].abs());
        let (least, greatest) = pivots.fold((f64::INFINITY, 0.0_f64), |(a, b), pivot| (a.min(pivot), b.max(pivot)));
        if self.rank == 0 { 1.0 } else { greatest / least }
    }

    /// The least squares solution from what [`PivotedCholesky::of_triangle`] turned along. O(size^2).
    pub fn solve_turned(&self, turned: &[f64]) -> Vec<f64> {
        let mut x = turned[..self.rank].to_vec();
        self.solve_upper(&mut x);
        self.unpivoted(x)
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
        self.unpivoted(x)
    }

    /// Values at the pivoted places as a vector on the matrix's scale.
    fn unpivoted(&self, x: Vec<f64>) -> Vec<f64> {
        let mut solution = vec![0.0; self.size];
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

    /// A vector of length 1 that A maps to 0, when there is one. O(size^2).
    pub fn dependence(&self) -> Option<Vec<f64>> {
        (self.rank < self.size).then(|| self.null_vector(self.rank))
    }

    /// The vector that says how the column at pivoted place `dependent` is made of the independent ones.
    fn null_vector(&self, dependent: usize) -> Vec<f64> {
        let (size, rank) = (self.size, self.rank);
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
        vector
    }

    /// An orthonormal basis of the vectors that A maps to 0. O(size^2 x (size - rank)).
    pub fn null_space(&self, monitor: &dyn Monitor) -> Result<Vec<Vec<f64>>> {
        let (size, rank) = (self.size, self.rank);
        let mut basis: Vec<Vec<f64>> = Vec::with_capacity(size - rank);
        for dependent in rank..size {
            monitor.check()?;
            let mut vector = self.null_vector(dependent);
            // Once more, because the first time leaves rounding behind.
            for _ in 0..2 {
                project_out(&basis, &mut vector);
                normalise(&mut vector);
            }
            basis.push(vector);
        }
        Ok(basis)
    }

    /// The inverse of A on its independent columns, 0 elsewhere; `size x size`, both triangles. O(size^3), block by block, so that the
    /// monitor is asked often however large the matrix is.
    pub fn inverse(&self, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (size, rank) = (self.size, self.rank);
        let mut inverse = vec![0.0; size * size];
        let lower = self.inverse_factor(monitor)?;
        let lower = MatRef::from_row_major_slice(&lower, rank, rank);
        let mut square = vec![0.0; BLOCK * BLOCK];
        for top in (0..rank).step_by(BLOCK) {
            for left in (0..=top).step_by(BLOCK) {
                monitor.check()?;
                let (rows, columns) = (BLOCK.min(rank - top), BLOCK.min(rank - left));
                // The factor's inverse is 0 above its diagonal.
                let (below, height) = (top, rank - top);
                matmul(
                    MatMut::from_row_major_slice_mut(&mut square[..rows * columns], rows, columns),
                    Accum::Replace,
                    lower.submatrix(below, top, height, rows).transpose(),
                    lower.submatrix(below, left, height, columns),
                    1.0,
                    Par::Seq,
                );
                for (a, values) in (top..).zip(square[..rows * columns].chunks_exact(columns)) {
                    let i = self.order[a];
                    for (b, value) in (left..=a).zip(values) {
                        let j = self.order[b];
                        let value = value * self.scales[i] * self.scales[j];
                        inverse[i * size + j] = value;
                        inverse[j * size + i] = value;
                    }
                }
            }
        }
        Ok(inverse)
    }

    /// The inverse of L, `rank x rank`, by forward substitution of blocks.
    fn inverse_factor(&self, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (size, rank) = (self.size, self.rank);
        let factor = MatRef::from_row_major_slice(&self.factor, size, size);
        let mut inverse = vec![0.0; rank * rank];
        let mut sums = vec![0.0; BLOCK * BLOCK];
        for top in (0..rank).step_by(BLOCK) {
            let rows = BLOCK.min(rank - top);
            let mut diagonal = vec![0.0; rows * rows];
            invert_lower_triangular(
                MatMut::from_row_major_slice_mut(&mut diagonal, rows, rows),
                factor.submatrix(top, top, rows, rows),
                Par::Seq,
            );
            let diagonal = MatRef::from_row_major_slice(&diagonal, rows, rows);
            let (above, here) = inverse.split_at_mut(top * rank);
            let above = MatRef::from_row_major_slice(above, top, rank);
            let mut here = MatMut::from_row_major_slice_mut(&mut here[..rows * rank], rows, rank);
            for left in (0..top).step_by(BLOCK) {
                monitor.check()?;
                let mut sums = MatMut::from_row_major_slice_mut(&mut sums[..rows * BLOCK], rows, BLOCK);
                matmul(
                    sums.as_mut(),
                    Accum::Replace,
                    factor.submatrix(top, left, rows, top - left),
                    above.submatrix(left, left, top - left, BLOCK),
                    1.0,
                    Par::Seq,
                );
                let place = here.as_mut().submatrix_mut(0, left, rows, BLOCK);
                matmul(place, Accum::Replace, diagonal, sums.as_ref(), -1.0, Par::Seq);
            }
            here.as_mut().submatrix_mut(0, top, rows, rows).copy_from(diagonal);
        }
        Ok(inverse)
    }
}

/// What is left of a column of length 1 when it is only rounding.
fn tolerance(size: usize) -> f64 {
    32.0 * f64::EPSILON * size.max(16) as f64
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    /// Sizes around those of the blocks, with a column that depends on others.
    #[test]
    fn the_inverse_is_one() {
        for size in [1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 37] {
            let noise = |i: usize, j: usize| ((i * 7919 + j * 104_729) % 1009) as f64 / 1009.0 - 0.5;
            let column = |j: usize| (0..size + 20).map(move |i| noise(i, j)).collect::<Vec<f64>>();
            let mut columns: Vec<Vec<f64>> = (0..size).map(column).collect();
            let last: Vec<f64> = columns[0]
                .iter()
                .zip(&columns[size / 2])
                .map(|(a, b)| a + 3.0 * b)
                .collect();
            columns.push(last);
            let products: Vec<Vec<f64>> = (columns.iter())
                .map(|left| columns.iter().map(|right| dot(left, right)).collect())
                .collect();
            let product = |i: usize, j: usize| products[i][j] + f64::from(u8::from(i == j));
            let factor = PivotedCholesky::new(size, product, &Unwatched).unwrap();
            let inverse = factor.inverse(&Unwatched).unwrap();
            for (i, row) in inverse.chunks(size).enumerate() {
                let image: Vec<f64> = (0..size)
                    .map(|j| (0..size).map(|k| row[k] * product(k, j)).sum())
                    .collect();
                for (j, value) in image.iter().enumerate() {
                    assert!((value - f64::from(u8::from(i == j))).abs() < 1e-9, "{size}: {i}, {j}");
                }
            }
            assert_eq!(factor.dependence(), None);
            if size == 5 {
                let factor = PivotedCholesky::new(size + 1, |i, j| products[i][j], &Unwatched).unwrap();
                let vector = factor.dependence().unwrap();
                let image: Vec<f64> = (0..=size)
                    .map(|i| (0..=size).map(|j| products[i][j] * vector[j]).sum())
                    .collect();
                assert!(factor.rank() == size && image.iter().all(|v| v.abs() < 1e-12));
            }
        }
    }
}
