//! Boosted trees: trees, and what each of their nodes adds to the score.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::trees::Importance;
use crate::trees::tree::{Decision, Trees};

/// By what part of it a node's cover may differ from its children's: covers are rounded sums.
const COVER_ERROR: f64 = 1e-9;

/// What is known of a node besides its way of splitting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NodeStats {
    /// What the tree would add to the score if it ended here (for a leaf: what it adds).
    pub value: f64,
    /// The sum of hessians of the training rows that came here.
    pub cover: f64,
    /// The number of training rows that came here.
    pub rows: u32,
    /// The gain of the split, 0 for a leaf.
    pub gain: f32,
}

/// A tree under construction or a list of trees. Node indices count over all trees.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Forest {
    trees: Trees,
    /// One a node.
    stats: Vec<NodeStats>,
}

impl Forest {
    /// The number of trees.
    pub fn trees(&self) -> usize {
        self.trees.count()
    }

    /// The trees without what is known of their nodes.
    pub(crate) fn flat(&self) -> &Trees {
        &self.trees
    }

    /// The nodes of one tree: the root first, children after their parents.
    pub fn tree(&self, tree: usize) -> std::ops::Range<usize> {
        self.trees.tree(tree)
    }

    /// The left and the right child of `node`, none for a leaf.
    pub fn children(&self, node: usize) -> Option<(usize, usize)> {
        self.trees.children(node)
    }

    /// How `node` decides.
    pub fn decision(&self, node: usize) -> Decision<'_> {
        self.trees.decision(node)
    }

    /// What is known of `node`.
    pub fn stats(&self, node: usize) -> &NodeStats {
        &self.stats[node]
    }

    /// Begins a tree with a root that is a leaf; returns the root.
    pub(crate) fn plant(&mut self, stats: NodeStats) -> usize {
        self.stats.push(stats);
        self.trees.plant()
    }

    /// Makes the leaf `node` a split with two leaves; returns the left one, the right one is next.
    pub(crate) fn split(
        &mut self,
        node: usize,
        decision: Decision,
        gain: f64,
        left: NodeStats,
        right: NodeStats,
    ) -> usize {
        self.stats.extend([left, right]);
        self.stats[node].gain = gain as f32;
        self.trees.split(node, decision)
    }

    /// Sets what a node's tree adds to the score if it ends there.
    pub(super) fn set_value(&mut self, node: usize, value: f64) {
        self.stats[node].value = value;
    }

    /// Sets what is known of a leaf.
    pub(crate) fn set_stats(&mut self, node: usize, value: f64, rows: u32, cover: f64) {
        self.stats[node] = NodeStats {
            value,
            cover,
            rows,
            gain: 0.0,
        };
    }

    /// Gives the leaves of the last tree other values; those of its splits become the means of their rows. O(nodes of the tree).
    pub(super) fn renew(&mut self, leaves: impl Iterator<Item = (usize, f64)>) {
        for (leaf, value) in leaves {
            self.stats[leaf].value = value;
        }
        let Some(last) = self.trees().checked_sub(1) else {
            return;
        };
        // Children come after their parents.
        for node in self.trees.tree(last).rev() {
            if let Some((left, right)) = self.trees.children(node) {
                let part = |child: usize| self.stats[child].value * f64::from(self.stats[child].rows);
                self.stats[node].value = (part(left) + part(right)) / f64::from(self.stats[node].rows);
            }
        }
    }

    /// What is known of the splits of the last tree becomes what is known of their leaves together: sums of rows and of covers, and the mean of their
    /// values, by rows where there are some, else by covers. Returns an error where rows are more than can be counted. O(nodes of the tree).
    pub(crate) fn settle(&mut self) -> Result<()> {
        let Some(last) = self.trees().checked_sub(1) else {
            return Ok(());
        };
        // Children come after their parents.
        for node in self.trees.tree(last).rev() {
            let Some((left, right)) = self.trees.children(node) else {
                continue;
            };
            let (left, right) = (self.stats[left], self.stats[right]);
            let rows = left.rows.checked_add(right.rows);
            let rows = rows.ok_or_else(|| Error::damaged("tree", "its rows are too many"))?;
            let cover = left.cover + right.cover;
            let weights = match rows {
                0 => [left.cover, right.cover],
                _ => [f64::from(left.rows), f64::from(right.rows)],
            };
            let all = weights[0] + weights[1];
            let value = match all > 0.0 {
                true => left.value * (weights[0] / all) + right.value * (weights[1] / all),
                false => 0.0,
            };
            let gain = self.stats[node].gain;
            self.stats[node] = NodeStats {
                value,
                cover,
                rows,
                gain,
            };
        }
        Ok(())
    }

    /// Keeps the first `trees` trees.
    pub(crate) fn truncate(&mut self, trees: usize) {
        self.trees.truncate(trees);
        self.stats.truncate(self.trees.nodes());
    }

    /// The leaf of `tree` that a row comes to. `value` gives the row's value of a column, NaN for missing. O(depth).
    #[inline]
    pub fn leaf(&self, tree: usize, value: impl Fn(usize) -> f64) -> usize {
        self.trees.leaf(tree, value)
    }

    /// Adds what each tree says of an encoded row to the scores: tree t adds to `scores[t % scores.len()]`. O(trees x depth).
    pub fn add_scores(&self, row: &[f64], scores: &mut [f64]) {
        let mut class = 0;
        self.trees.leaves(row, |leaf| {
            scores[class] += self.stats[leaf].value;
            class += 1;
            if class == scores.len() {
                class = 0;
            }
        });
    }

    /// What its splits make of each of `columns` columns. O(nodes).
    pub(crate) fn importance(&self, columns: usize) -> Vec<Importance> {
        let mut importance = vec![Importance::default(); columns];
        for node in (0..self.trees()).flat_map(|tree| self.tree(tree)) {
            let (Decision::Number { column, .. } | Decision::Category { column, .. }) = self.decision(node) else {
                continue;
            };
            if let Some(of_column) = importance.get_mut(column) {
                let stats = self.stats(node);
                of_column.splits += 1;
                of_column.gain += f64::from(stats.gain);
                of_column.cover += stats.cover;
            }
        }
        importance
    }

    /// The mean of what a tree adds, over the rows that it learned from. O(nodes of the tree).
    pub(crate) fn mean_value(&self, tree: usize) -> f64 {
        let nodes = self.trees.tree(tree);
        let rows = f64::from(self.stats[nodes.start].rows);
        let leaves = nodes.filter(|&node| self.trees.children(node).is_none());
        let share = |stats: &NodeStats| stats.value * (f64::from(stats.rows) / rows);
        leaves.map(|leaf| share(&self.stats[leaf])).sum()
    }

    /// Bytes held on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.trees.memory() + self.stats.capacity() * size_of::<NodeStats>()
    }

    /// Checks that scoring any encoded row is safe, and that the rows of children are those of their parent; see [`Trees::validate`]. O(nodes).
    pub fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        if self.stats.len() != self.trees.nodes() {
            return Err(Error::damaged("tree", "the number of nodes is wrong"));
        }
        // Leaves are found in `stats` by their node, and need no other number.
        self.trees.validate(features, 1, monitor)?;
        let sound = |s: &NodeStats| s.value.is_finite() && s.cover.is_finite() && s.cover >= 0.0 && s.gain.is_finite();
        if !self.stats.iter().all(sound) {
            return Err(Error::damaged("tree", "a value is not finite"));
        }
        let adds_up = |node: usize| {
            let Some((left, right)) = self.trees.children(node) else {
                return true;
            };
            let (parent, left, right) = (&self.stats[node], &self.stats[left], &self.stats[right]);
            let cover = left.cover + right.cover - parent.cover;
            left.rows.checked_add(right.rows) == Some(parent.rows) && cover.abs() <= COVER_ERROR * parent.cover
        };
        match (0..self.stats.len()).all(adds_up) {
            true => Ok(()),
            false => Err(Error::damaged(
                "tree",
                "the rows of children are not those of their parent",
            )),
        }
    }
}
