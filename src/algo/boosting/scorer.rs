//! A model prepared for scoring many rows: bit sets instead of walks.
//!
//! The leaves of a tree are numbered from left to right, and a row starts with all of them. Every split that sends the row right
//! takes away the leaves on its left; the first leaf that remains is the row's (Lucchese et al., "QuickScorer", 2015). Splits of all
//! trees by one number column stand in the order of their thresholds, so those that send a row right are a prefix of them, and
//! taking leaves away is one loop without a branch on the data.

use super::Boosting;
use super::forest::Forest;
use crate::algo::estimator::Estimator;
use crate::algo::trees::tree::Decision;

/// Leaves of a tree that one bit set holds.
const LEAVES: usize = 64;

/// Trees of one block: one byte tells them apart.
const TREES: usize = 256;

/// A fitted model and what it takes to score fast. Gives the same scores as the model, to the bit.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    model: Boosting,
    /// None when a tree has more leaves than a bit set has bits; then trees are walked.
    blocks: Option<Vec<Block>>,
}

/// Splits that send a row right: what remains of the leaves of their trees.
#[derive(Debug, Clone, PartialEq, Default)]
struct Cuts {
    masks: Vec<u64>,
    trees: Vec<u8>,
}

/// All splits of a block by one column.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    column: usize,
    /// Of splits by number, ascending; as many as `cuts`.
    thresholds: Vec<f64>,
    /// Of splits by category: the words of their sets, all first words in one list, all second words in the next, and so on; each
    /// as long as `cuts`.
    words: [Vec<u64>; 4],
    cuts: Cuts,
    /// The splits that send missing values right.
    missing: Cuts,
}

/// Up to [`TREES`] trees.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    columns: Vec<Column>,
    /// Where the leaf values of each tree begin.
    starts: Vec<u32>,
    values: Vec<f64>,
}

impl Cuts {
    fn push(&mut self, mask: u64, tree: u8) {
        self.masks.push(mask);
        self.trees.push(tree);
    }

    #[inline]
    fn apply(&self, count: usize, remaining: &mut [u64; TREES]) {
        for (mask, tree) in self.masks.iter().zip(&self.trees).take(count) {
            remaining[usize::from(*tree)] &= mask;
        }
    }
}

impl Scorer {
    /// Prepares `model`, which has passed [`Boosting::validate`] if it was decoded. O(nodes log nodes).
    pub fn new(model: Boosting) -> Self {
        let forest = model.forest();
        let blocks = (0..forest.trees())
            .step_by(TREES)
            .map(|first| Block::new(forest, first..(first + TREES).min(forest.trees())))
            .collect();
        Scorer { model, blocks }
    }

    /// The model.
    pub fn model(&self) -> &Boosting {
        &self.model
    }
}

impl Estimator for Scorer {
    fn outputs(&self) -> usize {
        self.model.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        match &self.blocks {
            None => self.model.score(row, out),
            Some(blocks) => self.model.score_with(out, |scores| {
                let mut class = 0;
                blocks
                    .iter()
                    .for_each(|block| class = block.add_scores(row, scores, class));
            }),
        }
    }
}

impl Block {
    /// None when a tree has too many leaves.
    fn new(forest: &Forest, trees: std::ops::Range<usize>) -> Option<Self> {
        let mut block = Block {
            columns: Vec::new(),
            starts: Vec::new(),
            values: Vec::new(),
        };
        // Splits by (column, threshold, ...); categories sort by nothing.
        let mut numbers: Vec<(usize, f64, u64, u8, bool)> = Vec::new();
        let mut categories: Vec<(usize, [u64; 4], u64, u8, bool)> = Vec::new();
        for (number, tree) in trees.enumerate() {
            let first_value = block.values.len();
            block.starts.push(first_value as u32);
            // Depth first, left before right: leaves come from left to right. A split is met again when its left side is done.
            let mut stack = vec![(forest.tree(tree).start, None)];
            while let Some((node, begun)) = stack.pop() {
                let seen = block.values.len() - first_value;
                let Some((left, right)) = forest.children(node) else {
                    if seen == LEAVES {
                        return None;
                    }
                    block.values.push(forest.stats(node).value);
                    continue;
                };
                let Some(from) = begun else {
                    stack.extend([(node, Some(seen)), (left, None)]);
                    continue;
                };
                stack.push((right, None));
                // Leaves `from` to `seen` are on the left. There is a leaf on the right, so `seen` is below 64, or the tree is
                // too large and none of this is used.
                let leaves_on_left = (u64::MAX >> (LEAVES - (seen - from))) << from;
                match forest.decision(node) {
                    Decision::Leaf => {}
                    Decision::Number {
                        column,
                        threshold,
                        missing_left,
                    } => {
                        numbers.push((column, threshold, !leaves_on_left, number as u8, missing_left));
                    }
                    Decision::Category {
                        column,
                        levels,
                        missing_left,
                    } => {
                        categories.push((column, *levels, !leaves_on_left, number as u8, missing_left));
                    }
                }
            }
        }
        numbers.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        categories.sort_by_key(|split| split.0);
        for (column, threshold, mask, tree, missing_left) in numbers {
            let column = block.column(column);
            column.thresholds.push(threshold);
            column.add(mask, tree, missing_left);
        }
        for (column, set, mask, tree, missing_left) in categories {
            let column = block.column(column);
            column
                .words
                .iter_mut()
                .zip(set)
                .for_each(|(words, word)| words.push(word));
            column.add(mask, tree, missing_left);
        }
        Some(block)
    }

    /// The last column, when it is this one, or a new one.
    fn column(&mut self, column: usize) -> &mut Column {
        if self.columns.last().is_none_or(|last| last.column != column) {
            let (cuts, missing) = (Cuts::default(), Cuts::default());
            self.columns.push(Column {
                column,
                thresholds: Vec::new(),
                words: Default::default(),
                cuts,
                missing,
            });
        }
        let last = self.columns.len() - 1;
        &mut self.columns[last]
    }

    /// Adds the leaf values of a row, the first tree's to the score of `class`; returns the class of the next tree.
    fn add_scores(&self, row: &[f64], scores: &mut [f64], mut class: usize) -> usize {
        let mut remaining = [u64::MAX; TREES];
        self.columns
            .iter()
            .for_each(|column| column.apply(row[column.column], &mut remaining));
        for (start, leaves) in self.starts.iter().zip(remaining) {
            scores[class] += self.values[*start as usize + leaves.trailing_zeros() as usize];
            class = if class + 1 == scores.len() { 0 } else { class + 1 };
        }
        class
    }
}

impl Column {
    fn add(&mut self, mask: u64, tree: u8, missing_left: bool) {
        self.cuts.push(mask, tree);
        if !missing_left {
            self.missing.push(mask, tree);
        }
    }

    /// Takes the leaves away that a row with the value `x` cannot reach.
    #[inline]
    fn apply(&self, x: f64, remaining: &mut [u64; TREES]) {
        if x.is_nan() {
            return self.missing.apply(self.missing.masks.len(), remaining);
        }
        if self.words[0].is_empty() {
            return self
                .cuts
                .apply(self.thresholds.partition_point(|threshold| *threshold < x), remaining);
        }
        // The cast saturates, so that unseen levels (infinity) have a code that no set holds.
        let code = (x as u32).min(255);
        let words = &self.words[(code >> 6) as usize & 3];
        for ((word, mask), tree) in words.iter().zip(&self.cuts.masks).zip(&self.cuts.trees) {
            // All ones when the level goes left, so that nothing is taken away.
            let goes_left = (word >> (code & 63) & 1).wrapping_neg();
            remaining[usize::from(*tree)] &= mask | goes_left;
        }
    }
}
