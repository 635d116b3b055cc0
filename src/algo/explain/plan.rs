//! Which leaves tables answer for, and which trees are walked.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::counting::MOST_BITS;
use super::deep::Walk;
use super::game::MOST_PLAYERS;
use super::partition::{Group, Leaf, partition};
use super::paths::Covered;
use super::tables::{Bundle, bundle};
use super::values::LeafTable;
use crate::error::Result;
use crate::monitor::Monitor;

/// How far tables go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of all tables, at most.
    pub(super) bytes: usize,
    /// Trees with more leaves are walked.
    pub(super) leaves_of_tree: usize,
    /// All trees of a model with more leaves, each counted for every sum that it adds to, are walked.
    pub(super) leaves: usize,
    /// Against a background, trees of which a path has more players are walked row by row.
    pub(super) bits: usize,
}

impl Limits {
    /// Enough for boosted trees of usual sizes.
    pub(super) const USUAL: Limits = Limits {
        bytes: 96 << 20,
        leaves_of_tree: 512,
        leaves: 1 << 17,
        bits: MOST_BITS,
    };
}

/// The most rows of a group's table, and where there is no room for such tables.
const MOST_CELLS: [usize; 2] = [1024, 256];

/// The most rows of a table of one leaf.
const MOST_CELLS_ALONE: usize = 1 << MOST_PLAYERS;

/// The leaves of a tree that add to one sum.
struct Part {
    tree: usize,
    sum: usize,
    leaves: Vec<Leaf>,
}

/// A model laid out.
pub(super) struct Plan {
    pub(super) bundles: Vec<Bundle>,
    pub(super) walks: Vec<Walk>,
}

impl Plan {
    /// O(nodes x players), and O(leaves x leaves of a group x columns) for those in tables.
    pub(super) fn new(
        covered: &Covered,
        columns: &Columns,
        leaves: &LeafTable,
        against_rows: bool,
        limits: Limits,
        monitor: &dyn Monitor,
    ) -> Result<Plan> {
        let trees = &covered.trees;
        let mut plan = Plan {
            bundles: Vec::new(),
            walks: Vec::new(),
        };
        let in_tables = leaves.entries() <= limits.leaves;
        let mut parts = Vec::new();
        for tree in 0..trees.count() {
            monitor.check()?;
            let is_small = trees.tree(tree).len().div_ceil(2) <= limits.leaves_of_tree;
            let (mut of_sums, mut most) = (BTreeMap::<u32, Vec<Leaf>>::new(), 0);
            covered.walk(columns, tree, monitor, |node, players| {
                most = most.max(players.len());
                for &(sum, value) in leaves.of_leaf(node) {
                    let of_sum = of_sums.entry(sum).or_default();
                    if in_tables && is_small && !players.is_empty() {
                        let players = players.to_vec();
                        of_sum.push(Leaf { players, value, node });
                    }
                }
                Ok(())
            })?;
            for (sum, leaves) in of_sums {
                let sum = sum as usize;
                if in_tables && is_small {
                    parts.push(Part { tree, sum, leaves });
                } else if most > 0 {
                    plan.walks.push(walk(covered, tree, sum, most, Vec::new()));
                }
            }
        }
        // Bundles hold groups of one sum.
        parts.sort_by_key(|part| (part.sum, part.tree));
        plan.lay_out(&parts, covered, columns, against_rows, limits.bytes, monitor)?;
        Ok(plan)
    }

    fn lay_out(
        &mut self,
        parts: &[Part],
        covered: &Covered,
        columns: &Columns,
        against_rows: bool,
        most_bytes: usize,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let (mut groups, mut alone) = in_groups(parts, columns, MOST_CELLS[0], monitor)?;
        if total(&groups) > most_bytes {
            let (smaller, others) = in_groups(parts, columns, MOST_CELLS[1], monitor)?;
            if total(&smaller) < total(&groups) {
                (groups, alone) = (smaller, others);
            }
        }
        let walked = limit(&mut groups, most_bytes);
        alone.extend(walked);
        let groups = groups.into_iter().map(|(part, group)| (part.sum, group));
        self.bundles = bundle(groups.collect(), columns, against_rows);
        alone.sort_by_key(|(part, leaf)| (part.sum, part.tree, leaf.node));
        for same in alone.chunk_by(|a, b| (a.0.sum, a.0.tree) == (b.0.sum, b.0.tree)) {
            monitor.check()?;
            let part = same[0].0;
            let players = same.iter().map(|(_, leaf)| leaf.players.len()).max().unwrap_or(1);
            let nodes = same.iter().map(|(_, leaf)| leaf.node).collect();
            self.walks.push(walk(covered, part.tree, part.sum, players, nodes));
        }
        Ok(())
    }
}

/// Groups with the parts that they belong to, and leaves that no table answers for.
type Grouped<'p> = (Vec<(&'p Part, Group)>, Vec<(&'p Part, Leaf)>);

/// The leaves in groups of so many cells at most; those that need more have tables of their own as far as their players go.
fn in_groups<'p>(parts: &'p [Part], columns: &Columns, most: usize, monitor: &dyn Monitor) -> Result<Grouped<'p>> {
    let (mut groups, mut alone) = (Vec::new(), Vec::new());
    for part in parts {
        monitor.check()?;
        let (own, rest) = partition(part.leaves.clone(), columns, most);
        groups.extend(own.into_iter().map(|group| (part, group)));
        for leaf in rest {
            let (own, rest) = partition(vec![leaf], columns, MOST_CELLS_ALONE);
            groups.extend(own.into_iter().map(|group| (part, group)));
            alone.extend(rest.into_iter().map(|leaf| (part, leaf)));
        }
    }
    Ok((groups, alone))
}

/// Keeps groups whose tables take so many bytes, those that answer for most leaves a byte first, and in their order; gives the leaves of the others.
fn limit<'p>(groups: &mut Vec<(&'p Part, Group)>, most_bytes: usize) -> Vec<(&'p Part, Leaf)> {
    if total(groups) <= most_bytes {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let size = |place: usize| bytes(&groups[place].1) / groups[place].1.leaves.len();
    order.sort_by_key(|&place| (size(place), place));
    let mut room = most_bytes;
    let mut kept = vec![false; groups.len()];
    for place in order {
        let Some(left) = room.checked_sub(bytes(&groups[place].1)) else {
            break;
        };
        (room, kept[place]) = (left, true);
    }
    let (mut walked, mut place) = (Vec::new(), 0);
    groups.retain_mut(|(part, group)| {
        place += 1;
        if !kept[place - 1] {
            walked.extend(std::mem::take(&mut group.leaves).into_iter().map(|leaf| (*part, leaf)));
        }
        kept[place - 1]
    });
    walked
}

fn total(groups: &[(&Part, Group)]) -> usize {
    groups.iter().map(|(_, group)| bytes(group)).sum()
}

/// About what a group takes.
fn bytes(group: &Group) -> usize {
    group.cells() * group.axes.len().next_multiple_of(4) * size_of::<f64>()
}

/// The walk of a tree to some leaves, given in order; to all if none are given.
fn walk(covered: &Covered, tree: usize, sum: usize, players: usize, leaves: Vec<usize>) -> Walk {
    let nodes = covered.trees.tree(tree);
    let root = nodes.start;
    let mut depths = vec![0_usize; nodes.len()];
    for node in nodes.clone() {
        if let Some((left, right)) = covered.trees.children(node) {
            depths[left - root] = depths[node - root] + 1;
            depths[right - root] = depths[node - root] + 1;
        }
    }
    let mut active = Vec::new();
    if !leaves.is_empty() {
        active = vec![false; nodes.len()];
        leaves.iter().for_each(|leaf| active[leaf - root] = true);
        // Children lie behind their parents.
        for node in nodes.rev() {
            if let Some((left, right)) = covered.trees.children(node) {
                active[node - root] = active[left - root] || active[right - root];
            }
        }
    }
    Walk {
        tree,
        sum,
        depth: depths.into_iter().max().unwrap_or(0),
        players,
        active,
    }
}
