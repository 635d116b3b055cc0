//! A symmetric matrix as a tridiagonal one: Householder's reflections (Golub and Van Loan, "Matrix Computations", section 8.3), one column at a time, so that
//! it can be stopped in between. Most of the time that eigenvectors take goes into it.

use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// Numbers that vector instructions take at a time.
const LANES: usize = 8;

/// A tridiagonal matrix T, and the orthogonal one Q with which the matrix was Q T Q'.
pub(super) struct Tridiagonal {
    width: usize,
    /// The diagonal of T, and the numbers below it.
    pub diagonal: Vec<f64>,
    pub below: Vec<f64>,
    /// Q is the product of reflections I - f v v': each v, from the row after its column on, and each f.
    vectors: Vec<f64>,
    factors: Vec<f64>,
}

impl Tridiagonal {
    /// Of the matrix of `width` columns whose lower triangle `lower(i, j)` gives. O(width^3).
    pub(super) fn of(width: usize, lower: impl Fn(usize, usize) -> f64, monitor: &dyn Monitor) -> Result<Tridiagonal> {
        let mut all = room::zeros(width * width)?;
        for (j, column) in all.chunks_exact_mut(width.max(1)).enumerate() {
            monitor.check()?;
            (j..width).for_each(|i| column[i] = lower(i, j));
        }
        let mut found = Tridiagonal {
            width,
            diagonal: vec![0.0; width],
            below: vec![0.0; width],
            vectors: all,
            factors: vec![0.0; width],
        };
        // The last reflection, with which columns are yet to be updated: A - v w' - w v'.
        let (mut v, mut w, mut products) = (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        for k in 0..width {
            monitor.check()?;
            let (own, rest) = found.vectors[k * width..].split_at_mut(width);
            for i in k..width {
                own[i] -= v[i] * w[k] + w[i] * v[k];
            }
            found.diagonal[k] = own[k];
            let Some(tail) = own.get_mut(k + 1..).filter(|tail| !tail.is_empty()) else {
                break;
            };
            (found.below[k], found.factors[k]) = reflect(tail);
            products.fill(0.0);
            for (column, j) in rest.chunks_exact_mut(width).zip(k + 1..) {
                let last = [&v[j..], &w[j..]];
                update(&mut column[j..], last, &own[j..], &mut products[j..]);
            }
            let factor = found.factors[k];
            let half = 0.5 * factor * factor * dot(&products[k + 1..], &own[k + 1..]);
            v.copy_from_slice(own);
            for (w, (product, v)) in w.iter_mut().zip(products.iter().zip(&v)).skip(k + 1) {
                *w = factor * product - half * v;
            }
        }
        Ok(found)
    }

    /// Turns a vector x into Qx. O(width^2).
    pub(super) fn turn(&self, x: &mut [f64]) {
        let columns = self.vectors.chunks_exact(self.width.max(1)).zip(&self.factors);
        for (k, (vector, factor)) in columns.enumerate().rev().filter(|(_, (_, factor))| **factor != 0.0) {
            let (vector, x) = (&vector[k + 1..], &mut x[k + 1..]);
            let along = factor * dot(vector, x);
            x.iter_mut().zip(vector).for_each(|(x, v)| *x -= along * v);
        }
    }
}

/// Makes of a vector the v, and gives the f, of the reflection that turns it into its first axis, and how long it is there.
fn reflect(x: &mut [f64]) -> (f64, f64) {
    let first = x[0];
    let rest = dot(&x[1..], &x[1..]);
    if rest == 0.0 {
        x.fill(0.0);
        return (first, 0.0);
    }
    let length = -(first * first + rest).sqrt().copysign(first);
    let scale = (first - length).recip();
    x[0] = 1.0;
    x[1..].iter_mut().for_each(|x| *x *= scale);
    (length, (length - first) / length)
}

/// Brings the lower part of a column up to date with the last reflection, and adds its share, and that of the row that is the same, to the product of the matrix
/// and `x`: one pass over the column, for it is memory that takes time. All begin at the diagonal.
fn update(column: &mut [f64], [v, w]: [&[f64]; 2], x: &[f64], products: &mut [f64]) {
    let (v_own, w_own, x_own) = (v[0], w[0], x[0]);
    column[0] -= 2.0 * v_own * w_own;
    let sum = pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            let mut sums = [0.0; LANES];
            let step = |column: &mut f64, v: f64, w: f64, x: f64, product: &mut f64, sum: &mut f64| {
                *column -= v * w_own + w * v_own;
                *product += *column * x_own;
                *sum += *column * x;
            };
            let (columns, last_column) = column[1..].as_chunks_mut::<LANES>();
            let (products, last_product) = products[1..].as_chunks_mut::<LANES>();
            let ((v, last_v), (w, last_w)) = (v[1..].as_chunks::<LANES>(), w[1..].as_chunks::<LANES>());
            let (x, last_x) = x[1..].as_chunks::<LANES>();
            for ((((column, product), v), w), x) in columns.iter_mut().zip(products).zip(v).zip(w).zip(x) {
                for lane in 0..LANES {
                    let (column, product) = (&mut column[lane], &mut product[lane]);
                    step(column, v[lane], w[lane], x[lane], product, &mut sums[lane]);
                }
            }
            for (lane, column) in last_column.iter_mut().enumerate() {
                let product = &mut last_product[lane];
                step(
                    column,
                    last_v[lane],
                    last_w[lane],
                    last_x[lane],
                    product,
                    &mut sums[lane],
                );
            }
            sums.iter().sum::<f64>()
        },
    );
    products[0] += column[0] * x_own + sum;
}

/// The product of two vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let last: f64 = last_a.iter().zip(last_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn the_matrix_comes_back() {
        for width in [1, 2, 3, 9, 10, 30] {
            // Some numbers of which no pattern is left, and a block of zeros.
            let at = |i: usize, j: usize| match width > 9 && (i < 4) != (j < 4) {
                true => 0.0,
                false => (crate::hash::hash_u64(j as u64, i as u64) % 1000) as f64 / 100.0 - 5.0,
            };
            let found = Tridiagonal::of(width, at, &Unwatched).unwrap();
            let turned: Vec<Vec<f64>> = (0..width)
                .map(|column| {
                    let mut axis = vec![0.0; width];
                    axis[column] = 1.0;
                    found.turn(&mut axis);
                    axis
                })
                .collect();
            let t = |a: usize, b: usize| match a.abs_diff(b) {
                0 => found.diagonal[a],
                1 => found.below[a.min(b)],
                _ => 0.0,
            };
            for i in 0..width {
                for j in 0..=i {
                    let pairs = (0..width).flat_map(|a| (0..width).map(move |b| (a, b)));
                    let back: f64 = pairs.map(|(a, b)| turned[a][i] * t(a, b) * turned[b][j]).sum();
                    assert!((back - at(i, j)).abs() < 1e-11, "{width}: {i} {j} {back} {}", at(i, j));
                    let product: f64 = dot(&turned[i], &turned[j]);
                    assert!((product - f64::from(u8::from(i == j))).abs() < 1e-13);
                }
            }
        }
    }
}
