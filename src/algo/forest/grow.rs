//! Growing one tree: depth first, or, when leaves are limited, the node whose split gains most first.
//!
//! Once a node's rows fit into a second-level cache, its part of the columns is copied side by side, and the rest of the branch
//! is grown from the copy.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use rand_core::RngCore;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::leaves::Leaves;
use super::order::Ordered;
use super::statistics::LeafRows;
use super::tally::{Candidate, Cut, Node, Offer, Sample, Tally};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::trees::Importance;
use crate::trees::bins::Bins;
use crate::trees::partition::partition;
use crate::trees::tree::{Decision, Trees};

/// Bytes of columns that are copied for a branch.
const COPY: usize = 256 << 10;

/// The most rows whose columns are copied for a branch.
const COPIED_ROWS: usize = 8_192;

/// A column is read about so many times on the way down a branch, if it is drawn for every split; a copy that is read less
/// than once is not made.
const LEVELS: usize = 12;

/// Rows x columns between two looks at the monitor, and the least for which columns are looked at by several threads.
const WORK: usize = 200_000;

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

/// The rows that a tree or a branch of it is grown from.
struct View<'v> {
    ordered: &'v Ordered,
    columns: &'v [Vec<u8>],
    samples: &'v [Sample],
    min_leaf: usize,
}

impl<'v> View<'v> {
    /// A column of the node of `rows`, whose samples were entered.
    fn candidate(&self, rows: &'v [u32], samples: &'v [Sample], column: usize) -> Candidate<'v> {
        Candidate {
            bins: &self.columns[column],
            rows,
            samples,
            missing: self.ordered.data.bins[column].missing(),
            min_leaf: self.min_leaf,
        }
    }
}

/// A node to be looked at.
#[derive(Debug, Clone)]
struct Open {
    node: usize,
    rows: Range<usize>,
    depth: usize,
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
struct Best {
    open: Open,
    split: Split,
}

impl Ord for Best {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_age = other.open.node.cmp(&self.open.node);
        self.split.gain.total_cmp(&other.split.gain).then(by_age)
    }
}

impl PartialOrd for Best {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Best {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Best {}

impl<'a, T: Tally> Grower<'a, T> {
    /// Grows the tree from the rows that weigh something; there is one at least.
    pub(super) fn grow(mut self, samples: &[Sample]) -> Result<Grown> {
        let ordered = self.ordered;
        let weighs = |row: &u32| samples[*row as usize].weight > 0.0;
        let mut rows: Vec<u32> = (0..samples.len() as u32).filter(weighs).collect();
        let mut spare = vec![0; rows.len()];
        self.weight = samples.iter().map(|s| s.weight).sum();
        let view = View {
            ordered,
            columns: &ordered.data.columns,
            samples,
            min_leaf: self.limits.min_leaf,
        };
        let root = Open {
            node: self.grown.trees.plant(),
            rows: 0..rows.len(),
            depth: 0,
        };
        match self.limits.max_leaves {
            None => self.depth_first(&view, &mut rows, &mut spare, root, false)?,
            Some(leaves) => self.best_first(&view, &mut rows, &mut spare, root, leaves)?,
        }
        self.grown.impurity /= self.weight;
        self.grown.base.iter_mut().for_each(|sum| *sum /= self.weight);
        Ok(self.grown)
    }

    fn depth_first(
        &mut self,
        view: &View,
        rows: &mut [u32],
        spare: &mut [u32],
        root: Open,
        copied: bool,
    ) -> Result<()> {
        let columns = self.columns.len();
        let small = (COPY / columns.max(1)).min(COPIED_ROWS);
        let worth = !copied && self.limits.candidates * LEVELS >= columns;
        let mut open = vec![root];
        while let Some(at) = open.pop() {
            if worth && at.rows.len() <= small {
                self.branch(view, &rows[at.rows.clone()], at)?;
                continue;
            }
            let (node, split) = self.examine(view, &rows[at.rows.clone()], at.depth)?;
            match split {
                Some(split) => {
                    let [left, right] = self.split(view, rows, spare, &at, &split)?;
                    open.extend([right, left]);
                }
                None => self.end(at.node, &node),
            }
        }
        Ok(())
    }

    /// Grows a branch from a copy of its rows.
    fn branch(&mut self, view: &View, rows: &[u32], root: Open) -> Result<()> {
        self.monitor.check()?;
        let copy = |column: &Vec<u8>| rows.iter().map(|&row| column[row as usize]).collect();
        let columns: Vec<Vec<u8>> = view.columns.iter().map(copy).collect();
        let samples: Vec<Sample> = rows.iter().map(|&row| view.samples[row as usize]).collect();
        let view = View {
            columns: &columns,
            samples: &samples,
            ..*view
        };
        let mut rows: Vec<u32> = (0..rows.len() as u32).collect();
        let mut spare = vec![0; rows.len()];
        let rows_of_root = 0..rows.len();
        let root = Open {
            rows: rows_of_root,
            ..root
        };
        self.depth_first(&view, &mut rows, &mut spare, root, true)
    }

    fn best_first(
        &mut self,
        view: &View,
        rows: &mut [u32],
        spare: &mut [u32],
        root: Open,
        max_leaves: usize,
    ) -> Result<()> {
        let mut queue = BinaryHeap::new();
        let (node, split) = self.examine(view, &rows[root.rows.clone()], root.depth)?;
        match split {
            Some(split) => queue.push(Best { open: root, split }),
            None => self.end(root.node, &node),
        }
        let mut leaves = 1;
        while let Some(Best { open, split }) = queue.pop() {
            if leaves == max_leaves {
                let node = self.enter(view, &rows[open.rows.clone()])?;
                self.end(open.node, &node);
                continue;
            }
            leaves += 1;
            for child in self.split(view, rows, spare, &open, &split)? {
                let (node, split) = self.examine(view, &rows[child.rows.clone()], child.depth)?;
                match split {
                    Some(split) => queue.push(Best { open: child, split }),
                    None => self.end(child.node, &node),
                }
            }
        }
        Ok(())
    }

    /// Looks at the rows of a node.
    fn enter(&mut self, view: &View, rows: &[u32]) -> Result<Node> {
        self.work += rows.len();
        if self.work > WORK {
            self.work = 0;
            self.monitor.check()?;
        }
        self.samples.clear();
        self.samples.extend(rows.iter().map(|&row| view.samples[row as usize]));
        Ok(self.tally.enter(&mut self.samples))
    }

    /// Looks at the rows of a node and finds its best split, if it is to be split.
    fn examine(&mut self, view: &View, rows: &[u32], depth: usize) -> Result<(Node, Option<Split>)> {
        let Limits {
            max_depth,
            min_split,
            min_leaf,
            min_decrease,
            ..
        } = self.limits;
        let first = rows.first().map(|&row| view.samples[row as usize].target);
        let pure = rows.iter().all(|&row| Some(view.samples[row as usize].target) == first);
        let node = self.enter(view, rows)?;
        let small = rows.len() < min_split || rows.len() / 2 < min_leaf;
        if pure || small || depth >= max_depth {
            return Ok((node, None));
        }
        let found = self.search(view, rows)?.map(|(column, cut)| Split {
            column,
            cut,
            gain: (node.loss - cut.loss).max(0.0),
            weight: node.weight,
        });
        let split = found.filter(|split| split.gain / self.weight + f64::EPSILON >= min_decrease);
        Ok((node, split))
    }

    /// The best split by the columns drawn; of equals, the first drawn. More columns are drawn until one varies.
    fn search(&mut self, view: &View, rows: &[u32]) -> Result<Option<(usize, Cut)>> {
        let all = self.columns.len();
        let wanted = self.limits.candidates;
        let (mut best, mut varies, mut seen) = (None, false, 0);
        if self.share && rows.len() * wanted > WORK {
            (0..wanted).for_each(|place| self.draw(place));
            let look = |scratch: &mut T::Scratch, column: &usize| {
                self.monitor.check()?;
                Ok(self.tally.best(scratch, &view.candidate(rows, &self.samples, *column)))
            };
            let offers: Vec<Offer> = self.columns[..wanted]
                .par_iter()
                .map_init(|| self.tally.scratch(), look)
                .collect::<Result<_>>()?;
            for (column, offer) in self.columns.iter().zip(offers) {
                varies |= offer != Offer::Constant;
                best = better(best, *column, offer);
            }
            seen = wanted;
        }
        while seen < wanted || (!varies && seen < all) {
            self.draw(seen);
            self.work += rows.len();
            if self.work > WORK {
                self.work = 0;
                self.monitor.check()?;
            }
            let column = self.columns[seen];
            let candidate = view.candidate(rows, &self.samples, column);
            let offer = self.tally.best(&mut self.scratch, &candidate);
            varies |= offer != Offer::Constant;
            best = better(best, column, offer);
            seen += 1;
        }
        Ok(best)
    }

    /// Draws the column that is to stand at `place`, of those from there on. When all are looked at, they stay in order.
    fn draw(&mut self, place: usize) {
        let left = self.columns.len() - place;
        if self.limits.candidates < self.columns.len() {
            let drawn = ((self.random.next_u64() >> 32) * left as u64) >> 32;
            self.columns.swap(place, place + drawn as usize);
        }
    }

    /// Splits a node into its children.
    fn split(
        &mut self,
        view: &View,
        rows: &mut [u32],
        spare: &mut [u32],
        at: &Open,
        split: &Split,
    ) -> Result<[Open; 2]> {
        if self.grown.trees.nodes() + 2 > Trees::MOST_NODES {
            return Err(too_large());
        }
        let Split { column, cut, .. } = *split;
        let bins = &self.ordered.data.bins[column];
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
                if 2 * cut.lefts > at.rows.len() {
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
        let range = at.rows.clone();
        let lefts = partition(
            &mut rows[range.clone()],
            &mut spare[range.clone()],
            &view.columns[column],
            &goes_left,
            self.monitor,
        )?;
        let middle = range.start + lefts;
        let child = |node, rows| Open {
            node,
            rows,
            depth: at.depth + 1,
        };
        Ok([child(left, range.start..middle), child(left + 1, middle..range.end)])
    }

    /// Makes the node entered last a leaf.
    fn end(&mut self, node: usize, entered: &Node) {
        let leaf = self.grown.leaves.len();
        self.grown.trees.set_number(node, leaf);
        self.tally.leaf(&self.samples, &mut self.grown.leaves);
        self.grown.leaf_rows.push(self.samples.len(), entered.weight);
        (self.grown.leaves).add_weighted(leaf, entered.weight, &mut self.grown.base);
        self.grown.impurity += entered.impurity.max(0.0);
    }
}

/// The split with the smaller loss; the first of equals.
fn better(best: Option<(usize, Cut)>, column: usize, offer: Offer) -> Option<(usize, Cut)> {
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
