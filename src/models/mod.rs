//! Models in SQL: training, the registry, scoring, judging.

mod binding;
mod cache;
mod calibrate;
mod columns;
mod comparing;
mod cross_validate;
mod deployment;
pub mod describe;
mod elsewhere;
mod exchange;
pub mod explain;
mod fold_by;
pub mod forecast;
mod form;
mod grants;
mod groups;
mod guard;
pub mod in_use;
mod inspect;
mod intervals;
pub mod judging;
mod keyed_rows;
mod known;
mod last_row;
mod leakage;
mod linear_statistics;
mod logging;
mod metrics;
mod new_version;
mod packing;
mod predict;
mod publishing;
mod race;
mod reading;
pub mod registry;
mod request;
mod sampling;
mod scorer;
mod scoring_view;
mod split;
mod states;
mod store;
mod sums;
mod train;
mod train_many;
mod trials;
mod tune;
mod unsupervised;
mod untyped;
mod version_metrics;

pub use deployment::record as record_deployment;
pub use known::{Feature, features, gains, version_of};
pub use new_version::{MOST_BYTES, NewVersion, too_large};
pub use publishing::pinned;
pub use registry::{Privilege, by_id, may, require, resolve};
pub use request::carry_out;
use sha2::{Digest, Sha256};
pub use store::Deploy;
pub use train::check_name;

use algo::monitor::Monitor;

/// SHA-256 in hexadecimal, as SQL's `encode(sha256(bytes), 'hex')` gives it. Returns an error only when stopped.
pub fn hash_of(bytes: &[u8], monitor: &dyn Monitor) -> algo::error::Result<String> {
    let mut digest = Sha256::new();
    for part in bytes.chunks(1 << 20) {
        monitor.check()?;
        digest.update(part);
    }
    Ok(hex(&digest.finalize()))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            use std::fmt::Write;
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
