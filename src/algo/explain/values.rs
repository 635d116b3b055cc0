//! What leaves add to the sums, by node.

use super::ensemble::LeafValues;
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::trees::tree::Trees;

/// The entries of all leaves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LeafTable {
    /// Where the entries of each node begin; they end where the next node's begin.
    starts: Vec<u32>,
    /// A sum and what is added to it, in the order of the sums.
    entries: Vec<(u32, f64)>,
}

impl LeafTable {
    /// O(nodes + entries).
    pub(super) fn new(trees: &Trees, leaves: &dyn LeafValues, monitor: &dyn Monitor) -> Result<LeafTable> {
        let mut table = LeafTable {
            starts: room::with_capacity(trees.nodes() + 1)?,
            entries: Vec::new(),
        };
        let mut pace = Pace::new(monitor);
        for tree in 0..trees.count() {
            for node in trees.tree(tree) {
                pace.spend(1)?;
                table.starts.push(table.entries.len() as u32);
                if trees.children(node).is_none() {
                    // There are few for a leaf, so that this need not be asked for each.
                    room::reserve(&mut table.entries, 1024)?;
                    leaves.each(tree, node, &mut |sum, value| {
                        if value != 0.0 {
                            table.entries.push((sum as u32, value));
                        }
                    });
                }
            }
        }
        table.starts.push(table.entries.len() as u32);
        Ok(table)
    }

    /// How many leaves there are, each counted for every sum that it adds to.
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }

    /// What a leaf adds to which sums.
    pub(super) fn of_leaf(&self, node: usize) -> &[(u32, f64)] {
        &self.entries[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    /// What a leaf adds to a sum.
    #[inline]
    pub(super) fn value(&self, node: usize, sum: usize) -> f64 {
        match self.of_leaf(node) {
            [(only, value)] if *only == sum as u32 => *value,
            [] | [_] => 0.0,
            entries => entries
                .binary_search_by_key(&(sum as u32), |entry| entry.0)
                .map_or(0.0, |place| entries[place].1),
        }
    }

    /// Bytes held on the heap.
    pub(super) fn memory(&self) -> usize {
        self.starts.capacity() * size_of::<u32>() + self.entries.capacity() * size_of::<(u32, f64)>()
    }
}
