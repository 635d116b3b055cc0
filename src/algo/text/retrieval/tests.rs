use super::*;
use crate::cranfield::{self, ORACLE};
use crate::monitor::Unwatched;

fn judged(order: &[i64], relevant: &[i64]) -> Judged {
    Judged {
        relevant: order.iter().map(|document| relevant.contains(document)).collect(),
        all: relevant.len(),
    }
}

fn column(of: impl Fn(&cranfield::Measures) -> f64) -> Vec<f64> {
    ORACLE.measures.iter().map(of).collect()
}

#[test]
fn measures_are_those_of_other_code() {
    for (place, relevant) in cranfield::relevant().iter().enumerate() {
        let (own, theirs) = (judged(&ORACLE.best[place], relevant), &ORACLE.measures[place]);
        for (measure, value) in [
            (Measure::Ndcg, theirs.ndcg),
            (Measure::Precision, theirs.precision),
            (Measure::Mrr, theirs.mrr),
        ] {
            assert!(
                (own.value(measure, 10) - value).abs() < 1e-12,
                "question {place}, {measure:?}"
            );
        }
        // What is in the first ten is in the first hundred.
        assert!(own.value(Measure::Recall, 10) <= theirs.recall);
    }
}

#[test]
fn measures_by_hand() {
    let own = judged(&[5, 1, 9, 2], &[1, 2, 3]);
    assert_eq!(own.value(Measure::Recall, 4), 2.0 / 3.0);
    assert_eq!(own.value(Measure::Recall, 3), 1.0 / 3.0);
    assert_eq!(own.value(Measure::Precision, 10), 0.2);
    assert_eq!(own.value(Measure::Mrr, 10), 0.5);
    assert_eq!(own.value(Measure::Mrr, 1), 0.0);
    let (found, best) = (1.0 / 3_f64.log2() + 1.0 / 5_f64.log2(), 1.0 + 1.0 / 3_f64.log2() + 0.5);
    assert!((own.value(Measure::Ndcg, 10) - found / best).abs() < 1e-15);
    assert_eq!(judged(&[3, 1, 2], &[1, 2, 3]).value(Measure::Ndcg, 2), 1.0);
    assert_eq!(judged(&[], &[1]).value(Measure::Ndcg, 10), 0.0);
}

#[test]
fn nothing_found_is_zero_as_people_write_it() {
    for measure in Measure::ALL {
        assert!(
            judged(&[5, 9], &[1]).value(measure, 2).is_sign_positive(),
            "{measure:?}"
        );
    }
}

#[test]
fn intervals_are_those_of_scipy() {
    let ndcg = column(|measures| measures.ndcg);
    let own = mean(&ndcg, 42, &Unwatched).unwrap().unwrap();
    assert!((own.value - 0.3581).abs() < 5e-5);
    assert!((column(|measures| measures.mrr).iter().sum::<f64>() / 225.0 - 0.4914).abs() < 5e-5);
    for (own, theirs) in own.interval.iter().zip(ORACLE.interval) {
        assert!((own - theirs).abs() < 0.004, "{own} {theirs}");
    }
    let own = compare(&ndcg, &ORACLE.short, 42, &Unwatched).unwrap().unwrap();
    for (own, theirs) in own.difference.interval.iter().zip(ORACLE.paired) {
        assert!((own - theirs).abs() < 0.002, "{own} {theirs}");
    }
    assert!((own.p_value - ORACLE.p_value).abs() < 0.05, "{}", own.p_value);
}

#[test]
fn differences_between_equals_are_none() {
    let values = [0.25, 0.5, 1.0];
    let own = compare(&values, &values, 1, &Unwatched).unwrap().unwrap();
    assert_eq!(
        (own.difference.value, own.difference.interval, own.p_value),
        (0.0, [0.0, 0.0], 1.0)
    );
    let better: Vec<f64> = (0..40).map(|place| 0.5 + f64::from(place) / 100.0).collect();
    let own = compare(&better, &[0.25; 40], 1, &Unwatched).unwrap().unwrap();
    assert!(own.p_value < 0.001 && own.difference.interval[0] > 0.4);
    assert_eq!(mean(&[], 1, &Unwatched).unwrap(), None);
    assert_eq!(mean(&better, 7, &Unwatched), mean(&better, 7, &Unwatched));
}
