//! A model prepared for scoring many rows: bit sets instead of walks.
//!
//! The leaves of a tree are numbered from left to right, and a row starts with all of them. Every split that sends the row right
//! takes away the leaves on its left; the first leaf that remains is the row's (Lucchese et al., "QuickScorer", 2015).
//!
//! What the splits by one column take away depends on that column alone. So for each level of a category, and for the numbers between
//! every few thresholds, what remains of all trees stands ready in a row of bit sets; a row's own sets are the intersection of one
//! such row a column, which vector instructions make. Only the few splits whose thresholds are nearest to a number are looked at one
//! by one, and without a branch on the data; so are all those of a column with few splits.

use super::forest::Forest;
use super::{Boosting, LANES, Objective};
use crate::estimator::Estimator;
use crate::trees::tree::Decision;

/// Trees of one block: one byte tells them apart.
const TREES: usize = 256;

/// Splits by number between two prepared rows.
const STEP: usize = 8;

/// Bit sets taken at a time.
const CHUNK: usize = 16;

/// Columns whose rows are looked up before they are intersected.
const COLUMNS: usize = 32;

/// A fitted model and what it takes to score fast. Gives the same scores as the model, to the bit.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorer {
    objective: Objective,
    first_scores: Vec<f64>,
    blocks: Blocks,
}

/// Trees prepared for scoring: blocks of them, by the width of the sets of leaves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Blocks {
    Small(Vec<Block<u32>>),
    Large(Vec<Block<u64>>),
}

/// The leaves of a tree that a row may still come to.
pub(crate) trait Leaves:
    Copy + std::fmt::Debug + PartialEq + std::ops::BitAnd<Output = Self> + std::ops::BitAndAssign
{
    /// So many leaves a set holds.
    const MOST: usize;
    /// Every leaf.
    const ALL: Self;
    /// All but leaves `from` to `to`, which is behind `from` and no more than [`Leaves::MOST`].
    fn without(from: usize, to: usize) -> Self;
    /// The first leaf.
    fn first(self) -> usize;
    /// Itself when `x` is negative, else every leaf.
    fn or_all_unless_negative(self, x: f64) -> Self;
}

macro_rules! leaves {
    ($set:ty) => {
        impl Leaves for $set {
            const MOST: usize = <$set>::BITS as usize;
            const ALL: Self = <$set>::MAX;

            fn without(from: usize, to: usize) -> Self {
                !((<$set>::MAX >> (Self::MOST - (to - from))) << from)
            }

            #[inline(always)]
            fn first(self) -> usize {
                self.trailing_zeros() as usize
            }

            #[inline(always)]
            fn or_all_unless_negative(self, x: f64) -> Self {
                self | !((x.to_bits() as i64 >> 63) as $set)
            }
        }
    };
}

leaves!(u32);
leaves!(u64);

/// Up to [`TREES`] trees.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block<L> {
    columns: Vec<Column<L>>,
    few: Vec<Few<L>>,
    /// Rows of bit sets, one set a tree, each row of `chunks` chunks.
    rows: Vec<[L; CHUNK]>,
    chunks: usize,
    /// Where the leaf values of each tree begin.
    starts: Vec<u32>,
    values: Vec<f64>,
}

/// All splits of a block by one column. Its rows of the block's bit sets begin at `first`; the last one is for missing values.
#[derive(Debug, Clone, PartialEq)]
struct Column<L> {
    column: usize,
    first: usize,
    splits: Splits<L>,
}

/// A column with so few splits, by number, that to look at each takes less time than to intersect a row.
#[derive(Debug, Clone, PartialEq)]
struct Few<L> {
    column: usize,
    group: Group<L>,
    /// The row for missing values.
    missing: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Splits<L> {
    /// One row a group: what remains when the splits of all groups before it send right.
    Numbers {
        /// The last threshold of each group, ascending.
        lasts: Vec<f64>,
        groups: Vec<Group<L>>,
    },
    /// One row a level, and one for all other levels.
    Levels { levels: usize },
}

/// Splits by number whose thresholds follow each other. Those that are no splits have thresholds that no number exceeds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Group<L> {
    thresholds: [f64; STEP],
    masks: [L; STEP],
    trees: [u8; STEP],
}

/// A split before it is laid out.
struct Split<'a, L> {
    column: usize,
    /// What remains of the tree's leaves when it sends right.
    mask: L,
    tree: u8,
    missing_left: bool,
    by: By<'a>,
}

#[derive(Clone, Copy)]
enum By<'a> {
    Number(f64),
    Levels(&'a [u64; 4]),
}

impl Scorer {
    /// Prepares `model`, which has passed [`Boosting::validate`] if it was decoded; `None` when a tree has more leaves than a set of
    /// 64 holds. O(nodes log nodes + trees x (levels of the categories + splits / 8)), in time and memory.
    pub fn new(model: &Boosting) -> Option<Self> {
        Some(Scorer {
            objective: model.objective(),
            first_scores: model.first_scores().to_vec(),
            blocks: Blocks::new(model.forest())?,
        })
    }
}

impl Blocks {
    /// Prepares trees that have passed [`Forest::validate`] if they were decoded; `None` when one has more leaves than a set of 64 holds. As [`Scorer::new`].
    pub(crate) fn new(forest: &Forest) -> Option<Blocks> {
        match blocks(forest) {
            Some(blocks) => Some(Blocks::Small(blocks)),
            None => Some(Blocks::Large(blocks(forest)?)),
        }
    }

    /// Adds what each tree says of an encoded row, as [`Forest::add_scores`] does, to the bit.
    #[inline]
    pub(crate) fn add_scores(&self, row: &[f64], sums: &mut [f64]) {
        match self {
            Blocks::Small(blocks) => add_scores(blocks, row, sums),
            Blocks::Large(blocks) => add_scores(blocks, row, sums),
        }
    }
}

fn blocks<L: Leaves>(forest: &Forest) -> Option<Vec<Block<L>>> {
    (0..forest.trees())
        .step_by(TREES)
        .map(|first| Block::new(forest, first..(first + TREES).min(forest.trees())))
        .collect()
}

impl Estimator for Scorer {
    fn outputs(&self) -> usize {
        self.objective.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.objective
            .score(&self.first_scores, out, |sums| self.blocks.add_scores(row, sums));
    }
}

/// Adds the leaf values of a row: those of tree t to sum `t % sums.len()`.
#[inline]
fn add_scores<L: Leaves>(blocks: &[Block<L>], row: &[f64], sums: &mut [f64]) {
    if let Ok(lanes) = <&mut [f64; LANES]>::try_from(&mut *sums) {
        // Held in registers.
        let mut own = *lanes;
        for block in blocks {
            block.add_scores(row, &mut own);
        }
        *lanes = own;
        return;
    }
    let mut next = 0;
    for block in blocks {
        for (start, leaves) in block.starts.iter().zip(block.remaining(row)) {
            sums[next] += block.values[*start as usize + leaves.first()];
            next = if next + 1 == sums.len() { 0 } else { next + 1 };
        }
    }
}

impl<L: Leaves> Block<L> {
    /// `None` when a tree has too many leaves.
    fn new(forest: &Forest, trees: std::ops::Range<usize>) -> Option<Self> {
        let mut block = Block {
            columns: Vec::new(),
            few: Vec::new(),
            rows: Vec::new(),
            chunks: trees.len().div_ceil(CHUNK),
            starts: Vec::with_capacity(trees.len()),
            values: Vec::new(),
        };
        let mut splits = Vec::new();
        for (number, tree) in trees.enumerate() {
            block.add_tree(forest, tree, number as u8, &mut splits)?;
        }
        splits.sort_by(|a, b| {
            let order = match (a.by, b.by) {
                (By::Number(a), By::Number(b)) => a.total_cmp(&b),
                _ => std::cmp::Ordering::Equal,
            };
            a.column.cmp(&b.column).then(order)
        });
        for splits in splits.chunk_by(|a, b| a.column == b.column) {
            block.add_column(splits);
        }
        Some(block)
    }

    /// Adds a tree's leaves to the values, and its splits to `splits`; `None` when there are too many leaves.
    fn add_tree<'a>(
        &mut self,
        forest: &'a Forest,
        tree: usize,
        number: u8,
        splits: &mut Vec<Split<'a, L>>,
    ) -> Option<()> {
        let first_value = self.values.len();
        self.starts.push(first_value as u32);
        // Depth first, left before right: leaves come from left to right. A split is met again when its left side is done.
        let mut stack = vec![(forest.tree(tree).start, None)];
        while let Some((node, begun)) = stack.pop() {
            let seen = self.values.len() - first_value;
            let Some((left, right)) = forest.children(node) else {
                if seen == L::MOST {
                    return None;
                }
                self.values.push(forest.stats(node).value);
                continue;
            };
            let Some(from) = begun else {
                stack.extend([(node, Some(seen)), (left, None)]);
                continue;
            };
            stack.push((right, None));
            let (column, missing_left, by) = match forest.decision(node) {
                Decision::Leaf => continue,
                Decision::Number {
                    column,
                    threshold,
                    missing_left,
                } => (column, missing_left, By::Number(threshold)),
                Decision::Category {
                    column,
                    levels,
                    missing_left,
                } => (column, missing_left, By::Levels(levels)),
            };
            splits.push(Split {
                column,
                // Leaves `from` to `seen` are on its left.
                mask: L::without(from, seen),
                tree: number,
                missing_left,
                by,
            });
        }
        Some(())
    }

    /// Lays out all splits by one column, those by number in the order of their thresholds.
    fn add_column(&mut self, splits: &[Split<'_, L>]) {
        let (first, column) = (self.rows.len() / self.chunks, splits[0].column);
        let few = matches!(splits[0].by, By::Number(_)) && splits.len() <= STEP;
        if few {
            self.few.push(Few {
                column,
                group: Group::new(splits),
                missing: first,
            });
        } else {
            let splits = match splits[0].by {
                By::Number(_) => self.add_numbers(splits),
                By::Levels(_) => self.add_levels(splits),
            };
            self.columns.push(Column { column, first, splits });
        }
        self.add_row(splits.iter().filter(|split| !split.missing_left));
    }

    fn add_numbers(&mut self, splits: &[Split<'_, L>]) -> Splits<L> {
        self.add_row([]);
        for group in splits.chunks_exact(STEP) {
            self.rows.extend_from_within(self.rows.len() - self.chunks..);
            self.take_away(group);
        }
        let mut groups: Vec<Group<L>> = splits.chunks(STEP).map(Group::new).collect();
        if splits.len().is_multiple_of(STEP) {
            // There is a group behind a last one that is full, for numbers above all thresholds.
            groups.push(Group::new(&[]));
        }
        Splits::Numbers {
            lasts: groups.iter().map(|group| group.thresholds[STEP - 1]).collect(),
            groups,
        }
    }

    fn add_levels(&mut self, splits: &[Split<'_, L>]) -> Splits<L> {
        let goes_left = |split: &Split<'_, L>, level: usize| match split.by {
            By::Levels(words) => words.get(level / 64).is_some_and(|word| word >> (level % 64) & 1 == 1),
            By::Number(_) => false,
        };
        let levels = (0..256)
            .rev()
            .find(|&level| splits.iter().any(|split| goes_left(split, level)))
            .map_or(0, |last| last + 1);
        for level in 0..=levels {
            self.add_row(splits.iter().filter(|split| !goes_left(split, level)));
        }
        Splits::Levels { levels }
    }

    /// Adds a row without the leaves that `splits`, which send right, take away.
    fn add_row<'a, 's: 'a>(&mut self, splits: impl IntoIterator<Item = &'a Split<'s, L>>)
    where
        L: 'a,
    {
        self.rows.extend(std::iter::repeat_n([L::ALL; CHUNK], self.chunks));
        self.take_away(splits);
    }

    /// Takes away from the last row what `splits`, which send right, take away.
    fn take_away<'a, 's: 'a>(&mut self, splits: impl IntoIterator<Item = &'a Split<'s, L>>)
    where
        L: 'a,
    {
        let start = self.rows.len() - self.chunks;
        for split in splits {
            let tree = usize::from(split.tree);
            self.rows[start + tree / CHUNK][tree % CHUNK] &= split.mask;
        }
    }

    /// Adds the leaf values of a row, the same way.
    #[inline]
    fn add_scores(&self, row: &[f64], sums: &mut [f64; LANES]) {
        const { assert!(TREES.is_multiple_of(LANES), "a block begins with the first lane") };
        let remaining = self.remaining(row);
        let value = |start: u32, leaves: L| self.values[start as usize + leaves.first()];
        let (fours, rest) = self.starts.as_chunks::<LANES>();
        let (sets, last_sets) = remaining.split_at(fours.len() * LANES);
        for (starts, sets) in fours.iter().zip(sets.as_chunks::<LANES>().0) {
            for lane in 0..LANES {
                sums[lane] += value(starts[lane], sets[lane]);
            }
        }
        for (sum, (start, leaves)) in sums.iter_mut().zip(rest.iter().zip(last_sets)) {
            *sum += value(*start, *leaves);
        }
    }

    /// What remains of each tree's leaves for a row.
    #[inline]
    fn remaining(&self, row: &[f64]) -> [L; TREES] {
        let mut remaining = [L::ALL; TREES];
        for columns in self.columns.chunks(COLUMNS) {
            let (mut places, mut starts) = ([0; COLUMNS], [0; COLUMNS]);
            for ((column, place), start) in columns.iter().zip(&mut places).zip(&mut starts) {
                *place = column.place(row[column.column]);
                *start = (column.first + *place) * self.chunks;
            }
            let chunks = remaining.as_chunks_mut::<CHUNK>().0;
            for (chunk, remaining) in chunks.iter_mut().enumerate().take(self.chunks) {
                // By value, which makes vectors of it.
                *remaining = starts[..columns.len()]
                    .iter()
                    .fold(*remaining, |sets, start| intersect(sets, &self.rows[start + chunk]));
            }
            for (column, place) in columns.iter().zip(places) {
                if let Splits::Numbers { groups, .. } = &column.splits
                    && let Some(group) = groups.get(place)
                {
                    group.apply(row[column.column], &mut remaining);
                }
            }
        }
        for few in &self.few {
            let x = row[few.column];
            if !x.is_nan() {
                few.group.apply(x, &mut remaining);
            } else {
                let missing = &self.rows[few.missing * self.chunks..];
                let chunks = remaining.as_chunks_mut::<CHUNK>().0;
                for (sets, missing) in chunks.iter_mut().zip(missing).take(self.chunks) {
                    *sets = intersect(*sets, missing);
                }
            }
        }
        remaining
    }
}

#[inline(always)]
fn intersect<L: Leaves>(sets: [L; CHUNK], others: &[L; CHUNK]) -> [L; CHUNK] {
    std::array::from_fn(|tree| sets[tree] & others[tree])
}

impl<L: Leaves> Column<L> {
    /// Which of its rows goes with the value `x`.
    #[inline]
    fn place(&self, x: f64) -> usize {
        let (missing, place) = match &self.splits {
            Splits::Numbers { lasts, .. } => (lasts.len(), lasts.partition_point(|last| *last < x)),
            // The cast saturates, so that unseen levels (infinity) are beyond those that go left anywhere.
            Splits::Levels { levels } => (levels + 1, (x as usize).min(*levels)),
        };
        if x.is_nan() { missing } else { place }
    }
}

impl<L: Leaves> Group<L> {
    /// Up to [`STEP`] splits.
    fn new(splits: &[Split<'_, L>]) -> Self {
        let mut group = Group {
            thresholds: [f64::INFINITY; STEP],
            masks: [L::ALL; STEP],
            trees: [0; STEP],
        };
        for (place, split) in splits.iter().enumerate().take(STEP) {
            if let By::Number(threshold) = split.by {
                // Adding 0 makes one zero of the two: the difference of equal numbers is 0, which is not negative.
                group.thresholds[place] = threshold + 0.0;
                (group.masks[place], group.trees[place]) = (split.mask, split.tree);
            }
        }
        group
    }

    /// Takes away what those of its splits take away that send `x`, which is not missing, right.
    #[inline]
    fn apply(&self, x: f64, sets: &mut [L; TREES]) {
        // All at once and by the sign of a difference, which makes vectors and leaves no branches: half of those would be guessed wrong.
        let masks: [L; STEP] =
            std::array::from_fn(|place| self.masks[place].or_all_unless_negative(self.thresholds[place] - x));
        for (tree, mask) in self.trees.iter().zip(masks) {
            sets[usize::from(*tree)] &= mask;
        }
    }
}
