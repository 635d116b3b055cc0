//! Mergeable sketches: small states that answer about many rows. Each is exact while that takes little memory, and states the error of
//! its answers afterwards.
//!
//! A sketch depends on its seed and on the rows pushed, never on the clock or an address: the same pushes give the same state.

mod distinct;
mod frequent;
mod key;
mod kll;
mod quantiles;
mod sampler;
mod table;
mod weighted;

#[cfg(test)]
mod tests;

pub use distinct::{Distinct, HyperLogLog};
pub use frequent::Frequent;
pub use key::{Key, Label, from_ordered, hash_text, ordered};
pub use kll::Kll;
pub use quantiles::Quantiles;
pub use sampler::Sampler;
pub use table::Table;
pub use weighted::Weighted;

use super::error::Error;

/// Standard deviations on either side of the mean that hold 99 % of a normal distribution: the confidence of every stated error.
pub const CONFIDENCE_99: f64 = 2.575_829_303_548_901;

/// Rows that a sketch may have seen: far more than anyone has, and far from overflow when many are merged.
pub const MAX_ROWS: u64 = 1 << 53;

/// The error of merging sketches of other capacities.
fn other_capacity(what: &str, left: usize, right: usize) -> Error {
    Error::Mismatch {
        left: format!("{what} of capacity {left}"),
        right: format!("one of capacity {right}"),
    }
}
