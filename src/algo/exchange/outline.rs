//! What a fitted model is, whatever learned it, for those who write it in another format.

use crate::explain::LeafValues;
use crate::trees::tree::Trees;

/// What makes sums a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The sum is the number.
    Identity,
    /// The sum is the number's logarithm.
    Exp,
    /// Two classes: the sum is the logarithm of the odds of the second.
    Logistic,
    /// Each class has a sum; probabilities are their softmax.
    Softmax,
    /// Two classes: the sum is the probability of the second.
    Share,
    /// Each class has a sum; probabilities are the sums divided by their sum.
    Shares,
}

/// A fitted model.
pub enum Outline<'a> {
    /// Weighted sums of the features.
    Linear(LinearOutline),
    /// Sums of trees.
    Trees(TreesOutline<'a>),
}

/// Weighted sums.
pub struct LinearOutline {
    /// One for each sum.
    pub intercepts: Vec<f64>,
    /// One for each feature.
    pub terms: Vec<TermOutline>,
    /// What makes them a prediction.
    pub head: Head,
}

/// What a feature adds.
pub enum TermOutline {
    /// A number: the weight of each sum, times the number less `centre`. `imputed` stands for a missing one.
    Number {
        /// One for each sum.
        weights: Vec<f64>,
        /// What is taken away.
        centre: f64,
        /// What stands for a missing number.
        imputed: f64,
    },
    /// A category: for each code, and last for a missing value, what is added to each sum. An unseen level adds nothing.
    Category {
        /// One list for each code.
        codes: Vec<Vec<f64>>,
    },
}

/// Sums of trees.
pub struct TreesOutline<'a> {
    /// The trees.
    pub trees: &'a Trees,
    /// The sums before the first tree.
    pub first: Vec<f64>,
    pub(crate) leaves: &'a dyn LeafValues,
    /// What makes them a prediction.
    pub head: Head,
}
