//! Trees too large for tables, against the training rows: one walk over the tree for some rows at a time.
//!
//! On the way down stands, for each row and each point of the quadrature, the product of the factors of the players so far (see
//! [`super::game`]); on the way up the sum of what the leaves below add, each times its product. An edge that asks a feature anew replaces the
//! feature's factor, and what the player gets of the leaves below it is the difference of what the new and the old factor give it. All factors are
//! positive, and nothing is subtracted but these two, so that no depth takes digits away. O(nodes x players / 2) for a row, and O(depth x players) scratch.

use super::coded::CodedRows;
use super::columns::Columns;
use super::paths::Covered;
use super::quadrature::Rule;
use super::values::LeafTable;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Points are computed with in fours.
const FOUR: usize = 4;

/// Rows that walk together.
const ROWS: usize = 16;

/// The walk of one tree, as far as it goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Walk {
    pub(super) tree: usize,
    pub(super) sum: usize,
    /// The most splits between the root and a leaf.
    pub(super) depth: usize,
    /// The most players of a leaf.
    pub(super) players: usize,
    /// Whether some leaf below a node of the tree is walked to; empty for all.
    pub(super) active: Vec<bool>,
}

/// What trees are walked by.
pub(super) struct Walker<'w> {
    pub(super) covered: &'w Covered,
    pub(super) columns: &'w Columns,
    pub(super) leaves: &'w LeafTable,
    pub(super) monitor: &'w dyn Monitor,
}

/// The points and what of them is needed, padded with points that weigh nothing.
#[derive(Debug)]
pub(super) struct Points {
    points: Vec<[f64; FOUR]>,
    weights: Vec<[f64; FOUR]>,
}

impl Points {
    /// For paths of so many players at most.
    pub(super) fn new(players: usize) -> Points {
        let rule = Rule::of_players(players);
        let pad = |values: &[f64], with: f64| {
            let four = |values: &[f64]| std::array::from_fn(|place| values.get(place).copied().unwrap_or(with));
            values.chunks(FOUR).map(four).collect()
        };
        Points {
            points: pad(&rule.points, 0.5),
            weights: pad(&rule.weights, 0.0),
        }
    }

    /// Bytes held.
    pub(super) fn memory(&self) -> usize {
        size_of::<Points>() + (self.points.capacity() + self.weights.capacity()) * size_of::<[f64; FOUR]>()
    }
}

/// How a row stands with the feature of an edge: it failed before, it fails here, it passes.
const FAILED: u8 = 0;
const FAILS: u8 = 1;
const PASSES: u8 = 2;

/// A node on the way down.
struct Level {
    node: usize,
    /// How many of its children have been gone to.
    gone: u8,
    column: usize,
    /// The ratio of the edge's player, and who passed, before the edge.
    ratio_before: f64,
    passed_before: [bool; ROWS],
    states: [u8; ROWS],
}

/// Everything that is known at the levels.
struct Scratch {
    /// For each level, row and point the product so far, and the sum over the leaves below.
    products: Vec<[f64; FOUR]>,
    sums: Vec<[f64; FOUR]>,
    /// For each level, state and point what a sum gives the edge's player.
    shares: Vec<[f64; FOUR]>,
    /// By state and point, of the edge at hand.
    factors: Vec<[f64; FOUR]>,
    /// By column: the ratio of its player so far, 1 for none, and which rows pass.
    ratios: Vec<f64>,
    passes: Vec<[bool; ROWS]>,
}

impl Walker<'_> {
    /// Adds what the walk's leaves attribute to the features of some rows, `stride` numbers lie between the
    /// first numbers of two rows.
    pub(super) fn add(
        &self,
        walk: &Walk,
        points: &Points,
        coded: &CodedRows,
        stride: usize,
        out: &mut [f64],
    ) -> Result<()> {
        let size = points.points.len();
        let levels = walk.depth + 1;
        let zeros = |count: usize| room::filled([0.0; FOUR], count);
        let mut scratch = Scratch {
            products: zeros(levels * ROWS * size)?,
            sums: zeros(levels * ROWS * size)?,
            shares: zeros(levels * 3 * size)?,
            factors: zeros(3 * size)?,
            ratios: vec![1.0; self.columns.all().len()],
            passes: vec![[true; ROWS]; self.columns.all().len()],
        };
        for (chunk, out) in out.chunks_mut(ROWS * stride).enumerate() {
            self.walk(walk, points, &mut scratch, coded, chunk * ROWS, stride, out)?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one walk")]
    fn walk(
        &self,
        walk: &Walk,
        points: &Points,
        scratch: &mut Scratch,
        coded: &CodedRows,
        first: usize,
        stride: usize,
        out: &mut [f64],
    ) -> Result<()> {
        let (size, rows) = (points.points.len(), out.len().div_ceil(stride));
        let root = self.covered.trees.tree(walk.tree).start;
        let mut pace = Pace::new(self.monitor);
        scratch.products[..ROWS * size].fill([1.0; FOUR]);
        let mut path = vec![Level {
            node: root,
            gone: 0,
            column: 0,
            ratio_before: 1.0,
            passed_before: [true; ROWS],
            states: [PASSES; ROWS],
        }];
        while let Some(depth) = path.len().checked_sub(1) {
            let level = &mut path[depth];
            let node = level.node;
            let children = self.covered.trees.children(node);
            if level.gone == 0 {
                pace.spend(8 + rows * size / 2)?;
                let value = if children.is_none() {
                    self.leaves.value(node, walk.sum)
                } else {
                    0.0
                };
                let (products, sums) = (&scratch.products, &mut scratch.sums);
                let here = depth * ROWS * size..(depth * ROWS + rows) * size;
                for (sum, product) in sums[here.clone()].iter_mut().zip(&products[here]) {
                    *sum = product.map(|product| product * value);
                }
            }
            let next = children
                .filter(|_| level.gone < 2)
                .map(|(left, right)| [left, right][usize::from(level.gone)]);
            if let Some(child) = next {
                level.gone += 1;
                if walk.active.is_empty() || walk.active[child - root] {
                    let level = self.descend(node, child, depth, points, scratch, coded, first, rows);
                    path.push(level);
                }
                continue;
            }
            let Some(level) = path.pop() else { break };
            if depth > 0 {
                self.ascend(&level, depth, size, scratch, rows, stride, out);
            }
        }
        Ok(())
    }

    /// Goes down an edge: the products of the child, and what its sums will give the edge's player.
    #[expect(clippy::too_many_arguments, reason = "the state of one walk")]
    fn descend(
        &self,
        node: usize,
        child: usize,
        depth: usize,
        points: &Points,
        scratch: &mut Scratch,
        coded: &CodedRows,
        first: usize,
        rows: usize,
    ) -> Level {
        let size = points.points.len();
        let is_left = self.covered.trees.children(node).is_some_and(|(left, _)| left == child);
        let Some((column, sides)) = self.columns.sides(self.covered.trees.decision(node)) else {
            return Level::leaf(child);
        };
        let codes = sides[usize::from(!is_left)];
        let of_column = &self.columns.all()[column];
        let (before, passed_before) = (scratch.ratios[column], scratch.passes[column]);
        let ratio = self.covered.ratio(node, child);
        let after = before * ratio;
        let mut level = Level {
            node: child,
            gone: 0,
            column,
            ratio_before: before,
            passed_before,
            states: [PASSES; ROWS],
        };
        let column_codes = &coded.column(column)[first..];
        let mut is_used = [false; 3];
        for row in 0..rows {
            level.states[row] = match (passed_before[row], codes.contains(of_column, column_codes[row])) {
                (false, _) => FAILED,
                (true, false) => FAILS,
                (true, true) => PASSES,
            };
            scratch.passes[column][row] = level.states[row] == PASSES;
            is_used[usize::from(level.states[row])] = true;
        }
        // Of who failed before nothing changes but how many training rows are below, and its player gets nothing here.
        scratch.factors[..size].fill([ratio; FOUR]);
        let shares = &mut scratch.shares[(depth + 1) * 3 * size..][..3 * size];
        for (place, (points, weights)) in points.points.iter().zip(&points.weights).enumerate() {
            let old = points.map(|t| 1.0 / (before + (1.0 - before) * t));
            if is_used[usize::from(FAILS)] {
                scratch.factors[size + place] = std::array::from_fn(|lane| after * (1.0 - points[lane]) * old[lane]);
                shares[size + place] = std::array::from_fn(|lane| {
                    weights[lane] * (-1.0 / (1.0 - points[lane]) - (1.0 - before) * old[lane])
                });
            }
            if is_used[usize::from(PASSES)] {
                let new = points.map(|t| after + (1.0 - after) * t);
                scratch.factors[2 * size + place] = std::array::from_fn(|lane| new[lane] * old[lane]);
                shares[2 * size + place] = std::array::from_fn(|lane| {
                    weights[lane] * ((1.0 - after) / new[lane] - (1.0 - before) * old[lane])
                });
            }
        }
        scratch.ratios[column] = after;
        let (above, below) = scratch.products[depth * ROWS * size..].split_at_mut(ROWS * size);
        for (row, &state) in level.states[..rows].iter().enumerate() {
            let factors = &scratch.factors[usize::from(state) * size..][..size];
            let here = row * size..(row + 1) * size;
            for ((below, above), factor) in below[here.clone()].iter_mut().zip(&above[here]).zip(factors) {
                *below = std::array::from_fn(|lane| above[lane] * factor[lane]);
            }
        }
        level
    }

    /// Comes back up an edge: its player gets what the leaves below give it, the node above their sum.
    #[expect(clippy::too_many_arguments, reason = "the state of one walk")]
    fn ascend(
        &self,
        level: &Level,
        depth: usize,
        size: usize,
        scratch: &mut Scratch,
        rows: usize,
        stride: usize,
        out: &mut [f64],
    ) {
        scratch.ratios[level.column] = level.ratio_before;
        scratch.passes[level.column] = level.passed_before;
        let feature = self.columns.all()[level.column].feature;
        let (above, below) = scratch.sums[(depth - 1) * ROWS * size..].split_at_mut(ROWS * size);
        for (row, (&state, out)) in level.states[..rows].iter().zip(out.chunks_mut(stride)).enumerate() {
            let shares = &scratch.shares[(depth * 3 + usize::from(state)) * size..][..size];
            let here = row * size..(row + 1) * size;
            let mut total = [0.0; FOUR];
            for ((above, below), share) in above[here.clone()].iter_mut().zip(&below[here]).zip(shares) {
                *above = std::array::from_fn(|lane| above[lane] + below[lane]);
                total = std::array::from_fn(|lane| total[lane] + below[lane] * share[lane]);
            }
            out[feature] += (total[0] + total[1]) + (total[2] + total[3]);
        }
    }
}

impl Level {
    fn leaf(node: usize) -> Level {
        Level {
            node,
            gone: 2,
            column: 0,
            ratio_before: 1.0,
            passed_before: [true; ROWS],
            states: [FAILED; ROWS],
        }
    }
}
