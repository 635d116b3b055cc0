//! Models of trees as explanations see them: sums of trees, and how margins are made of the sums.

use crate::trees::tree::Trees;

/// A model of trees.
pub(crate) struct Ensemble<'a> {
    /// The trees.
    pub(crate) trees: &'a Trees,
    /// What came to each node in training.
    pub(crate) covers: Vec<f64>,
    /// What each sum is before the first tree.
    pub(crate) first: Vec<f64>,
    /// What leaves add to which sums.
    pub(crate) leaves: &'a dyn LeafValues,
    /// What the sums are.
    pub(crate) margins: Margins,
}

/// What leaves add.
pub(crate) trait LeafValues {
    /// Calls `add` with each sum to which the leaf `node` of `tree` adds something, and with what it adds.
    fn each(&self, tree: usize, node: usize, add: &mut dyn FnMut(usize, f64));
}

/// What the sums of a model's trees are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Margins {
    /// The margins.
    Sums,
    /// The second of two margins that add up to 1.
    Second,
    /// Shares of classes. They are rounded, so that they add up to 1 only nearly; the margins are the shares divided by their sum.
    Shares,
}

impl Margins {
    /// To which margin a sum belongs.
    pub(super) fn of_sum(self, sum: usize) -> usize {
        match self {
            Margins::Sums | Margins::Shares => sum,
            Margins::Second => 1,
        }
    }

    /// The means of the margins, from those of the sums.
    pub(super) fn base(self, sums: &[f64]) -> Vec<f64> {
        match self {
            Margins::Sums => sums.to_vec(),
            Margins::Second => vec![1.0 - sums[0], sums[0]],
            Margins::Shares => {
                let total: f64 = sums.iter().sum();
                sums.iter().map(|share| share / total).collect()
            }
        }
    }

    /// Makes attributions of the margins of one row from those of the sums, which stand where those of their margins are to be. `sums` are the means of
    /// the sums, `base` those of the margins.
    pub(super) fn finish(self, sums: &[f64], base: &[f64], width: usize, out: &mut [f64]) {
        match self {
            Margins::Sums => {}
            Margins::Second => {
                let (first, second) = out.split_at_mut(width);
                first
                    .iter_mut()
                    .zip(second)
                    .for_each(|(first, second)| *first = -*second);
            }
            Margins::Shares => {
                let shares = sums.iter().zip(out.chunks_exact(width));
                let shares: Vec<f64> = shares.map(|(mean, out)| mean + out.iter().sum::<f64>()).collect();
                let total: f64 = shares.iter().sum();
                for ((share, base), out) in shares.iter().zip(base).zip(out.chunks_exact_mut(width)) {
                    let all: f64 = out.iter().sum();
                    let size: f64 = out.iter().map(|part| part.abs()).sum();
                    // What rounding took from the shares, about 1e-8, goes to the features by the size of what they add.
                    let rest = share / total - base - all;
                    if size > 0.0 {
                        out.iter_mut().for_each(|part| *part += rest * (part.abs() / size));
                    }
                }
            }
        }
    }
}
