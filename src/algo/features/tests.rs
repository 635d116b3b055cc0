//! Against what scikit-learn and pyfarmhash answer (tests/oracle/features.py).

use std::str::FromStr;

use serde::Deserialize;

use super::combine::{Combine, product};
use super::distance::{EARTH, Point, haversine};
use super::farm_hash::fingerprint;
use super::imputer::Statistic;
use super::norm::Norm;
use super::ordered::{Ordered, Parts};
use super::scale::{Robust, max_abs, min_max, standard};
use super::sliding::{Range, Sliding, Spread};
use super::vocabulary::{Limits, Vocabulary};
use crate::monitor::Unwatched;

#[derive(Deserialize)]
struct Fixture {
    columns: Vec<Scaled>,
    categories: Vec<String>,
    frequent: Vec<String>,
    labels: Vec<u32>,
    vectors: Vec<Vec<f64>>,
    l1: Vec<Vec<f64>>,
    l2: Vec<Vec<f64>>,
    max: Vec<Vec<f64>>,
    polynomial: Vec<Vec<f64>>,
    points: Vec<[f64; 2]>,
    radii: Vec<f64>,
    texts: Vec<String>,
    fingerprints: Vec<String>,
}

type Numbers = Vec<Option<f64>>;

#[derive(Deserialize)]
struct Scaled {
    numbers: Numbers,
    standard_of_population: Numbers,
    min_max: Numbers,
    max_abs: Numbers,
    robust: Numbers,
    bins: Vec<usize>,
    mean: Numbers,
    median: Numbers,
    most_frequent: Numbers,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../../tests/oracle/features.json")).unwrap()
}

/// Numbers as rows have them: NaN is missing.
fn rows(numbers: &Numbers) -> Vec<f64> {
    numbers.iter().map(|number| number.unwrap_or(f64::NAN)).collect()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    let same = found.is_nan() && expected.is_nan();
    assert!(
        same || (found - expected).abs() <= 1e-9 * expected.abs().max(1e-130),
        "{found} {expected}"
    );
}

#[test]
fn scalers_are_scikit_learns() {
    for column in fixture().columns {
        let numbers = rows(&column.numbers);
        let count = numbers.iter().filter(|number| !number.is_nan()).count() as f64;
        // Ours is of a sample.
        let sample = (count / (count - 1.0)).sqrt();
        let (mut spread, mut range) = (Sliding::<Spread>::new(false), Sliding::<Range>::new(false));
        spread.push(&numbers).unwrap();
        range.push(&numbers).unwrap();
        let (spread, range) = (spread.sum(), range.sum());
        let mut ordered = Ordered::new(false);
        ordered.push(&numbers, &Unwatched).unwrap();
        let robust = Robust::new(&[25.0, 75.0], true, true).unwrap();
        let quantiles = robust.quantiles(&mut ordered, &Unwatched).unwrap();
        for (row, &number) in numbers.iter().enumerate() {
            let expected = |answers: &Numbers| answers[row].unwrap_or(f64::NAN);
            near(
                standard(number, &spread).unwrap() * sample,
                expected(&column.standard_of_population),
            );
            near(min_max(number, &range).unwrap(), expected(&column.min_max));
            near(max_abs(number, &range).unwrap(), expected(&column.max_abs));
            near(robust.scale(number, quantiles), expected(&column.robust));
        }
    }
}

#[test]
fn buckets_and_imputed_values_are_scikit_learns() {
    for column in fixture().columns {
        let numbers = rows(&column.numbers);
        let mut ordered = Ordered::new(false);
        ordered.push(&numbers, &Unwatched).unwrap();
        let buckets = Parts::new(5)
            .unwrap()
            .buckets(&mut ordered, &Unwatched)
            .unwrap()
            .unwrap();
        let known = numbers.iter().filter(|number| !number.is_nan());
        let found: Vec<usize> = known.map(|&number| buckets.bucket(number) - 1).collect();
        assert_eq!(found, column.bins);
        for (strategy, expected) in [
            ("mean", &column.mean),
            ("median", &column.median),
            ("most_frequent", &column.most_frequent),
        ] {
            let mut statistic = Statistic::new(FromStr::from_str(strategy).unwrap(), false);
            statistic.push(&numbers, &Unwatched).unwrap();
            let value = statistic.value(&Unwatched).unwrap().unwrap();
            for (&number, expected) in numbers.iter().zip(expected) {
                near(if number.is_nan() { value } else { number }, expected.unwrap());
            }
        }
    }
}

#[test]
fn labels_are_scikit_learns() {
    let fixture = fixture();
    let mut vocabulary = Vocabulary::new(Limits::new(32_000, 4).unwrap(), false);
    for category in &fixture.categories {
        vocabulary.push(Some(category), &Unwatched).unwrap();
    }
    for (category, &label) in fixture.categories.iter().zip(&fixture.labels) {
        // scikit-learn counts from 0, and gives rare ones the last number.
        let expected = if fixture.frequent.contains(category) {
            label + 1
        } else {
            0
        };
        assert_eq!(vocabulary.number(category, &Unwatched).unwrap(), expected, "{category}");
    }
}

#[test]
fn vectors_and_products_are_scikit_learns() {
    let fixture = fixture();
    for (p, answers) in [(1.0, &fixture.l1), (2.0, &fixture.l2), (f64::INFINITY, &fixture.max)] {
        for (vector, answer) in fixture.vectors.iter().zip(answers) {
            let mut vector = vector.clone();
            Norm::new(p).unwrap().normalize(&mut vector);
            vector
                .iter()
                .zip(answer)
                .for_each(|(&found, &expected)| near(found, expected));
        }
    }
    for (degree, answer) in (1..).zip(&fixture.polynomial) {
        let mut terms = Vec::new();
        let numbers = &fixture.vectors[0];
        let each = |places: &[usize]| terms.push(product(numbers, places));
        Combine::products(degree).unwrap().visit(numbers.len(), each).unwrap();
        assert_eq!(terms.len(), answer.len());
        terms
            .iter()
            .zip(answer)
            .for_each(|(&found, &expected)| near(found, expected));
    }
}

#[test]
fn distances_and_fingerprints_are_the_libraries() {
    let fixture = fixture();
    let points = fixture
        .points
        .iter()
        .map(|&[latitude, longitude]| Point { latitude, longitude });
    let points: Vec<Point> = points.collect();
    for (&to, &radii) in points.iter().zip(&fixture.radii) {
        near(haversine(points[0], to).unwrap() / EARTH, radii);
    }
    for (text, expected) in fixture.texts.iter().zip(&fixture.fingerprints) {
        assert_eq!(fingerprint(text.as_bytes()).to_string(), *expected, "{text}");
    }
}
