//! Many tests at once.

/// The p-values of Benjamini and Hochberg (1995), adjusted so that rejecting those up to q keeps the expected share of false
/// rejections at q or below. In the order given; NaN stays NaN and counts for no test. O(n log n).
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&i| !p_values[i].is_nan()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let tests = order.len() as f64;
    let mut adjusted = vec![f64::NAN; p_values.len()];
    let mut least = 1.0_f64;
    for (rank, &test) in order.iter().enumerate().rev() {
        least = least.min(p_values[test] * (tests / (rank + 1) as f64));
        adjusted[test] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Against R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "BH").
    #[test]
    fn known_values() {
        let adjusted = benjamini_hochberg(&[0.01, 0.04, 0.03, f64::NAN, 0.005, 0.5]);
        for (adjusted, expected) in adjusted.iter().zip([0.025, 0.05, 0.05, f64::NAN, 0.025, 0.5]) {
            assert!(adjusted.is_nan() && expected.is_nan() || (adjusted - expected).abs() < 1e-15);
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn adjusting_keeps_the_order(p_values in prop::collection::vec(0.0..=1.0_f64, 1..50)) {
            let adjusted = benjamini_hochberg(&p_values);
            for (i, &p) in p_values.iter().enumerate() {
                prop_assert!(p <= adjusted[i] && adjusted[i] <= 1.0);
                prop_assert!((0..p_values.len()).all(|j| p_values[j] > p || adjusted[j] <= adjusted[i]));
            }
        }
    }
}
