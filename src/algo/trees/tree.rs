//! Trees in flat arrays, and walking them. What a leaf says is kept by the model; here a leaf has a number.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// In [`Node::column`]: the split is by a set of category levels.
const CATEGORY: u32 = 1;
/// In [`Node::column`]: missing values go right.
const MISSING_RIGHT: u32 = 2;
/// In [`Node::column`]: the column begins at this bit. The flags are below it, so that stored numbers stay short.
const COLUMN: u32 = 2;

/// Trees walked at the same time, so that the loads of one hide behind those of the others.
const WALKERS: usize = 8;

/// One node, 16 bytes. Children stand next to each other, so one index names both; a leaf names itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Node {
    /// Numbers up to it go left. In a split by category the bits are the index of the set, in a leaf its number.
    threshold: f64,
    /// The left child; the right one is next to it.
    child: u32,
    column: u32,
}

/// How a node sends rows to its children.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision<'a> {
    /// It does not.
    Leaf,
    /// Numbers up to `threshold` go left.
    Number {
        /// The column.
        column: usize,
        /// The largest number that goes left.
        threshold: f64,
        /// Whether missing values go left.
        missing_left: bool,
    },
    /// Levels whose bit is set go left, all others right, unseen ones among them.
    Category {
        /// The column.
        column: usize,
        /// Bit `code % 64` of word `code / 64`.
        levels: &'a [u64; 4],
        /// Whether missing values go left.
        missing_left: bool,
    },
}

/// A tree under construction or a list of trees. Node indices count over all trees.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trees {
    nodes: Vec<Node>,
    roots: Vec<u32>,
    sets: Vec<[u64; 4]>,
}

impl Trees {
    /// Bytes of one node.
    pub(crate) const NODE_BYTES: usize = size_of::<Node>();

    /// The most nodes: more could not be told apart.
    pub(crate) const MOST_NODES: usize = (1 << 30) - 1;

    /// No trees, and room for so many nodes. Returns an error where there is none.
    pub(crate) fn with_capacity(nodes: usize) -> Result<Self> {
        Ok(Trees {
            nodes: room::with_capacity(nodes)?,
            ..Trees::default()
        })
    }

    /// The number of trees.
    pub fn count(&self) -> usize {
        self.roots.len()
    }

    /// The nodes of one tree: the root first, children after their parents.
    pub fn tree(&self, tree: usize) -> std::ops::Range<usize> {
        let end = self.roots.get(tree + 1).map_or(self.nodes.len(), |&root| root as usize);
        self.roots[tree] as usize..end
    }

    /// The left and the right child of `node`, none for a leaf.
    pub fn children(&self, node: usize) -> Option<(usize, usize)> {
        let child = self.nodes[node].child as usize;
        (child != node).then_some((child, child + 1))
    }

    /// How `node` decides.
    pub fn decision(&self, node: usize) -> Decision<'_> {
        let Node {
            threshold,
            child,
            column,
        } = self.nodes[node];
        if child as usize == node {
            return Decision::Leaf;
        }
        let missing_left = column & MISSING_RIGHT == 0;
        let index = (column >> COLUMN) as usize;
        if column & CATEGORY != 0 {
            Decision::Category {
                column: index,
                levels: &self.sets[threshold.to_bits() as usize],
                missing_left,
            }
        } else {
            Decision::Number {
                column: index,
                threshold,
                missing_left,
            }
        }
    }

    /// The number that the leaf `node` was given; of no meaning for a split.
    #[inline]
    pub fn number(&self, node: usize) -> usize {
        self.nodes[node].threshold.to_bits() as usize
    }

    /// The number of nodes.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Bytes held on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.roots.capacity() * size_of::<u32>()
            + self.sets.capacity() * size_of::<[u64; 4]>()
    }

    /// Begins a tree with a root that is a leaf; returns the root.
    pub(crate) fn plant(&mut self) -> usize {
        self.roots.push(self.nodes.len() as u32);
        self.push()
    }

    /// Makes the leaf `node` a split with two leaves; returns the left one, the right one is next.
    pub(crate) fn split(&mut self, node: usize, decision: Decision) -> usize {
        let (threshold, column, missing_left) = match decision {
            Decision::Leaf => return node,
            Decision::Number {
                column,
                threshold,
                missing_left,
            } => (threshold, (column as u32) << COLUMN, missing_left),
            Decision::Category {
                column,
                levels,
                missing_left,
            } => {
                self.sets.push(*levels);
                (
                    f64::from_bits(self.sets.len() as u64 - 1),
                    (column as u32) << COLUMN | CATEGORY,
                    missing_left,
                )
            }
        };
        let child = self.push();
        self.push();
        let column = if missing_left { column } else { column | MISSING_RIGHT };
        self.nodes[node] = Node {
            threshold,
            child: child as u32,
            column,
        };
        child
    }

    fn push(&mut self) -> usize {
        let index = self.nodes.len();
        self.nodes.push(Node {
            threshold: f64::from_bits(0),
            child: index as u32,
            column: 0,
        });
        index
    }

    /// Gives the leaf `node` a number.
    pub(crate) fn set_number(&mut self, node: usize, number: usize) {
        self.nodes[node].threshold = f64::from_bits(number as u64);
    }

    /// Adds the trees of `other` behind these; the numbers of its leaves grow by `numbers`.
    pub(crate) fn append(&mut self, other: Trees, numbers: usize) {
        let (nodes, sets) = (self.nodes.len() as u32, self.sets.len() as u64);
        let moved = (0u32..).zip(other.nodes).map(|(index, node)| {
            let by = match node.child == index {
                true => numbers as u64,
                false if node.column & CATEGORY != 0 => sets,
                false => 0,
            };
            Node {
                threshold: f64::from_bits(node.threshold.to_bits() + by),
                child: node.child + nodes,
                ..node
            }
        });
        self.nodes.extend(moved);
        self.roots.extend(other.roots.iter().map(|root| root + nodes));
        self.sets.extend(other.sets);
    }

    /// Keeps the first `trees` trees.
    pub(crate) fn truncate(&mut self, trees: usize) {
        if let Some(&root) = self.roots.get(trees) {
            let cut = root as usize;
            let sets = self.nodes[..cut]
                .iter()
                .filter(|node| node.column & CATEGORY != 0)
                .count();
            self.sets.truncate(sets);
            self.nodes.truncate(cut);
            self.roots.truncate(trees);
        }
    }

    /// Where a row goes from `at`: a child, or `at` itself when it is a leaf. `value` gives the row's value of a column.
    #[inline(always)]
    fn step(&self, at: u32, value: impl Fn(usize) -> f64) -> u32 {
        let node = &self.nodes[at as usize];
        let x = value((node.column >> COLUMN) as usize);
        let mut left = x <= node.threshold;
        if node.column & CATEGORY != 0 {
            // The cast saturates, so that unseen levels (infinity) have a code that no set holds.
            let code = x as u32;
            left = code < 256
                && self.sets[node.threshold.to_bits() as usize][(code >> 6) as usize & 3] >> (code & 63) & 1 == 1;
        }
        if x.is_nan() {
            left = node.column & MISSING_RIGHT == 0;
        }
        let next = node.child + u32::from(!left);
        if node.child == at { at } else { next }
    }

    /// The leaf of `tree` that a row comes to. `value` gives the row's value of a column, NaN for missing. O(depth).
    #[inline]
    pub fn leaf(&self, tree: usize, value: impl Fn(usize) -> f64) -> usize {
        let mut at = self.roots[tree];
        loop {
            let next = self.step(at, &value);
            if next == at {
                return at as usize;
            }
            at = next;
        }
    }

    /// Calls `visit` with the leaf that an encoded row comes to in each tree, in the order of the trees. O(trees x depth).
    #[inline]
    pub fn leaves(&self, row: &[f64], mut visit: impl FnMut(usize)) {
        for roots in self.roots.chunks(WALKERS) {
            let mut at = [0u32; WALKERS];
            at[..roots.len()].copy_from_slice(roots);
            loop {
                let mut moved = 0;
                for walker in &mut at[..] {
                    let next = self.step(*walker, |column| row[column]);
                    moved |= next ^ *walker;
                    *walker = next;
                }
                if moved == 0 {
                    break;
                }
            }
            at[..roots.len()].iter().for_each(|&leaf| visit(leaf as usize));
        }
    }

    /// Calls `visit` with the place of each of some encoded rows of so many values, one after the other, and with the leaf that it comes to in `tree`:
    /// the nodes that all rows pass stay in the cache. O(rows x depth).
    #[inline]
    pub fn leaves_of_rows(&self, tree: usize, rows: &[f64], width: usize, mut visit: impl FnMut(usize, usize)) {
        for (chunk, rows) in rows.chunks(WALKERS * width).enumerate() {
            let mut at = [self.roots[tree]; WALKERS];
            loop {
                let mut moved = 0;
                for (walker, row) in at.iter_mut().zip(rows.chunks_exact(width)) {
                    let next = self.step(*walker, |column| row[column]);
                    moved |= next ^ *walker;
                    *walker = next;
                }
                if moved == 0 {
                    break;
                }
            }
            let walked = at.iter().take(rows.len() / width).enumerate();
            walked.for_each(|(index, &leaf)| visit(chunk * WALKERS + index, leaf as usize));
        }
    }

    /// Checks that walking any encoded row of the columns `features` (0 for a number, the level count of a category) ends, and
    /// reads no index out of range: children lie behind their parents inside the tree, each has one parent, all indices and
    /// numbers are in range, those of leaves below `numbers`. Returns an error when stopped, too. O(nodes).
    pub fn validate(&self, features: &[usize], numbers: usize, monitor: &dyn Monitor) -> Result<()> {
        /// Nodes between two looks at the monitor.
        const BLOCK: usize = 1 << 16;
        let damaged = |problem: &str| Err(Error::damaged("tree", problem));
        let nodes = self.nodes.len();
        if nodes > Trees::MOST_NODES {
            return damaged("the number of nodes is wrong");
        }
        if nodes > 0 && features.is_empty() {
            return damaged("there is no column");
        }
        if (self.roots.is_empty() && nodes > 0) || self.roots.first().is_some_and(|&root| root != 0) {
            return damaged("the first root is not the first node");
        }
        if self.roots.windows(2).any(|pair| pair[0] >= pair[1])
            || self.roots.last().is_some_and(|&r| r as usize >= nodes)
        {
            return damaged("roots are out of order");
        }
        let mut sets = 0;
        for tree in 0..self.roots.len() {
            let range = self.tree(tree);
            let mut has_parent = vec![false; range.len()];
            has_parent[0] = true;
            for index in range.clone() {
                if index.is_multiple_of(BLOCK) {
                    monitor.check()?;
                }
                // Parents lie before their children, so this is known by now.
                if !has_parent[index - range.start] {
                    return damaged("a node has no parent");
                }
                let node = self.nodes[index];
                let child = node.child as usize;
                if child == index {
                    if node.column != 0 {
                        return damaged("a leaf decides");
                    }
                    if node.threshold.to_bits() >= numbers as u64 {
                        return damaged("the number of a leaf is out of range");
                    }
                    continue;
                }
                if child <= index || child + 1 >= range.end {
                    return damaged("a child is out of place");
                }
                for child in [child, child + 1] {
                    if std::mem::replace(&mut has_parent[child - range.start], true) {
                        return damaged("a node has two parents");
                    }
                }
                let Some(&levels) = features.get((node.column >> COLUMN) as usize) else {
                    return damaged("a column is out of range");
                };
                let by_category = node.column & CATEGORY != 0;
                if by_category != (levels > 0) {
                    return damaged("a column is of the wrong kind");
                }
                if by_category {
                    if node.threshold.to_bits() >= self.sets.len() as u64 {
                        return damaged("a set of levels is out of range");
                    }
                    sets += 1;
                } else if !node.threshold.is_finite() {
                    return damaged("a threshold is not finite");
                }
            }
        }
        if sets == self.sets.len() {
            Ok(())
        } else {
            damaged("the number of sets of levels is wrong")
        }
    }
}
