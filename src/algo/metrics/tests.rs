//! Every metric against scikit-learn's value (tests/oracle/metrics.py), in one pass and in parts merged in two orders.

use ndarray::Array2;
use serde_json::Value;

use super::curve::{CurvePoint, precision_recall_curve, roc_curve};
use super::*;
use crate::accumulator::Accumulator;
use crate::label::Label;
use crate::monitor::Unwatched;

type Test = std::result::Result<(), Box<dyn std::error::Error>>;

const FIXTURE: &str = include_str!("../../../tests/oracle/metrics.json");

/// The cases of one kind, at least one.
fn cases(kind: &str) -> std::result::Result<Vec<Value>, serde_json::Error> {
    let fixture: Value = serde_json::from_str(FIXTURE)?;
    let cases = fixture[kind].as_array().cloned().unwrap_or_default();
    assert!(!cases.is_empty(), "no cases of {kind}");
    Ok(cases)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A number; null is infinity.
fn float(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::INFINITY)
}

fn floats(value: &Value) -> Vec<f64> {
    array(value).iter().map(float).collect()
}

fn label(value: &Value) -> Label {
    match value {
        Value::Bool(value) => Label::Bool(*value),
        Value::String(text) => Label::Text(text.clone()),
        number => Label::Number(number.as_i64().unwrap_or(i64::MIN)),
    }
}

fn labels(value: &Value) -> Vec<Label> {
    array(value).iter().map(label).collect()
}

fn assert_close(actual: Option<f64>, expected: Option<f64>, what: &str) {
    let close = match (actual, expected) {
        (Some(a), Some(e)) => a == e || (a - e).abs() <= 1e-12 * e.abs().max(1e-3),
        (None, None) => true,
        _ => false,
    };
    assert!(close, "{what}: {actual:?} instead of {expected:?}");
}

/// The tallies of all rows, and of their parts merged from the left and from the right.
fn tallies(metric: Metric, rows: usize, push: impl Fn(&mut Tally, usize) -> Result<()>) -> Result<Vec<Tally>> {
    let part = |part: usize, parts: usize| {
        let mut tally = Tally::new(metric);
        (0..rows)
            .filter(|row| row % parts == part)
            .try_for_each(|row| push(&mut tally, row))
            .map(|()| tally)
    };
    let mut tallies = vec![part(0, 1)?];
    for parts in [2, 7] {
        let (mut left, mut right) = (Tally::new(metric), part(parts - 1, parts)?);
        for i in 0..parts {
            left.merge(&part(i, parts)?)?;
        }
        for i in (0..parts - 1).rev() {
            right.merge(&part(i, parts)?)?;
        }
        tallies.extend([left, right]);
    }
    Ok(tallies)
}

fn check(case: &Value, metrics: &[Metric], rows: usize, push: impl Fn(&mut Tally, usize) -> Result<()>) -> Test {
    for &metric in metrics {
        for tally in tallies(metric, rows, &push)? {
            assert_close(
                tally.finish(&Unwatched)?,
                case[metric.name()].as_f64(),
                &format!("{metric} of {}", case["name"]),
            );
        }
    }
    Ok(())
}

#[test]
fn rankings() -> Test {
    for case in cases("rankings")? {
        let (labels, scores) = (labels(&case["labels"]), floats(&case["scores"]));
        let push = |tally: &mut Tally, row: usize| tally.push_score(&labels[row], scores[row]);
        check(&case, &[Metric::RocAuc, Metric::AveragePrecision], labels.len(), push)?;
    }
    Ok(())
}

#[test]
fn curves() -> Test {
    let column = |curve: &[CurvePoint], of: fn(&CurvePoint) -> f64| curve.iter().map(of).collect::<Vec<f64>>();
    for case in cases("rankings")? {
        let mut ranking = Ranking::default();
        for (label, score) in labels(&case["labels"]).iter().zip(floats(&case["scores"])) {
            ranking.push(label, score)?;
        }
        let roc = roc_curve(&ranking, None, &Unwatched)?;
        assert_eq!(
            column(&roc, |point| point.threshold),
            floats(&case["roc"]["thresholds"])
        );
        assert_eq!(
            column(&roc, CurvePoint::false_positive_rate),
            floats(&case["roc"]["fpr"])
        );
        assert_eq!(column(&roc, CurvePoint::recall), floats(&case["roc"]["tpr"]));
        let precision_recall = precision_recall_curve(&ranking, None, &Unwatched)?;
        assert_eq!(
            column(&precision_recall, |point| point.threshold),
            floats(&case["pr"]["thresholds"])
        );
        assert_eq!(
            column(&precision_recall, CurvePoint::precision),
            floats(&case["pr"]["precision"])
        );
        assert_eq!(
            column(&precision_recall, CurvePoint::recall),
            floats(&case["pr"]["recall"])
        );

        let thin = roc_curve(&ranking, Some(5), &Unwatched)?;
        assert_eq!(thin.len(), roc.len().min(5));
        assert_eq!((thin.first(), thin.last()), (roc.first(), roc.last()));
        assert!(thin.is_sorted_by(|a, b| a.threshold > b.threshold));
    }
    Ok(())
}

#[test]
fn probabilities() -> Test {
    for case in cases("probabilities")? {
        let (labels, probabilities) = (labels(&case["labels"]), floats(&case["probabilities"]));
        let push = |tally: &mut Tally, row: usize| tally.push_score(&labels[row], probabilities[row]);
        check(&case, &[Metric::LogLoss, Metric::BrierScore], labels.len(), push)?;
    }
    Ok(())
}

#[test]
fn agreements() -> Test {
    for case in cases("agreements")? {
        let (actual, predicted) = (labels(&case["actual"]), labels(&case["predicted"]));
        let push = |tally: &mut Tally, row: usize| tally.push_labels(&actual[row], &predicted[row]);
        let metrics = [
            Metric::Accuracy,
            Metric::Precision,
            Metric::Recall,
            Metric::F1,
            Metric::Mcc,
        ];
        check(&case, &metrics, actual.len(), push)?;

        let mut agreement = Agreement::default();
        actual
            .iter()
            .zip(&predicted)
            .try_for_each(|(a, p)| agreement.push(a, p))?;
        let names = labels(&case["labels"]);
        let expected: Vec<(&Label, &Label, u64)> = (names.iter().zip(array(&case["confusion"])))
            .flat_map(|(a, row)| {
                names
                    .iter()
                    .zip(array(row))
                    .map(move |(p, rows)| (a, p, rows.as_u64().unwrap_or(0)))
            })
            .filter(|&(_, _, rows)| rows > 0)
            .collect();
        assert_eq!(agreement.cells(), expected);
    }
    Ok(())
}

#[test]
fn regressions() -> Test {
    for case in cases("regressions")? {
        let (actual, predicted) = (floats(&case["actual"]), floats(&case["predicted"]));
        let push = |tally: &mut Tally, row: usize| tally.push_numbers(actual[row], predicted[row]);
        check(&case, &Metric::ALL[9..], actual.len(), push)?;
        for (name, value) in evaluation::regression(&actual, &predicted, &Unwatched)? {
            let expected = if name == "rows" {
                Some(actual.len() as f64)
            } else {
                case[name].as_f64()
            };
            assert_close(value, expected, &format!("{name} of {}", case["name"]));
        }
    }
    Ok(())
}

#[test]
fn evaluations() -> Test {
    for case in cases("evaluations")? {
        let actual: Vec<u32> = array(&case["actual"])
            .iter()
            .map(|class| class.as_u64().unwrap_or(0) as u32)
            .collect();
        let rows: Vec<Vec<f64>> = array(&case["probabilities"]).iter().map(floats).collect();
        let classes = rows.first().map_or(0, Vec::len);
        let probabilities = Array2::from_shape_vec((rows.len(), classes), rows.concat())?;
        let threshold = float(&case["threshold"]);
        let matrix: Vec<Vec<u64>> = array(&case["confusion"])
            .iter()
            .map(|row| floats(row).into_iter().map(|rows| rows as u64).collect())
            .collect();
        assert_eq!(
            evaluation::confusion_matrix(&actual, probabilities.view(), threshold, &Unwatched)?,
            matrix
        );
        let table = evaluation::classification(&actual, probabilities.view(), threshold, &Unwatched)?;
        assert_eq!(table.len(), array(&case["values"]).len());
        for ((name, value), expected) in table.into_iter().zip(array(&case["values"])) {
            assert_eq!(expected[0], name);
            assert_close(value, expected[1].as_f64(), &format!("{name} of {}", case["name"]));
        }
        assert!(evaluation::classification(&actual[1..], probabilities.view(), threshold, &Unwatched).is_err());
        assert!(
            evaluation::classification(
                &vec![classes as u32; rows.len()],
                probabilities.view(),
                threshold,
                &Unwatched
            )
            .is_err()
        );
    }
    Ok(())
}

#[test]
fn without_rows_nothing_is_known() {
    for metric in Metric::ALL {
        assert_eq!(Tally::new(metric).finish(&Unwatched), Ok(None), "{metric}");
    }
}

#[test]
fn one_class_has_no_ranking_and_no_positive_label() -> Test {
    for lone in [
        Label::Bool(true),
        Label::Number(1),
        Label::Number(0),
        Label::Number(2),
        Label::Text("yes".into()),
    ] {
        let mut ranking = Ranking::default();
        let mut probability = Probability::new(Loss::Log);
        let mut agreement = Agreement::default();
        for score in [0.5, 0.25] {
            ranking.push(&lone, score)?;
            probability.push(&lone, score)?;
            agreement.push(&lone, &lone)?;
        }
        assert_eq!(
            (ranking.roc_auc(&Unwatched)?, ranking.average_precision(&Unwatched)?),
            (None, None)
        );
        assert!(
            roc_curve(&ranking, None, &Unwatched)?.is_empty()
                && precision_recall_curve(&ranking, None, &Unwatched)?.is_empty()
        );
        // 0 and 1 are as good as booleans.
        let known = lone.is_positive();
        assert_eq!(known.is_some(), !matches!(lone, Label::Number(2) | Label::Text(_)));
        assert_eq!(probability.mean().is_some(), known.is_some());
        let (confusion, average) = agreement.confusion();
        assert_eq!(average.is_some(), known.is_some());
        assert_eq!(confusion.accuracy(), Some(1.0));
        if let (Some(positive), Some(average)) = (known, average) {
            let expected = if positive { 1.0 } else { 0.0 };
            assert_eq!(confusion.recall(average), Some(expected), "{lone}");
            let mut booleans = Probability::new(Loss::Log);
            [0.5, 0.25]
                .iter()
                .try_for_each(|&score| booleans.push(&Label::Bool(positive), score))?;
            assert_eq!(probability.mean(), booleans.mean(), "{lone}");
        }
    }
    Ok(())
}

#[test]
fn scores_that_repeat_are_counted() -> Test {
    let label = |row: u64| Label::Bool(row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & 3 == 0);
    let score = |row: u64| (row.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 52) as f64 / 8.0;
    let rows = 300_000;
    let mut counted = Ranking::default();
    for row in 0..rows {
        counted.push(&label(row), score(row))?;
        if counted.is_due() {
            counted.fold(&Unwatched)?;
        }
    }
    assert!(
        counted.memory() < 1_500_000,
        "{} bytes for 4096 distinct scores",
        counted.memory()
    );
    assert_eq!(counted.rows(), rows);
    counted.validate()?;

    // In parts that are too small to be counted, merged the other way round; labels are met in another order.
    let mut plain = Ranking::default();
    for part in (0..30).rev() {
        let mut ranking = Ranking::default();
        (part * 10_000..(part + 1) * 10_000)
            .rev()
            .try_for_each(|row| ranking.push(&label(row), score(row)))?;
        plain.merge(&ranking)?;
    }
    let mut both = Ranking::default();
    both.push(&Label::Bool(true), 1.0)?;
    both.merge(&counted)?;
    both.validate()?;
    assert_eq!(both.rows(), rows + 1);
    assert_eq!(counted.roc_auc(&Unwatched), plain.roc_auc(&Unwatched));
    assert_eq!(
        counted.average_precision(&Unwatched),
        plain.average_precision(&Unwatched)
    );
    plain.merge(&counted)?;
    assert_eq!(plain.roc_auc(&Unwatched), counted.roc_auc(&Unwatched));
    Ok(())
}

#[test]
fn all_distinct_scores_take_their_bytes_only() -> Test {
    let mut ranking = Ranking::default();
    (0..300_000_u64).try_for_each(|row| ranking.push(&Label::Bool(row % 3 == 0), (row * 7919 % 300_007) as f64))?;
    // Doubling vectors may be half empty.
    assert!(ranking.memory() <= 16 * 300_000, "{} bytes", ranking.memory());
    ranking.validate()?;
    Ok(())
}

#[test]
fn wrong_rows_are_refused() -> Test {
    let (yes, no, maybe) = (
        Label::Text("yes".into()),
        Label::Text("no".into()),
        Label::Text("maybe".into()),
    );
    for metric in [Metric::RocAuc, Metric::LogLoss] {
        let mut tally = Tally::new(metric);
        tally.push_score(&yes, 0.5)?;
        tally.push_score(&no, 0.5)?;
        assert!(matches!(tally.push_score(&maybe, 0.5), Err(Error::Data { .. })));
        assert!(matches!(
            tally.push_score(&Label::Bool(true), 0.5),
            Err(Error::Data { .. })
        ));
        assert!(matches!(tally.push_score(&yes, f64::NAN), Err(Error::Data { .. })));
        assert!(matches!(tally.push_labels(&yes, &no), Err(Error::Mismatch { .. })));
        assert!(matches!(tally.push_numbers(1.0, 2.0), Err(Error::Mismatch { .. })));
        let mut other = Tally::new(metric);
        other.push_score(&maybe, 0.5)?;
        assert!(matches!(tally.merge(&other), Err(Error::Data { .. })));
    }
    for probability in [-1e-9, 1.0 + 1e-9, f64::INFINITY] {
        assert!(matches!(
            Tally::new(Metric::BrierScore).push_score(&yes, probability),
            Err(Error::Data { .. })
        ));
    }
    for (actual, predicted) in [(f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        assert!(matches!(
            Tally::new(Metric::Rmse).push_numbers(actual, predicted),
            Err(Error::Data { .. })
        ));
        assert!(matches!(
            Tally::new(Metric::MedianAbsoluteError).push_numbers(actual, predicted),
            Err(Error::Data { .. })
        ));
    }
    let mut agreement = Agreement::default();
    (0..1000).try_for_each(|number| agreement.push(&Label::Number(number), &Label::Number(0)))?;
    assert!(matches!(
        agreement.push(&Label::Number(1000), &Label::Number(0)),
        Err(Error::Data { .. })
    ));
    assert!(matches!(
        agreement.push(&Label::Number(1), &Label::Bool(false)),
        Err(Error::Data { .. })
    ));
    let mut tally = Tally::new(Metric::Rmse);
    assert!(matches!(
        tally.merge(&Tally::new(Metric::Mae)),
        Err(Error::Mismatch { .. })
    ));
    Ok(())
}

#[test]
fn sums_beyond_the_range_of_a_float_have_no_r2() -> Test {
    let mut errors = RegressionError::default();
    for (actual, predicted) in [(1e200, 0.0), (-1e200, 0.0), (3.0, 4.0)] {
        errors.push(actual, predicted)?;
    }
    errors.validate()?;
    assert_eq!((errors.r2(), errors.rmse()), (None, Some(f64::INFINITY)));
    assert_close(errors.mae(), Some(2e200 / 3.0), "mae");
    Ok(())
}

#[test]
fn class_loss_weighs_rows() -> Test {
    let mut once = ClassLoss::default();
    let mut twice = ClassLoss::default();
    once.push_weighted(&[0.25, 0.75], 0, 2.0)?;
    once.push_weighted(&[0.5, 0.5], 1, 1.0)?;
    twice.push(&[0.25, 0.75], 0)?;
    let part = twice.clone();
    twice.push(&[0.5, 0.5], 1)?;
    twice.merge(&part)?;
    assert_close(once.mean(), Some(5.0 / 3.0 * 2.0_f64.ln()), "weighted log loss");
    assert_close(twice.mean(), once.mean(), "repeated rows");
    assert_eq!(ClassLoss::default().mean(), None);
    assert!(once.push(&[0.5, 0.5], 2).is_err() && once.push(&[0.5, 1.5], 1).is_err());
    assert!(once.push_weighted(&[1.0], 0, -1.0).is_err());
    Ok(())
}

#[test]
fn a_correlation_of_classes_stays_within_one() {
    let mcc = |cells: &[(usize, usize, u64)]| Confusion::new(2, cells.iter().copied()).mcc();
    for a in (1..200).chain([1 << 40, (1 << 60) - 1]) {
        for b in [1, 2, 3, 7, 100, 1 << 30, (1 << 60) + 1] {
            assert_eq!(mcc(&[(0, 0, a), (1, 1, b)]), Some(1.0), "{a} and {b} right");
            assert_eq!(mcc(&[(0, 1, a), (1, 0, b)]), Some(-1.0), "{a} and {b} wrong");
            let nearly = mcc(&[(0, 0, a << 1), (1, 1, b), (0, 1, 1)]);
            assert!(nearly.is_some_and(|mcc| (-1.0..=1.0).contains(&mcc)), "{nearly:?}");
        }
    }
}
