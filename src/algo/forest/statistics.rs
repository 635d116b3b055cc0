//! How many training rows came to each node, and what they weigh. Kept for leaves: a node's numbers are the sums of its leaves'.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::trees::tree::Trees;

/// The training rows of a node.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NodeRows {
    /// How many there are; a row that was drawn several times counts once.
    pub rows: u64,
    /// What they weigh.
    pub weight: f64,
}

/// The training rows of leaves, by the leaf's number.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct LeafRows {
    rows: Vec<u32>,
    /// Empty when every row weighs 1.
    weights: Vec<f32>,
}

impl LeafRows {
    /// Bytes of one leaf.
    pub(super) const BYTES: usize = size_of::<u32>() + size_of::<f32>();

    pub(crate) fn push(&mut self, rows: usize, weight: f64) {
        self.rows.push(rows as u32);
        self.weights.push(weight.min(f64::from(f32::MAX)) as f32);
    }

    /// Adds leaves behind these.
    pub(crate) fn append(&mut self, other: LeafRows) {
        self.rows.extend(other.rows);
        self.weights.extend(other.weights);
    }

    /// Forgets weights that say what the numbers of rows say.
    pub(crate) fn finish(mut self) -> LeafRows {
        if self
            .rows
            .iter()
            .zip(&self.weights)
            .all(|(&rows, &weight)| rows as f32 == weight)
        {
            self.weights = Vec::new();
        }
        self
    }

    fn of_leaf(&self, leaf: usize) -> NodeRows {
        let rows = self.rows[leaf];
        NodeRows {
            rows: u64::from(rows),
            weight: self
                .weights
                .get(leaf)
                .map_or(f64::from(rows), |&weight| f64::from(weight)),
        }
    }

    /// Those of each node of trees. O(nodes).
    pub(crate) fn of_nodes(&self, trees: &Trees) -> Vec<NodeRows> {
        let mut nodes = vec![NodeRows::default(); trees.nodes()];
        // Children lie behind their parents.
        for node in (0..nodes.len()).rev() {
            nodes[node] = match trees.children(node) {
                None => self.of_leaf(trees.number(node)),
                Some((left, right)) => NodeRows {
                    rows: nodes[left].rows + nodes[right].rows,
                    weight: nodes[left].weight + nodes[right].weight,
                },
            };
        }
        nodes
    }

    /// Checks those of so many leaves. O(leaves).
    pub(crate) fn validate(&self, leaves: usize) -> Result<()> {
        let is_weight = |weight: &f32| weight.is_finite() && *weight >= 0.0;
        let lengths = self.rows.len() == leaves && (self.weights.is_empty() || self.weights.len() == leaves);
        if lengths && self.weights.iter().all(is_weight) {
            return Ok(());
        }
        Err(Error::damaged("leaf", "its rows or their weight are wrong"))
    }

    /// Bytes held on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.rows.capacity() * size_of::<u32>() + self.weights.capacity() * size_of::<f32>()
    }
}
