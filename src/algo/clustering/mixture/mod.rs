//! Gaussian mixtures: rows come from several normal distributions, of which each row tells how probable it is that it came from them.
//!
//! | file | idea |
//! |---|---|
//! | `shape` | covariances, and what makes differences from a mean independent of each other |
//! | `density` | the components' densities of a block of rows |
//! | `moments` | sums over rows, by how much they belong to each component |
//! | `expectation` | the EM algorithm over all rows |
//! | `choose` | how many components there are |
//! | `fit`, `model` | the learner and what it fits |

mod choose;
mod density;
mod expectation;
mod fit;
mod model;
mod moments;
mod shape;
#[cfg(test)]
mod tests;

pub use fit::{GaussianMixtureLearner, GaussianMixtureParams};
pub use model::GaussianMixture;
pub use shape::Covariance;
