//! Objectives of numbers: their derivatives, what they learn, and the same table learned by LightGBM; see tests/oracle/objectives.py.

use std::collections::BTreeMap;

use linfa::dataset::Records;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::super::NumberObjective;
use super::*;
use crate::error::Error;
use crate::trees::testing::{Table, pool, stops_wherever_asked};

#[derive(Deserialize)]
struct Case {
    name: String,
    target: String,
    params: Map<String, Json>,
    weighted: bool,
    train_loss: f64,
    test_loss: f64,
    first_tree: Vec<f64>,
}

#[derive(Deserialize)]
struct Fixture {
    targets: BTreeMap<String, Vec<f64>>,
    cases: Vec<Case>,
}

impl Case {
    fn params(&self) -> BoostingParams {
        let mut params = super::super::BoostingParams::default();
        params.read(&self.params, &[]).unwrap();
        BoostingParams::of_numbers(params)
    }
}

/// The mean loss of a model's predictions.
fn mean_loss(model: &Boosting, frame: &Frame, targets: &[f64]) -> f64 {
    let objective = model.objective();
    let loss = objective.number_loss().unwrap();
    let mut row = vec![0.0; frame.nfeatures()];
    let losses = targets.iter().enumerate().map(|(index, y)| {
        frame.encode_row(index, &mut row);
        loss.loss(*y, score(model, &row)[0])
    });
    losses.sum::<f64>() / targets.len() as f64
}

#[test]
fn objectives_learn_what_lightgbm_learns() {
    let mut fixture: Fixture = serde_json::from_str(include_str!("../../../../tests/oracle/objectives.json")).unwrap();
    let table = Table::load();
    fixture.targets.insert("number".into(), table.number.clone());
    let [train, test] = table.frames(true);
    let mut faults = Vec::new();
    for case in &fixture.cases {
        let [targets, held_out] = table.parts(&fixture.targets[&case.target]);
        let mut data = TrainingSet::new(train.clone(), Target::Numbers(targets.to_vec()));
        if case.weighted {
            data = data.weighted(table.parts(&table.weight)[0].to_vec());
        }
        let about = format!("{}, weighted {}", case.name, case.weighted);
        let mut params = case.params();
        params.n_estimators = 40;
        let model = fit(params.clone(), &data).unwrap();
        let ratios = [
            mean_loss(&model, &train, targets) / case.train_loss,
            mean_loss(&model, &test, held_out) / case.test_loss,
        ];
        // Where no training row tells, thresholds are ours: they are nearer to the middle.
        if (ratios[0] - 1.0).abs() > 0.05 || !(0.9..1.02).contains(&ratios[1]) {
            faults.push(format!("{about}: losses of {ratios:?} times LightGBM's"));
        }
        // One small tree is the same tree.
        (params.n_estimators, params.num_leaves) = (1, 4);
        let model = fit(params, &data).unwrap();
        let mut row = vec![0.0; train.nfeatures()];
        let predictions = (0..train.rows()).map(|index| {
            train.encode_row(index, &mut row);
            score(&model, &row)[0]
        });
        let mut predictions: Vec<f64> = predictions.collect();
        predictions.sort_by(f64::total_cmp);
        predictions.dedup();
        // Between neighbours, LightGBM's weighted quantiles jump.
        let jumps = case.weighted && case.name.starts_with("quantile");
        let error = if jumps { 0.01 } else { 1e-6 };
        let near = |(ours, theirs): (&f64, &f64)| (ours / theirs - 1.0).abs() < error;
        if predictions.len() != case.first_tree.len() || !predictions.iter().zip(&case.first_tree).all(near) {
            faults.push(format!("{about}: {predictions:?}, not {:?}", case.first_tree));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn derivatives_are_the_differences_of_the_loss() {
    for (name, objective) in NumberObjective::ALL {
        let objective = objective.with(&super::super::BoostingParams::default());
        let loss = objective.number_loss().unwrap();
        let link = objective.link();
        assert_eq!(link, loss.link(), "{name}");
        let at = |y: f64, score: f64| loss.loss(y, link.predicted(score));
        // What the derivatives leave out, they leave out of both.
        let factor = match loss.constant_hessian() {
            true if *name != "regression" => 1.0,
            _ => 2.0,
        };
        for (y, score) in [(0.5, 0.2), (3.0, 1.4), (7.0, 0.1), (2.0, 2.5)] {
            let slope = (at(y, score + 1e-5) - at(y, score - 1e-5)) / 2e-5;
            let [first, second] = loss.derivatives(y, score);
            assert!(
                (slope / factor - first).abs() < 1e-6 * (1.0 + first.abs()),
                "{name}: {slope}, {first}"
            );
            if !loss.constant_hessian() && *name != "poisson" {
                let curve = (at(y, score + 1e-4) + at(y, score - 1e-4) - 2.0 * at(y, score)) / 1e-8;
                assert!(
                    (curve / factor - second).abs() < 1e-4 * (1.0 + second),
                    "{name}: {curve}, {second}"
                );
            }
        }
    }
}

#[test]
fn a_target_that_an_objective_cannot_learn_is_refused() {
    let refused = |objective: NumberObjective, targets: Vec<f64>| {
        let params = BoostingParams::of_numbers(super::super::BoostingParams::default().objective(Some(objective)));
        let rows = targets.len();
        let data = dataset(vec![Column::Number((0..rows).map(|row| row as f64).collect())], targets);
        match fit(params, &data) {
            Err(Error::Data { problem, detail, .. }) => (problem, detail.unwrap_or_default()),
            other => panic!("{other:?}"),
        }
    };
    let (message, detail) = refused(NumberObjective::Poisson, vec![1.0, -2.0, 3.0, -1.0]);
    assert_eq!(message, "objective \"poisson\" learns a number of at least 0");
    assert_eq!(detail, "2 of 4 rows have another; the least is -2.");
    assert_eq!(
        refused(NumberObjective::Gamma, vec![1.0, 0.0]).0,
        "objective \"gamma\" learns a number above 0"
    );
    let (message, _) = refused(NumberObjective::Tweedie, vec![0.0; 30]);
    assert_eq!(message, "the target is 0 in every row that counts");
}

#[test]
fn parameters_that_do_not_go_with_an_objective_are_refused() {
    let base = super::super::BoostingParams::default;
    let quantile = || base().objective(Some(NumberObjective::Quantile));
    assert!(quantile().check().is_ok() && base().alpha(1.5).check().is_ok());
    assert!(quantile().alpha(1.0).check().is_err() && base().alpha(0.0).check().is_err());
    assert!(quantile().monotone_constraints(vec![0, 0]).check().is_ok());
    assert!(quantile().monotone_constraints(vec![1, 0]).check().is_err());
    for power in [1.0, 2.0] {
        assert!(base().tweedie_variance_power(power).check().is_err());
    }
    let (columns, targets) = mixed(300, 3);
    let classes = TrainingSet::new(
        Frame::new(columns).unwrap(),
        Target::Classes {
            numbers: classes(&targets, 2),
            count: 2,
        },
    );
    assert!(super::super::fit(&quantile(), &classes, None, &Unwatched).is_err());
}

#[test]
fn models_do_not_depend_on_threads_and_stop_when_asked() {
    let (columns, targets) = mixed(40_000, 8);
    let data = dataset(columns, targets.iter().map(|y| y + 1.0).collect());
    for (_, objective) in NumberObjective::ALL {
        let mut params =
            BoostingParams::of_numbers(super::super::BoostingParams::default().objective(Some(*objective)));
        params.n_estimators = 3;
        let fits = [1, 2].map(|threads| pool(threads).install(|| fit(params.clone(), &data)).unwrap());
        assert!(fits[0] == fits[1]);
        fits[0].validate(&MIXED, &Unwatched).unwrap();
        // What a tree would add if it ended at a node is the mean of what its leaves add.
        let (forest, base) = (fits[0].forest(), fits[0].base()[0]);
        assert!((fits[0].mean_scores()[0] - base).abs() < 1e-12);
        if *objective == NumberObjective::Quantile {
            let means: f64 = (0..forest.trees())
                .map(|tree| forest.stats(forest.tree(tree).start).value)
                .sum();
            assert!((fits[0].first_scores()[0] + means - base).abs() < 1e-9);
        }
    }
    let mut params =
        BoostingParams::of_numbers(super::super::BoostingParams::default().objective(Some(NumberObjective::Quantile)));
    params.n_estimators = 2;
    stops_wherever_asked(40, |monitor| params.fit(&data, None, monitor).map(|_| ()));
}

#[test]
fn early_stopping_goes_by_the_objective() {
    let (columns, targets) = mixed(3_000, 9);
    let data = dataset(columns, targets.iter().map(|y| y + 1.0).collect());
    for (name, objective) in NumberObjective::ALL {
        let mut params =
            BoostingParams::of_numbers(super::super::BoostingParams::default().objective(Some(*objective)));
        params.early_stopping_rounds = Some(5);
        params.n_estimators = 400;
        let model = fit(params, &data).unwrap();
        let best = model.eval_losses().iter().copied().fold(f64::INFINITY, f64::min);
        assert!(best >= 0.0 && model.eval_losses().len() < 400, "{name}");
        assert!(best < 0.5 * model.eval_losses()[0], "{name}: {:?}", model.eval_losses());
    }
}
