//! Trees as `TreeEnsemble` of version 5, which compares and adds numbers of eight bytes.

use super::export::MOVED;
use super::write::{Attribute, Builder, Data};
use crate::error::Result;
use crate::exchange::TreesOutline;
use crate::monitor::Pace;
use crate::room;
use crate::trees::tree::Decision;

/// The lists of TreeEnsemble.
#[derive(Default)]
struct Lists {
    roots: Vec<i64>,
    features: Vec<i64>,
    splits: Vec<f64>,
    modes: Vec<u8>,
    children: [Vec<i64>; 2],
    are_leaves: [Vec<i64>; 2],
    missing: Vec<i64>,
    targets: Vec<i64>,
    weights: Vec<f64>,
    members: Vec<f64>,
}

impl Lists {
    /// Adds a node whose children are to be said; gives its place.
    fn node(&mut self, decision: Decision<'_>) -> usize {
        let (column, split, mode, missing_left) = match decision {
            Decision::Leaf => (0, 0.0, 0, false),
            Decision::Number {
                column,
                threshold,
                missing_left,
            } => (column, threshold, 0, missing_left),
            Decision::Category {
                column,
                levels,
                missing_left,
            } => {
                let bits = (0..256).filter(|level| levels[level / 64] >> (level % 64) & 1 == 1);
                let mut members: Vec<f64> = bits.map(|level| (level + MOVED) as f64).collect();
                if missing_left {
                    members.insert(0, 0.0);
                }
                match members.is_empty() {
                    // No code is below 0.
                    true => (column, -1.0, 0, false),
                    false => {
                        self.members.extend(members);
                        self.members.push(f64::NAN);
                        (column, 0.0, 6, false)
                    }
                }
            }
        };
        self.features.push(column as i64);
        self.splits.push(split);
        self.modes.push(mode);
        self.missing.push(i64::from(missing_left));
        for side in [0, 1] {
            self.children[side].push(0);
            self.are_leaves[side].push(1);
        }
        self.features.len() - 1
    }

    fn leaf(&mut self, sum: usize, weight: f64) -> i64 {
        self.targets.push(sum as i64);
        self.weights.push(weight);
        self.weights.len() as i64 - 1
    }
}

/// Adds what a tree says of one sum.
fn tree(outline: &TreesOutline<'_>, which: usize, sum: usize, lists: &mut Lists, pace: &mut Pace<'_>) -> Result<()> {
    let trees = outline.trees;
    let said = |node: usize| {
        let mut all = 0.0;
        outline.leaves.each(which, node, &mut |own, value| {
            if own == sum {
                all += value
            }
        });
        all
    };
    let root = trees.tree(which).start;
    let first = lists.node(trees.decision(root));
    lists.roots.push(first as i64);
    let mut stack = Vec::new();
    match trees.children(root) {
        Some((left, right)) => stack.extend([(right, first, 1), (left, first, 0)]),
        None => {
            // A tree that is a leaf is a question whose answers are the same.
            let leaf = lists.leaf(sum, said(root));
            lists.children.iter_mut().for_each(|side| side[first] = leaf);
        }
    }
    while let Some((node, parent, side)) = stack.pop() {
        pace.spend(4)?;
        match trees.children(node) {
            None => lists.children[side][parent] = lists.leaf(sum, said(node)),
            Some((left, right)) => {
                let own = lists.node(trees.decision(node));
                lists.children[side][parent] = own as i64;
                lists.are_leaves[side][parent] = 0;
                stack.extend([(right, own, 1), (left, own, 0)]);
            }
        }
    }
    Ok(())
}

/// The sums of trees. A leaf of ONNX speaks of one sum, so that a tree that speaks of several is written for each.
pub(super) fn trees(
    outline: &TreesOutline<'_>,
    features: &str,
    graph: &mut Builder,
    pace: &mut Pace<'_>,
) -> Result<String> {
    let count = outline.trees.count();
    room::ask(
        outline
            .trees
            .nodes()
            .saturating_mul(outline.first.len())
            .saturating_mul(200),
    )?;
    let mut lists = Lists::default();
    for which in 0..count {
        let mut sums = vec![false; outline.first.len()];
        for node in outline
            .trees
            .tree(which)
            .filter(|node| outline.trees.children(*node).is_none())
        {
            outline
                .leaves
                .each(which, node, &mut |sum, value| sums[sum] |= value != 0.0);
        }
        for sum in (0..sums.len()).filter(|sum| sums[*sum]) {
            tree(outline, which, sum, &mut lists, pace)?;
        }
    }
    let sums = outline.first.len();
    let first = graph.constant(Data::Doubles(&outline.first), &[1, sums]);
    if lists.roots.is_empty() {
        // No tree says anything: a question whose answers are nothing.
        let node = lists.node(Decision::Leaf);
        lists.roots.push(node as i64);
        lists.leaf(0, 0.0);
    }
    let [yes, no] = &lists.children;
    let [yes_leaf, no_leaf] = &lists.are_leaves;
    let mut attributes = vec![
        ("n_targets", Attribute::Int(sums as i64)),
        ("aggregate_function", Attribute::Int(1)),
        ("post_transform", Attribute::Int(0)),
        ("tree_roots", Attribute::Ints(&lists.roots)),
        ("nodes_featureids", Attribute::Ints(&lists.features)),
        ("nodes_splits", Attribute::Tensor(Data::Doubles(&lists.splits))),
        ("nodes_modes", Attribute::Tensor(Data::Bytes(&lists.modes))),
        ("nodes_truenodeids", Attribute::Ints(yes)),
        ("nodes_trueleafs", Attribute::Ints(yes_leaf)),
        ("nodes_falsenodeids", Attribute::Ints(no)),
        ("nodes_falseleafs", Attribute::Ints(no_leaf)),
        ("nodes_missing_value_tracks_true", Attribute::Ints(&lists.missing)),
        ("leaf_targetids", Attribute::Ints(&lists.targets)),
        ("leaf_weights", Attribute::Tensor(Data::Doubles(&lists.weights))),
    ];
    if !lists.members.is_empty() {
        attributes.push(("membership_values", Attribute::Tensor(Data::Doubles(&lists.members))));
    }
    let said = graph.node("TreeEnsemble", &[features], &attributes);
    Ok(graph.node("Add", &[&said, &first], &[]))
}
