//! The test of Kolmogorov and Smirnov of two samples.

use std::f64::consts::PI;

/// The p-value of the hypothesis that samples of `n` and `m` numbers are from one continuous distribution, when their cumulative shares
/// differ by `statistic` at most: of all ways to mix the samples, the share in which these differ by as much. When values repeat, the true
/// p-value is smaller.
///
/// Exact for samples of up to 10,000 numbers, as in scipy's `ks_2samp`, as long as it takes 10 million steps at most (some 20 ms); else by
/// Kolmogorov's limit with the correction of Stephens (1970), which differs by a few per cent at most. NaN for a statistic that is none.
pub fn two_samples(n: u64, m: u64, statistic: f64) -> f64 {
    const MOST_ROWS: u64 = 10_000;
    const MOST_STEPS: f64 = 1e7;
    if !(0.0..=1.0).contains(&statistic) {
        return f64::NAN;
    }
    if n == 0 || m == 0 || statistic == 0.0 {
        return 1.0;
    }
    let (large, small) = (n.max(m), n.min(m));
    let steps = large as f64 * (2.0 * statistic * small as f64 + 1.0).min(small as f64);
    if large <= MOST_ROWS && steps <= MOST_STEPS {
        exact(large, small, statistic)
    } else {
        let rows = (n as f64 * (m as f64 / (n as f64 + m as f64))).sqrt();
        limit((rows + 0.12 + 0.11 / rows) * statistic)
    }
}

/// The share of the paths on a lattice from (0, 0) to (n, m) that leave the band |x / n - y / m| < statistic: Hodges (1958), with the share
/// itself carried from point to point, so that small ones keep their digits.
fn exact(n: u64, m: u64, statistic: f64) -> f64 {
    let divisor = greatest_common_divisor(n, m);
    let (ng, mg) = ((n / divisor) as i64, (m / divisor) as i64);
    // The band in whole numbers: |x * mg - y * ng| < height.
    let height = (statistic * (mg as f64 * n as f64)).round() as i64;
    if height == 0 {
        return 1.0;
    }
    let ceiling = |number: i64| number.div_euclid(ng) + i64::from(number.rem_euclid(ng) > 0);
    let (m, n) = (m as i64, n as i64);
    let inverse: Vec<f64> = (0..=n + m).map(|sum| 1.0 / sum.max(1) as f64).collect();
    // Of the present column the points within the band, from `first` to before `end`, with the share of paths to each that left it.
    let (mut first, mut end) = (0, ceiling(height).min(m + 1));
    let mut outside = vec![1.0; (m + 2) as usize];
    outside[..end as usize].fill(0.0);
    for x in 1..=n {
        let before = (first, end);
        first = ((mg * x - height).div_euclid(ng) + 1).clamp(0, m);
        end = ceiling(mg * x + height).min(m + 1);
        if end <= first {
            return 1.0;
        }
        let mut below = if first == 0 { 0.0 } else { 1.0 };
        for y in first..end {
            let left = if y < before.1 { outside[y as usize] } else { 1.0 };
            let inverse = inverse[(x + y) as usize];
            below = left * (x as f64 * inverse) + below * (y as f64 * inverse);
            outside[y as usize] = below;
        }
    }
    outside[m as usize].clamp(0.0, 1.0)
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Kolmogorov's distribution (1933) above `x`.
fn limit(x: f64) -> f64 {
    let terms = 1..=100_i32;
    if x < 1.0 {
        // The form of Jacobi's theta function that converges fast there.
        let below: f64 = terms
            .map(|k| (-(f64::from(2 * k - 1) * PI / x).powi(2) / 8.0).exp())
            .sum();
        return (1.0 - (2.0 * PI).sqrt() / x * below).clamp(0.0, 1.0);
    }
    let sign = |k: i32| if k % 2 == 1 { 2.0 } else { -2.0 };
    terms
        .map(|k| sign(k) * (-2.0 * (f64::from(k) * x).powi(2)).exp())
        .sum::<f64>()
        .clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected, "{found} {expected}");
    }

    /// All ways to mix two small samples, one by one.
    #[test]
    fn exact_is_what_counting_gives() {
        for (n, m) in [(3_u64, 5_u64), (4, 4), (6, 3), (7, 1), (5, 8)] {
            let largest = |mix: u32| {
                let (mut x, mut y, mut most) = (0_i64, 0_i64, 0_i64);
                for place in 0..n + m {
                    if mix >> place & 1 == 1 {
                        x += 1
                    } else {
                        y += 1
                    }
                    most = most.max((x * m as i64 - y * n as i64).abs());
                }
                most
            };
            let mixes: Vec<i64> = (0..1_u32 << (n + m))
                .filter(|mix| u64::from(mix.count_ones()) == n)
                .map(largest)
                .collect();
            for &most in &mixes {
                let share = mixes.iter().filter(|&&other| other >= most).count() as f64 / mixes.len() as f64;
                close(two_samples(n, m, most as f64 / (n * m) as f64), share, 1e-12);
            }
        }
    }

    #[test]
    fn the_limit_is_near_the_exact_value() {
        // scipy.special.kolmogorov
        for (x, expected) in [
            (0.5, 0.9639452436648751),
            (1.0, 0.26999967167735456),
            (1.5, 0.022217962616525127),
            (3.0, 3.045995948942126e-08),
        ] {
            close(limit(x), expected, 1e-12);
        }
        for statistic in [0.01, 0.02, 0.03] {
            let rows = 10_000_f64;
            close(
                limit(((rows / 2.0).sqrt() + 0.12) * statistic),
                two_samples(10_000, 10_000, statistic),
                0.03,
            );
        }
    }

    #[test]
    fn what_is_no_sample_differs_from_none() {
        assert_eq!(two_samples(0, 5, 0.3), 1.0);
        assert_eq!(two_samples(5, 5, 0.0), 1.0);
        assert_eq!(two_samples(u64::MAX, u64::MAX, 0.5), 0.0);
        assert!(two_samples(5, 5, f64::NAN).is_nan());
    }
}
