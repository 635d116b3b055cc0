//! How columns go together, on both sides: what is found where columns were swapped, or rows of one shuffled, while each looks as before.

use crate::stats::chi_square::ChiSquare;

/// A correlation, and of how many rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// From -1 to 1.
    pub value: f64,
    /// Rows that have both.
    pub rows: u64,
}

/// Beyond it a correlation is not told from a perfect one, which has no error.
const NEARLY_PERFECT: f64 = 0.999;
/// The fewest rows that have an error.
const FEWEST: u64 = 10;

impl Correlation {
    /// Fisher's transformation (1915), and its variance where places among others are correlated (Bonett and Wright 2000).
    fn transformed(&self) -> (f64, f64) {
        let value = self.value.clamp(-NEARLY_PERFECT, NEARLY_PERFECT);
        (value.atanh(), (1.0 + value * value / 2.0) / (self.rows as f64 - 3.0))
    }
}

/// How likely correlations are as different where both sides are of one distribution; 1 of too few rows.
pub fn correlations_differ(reference: &Correlation, current: &Correlation) -> f64 {
    if reference.rows < FEWEST || current.rows < FEWEST {
        return 1.0;
    }
    let ((ours, our_variance), (theirs, their_variance)) = (reference.transformed(), current.transformed());
    ChiSquare {
        statistic: (ours - theirs).powi(2) / (our_variance + their_variance),
        degrees: 1,
    }
    .p_value()
}

/// A square, symmetric table of correlations, row by row; `None` where there is none.
pub type Correlations = Vec<Vec<Option<Correlation>>>;

/// How much closer two columns must come to the reference when they change places.
const CLOSER: f64 = 4.0;
/// The squared differences of two columns below which nothing moved.
const LEAST: f64 = 0.04;

/// The pairs of columns that seem to have changed places: each goes together with the others as the other one did. Two columns alone tell nothing,
/// for their correlation stays what it is. O(columns cubed).
pub fn swapped(reference: &Correlations, current: &Correlations) -> Vec<(usize, usize)> {
    let columns = reference.len();
    let between = |table: &Correlations, a: usize, b: usize| table[a][b].map(|correlation| correlation.value);
    // How far column a is now from what column b was, to all but these two.
    let distance = |a: usize, b: usize, (one, other): (usize, usize)| -> f64 {
        let others = (0..columns).filter(|&c| c != one && c != other);
        let differences = others.filter_map(|c| Some(between(current, a, c)? - between(reference, b, c)?));
        differences.map(|difference| difference * difference).sum()
    };
    let pairs = (0..columns).flat_map(|a| (a + 1..columns).map(move |b| (a, b)));
    pairs
        .filter(|&(a, b)| {
            let stayed = distance(a, a, (a, b)) + distance(b, b, (a, b));
            let swapped = distance(a, b, (a, b)) + distance(b, a, (a, b));
            stayed > LEAST && swapped * CLOSER < stayed
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(upper: &[&[f64]]) -> Correlations {
        let columns = upper.len() + 1;
        let value = |a: usize, b: usize| {
            let (low, high) = (a.min(b), a.max(b));
            (low < high).then(|| upper[low][high - low - 1])
        };
        let cell = |a, b| value(a, b).map(|value| Correlation { value, rows: 1000 });
        (0..columns)
            .map(|a| (0..columns).map(|b| cell(a, b)).collect())
            .collect()
    }

    #[test]
    fn a_difference_is_as_sure_as_the_rows_are_many() {
        let of = |value, rows| Correlation { value, rows };
        assert_eq!(correlations_differ(&of(0.5, 100), &of(0.5, 100)), 1.0);
        // atanh(0.5) = 0.549306, variances of 1/97 and 1.125/97: a statistic of 14.199.
        let p = correlations_differ(&of(0.0, 100), &of(0.5, 100));
        assert!((1e-4..3e-4).contains(&p), "{p}");
        assert!(correlations_differ(&of(0.0, 1000), &of(0.5, 1000)) < 1e-20);
        assert_eq!(correlations_differ(&of(0.0, 9), &of(1.0, 9000)), 1.0);
        assert!(correlations_differ(&of(1.0, 50), &of(-1.0, 50)) < 1e-20);
        assert_eq!(correlations_differ(&of(1.0, 50), &of(0.9999, 50)), 1.0);
    }

    #[test]
    fn columns_that_changed_places_are_found() {
        // a and b go together, c goes with a alone, d with nothing.
        let reference = table(&[&[0.5, 0.9, 0.0], &[0.3, 0.1], &[0.0]]);
        let current = table(&[&[0.5, 0.31, 0.1], &[0.88, 0.02], &[0.01]]);
        assert_eq!(swapped(&reference, &current), [(0, 1)]);
        assert_eq!(swapped(&reference, &reference), []);
        // That c goes with nothing any more is no swap.
        let shuffled = table(&[&[0.5, 0.0, 0.0], &[0.0, 0.1], &[0.0]]);
        assert_eq!(swapped(&reference, &shuffled), []);
        // Nor can one be told from two columns.
        assert_eq!(swapped(&table(&[&[0.9]]), &table(&[&[0.1]])), []);
        assert_eq!(swapped(&Vec::new(), &Vec::new()), []);
    }
}
