//! The same table, learned by LightGBM; see tests/oracle/boosting.py.

use linfa::dataset::Records;
use serde::Deserialize;

use super::*;
use crate::trees::testing::{Table, auc, log_loss};

#[derive(Deserialize)]
struct Expected {
    regression_train: Vec<f64>,
    regression_rmse: f64,
    regression_splits: Vec<usize>,
    monotone_rmse: f64,
    binary_auc: f64,
    binary_log_loss: f64,
    weighted_log_loss: f64,
    weighted_regression_rmse: f64,
    weighted_multiclass_log_loss: f64,
    multiclass_log_loss: f64,
}

/// The table, and what LightGBM makes of it.
struct Fixture {
    table: Table,
    expected: Expected,
}

impl Fixture {
    fn load() -> Self {
        #[derive(Deserialize)]
        struct File {
            expected: Expected,
        }
        let file: File = serde_json::from_str(include_str!("../../../../tests/oracle/boosting.json")).unwrap();
        Fixture {
            table: Table::load(),
            expected: file.expected,
        }
    }

    /// Learns from the training rows; the scores of the test rows and the model.
    fn learn(&self, params: BoostingParams, targets: &[f64], weighted: bool) -> (Vec<Vec<f64>>, Boosting) {
        let [train, test] = self.table.frames(true);
        let mut data = TrainingSet::new(train, Target::Numbers(self.table.parts(targets)[0].to_vec()));
        if weighted {
            data = data.weighted(self.table.parts(&self.table.weight)[0].to_vec());
        }
        let model = fit(params, &data).unwrap();
        let mut row = vec![0.0; test.nfeatures()];
        let scores = (0..test.rows()).map(|index| {
            test.encode_row(index, &mut row);
            score(&model, &row)
        });
        (scores.collect(), model)
    }

    fn rmse(&self, scores: &[Vec<f64>], weighted: bool) -> f64 {
        let targets = self.table.parts(&self.table.number)[1];
        let weights = self.table.parts(&self.table.weight)[1];
        let weight = |row: usize| if weighted { f64::from(weights[row]) } else { 1.0 };
        let squares = scores.iter().zip(targets).map(|(ours, y)| (ours[0] - y).powi(2));
        let sum: f64 = squares.enumerate().map(|(row, square)| weight(row) * square).sum();
        (sum / (0..targets.len()).map(weight).sum::<f64>()).sqrt()
    }

    fn log_loss(&self, scores: &[Vec<f64>], targets: &[f64], weighted: bool) -> f64 {
        let weights = self.table.parts(&self.table.weight)[1];
        log_loss(self.table.parts(targets)[1], scores, weighted.then_some(weights))
    }
}

#[test]
fn regression_grows_the_same_trees() {
    let fixture = Fixture::load();
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 30;
    let (scores, model) = fixture.learn(params, &fixture.table.number, false);
    let splits: Vec<usize> = model.importance(5).unwrap().iter().map(|i| i.splits).collect();
    assert_eq!(splits, fixture.expected.regression_splits);
    // Where no training row tells, thresholds and the way of missing values are ours; so training rows agree exactly.
    let [train, _] = fixture.table.frames(true);
    let mut row = vec![0.0; train.nfeatures()];
    for (index, theirs) in fixture.expected.regression_train.iter().enumerate() {
        train.encode_row(index, &mut row);
        let ours = score(&model, &row)[0];
        assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
    }
    let rmse = fixture.rmse(&scores, false);
    assert!((rmse / fixture.expected.regression_rmse - 1.0).abs() < 0.01, "{rmse}");
}

#[test]
fn few_levels_are_split_as_lightgbm_splits_them() {
    #[derive(Deserialize)]
    struct Expected {
        few_levels: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct File {
        few: Vec<Vec<u32>>,
        few_number: Vec<f64>,
        expected: Expected,
    }
    let file: File = serde_json::from_str(include_str!("../../../../tests/oracle/boosting.json")).unwrap();
    let levels = |codes: &[u32]| 1 + codes.iter().max().map_or(0, |&code| code as usize);
    let columns = file.few.iter().map(|codes| Column::Category {
        codes: codes.clone(),
        levels: levels(codes),
    });
    let data = dataset(columns.collect(), file.few_number);
    let mut params = BoostingParams::new(Objective::Regression);
    (params.n_estimators, params.num_leaves) = (30, 4);
    let model = fit(params, &data).unwrap();
    let mut row = [0.0; 3];
    for (index, theirs) in file.expected.few_levels.iter().enumerate() {
        data.frame.encode_row(index, &mut row);
        let ours = score(&model, &row)[0];
        assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
    }
}

#[test]
fn weighted_regression_is_as_good() {
    let fixture = Fixture::load();
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 30;
    let (scores, _) = fixture.learn(params, &fixture.table.number, true);
    let rmse = fixture.rmse(&scores, true);
    assert!(
        (rmse / fixture.expected.weighted_regression_rmse - 1.0).abs() < 0.01,
        "{rmse}"
    );
}

#[test]
fn monotone_regression_is_as_good() {
    let fixture = Fixture::load();
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 30;
    params.monotone_constraints = vec![1, 0, 0, 0, 0];
    let (scores, _) = fixture.learn(params, &fixture.table.number, false);
    let rmse = fixture.rmse(&scores, false);
    assert!((rmse / fixture.expected.monotone_rmse - 1.0).abs() < 0.01, "{rmse}");
}

#[test]
fn classification_is_as_good() {
    let fixture = Fixture::load();
    let (scores, _) = fixture.learn(BoostingParams::new(Objective::Binary), &fixture.table.binary, false);
    let loss = fixture.log_loss(&scores, &fixture.table.binary, false);
    assert!((loss / fixture.expected.binary_log_loss - 1.0).abs() < 0.01, "{loss}");
    let positive: Vec<f64> = scores.iter().map(|p| p[1]).collect();
    let auc = auc(fixture.table.parts(&fixture.table.binary)[1], &positive);
    assert!((auc - fixture.expected.binary_auc).abs() < 0.003, "{auc}");
    let (scores, _) = fixture.learn(BoostingParams::new(Objective::Binary), &fixture.table.binary, true);
    let loss = fixture.log_loss(&scores, &fixture.table.binary, true);
    assert!(
        (loss / fixture.expected.weighted_log_loss - 1.0).abs() < 0.015,
        "{loss}"
    );
}

#[test]
fn multiclass_is_as_good() {
    let fixture = Fixture::load();
    let params = BoostingParams::new(Objective::Multiclass { classes: 3 });
    let expected = &fixture.expected;
    let cases = [
        (false, expected.multiclass_log_loss),
        (true, expected.weighted_multiclass_log_loss),
    ];
    for (weighted, theirs) in cases {
        let (scores, _) = fixture.learn(params.clone(), &fixture.table.three, weighted);
        let loss = fixture.log_loss(&scores, &fixture.table.three, weighted);
        assert!((loss / theirs - 1.0).abs() < 0.015, "{loss}, weighted {weighted}");
    }
}
