//! Growing one tree leaf-wise: the leaf whose best split gains most is split next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::forest::{Forest, NodeStats};
use super::histogram::Histogram;
use super::packing::{Cell, Packing};
use super::params::BoostingParams;
use super::split::{Bounds, Judge, Rule, Split, better, contains};
use super::store::Store;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::trees::bins::Bins;
use crate::trees::tree::Decision;

/// Histograms kept for later subtraction take at most so many bytes; beyond that, children are counted anew.
const KEPT_BYTES: usize = 256 << 20;

/// Columns searched for a split by one task.
const COLUMNS_A_TASK: usize = 16;

/// What the trees of one round learn from.
pub(super) struct Round<'a, D> {
    /// The derivatives, as the store of the rows has them.
    pub(super) data: D,
    pub(super) packing: Packing,
    /// Which columns this tree may use.
    pub(super) wanted: &'a [bool],
}

/// Grows trees one after another, and keeps its buffers.
pub(super) struct Grower<'a, S> {
    /// The rows; each leaf has some of them.
    pub(super) store: S,
    params: &'a BoostingParams,
    monitor: &'a dyn Monitor,
    /// Histograms that no leaf holds.
    pool: Vec<Histogram>,
    kept: usize,
}

/// A leaf of the tree being grown.
struct Leaf<R> {
    node: usize,
    rows: R,
    depth: usize,
    total: Cell,
    l2: f64,
    bounds: Bounds,
    /// Its histogram, when it may be split and there was room.
    histogram: Option<Histogram>,
    split: Option<Split>,
}

/// A leaf that can be split, ordered by gain; of equals, the older first.
struct Candidate {
    gain: f64,
    leaf: usize,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.leaf.cmp(&self.leaf))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// The children of a leaf.
type Children<R> = Option<(Leaf<R>, Leaf<R>)>;

impl<'a, S: Store> Grower<'a, S> {
    /// A grower over the rows of `store`.
    pub(super) fn new(store: S, params: &'a BoostingParams, monitor: &'a dyn Monitor) -> Self {
        Grower {
            store,
            params,
            monitor,
            pool: Vec::new(),
            kept: 0,
        }
    }

    /// Adds a tree to `forest`, learned from the rows that the store begins with. Values of its nodes are multiplied by the learning rate. Returns each
    /// leaf's node and rows, ascending.
    pub(super) fn grow(&mut self, forest: &mut Forest, round: &Round<S::Data<'_>>) -> Result<Vec<(usize, S::Rows)>> {
        let judge = Judge {
            params: self.params,
            packing: &round.packing,
        };
        let mut leaves = vec![self.root(forest, round, &judge)?];
        let mut queue = BinaryHeap::new();
        queue.extend(leaves[0].split.map(|split| Candidate {
            gain: split.gain,
            leaf: 0,
        }));
        while leaves.len() < self.params.num_leaves {
            let Some(Candidate { leaf, .. }) = queue.pop() else {
                break;
            };
            self.monitor.check()?;
            let last = leaves.len() + 1 == self.params.num_leaves;
            if let Some((left, right)) = self.split(&mut leaves[leaf], forest, round, &judge, last)? {
                for (index, child) in [(leaf, left), (leaves.len(), right)] {
                    queue.extend(child.split.map(|split| Candidate {
                        gain: split.gain,
                        leaf: index,
                    }));
                    if index < leaves.len() {
                        leaves[index] = child
                    } else {
                        leaves.push(child)
                    }
                }
            }
        }
        self.kept = 0;
        self.pool
            .extend(leaves.iter_mut().filter_map(|leaf| leaf.histogram.take()));
        self.value_leaves(forest, round, &judge, &leaves)?;
        Ok(leaves.into_iter().map(|leaf| (leaf.node, leaf.rows)).collect())
    }

    fn root(&mut self, forest: &mut Forest, round: &Round<S::Data<'_>>, judge: &Judge) -> Result<Leaf<S::Rows>> {
        let mut leaf = Leaf {
            node: 0,
            rows: self.store.root(),
            depth: 0,
            total: Cell::default(),
            l2: self.params.reg_lambda,
            bounds: Bounds::FREE,
            histogram: None,
            split: None,
        };
        if self.may_split(self.store.len(&leaf.rows), 0) {
            let histogram = self.counted(&leaf, round)?;
            // Every row is in one bin of every wanted column.
            if let Some(column) = round.wanted.iter().position(|wanted| *wanted) {
                leaf.total = histogram.sums(self.store.places(column)).total(&round.packing);
            }
            leaf.split = self.search(&histogram, round, judge, leaf.total, leaf.bounds)?;
            leaf.histogram = Some(histogram);
        } else {
            leaf.total = self.store.total(&leaf.rows, round);
        }
        leaf.node = forest.plant(self.stats(judge, leaf.total, leaf.l2, leaf.bounds));
        Ok(leaf)
    }

    /// Splits `leaf` into its children. `last` tells that no leaf will be split after this one.
    fn split(
        &mut self,
        leaf: &mut Leaf<S::Rows>,
        forest: &mut Forest,
        round: &Round<S::Data<'_>>,
        judge: &Judge,
        last: bool,
    ) -> Result<Children<S::Rows>> {
        let Some(split) = leaf.split else { return Ok(None) };
        let goes_left = table(&split.rule, self.store.bins()[split.column].missing());
        let (lefts, rights) = self.store.part(&leaf.rows, split.column, &goes_left, self.monitor)?;
        let (left_bounds, right_bounds) = self.child_bounds(judge, leaf, &split);
        let child = |rows: S::Rows, total, bounds| Leaf {
            node: 0,
            rows,
            depth: leaf.depth + 1,
            total,
            l2: split.l2,
            bounds,
            histogram: None,
            split: None,
        };
        let mut left = child(lefts, split.left, left_bounds);
        let mut right = child(rights, leaf.total.minus(split.left), right_bounds);
        let stats = |leaf: &Leaf<S::Rows>| self.stats(judge, leaf.total, leaf.l2, leaf.bounds);
        left.node = self.add_nodes(forest, leaf.node, &split, stats(&left), stats(&right));
        right.node = left.node + 1;
        let parent = leaf.histogram.take();
        let smaller_left = self.store.len(&left.rows) <= self.store.len(&right.rows);
        let (small, large) = if smaller_left {
            (&mut left, &mut right)
        } else {
            (&mut right, &mut left)
        };
        if last || !self.may_split(self.store.len(&large.rows), large.depth) {
            self.recycle(parent);
        } else {
            self.count(parent, small, large, round)?;
            for leaf in [small, large] {
                if let Some(histogram) = &leaf.histogram {
                    if self.may_split(self.store.len(&leaf.rows), leaf.depth) {
                        leaf.split = self.search(histogram, round, judge, leaf.total, leaf.bounds)?;
                    }
                    if leaf.split.is_none() || self.kept * size_of::<Cell>() * self.store.cells() > KEPT_BYTES {
                        let histogram = leaf.histogram.take();
                        self.recycle(histogram);
                    }
                }
            }
        }
        Ok(Some((left, right)))
    }

    /// Gives two children their histograms: the smaller one's is counted, the larger one's is what remains of the parent's.
    fn count(
        &mut self,
        parent: Option<Histogram>,
        small: &mut Leaf<S::Rows>,
        large: &mut Leaf<S::Rows>,
        round: &Round<S::Data<'_>>,
    ) -> Result<()> {
        let of_small = self.counted(small, round)?;
        let of_large = match parent {
            Some(mut parent) => {
                parent.subtract(&of_small);
                parent
            }
            None => self.counted(large, round)?,
        };
        small.histogram = Some(of_small);
        large.histogram = Some(of_large);
        Ok(())
    }

    fn counted(&mut self, leaf: &Leaf<S::Rows>, round: &Round<S::Data<'_>>) -> Result<Histogram> {
        let mut histogram = self.histogram();
        self.store.count(&leaf.rows, round, &mut histogram, self.monitor)?;
        Ok(histogram)
    }

    /// The best split over all wanted columns; of equals, the first column's.
    fn search(
        &self,
        histogram: &Histogram,
        round: &Round<S::Data<'_>>,
        judge: &Judge,
        total: Cell,
        bounds: Bounds,
    ) -> Result<Option<Split>> {
        let Some(parent) = judge.parent(total, bounds) else {
            return Ok(None);
        };
        let best_of = |first: usize, bins: &[Bins]| {
            self.monitor.check()?;
            let columns = bins.iter().enumerate().map(|(index, bins)| (first + index, bins));
            Ok(columns
                .filter(|(column, _)| round.wanted[*column])
                .fold(None, |best: Option<Split>, (column, bins)| {
                    let sums = histogram.sums(self.store.places(column));
                    let above = best.map_or(0.0, |best| best.gain);
                    better(best, parent.best(column, bins, sums, above))
                }))
        };
        let bins = self.store.bins();
        if matches!(histogram, Histogram::Running(_)) {
            return best_of(0, bins);
        }
        let best: Vec<Option<Split>> = bins
            .par_chunks(COLUMNS_A_TASK)
            .enumerate()
            .map(|(index, bins)| best_of(index * COLUMNS_A_TASK, bins))
            .collect::<Result<_>>()?;
        Ok(best.into_iter().fold(None, better))
    }

    /// Writes the split into the tree; returns the left child.
    fn add_nodes(&self, forest: &mut Forest, node: usize, split: &Split, left: NodeStats, right: NodeStats) -> usize {
        let column = split.column;
        match (&split.rule, &self.store.bins()[column]) {
            (Rule::Number { bin, missing_left }, Bins::Number { bounds }) => {
                let decision = Decision::Number {
                    column,
                    threshold: bounds[*bin],
                    missing_left: *missing_left,
                };
                forest.split(node, decision, split.gain, left, right)
            }
            (rule, bins) => {
                let mut levels = match rule {
                    Rule::Category { set } => *set,
                    Rule::Number { .. } => Default::default(),
                };
                // Missing values have a bin like a level, but no code.
                let missing = bins.missing();
                let missing_left = contains(&levels, missing);
                levels[missing >> 6] &= !(1 << (missing & 63));
                forest.split(
                    node,
                    Decision::Category {
                        column,
                        levels: &levels,
                        missing_left,
                    },
                    split.gain,
                    left,
                    right,
                )
            }
        }
    }

    /// The children's bounds: a monotone split parts the leaf's range half way between the children's values.
    fn child_bounds(&self, judge: &Judge, leaf: &Leaf<S::Rows>, split: &Split) -> (Bounds, Bounds) {
        let monotone = self.params.monotone_constraints.get(split.column).copied().unwrap_or(0);
        if monotone == 0 {
            return (leaf.bounds, leaf.bounds);
        }
        let value = |cell| judge.cell_value(cell, split.l2, leaf.bounds);
        let middle = (value(split.left) + value(leaf.total.minus(split.left))) / 2.0;
        let lower = Bounds {
            high: middle,
            ..leaf.bounds
        };
        let upper = Bounds {
            low: middle,
            ..leaf.bounds
        };
        if monotone > 0 { (lower, upper) } else { (upper, lower) }
    }

    /// Gives each leaf its final value, from the gradients before rounding.
    fn value_leaves(
        &self,
        forest: &mut Forest,
        round: &Round<S::Data<'_>>,
        judge: &Judge,
        leaves: &[Leaf<S::Rows>],
    ) -> Result<()> {
        let rows: Vec<&S::Rows> = leaves.iter().map(|leaf| &leaf.rows).collect();
        let sums = self.store.sums(&rows, round, self.monitor)?;
        for (leaf, (gradient, hessian)) in leaves.iter().zip(sums) {
            let value = judge.value(gradient, hessian, leaf.l2, leaf.bounds);
            forest.set_value(leaf.node, value * self.params.learning_rate);
        }
        Ok(())
    }

    fn stats(&self, judge: &Judge, total: Cell, l2: f64, bounds: Bounds) -> NodeStats {
        NodeStats {
            value: judge.cell_value(total, l2, bounds) * self.params.learning_rate,
            cover: judge.packing.hessian(total),
            rows: total.count as u32,
            gain: 0.0,
        }
    }

    /// Whether a leaf of so many rows at this depth is worth a search.
    fn may_split(&self, rows: usize, depth: usize) -> bool {
        let deep = usize::try_from(self.params.max_depth).is_ok_and(|max| max > 0 && depth >= max);
        !deep && rows >= 2 && rows / 2 >= self.params.min_child_samples
    }

    fn histogram(&mut self) -> Histogram {
        self.kept += 1;
        self.pool.pop().unwrap_or_else(|| self.store.histogram())
    }

    fn recycle(&mut self, histogram: Option<Histogram>) {
        if let Some(histogram) = histogram {
            self.kept -= 1;
            self.pool.push(histogram);
        }
    }
}

/// For every bin whether its rows go left.
fn table(rule: &Rule, missing: usize) -> [bool; 256] {
    match rule {
        Rule::Number { bin, missing_left } => {
            std::array::from_fn(|b| if b == missing { *missing_left } else { b <= *bin })
        }
        Rule::Category { set } => std::array::from_fn(|b| contains(set, b)),
    }
}
