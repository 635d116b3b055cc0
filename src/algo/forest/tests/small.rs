//! Cases small enough to work out by hand.

use super::*;
use crate::frame::UNSEEN;
use crate::trees::tree::Decision;

fn number(values: &[f64]) -> Column {
    Column::Number(values.to_vec())
}

#[test]
fn one_split_of_four_numbers() {
    let data = dataset(vec![number(&[1.0, 2.0, 4.0, 5.0])], vec![1.0, 3.0, 10.0, 14.0]);
    let model = tree(json!({"max_depth": 1}), 0, &data).unwrap();
    let expected = Decision::Number {
        column: 0,
        threshold: 3.0,
        missing_left: false,
    };
    assert_eq!(model.trees().decision(0), expected);
    assert_eq!(score(&model, &[3.0]), [2.0]);
    assert_eq!(score(&model, &[3.0001]), [12.0]);
    // The variance falls from 27.5 to 2.5.
    let importance = model.importance(0).unwrap()[0];
    assert_eq!((importance.splits, importance.cover), (1, 4.0));
    assert!((importance.gain - 25.0).abs() < 1e-12);
}

#[test]
fn a_fully_grown_tree_is_pure() {
    // No split of the root helps: only two together tell the classes apart.
    let columns = vec![number(&[0.0, 0.0, 1.0, 1.0]), number(&[0.0, 1.0, 0.0, 1.0])];
    let data = dataset(columns, vec![0.0, 1.0, 1.0, 0.0]);
    for criterion in ["gini", "entropy", "log_loss"] {
        let model = tree(json!({ "criterion": criterion }), 2, &data).unwrap();
        assert_eq!(model.trees().nodes(), 7);
        assert_eq!(
            scores(&model, &data.frame).concat(),
            [1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
        );
        let gain: f64 = model.importance(0).unwrap().iter().map(|i| i.gain).sum();
        assert_eq!(gain, if criterion == "gini" { 0.5 } else { 1.0 });
    }
}

#[test]
fn leaves_hold_the_shares_of_classes() {
    let data = dataset(
        vec![number(&[1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0])],
        vec![0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 1.0],
    );
    for criterion in ["gini", "entropy"] {
        let model = tree(json!({ "criterion": criterion }), 3, &data).unwrap();
        let [left, right] = [1.0, 2.0].map(|x| score(&model, &[x]));
        let near = |a: &[f64], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-7);
        assert!(near(&left, [2.0 / 3.0, 1.0 / 3.0, 0.0]), "{left:?}");
        assert!(near(&right, [0.0, 0.25, 0.75]), "{right:?}");
        let counts = [[2.0, 2.0, 3.0], [2.0, 1.0, 0.0], [0.0, 1.0, 3.0]];
        let impurity = |counts: [f64; 3]| {
            let total: f64 = counts.iter().sum();
            let of_share = |p: f64| match criterion {
                "gini" => p * (1.0 - p),
                _ if p > 0.0 => -p * p.log2(),
                _ => 0.0,
            };
            total / 7.0 * counts.iter().map(|count| of_share(count / total)).sum::<f64>()
        };
        let gain = impurity(counts[0]) - impurity(counts[1]) - impurity(counts[2]);
        assert!((model.importance(0).unwrap()[0].gain - gain).abs() < 1e-12);
    }
}

#[test]
fn missing_values_go_where_the_gain_is() {
    let column = [1.0, 2.0, f64::NAN, 4.0, 5.0, f64::NAN];
    for (missing, left) in [(0.0, true), (1.0, false)] {
        for classes in [0, 2, 3] {
            let data = dataset(vec![number(&column)], vec![0.0, 0.0, missing, 1.0, 1.0, missing]);
            let model = tree(json!({"max_depth": 1}), classes, &data).unwrap();
            let expected = Decision::Number {
                column: 0,
                threshold: 3.0,
                missing_left: left,
            };
            assert_eq!(model.trees().decision(0), expected);
            assert_eq!(
                score(&model, &[f64::NAN]),
                score(&model, &[if left { 1.0 } else { 5.0 }])
            );
        }
    }
}

#[test]
fn missing_against_present_is_a_split() {
    let data = dataset(
        vec![number(&[1.0, 2.0, f64::NAN, 4.0, f64::NAN])],
        vec![1.0, 1.0, 0.0, 1.0, 0.0],
    );
    for classes in [0, 2, 3] {
        let model = tree(json!({}), classes, &data).unwrap();
        assert_eq!(model.trees().nodes(), 3);
        assert_ne!(score(&model, &[f64::NAN]), score(&model, &[1e300]));
        assert_eq!(score(&model, &[-1e300]), score(&model, &[1e300]));
    }
}

#[test]
fn without_missing_values_in_training_they_follow_most_rows() {
    for classes in [0, 2, 3] {
        let data = dataset(vec![number(&[1.0, 2.0, 3.0, 4.0, 5.0])], vec![0.0, 0.0, 0.0, 1.0, 1.0]);
        let model = tree(json!({"max_depth": 1}), classes, &data).unwrap();
        assert_eq!(score(&model, &[f64::NAN]), score(&model, &[1.0]));
    }
}

#[test]
fn levels_are_split_by_what_they_say() {
    // Levels 0, 4 and missing values are alike, so are 1 and 2; level 3 has no row.
    let codes = vec![0, 1, 2, 4, MISSING, 0, 1, 2, 4, MISSING, 1, 2];
    let alike = |code: &u32| [0, 4, MISSING].contains(code);
    let targets: Vec<f64> = codes.iter().map(|code| f64::from(u8::from(alike(code)))).collect();
    let data = dataset(vec![Column::Category { codes, levels: 5 }], targets);
    for classes in [0, 2, 3] {
        let model = tree(json!({}), classes, &data).unwrap();
        assert_eq!(model.trees().nodes(), 3, "one split parts the levels");
        let of_one = |row: f64| *score(&model, &[row]).get(1).unwrap_or(&score(&model, &[row])[0]);
        assert_eq!([0.0, 4.0, f64::NAN, 1.0, 2.0].map(of_one), [1.0, 1.0, 1.0, 0.0, 0.0]);
        // Unseen levels go with most rows; of six and six, right.
        let Some((_, right)) = model.trees().children(0) else {
            panic!()
        };
        let mut outside = vec![0.0; model.leaves.width()];
        model.leaves.add(model.trees().number(right), &mut outside);
        for unseen in [UNSEEN, 255.0, 256.0, 1e9] {
            assert_eq!(of_one(unseen), *outside.get(1).unwrap_or(&outside[0]), "{unseen}");
        }
    }
}

#[test]
fn three_classes_order_levels_along_their_shares() {
    // Two levels a class: one split cuts one class off, two split all.
    let codes: Vec<u32> = (0..60).map(|row| row % 6).collect();
    let targets = codes
        .iter()
        .map(|code| f64::from([2u8, 0, 1, 2, 0, 1][*code as usize]))
        .collect();
    let data = dataset(vec![Column::Category { codes, levels: 6 }], targets);
    let model = tree(json!({}), 3, &data).unwrap();
    assert_eq!(model.trees().nodes(), 5);
    assert_eq!(score(&model, &[3.0]), [0.0, 0.0, 1.0]);
    assert_eq!(score(&model, &[1.0]), [1.0, 0.0, 0.0]);
}

#[test]
fn a_thousand_classes_are_told_apart() {
    let rows = 20_000;
    let label = |row: u32| f64::from(row % 1_000);
    let high: Vec<f64> = (0..rows).map(|row| (label(row) / 100.0).floor()).collect();
    let low: Vec<f64> = (0..rows).map(|row| label(row) % 100.0).collect();
    let data = dataset(vec![number(&high), number(&low)], (0..rows).map(label).collect());
    let model = tree(json!({}), 1_000, &data).unwrap();
    let p = score(&model, &[7.0, 42.0]);
    assert_eq!((p.len(), p[742]), (1_000, 1.0));
    assert_eq!(model.trees().nodes(), 1_999);
}

#[test]
fn nothing_to_split_leaves_the_mean() {
    let data = dataset(vec![number(&[1.0; 50])], (0..50).map(f64::from).collect());
    let model = forest(json!({"bootstrap": false, "n_estimators": 3}), 0, &data).unwrap();
    assert_eq!((model.trees().count(), model.trees().nodes()), (3, 3));
    assert_eq!(score(&model, &[1.0]), [24.5]);
}
