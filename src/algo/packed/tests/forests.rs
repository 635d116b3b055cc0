//! Forests and trees of packed rows.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::error::Error;
use crate::fitted::Fitted;
use crate::forest::{DecisionTree, Forest, ForestParams, RandomForest};
use crate::learner::Checked;
use crate::monitor::{Monitor, Progress};
use crate::parameters::Hyperparameters;
use crate::training_set::{Shape, TrainingSet};

fn checked<L: Learner<Parameters = ForestParams>>(json: &Value) -> Checked<L> {
    let mut params = L::defaults();
    params.read(json.as_object().unwrap(), L::WITHOUT).unwrap();
    Unchecked::<L>::new(params).check().unwrap()
}

fn grown<L>(json: &Value, packed: &Packed) -> RandomForest
where
    L: Learner<Parameters = ForestParams, Fitted = RandomForest>,
{
    L::fit_packed(&checked::<L>(json), packed, &Unwatched).unwrap()
}

/// The rows that train as values, in the order in which they are packed.
fn values(packed: &Packed) -> TrainingSet {
    let (mut columns, mut targets): (Vec<Column>, Vec<f64>) = (Vec::new(), Vec::new());
    for block in &packed.train.blocks {
        let (frame, target) = packed.unpacked(block, &Unwatched).unwrap();
        targets.extend(target.values());
        if columns.is_empty() {
            columns = frame.columns().to_vec();
            continue;
        }
        for (all, more) in columns.iter_mut().zip(frame.columns()) {
            match (all, more) {
                (Column::Number(all), Column::Number(more)) => all.extend(more),
                (Column::Category { codes, .. }, Column::Category { codes: more, .. }) => codes.extend(more),
                (Column::Number(_), Column::Category { .. }) | (Column::Category { .. }, Column::Number(_)) => {
                    panic!("a column changed its kind")
                }
            }
        }
    }
    let target = match packed.kind {
        TargetKind::Classes(count) => Target::Classes {
            numbers: targets,
            count,
        },
        TargetKind::Numbers | TargetKind::None => Target::Numbers(targets),
    };
    TrainingSet::new(Frame::new(columns).unwrap(), target)
}

/// The share of the training rows of which two models say the same.
fn alike(one: &RandomForest, other: &RandomForest, set: &TrainingSet) -> f64 {
    let scores = |model: &RandomForest| {
        let mut out = vec![0.0; set.rows() * model.outputs()];
        model.score_rows(&set.frame, 0..set.rows(), &mut out);
        out
    };
    let (one, other) = (scores(one), scores(other));
    let same = one
        .iter()
        .zip(&other)
        .filter(|(a, b)| (*a - *b).abs() <= 1e-6 * (1.0 + a.abs()));
    same.count() as f64 / one.len() as f64
}

/// The grower of rows as they are is the oracle: of the same rows in the same order and bins, with the same draws, it grows the same trees. Where leaves are
/// limited all nodes are looked at in pieces, else they are copied.
#[test]
fn trees_are_those_of_the_same_rows_as_values() {
    let rows: Vec<u64> = (0..4000).collect();
    for classes in [0, 2, 4] {
        let (packed, _) = packed(&rows, &rows, classes, None).unwrap();
        let set = values(&packed);
        assert_eq!(set.rows(), packed.train.rows());
        let mut several = vec![
            json!({"n_estimators": 4}),
            json!({"n_estimators": 4, "oob_score": true, "max_leaf_nodes": 40}),
            json!({"n_estimators": 3, "max_samples": 0.4, "max_leaf_nodes": 300, "min_samples_leaf": 3}),
            json!({"n_estimators": 2, "bootstrap": false, "max_features": 1, "max_leaf_nodes": 25, "min_impurity_decrease": 0.001}),
        ];
        if classes > 0 {
            several.push(json!({"n_estimators": 3, "class_weight": "balanced_subsample", "max_leaf_nodes": 30}));
            several.push(
                json!({"n_estimators": 3, "class_weight": "balanced", "max_leaf_nodes": 30, "criterion": "entropy"}),
            );
        }
        for json in several {
            let theirs = Forest::fit(&checked::<Forest>(&json), &set, &Unwatched).unwrap();
            let ours = grown::<Forest>(&json, &packed);
            let share = alike(&ours, &theirs, &set);
            // Sums that are no whole numbers are rounded, by which one of two equal splits may win here and the other there.
            let is_exact = classes > 0 && json.get("class_weight").is_none() || json.get("max_leaf_nodes").is_none();
            assert!(
                share > if is_exact { 0.9999 } else { 0.95 },
                "{classes} {json}: {share}"
            );
            let nodes = [&ours, &theirs].map(|model| model.trees().nodes() as f64);
            assert!((nodes[0] / nodes[1] - 1.0).abs() < 0.02, "{nodes:?}");
            let gains = [&ours, &theirs].map(|m| m.importance(0).unwrap().iter().map(|i| i.gain).sum::<f64>());
            assert!((gains[0] / gains[1] - 1.0).abs() < 0.02, "{gains:?}");
            ours.validate(&[0, 0, 5], &Unwatched).unwrap();
        }
    }
}

#[test]
fn packed_rows_teach_forests_what_rows_do() {
    let rows: Vec<u64> = (0..6000).collect();
    for classes in [0, 2, 4] {
        let (packed, prepared) = packed(&rows, &rows, classes, Some(0.25)).unwrap();
        let answer = prepared.answer.clone().unwrap();
        // The rows that test are new to both.
        let set = values(&packed);
        let json = json!({"n_estimators": 20, "min_samples_leaf": 2, "max_features": 2});
        let of_packed = quality(&grown::<Forest>(&json, &packed), &packed, &answer);
        let of_values = Forest::fit(&checked::<Forest>(&json), &set, &Unwatched).unwrap();
        let of_values = quality(&of_values, &packed, &answer);
        assert!(
            of_packed > 0.8 && of_packed > of_values - 0.02,
            "{classes}: {of_packed} {of_values}"
        );
        let tree = grown::<DecisionTree>(&json!({"max_depth": 8}), &packed);
        assert!(quality(&tree, &packed, &answer) > 0.7, "{classes}");
    }
}

#[test]
fn neither_order_nor_threads_matter() {
    // Of so many that the first nodes are larger than what is copied, and are summed up in groups.
    let straight: Vec<u64> = (0..90_000).collect();
    let turned: Vec<u64> = (0..90_000).rev().collect();
    for classes in [0, 3] {
        let (one, _) = packed(&straight, &straight, classes, None).unwrap();
        let (other, _) = packed(&turned, &turned, classes, None).unwrap();
        let with = |threads: usize, packed: &Packed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let json = json!({"n_estimators": 2, "max_depth": 5, "bootstrap": false, "max_features": 2});
            pool.install(|| {
                (
                    grown::<DecisionTree>(&json!({"max_depth": 5}), packed),
                    grown::<Forest>(&json, packed),
                )
            })
        };
        let first = with(1, &one);
        assert!(first == with(3, &one) && first == with(1, &other));
        let set = values(&one);
        let theirs = DecisionTree::fit(&checked::<DecisionTree>(&json!({"max_depth": 5})), &set, &Unwatched).unwrap();
        assert!(alike(&first.0, &theirs, &set) > 0.999);
    }
}

/// Stops after so many looks, and counts them.
struct Stops(AtomicUsize, usize);

impl Monitor for Stops {
    fn check(&self) -> Result<()> {
        match self.0.fetch_add(1, Ordering::Relaxed) < self.1 {
            true => Ok(()),
            false => Err(Error::Stopped),
        }
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn a_fit_stops_wherever_it_is_asked_to() {
    let rows: Vec<u64> = (0..3000).collect();
    let (packed, _) = packed(&rows, &rows, 3, None).unwrap();
    let json = json!({"n_estimators": 2, "oob_score": true, "max_leaf_nodes": 20});
    let params = checked::<Forest>(&json);
    let looks = Stops(AtomicUsize::new(0), usize::MAX);
    Forest::fit_packed(&params, &packed, &looks).unwrap();
    let looks = looks.0.into_inner();
    for at in (0..looks).step_by(looks / 20 + 1) {
        let stops = Stops(AtomicUsize::new(0), at);
        assert_eq!(Forest::fit_packed(&params, &packed, &stops).err(), Some(Error::Stopped));
    }
}

#[test]
fn little_is_held_beside_packed_rows() {
    let needed = |json: Value, rows: usize, threads: usize| {
        let shape = Shape {
            rows,
            features: 22,
            design_columns: 22,
            target: TargetKind::Classes(2),
            threads,
        };
        Forest::packed_memory(&checked::<Forest>(&json), &shape)
    };
    let limited = json!({"max_leaf_nodes": 1000, "n_estimators": 10});
    let by_row = (needed(limited.clone(), 20_000_000, 2) - needed(limited, 10_000_000, 2)) as f64 / 1e7;
    // 26 bytes are those of the packed rows themselves.
    assert!(by_row < 14.0 && by_row > 4.0, "{by_row}");
    assert!(needed(json!({"oob_score": true}), 1_000_000, 2) > needed(json!({}), 1_000_000, 2) + 12_000_000);
    assert!(
        needed(json!({}), 1_000_000, 2) > 1_000_000_000,
        "fully grown trees are large"
    );
}
