//! Growing one tree: depth first, or, when leaves are limited, the node whose split gains most first.
//!
//! Where the rows of nodes are, and how they are looked at and parted, is that of a [`Nodes`].

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rand_core::RngCore;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::leaves::Leaves;
use super::order::Ordered;
use super::statistics::LeafRows;
use super::tally::{Cut, Node, Offer, Sample, Tally};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::trees::Importance;
use crate::trees::bins::Bins;
use crate::trees::tree::{Decision, Trees};

/// Rows x columns between two looks at the monitor, and the least for which columns are looked at by several threads.
pub(super) const WORK: usize = 200_000;

/// Where the rows of a tree's nodes are.
pub(super) trait Nodes<T: Tally>: Sized {
    /// The rows of a node.
    type Rows;

    /// Of two children, those that are grown last, depth first; given in this order, then first to last popped from a stack.
    fn stacked(children: [Open<Self::Rows>; 2]) -> [Open<Self::Rows>; 2];

    /// How many rows there are.
    fn len(&self, rows: &Self::Rows) -> usize;

    /// Looks at the rows of a node; also tells whether all have the same target. O(rows).
    fn enter(&mut self, grower: &mut Grower<'_, T>, rows: &Self::Rows) -> Result<(Node, bool)>;

    /// The best split of the node entered last by the columns drawn; of equals, the first drawn. More columns are drawn until one varies.
    fn search(&mut self, grower: &mut Grower<'_, T>, rows: &Self::Rows) -> Result<Option<(usize, Cut)>>;

    /// Parts the rows of a node by their bins of a column; both children keep their order. O(rows).
    fn part(
        &mut self,
        rows: &Self::Rows,
        column: usize,
        left: &[bool; 256],
        monitor: &dyn Monitor,
    ) -> Result<[Self::Rows; 2]>;

    /// Adds a leaf that says what the rows of the node say that was entered last.
    fn leaf(&self, grower: &mut Grower<'_, T>);

    /// Grows a node and all below it by itself, where it is one of those for which that is better. Tells whether it was.
    fn branch(&mut self, grower: &mut Grower<'_, T>, at: &Open<Self::Rows>) -> Result<bool>;
}

/// When to stop splitting, in numbers of rows and columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) max_depth: usize,
    pub(super) min_split: usize,
    pub(super) min_leaf: usize,
    pub(super) min_decrease: f64,
    pub(super) max_leaves: Option<usize>,
    /// The columns drawn for a split.
    pub(super) candidates: usize,
}

/// A tree, and what was learned of the columns.
pub(super) struct Grown {
    pub(super) trees: Trees,
    pub(super) leaves: Leaves,
    pub(super) leaf_rows: LeafRows,
    /// The mean, over the rows that it learned from, of what it says.
    pub(super) base: Vec<f64>,
    pub(super) importance: Vec<Importance>,
    /// The mean impurity of the leaves.
    pub(super) impurity: f64,
}

/// Grows one tree.
pub(super) struct Grower<'a, T: Tally> {
    pub(super) ordered: &'a Ordered,
    pub(super) limits: Limits,
    pub(super) monitor: &'a dyn Monitor,
    /// Whether threads have nothing else to do than to help with this tree.
    pub(super) share: bool,
    pub(super) random: Xoshiro256PlusPlus,
    pub(super) tally: T,
    pub(super) scratch: T::Scratch,
    /// All columns; those of the last split drawn stand in front.
    pub(super) columns: Vec<usize>,
    /// The samples of the node entered last.
    pub(super) samples: Vec<Sample>,
    pub(super) work: usize,
    /// The weight of the tree's rows.
    pub(super) weight: f64,
    pub(super) grown: Grown,
}

/// A node to be looked at.
#[derive(Debug)]
pub(super) struct Open<R> {
    pub(super) node: usize,
    pub(super) rows: R,
    pub(super) depth: usize,
}

/// A split that was found.
#[derive(Debug, Clone, Copy)]
struct Split {
    column: usize,
    cut: Cut,
    gain: f64,
    weight: f64,
}

/// A node that can be split, ordered by gain; of equals, the older first.
struct Best<R> {
    open: Open<R>,
    split: Split,
}

impl<R> Ord for Best<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_age = other.open.node.cmp(&self.open.node);
        self.split.gain.total_cmp(&other.split.gain).then(by_age)
    }
}

impl<R> PartialOrd for Best<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> PartialEq for Best<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<R> Eq for Best<R> {}

impl<T: Tally> Grower<'_, T> {
    /// Grows the tree from rows, of which there is one at least, and which weigh so much.
    pub(super) fn grow<N: Nodes<T>>(mut self, nodes: &mut N, rows: N::Rows, weight: f64) -> Result<Grown> {
        self.weight = weight;
        let root = Open {
            node: self.grown.trees.plant(),
            rows,
            depth: 0,
        };
        match self.limits.max_leaves {
            None => self.depth_first(nodes, root)?,
            Some(leaves) => self.best_first(nodes, root, leaves)?,
        }
        self.grown.impurity /= self.weight;
        self.grown.base.iter_mut().for_each(|sum| *sum /= self.weight);
        Ok(self.grown)
    }

    pub(super) fn depth_first<N: Nodes<T>>(&mut self, nodes: &mut N, root: Open<N::Rows>) -> Result<()> {
        let mut open = vec![root];
        while let Some(at) = open.pop() {
            if nodes.branch(self, &at)? {
                continue;
            }
            let (node, split) = self.examine(nodes, &at)?;
            match split {
                Some(split) => open.extend(N::stacked(self.split(nodes, &at, &split)?)),
                None => self.end(nodes, &at, &node),
            }
        }
        Ok(())
    }

    fn best_first<N: Nodes<T>>(&mut self, nodes: &mut N, root: Open<N::Rows>, max_leaves: usize) -> Result<()> {
        let mut queue = BinaryHeap::new();
        let (node, split) = self.examine(nodes, &root)?;
        match split {
            Some(split) => queue.push(Best { open: root, split }),
            None => self.end(nodes, &root, &node),
        }
        let mut leaves = 1;
        while let Some(Best { open, split }) = queue.pop() {
            if leaves == max_leaves {
                let (node, _) = nodes.enter(self, &open.rows)?;
                self.end(nodes, &open, &node);
                continue;
            }
            leaves += 1;
            for child in self.split(nodes, &open, &split)? {
                let (node, split) = self.examine(nodes, &child)?;
                match split {
                    Some(split) => queue.push(Best { open: child, split }),
                    None => self.end(nodes, &child, &node),
                }
            }
        }
        Ok(())
    }

    /// Looks at the rows of a node and finds its best split, if it is to be split.
    fn examine<N: Nodes<T>>(&mut self, nodes: &mut N, at: &Open<N::Rows>) -> Result<(Node, Option<Split>)> {
        let Limits {
            max_depth,
            min_split,
            min_leaf,
            min_decrease,
            ..
        } = self.limits;
        let (node, pure) = nodes.enter(self, &at.rows)?;
        let rows = nodes.len(&at.rows);
        let small = rows < min_split || rows / 2 < min_leaf;
        if pure || small || at.depth >= max_depth {
            return Ok((node, None));
        }
        let found = nodes.search(self, &at.rows)?.map(|(column, cut)| Split {
            column,
            cut,
            gain: (node.loss - cut.loss).max(0.0),
            weight: node.weight,
        });
        let split = found.filter(|split| split.gain / self.weight + f64::EPSILON >= min_decrease);
        Ok((node, split))
    }

    /// Notes that so much is about to be looked at.
    pub(super) fn spend(&mut self, work: usize) -> Result<()> {
        self.work += work;
        if self.work > WORK {
            self.work = 0;
            self.monitor.check()?;
        }
        Ok(())
    }

    /// Draws the column that is to stand at `place`, of those from there on. When all are looked at, they stay in order.
    pub(super) fn draw(&mut self, place: usize) {
        let left = self.columns.len() - place;
        if self.limits.candidates < self.columns.len() {
            let drawn = ((self.random.next_u64() >> 32) * left as u64) >> 32;
            self.columns.swap(place, place + drawn as usize);
        }
    }

    /// Splits a node into its children.
    fn split<N: Nodes<T>>(&mut self, nodes: &mut N, at: &Open<N::Rows>, split: &Split) -> Result<[Open<N::Rows>; 2]> {
        if self.grown.trees.nodes() + 2 > Trees::MOST_NODES {
            return Err(too_large());
        }
        let Split { column, cut, .. } = *split;
        let bins = &self.ordered.bins[column];
        let missing = bins.missing();
        let mut goes_left: [bool; 256] = std::array::from_fn(|bin| {
            if bin == missing {
                cut.missing_left
            } else {
                bin <= cut.bin
            }
        });
        let mut levels = [0; 4];
        let decision = match bins {
            Bins::Number { bounds } => Decision::Number {
                column,
                threshold: bounds[cut.bin],
                missing_left: cut.missing_left,
            },
            Bins::Category { .. } => {
                // Levels that training does not see go right, which is to be the larger child.
                if 2 * cut.lefts > nodes.len(&at.rows) {
                    goes_left.iter_mut().for_each(|left| *left = !*left);
                }
                for (level, _) in self.ordered.levels[column]
                    .iter()
                    .zip(goes_left)
                    .filter(|(_, left)| *left)
                {
                    levels[usize::from(level >> 6)] |= 1 << (level & 63);
                }
                Decision::Category {
                    column,
                    levels: &levels,
                    missing_left: goes_left[missing],
                }
            }
        };
        let left = self.grown.trees.split(at.node, decision);
        let importance = &mut self.grown.importance[column];
        importance.splits += 1;
        importance.gain += split.gain / self.weight;
        importance.cover += split.weight;
        let [lefts, rights] = nodes.part(&at.rows, column, &goes_left, self.monitor)?;
        let child = |node, rows| Open {
            node,
            rows,
            depth: at.depth + 1,
        };
        Ok([child(left, lefts), child(left + 1, rights)])
    }

    /// Makes the node entered last a leaf.
    fn end<N: Nodes<T>>(&mut self, nodes: &N, at: &Open<N::Rows>, entered: &Node) {
        let leaf = self.grown.leaves.len();
        self.grown.trees.set_number(at.node, leaf);
        nodes.leaf(self);
        self.grown.leaf_rows.push(nodes.len(&at.rows), entered.weight);
        (self.grown.leaves).add_weighted(leaf, entered.weight, &mut self.grown.base);
        self.grown.impurity += entered.impurity.max(0.0);
    }
}

/// The split with the smaller loss; the first of equals.
pub(super) fn better(best: Option<(usize, Cut)>, column: usize, offer: Offer) -> Option<(usize, Cut)> {
    match (best, offer) {
        (Some(best), Offer::Cut(cut)) if cut.loss < best.1.loss => Some((column, cut)),
        (None, Offer::Cut(cut)) => Some((column, cut)),
        (best, _) => best,
    }
}

/// Says that trees have more nodes than can be told apart.
pub(super) fn too_large() -> Error {
    Error::data(
        "the trees have too many nodes",
        "lower n_estimators, raise min_samples_leaf, or set max_depth or max_leaf_nodes",
    )
}
