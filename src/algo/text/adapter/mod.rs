//! Adapters: linear maps that are learned on top of an embedder's vectors, from questions with texts that answer them. The embedder stays as it is.

mod fit;
mod image;
mod judge;
mod map;
mod matrix;
mod options;
mod pairs;
#[cfg(test)]
mod tests;

pub use fit::{Fitted, fit};
pub use image::{Adapter, Base, FORMAT};
pub use judge::{Judgement, judge};
pub use map::Map;
pub use options::{Kind, Options};
pub use pairs::{Distinct, Division, Pairs, Positive};
