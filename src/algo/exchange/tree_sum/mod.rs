//! A sum of trees behind a link: what is imported as trees. Trees are those of our own boosting, so that they score and are explained at its speed.

mod grow;
mod link;

use serde::{Deserialize, Serialize};

pub(crate) use grow::{Grown, Known, Node, Sums};
pub use link::Link;

use crate::boosting::{Blocks, Forest, in_lanes};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::exchange::{Head, Outline, TreesOutline};
use crate::explain::{Baseline, Ensemble, Explainer, LeafValues, Margins, TreeExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::monitor::Monitor;
use crate::room;
use crate::trees::Importance;

/// By what explanations weigh the nodes of trees: what is known of the rows that trained them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weigh {
    /// By how many rows came to each.
    Rows,
    /// By what the rows weigh, such as the sum of their hessians.
    Covers,
    /// Nothing is known.
    Unknown,
}

coded!(Weigh {
    0 => Rows,
    1 => Covers,
    2 => Unknown,
});

/// A sum of trees behind a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeSum {
    link: Link,
    /// The sums before the first tree.
    first: Vec<f64>,
    /// The means of the sums over the training rows, as far as the trees remember them.
    base: Vec<f64>,
    weigh: Weigh,
    /// Tree t adds to sum `t % first.len()`.
    forest: Forest,
}

/// What errors call it.
const WHAT: &str = "imported trees";

impl TreeSum {
    /// What makes the sums a prediction.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The sums before the first tree.
    pub fn first(&self) -> &[f64] {
        &self.first
    }

    /// The trees.
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// By what explanations weigh its nodes.
    pub fn weigh(&self) -> Weigh {
        self.weigh
    }

    /// A boosted model as such a sum.
    pub(crate) fn boosted(link: Link, first: &[f64], base: &[f64], forest: &Forest) -> Result<TreeSum> {
        room::ask(forest.memory())?;
        Ok(TreeSum {
            link,
            first: first.to_vec(),
            base: base.to_vec(),
            weigh: Weigh::Rows,
            forest: forest.clone(),
        })
    }

    fn weight(&self, node: usize) -> f64 {
        let stats = self.forest.stats(node);
        match self.weigh {
            Weigh::Rows => f64::from(stats.rows),
            Weigh::Covers => stats.cover,
            Weigh::Unknown => 1.0,
        }
    }

    #[inline]
    fn score_by(&self, out: &mut [f64], add: impl FnOnce(&mut [f64])) {
        match self.first[..] {
            [first] => self.link.of_one(in_lanes(first, add), out),
            _ => {
                out.copy_from_slice(&self.first);
                add(out);
                self.link.of_classes(out);
            }
        }
    }
}

impl Form for TreeSum {
    const CODE: u16 = 50;
}

impl Fitted for TreeSum {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let sums = self.link.sums();
        if !self.link.is_sound() || self.first.len() != sums || !self.forest.trees().is_multiple_of(sums) {
            return Err(Error::damaged(WHAT, "the number of classes is wrong"));
        }
        if self.first.iter().any(|first| !first.is_finite()) || !is_base(&self.base, sums) {
            return Err(Error::damaged(WHAT, "a number is not finite"));
        }
        self.forest.validate(features, monitor)?;
        let is_split = |node: &usize| self.forest.children(*node).is_some();
        let mut splits = (0..self.forest.flat().nodes()).filter(is_split);
        match splits.any(|node| self.weight(node) <= 0.0) {
            true => Err(Error::damaged(WHAT, "no row came to a split")),
            false => Ok(()),
        }
    }

    fn memory(&self) -> usize {
        self.forest.memory() + (self.first.capacity() + self.base.capacity()) * size_of::<f64>()
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.first);
        self.forest.add_scores(row, out);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(
        &self,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Box<dyn Explainer>> {
        if self.weigh == Weigh::Unknown && !matches!(baseline, Baseline::Background(_)) {
            return Err(Error::data(
                "the imported model does not say how many rows came to the nodes of its trees",
                "explain it against the rows of a query: assay.explain_query(model, query, key, baseline => query)",
            ));
        }
        let ensemble = Ensemble {
            trees: self.forest.flat(),
            covers: (0..self.forest.flat().nodes()).map(|node| self.weight(node)).collect(),
            first: self.first.clone(),
            leaves: self,
            margins: Margins::Sums,
        };
        Ok(Box::new(TreeExplainer::new(&ensemble, features, baseline, monitor)?))
    }

    fn outline(&self) -> Option<Outline<'_>> {
        let head = match self.link {
            Link::Identity => Head::Identity,
            Link::Exp => Head::Exp,
            Link::Binary { scale: 1.0 } => Head::Logistic,
            Link::Softmax { .. } => Head::Softmax,
            Link::Share => Head::Share,
            Link::Binary { .. }
            | Link::Square
            | Link::Logistic { .. }
            | Link::Softplus
            | Link::OneVsRest { .. }
            | Link::Shares { .. } => return None,
        };
        Some(Outline::Trees(TreesOutline {
            trees: self.forest.flat(),
            first: self.first.clone(),
            leaves: self,
            head,
        }))
    }

    fn importance(&self, columns: usize) -> Option<Vec<Importance>> {
        Some(self.forest.importance(columns))
    }

    fn tree_sum(&self, _: &dyn Monitor) -> Result<Option<TreeSum>> {
        room::ask(self.memory())?;
        Ok(Some(self.clone()))
    }

    fn scorer(&self) -> Option<Box<dyn Estimator>> {
        Some(Box::new(Prepared {
            blocks: Blocks::new(&self.forest)?,
            // Trees stand in the blocks.
            sum: TreeSum {
                forest: Forest::default(),
                first: self.first.clone(),
                base: Vec::new(),
                ..*self
            },
        }))
    }
}

impl LeafValues for TreeSum {
    fn each(&self, tree: usize, node: usize, add: &mut dyn FnMut(usize, f64)) {
        add(tree % self.first.len(), self.forest.stats(node).value);
    }
}

impl Estimator for TreeSum {
    fn outputs(&self) -> usize {
        self.link.classes().unwrap_or(1)
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.score_by(out, |sums| self.forest.add_scores(row, sums));
    }
}

/// The same prepared for scoring many rows: gives the same scores, to the bit.
struct Prepared {
    blocks: Blocks,
    sum: TreeSum,
}

impl Estimator for Prepared {
    fn outputs(&self) -> usize {
        self.sum.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        self.sum.score_by(out, |sums| self.blocks.add_scores(row, sums));
    }
}
