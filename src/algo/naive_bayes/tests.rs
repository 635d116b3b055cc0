//! Naive Bayes against scikit-learn, and what must hold whatever the rows.

use linfa::ParamGuard;
use linfa::dataset::Records;
use proptest::prelude::*;
use serde_json::Value;

use super::tally::FeatureTally;
use super::*;
use crate::accumulator::Accumulator;
use crate::frame::{Column, MISSING, UNSEEN, UNSEEN_CODE};
use crate::learner::Unchecked;
use crate::monitor::Unwatched;
use crate::parameters::Hyperparameters;
use crate::training_set::Target;

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../../tests/oracle/naive_bayes.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn numbers(fixture: &Value) -> Vec<Column> {
    fixture["numbers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| Column::Number(floats(column)))
        .collect()
}

fn categories(fixture: &Value) -> Vec<Column> {
    let levels = floats(&fixture["levels"]);
    let columns = fixture["codes"].as_array().unwrap().iter().zip(levels);
    let codes = |column: &Value| floats(column).into_iter().map(|code| code as u32).collect();
    columns
        .map(|(column, levels)| Column::Category {
            codes: codes(column),
            levels: levels as usize,
        })
        .collect()
}

fn fit(columns: Vec<Column>, targets: Vec<f64>, params: NaiveBayesParams) -> Result<NaiveBayes> {
    fit_weighted(columns, targets, None, params)
}

/// Without weights every row counts the same.
fn fit_weighted(
    columns: Vec<Column>,
    targets: Vec<f64>,
    weights: Option<Vec<f32>>,
    params: NaiveBayesParams,
) -> Result<NaiveBayes> {
    let data = TrainingSet::new(Frame::new(columns).unwrap(), Target::Numbers(targets));
    let data = TrainingSet { weights, ..data };
    NaiveBayesLearner::fit(&Unchecked::new(params).check()?, &data, &Unwatched)
}

fn score(model: &NaiveBayes, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; model.outputs()];
    model.score(row, &mut out);
    out
}

#[test]
fn probabilities_agree_with_scikit_learn() {
    let fixture = fixture();
    let both = || {
        numbers(&fixture)
            .into_iter()
            .chain(categories(&fixture))
            .collect::<Vec<_>>()
    };
    let smooth = NaiveBayesParams::default().var_smoothing(0.1).alpha(7.5);
    let weights: Vec<f32> = floats(&fixture["weights"]).into_iter().map(|w| w as f32).collect();
    let cases = [
        (
            "together_weighted",
            both(),
            NaiveBayesParams::default().var_smoothing(0.0),
        ),
        ("gaussian", numbers(&fixture), NaiveBayesParams::default()),
        ("categorical", categories(&fixture), NaiveBayesParams::default()),
        ("together", both(), NaiveBayesParams::default()),
        ("together_smooth", both(), smooth),
    ];
    for (name, columns, params) in cases {
        let frame = Frame::new(columns.clone()).unwrap();
        let weights = if name == "together_weighted" {
            Some(weights.clone())
        } else {
            None
        };
        let model = fit_weighted(columns, floats(&fixture["targets"]), weights, params).unwrap();
        let theirs = floats(&fixture[name]);
        let mut row = vec![0.0; frame.nfeatures()];
        for (index, theirs) in theirs.chunks(3).enumerate() {
            frame.encode_row(index, &mut row);
            let ours = score(&model, &row);
            assert!((ours.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert!(
                    (ours - theirs).abs() <= 1e-9 * theirs.max(1e-6),
                    "{name} {index}: {ours}, not {theirs}"
                );
            }
        }
    }
}

#[test]
fn missing_values_and_unseen_levels() {
    let number = Column::Number(vec![1.0, 2.0, f64::NAN, 5.0, 6.0, f64::NAN]);
    let with_gaps = Column::Category {
        codes: vec![0, MISSING, 1, MISSING, MISSING, 1],
        levels: 3,
    };
    let without = Column::Category {
        codes: vec![0, 1, 0, 1, 0, 1],
        levels: 2,
    };
    let targets = vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
    let model = fit(vec![number, with_gaps, without], targets, NaiveBayesParams::default()).unwrap();
    // Nothing known, nothing said: the classes' shares.
    assert_eq!(score(&model, &[f64::NAN, UNSEEN, UNSEEN]), [0.5, 0.5]);
    // Code 2 is a level that no row has; a missing value is a level of the second feature, and none of the third.
    assert_eq!(score(&model, &[f64::NAN, 2.0, f64::NAN]), [0.5, 0.5]);
    // One and two of three rows, each level given one more: (1 + 1) / (3 + 3) against (2 + 1) / (3 + 3).
    let missing = score(&model, &[f64::NAN, f64::NAN, UNSEEN]);
    assert!(
        (missing[0] - 0.4).abs() < 1e-15 && (missing[1] - 0.6).abs() < 1e-15,
        "{missing:?}"
    );
    // The means are those of the values there are, so 3.5 is in the middle between 1.5 and 5.5.
    let middle = score(&model, &[3.5, UNSEEN, UNSEEN]);
    assert!((middle[0] - 0.5).abs() < 1e-12, "{middle:?}");
}

#[test]
fn errors_say_what_is_wrong() {
    let column = || vec![Column::Number(vec![1.0, 2.0])];
    let default = NaiveBayesParams::default;
    assert!(matches!(
        fit(column(), vec![0.0, 0.0], default()),
        Err(Error::Data { .. })
    ));
    assert!(matches!(
        fit(column(), vec![0.0, 2.0], default()),
        Err(Error::Data { .. })
    ));
    let alpha = fit(column(), vec![0.0, 1.0], default().alpha(0.0));
    assert!(matches!(alpha, Err(Error::Parameter { name: "alpha", .. })));
    let smoothing = fit(column(), vec![0.0, 1.0], default().var_smoothing(-1.0));
    assert!(matches!(
        smoothing,
        Err(Error::Parameter {
            name: "var_smoothing",
            ..
        })
    ));
    let huge: Vec<f64> = (0..2000).map(|i| f64::from(i * 37 % 101) * 1e155).collect();
    let classes = (0..2000).map(|i| f64::from(u8::from(i * 37 % 101 > 50))).collect();
    assert!(matches!(
        fit(vec![Column::Number(huge)], classes, default()),
        Err(Error::Data { .. })
    ));
    let unknown = serde_json::json!({"beta": 1});
    assert!(default().read(unknown.as_object().unwrap(), &[]).is_err());
}

#[test]
fn constant_numbers_and_extreme_values_stay_probabilities() {
    let columns = vec![
        Column::Number(vec![3.0; 4]),
        Column::Number(vec![0.0, 1e-9, 1e100, 2e100]),
    ];
    let model = fit(columns, vec![0.0, 0.0, 1.0, 1.0], NaiveBayesParams::default()).unwrap();
    for row in [[3.0, 0.0], [1e300, -1e300], [f64::NAN, 1e100], [4.0, 1e-9]] {
        let p = score(&model, &row);
        assert!((p[0] + p[1] - 1.0).abs() < 1e-14, "{p:?}");
    }
}

fn tally(rows: &[(f64, u32, bool)]) -> Tally {
    let codes = rows
        .iter()
        .map(|row| if row.1 == 4 { MISSING } else { row.1 })
        .collect();
    let number = Column::Number(
        rows.iter()
            .map(|row| if row.1 == 3 { f64::NAN } else { row.0 + 1e3 })
            .collect(),
    );
    let frame = Frame::new(vec![number, Column::Category { codes, levels: 4 }]).unwrap();
    let targets: Vec<f64> = rows.iter().map(|row| f64::from(u8::from(row.2))).collect();
    Tally::of(&frame, &targets, None, 2, &Unwatched).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_partition_of_rows_merges_to_the_whole(
        rows in prop::collection::vec((-9.0..9.0f64, 0..5u32, any::<bool>()), 2..3000),
        cut in 0.0..1.0f64,
    ) {
        let cut = (cut * rows.len() as f64) as usize;
        let mut merged = tally(&rows[..cut]);
        let bytes = postcard::to_allocvec(&tally(&rows[cut..])).unwrap();
        merged.merge(&postcard::from_bytes(&bytes).unwrap()).unwrap();
        prop_assert!(merged.validate().is_ok());
        let whole = tally(&rows);
        prop_assert_eq!(&whole.weights, &merged.weights);
        prop_assert_eq!(&whole.features[1], &merged.features[1]);
        let (FeatureTally::Number(a), FeatureTally::Number(b)) = (&whole.features[0], &merged.features[0]) else {
            panic!("the first feature is a number");
        };
        for (a, b) in a.iter().zip(b) {
            prop_assert_eq!(a.weight, b.weight);
            prop_assert!((a.mean - b.mean).abs() <= 1e-12 * a.mean.abs());
            prop_assert!((a.squares - b.squares).abs() <= 1e-12 * a.squares.max(1e-6 * a.weight));
        }
    }

    #[test]
    fn hostile_bytes_never_panic(
        changes in prop::collection::vec((0.0..1.0f64, any::<u8>()), 1..6),
        row in prop::collection::vec(prop_oneof![Just(f64::NAN), Just(UNSEEN), Just(-1.0), -1e9..1e9f64, 0.0..5.0f64], 2),
    ) {
        let rows = [(1.0, 0, true), (2.0, 1, false), (3.0, 2, true), (-4.0, 4, false), (0.5, 1, true)];
        let model = tally(&rows).finish(&NaiveBayesParams::default()).unwrap();
        let damage = |mut bytes: Vec<u8>| {
            for (place, value) in &changes {
                let place = (place * bytes.len() as f64) as usize;
                bytes[place] = *value;
            }
            bytes
        };
        let bytes = damage(postcard::to_allocvec(&model).unwrap());
        if let Ok(model) = postcard::from_bytes::<NaiveBayes>(&bytes) && model.validate(&[0, 4], &Unwatched).is_ok() {
            let p = score(&model, &row);
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        let bytes = damage(postcard::to_allocvec(&tally(&rows)).unwrap());
        if let Ok(mut tally) = postcard::from_bytes::<Tally>(&bytes) && tally.validate().is_ok() {
            let _ = tally.merge(&tally.clone());
            let _ = tally.finish(&NaiveBayesParams::default());
        }
    }
}

/// Rows scored together are scored as each alone, to the bit, whatever is missing or was not seen.
#[test]
fn rows_together_are_scored_as_each_alone() {
    let count = 700;
    let number = |by: usize| (0..count).map(|i| (i * by % 97) as f64 - 40.0).collect::<Vec<f64>>();
    let mut gaps = number(31);
    gaps.iter_mut().step_by(5).for_each(|x| *x = f64::NAN);
    let codes: Vec<u32> = (0..count)
        .map(|i| if i % 9 == 0 { MISSING } else { i as u32 % 4 })
        .collect();
    let columns = |codes: Vec<u32>| {
        vec![
            Column::Number(number(17)),
            Column::Category { codes, levels: 4 },
            Column::Number(gaps.clone()),
        ]
    };
    let targets = (0..count).map(|i| (i / 2 % 3) as f64).collect();
    let model = fit(columns(codes.clone()), targets, NaiveBayesParams::default()).unwrap();
    let mut other = codes;
    other.iter_mut().step_by(11).for_each(|code| *code = UNSEEN_CODE);
    let frame = Frame::new(columns(other)).unwrap();
    for rows in [0..count, 3..4, 255..600, 40..40] {
        let mut together = vec![0.0; rows.len() * 3];
        model.score_rows(&frame, rows.clone(), &mut together);
        let (mut row, mut alone) = (vec![0.0; 3], [0.0; 3]);
        for (index, together) in rows.zip(together.chunks_exact(3)) {
            frame.encode_row(index, &mut row);
            model.score(&row, &mut alone);
            assert_eq!(alone, together, "row {index}");
        }
    }
}
