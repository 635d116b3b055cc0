//! The one idea that carries every pass over rows: push rows, merge with another pass, keep as bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::Result;

/// A pass over rows. Pushing is each accumulator's own, because rows differ; the rest is the same for all.
///
/// Finishing an accumulator never consumes it: a window asks again after more rows.
pub trait Accumulator: Serialize + DeserializeOwned {
    /// Adds what `other` saw, as if its rows had been pushed here. Returns [`super::error::Error::Mismatch`] when the two were
    /// made for different things.
    fn merge(&mut self, other: &Self) -> Result<()>;

    /// Checks every invariant that the other methods rely on. Called on each decoded value, whose bytes may be hostile.
    fn validate(&self) -> Result<()>;

    /// Bytes held on the heap.
    fn memory(&self) -> usize;
}
