//! Properties of fits: determinism, stopping, constraints, samples, errors.

use super::super::params::ClassWeight;
use super::*;
use crate::error::Error;
use crate::frame::UNSEEN;
use crate::trees::testing::{pool, stops_wherever_asked};

#[test]
fn the_model_does_not_depend_on_threads() {
    let (columns, targets) = mixed(90_000, 3);
    for objective in [
        Objective::Regression,
        Objective::Binary,
        Objective::Multiclass { classes: 3 },
    ] {
        let targets = match objective {
            Objective::Regression => targets.clone(),
            _ => classes(&targets, objective.trees_per_round().max(2)),
        };
        let data = dataset(columns.clone(), targets);
        let mut params = BoostingParams::new(objective);
        params.n_estimators = 4;
        params.subsample = 0.7;
        params.subsample_freq = 2;
        params.colsample_bytree = 0.8;
        let fits = [1, 2, 3].map(|threads| pool(threads).install(|| fit(params.clone(), &data)).unwrap());
        assert!(fits[0] == fits[1] && fits[1] == fits[2]);
        params.seed = 1;
        assert!(fit(params, &data).unwrap() != fits[0]);
    }
}

#[test]
fn class_probabilities_add_up() {
    let (columns, targets) = mixed(2_000, 4);
    let labels = classes(&targets, 4);
    let data = dataset(columns, labels.clone());
    let mut params = BoostingParams::new(Objective::Multiclass { classes: 4 });
    params.n_estimators = 30;
    let model = fit(params, &data).unwrap();
    assert_eq!(model.forest().trees(), 120);
    let mut row = [0.0; 4];
    let mut hits = 0;
    for (index, label) in labels.iter().enumerate() {
        data.frame.encode_row(index, &mut row);
        let p = score(&model, &row);
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p.iter().all(|p| *p >= 0.0));
        let likeliest = (0..4).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap();
        hits += usize::from(likeliest as f64 == *label);
    }
    assert!(hits > 1_600, "{hits}");
    assert!(model.losses().windows(2).all(|pair| pair[1] < pair[0]));
}

#[test]
fn recorded_losses_are_those_of_the_scores() {
    let (columns, targets) = mixed(3_000, 5);
    let labels = classes(&targets, 2);
    let data = dataset(columns, labels.clone());
    let mut params = BoostingParams::new(Objective::Binary);
    params.n_estimators = 20;
    let model = fit(params, &data).unwrap();
    let mut row = [0.0; 4];
    let mut loss = 0.0;
    for (index, label) in labels.iter().enumerate() {
        data.frame.encode_row(index, &mut row);
        loss -= score(&model, &row)[*label as usize].ln() / 3_000.0;
    }
    assert!(
        (loss / model.losses()[19] - 1.0).abs() < 1e-5,
        "{loss} {:?}",
        model.losses()
    );
}

#[test]
fn a_fit_stops_wherever_it_is_asked_to() {
    let (columns, targets) = mixed(30_000, 6);
    let data = dataset(columns, targets);
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 3;
    stops_wherever_asked(200, |monitor| params.fit(&data, None, monitor).map(drop));
}

#[test]
fn early_stopping_keeps_the_best_round() {
    let (columns, targets) = mixed(600, 7);
    let (more, more_targets) = mixed(400, 8);
    let (data, validation) = (dataset(columns, targets), dataset(more, more_targets.clone()));
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 2_000;
    params.learning_rate = 0.3;
    params.early_stopping_rounds = Some(10);
    let model = params.fit(&data, Some(&validation), &Unwatched).unwrap();
    let evals = model.eval_losses();
    let best = (0..evals.len()).min_by(|a, b| evals[*a].total_cmp(&evals[*b])).unwrap();
    assert_eq!(evals.len(), best + 11);
    assert_eq!(model.forest().trees(), best + 1);
    let mut row = [0.0; 4];
    let mut loss = 0.0;
    for (index, y) in more_targets.iter().enumerate() {
        validation.frame.encode_row(index, &mut row);
        loss += (score(&model, &row)[0] - y).powi(2) / 400.0;
    }
    assert!((loss - evals[best]).abs() < 1e-9);
    model.validate(&MIXED, &Unwatched).unwrap();
    // Without validation rows, some training rows are held out.
    let held = fit(params, &data).unwrap();
    assert!(held.forest().trees() < held.eval_losses().len() && held.eval_losses().len() < 2_000);
    assert_eq!(held.forest().stats(0).rows, 540);
}

#[test]
fn monotone_constraints_hold_everywhere() {
    let (mut columns, targets) = mixed(3_000, 9);
    columns.pop();
    let data = dataset(columns, targets);
    for (direction, missing) in [(1i8, 0.5), (-1, f64::NAN)] {
        let mut params = BoostingParams::new(Objective::Regression);
        params.monotone_constraints = vec![direction, 0, 0];
        let model = fit(params, &data).unwrap();
        let mut changes = 0;
        for other in [0.0, 0.2, 0.9, missing] {
            let scores: Vec<f64> = (0..=200)
                .map(|i| score(&model, &[f64::from(i) / 20.0, other, 0.3])[0])
                .collect();
            assert!(
                scores
                    .windows(2)
                    .all(|pair| (pair[1] - pair[0]) * f64::from(direction) >= 0.0)
            );
            changes += scores.windows(2).filter(|pair| pair[0] != pair[1]).count();
        }
        assert!(changes > 10);
    }
}

#[test]
fn a_weight_of_two_is_a_row_twice() {
    let (mut columns, targets) = mixed(400, 10);
    // Few distinct values, so that both fits have the same bins.
    for column in &mut columns {
        if let Column::Number(values) = column {
            values.iter_mut().for_each(|x| *x = (*x * 20.0).round());
        }
    }
    let labels = classes(&targets, 2);
    let twice: Vec<u32> = (0..400).chain((0..400).filter(|i| i % 3 == 0)).collect();
    let weights: Vec<f32> = (0..400).map(|i| if i % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let weighted = dataset(columns.clone(), labels.clone()).weighted(weights);
    let frame = Frame::new(columns).unwrap().take(&twice);
    let repeated = TrainingSet::new(
        frame,
        Target::Numbers(twice.iter().map(|&row| labels[row as usize]).collect()),
    );
    let mut params = BoostingParams::new(Objective::Binary);
    params.n_estimators = 3;
    params.min_child_samples = 1;
    params.min_child_weight = 8.0;
    params.cat_smooth = 1.0;
    params.min_data_per_group = 1;
    let (a, b) = (fit(params.clone(), &weighted).unwrap(), fit(params, &repeated).unwrap());
    for (a, b) in a.losses().iter().zip(b.losses()) {
        assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
    }
}

#[test]
fn balanced_classes_start_even() {
    let (columns, targets) = mixed(500, 11);
    let labels: Vec<f64> = targets.iter().map(|y| f64::from(u8::from(*y > 4.0))).collect();
    let data = dataset(columns, labels.clone());
    let mut params = BoostingParams::new(Objective::Binary);
    params.class_weight = Some(ClassWeight::Balanced);
    assert!(fit(params.clone(), &data).unwrap().first_scores()[0].abs() < 1e-6);
    params.class_weight = None;
    let ones: f64 = labels.iter().sum();
    params.scale_pos_weight = (500.0 - ones) / ones;
    assert!(fit(params, &data).unwrap().first_scores()[0].abs() < 1e-6);
}

#[test]
fn row_and_column_samples_are_used() {
    let (columns, targets) = mixed(1_000, 12);
    let data = dataset(columns, targets);
    let mut params = BoostingParams::new(Objective::Regression);
    params.subsample = 0.25;
    params.subsample_freq = 1;
    params.colsample_bytree = 0.25;
    params.n_estimators = 8;
    let model = fit(params, &data).unwrap();
    let mut used = [false; 4];
    for tree in 0..8 {
        assert_eq!(model.forest().stats(model.forest().tree(tree).start).rows, 250);
        let columns: std::collections::BTreeSet<usize> = model
            .forest()
            .tree(tree)
            .filter_map(|node| match model.forest().decision(node) {
                super::super::Decision::Leaf => None,
                super::super::Decision::Number { column, .. } | super::super::Decision::Category { column, .. } => {
                    Some(column)
                }
            })
            .collect();
        assert_eq!(columns.len(), 1);
        columns.iter().for_each(|column| used[*column] = true);
    }
    assert!(used.iter().filter(|used| **used).count() > 1);
}

#[test]
fn more_columns_than_a_group_and_wide_values() {
    // 37 columns; only the last but one matters. Its values span the range of numbers.
    let rows = 2_000;
    let columns = (0..37).map(|c| {
        Column::Number(
            (0..rows)
                .map(|r| {
                    let x = f64::from((r * (c + 3) * 7_919) % 101) / 101.0 - 0.5;
                    if c == 35 {
                        x.signum() * 10f64.powf(600.0 * x.abs())
                    } else {
                        x
                    }
                })
                .collect(),
        )
    });
    let columns: Vec<Column> = columns.collect();
    let Column::Number(signal) = &columns[35] else { panic!() };
    let targets: Vec<f64> = signal.iter().map(|x| f64::from(u8::from(*x > 1e100))).collect();
    let model = fit(tiny(Objective::Regression), &dataset(columns, targets)).unwrap();
    assert_eq!(model.importance(37).unwrap()[35].splits, 1);
    assert_eq!(model.losses().len(), 1);
    assert!(model.losses()[0] < 0.01, "{:?}", model.losses());
    let mut row = vec![0.0; 37];
    row[35] = 1e290;
    assert!(score(&model, &row)[0] > 0.9);
    row[35] = UNSEEN;
    assert!(score(&model, &row)[0].is_finite());
}

#[test]
fn wrong_parameters_and_data_are_told() {
    let (columns, targets) = mixed(50, 13);
    let read = |json: &str| {
        let mut params = crate::boosting::BoostingParams::default();
        params.read(&serde_json::from_str(json).unwrap(), &[])?;
        params.check().map(|()| params)
    };
    let parameter = |json: &str| match read(json) {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    for (json, name) in [
        (r#"{"num_leaves": 1}"#, "num_leaves"),
        (r#"{"learning_rate": 0}"#, "learning_rate"),
        (r#"{"max_bin": 256}"#, "max_bin"),
        (r#"{"subsample": 1.5}"#, "subsample"),
        (r#"{"reg_lambda": -1}"#, "reg_lambda"),
        (r#"{"early_stopping_rounds": 0}"#, "early_stopping_rounds"),
        (r#"{"monotone_constraints": [2]}"#, "monotone_constraints"),
    ] {
        assert_eq!(parameter(json), name);
    }
    assert!(read(r#"{"num_leafs": 1}"#).is_err());
    assert!(read(r#"{"objective": "Binary"}"#).is_err());
    let params = read(r#"{"class_weight": "balanced", "random_state": 5, "num_leaves": 7}"#).unwrap();
    assert_eq!(
        (params.class_weight, params.seed, params.num_leaves),
        (Some(ClassWeight::Balanced), 5, 7)
    );
    let told = |params: BoostingParams, columns: &[Column], targets: Vec<f64>| {
        matches!(
            fit(params, &dataset(columns.to_vec(), targets)),
            Err(Error::Data { .. })
        )
    };
    let binary = || BoostingParams::new(Objective::Binary);
    assert!(told(binary(), &columns, vec![1.0; 50]), "one class");
    assert!(told(binary(), &columns, targets.clone()), "no classes");
    assert!(
        told(BoostingParams::default(), &columns, vec![f64::NAN; 50]),
        "missing targets"
    );
    assert!(
        told(BoostingParams::default(), &columns, vec![1.0; 49]),
        "too few targets"
    );
    assert!(told(BoostingParams::default(), &[], Vec::new()), "nothing");
    let wide = Column::Category {
        codes: vec![0; 50],
        levels: 255,
    };
    assert!(told(BoostingParams::default(), &[wide], targets.clone()), "levels");
    let mut constrained = BoostingParams::new(Objective::Regression);
    constrained.monotone_constraints = vec![0, 0, 0, 1];
    let fitted = fit(constrained, &dataset(columns, targets));
    assert!(matches!(
        fitted,
        Err(Error::Parameter {
            name: "monotone_constraints",
            ..
        })
    ));
}
