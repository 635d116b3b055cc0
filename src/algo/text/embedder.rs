//! What turns texts into vectors.

use std::sync::Arc;

use crate::error::Result;
use crate::monitor::Monitor;

/// The bytes of an embedder, shared by whoever reads them: a memory-mapped file, or memory of the process. They begin at a multiple of 64.
pub type Image = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What turns texts into vectors here, without asking anybody.
pub trait Encoder: Send + Sync {
    /// How many numbers a vector has.
    fn width(&self) -> usize;

    /// The most tokens of a text that count, those that every text gets included; the others are cut off. `usize::MAX` where all count.
    fn window(&self) -> usize;

    /// The byte after each token of `text`, ascending, without tokens that every text gets.
    fn token_ends(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>>;

    /// The vectors of texts, one after the other: `texts.len() * width()` numbers.
    fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()>;
}
