//! How far two distributions of numbers are from each other, with regard to their order.

use super::pairs::Cell;

/// A distance of two distributions of numbers, and how far it may be off because values are known in cells only: 0 when they are exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// The distance.
    pub value: f64,
    /// The largest error; the distance is then too small, not too large, for [`ks`].
    pub error: f64,
}

/// Calls `visit` with each cell and the difference of both cumulative shares before and after it.
fn differences(cells: &[Cell], mut visit: impl FnMut(&Cell, f64, f64)) -> (f64, f64) {
    let (reference, current) = cells
        .iter()
        .fold((0.0, 0.0), |sum, cell| (sum.0 + cell.reference, sum.1 + cell.current));
    let (n, m) = (f64::max(reference, 1.0), f64::max(current, 1.0));
    let (mut ours, mut theirs) = (0.0, 0.0);
    for cell in cells {
        let before = ours / n - theirs / m;
        ours += cell.reference;
        theirs += cell.current;
        visit(cell, before, ours / n - theirs / m);
    }
    (n, m)
}

/// The statistic of Kolmogorov (1933) and Smirnov (1939): the largest difference of the cumulative shares. From 0 to 1.
pub fn ks(cells: &[Cell]) -> Distance {
    let mut value = 0.0_f64;
    let (n, m) = differences(cells, |_, _, after| value = value.max(after.abs()));
    let wide = cells.iter().filter(|cell| cell.low < cell.high);
    let error = wide
        .map(|cell| f64::max(cell.reference / n, cell.current / m))
        .fold(0.0, f64::max);
    Distance { value, error }
}

/// The distance of Wasserstein with p = 1 (Vallender 1974): the area between the cumulative shares, in units of the numbers. Where rows
/// are known in cells, they are taken to lie evenly there.
pub fn wasserstein(cells: &[Cell]) -> Distance {
    let (mut value, mut error) = (0.0, 0.0);
    let mut end = None;
    let (n, m) = differences(cells, |cell, before, after| {
        if let Some(end) = end {
            value += before.abs() * (cell.low - end);
        }
        value += area(before, after) * (cell.high - cell.low);
        end = Some(cell.high);
    });
    for cell in cells {
        error += f64::max(cell.reference / n, cell.current / m) * (cell.high - cell.low);
    }
    Distance { value, error }
}

/// The mean absolute value on the straight line from `a` to `b`.
fn area(a: f64, b: f64) -> f64 {
    if a * b >= 0.0 {
        (a + b).abs() / 2.0
    } else {
        (a * a + b * b) / (2.0 * (a - b).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[(f64, f64, f64)]) -> Vec<Cell> {
        values
            .iter()
            .map(|&(value, reference, current)| Cell {
                low: value,
                high: value,
                reference,
                current,
            })
            .collect()
    }

    #[test]
    fn known_values() {
        // scipy.stats.wasserstein_distance([0, 1, 3], [5, 6, 8]), and ks_2samp.
        let cells = values(&[
            (0.0, 1.0, 0.0),
            (1.0, 1.0, 0.0),
            (3.0, 1.0, 0.0),
            (5.0, 0.0, 1.0),
            (6.0, 0.0, 1.0),
            (8.0, 0.0, 1.0),
        ]);
        assert!((wasserstein(&cells).value - 5.0).abs() < 1e-12);
        assert_eq!(ks(&cells), Distance { value: 1.0, error: 0.0 });
        assert_eq!(wasserstein(&[]).value, 0.0);
        assert_eq!(ks(&values(&[(4.0, 7.0, 2.0)])).value, 0.0);
    }

    #[test]
    fn cells_are_off_by_no_more_than_they_say() {
        // Ten rows at 0 and ten at 1, in one cell.
        let cells = [Cell {
            low: 0.0,
            high: 1.0,
            reference: 10.0,
            current: 10.0,
        }];
        let (ks, wasserstein) = (ks(&cells), wasserstein(&cells));
        assert!(ks.value == 0.0 && ks.error == 1.0);
        assert!(wasserstein.value == 0.0 && wasserstein.error == 1.0);
    }

    #[test]
    fn a_line_that_crosses_zero_has_two_triangles() {
        assert_eq!(area(1.0, -1.0), 0.5);
        assert_eq!(area(-1.0, 3.0), 1.25);
        assert_eq!(area(1.0, 2.0), 1.5);
        assert_eq!(area(0.0, 0.0), 0.0);
    }
}
