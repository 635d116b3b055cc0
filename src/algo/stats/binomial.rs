//! The binomial test.

use statrs::distribution::{Binomial, DiscreteCDF};

/// The one-sided p-value of the hypothesis that a row has a property with no more than the probability `share`, when `part` of `rows`
/// rows have it: the exact binomial test (Clopper and Pearson, 1934). NaN for a share that is no probability, or more than all rows.
pub fn at_least(part: u64, rows: u64, share: f64) -> f64 {
    if part > rows {
        return f64::NAN;
    }
    match (part, Binomial::new(share, rows)) {
        (0, Ok(_)) => 1.0,
        (part, Ok(binomial)) => binomial.sf(part - 1),
        (_, Err(_)) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn equals_the_sum_of_probabilities() {
        // scipy.stats.binomtest(k, n, p, alternative="greater").pvalue
        for (part, rows, share, expected) in [
            (1, 3, 0.05, 0.142625),
            (8, 10, 0.5, 0.0546875),
            (0, 10, 0.5, 1.0),
            (60, 1000, 0.05, 0.08673217838486),
        ] {
            let found = at_least(part, rows, share);
            assert!((found - expected).abs() < 1e-12, "{part} of {rows}: {found}");
        }
        assert!(at_least(3, 2, 0.5).is_nan());
        assert!(at_least(1, 2, 1.5).is_nan());
    }
}
