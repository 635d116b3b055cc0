//! How good a search is: what of the relevant documents it finds, and how early, over questions whose relevant documents are known.

mod evidence;
mod measure;

pub use evidence::{Evidence, Mean, compare, mean};
pub use measure::{Judged, Measure};

#[cfg(test)]
mod tests;
