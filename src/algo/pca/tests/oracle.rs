//! The same tables, learned by scikit-learn; see tests/oracle/pca.py.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    columns: Vec<Vec<Option<f64>>>,
    codes: Option<Vec<u32>>,
    levels: usize,
    weights: Option<Vec<f32>>,
    standardize: bool,
    count: Json,
    components: Vec<Vec<f64>>,
    variances: Vec<f64>,
    ratios: Vec<f64>,
    scores: Vec<Vec<f64>>,
    errors: Vec<f64>,
}

#[derive(Deserialize)]
struct Expected {
    cases: BTreeMap<String, Case>,
}

impl Case {
    fn set(&self) -> TrainingSet {
        let number = |column: &Vec<Option<f64>>| Column::Number(column.iter().map(|x| x.unwrap_or(f64::NAN)).collect());
        let mut columns: Vec<Column> = self.columns.iter().map(number).collect();
        columns.extend(self.codes.clone().map(|codes| Column::Category {
            codes,
            levels: self.levels,
        }));
        TrainingSet {
            weights: self.weights.clone(),
            ..set_of(columns)
        }
    }
}

fn near(ours: f64, theirs: f64, size: f64, what: &str) {
    assert!(
        (ours - theirs).abs() <= 1e-9 * size.max(theirs.abs()),
        "{what}: {ours} {theirs}"
    );
}

#[test]
fn components_are_those_of_scikit_learn() {
    let text = include_str!("../../../../tests/oracle/pca.json");
    let expected: Expected = serde_json::from_str(text).unwrap();
    assert_eq!(expected.cases.len(), 8);
    for (name, case) in &expected.cases {
        let set = case.set();
        let params = json!({"n_components": case.count, "standardize": case.standardize});
        let model = learn(params, &set).unwrap();
        assert_eq!(model.count(), case.components.len(), "{name}");
        let components = model.components().unwrap();
        let size = case.variances[0];
        for (ours, ((loadings, variance), ratio)) in components
            .iter()
            .zip(case.components.iter().zip(&case.variances).zip(&case.ratios))
        {
            near(ours.variance, *variance, size, name);
            near(ours.share, *ratio, 1.0, name);
            // Numbers come first, then levels, as in the script.
            for (part, theirs) in ours.loadings.iter().zip(loadings) {
                near(part.value, *theirs, 100.0, name);
            }
            assert_eq!(ours.loadings.len(), loadings.len());
        }
        for index in 0..set.rows() {
            let row = row_of(&set.frame, index);
            for (ours, theirs) in scores(&model, &row).iter().zip(&case.scores[index]) {
                near(*ours, *theirs, 1e3 * size.sqrt(), name);
            }
            near(model.strangeness(&row), case.errors[index], size, name);
        }
        let weight = |index: usize| case.weights.as_ref().map_or(1.0, |weights| f64::from(weights[index]));
        let weights: f64 = (0..set.rows()).map(weight).sum();
        let error: f64 = (0..set.rows()).map(|index| weight(index) * case.errors[index]).sum();
        near(model.base()[0], error / weights, size, name);
    }
}
