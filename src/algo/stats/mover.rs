//! Intervals of the difference and the ratio of two independent estimates, from the interval of each: the method of variance estimates
//! recovery (MOVER).
//!
//! Of two shares with Wilson's intervals the difference is Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), and the
//! ratio that of Donner and Zou (Statistical Methods in Medical Research 21, 2012). Fagerland, Lydersen and Laake (Statistical Methods in
//! Medical Research 24, 2015) recommend both.

use super::proportion::{Share, wilson};

/// An estimate and the interval that it is known to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its interval, which holds it.
    pub interval: (f64, f64),
}

impl Estimate {
    /// That of a share, with Wilson's interval. `None` of no rows.
    pub fn of(share: Share, confidence: f64) -> Option<Estimate> {
        (share.rows > 0).then(|| Estimate {
            value: share.part as f64 / share.rows as f64,
            interval: wilson(share.part, share.rows, confidence),
        })
    }

    /// The interval of this less another.
    pub fn less(&self, other: &Estimate) -> (f64, f64) {
        let difference = self.value - other.value;
        let down = (self.value - self.interval.0).hypot(other.interval.1 - other.value);
        let up = (self.interval.1 - self.value).hypot(other.value - other.interval.0);
        (difference - down, difference + up)
    }

    /// The interval of this over another, neither of which is below 0. It has no upper end where the other may be 0.
    pub fn over(&self, other: &Estimate) -> (f64, f64) {
        let (ours, theirs) = (self.value, other.value);
        let product = ours * theirs;
        // p^2 - (p - end)^2: with the root in the denominator nothing cancels, and the upper end of the other may be twice its value.
        let around = |value: f64, end: f64| end * (2.0 * value - end);
        let root = |first: f64, second: f64| (product * product - first * second).max(0.0).sqrt();
        let (first, second) = (around(ours, self.interval.0), around(theirs, other.interval.1));
        let low = match product + root(first, second) {
            divisor if divisor > 0.0 => (first / divisor).max(0.0),
            _ => 0.0,
        };
        let (first, second) = (around(ours, self.interval.1), around(theirs, other.interval.0));
        let high = match second > 0.0 {
            true => (product + root(first, second)) / second,
            false => f64::INFINITY,
        };
        (low, high)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const FIXTURE: &str = include_str!("../../../tests/oracle/proportions.json");

    fn close(ours: f64, theirs: f64, within: f64) {
        assert!(
            (ours - theirs).abs() <= within * theirs.abs().max(1.0),
            "{ours} {theirs}"
        );
    }

    fn of(part: u64, rows: u64, confidence: f64) -> Estimate {
        Estimate::of(Share { part, rows }, confidence).unwrap()
    }

    /// Against statsmodels and a search for the roots (tests/oracle/proportions.py).
    #[test]
    fn intervals_are_those_of_other_programs() {
        let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
        let cases = fixture["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 24);
        for case in cases {
            let confidence = case["confidence"].as_f64().unwrap();
            let side = |name: &str| {
                of(
                    case[name][0].as_u64().unwrap(),
                    case[name][1].as_u64().unwrap(),
                    confidence,
                )
            };
            let (first, second) = (side("first"), side("second"));
            let (difference, ratio) = (first.less(&second), first.over(&second));
            close(difference.0, case["difference"][0].as_f64().unwrap(), 1e-9);
            close(difference.1, case["difference"][1].as_f64().unwrap(), 1e-9);
            close(ratio.0, case["ratio"][0].as_f64().unwrap(), 1e-9);
            close(ratio.1, case["ratio"][1].as_f64().unwrap(), 1e-9);
        }
    }

    /// 7 of 34 children and 1 of 34 (Perondi and others 2004), as the companion of Fagerland, Lydersen and Laake's Statistical Analysis of
    /// Contingency Tables (2017) prints them.
    #[test]
    fn intervals_are_those_of_the_published_example() {
        let (first, second) = (of(7, 34, 0.95), of(1, 34, 0.95));
        let (difference, ratio) = (first.less(&second), first.over(&second));
        close(difference.0, 0.0189, 5e-5);
        close(difference.1, 0.3404, 5e-5);
        close(ratio.0, 1.1537, 5e-5);
        close(ratio.1, 41.9763, 5e-5);
    }

    #[test]
    fn the_other_way_round_is_the_reciprocal() {
        for (a, b) in [((7, 34), (1, 34)), ((3, 10), (9, 10)), ((10, 10), (4, 9))] {
            let (a, b) = (of(a.0, a.1, 0.95), of(b.0, b.1, 0.95));
            let (there, back) = (a.over(&b), b.over(&a));
            close(there.0, 1.0 / back.1, 1e-12);
            close(there.1, 1.0 / back.0, 1e-12);
        }
    }

    #[test]
    fn nothing_and_everything_have_ends_that_can_be_read() {
        let (none, few, all) = (of(0, 20, 0.95), of(2, 20, 0.95), of(20, 20, 0.95));
        assert_eq!(none.over(&few).0, 0.0);
        assert_eq!(few.over(&none).1, f64::INFINITY);
        assert_eq!(none.over(&none), (0.0, f64::INFINITY));
        for (a, b) in [(none, few), (few, all), (all, none), (all, all), (none, none)] {
            let (low, high) = a.less(&b);
            assert!(-1.0 <= low && low <= a.value - b.value && a.value - b.value <= high && high <= 1.0);
            let (low, high) = a.over(&b);
            assert!(0.0 <= low && low <= high, "{low} {high}");
        }
    }

    #[test]
    fn intervals_hold_what_is_true_about_as_often_as_they_say() {
        let draw = |seed: u64, row: u64| crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64;
        for (truth, rows) in [
            ((0.3, 0.2), (80, 60)),
            ((0.9, 0.6), (40, 200)),
            ((0.1, 0.15), (100, 150)),
        ] {
            let (mut differences, mut ratios) = (0, 0);
            for sample in 0..2000 {
                let count = |side: u64, rows: u64, truth: f64| {
                    (0..rows).filter(|&row| draw(2 * sample + side, row) < truth).count() as u64
                };
                let (a, b) = (
                    of(count(0, rows.0, truth.0), rows.0, 0.95),
                    of(count(1, rows.1, truth.1), rows.1, 0.95),
                );
                let holds = |interval: (f64, f64), truth: f64| u32::from(interval.0 <= truth && truth <= interval.1);
                differences += holds(a.less(&b), truth.0 - truth.1);
                ratios += holds(a.over(&b), truth.0 / truth.1);
            }
            for covered in [differences, ratios] {
                assert!((1870..=1950).contains(&covered), "{truth:?} {rows:?}: {covered}");
            }
        }
    }
}
