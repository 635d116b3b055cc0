//! Models in SQL: training, the registry, scoring, judging.

mod cache;
mod columns;
mod deployment;
mod evaluate;
mod features;
mod grants;
mod inspect;
mod judge;
mod known;
mod linear_statistics;
mod metrics;
mod predict;
mod prepare;
mod registry;
mod scorer;
mod states;
mod train;

pub use known::{Feature, features, gains};
pub use registry::check_name;
use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal, as SQL's `encode(sha256(bytes), 'hex')` gives it.
fn hash_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use std::fmt::Write;
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
