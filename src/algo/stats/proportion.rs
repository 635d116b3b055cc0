//! Shares of rows: their intervals, and whether two differ.

use std::f64::consts::{PI, SQRT_2, TAU};

use statrs::function::erf::{erfc, erfc_inv};

/// Wilson's score interval (1927) of a share of which `successes` of `n` rows are known, for a confidence such as 0.95. Of no rows, or
/// with a confidence that is none, it is from 0 to 1.
pub fn wilson(successes: u64, n: u64, confidence: f64) -> (f64, f64) {
    if n == 0 || !(0.0..1.0).contains(&confidence) {
        return (0.0, 1.0);
    }
    let successes = successes.min(n);
    let rows = n as f64;
    let share = successes as f64 / rows;
    let z = normal_quantile(confidence);
    let z2 = z * z / rows;
    let centre = share + z2 / 2.0;
    let half = (z2 * (share * (1.0 - share) + z2 / 4.0)).sqrt();
    let at = |bound: f64| (bound / (1.0 + z2)).clamp(0.0, 1.0);
    (
        if successes == 0 { 0.0 } else { at(centre - half) },
        if successes == n { 1.0 } else { at(centre + half) },
    )
}

/// How many standard deviations from the mean a normal variable stays within, with a confidence such as 0.95.
pub fn normal_quantile(confidence: f64) -> f64 {
    SQRT_2 * erfc_inv(1.0 - confidence)
}

/// Rows of one group: how many have a property, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Rows with the property; not more than `rows`.
    pub part: u64,
    /// All rows.
    pub rows: u64,
}

/// The one-sided p-value of the hypothesis that the property is not more frequent in `group` than in `rest`: Fisher's exact test, and
/// where the spread of the count is above a thousand rows its normal approximation with a continuity correction. 1 when a group has
/// no rows. At most a few thousand steps.
pub fn more_frequent(group: Share, rest: Share) -> f64 {
    /// Above it the exact sum is long, and the approximation as good.
    const SPREAD: f64 = 1000.0;
    let (part, rows) = (group.part.min(group.rows) as f64, group.rows as f64);
    let (other_part, other_rows) = (rest.part.min(rest.rows) as f64, rest.rows as f64);
    let (with, all) = (part + other_part, rows + other_rows);
    let without = all - with;
    if rows == 0.0 || other_rows == 0.0 || with == 0.0 || without == 0.0 || part == 0.0 {
        return 1.0;
    }
    let mean = with / all * rows;
    let spread = (mean * (without / all) * (other_rows / (all - 1.0).max(1.0))).sqrt();
    if spread > SPREAD {
        return erfc((part - 0.5 - mean) / spread / SQRT_2) / 2.0;
    }
    // The tail away from the mean is summed: its terms fall, so that the first negligible one ends it.
    let term = |part: f64| hypergeometric(part, with, without, rows);
    if part > mean {
        // From one count to the next the probability grows by this ratio.
        let up = |part: f64| (with - part) * (rows - part) / ((part + 1.0) * (without - rows + part + 1.0));
        tail(term(part), part, 1.0, up).min(1.0)
    } else {
        let down = |part: f64| part * (without - rows + part) / ((with - part + 1.0) * (rows - part + 1.0));
        (1.0 - tail(term(part - 1.0), part - 1.0, -1.0, down)).clamp(0.0, 1.0)
    }
}

/// The sum of falling terms: `first` at `place`, and from each place to that `step` further by a `ratio`.
fn tail(first: f64, mut place: f64, step: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut term) = (0.0, first);
    while term > sum * f64::EPSILON {
        sum += term;
        term *= ratio(place);
        place += step;
    }
    sum
}

/// The probability that of `drawn` rows `part` are from the `with` rows with a property, and the others from the `without` rows
/// without: as a quotient of binomial probabilities, which keeps its precision however many rows there are (Loader 2000).
fn hypergeometric(part: f64, with: f64, without: f64, drawn: f64) -> f64 {
    if part < 0.0 || part > with || drawn - part < 0.0 || drawn - part > without {
        return 0.0;
    }
    let share = drawn / (with + without);
    (ln_binomial(part, with, share) + ln_binomial(drawn - part, without, share)
        - ln_binomial(drawn, with + without, share))
    .exp()
}

/// The logarithm of the probability of `part` successes in `rows` trials of which a `share` succeeds.
fn ln_binomial(part: f64, rows: f64, share: f64) -> f64 {
    let fails = rows - part;
    if rows == 0.0 {
        return 0.0;
    }
    if part == 0.0 {
        return rows * (-share).ln_1p();
    }
    if fails == 0.0 {
        return rows * share.ln();
    }
    stirling_error(rows)
        - stirling_error(part)
        - stirling_error(fails)
        - deviance(part, rows * share)
        - deviance(fails, rows * (1.0 - share))
        + 0.5 * (rows / (TAU * part * fails)).ln()
}

/// ln n! minus Stirling's formula for it.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let ln_factorial: f64 = (2..=n as u32).map(|i| f64::from(i).ln()).sum();
        return ln_factorial - (n + 0.5) * n.ln() + n - 0.5 * (2.0 * PI).ln();
    }
    let n2 = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / n2) / n2) / n2) / n2) / n
}

/// x ln(x / mean) + mean - x, also where both are nearly equal.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    // With v = (x - mean) / (x + mean), ln(x / mean) is 2 artanh v, whose series converges fast.
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut power = 2.0 * x * v;
    for k in 1..1000 {
        power *= v * v;
        let next = sum + power / f64::from(2 * k + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(actual: f64, expected: f64, tolerance: f64) -> bool {
        (actual - expected).abs() <= tolerance * expected.abs()
    }

    fn p_value(part: u64, rows: u64, other_part: u64, other_rows: u64) -> f64 {
        let rest = Share {
            part: other_part,
            rows: other_rows,
        };
        more_frequent(Share { part, rows }, rest)
    }

    #[test]
    fn intervals_are_those_of_the_formula() {
        for (successes, n, confidence, low, high) in [
            (0, 10, 0.95, 0.0, 0.27753279986288915),
            (10, 10, 0.95, 0.7224672001371109, 1.0),
            (1, 10, 0.95, 0.017876213095072924, 0.40415002679523837),
            (50, 1000, 0.99, 0.03502507572253244, 0.0709069726905337),
            (3, 7, 0.9, 0.18644319036395612, 0.7105229089864071),
            (123456, 1000000, 0.999, 0.12237762384725605, 0.12454253017460802),
        ] {
            let interval = wilson(successes, n, confidence);
            assert!(
                close(interval.0, low, 1e-9) && close(interval.1, high, 1e-9),
                "{interval:?}"
            );
        }
        for confidence in [1.0, -0.1, f64::NAN] {
            assert_eq!(wilson(1, 2, confidence), (0.0, 1.0));
        }
        assert_eq!(wilson(0, 0, 0.95), (0.0, 1.0));
    }

    /// Against sums of binomial coefficients in whole numbers.
    #[test]
    fn p_values_are_those_of_whole_numbers() {
        for (part, rows, other_part, other_rows, expected) in [
            (3, 10, 1, 20, 0.09523809523809523),
            (1, 10, 1, 10, 0.7631578947368421),
            (8, 10, 1, 10, 0.0027387473207906646),
            (10, 10, 0, 10, 5.412544112234515e-06),
            (1, 5, 30, 60, 0.9663123761484417),
            (40, 200, 10, 1000, 5.288765942487832e-24),
            (300, 5000, 2000, 50000, 1.0389458051064835e-10),
            (60, 1000, 5000, 100000, 0.08802170443209752),
            (700, 1000, 1, 1000, 6.757282725864428e-295),
        ] {
            let p = p_value(part, rows, other_part, other_rows);
            assert!(close(p, expected, 1e-9), "{p} {expected}");
        }
        // Above the spread that is summed.
        let p = p_value(5_005_000, 10_000_000, 50_000_000, 100_000_000);
        assert!(close(p, 0.0012858210322055919, 1e-6), "{p}");
    }

    #[test]
    fn groups_without_rows_differ_from_none() {
        for (part, rows, other_part, other_rows) in
            [(0, 0, 5, 9), (5, 9, 0, 0), (0, 9, 5, 9), (9, 9, 9, 9), (0, 9, 0, 9)]
        {
            assert_eq!(p_value(part, rows, other_part, other_rows), 1.0);
        }
        for rows in [1, 1 << 20, 1 << 53, u64::MAX] {
            for part in [0, 1, rows / 2, rows] {
                let p = p_value(part, rows, 1, rows);
                assert!((0.0..=1.0).contains(&p), "{p}");
            }
        }
    }

    proptest! {
        /// The probabilities of both tails and the middle add up to 1.
        #[test]
        fn tails_complement(part in 1_u64..300, more in 0_u64..300, other in 1_u64..300, other_more in 0_u64..300) {
            let (rows, other_rows) = (part + more, other + other_more);
            let middle = hypergeometric(part as f64, (part + other) as f64, (more + other_more) as f64, rows as f64);
            let both = p_value(part, rows, other, other_rows) + p_value(other, other_rows, part, rows);
            prop_assert!((both - 1.0 - middle).abs() < 1e-9, "{both} {middle}");
        }

        #[test]
        fn intervals_hold_the_share(part in 0_u64..1000, more in 0_u64..1000, confidence in 0.0..1.0_f64) {
            let rows = part + more;
            let (low, high) = wilson(part, rows, confidence);
            prop_assert!(0.0 <= low && low <= high && high <= 1.0);
            prop_assert!(rows == 0 || low <= part as f64 / rows as f64 + 1e-12 && part as f64 / rows as f64 <= high + 1e-12);
        }
    }
}
