//! What is asked of a node's rows, whatever their targets are: how impure the node is, and the best split by one column.

use super::leaves::Leaves;

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
    type Scratch: Send;

    /// New room.
    fn scratch(&self) -> Self::Scratch;

    /// Begins a node; may change its samples into what it is quick to add up. O(rows).
    fn enter(&mut self, samples: &mut [Sample]) -> Node;

    /// The best split of the node by a column. O(rows).
    fn best(&self, scratch: &mut Self::Scratch, candidate: &Candidate) -> Offer;

    /// Adds a leaf that says what the node's rows say. `samples` is as `enter` left it.
    fn leaf(&self, samples: &[Sample], leaves: &mut Leaves);
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
