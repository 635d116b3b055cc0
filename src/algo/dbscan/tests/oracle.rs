//! The same points, labelled by scikit-learn; see tests/oracle/dbscan.py.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    columns: Vec<Vec<f64>>,
    epsilon: f64,
    min_samples: usize,
    weights: Option<Vec<f32>>,
    labels: Vec<i64>,
    core: Vec<bool>,
}

#[derive(Deserialize)]
struct Expected {
    cases: BTreeMap<String, Case>,
}

impl Case {
    fn square(&self, a: usize, b: usize) -> f64 {
        self.columns.iter().map(|column| (column[a] - column[b]).powi(2)).sum()
    }

    /// scikit-learn's label of the nearest core row in reach.
    fn nearest(&self, row: usize) -> i64 {
        let cores = (0..self.labels.len()).filter(|&other| self.core[other]);
        let near = cores.filter(|&other| self.square(row, other) <= self.epsilon * self.epsilon);
        let nearest = near.min_by(|&a, &b| self.square(row, a).total_cmp(&self.square(row, b)));
        nearest.map_or(-1, |nearest| self.labels[nearest])
    }
}

#[test]
fn labels_are_those_of_scikit_learn() {
    let expected: Expected = serde_json::from_str(include_str!("../../../../tests/oracle/dbscan.json")).unwrap();
    assert_eq!(expected.cases.len(), 11);
    let mut contested = 0;
    for (name, case) in &expected.cases {
        let columns = case
            .columns
            .iter()
            .map(|column| Column::Number(column.clone()))
            .collect();
        let set = TrainingSet {
            weights: case.weights.clone(),
            ..set_of(columns)
        };
        let params = json!({"eps": case.epsilon, "min_size": case.min_samples, "standardize": false});
        let model = learn(params, &set).unwrap();
        assert_eq!(
            model.core_rows(),
            case.core.iter().filter(|core| **core).count(),
            "{name}"
        );
        let ours = labels(&model, &set.frame);
        // A row that two clusters reach is scikit-learn's to give to the one that it found first; here it is the nearest one's.
        let theirs: Vec<i64> = (0..set.rows())
            .map(|row| match case.labels[row] >= 0 && !case.core[row] {
                true => case.nearest(row),
                false => case.labels[row],
            })
            .collect();
        contested += theirs.iter().zip(&case.labels).filter(|(a, b)| a != b).count();
        let noise = ours
            .iter()
            .zip(&theirs)
            .all(|(ours, theirs)| ours.is_none() == (*theirs < 0));
        assert!(
            noise && are_same(ours.iter().zip(&theirs)),
            "{name}: {ours:?} {theirs:?}"
        );
        let rows: Vec<u64> = (0..model.clusters() as u32)
            .map(|cluster| ours.iter().filter(|label| **label == Some(cluster)).count() as u64)
            .collect();
        assert_eq!(model.rows(), rows, "{name}");
    }
    // The cases have rows that two clusters reach, but not many.
    assert!((1..10).contains(&contested), "{contested}");
}
