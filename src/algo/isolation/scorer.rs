//! Trees laid out for many rows: each as deep everywhere as the deepest, so that the children of a node stand where its number says, and a walk is as
//! many steps for each row without a question whether it ends. Several rows are walked at a time.

use std::ops::Range;

use super::model::{IsolationForest, margin};
use crate::estimator::Estimator;
use crate::frame::{Column, Frame};
use crate::trees::tree::Decision;

/// The deepest trees: of those of 1,024 rows each, a hundred take 1.2 megabytes.
const DEEPEST: usize = 10;
/// Rows that are walked at a time, so that the loads of one hide behind those of the others.
const WALKERS: usize = 8;
/// Rows whose values are at hand while all trees are walked.
const ROWS: usize = 64;

/// In [`Node::column`]: missing values go right.
const MISSING_RIGHT: u16 = 1;
/// In [`Node::column`]: the split is by a set of levels.
const CATEGORY: u16 = 2;
/// In [`Node::column`]: the column begins at this bit.
const COLUMN: u16 = 2;
/// The most columns.
const MOST_COLUMNS: usize = 1 << 14;

/// A node. Below a leaf all go left.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Numbers up to it go left. In a split by category the bits are the index of the set.
    threshold: f64,
    column: u16,
}

/// The nodes of trees of one depth: 10 bytes each, so that a hundred trees of 256 rows stay in the second cache of a processor.
#[derive(Debug, Clone)]
struct Nodes {
    thresholds: Vec<f64>,
    columns: Vec<u16>,
}

impl Nodes {
    fn set(&mut self, place: usize, node: Node) {
        (self.thresholds[place], self.columns[place]) = (node.threshold, node.column);
    }

    /// Those of a tree.
    #[inline(always)]
    fn of(&self, tree: usize, inner: usize) -> TreeNodes<'_> {
        TreeNodes {
            thresholds: &self.thresholds[tree * inner..(tree + 1) * inner],
            columns: &self.columns[tree * inner..(tree + 1) * inner],
        }
    }
}

/// The nodes of a tree.
#[derive(Clone, Copy)]
struct TreeNodes<'a> {
    thresholds: &'a [f64],
    columns: &'a [u16],
}

impl TreeNodes<'_> {
    #[inline(always)]
    fn get(self, place: usize) -> Node {
        Node {
            threshold: self.thresholds[place],
            column: self.columns[place],
        }
    }
}

/// A forest and what it takes to score fast.
#[derive(Debug, Clone)]
pub struct Scorer {
    depth: usize,
    trees: usize,
    /// `2^depth - 1` a tree: the children of node n are 2 n + 1 and 2 n + 2.
    nodes: Nodes,
    /// `2^depth` a tree: which of the lengths the leaf has.
    leaves: Vec<u16>,
    /// The lengths that there are, each once.
    lengths: Vec<f64>,
    sets: Vec<[u64; 4]>,
}

impl Scorer {
    /// `None` where a tree is too deep, or there are too many columns or lengths.
    pub(super) fn new(forest: &IsolationForest) -> Option<Scorer> {
        let trees = forest.trees();
        let mut depth = 0;
        let mut open: Vec<(usize, usize)> = (0..trees.count()).map(|tree| (trees.tree(tree).start, 0)).collect();
        while let Some((node, above)) = open.pop() {
            depth = depth.max(above);
            if depth > DEEPEST {
                return None;
            }
            if let Some((left, right)) = trees.children(node) {
                open.extend([(left, above + 1), (right, above + 1)]);
            }
        }
        let mut lengths = forest.lengths().to_vec();
        lengths.sort_unstable_by(f64::total_cmp);
        lengths.dedup_by_key(|length| length.to_bits());
        if lengths.len() > 1 << 16 {
            return None;
        }
        let (inner, leaves) = ((1 << depth) - 1, 1 << depth);
        let mut scorer = Scorer {
            depth,
            trees: trees.count(),
            nodes: Nodes {
                thresholds: vec![f64::INFINITY; inner * trees.count()],
                columns: vec![0; inner * trees.count()],
            },
            leaves: vec![0; leaves * trees.count()],
            lengths,
            sets: Vec::new(),
        };
        for tree in 0..trees.count() {
            let mut open = vec![(trees.tree(tree).start, 0)];
            while let Some((node, place)) = open.pop() {
                let Some((left, right)) = trees.children(node) else {
                    // The first of the places below it is where all go.
                    let mut place = place;
                    while place < inner {
                        place = 2 * place + 1;
                    }
                    let length = forest.lengths()[trees.number(node)];
                    let index = scorer.lengths.partition_point(|other| other.total_cmp(&length).is_lt());
                    scorer.leaves[tree * leaves + place - inner] = index as u16;
                    continue;
                };
                let node = scorer.node(trees.decision(node))?;
                scorer.nodes.set(tree * inner + place, node);
                open.extend([(left, 2 * place + 1), (right, 2 * place + 2)]);
            }
        }
        Some(scorer)
    }

    fn node(&mut self, decision: Decision) -> Option<Node> {
        let of = |column: usize| (column < MOST_COLUMNS).then_some((column as u16) << COLUMN);
        let (threshold, column, missing_left) = match decision {
            Decision::Leaf => (f64::INFINITY, 0, true),
            Decision::Number {
                column,
                threshold,
                missing_left,
            } => (threshold, of(column)?, missing_left),
            Decision::Category {
                column,
                levels,
                missing_left,
            } => {
                self.sets.push(*levels);
                let index = self.sets.len() as u64 - 1;
                (f64::from_bits(index), of(column)? | CATEGORY, missing_left)
            }
        };
        let column = if missing_left { column } else { column | MISSING_RIGHT };
        Some(Node { threshold, column })
    }

    /// Whether a value goes right.
    #[inline(always)]
    fn is_right<const CATEGORIES: bool, const MISSING: bool>(&self, node: Node, value: f64) -> bool {
        if CATEGORIES && node.column & CATEGORY != 0 && !value.is_nan() {
            // The cast saturates: levels that are not seen have a code that no set holds.
            let code = value as usize;
            let set = &self.sets[node.threshold.to_bits() as usize];
            return code >= 256 || set[(code >> 6) & 3] >> (code & 63) & 1 == 0;
        }
        // A set's index as a number is next to 0 and never compared with anything but a missing value, which is greater than nothing.
        (value > node.threshold) | (MISSING & value.is_nan() & (node.column & MISSING_RIGHT != 0))
    }

    /// Adds the lengths of the paths of rows of `width` values each, tree by tree.
    fn add<const CATEGORIES: bool, const MISSING: bool>(&self, rows: &[f64], width: usize, sums: &mut [f64]) {
        let (inner, leaves) = ((1 << self.depth) - 1, 1 << self.depth);
        for tree in 0..self.trees {
            let nodes = self.nodes.of(tree, inner);
            let of_leaves = &self.leaves[tree * leaves..(tree + 1) * leaves];
            for (rows, sums) in rows.chunks(WALKERS * width).zip(sums.chunks_mut(WALKERS)) {
                let mut places = [0_usize; WALKERS];
                let Ok(sums) = <&mut [f64; WALKERS]>::try_from(&mut *sums) else {
                    for (row, sum) in rows.chunks_exact(width).zip(sums) {
                        *sum += self.length::<CATEGORIES, MISSING>(tree, row);
                    }
                    continue;
                };
                let rows: [&[f64]; WALKERS] = std::array::from_fn(|walker| &rows[walker * width..(walker + 1) * width]);
                for _ in 0..self.depth {
                    for (place, row) in places.iter_mut().zip(rows) {
                        *place = self.step::<CATEGORIES, MISSING>(nodes, *place, row);
                    }
                }
                for (sum, place) in sums.iter_mut().zip(places) {
                    *sum += self.lengths[usize::from(of_leaves[place - inner])];
                }
            }
        }
    }

    /// The length of a row's path in a tree.
    fn length<const CATEGORIES: bool, const MISSING: bool>(&self, tree: usize, row: &[f64]) -> f64 {
        let (inner, leaves) = ((1 << self.depth) - 1, 1 << self.depth);
        let nodes = self.nodes.of(tree, inner);
        let place = (0..self.depth).fold(0, |place, _| self.step::<CATEGORIES, MISSING>(nodes, place, row));
        self.lengths[usize::from(self.leaves[tree * leaves + place - inner])]
    }

    /// The sum of the lengths of a single row's paths, some trees at a time.
    fn sum<const CATEGORIES: bool, const MISSING: bool>(&self, row: &[f64]) -> f64 {
        let (inner, leaves) = ((1 << self.depth) - 1, 1 << self.depth);
        let (mut sum, mut tree) = (0.0, 0);
        while tree + WALKERS <= self.trees {
            let trees: [TreeNodes<'_>; WALKERS] = std::array::from_fn(|walker| self.nodes.of(tree + walker, inner));
            let mut places = [0_usize; WALKERS];
            for _ in 0..self.depth {
                for (place, nodes) in places.iter_mut().zip(trees) {
                    *place = self.step::<CATEGORIES, MISSING>(nodes, *place, row);
                }
            }
            for (walker, place) in places.into_iter().enumerate() {
                sum += self.lengths[usize::from(self.leaves[(tree + walker) * leaves + place - inner])];
            }
            tree += WALKERS;
        }
        (tree..self.trees).fold(sum, |sum, tree| sum + self.length::<CATEGORIES, MISSING>(tree, row))
    }

    /// The child that a row goes to.
    #[inline(always)]
    fn step<const CATEGORIES: bool, const MISSING: bool>(
        &self,
        nodes: TreeNodes<'_>,
        place: usize,
        row: &[f64],
    ) -> usize {
        let node = nodes.get(place);
        let value = row[(node.column >> COLUMN) as usize];
        2 * place + 1 + usize::from(self.is_right::<CATEGORIES, MISSING>(node, value))
    }

    /// Makes scores of rows of `width` values each.
    fn score_all(&self, rows: &[f64], width: usize, out: &mut [f64]) {
        let has_missing = rows.iter().any(|value| value.is_nan());
        if let [sum] = out {
            *sum = match (self.sets.is_empty(), has_missing) {
                (true, false) => self.sum::<false, false>(rows),
                (true, true) => self.sum::<false, true>(rows),
                (false, false) => self.sum::<true, false>(rows),
                (false, true) => self.sum::<true, true>(rows),
            };
        } else {
            out.fill(0.0);
            match (self.sets.is_empty(), has_missing) {
                (true, false) => self.add::<false, false>(rows, width, out),
                (true, true) => self.add::<false, true>(rows, width, out),
                (false, false) => self.add::<true, false>(rows, width, out),
                (false, true) => self.add::<true, true>(rows, width, out),
            }
        }
        out.iter_mut().for_each(|out| *out = margin(*out, self.trees).exp2());
    }
}

impl Estimator for Scorer {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.score_all(row, row.len().max(1), out);
    }

    fn score_rows(&self, frame: &Frame, rows: Range<usize>, out: &mut [f64]) {
        let width = frame.width().max(1);
        let mut values = vec![0.0; ROWS * width];
        for (block, out) in out.chunks_mut(ROWS).enumerate() {
            let first = rows.start + block * ROWS;
            let values = &mut values[..out.len() * width];
            for (place, column) in frame.columns().iter().chain(frame.keys()).enumerate() {
                let into = values.iter_mut().skip(place).step_by(width);
                match column {
                    Column::Number(numbers) => {
                        (into.zip(&numbers[first..first + out.len()])).for_each(|(value, number)| *value = *number);
                    }
                    Column::Category { .. } => {
                        (into.zip(first..)).for_each(|(value, row)| *value = column.encoded(row));
                    }
                }
            }
            self.score_all(values, width, out);
        }
    }
}
