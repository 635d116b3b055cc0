//! Sums of trees as formulas.

use super::{Asks, DEPTH, Expression, Formula, Link, Test, none};
use crate::boosting::{Decision, Forest};
use crate::error::{Error, Result};
use crate::exchange;
use crate::exchange::TreeSum;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Bytes of an expression, at most, with the levels of its test.
const BYTES: usize = 512;

/// A sum of trees as a formula; `levels` says how many levels each column has, 0 of a number. Returns an error for several sums, and for trees that
/// are too deep.
pub(crate) fn of_trees(sum: &TreeSum, levels: &[usize], monitor: &dyn Monitor) -> Result<Formula> {
    let link = match sum.link() {
        exchange::Link::Identity | exchange::Link::Share => Link::Identity,
        exchange::Link::Exp => Link::Exp,
        exchange::Link::Square => Link::Square,
        exchange::Link::Logistic { scale } | exchange::Link::Binary { scale } => Link::Logistic { scale },
        exchange::Link::Softplus => Link::Softplus,
        exchange::Link::Softmax { .. } | exchange::Link::OneVsRest { .. } | exchange::Link::Shares { .. } => {
            return Err(none("it has a sum of trees for each class"));
        }
    };
    let forest = sum.forest();
    room::ask(forest.flat().nodes().saturating_mul(BYTES))?;
    let mut pace = Pace::new(monitor);
    let mut terms = vec![Expression::Number(sum.first()[0])];
    for tree in 0..forest.trees() {
        let nodes = forest.tree(tree);
        let mut writer = Tree {
            forest,
            levels,
            root: nodes.start,
            leaves: vec![1_u32; nodes.len()],
            pace: &mut pace,
        };
        // Children come after their parents.
        for node in nodes.clone().rev() {
            if let Some((left, right)) = forest.children(node) {
                let leaves = |child: usize| writer.leaves[child - nodes.start];
                writer.leaves[node - nodes.start] = leaves(left).saturating_add(leaves(right));
            }
        }
        terms.push(writer.node(nodes.start, DEPTH)?);
    }
    Ok(Formula {
        margin: Expression::Sum(terms),
        link,
    })
}

/// A tree on its way to an expression.
struct Tree<'t, 'm> {
    forest: &'t Forest,
    levels: &'t [usize],
    root: usize,
    /// How many leaves are below each of its nodes.
    leaves: Vec<u32>,
    pace: &'t mut Pace<'m>,
}

impl Tree<'_, '_> {
    /// The smaller side stands behind its test, and the larger one goes on: so no more are nested than the logarithm of the leaves.
    fn node(&mut self, node: usize, depth: usize) -> Result<Expression> {
        self.pace.spend(4)?;
        let Some((left, right)) = self.forest.children(node) else {
            return Ok(Expression::Number(self.forest.stats(node).value));
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(none("a tree is deeper than 150 splits"));
        };
        let leaves = |child: usize| self.leaves[child - self.root];
        let order = leaves(left).cmp(&leaves(right));
        // Of equal ones that whose test is shorter.
        let left_first = |missing_left: bool| order.is_lt() || order.is_eq() && !missing_left;
        let (column, asks, missing_left, left_first) = match self.forest.decision(node) {
            Decision::Leaf => return Err(Error::Internal("a leaf has children")),
            Decision::Number {
                column,
                threshold,
                missing_left,
            } => match left_first(missing_left) {
                true => (column, Asks::AtMost(threshold), missing_left, true),
                false => (column, Asks::Above(threshold), missing_left, false),
            },
            Decision::Category {
                column,
                levels: set,
                missing_left,
            } => {
                let known = self.levels.get(column).copied().unwrap_or(0).min(256);
                let among = |code: usize| set[code / 64] >> (code % 64) & 1 == 1;
                // Rare levels, and those that training did not see, where there is a code for them.
                let others_left = known < 256 && among(known);
                let first = left_first(missing_left);
                let of_side = |left: bool| (0..known).filter(|code| among(*code) == left).collect();
                match first == others_left {
                    true => (column, Asks::Beside(of_side(!first)), missing_left, first),
                    false => (column, Asks::Among(of_side(first)), missing_left, first),
                }
            }
        };
        let [then, otherwise] = if left_first { [left, right] } else { [right, left] };
        Ok(Expression::Choice {
            test: Test {
                column,
                asks,
                or_missing: missing_left == left_first,
            },
            then: Box::new(self.node(then, depth)?),
            otherwise: Box::new(self.node(otherwise, depth)?),
        })
    }
}
