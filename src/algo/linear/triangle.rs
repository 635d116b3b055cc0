//! The QR factorisation of rows: for columns so nearly dependent that their products have lost what tells them apart. Products have the
//! square of the columns' condition number, the triangle has the number itself.

/// R of the QR factorisation of all rows so far (Golub and Van Loan 2013, section 5.2), taken in block by block and merged as Demmel,
/// Grigori, Hoemmen and Langou (2012) do.
#[derive(Debug, Clone)]
pub(crate) struct Triangle {
    width: usize,
    /// `width x width`, row by row; 0 below the diagonal.
    factor: Vec<f64>,
    /// Room for a row.
    sums: Vec<f64>,
}

impl Triangle {
    /// Of no rows of `width` numbers.
    pub fn new(width: usize) -> Triangle {
        Triangle {
            width,
            factor: vec![0.0; width * width],
            sums: vec![0.0; width],
        }
    }

    /// Bytes that one of these holds.
    pub fn bytes(width: usize) -> usize {
        width * (width + 1) * size_of::<f64>()
    }

    /// Takes in rows of `width` numbers, one after the other; they are overwritten. O(rows x width^2).
    pub fn push(&mut self, rows: &mut [f64]) {
        let width = self.width;
        for k in 0..width {
            let below: f64 = rows.chunks_exact(width).map(|row| row[k] * row[k]).sum();
            if below == 0.0 {
                continue;
            }
            // The reflection of (diagonal, column k of the rows) onto the diagonal; what it makes of the column is 0 and not looked at again.
            let own = &mut self.factor[k * width..(k + 1) * width];
            let norm = (own[k] * own[k] + below).sqrt().copysign(-own[k]);
            let head = own[k] - norm;
            let factor = 2.0 / (head * head + below);
            let (rest, sums) = (&mut own[k + 1..], &mut self.sums[k + 1..]);
            sums.iter_mut().zip(&*rest).for_each(|(sum, value)| *sum = head * value);
            for row in rows.chunks_exact(width) {
                let value = row[k];
                sums.iter_mut()
                    .zip(&row[k + 1..])
                    .for_each(|(sum, other)| *sum += value * other);
            }
            rest.iter_mut()
                .zip(&*sums)
                .for_each(|(value, sum)| *value -= factor * head * sum);
            for row in rows.chunks_exact_mut(width) {
                let multiple = factor * row[k];
                row[k + 1..]
                    .iter_mut()
                    .zip(&*sums)
                    .for_each(|(value, sum)| *value -= multiple * sum);
            }
            own[k] = norm;
        }
    }

    /// Takes in the rows of another. O(width^3).
    pub fn merge(&mut self, other: &Triangle) {
        self.push(&mut other.factor.clone());
    }

    /// A number of R.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.factor[row * self.width + column]
    }

    /// Whether what the first column leaves of another is only rounding.
    pub fn is_constant(&self, column: usize) -> bool {
        let square = |row: usize| self.get(row, column).powi(2);
        let rest: f64 = (1..=column).map(square).sum();
        rest <= 1e-13 * (rest + square(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_give_the_products_of_all_rows() {
        let (rows, width) = (60, 4);
        let numbers: Vec<f64> = (0..rows * width)
            .map(|i| ((i * 7919) % 101) as f64 / 50.0 - 1.0)
            .collect();
        let whole = |parts: usize| {
            let mut all = Triangle::new(width);
            for part in numbers.chunks(rows / parts * width) {
                let mut one = Triangle::new(width);
                one.push(&mut part.to_vec());
                all.merge(&one);
            }
            all
        };
        for triangle in [whole(1), whole(2), whole(60)] {
            for a in 0..width {
                for b in 0..width {
                    let product: f64 = (0..width).map(|k| triangle.get(k, a) * triangle.get(k, b)).sum();
                    let expected: f64 = numbers.chunks(width).map(|row| row[a] * row[b]).sum();
                    assert!((product - expected).abs() < 1e-12, "{a} {b}: {product}, not {expected}");
                    assert!(b >= a || triangle.get(a, b) == 0.0);
                }
            }
        }
    }
}
