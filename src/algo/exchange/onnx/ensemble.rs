//! Trees as ONNX has them: each node compares a number in one of several ways, and a leaf adds to one or more outputs.

use serde::{Deserialize, Serialize};

use super::arithmetic::Round;
use crate::coded::coded;
use crate::error::Result;
use crate::monitor::Pace;

/// How a node compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    /// It does not.
    Leaf,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
    /// Is one of a list.
    Member,
}

coded!(Test {
    0 => Leaf,
    1 => LessOrEqual,
    2 => Less,
    3 => GreaterOrEqual,
    4 => Greater,
    5 => Equal,
    6 => NotEqual,
    7 => Member,
});

/// What is made of what trees say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Least,
    Most,
}

coded!(Aggregate {
    0 => Sum,
    1 => Average,
    2 => Least,
    3 => Most,
});

/// A node.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Node {
    pub(super) test: Test,
    /// Whether a missing number passes.
    pub(super) missing: bool,
    pub(super) feature: u32,
    /// In [`Test::Member`] the place of the list.
    pub(super) threshold: f64,
    /// Where those that pass go; of a leaf where its values begin.
    pub(super) yes: u32,
    /// Where the others go; of a leaf where its values end.
    pub(super) no: u32,
}

/// Trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ensemble {
    pub(super) nodes: Vec<Node>,
    pub(super) roots: Vec<u32>,
    /// What leaves say: an output and a number.
    pub(super) values: Vec<(u32, f64)>,
    pub(super) members: Vec<Vec<f64>>,
    pub(super) aggregate: Aggregate,
    /// What each output begins with.
    pub(super) first: Vec<f64>,
    pub(super) round: Round,
}

impl Ensemble {
    /// How many numbers it gives.
    pub(super) fn outputs(&self) -> usize {
        self.first.len()
    }

    /// How many nodes a row visits at most.
    pub(super) fn work(&self) -> usize {
        self.nodes.len().saturating_add(self.values.len())
    }

    pub(super) fn memory(&self) -> usize {
        let members: usize = self.members.iter().map(|list| list.len() * size_of::<f64>()).sum();
        self.nodes.len() * size_of::<Node>()
            + self.values.len() * size_of::<(u32, f64)>()
            + self.roots.len() * 4
            + members
    }

    /// Whether a number passes a node's test.
    #[inline]
    pub(super) fn passes(&self, node: &Node, x: f64) -> bool {
        let passes = match node.test {
            Test::Leaf => false,
            Test::LessOrEqual => x <= node.threshold,
            Test::Less => x < node.threshold,
            Test::GreaterOrEqual => x >= node.threshold,
            Test::Greater => x > node.threshold,
            Test::Equal => x == node.threshold,
            Test::NotEqual => x != node.threshold,
            Test::Member => self
                .members
                .get(node.threshold as usize)
                .is_some_and(|list| list.binary_search_by(|member| member.total_cmp(&(x + 0.0))).is_ok()),
        };
        passes || node.missing && x.is_nan()
    }

    /// What the trees say of a row, whose number of a column `value` gives.
    pub(super) fn run(&self, value: impl Fn(usize) -> f64, out: &mut [f64]) {
        out.fill(match self.aggregate {
            Aggregate::Sum | Aggregate::Average => 0.0,
            Aggregate::Least => f64::INFINITY,
            Aggregate::Most => f64::NEG_INFINITY,
        });
        for root in &self.roots {
            let mut at = *root as usize;
            while self.nodes[at].test != Test::Leaf {
                let node = &self.nodes[at];
                let passes = self.passes(node, value(node.feature as usize));
                at = if passes { node.yes } else { node.no } as usize;
            }
            for (output, said) in &self.values[self.nodes[at].yes as usize..self.nodes[at].no as usize] {
                let sum = &mut out[*output as usize];
                *sum = match self.aggregate {
                    Aggregate::Sum | Aggregate::Average => *sum + said,
                    Aggregate::Least => sum.min(*said),
                    Aggregate::Most => sum.max(*said),
                };
            }
        }
        for (out, first) in out.iter_mut().zip(&self.first) {
            if self.aggregate == Aggregate::Average {
                *out /= self.roots.len() as f64;
            }
            // No leaf said anything.
            if out.is_infinite() {
                *out = 0.0;
            }
            *out = self.round.of(*out + first);
        }
    }

    /// Whether any row comes to an end: each node lies behind those that lead to it. `width`: how many numbers it may read.
    pub(super) fn is_sound(&self, width: usize, pace: &mut Pace<'_>) -> Result<bool> {
        let nodes = self.nodes.len();
        if self.roots.is_empty()
            || self.first.is_empty()
            || self
                .members
                .iter()
                .any(|list| !list.is_sorted_by(|a, b| a.total_cmp(b).is_lt()))
        {
            return Ok(false);
        }
        for (place, node) in self.nodes.iter().enumerate() {
            pace.spend(1)?;
            let (yes, no) = (node.yes as usize, node.no as usize);
            let is_sound = match node.test {
                Test::Leaf => yes <= no && no <= self.values.len(),
                Test::Member
                    if node.threshold.is_nan()
                        || node.threshold < 0.0
                        || node.threshold as usize >= self.members.len() =>
                {
                    false
                }
                Test::LessOrEqual
                | Test::Less
                | Test::GreaterOrEqual
                | Test::Greater
                | Test::Equal
                | Test::NotEqual
                | Test::Member => {
                    yes > place && no > place && yes < nodes && no < nodes && (node.feature as usize) < width
                }
            };
            if !is_sound {
                return Ok(false);
            }
        }
        let outputs = self.first.len();
        Ok(self.roots.iter().all(|root| (*root as usize) < nodes)
            && self.values.iter().all(|(output, _)| (*output as usize) < outputs))
    }
}
