//! Pearson's test (1900) of counts.

use statrs::function::gamma::checked_gamma_ur;

/// A statistic with its degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// The sum of squared differences from what is expected, each divided by that.
    pub statistic: f64,
    /// Classes less 1.
    pub degrees: usize,
}

impl ChiSquare {
    /// How likely a statistic as large is. 1 without degrees of freedom.
    pub fn p_value(&self) -> f64 {
        if self.degrees == 0 || self.statistic <= 0.0 {
            return 1.0;
        }
        if self.statistic.is_infinite() {
            return 0.0;
        }
        checked_gamma_ur(self.degrees as f64 / 2.0, self.statistic / 2.0).unwrap_or(f64::NAN)
    }
}

/// Whether two samples, counted in the same classes, are from one distribution: the test of homogeneity. Classes without rows do not count.
pub fn homogeneity(counts: &[(f64, f64)]) -> ChiSquare {
    let (n, m) = sums(counts);
    let total = n + m;
    let mut chi_square = ChiSquare {
        statistic: 0.0,
        degrees: 0,
    };
    if n <= 0.0 || m <= 0.0 {
        return chi_square;
    }
    let mut classes = 0;
    for &(a, b) in counts.iter().filter(|count| count.0 + count.1 > 0.0) {
        let (expected_a, expected_b) = ((a + b) * (n / total), (a + b) * (m / total));
        chi_square.statistic += (a - expected_a).powi(2) / expected_a + (b - expected_b).powi(2) / expected_b;
        classes += 1;
    }
    chi_square.degrees = usize::max(classes, 1) - 1;
    chi_square
}

/// Whether the second sample is from a distribution of which the first gives the true shares: the test of goodness of fit. Infinite when the
/// second has rows in a class where the first has none.
pub fn goodness_of_fit(counts: &[(f64, f64)]) -> ChiSquare {
    let (n, m) = sums(counts);
    let expected = |a: f64| a / n.max(1.0) * m;
    let there = counts.iter().filter(|count| count.0 + count.1 > 0.0);
    ChiSquare {
        statistic: there
            .clone()
            .map(|&(a, b)| (b - expected(a)).powi(2) / expected(a))
            .sum(),
        degrees: there.count().max(1) - 1,
    }
}

/// The counts with rare classes put together, so that each is expected to have five rows of each sample at least: below that the
/// statistic's distribution is not that of chi-square (Cochran 1954).
pub fn without_rare(counts: &[(f64, f64)]) -> Vec<(f64, f64)> {
    const EXPECTED: f64 = 5.0;
    let (n, m) = sums(counts);
    let share = n.min(m) / (n + m).max(1.0);
    let (mut kept, rare): (Vec<_>, Vec<_>) = counts.iter().partition(|count| (count.0 + count.1) * share >= EXPECTED);
    if !rare.is_empty() {
        let (a, b) = sums(&rare);
        let least = kept.iter_mut().min_by(|x, y| (x.0 + x.1).total_cmp(&(y.0 + y.1)));
        match least {
            Some(least) if (a + b) * share < EXPECTED => *least = (least.0 + a, least.1 + b),
            _ => kept.push((a, b)),
        }
    }
    kept
}

fn sums(counts: &[(f64, f64)]) -> (f64, f64) {
    counts
        .iter()
        .fold((0.0, 0.0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected, "{found} {expected}");
    }

    #[test]
    fn known_values() {
        // scipy.stats.chi2_contingency([[10, 20, 30], [6, 9, 17]]), chisquare([16, 18, 16, 14, 12, 12], f_exp=...) and chi2.sf
        let counts = [
            (2003.0, 1185.0),
            (1507.0, 1132.0),
            (1008.0, 1032.0),
            (482.0, 631.0),
            (0.0, 20.0),
        ];
        let found = homogeneity(&counts);
        close(found.statistic, 194.69746561539776);
        assert_eq!(found.degrees, 4);
        close(found.p_value(), 5.185030195505832e-41);
        assert_eq!(goodness_of_fit(&counts).p_value(), 0.0);
        close(
            ChiSquare {
                statistic: 3.84,
                degrees: 1,
            }
            .p_value(),
            0.05004352124870519,
        );
        close(
            ChiSquare {
                statistic: 500.0,
                degrees: 499,
            }
            .p_value(),
            0.4789716044812014,
        );
    }

    #[test]
    fn nothing_to_compare_differs_from_nothing() {
        for counts in [&[][..], &[(5.0, 7.0)], &[(5.0, 0.0), (7.0, 0.0)], &[(0.0, 0.0)]] {
            assert_eq!(homogeneity(counts).p_value(), 1.0);
        }
    }

    #[test]
    fn rare_classes_count_together() {
        let counts = [(100.0, 90.0), (3.0, 1.0), (2.0, 4.0), (1.0, 0.0), (50.0, 60.0)];
        assert_eq!(without_rare(&counts), [(100.0, 90.0), (50.0, 60.0), (6.0, 5.0)]);
        assert_eq!(
            without_rare(&[(100.0, 90.0), (50.0, 60.0), (1.0, 0.0)]),
            [(100.0, 90.0), (51.0, 60.0)]
        );
        assert_eq!(without_rare(&[(1.0, 1.0), (0.0, 1.0)]), [(1.0, 2.0)]);
    }
}
