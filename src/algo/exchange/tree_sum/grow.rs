//! Trees of a file become trees of a model: each node is met once, whatever its file says of children.

use super::{Link, TreeSum, Weigh};
use crate::boosting::{Decision, Forest, NodeStats};
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::room;
use crate::trees::tree::Trees;

/// What a file knows of the training rows that came to a node.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Known {
    /// How many they are; 0 where that is not known.
    pub(crate) rows: u32,
    /// What they weigh; 0 where that is not known.
    pub(crate) cover: f64,
}

/// A node as a file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Node {
    /// A leaf, and what it adds.
    Leaf { value: f64, known: Known },
    /// A split of numbers, `threshold` of which and those below go left.
    Number {
        column: usize,
        threshold: f64,
        missing_left: bool,
        left: usize,
        right: usize,
        gain: f64,
    },
    /// A split of categories: those in `levels` go left.
    Category {
        column: usize,
        levels: [u64; 4],
        missing_left: bool,
        left: usize,
        right: usize,
        gain: f64,
    },
}

/// Trees that grow as a file is read.
#[derive(Debug)]
pub(crate) struct Grown {
    forest: Forest,
    what: &'static str,
}

/// What a sum of trees is beside its trees.
pub(crate) struct Sums {
    pub(crate) link: Link,
    pub(crate) first: Vec<f64>,
    pub(crate) weigh: Weigh,
}

const NONE: NodeStats = NodeStats {
    value: 0.0,
    cover: 0.0,
    rows: 0,
    gain: 0.0,
};

impl Grown {
    /// No trees yet. Errors call the file `what`.
    pub(crate) fn new(what: &'static str) -> Grown {
        Grown {
            forest: Forest::default(),
            what,
        }
    }

    /// Adds a tree of `nodes` nodes, the first of which is the root. Returns an error for nodes that are no tree, for numbers that are none, and for
    /// too many nodes. O(nodes).
    pub(crate) fn add(
        &mut self,
        nodes: usize,
        node: &mut dyn FnMut(usize) -> Result<Node>,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let what = self.what;
        let damaged = |problem: &str| Err(Error::damaged(what, problem));
        if nodes == 0 {
            return damaged("a tree has no node");
        }
        if nodes > Trees::MOST_NODES - self.forest.flat().nodes() {
            return damaged("there are too many nodes");
        }
        // What has been allocated here may double once: nodes of a tree, and sets of levels.
        room::ask(nodes.saturating_mul(128))?;
        let mut pace = Pace::new(monitor);
        let mut met = room::filled(false, nodes)?;
        met[0] = true;
        let root = self.forest.plant(NONE);
        let mut waiting = vec![(0, root)];
        while let Some((theirs, ours)) = waiting.pop() {
            pace.spend(4)?;
            let node = node(theirs)?;
            let (decision, left, right, gain) = match &node {
                Node::Leaf { value, known } => {
                    if !value.is_finite() || !known.cover.is_finite() || known.cover < 0.0 {
                        return damaged("a leaf has a number that is not finite");
                    }
                    self.forest.set_stats(ours, *value, known.rows, known.cover);
                    continue;
                }
                &Node::Number {
                    column,
                    threshold,
                    missing_left,
                    left,
                    right,
                    gain,
                } => {
                    if !threshold.is_finite() {
                        return damaged("a threshold is not finite");
                    }
                    let decision = Decision::Number {
                        column,
                        threshold,
                        missing_left,
                    };
                    (decision, left, right, gain)
                }
                Node::Category {
                    column,
                    levels,
                    missing_left,
                    left,
                    right,
                    gain,
                } => {
                    let decision = Decision::Category {
                        column: *column,
                        levels,
                        missing_left: *missing_left,
                    };
                    (decision, *left, *right, *gain)
                }
            };
            let gain = if gain.is_finite() {
                gain.clamp(0.0, f64::from(f32::MAX))
            } else {
                0.0
            };
            let child = self.forest.split(ours, decision, gain, NONE, NONE);
            self.go_on([left, right], child, &mut met, &mut waiting)?;
        }
        self.forest.settle()
    }

    /// Notes that both children are met, whose places are `child` and the next.
    fn go_on(
        &self,
        children: [usize; 2],
        child: usize,
        met: &mut [bool],
        waiting: &mut Vec<(usize, usize)>,
    ) -> Result<()> {
        // The left one is looked at first.
        for (theirs, ours) in [(children[1], child + 1), (children[0], child)] {
            match met.get_mut(theirs) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => return Err(Error::damaged(self.what, "a node has two parents")),
                None => return Err(Error::damaged(self.what, "a child is out of range")),
            }
            room::push(waiting, (theirs, ours))?;
        }
        Ok(())
    }

    /// Adds a tree that adds nothing.
    pub(crate) fn add_nothing(&mut self, known: Known) {
        let root = self.forest.plant(NONE);
        self.forest.set_stats(root, 0.0, known.rows, known.cover);
    }

    /// The whole sum. Where nothing is known of the rows of a split, nothing is of any.
    pub(crate) fn into_sum(self, sums: Sums) -> TreeSum {
        let forest = self.forest;
        let weight = |node: usize| match sums.weigh {
            Weigh::Rows => f64::from(forest.stats(node).rows),
            Weigh::Covers => forest.stats(node).cover,
            Weigh::Unknown => 0.0,
        };
        let mut splits = (0..forest.flat().nodes()).filter(|node| forest.children(*node).is_some());
        let weigh = match splits.any(|node| weight(node) <= 0.0) {
            true => Weigh::Unknown,
            false => sums.weigh,
        };
        let mut base = sums.first.clone();
        if weigh != Weigh::Unknown {
            let width = base.len().max(1);
            for tree in 0..forest.trees() {
                // A root's value is the mean of its leaves.
                base[tree % width] += forest.stats(forest.tree(tree).start).value;
            }
        }
        TreeSum {
            link: sums.link,
            first: sums.first,
            base,
            weigh,
            forest,
        }
    }
}
