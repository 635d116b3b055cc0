//! K-means: clusters around centres, each row in that of the nearest.

mod by_sums;
mod choose;
mod fit;
mod model;
mod summing;
#[cfg(test)]
mod tests;

pub use fit::{KMeansLearner, KMeansParams};
pub(super) use fit::{from_rows, given};
pub use model::KMeans;
pub use summing::ClustersPass;
pub(crate) use summing::{Adding, ClustersSums};
