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
    let mut params = tiny(Objective::Regression);
    params.num_leaves = 2;
    let model = fit(params, &data).unwrap();
    assert_eq!(model.first_scores(), [7.0]);
    let root = model.forest().tree(0).start;
    assert_eq!(
        model.forest().decision(root),
        Decision::Number {
            column: 0,
            threshold: 3.0,
            missing_left: false
        }
    );
    // The gain is G_l^2 / n_l + G_r^2 / n_r - G^2 / n with G_l = 10, G_r = -10.
    assert_eq!(model.forest().stats(root).gain, 100.0);
    assert_eq!(
        (model.forest().stats(root).rows, model.forest().stats(root).cover),
        (4, 4.0)
    );
    assert_eq!(score(&model, &[3.0]), [2.0]);
    assert_eq!(score(&model, &[3.0001]), [12.0]);
    assert_eq!(model.losses(), [(1.0 + 1.0 + 4.0 + 4.0) / 4.0]);
}

#[test]
fn penalties_shrink_the_leaves() {
    let data = dataset(vec![number(&[1.0, 2.0, 4.0, 5.0])], vec![1.0, 3.0, 10.0, 14.0]);
    let mut params = tiny(Objective::Regression);
    params.num_leaves = 2;
    params.reg_lambda = 3.0;
    params.reg_alpha = 1.0;
    let model = fit(params, &data).unwrap();
    // T(10) = 9, over 2 + 3.
    assert!((score(&model, &[1.0])[0] - (7.0 - 9.0 / 5.0)).abs() < 1e-12);
    assert!((score(&model, &[9.0])[0] - (7.0 + 9.0 / 5.0)).abs() < 1e-12);
}

#[test]
fn logistic_leaves_are_newton_steps() {
    let data = dataset(vec![number(&[1.0, 1.0, 2.0, 2.0, 2.0])], vec![0.0, 0.0, 1.0, 1.0, 0.0]);
    let model = fit(tiny(Objective::Binary), &data).unwrap();
    let start = (2.0f64 / 3.0).ln();
    assert!((model.first_scores()[0] - start).abs() < 1e-12);
    // p = 0.4: gradients p - y, hessians 0.24.
    let mut raw = [start];
    model.forest().add_scores(&[1.0], &mut raw);
    assert!((raw[0] - (start - 0.8 / 0.48)).abs() < 1e-6, "{raw:?}");
    raw = [start];
    model.forest().add_scores(&[2.0], &mut raw);
    assert!((raw[0] - (start + 0.8 / 0.72)).abs() < 1e-6, "{raw:?}");
    let p = score(&model, &[2.0]);
    assert!((p[0] + p[1] - 1.0).abs() < 1e-15);
    assert!((p[1] - 1.0 / (1.0 + (-raw[0]).exp())).abs() < 1e-15);
}

#[test]
fn missing_values_go_where_the_gain_is() {
    let column = [1.0, 2.0, f64::NAN, 4.0, 5.0, f64::NAN];
    for (missing, left) in [(0.0, true), (10.0, false)] {
        let data = dataset(vec![number(&column)], vec![0.0, 0.0, missing, 10.0, 10.0, missing]);
        let mut params = tiny(Objective::Regression);
        params.num_leaves = 2;
        let model = fit(params, &data).unwrap();
        let root = model.forest().tree(0).start;
        let expected = Decision::Number {
            column: 0,
            threshold: 3.0,
            missing_left: left,
        };
        assert_eq!(model.forest().decision(root), expected);
        assert!((score(&model, &[f64::NAN])[0] - missing).abs() < 1e-9);
    }
}

#[test]
fn missing_against_present_is_a_split() {
    let column = [1.0, 2.0, f64::NAN, 4.0, f64::NAN];
    let data = dataset(vec![number(&column)], vec![1.0, 1.0, 6.0, 1.0, 6.0]);
    let model = fit(tiny(Objective::Regression), &data).unwrap();
    assert_eq!(model.forest().tree(0).len(), 3);
    assert!((score(&model, &[f64::NAN])[0] - 6.0).abs() < 1e-9);
    assert!((score(&model, &[1e300])[0] - 1.0).abs() < 1e-9);
}

#[test]
fn without_missing_values_in_training_they_follow_most_rows() {
    let data = dataset(vec![number(&[1.0, 2.0, 3.0, 4.0, 5.0])], vec![0.0, 0.0, 0.0, 9.0, 9.0]);
    let mut params = tiny(Objective::Regression);
    params.num_leaves = 2;
    let model = fit(params, &data).unwrap();
    assert_eq!(score(&model, &[f64::NAN]), score(&model, &[1.0]));
}

/// Five levels (none of code 3), one of them missing; levels 0, 4 and missing are alike.
fn levels() -> Dataset {
    let codes = vec![0, 1, 2, 4, MISSING, 0, 1, 2, 4, MISSING];
    let targets = codes
        .iter()
        .map(|code| if [0, 4, MISSING].contains(code) { 8.0 } else { 3.0 })
        .collect();
    dataset(vec![Column::Category { codes, levels: 5 }], targets)
}

#[test]
fn a_set_of_levels_goes_left() {
    let model = fit(tiny(Objective::Regression), &levels()).unwrap();
    assert_eq!(model.forest().tree(0).len(), 3, "one split parts the levels");
    for code in [0.0, 4.0, f64::NAN] {
        assert!((score(&model, &[code])[0] - 8.0).abs() < 1e-9, "{code}");
    }
    for code in [1.0, 2.0] {
        assert!((score(&model, &[code])[0] - 3.0).abs() < 1e-9, "{code}");
    }
}

#[test]
fn unseen_levels_are_in_no_set() {
    for onehot in [1, 9] {
        let mut params = tiny(Objective::Regression);
        params.max_cat_to_onehot = onehot;
        params.num_leaves = 2;
        let model = fit(params, &levels()).unwrap();
        let Decision::Category {
            levels, missing_left, ..
        } = model.forest().decision(0)
        else {
            panic!()
        };
        let (_, right) = model.forest().children(0).unwrap();
        let outside = model.first_scores()[0] + model.forest().stats(right).value;
        // One level against the rest, or two of the three or two alike.
        let inside = levels[0].count_ones() + u32::from(missing_left);
        assert!(if onehot == 9 { inside == 1 } else { inside > 1 });
        assert_eq!(levels[1..], [0, 0, 0]);
        for unseen in [3.0, crate::frame::UNSEEN, 255.0, 256.0, 1e9] {
            assert_eq!(score(&model, &[unseen]), [outside], "{unseen}");
        }
    }
}

#[test]
fn leaves_keep_their_least_size() {
    let (columns, targets) = mixed(700, 1);
    for objective in [Objective::Regression, Objective::Binary] {
        let targets = if objective == Objective::Binary {
            classes(&targets, 2)
        } else {
            targets.clone()
        };
        let data = dataset(columns.clone(), targets);
        let mut params = BoostingParams::new(objective);
        params.n_estimators = 20;
        params.min_child_samples = 33;
        params.max_depth = 3;
        let model = fit(params, &data).unwrap();
        let forest = model.forest();
        for tree in 0..forest.trees() {
            let root = forest.tree(tree).start;
            assert_eq!(forest.stats(root).rows, 700);
            let mut depths = vec![(root, 0)];
            while let Some((node, depth)) = depths.pop() {
                assert!(forest.stats(node).rows >= 33 && depth <= 3);
                if let Some((left, right)) = forest.children(node) {
                    assert_eq!(
                        forest.stats(node).rows,
                        forest.stats(left).rows + forest.stats(right).rows
                    );
                    let cover = forest.stats(left).cover + forest.stats(right).cover;
                    assert!((forest.stats(node).cover - cover).abs() < 1e-9 * cover);
                    // Rows weigh by their hessians, too.
                    let each = forest.stats(node).cover / f64::from(forest.stats(node).rows);
                    for child in [left, right] {
                        assert!(forest.stats(child).cover >= 32.0 * each * (1.0 - 1e-9));
                    }
                    depths.extend([(left, depth + 1), (right, depth + 1)]);
                }
            }
        }
    }
}

#[test]
fn importance_adds_up() {
    let (columns, targets) = mixed(500, 2);
    let model = fit(BoostingParams::new(Objective::Regression), &dataset(columns, targets)).unwrap();
    let importance = model.importance(4).unwrap();
    let nodes: usize = (0..model.forest().trees())
        .map(|tree| model.forest().tree(tree).len())
        .sum();
    // Every split adds two nodes to the root.
    assert_eq!(
        importance.iter().map(|i| i.splits).sum::<usize>(),
        (nodes - model.forest().trees()) / 2
    );
    assert!(importance.iter().all(|i| i.gain > 0.0 && i.cover > 0.0));
    assert!(importance[3].gain > importance[2].gain, "the category matters most");
}

#[test]
fn nothing_to_split_leaves_the_mean() {
    let data = dataset(vec![number(&[1.0; 50])], (0..50).map(f64::from).collect());
    let model = fit(BoostingParams::new(Objective::Regression), &data).unwrap();
    assert_eq!(model.forest().trees(), 0);
    assert_eq!(score(&model, &[1.0]), [24.5]);
}

#[test]
fn models_of_every_size_are_prepared_for_scoring() {
    let (columns, targets) = mixed(2_000, 15);
    let data = dataset(columns, targets);
    // Leaves up to the bits of a small and a large set and beyond, more trees than a block has.
    for (leaves, trees) in [(32, 3), (33, 3), (64, 3), (65, 3), (200, 2), (4, 300)] {
        let mut params = BoostingParams::new(Objective::Regression);
        (params.num_leaves, params.n_estimators, params.min_child_samples) = (leaves, trees, 2);
        let model = fit(params, &data).unwrap();
        assert_eq!(Scorer::new(&model).is_some(), leaves <= 64);
        let mut row = [0.0; 4];
        for index in (0..2_000).step_by(50) {
            data.frame.encode_row(index, &mut row);
            // Compares both ways to score.
            assert!(score(&model, &row)[0].is_finite());
        }
        // Each column at, next to and between its thresholds, and where there is none.
        for column in 0..row.len() {
            for x in (-60..60)
                .map(|x| f64::from(x) / 8.0)
                .chain([f64::MIN, f64::MAX, f64::NAN])
            {
                let mut row = row;
                row[column] = if x < 0.0 && MIXED[column] > 0 { UNSEEN } else { x };
                assert!(score(&model, &row)[0].is_finite());
            }
        }
    }
}

#[test]
fn numbers_of_every_size_are_prepared_for_scoring() {
    let least = f64::from_bits(1);
    let values = [
        -f64::MAX,
        -1.0,
        -least,
        0.0,
        least,
        2.0 * least,
        1.0,
        f64::MAX / 2.0,
        f64::MAX,
    ];
    let targets = (0..values.len()).map(|place| (place * place) as f64).collect();
    let model = fit(tiny(Objective::Regression), &dataset(vec![number(&values)], targets)).unwrap();
    for (place, x) in values.iter().enumerate() {
        assert!((score(&model, &[*x])[0] - (place * place) as f64).abs() < 1e-6, "{x:e}");
    }
    assert_eq!(score(&model, &[-0.0]), score(&model, &[0.0]));
    score(&model, &[f64::NAN]);
}

#[test]
fn many_columns_are_prepared_for_scoring() {
    let columns =
        (1..=70).map(|column| number(&(0..500).map(|row| f64::from(row * column % 97)).collect::<Vec<f64>>()));
    let targets = (0..500).map(|row| f64::from(row * row % 89)).collect();
    let data = dataset(columns.collect(), targets);
    let mut params = BoostingParams::new(Objective::Regression);
    (params.num_leaves, params.n_estimators, params.min_child_samples) = (16, 30, 2);
    let model = fit(params, &data).unwrap();
    let used = model
        .importance(70)
        .unwrap()
        .iter()
        .filter(|column| column.splits > 0)
        .count();
    assert!(used > 40, "{used} columns");
    let mut row = [0.0; 70];
    for index in 0..500 {
        data.frame.encode_row(index, &mut row);
        if index % 3 == 0 {
            row[index % 70] = f64::NAN;
        }
        assert!(score(&model, &row)[0].is_finite());
    }
}
