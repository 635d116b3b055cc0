//! A model as a sum of trees behind a link, to be written in a format of trees.

use super::{Grown, Known, Link, Node, Sums, TreeSum, Weigh};
use crate::boosting::Decision;
use crate::error::{Error, Result};
use crate::model::{InputKind, Model};
use crate::monitor::Monitor;
use crate::room;
use crate::trees::tree::Trees;

/// Nodes that a model of several classes may have when each class gets trees of its own.
const MOST_COPIES: usize = 10_000_000;

/// What errors say to do.
const HINT: &str =
    "train a model of gradient_boosting, random_forest or decision_tree without preprocess, calibrate and group_by";

/// The model as a sum of trees behind a link. Returns an error that names what cannot be said so. O(nodes).
pub fn as_trees(model: &Model, monitor: &dyn Monitor) -> Result<TreeSum> {
    let cannot = |what: &str| {
        Err(Error::data(
            format!("the model cannot be written as trees: {what}"),
            HINT,
        ))
    };
    if model.pipeline.is_some() {
        return cannot("steps of preprocess come before its trees");
    }
    if model.calibration.is_some() {
        return cannot("a calibration comes behind its trees");
    }
    for input in &model.inputs {
        match input.kind {
            InputKind::Number | InputKind::Category { .. } => {}
            InputKind::Vector { .. } => return cannot(&format!("column \"{}\" is a vector", input.name)),
            InputKind::Text { .. } => return cannot(&format!("column \"{}\" is a text", input.name)),
        }
    }
    match model.fitted.tree_sum(monitor)? {
        Some(sum) => Ok(sum),
        None => cannot("its algorithm makes no trees that add up"),
    }
}

/// Trees whose leaves a closure knows become a sum: one tree for each of `sums`, of which `leaf` gives what a leaf adds to it.
pub(crate) fn copied(
    trees: &Trees,
    link: Link,
    leaf: &dyn Fn(usize, usize) -> (f64, Known),
    monitor: &dyn Monitor,
) -> Result<TreeSum> {
    let sums = link.sums();
    if trees.nodes().saturating_mul(sums) > MOST_COPIES.max(trees.nodes()) {
        return Err(Error::data(
            "the model has too many nodes for trees of each class",
            "grow fewer or smaller trees",
        )
        .detail(format!("It has {} nodes and {sums} classes.", trees.nodes())));
    }
    room::ask(trees.nodes().saturating_mul(sums).saturating_mul(64))?;
    let mut grown = Grown::new("the model");
    for tree in 0..trees.count() {
        let nodes = trees.tree(tree);
        for sum in 0..sums {
            let mut node = |place: usize| {
                let node = nodes.start + place;
                let (left, right) = match trees.children(node) {
                    None => {
                        let (value, known) = leaf(node, sum);
                        return Ok(Node::Leaf { value, known });
                    }
                    Some((left, right)) => (left - nodes.start, right - nodes.start),
                };
                match trees.decision(node) {
                    Decision::Number {
                        column,
                        threshold,
                        missing_left,
                    } => Ok(Node::Number {
                        column,
                        threshold,
                        missing_left,
                        left,
                        right,
                        gain: 0.0,
                    }),
                    Decision::Category {
                        column,
                        levels,
                        missing_left,
                    } => Ok(Node::Category {
                        column,
                        levels: *levels,
                        missing_left,
                        left,
                        right,
                        gain: 0.0,
                    }),
                    Decision::Leaf => Err(Error::Internal("a leaf has children")),
                }
            };
            grown.add(nodes.len(), &mut node, monitor)?;
        }
    }
    Ok(grown.into_sum(Sums {
        link,
        first: vec![0.0; sums],
        weigh: Weigh::Rows,
    }))
}
