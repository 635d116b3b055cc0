//! How far two distributions over the same bins or categories are from each other.

/// The shares that counts are of their sum, of both sides. Empty sides have shares of 0.
pub fn shares(counts: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reference: f64 = counts.iter().map(|count| count.0).sum();
    let current: f64 = counts.iter().map(|count| count.1).sum();
    counts
        .iter()
        .map(|count| (count.0 / reference.max(1.0), count.1 / current.max(1.0)))
        .collect()
}

/// What is put in place of an empty share, so that ratios and logarithms are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Smoothing {
    /// This share.
    Share(f64),
    /// As Evidently: 0.0001, or a millionth of the side's least share that is not empty if that is 0.0001 or less.
    Evidently,
    /// Nothing: a distance may be infinite.
    None,
}

impl Smoothing {
    /// The shares without empty ones.
    pub fn fill(self, shares: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let in_place = |side: fn(&(f64, f64)) -> f64| match self {
            Smoothing::None => 0.0,
            Smoothing::Share(share) => share,
            Smoothing::Evidently => {
                let least = shares.iter().map(side).filter(|&share| share > 0.0).fold(1.0, f64::min);
                if least <= 1e-4 { least / 1e6 } else { 1e-4 }
            }
        };
        let (left, right) = (in_place(|share| share.0), in_place(|share| share.1));
        let filled = |share: f64, empty: f64| if share > 0.0 { share } else { empty };
        shares
            .iter()
            .map(|share| (filled(share.0, left), filled(share.1, right)))
            .collect()
    }
}

/// The population stability index: the sum of (p - q) ln(p / q), which is Jeffreys' divergence (1946).
pub fn psi(shares: &[(f64, f64)]) -> f64 {
    shares
        .iter()
        .map(|&(p, q)| if p == q { 0.0 } else { (p - q) * (p / q).ln() })
        .sum()
}

/// The divergence of Kullback and Leibler (1951) of the current side from the reference: the sum of p ln(p / q), of shares that sum to 1.
pub fn kl(shares: &[(f64, f64)]) -> f64 {
    // Filled shares sum to a little more.
    let (p_sum, q_sum) = shares
        .iter()
        .fold((0.0, 0.0), |sum, share| (sum.0 + share.0, sum.1 + share.1));
    shares.iter().map(|&(p, q)| entropy(p / p_sum, q / q_sum)).sum()
}

fn entropy(p: f64, q: f64) -> f64 {
    if p > 0.0 { p * (p / q).ln() } else { 0.0 }
}

/// The divergence of Jensen and Shannon (Lin 1991): the mean divergence of both sides from their mixture. At most ln 2.
pub fn js(shares: &[(f64, f64)]) -> f64 {
    let halves = |&(p, q): &(f64, f64)| {
        let mixture = (p + q) / 2.0;
        (entropy(p, mixture) + entropy(q, mixture)) / 2.0
    };
    shares.iter().map(halves).sum::<f64>().max(0.0)
}

/// Hellinger's distance (1909): the Euclidean distance of the roots of the shares, divided by the root of 2. From 0 to 1.
pub fn hellinger(shares: &[(f64, f64)]) -> f64 {
    let squares: f64 = shares.iter().map(|&(p, q)| (p.sqrt() - q.sqrt()).powi(2)).sum();
    (squares / 2.0).sqrt()
}

/// The total variation distance: half the sum of the differences. From 0 to 1.
pub fn tvd(shares: &[(f64, f64)]) -> f64 {
    shares.iter().map(|&(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

/// The largest difference of a share.
pub fn l_infinity(shares: &[(f64, f64)]) -> f64 {
    shares.iter().map(|&(p, q)| (p - q).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        let shares = [(0.5, 0.25), (0.5, 0.75)];
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        close(psi(&shares), 0.25 * 2f64.ln() + 0.25 * 1.5f64.ln());
        close(kl(&shares), 0.5 * 2f64.ln() + 0.5 * (2f64 / 3.0).ln());
        close(tvd(&shares), 0.25);
        close(l_infinity(&shares), 0.25);
        close(js(&[(1.0, 0.0), (0.0, 1.0)]), 2f64.ln());
        close(hellinger(&[(1.0, 0.0), (0.0, 1.0)]), 1.0);
        assert_eq!(psi(&[(1.0, 0.5), (0.0, 0.5)]), f64::INFINITY);
        assert_eq!(
            Smoothing::Share(0.01).fill(&[(1.0, 0.5), (0.0, 0.5)]),
            [(1.0, 0.5), (0.01, 0.5)]
        );
    }

    proptest! {
        #[test]
        fn distances_are_ones(counts in prop::collection::vec((0_u32..50, 0_u32..50), 1..20)) {
            let counts: Vec<(f64, f64)> = counts.into_iter().map(|(a, b)| (f64::from(a) + 1.0, f64::from(b))).collect();
            let there = shares(&counts);
            prop_assume!(counts.iter().any(|count| count.1 > 0.0));
            let back: Vec<(f64, f64)> = there.iter().map(|&(p, q)| (q, p)).collect();
            for distance in [psi, js, hellinger, tvd, l_infinity] {
                let (a, b) = (distance(&there), distance(&back));
                prop_assert!(a >= 0.0 && (a == b || (a - b).abs() < 1e-12), "{a} {b}");
                let same: Vec<(f64, f64)> = there.iter().map(|&(p, _)| (p, p)).collect();
                prop_assert!(distance(&same).abs() < 1e-12);
            }
            prop_assert!(l_infinity(&there) <= tvd(&there) + 1e-12);
            prop_assert!(hellinger(&there).powi(2) <= tvd(&there) + 1e-12);
            prop_assert!(js(&there) <= 2f64.ln() + 1e-12);
        }
    }
}
