//! Gauss-Legendre quadrature: an integral over [0, 1] as a weighted sum of values at few points, exact for polynomials.

/// The points between 0 and 1, ascending, and their weights, which add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) points: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl Rule {
    /// Exact for polynomials of a degree below `2 * count`. O(count^2).
    pub(super) fn new(count: usize) -> Rule {
        let (mut points, mut weights) = (vec![0.0; count], vec![0.0; count]);
        for place in 0..count.div_ceil(2) {
            // The usual first guess of a root of the Legendre polynomial, and Newton's steps from there.
            let mut x = (std::f64::consts::PI * (place as f64 + 0.75) / (count as f64 + 0.5)).cos();
            let mut slope = 0.0;
            for _ in 0..100 {
                let (value, derivative) = legendre(count, x);
                slope = derivative;
                let step = value / derivative;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            let weight = 1.0 / ((1.0 - x * x) * slope * slope);
            (points[place], weights[place]) = (0.5 * (1.0 - x), weight);
            (points[count - 1 - place], weights[count - 1 - place]) = (0.5 * (1.0 + x), weight);
        }
        Rule { points, weights }
    }

    /// What integrates the marginal contribution of one of so many players exactly.
    pub(super) fn of_players(players: usize) -> Rule {
        Rule::new(players.div_ceil(2).max(1))
    }
}

/// The Legendre polynomial of a degree above 0 and its derivative, inside (-1, 1).
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for n in 2..=degree {
        let n = n as f64;
        (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
    }
    (value, degree as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for count in [1, 2, 3, 4, 5, 8, 13, 20, 40, 200] {
            let rule = Rule::new(count);
            assert!(rule.points.is_sorted() && rule.points[0] > 0.0 && rule.points[count - 1] < 1.0);
            for degree in 0..2 * count {
                let sum: f64 = rule
                    .points
                    .iter()
                    .zip(&rule.weights)
                    .map(|(t, w)| w * t.powi(degree as i32))
                    .sum();
                let exact = 1.0 / (degree as f64 + 1.0);
                assert!(
                    (sum - exact).abs() < 1e-14,
                    "{count} points, degree {degree}: {sum} {exact}"
                );
            }
        }
    }
}
