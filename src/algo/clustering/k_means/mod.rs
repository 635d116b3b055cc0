//! K-means: clusters around centres, each row in that of the nearest.

mod choose;
mod fit;
mod model;
#[cfg(test)]
mod tests;

pub use fit::{KMeansLearner, KMeansParams};
pub(super) use fit::{from_rows, given};
pub use model::KMeans;
