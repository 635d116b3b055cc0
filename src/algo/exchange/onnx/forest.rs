//! Trees over columns, whose leaves add to one sum or several, and what is made of the sums.

use serde::{Deserialize, Serialize};

use super::arithmetic::Round;
use super::program::Program;
use crate::boosting::{self, Blocks, NodeStats, in_lanes};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::exchange::onnx::WHAT;
use crate::explain::{Ensemble, LeafValues, Margins};
use crate::monitor::Monitor;
use crate::trees::tree::Trees;

/// Sums that take turns, as in [`in_lanes`], by which prepared trees score the same, to the bit.
pub(super) const LANES: usize = 4;

/// Trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Forest {
    pub(super) trees: Trees,
    /// Where the values of each leaf begin; they end where those of the next begin.
    pub(super) starts: Vec<u32>,
    /// A sum, and what is added to it.
    pub(super) values: Vec<(u32, f64)>,
    /// Rows that came to each leaf in training; none where that is not known.
    pub(super) covers: Vec<f64>,
    /// To which of the sums that take turns each tree adds.
    pub(super) turns: Vec<u8>,
    /// What the sums begin with.
    pub(super) first: Vec<f64>,
    pub(super) round: Round,
    /// What becomes of the sums.
    pub(super) head: Program,
}

impl Forest {
    /// The values of a leaf.
    #[inline]
    fn said(&self, leaf: usize) -> &[(u32, f64)] {
        let end = self.starts.get(leaf + 1).map_or(self.values.len(), |end| *end as usize);
        &self.values[self.starts[leaf] as usize..end]
    }

    /// Writes the sums of a row; `lanes` is scratch.
    pub(super) fn sums(&self, row: &[f64], lanes: &mut Vec<f64>, out: &mut [f64]) {
        lanes.clear();
        lanes.resize(out.len() * LANES, 0.0);
        let mut tree = 0;
        self.trees.leaves(row, |leaf| {
            let turn = usize::from(self.turns[tree]);
            tree += 1;
            for (sum, value) in self.said(self.trees.number(leaf)) {
                lanes[*sum as usize * LANES + turn] += value;
            }
        });
        for ((out, lanes), first) in out.iter_mut().zip(lanes.as_chunks::<LANES>().0).zip(&self.first) {
            *out = first + ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]));
        }
    }

    /// Finishes sums; `slots` is scratch.
    pub(super) fn finish(&self, sums: &[f64], slots: &mut Vec<f64>, out: &mut [f64]) {
        slots.clear();
        slots.extend(sums.iter().map(|sum| self.round.of(*sum)));
        self.head.run(slots, out);
    }

    /// What came to each node in training. O(nodes).
    fn node_covers(&self) -> Vec<f64> {
        let mut covers = vec![0.0; self.trees.nodes()];
        for node in (0..covers.len()).rev() {
            covers[node] = match self.trees.children(node) {
                Some((left, right)) => covers[left] + covers[right],
                None => self.covers.get(self.trees.number(node)).copied().unwrap_or(1.0),
            };
        }
        covers
    }

    /// The mean of each sum over what came to the leaves, as far as that is known. O(nodes).
    pub(super) fn means(&self) -> Vec<f64> {
        let (mut means, covers) = (self.first.clone(), self.node_covers());
        if self.covers.is_empty() {
            return means;
        }
        for tree in 0..self.trees.count() {
            let nodes = self.trees.tree(tree);
            let all = covers[nodes.start];
            for node in nodes.filter(|node| self.trees.children(*node).is_none()) {
                for (sum, value) in self.said(self.trees.number(node)) {
                    means[*sum as usize] += value * (covers[node] / all);
                }
            }
        }
        means
    }

    /// As explanations see it.
    pub(super) fn ensemble(&self) -> Ensemble<'_> {
        Ensemble {
            trees: &self.trees,
            covers: self.node_covers(),
            first: self.first.clone(),
            leaves: self,
            margins: Margins::Sums,
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.trees.memory()
            + self.starts.capacity() * size_of::<u32>()
            + self.values.capacity() * size_of::<(u32, f64)>()
            + (self.covers.capacity() + self.first.capacity()) * size_of::<f64>()
            + self.turns.capacity()
            + self.head.memory()
    }

    /// Checks that every row of `features` is scored; see [`Trees::validate`].
    pub(super) fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
        let leaves = self.starts.len();
        let sums = self.first.len();
        if self.trees.count() == 0
            || self.turns.len() != self.trees.count()
            || !self.covers.is_empty() && self.covers.len() != leaves
        {
            return damaged("its trees are incomplete");
        }
        if self.turns.iter().any(|turn| usize::from(*turn) >= LANES) || self.head.raw as usize != sums || sums == 0 {
            return damaged("its trees are incomplete");
        }
        if !self.starts.is_sorted()
            || self
                .starts
                .last()
                .is_some_and(|last| *last as usize > self.values.len())
        {
            return damaged("the values of its leaves are out of order");
        }
        if !self
            .values
            .iter()
            .all(|(sum, value)| (*sum as usize) < sums && value.is_finite())
        {
            return damaged("the value of a leaf is out of range");
        }
        let is_cover = |cover: &f64| cover.is_finite() && *cover > 0.0;
        if !self.covers.iter().all(is_cover) || !self.first.iter().all(|value| value.is_finite()) {
            return damaged("a number is not finite");
        }
        self.head.validate(monitor)?;
        self.trees.validate(features, leaves, monitor)
    }

    /// What scores the same faster: for each sum its trees, where every tree adds to one sum only.
    pub(super) fn fast(&self) -> Option<Fast> {
        let mut of_sum: Vec<Vec<usize>> = vec![Vec::new(); self.first.len()];
        for tree in 0..self.trees.count() {
            let mut own = None;
            for node in self
                .trees
                .tree(tree)
                .filter(|node| self.trees.children(*node).is_none())
            {
                match (self.said(self.trees.number(node)), own) {
                    ([], _) => {}
                    ([(sum, _)], None) => own = Some(*sum),
                    ([(sum, _)], Some(own)) if own == *sum => {}
                    _ => return None,
                }
            }
            of_sum[own.unwrap_or(0) as usize].push(tree);
        }
        Some(Fast {
            blocks: of_sum.iter().map(|trees| self.blocks(trees)).collect::<Option<_>>()?,
            first: self.first.clone(),
            round: self.round,
            head: self.head.clone(),
        })
    }

    /// Some of the trees, prepared.
    fn blocks(&self, which: &[usize]) -> Option<Blocks> {
        let stats = NodeStats {
            value: 0.0,
            cover: 0.0,
            rows: 0,
            gain: 0.0,
        };
        let mut forest = boosting::Forest::default();
        for &tree in which {
            let root = forest.plant(stats);
            let mut stack = vec![(self.trees.tree(tree).start, root)];
            while let Some((from, to)) = stack.pop() {
                match self.trees.children(from) {
                    None => {
                        let value = self
                            .said(self.trees.number(from))
                            .first()
                            .map_or(0.0, |(_, value)| *value);
                        forest.set_stats(to, value, 0, 0.0);
                    }
                    Some((left, right)) => {
                        let child = forest.split(to, self.trees.decision(from), 0.0, stats, stats);
                        stack.extend([(right, child + 1), (left, child)]);
                    }
                }
            }
        }
        Blocks::new(&forest)
    }
}

impl LeafValues for Forest {
    fn each(&self, _: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        for (sum, value) in self.said(self.trees.number(node)) {
            add(*sum as usize, *value);
        }
    }
}

/// Trees made ready for scoring many rows.
#[derive(Debug)]
pub(super) struct Fast {
    /// Those of each sum.
    blocks: Vec<Blocks>,
    first: Vec<f64>,
    round: Round,
    head: Program,
}

impl Estimator for Fast {
    fn outputs(&self) -> usize {
        self.head.outputs.len()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        super::graph::with_scratch(|slots, _| {
            slots.clear();
            for (blocks, first) in self.blocks.iter().zip(&self.first) {
                let sum = in_lanes(*first, |sums| blocks.add_scores(row, sums));
                slots.push(self.round.of(sum));
            }
            self.head.run(slots, out);
        });
    }
}
