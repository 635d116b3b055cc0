//! Properties of fits: determinism, limits, weights, samples, errors.

use std::sync::Mutex;

use super::*;
use crate::monitor::{Monitor, Progress};
use crate::training_set::{Shape, TargetKind};
use crate::trees::testing::{pool, stops_wherever_asked};

#[test]
fn the_model_does_not_depend_on_threads() {
    let (columns, targets) = mixed(30_000, 3);
    for count in [0, 2, 3] {
        let data = dataset(columns.clone(), targets_of(&targets, count));
        let params = |seed: u64| json!({"n_estimators": 5, "oob_score": true, "min_samples_leaf": 2, "seed": seed});
        let fits = [1, 2, 3].map(|threads| pool(threads).install(|| forest(params(0), count, &data)).unwrap());
        assert!(fits[0] == fits[1] && fits[1] == fits[2]);
        assert!(forest(params(1), count, &data).unwrap() != fits[0]);
        // Several threads work on one tree.
        let trees = [1, 2].map(|threads| pool(threads).install(|| tree(json!({}), count, &data)).unwrap());
        assert!(trees[0] == trees[1]);
    }
}

#[test]
fn class_probabilities_add_up() {
    let (columns, targets) = mixed(2_000, 4);
    for count in [2, 4] {
        let labels = classes(&targets, count);
        let data = dataset(columns.clone(), labels.clone());
        let model = forest(json!({"n_estimators": 30}), count, &data).unwrap();
        let mut hits = 0;
        for (p, label) in scores(&model, &data.frame).iter().zip(&labels) {
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p.iter().all(|p| *p >= 0.0));
            let likeliest = (0..count).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap();
            hits += usize::from(likeliest as f64 == *label);
        }
        // Fully grown trees know the rows that they learned from.
        assert!(hits > 1_980, "{hits}");
    }
}

#[test]
fn leaves_and_depth_keep_their_limits() {
    let (columns, targets) = mixed(1_000, 5);
    for count in [0, 2, 3] {
        let data = dataset(columns.clone(), targets_of(&targets, count));
        for params in [
            json!({"min_samples_leaf": 33}),
            json!({"min_samples_leaf": 0.033, "max_leaf_nodes": 9}),
            json!({"max_depth": 3}),
            json!({"min_samples_split": 100}),
            json!({"min_samples_split": 0.1}),
            json!({"max_leaf_nodes": 7}),
        ] {
            let model = tree(params.clone(), count, &data).unwrap();
            let trees = model.trees();
            let mut rows = vec![0; trees.nodes()];
            let mut row = [0.0; 4];
            for index in 0..1_000 {
                data.frame.encode_row(index, &mut row);
                rows[trees.leaf(0, |column| row[column])] += 1;
            }
            let mut deepest = 0;
            let mut stack = vec![(0, 0)];
            let mut order = Vec::new();
            while let Some((node, depth)) = stack.pop() {
                deepest = deepest.max(depth);
                order.push(node);
                if let Some((left, right)) = trees.children(node) {
                    stack.extend([(left, depth + 1), (right, depth + 1)]);
                }
            }
            let leaves = order.iter().filter(|node| trees.children(**node).is_none());
            let fewest = leaves.clone().map(|leaf| rows[*leaf]).min().unwrap();
            let leaves = leaves.count();
            // Children stand behind their parents.
            for node in (0..trees.nodes()).rev() {
                if let Some((left, right)) = trees.children(node) {
                    rows[node] = rows[left] + rows[right];
                }
            }
            let splits = (0..trees.nodes()).filter(|node| trees.children(*node).is_some());
            let least_split = splits.map(|node| rows[node]).min().unwrap();
            match params {
                p if p.get("min_samples_leaf").is_some() => {
                    assert!(fewest >= 33);
                    assert!(
                        leaves > 4 && (p.get("max_leaf_nodes").is_none() || leaves == 9),
                        "{leaves}"
                    );
                }
                p if p.get("max_depth").is_some() => assert_eq!(deepest, 3),
                p if p.get("max_leaf_nodes").is_some() => assert_eq!(leaves, 7),
                _ => assert!(least_split >= 100 && fewest < 20),
            }
        }
    }
}

#[test]
fn a_weight_is_a_row_several_times() {
    let (mut columns, targets) = mixed(400, 10);
    // Few distinct values, so that both fits have the same bins.
    for column in &mut columns {
        if let Column::Number(values) = column {
            values.iter_mut().for_each(|x| *x = (*x * 20.0).round());
        }
    }
    let times = |row: usize| row % 3;
    let repeated: Vec<u32> = (0..400).flat_map(|row| vec![row as u32; times(row)]).collect();
    for count in [0, 2, 3] {
        let labels = targets_of(&targets, count);
        let weights: Vec<f32> = (0..400).map(|row| times(row) as f32).collect();
        let weighted = dataset(columns.clone(), labels.clone()).weighted(weights);
        let frame = weighted.frame.take(&repeated);
        let labels = repeated.iter().map(|&row| labels[row as usize]).collect();
        let twice = TrainingSet::new(frame, Target::Numbers(labels));
        let params = json!({"max_depth": 4});
        let (a, b) = (
            tree(params.clone(), count, &weighted).unwrap(),
            tree(params, count, &twice).unwrap(),
        );
        // Levels of equal means may stand in either order; what is scored is the same.
        for (a, b) in scores(&a, &weighted.frame)
            .concat()
            .iter()
            .zip(scores(&b, &weighted.frame).concat())
        {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }
}

#[test]
fn balanced_classes_weigh_the_same() {
    let (columns, targets) = mixed(900, 11);
    for count in [2, 3] {
        // Shares of 6, 2 and 1 (or 6 and 3) in 9, so that all weights are exact.
        let label = |group: &f64| [0, 0, 0, 0, 0, 0, 1, 1, count - 1][*group as usize] as f64;
        let labels: Vec<f64> = classes(&targets, 9).iter().map(label).collect();
        let by_class: Vec<f64> = (0..count)
            .map(|c| labels.iter().filter(|y| **y == c as f64).count() as f64)
            .collect();
        let weights = labels
            .iter()
            .map(|y| (900.0 / count as f64 / by_class[*y as usize]) as f32);
        let data = dataset(columns.clone(), labels.clone());
        let weighted = dataset(columns.clone(), labels.clone()).weighted(weights.collect());
        let balanced = json!({"class_weight": "balanced", "max_depth": 4});
        let ours = tree(balanced, count, &data).unwrap();
        let theirs = tree(json!({"max_depth": 4}), count, &weighted).unwrap();
        let pairs = scores(&ours, &data.frame)
            .concat()
            .into_iter()
            .zip(scores(&theirs, &data.frame).concat());
        pairs.for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
        // A leaf for all rows says that classes are even.
        let stump = |class_weight: &str| {
            let params = json!({"class_weight": class_weight, "min_samples_split": 901, "n_estimators": 20});
            score(&forest(params, count, &data).unwrap(), &[0.0; 4])
        };
        let distance = |p: Vec<f64>| p.iter().map(|p| (p - 1.0 / count as f64).abs()).fold(0.0, f64::max);
        assert!(distance(stump("balanced_subsample")) < 1e-6);
        assert!((1e-6..0.05).contains(&distance(stump("balanced"))));
    }
}

/// Rows together are scored as each alone, to the bit; in whatever pieces.
#[test]
fn rows_together_are_scored_as_each_alone() {
    let (columns, targets) = mixed(700, 5);
    for count in [0, 2, 3] {
        let data = dataset(columns.clone(), targets_of(&targets, count));
        let model = forest(json!({"n_estimators": 7}), count, &data).unwrap();
        let alone = scores(&model, &data.frame);
        for rows in [0..700, 3..4, 255..600, 40..40, 692..700] {
            let mut together = vec![f64::NAN; rows.len() * model.outputs()];
            model.score_rows(&data.frame, rows.clone(), &mut together);
            assert_eq!(alone[rows].concat(), together);
        }
    }
}

/// Keeps the losses.
#[derive(Default)]
struct Losses(Mutex<Vec<Progress>>);

impl Monitor for Losses {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn progress(&self, progress: Progress) {
        self.0.lock().unwrap().push(progress);
    }
}

#[test]
fn losses_are_told_tree_by_tree() {
    let (columns, targets) = mixed(2_000, 12);
    for count in [0, 2, 3] {
        let labels = targets_of(&targets, count);
        let data = dataset(columns.clone(), labels.clone());
        let losses = |params: Value| {
            let params = super::params(ForestParams::default(), &params, &[]).unwrap();
            let monitor = Losses::default();
            let model = pool(2)
                .install(|| fit(&params, &of_classes(&data, count), &monitor))
                .unwrap();
            (monitor.0.into_inner().unwrap(), model)
        };
        let (told, _) = losses(json!({"n_estimators": 40, "oob_score": true}));
        assert!(
            told.iter()
                .zip(1..)
                .all(|(progress, tree)| progress.iteration == tree && progress.iterations == 40)
        );
        assert!(told[39].loss < 0.9 * told[0].loss && told[39].loss > 0.0, "{told:?}");
        // The mean impurity of one tree's leaves over its own rows is what its scores leave of the variance, or of Gini's.
        let (told, model) = losses(json!({"n_estimators": 1, "bootstrap": false, "max_depth": 3}));
        let of_row = |(p, y): (Vec<f64>, &f64)| match count {
            0 => (p[0] - y).powi(2),
            _ => 1.0 - p.iter().map(|p| p * p).sum::<f64>(),
        };
        let sum: f64 = scores(&model, &data.frame).into_iter().zip(&labels).map(of_row).sum();
        assert!(
            (told[0].loss - sum / 2_000.0).abs() < 1e-6,
            "{} {}",
            told[0].loss,
            sum / 2_000.0
        );
        // Fully grown trees leave nothing.
        let (told, _) = losses(json!({"n_estimators": 2, "max_features": 3}));
        assert!(told[1].loss < 1e-3);
    }
}

#[test]
fn a_fit_stops_wherever_it_is_asked_to() {
    let (columns, targets) = mixed(30_000, 6);
    for count in [0, 3] {
        let data = of_classes(&dataset(columns.clone(), targets_of(&targets, count)), count);
        let params = ForestParams::default().n_estimators(3).oob_score(true);
        stops_wherever_asked(80, |monitor| pool(2).install(|| fit(&params, &data, monitor).map(drop)));
    }
}

#[test]
fn samples_and_columns_are_drawn() {
    let (columns, targets) = mixed(1_000, 13);
    let data = dataset(columns, targets);
    // Trees of a few rows are small.
    let few = forest(json!({"max_samples": 10, "n_estimators": 50}), 0, &data).unwrap();
    assert!(few.trees().nodes() <= 50 * 19);
    let fraction = forest(json!({"max_samples": 0.01, "n_estimators": 50}), 0, &data).unwrap();
    assert_eq!(few, fraction);
    // With one column a split all are used, although one matters most.
    let roots = |max_features: Value| {
        let params = json!({"max_features": max_features, "max_depth": 1, "n_estimators": 60});
        let model = forest(params, 0, &data).unwrap();
        model.importance(0).unwrap().iter().filter(|i| i.splits > 0).count()
    };
    assert_eq!((roots(json!(1)), roots(json!(null))), (4, 1));
    assert_eq!(
        (roots(json!("log2")), roots(json!("sqrt"))),
        (roots(json!(2)), roots(json!(0.5)))
    );
}

#[test]
fn memory_needed_follows_the_limits() {
    let needed = |params: Value, threads| {
        let params = super::params(ForestParams::default(), &params, &[]).unwrap();
        let shape = Shape {
            rows: 1_000_000,
            features: 20,
            design_columns: 20,
            target: TargetKind::Numbers,
            threads,
        };
        super::super::fit::memory_needed(&params, &shape)
    };
    let all = needed(json!({}), 1);
    assert!(needed(json!({}), 2) > all);
    assert!(needed(json!({"n_estimators": 10}), 1) < all / 5);
    for limit in [
        json!({"max_depth": 10}),
        json!({"max_leaf_nodes": 1_000}),
        json!({"min_samples_leaf": 500}),
    ] {
        assert!(needed(limit, 1) < 200_000_000);
    }
}

#[test]
fn wrong_parameters_and_data_are_told() {
    let (columns, targets) = mixed(50, 13);
    let data = dataset(columns.clone(), targets.clone());
    let labelled = dataset(columns.clone(), classes(&targets, 2));
    let parameter = |params: Value, count, data: &Dataset| match forest(params, count, data) {
        Err(Error::Parameter { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    for (params, name) in [
        (json!({"n_estimators": 0}), "n_estimators"),
        (json!({"max_depth": 0}), "max_depth"),
        (json!({"min_samples_split": 1}), "min_samples_split"),
        (json!({"min_samples_leaf": 0.0}), "min_samples_leaf"),
        (json!({"min_impurity_decrease": -1}), "min_impurity_decrease"),
        (json!({"max_features": 0}), "max_features"),
        (json!({"max_leaf_nodes": 1}), "max_leaf_nodes"),
        (json!({"max_samples": 1.5}), "max_samples"),
        (json!({"max_samples": 5, "bootstrap": false}), "max_samples"),
        (json!({"oob_score": true, "bootstrap": false}), "oob_score"),
        (json!({"max_bin": 256}), "max_bin"),
        (json!({"criterion": "gini"}), "criterion"),
    ] {
        assert_eq!(parameter(params, 0, &data), name);
    }
    assert_eq!(
        parameter(json!({"criterion": "squared_error"}), 2, &labelled),
        "criterion"
    );
    assert!(matches!(
        tree(json!({"class_weight": "balanced_subsample"}), 2, &labelled),
        Err(Error::Parameter {
            name: "class_weight",
            ..
        })
    ));
    for unknown in ["n_trees", "classes", "n_jobs"] {
        let refused = forest(json!({ unknown: 1 }), 0, &data);
        assert!(matches!(refused, Err(Error::UnknownParameter { name, .. }) if name == unknown));
    }
    for unknown in ["n_estimators", "bootstrap", "oob_score", "max_samples"] {
        let Err(Error::UnknownParameter { name, known }) = tree(json!({ unknown: 1 }), 0, &data) else {
            panic!("{unknown}");
        };
        assert!(name == unknown && known.contains(&"max_depth") && !known.contains(&unknown));
    }
    for (wrong, name) in [
        (json!({"max_features": "all"}), "max_features"),
        (json!({"min_samples_leaf": -1}), "min_samples_leaf"),
        (json!({"criterion": "mse"}), "criterion"),
    ] {
        assert_eq!(parameter(wrong, 0, &data), name);
    }
    let told = |count, columns: &[Column], targets: Vec<f64>| {
        let fitted = tree(json!({}), count, &dataset(columns.to_vec(), targets));
        matches!(fitted, Err(Error::Data { .. }))
    };
    assert!(told(2, &columns, vec![1.0; 50]), "one class");
    assert!(told(2, &columns, targets.clone()), "no classes");
    assert!(told(2, &columns, classes(&targets, 3)), "too many classes");
    assert!(told(0, &columns, vec![f64::NAN; 50]), "missing targets");
    assert!(told(0, &columns, vec![1.0; 49]), "too few targets");
    assert!(told(0, &[], Vec::new()), "nothing");
    let wide = Column::Category {
        codes: vec![0; 50],
        levels: 255,
    };
    assert!(told(0, &[wide], targets), "levels");
}
