//! What is asked of a node's rows, whatever their targets are: how impure the node is, and the best split by one column.

use super::leaves::Leaves;
use crate::error::Result;

/// A row as a tree sees it. The target is a number or a class.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sample {
    pub(super) weight: f64,
    pub(super) target: f64,
}

/// One column of a node.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    /// The column's bin of every row of the view.
    pub(super) bins: &'a [u8],
    /// The node's rows.
    pub(super) rows: &'a [u32],
    /// What [`Tally::enter`] made of the rows, in the same order.
    pub(super) samples: &'a [Sample],
    /// The bin of missing values.
    pub(super) missing: usize,
    /// The fewest rows of a child.
    pub(super) min_leaf: usize,
}

/// What splits of a node by one column have to go by beside its sums.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The rows of the node.
    pub(super) rows: usize,
    /// The bin of missing values.
    pub(super) missing: usize,
    /// The fewest rows of a child.
    pub(super) min_leaf: usize,
}

impl Candidate<'_> {
    pub(super) fn extent(&self) -> Extent {
        Extent {
            rows: self.rows.len(),
            missing: self.missing,
            min_leaf: self.min_leaf,
        }
    }
}

/// A split of a node by one column: bins up to `bin` go left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    pub(super) bin: usize,
    pub(super) missing_left: bool,
    /// The rows that go left.
    pub(super) lefts: usize,
    /// The sum of the children's losses.
    pub(super) loss: f64,
}

/// What a column offers to a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Offer {
    /// Nothing: its rows are all in one bin.
    Constant,
    /// Nothing: children would be too small.
    Nothing,
    /// A split.
    Cut(Cut),
}

/// A node's sums. A loss is impurity times weight; for variances the parts that all splits share may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Node {
    pub(super) weight: f64,
    /// The impurity times the weight.
    pub(super) impurity: f64,
    /// The loss that those of children are to be compared with.
    pub(super) loss: f64,
}

/// Looks at one node after another.
pub(super) trait Tally: Sync {
    /// Room for looking at a column.
    type Scratch: Send + Sync;

    /// New room.
    fn scratch(&self) -> Self::Scratch;

    /// Begins a node; may change its samples into what it is quick to add up. O(rows).
    fn enter(&mut self, samples: &mut [Sample]) -> Node;

    /// The best split of the node by a column. O(rows).
    fn best(&self, scratch: &mut Self::Scratch, candidate: &Candidate) -> Offer;

    /// Adds a leaf that says what the node's rows say. `samples` is as `enter` left it.
    fn leaf(&self, samples: &[Sample], leaves: &mut Leaves);
}

/// Hands all samples of a node to the closure it is given, piece by piece, and always in the same order.
pub(super) type Pieces<'p> = dyn FnMut(&mut dyn FnMut(&[Sample])) -> Result<()> + 'p;

/// The same of nodes whose samples are too many to be held: they come in pieces, and are summed up in tables.
pub(super) trait PieceTally: Tally + Sized {
    /// The sums of the bins of one column.
    type Table: Send;

    /// Begins a node. O(rows).
    fn enter_pieces(&mut self, pieces: &mut Pieces) -> Result<Node>;

    /// Changes samples into what [`PieceTally::add`] is quick to add up.
    fn prepare(&self, samples: &mut [Sample]);

    /// Sums of nothing.
    fn table(&self) -> Result<Self::Table>;

    /// Bytes of a table.
    fn table_bytes(&self) -> usize;

    /// Adds rows, of which are given the bins and what [`PieceTally::prepare`] made of them. O(rows).
    fn add(&self, table: &mut Self::Table, bins: &[u8], samples: &[Sample]);

    /// Adds other sums.
    fn merge(&self, table: &mut Self::Table, other: &Self::Table);

    /// The best split of the node by a column with such sums. O(bins), for many classes O(bins x classes).
    fn best_of(&self, scratch: &mut Self::Scratch, table: &Self::Table, extent: Extent) -> Offer;

    /// Adds a leaf that says what the rows of the node say that was begun last.
    fn leaf_of_pieces(&self, leaves: &mut Leaves);
}

/// The bin to cut at when `bin` is the last with rows that goes left and `next` the first that stays: half way through the bins
/// that no row of the node is in.
pub(super) fn between(bin: usize, next: Option<usize>, missing: usize) -> usize {
    next.map_or(missing.max(1) - 1, |next| bin + (next - bin - 1) / 2)
}

/// The cut with the smaller loss; the first of equals.
pub(super) fn better(first: Option<Cut>, second: Option<Cut>) -> Option<Cut> {
    match (first, second) {
        (Some(a), Some(b)) => Some(if b.loss < a.loss { b } else { a }),
        (a, b) => a.or(b),
    }
}
