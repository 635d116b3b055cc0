//! What the shap package says of trees of LightGBM and scikit-learn, see tests/oracle/shapley.py.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::explain::{LeafValues, Margins};
use crate::trees::tree::{Decision, Trees};

#[derive(Deserialize)]
struct File {
    cases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    trees: Vec<Node>,
    margins: usize,
    base: Vec<f64>,
    rows: Vec<Vec<Option<f64>>>,
    background: Option<Vec<Vec<Option<f64>>>>,
    attributions: Vec<Vec<Vec<f64>>>,
    interactions: Option<Vec<Vec<Vec<Vec<f64>>>>>,
}

#[derive(Deserialize)]
struct Node {
    cover: f64,
    values: Option<Vec<f64>>,
    column: Option<usize>,
    threshold: Option<f64>,
    levels: Option<Vec<usize>>,
    missing_left: Option<bool>,
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
}

/// The trees of a case.
#[derive(Default)]
struct Read {
    trees: Trees,
    covers: Vec<f64>,
    values: Vec<Vec<f64>>,
    margins: usize,
}

impl Read {
    fn of(case: &Case) -> Read {
        let mut read = Read {
            margins: case.margins,
            ..Read::default()
        };
        for tree in &case.trees {
            let root = read.trees.plant();
            read.add(root, tree);
        }
        read
    }

    fn add(&mut self, at: usize, node: &Node) {
        let size = self.covers.len().max(at + 1);
        self.covers.resize(size, 0.0);
        self.values.resize(size, Vec::new());
        self.covers[at] = node.cover;
        let Some(column) = node.column else {
            self.values[at] = node.values.clone().unwrap();
            return;
        };
        let missing_left = node.missing_left.unwrap();
        let mut set = [0; 4];
        node.levels
            .iter()
            .flatten()
            .for_each(|level| set[level / 64] |= 1 << (level % 64));
        let decision = match node.threshold {
            Some(threshold) => Decision::Number {
                column,
                threshold,
                missing_left,
            },
            None => Decision::Category {
                column,
                levels: &set,
                missing_left,
            },
        };
        let left = self.trees.split(at, decision);
        self.add(left, node.left.as_ref().unwrap());
        self.add(left + 1, node.right.as_ref().unwrap());
    }
}

impl LeafValues for Read {
    fn each(&self, tree: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        match &self.values[node][..] {
            [value] => add(tree % self.margins, *value),
            values => values.iter().enumerate().for_each(|(sum, value)| add(sum, *value)),
        }
    }
}

fn flat(rows: &[Vec<Option<f64>>]) -> Vec<f64> {
    rows.iter().flatten().map(|value| value.unwrap_or(f64::NAN)).collect()
}

#[test]
fn the_shap_package_agrees() {
    let file: File = serde_json::from_str(include_str!("../../../../tests/oracle/shapley.json")).unwrap();
    assert_eq!(file.cases.len(), 7);
    for (name, case) in &file.cases {
        let read = Read::of(case);
        let rows = flat(&case.rows);
        let width = case.rows[0].len();
        let features = &[0, 0, 0, 0, 8][..width];
        let background = case.background.as_ref().map(|rows| flat(rows));
        let ensemble = Ensemble {
            trees: &read.trees,
            covers: read.covers.clone(),
            first: vec![0.0; case.margins],
            leaves: &read,
            margins: Margins::Sums,
        };
        for limits in [Limits::USUAL, WALKED, SPLIT, ROW_BY_ROW] {
            let baseline = background.as_deref().map_or(Baseline::Training, Baseline::Background);
            let explainer = TreeExplainer::limited(&ensemble, features, baseline, limits, &Unwatched).unwrap();
            let near = |ours: f64, theirs: f64| assert!((ours - theirs).abs() < 1e-6, "{name}: {ours} {theirs}");
            explainer
                .base()
                .iter()
                .zip(&case.base)
                .for_each(|(ours, theirs)| near(*ours, *theirs));
            let ours = explain(&explainer, &rows, width);
            let theirs = case.attributions.iter().flatten().flatten();
            assert_eq!(ours.len(), theirs.clone().count());
            ours.iter().zip(theirs).for_each(|(ours, theirs)| near(*ours, *theirs));
            let Some(theirs) = &case.interactions else { continue };
            let pairs = explainer.pairs(&Unwatched).unwrap();
            let rows = &rows[..theirs.len() * width];
            let mut ours = vec![f64::NAN; theirs.len() * case.margins * pairs.len()];
            explainer.interactions(rows, width, &mut ours, &Unwatched).unwrap();
            for (numbers, matrix) in ours.chunks_exact(pairs.len()).zip(theirs.iter().flatten()) {
                for (first, row) in matrix.iter().enumerate() {
                    for (second, theirs) in row.iter().enumerate() {
                        let pair = pairs.binary_search(&(first.min(second), first.max(second)));
                        near(pair.map_or(0.0, |place| numbers[place]), *theirs);
                    }
                }
            }
        }
    }
}
