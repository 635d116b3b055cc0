//! The same table, learned by LightGBM; see tests/oracle/boosting.py.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Expected {
    regression_train: Vec<f64>,
    regression_rmse: f64,
    regression_splits: Vec<usize>,
    monotone_rmse: f64,
    binary_auc: f64,
    binary_log_loss: f64,
    weighted_log_loss: f64,
    multiclass_log_loss: f64,
}

#[derive(Deserialize)]
struct Fixture {
    train_rows: usize,
    numbers: Vec<Vec<Option<f64>>>,
    levels: usize,
    level: Vec<u32>,
    number: Vec<f64>,
    binary: Vec<f64>,
    three: Vec<f64>,
    weight: Vec<f32>,
    expected: Expected,
}

impl Fixture {
    fn load() -> Self {
        serde_json::from_str(include_str!("../../../../tests/oracle/boosting.json")).unwrap()
    }

    /// Training and test rows.
    fn frames(&self) -> [Frame; 2] {
        let number = |column: &Vec<Option<f64>>| Column::Number(column.iter().map(|x| x.unwrap_or(f64::NAN)).collect());
        let mut columns: Vec<Column> = self.numbers.iter().map(number).collect();
        columns.push(Column::Category {
            codes: self.level.clone(),
            levels: self.levels,
        });
        let all = Frame::new(columns).unwrap();
        let (rows, train) = (all.rows() as u32, self.train_rows as u32);
        [(0..train).collect(), (train..rows).collect()].map(|rows: Vec<u32>| all.take(&rows))
    }

    /// Learns from the training rows; the scores of the test rows and the model.
    fn learn(&self, params: BoostingParams, targets: &[f64], weighted: bool) -> (Vec<Vec<f64>>, Boosting) {
        let [train, test] = self.frames();
        let mut data = DatasetBase::new(train, Array1::from(targets[..self.train_rows].to_vec()));
        if weighted {
            data = data.with_weights(Array1::from(self.weight[..self.train_rows].to_vec()));
        }
        let model = fit(params, &data).unwrap();
        let mut row = vec![0.0; test.columns().len()];
        let scores = (0..test.rows()).map(|index| {
            test.encode_row(index, &mut row);
            score(&model, &row)
        });
        (scores.collect(), model)
    }

    fn rmse(&self, scores: &[Vec<f64>]) -> f64 {
        let targets = &self.number[self.train_rows..];
        let squares: f64 = scores.iter().zip(targets).map(|(ours, y)| (ours[0] - y).powi(2)).sum();
        (squares / targets.len() as f64).sqrt()
    }

    fn log_loss(&self, scores: &[Vec<f64>], targets: &[f64], weighted: bool) -> f64 {
        let weight = |index: usize| {
            if weighted {
                f64::from(self.weight[self.train_rows + index])
            } else {
                1.0
            }
        };
        let targets = targets[self.train_rows..].iter().enumerate();
        let sums = targets.zip(scores).fold((0.0, 0.0), |(loss, total), ((index, y), p)| {
            (loss - weight(index) * p[*y as usize].ln(), total + weight(index))
        });
        sums.0 / sums.1
    }
}

#[test]
fn regression_grows_the_same_trees() {
    let fixture = Fixture::load();
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 30;
    let (scores, model) = fixture.learn(params, &fixture.number, false);
    let splits: Vec<usize> = model.importance(5).iter().map(|i| i.splits).collect();
    assert_eq!(splits, fixture.expected.regression_splits);
    // Where no training row tells, thresholds and the way of missing values are ours; so training rows agree exactly.
    let [train, _] = fixture.frames();
    let mut row = vec![0.0; train.columns().len()];
    for (index, theirs) in fixture.expected.regression_train.iter().enumerate() {
        train.encode_row(index, &mut row);
        let ours = score(&model, &row)[0];
        assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
    }
    let rmse = fixture.rmse(&scores);
    assert!((rmse / fixture.expected.regression_rmse - 1.0).abs() < 0.01, "{rmse}");
}

#[test]
fn monotone_regression_is_as_good() {
    let fixture = Fixture::load();
    let mut params = BoostingParams::new(Objective::Regression);
    params.n_estimators = 30;
    params.monotone_constraints = vec![1, 0, 0, 0, 0];
    let (scores, _) = fixture.learn(params, &fixture.number, false);
    let rmse = fixture.rmse(&scores);
    assert!((rmse / fixture.expected.monotone_rmse - 1.0).abs() < 0.01, "{rmse}");
}

#[test]
fn classification_is_as_good() {
    let fixture = Fixture::load();
    let (scores, _) = fixture.learn(BoostingParams::new(Objective::Binary), &fixture.binary, false);
    let loss = fixture.log_loss(&scores, &fixture.binary, false);
    assert!((loss / fixture.expected.binary_log_loss - 1.0).abs() < 0.01, "{loss}");
    let of_class = |class: f64| {
        let rows = fixture.binary[fixture.train_rows..].iter().zip(&scores);
        rows.filter(move |(y, _)| **y == class).map(|(_, p)| p[1])
    };
    // The share of pairs in the right order.
    let mut pairs = (0.0, 0.0);
    for positive in of_class(1.0) {
        for negative in of_class(0.0) {
            pairs.0 += if positive > negative {
                1.0
            } else if positive == negative {
                0.5
            } else {
                0.0
            };
            pairs.1 += 1.0;
        }
    }
    let auc = pairs.0 / pairs.1;
    assert!((auc - fixture.expected.binary_auc).abs() < 0.003, "{auc}");
    let (scores, _) = fixture.learn(BoostingParams::new(Objective::Binary), &fixture.binary, true);
    let loss = fixture.log_loss(&scores, &fixture.binary, true);
    assert!(
        (loss / fixture.expected.weighted_log_loss - 1.0).abs() < 0.015,
        "{loss}"
    );
}

#[test]
fn multiclass_is_as_good() {
    let fixture = Fixture::load();
    let params = BoostingParams::new(Objective::Multiclass { classes: 3 });
    let (scores, _) = fixture.learn(params, &fixture.three, false);
    let loss = fixture.log_loss(&scores, &fixture.three, false);
    assert!(
        (loss / fixture.expected.multiclass_log_loss - 1.0).abs() < 0.015,
        "{loss}"
    );
}
