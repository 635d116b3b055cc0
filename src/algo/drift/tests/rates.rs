//! How often rows of one distribution raise an alarm, and how often rows of two do.

use statrs::function::erf::erfc_inv;

use super::*;
use crate::hash::hash_u64;

/// Repetitions for each distribution and number of rows.
const REPEAT: u64 = 300;
/// The largest corrected p-value of an alarm, by default.
const ALPHA: f64 = 0.005;
/// The rate of false alarms that is stated.
const RATE: f64 = 0.01;
/// Equally likely values of a sample of many rows.
const QUANTILES: usize = 1 << 11;

/// A stream of random numbers.
struct Random(u64, u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.1 += 1;
        hash_u64(self.0, self.1)
    }

    /// Between 0 and 1, and neither.
    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// How many of `rows` coins show heads.
    fn heads(&mut self, rows: u64) -> u64 {
        let whole: u64 = (0..rows / 64).map(|_| u64::from(self.next().count_ones())).sum();
        whole + u64::from((self.next() & ((1 << (rows % 64)) - 1)).count_ones())
    }

    /// Rows divided at random among equally likely values: by halves.
    fn divide(&mut self, rows: u64, into: &mut [u64]) {
        if let [one] = into {
            *one = rows;
            return;
        }
        let heads = self.heads(rows);
        let (left, right) = into.split_at_mut(into.len() / 2);
        self.divide(heads, left);
        self.divide(rows - heads, right);
    }
}

fn normal(u: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * u)
}

/// The value of a quantile.
type Shape = fn(f64) -> f64;

/// Shapes of distributions.
const SHAPES: [(&str, Shape); 4] = [
    ("normal", normal),
    ("skewed", |u| (1.5 * normal(u)).exp()),
    ("5 levels", |u| (u * u * 5.0).floor()),
    ("500 levels", |u| (u * u * 500.0).floor()),
];

/// A sample of so many rows: drawn one by one, or many rows as counts of a fine grid of quantiles.
fn sample(random: &mut Random, rows: u64, shape: Shape, as_text: bool) -> Distribution {
    const ONE_BY_ONE: u64 = 5000;
    let limits = Limits::for_columns(20);
    let counted: Vec<(f64, u64)> = if rows <= ONE_BY_ONE {
        (0..rows).map(|_| (shape(random.uniform()), 1)).collect()
    } else {
        let mut counts = vec![0; QUANTILES];
        random.divide(rows, &mut counts);
        let value = |place: usize| shape((place as f64 + 0.5) / QUANTILES as f64);
        counts
            .into_iter()
            .enumerate()
            .map(|(place, rows)| (value(place), rows))
            .collect()
    };
    if as_text {
        let mut categories = Categories::default();
        counted
            .into_iter()
            .for_each(|(value, rows)| categories.add(&value.to_string(), rows, limits));
        Distribution::from_categories(categories, limits)
    } else {
        Distribution::from_numbers(Numbers::of(counted.into_iter(), limits), limits)
    }
}

fn is_alarm(reference: &Distribution, current: &Distribution, settings: &Settings) -> bool {
    let found = compare(reference, current, settings);
    let evidence = Evidence {
        statistic: found.statistic,
        infinite: found.statistic.is_none(),
        p_value: Some(found.p_value),
        rule: found.rule,
    };
    decide(&[evidence], ALPHA)[0].drifted == Some(true)
}

/// Of one column in each report, which is where the correction over columns does nothing. Even with a threshold of 0, so that only the
/// evidence decides.
#[test]
fn rows_of_one_distribution_raise_no_more_alarms_than_stated() {
    /// At the stated rate one in a thousand of such series has more.
    const MOST: u64 = 9;
    let (mut total, mut repeats) = (0, 0);
    for rows in [200, 5_000, 200_000, 2_000_000] {
        for (seed, (name, shape)) in (rows..).zip(SHAPES) {
            let mut random = Random(seed, 0);
            let discrete = name.ends_with("levels");
            let (mut by_default, mut by_evidence) = ([0; 2], [0; 3]);
            for _ in 0..REPEAT {
                let [reference, current] = [(); 2].map(|()| sample(&mut random, rows, shape, false));
                by_default[0] += u64::from(is_alarm(&reference, &current, &Settings::default()));
                for (alarms, method) in by_evidence.iter_mut().zip([Method::Ks, Method::Psi]) {
                    let settings = Settings {
                        threshold: Some(0.0),
                        ..of(method, None)
                    };
                    *alarms += u64::from(is_alarm(&reference, &current, &settings));
                }
                if discrete {
                    let [reference, current] = [(); 2].map(|()| sample(&mut random, rows, shape, true));
                    by_default[1] += u64::from(is_alarm(&reference, &current, &Settings::default()));
                    let settings = Settings {
                        threshold: Some(0.0),
                        ..of(Method::JsDistance, None)
                    };
                    by_evidence[2] += u64::from(is_alarm(&reference, &current, &settings));
                }
            }
            println!(
                "{rows} rows, {name}: {by_default:?} alarms by default, {by_evidence:?} by evidence alone, of {REPEAT}"
            );
            for alarms in by_default.into_iter().chain(by_evidence) {
                assert!(alarms <= MOST, "{rows} {name}: {by_default:?} {by_evidence:?}");
                total += alarms;
            }
            repeats += REPEAT * if discrete { 5 } else { 3 };
        }
    }
    assert!(total as f64 <= RATE * repeats as f64, "{total} of {repeats}");
}

#[test]
fn a_shift_of_a_fifth_of_a_deviation_is_found_among_5000_rows() {
    let mut found = 0;
    let mut random = Random(7, 0);
    for _ in 0..REPEAT {
        let reference = sample(&mut random, 5000, normal, false);
        let current = sample(&mut random, 5000, |u| normal(u) + 0.2, false);
        found += u64::from(is_alarm(&reference, &current, &Settings::default()));
    }
    println!("found in {found} of {REPEAT}");
    assert!(found * 100 >= REPEAT * 99, "{found} of {REPEAT}");
}

/// A report of 20 columns none of which drifted has any alarm in at most 1 of 100 cases.
#[test]
fn a_report_of_many_columns_keeps_the_rate() {
    let mut random = Random(11, 0);
    let mut alarms = 0;
    for _ in 0..REPEAT {
        let evidence: Vec<Evidence> = (0..20)
            .map(|column| {
                let [reference, current] =
                    [(); 2].map(|()| sample(&mut random, 200, SHAPES[column % 4].1, column >= 12));
                let found = compare(
                    &reference,
                    &current,
                    &Settings {
                        threshold: Some(0.0),
                        ..Settings::default()
                    },
                );
                Evidence {
                    statistic: found.statistic,
                    infinite: false,
                    p_value: Some(found.p_value),
                    rule: found.rule,
                }
            })
            .collect();
        alarms += u64::from(
            decide(&evidence, ALPHA)
                .iter()
                .any(|verdict| verdict.drifted == Some(true)),
        );
    }
    assert!(alarms as f64 <= RATE * REPEAT as f64, "{alarms} of {REPEAT}");
}
