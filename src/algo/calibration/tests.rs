//! Against scikit-learn, see tests/oracle/calibration.py; and what holds of every calibration.

use serde::Deserialize;

use super::*;
use crate::hash;
use crate::monitor::Unwatched;

#[derive(Deserialize)]
struct Case {
    places: Vec<f64>,
    hits: Vec<bool>,
    weights: Option<Vec<f64>>,
    grid: Vec<f64>,
    /// Slope and intercept.
    sigmoid: [f64; 2],
    sigmoid_at: Vec<f64>,
    isotonic_at: Vec<f64>,
}

#[derive(Deserialize)]
struct Multiclass {
    probabilities: Vec<Vec<f64>>,
    classes: Vec<f64>,
    isotonic: Vec<Vec<f64>>,
    sigmoid: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
    multiclass: Multiclass,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../../tests/oracle/calibration.json")).unwrap()
}

#[test]
fn curves_are_those_of_scikit_learn() {
    for case in fixture().cases {
        let points: Vec<Point> = (0..case.places.len())
            .map(|row| Point {
                place: case.places[row],
                hit: case.hits[row],
                weight: case.weights.as_ref().map_or(1.0, |weights| weights[row]),
            })
            .filter(|point| point.weight > 0.0)
            .collect();
        let sigmoid = Sigmoid::learn(&points, &Unwatched).unwrap();
        for (ours, theirs) in sigmoid.parameters().iter().zip(case.sigmoid) {
            assert!((ours - theirs).abs() < 2e-4 * theirs.abs().max(1.0), "{ours} {theirs}");
        }
        let isotonic = Isotonic::learn(points, &Unwatched).unwrap();
        for (row, &place) in case.grid.iter().enumerate() {
            let (ours, theirs) = (sigmoid.at(place), case.sigmoid_at[row]);
            assert!((ours - theirs).abs() < 1e-4, "sigmoid at {place}: {ours} {theirs}");
            let (ours, theirs) = (isotonic.at(place), case.isotonic_at[row]);
            assert!((ours - theirs).abs() < 1e-12, "isotonic at {place}: {ours} {theirs}");
        }
    }
}

#[test]
fn several_classes_are_one_against_the_rest_as_in_scikit_learn() {
    let Multiclass {
        probabilities,
        classes,
        isotonic,
        sigmoid,
    } = fixture().multiclass;
    let scores = Scores {
        probabilities: &probabilities.concat(),
        classes: &classes,
        weights: None,
        count: 3,
    };
    for (method, expected, error) in [(Method::Isotonic, isotonic, 1e-12), (Method::Sigmoid, sigmoid, 1e-4)] {
        let calibration = Calibration::learn(method, Scale::Probability, &scores, &Unwatched).unwrap();
        calibration.validate(3).unwrap();
        assert!(calibration.validate(2).is_err());
        for (given, expected) in probabilities.iter().zip(expected) {
            let mut row = given.clone();
            calibration.apply(&mut row);
            assert!(
                row.iter().zip(&expected).all(|(a, b)| (a - b).abs() < error),
                "{method:?}: {given:?} {row:?} {expected:?}"
            );
        }
    }
}

/// Scores that are too sure: the log odds are three times what they should be.
fn too_sure(rows: u64) -> (Vec<f64>, Vec<f64>) {
    let uniform = |row: u64, salt: u64| (hash::hash_u64(salt, row) >> 11) as f64 / (1u64 << 53) as f64;
    let mut probabilities = Vec::new();
    let mut classes = Vec::new();
    for row in 0..rows {
        let odds = 4.0 * uniform(row, 1) - 2.0;
        let p = 1.0 / (1.0 + (-3.0 * odds).exp());
        probabilities.extend([1.0 - p, p]);
        classes.push(f64::from(u8::from(uniform(row, 2) < 1.0 / (1.0 + (-odds).exp()))));
    }
    (probabilities, classes)
}

#[test]
fn what_is_too_sure_becomes_as_sure_as_it_should_be() {
    let (probabilities, classes) = too_sure(20_000);
    let scores = Scores {
        probabilities: &probabilities,
        classes: &classes,
        weights: None,
        count: 2,
    };
    for method in Method::ALL {
        let calibration = Calibration::learn(method, Scale::LogOdds, &scores, &Unwatched).unwrap();
        let mut before = 0.0;
        for step in 1..1000 {
            let odds = f64::from(step - 500) / 250.0;
            let p = 1.0 / (1.0 + (-3.0 * odds).exp());
            let mut row = [1.0 - p, p];
            calibration.apply(&mut row);
            let error = row[1] - 1.0 / (1.0 + (-odds).exp());
            // At the ends there are few rows.
            assert!(error.abs() < 0.08 || odds.abs() > 1.8, "{method:?} at {odds}: {error}");
            assert!(row[1] >= before && (row[0] + row[1] - 1.0).abs() < 1e-15);
            before = row[1];
        }
        // The surest of all scores have a place, too.
        for row in [[0.0, 1.0], [1.0, 0.0], [1.0, 1e-310]] {
            let mut row = row;
            calibration.apply(&mut row);
            assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{row:?}");
        }
        let bytes = postcard::to_allocvec(&calibration).unwrap();
        let read: Calibration = postcard::from_bytes(&bytes).unwrap();
        read.validate(2).unwrap();
        assert_eq!(read, calibration);
    }
}

#[test]
fn scores_that_say_nothing_or_separate_the_classes_have_a_curve() {
    for (probabilities, classes) in [
        (vec![0.5; 20], vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
        (vec![0.1, 0.9, 0.2, 0.8, 0.9, 0.1, 0.8, 0.2], vec![1.0, 1.0, 0.0, 0.0]),
        (vec![0.0, 1.0, 1.0, 0.0], vec![1.0, 0.0]),
    ] {
        let scores = Scores {
            probabilities: &probabilities,
            classes: &classes,
            weights: None,
            count: 2,
        };
        for method in Method::ALL {
            let calibration = Calibration::learn(method, Scale::LogOdds, &scores, &Unwatched).unwrap();
            calibration.validate(2).unwrap();
            let mut row = [probabilities[0], probabilities[1]];
            calibration.apply(&mut row);
            assert!((0.0..=1.0).contains(&row[1]), "{row:?}");
        }
    }
    let mut row = [1.0 / 3.0; 3];
    let zero = Isotonic::learn(
        vec![Point {
            place: 0.0,
            hit: false,
            weight: 1.0,
        }],
        &Unwatched,
    )
    .unwrap();
    assert!(zero.at(0.0).is_sign_positive());
    let nothing = Calibration {
        scale: Scale::Probability,
        curves: vec![Curve::Isotonic(zero); 3],
    };
    nothing.apply(&mut row);
    assert_eq!(row, [1.0 / 3.0; 3]);
}

#[test]
fn damage_is_refused() {
    let line = |places: &[f64], values: &[f64]| Calibration {
        scale: Scale::LogOdds,
        curves: vec![Curve::Isotonic(
            postcard::from_bytes(&postcard::to_allocvec(&(places, values)).unwrap()).unwrap(),
        )],
    };
    line(&[0.0, 1.0], &[0.2, 0.8]).validate(2).unwrap();
    for (places, values) in [
        (&[][..], &[][..]),
        (&[0.0, 1.0], &[0.2]),
        (&[1.0, 0.0], &[0.2, 0.8]),
        (&[0.0, 1.0], &[0.8, 0.2]),
        (&[0.0, 1.0], &[0.2, 1.8]),
        (&[0.0, f64::NAN], &[0.2, 0.8]),
    ] {
        assert!(line(places, values).validate(2).is_err(), "{places:?} {values:?}");
    }
}
