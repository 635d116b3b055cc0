//! Drift: how far a column has moved from its reference, and how sure that is.
//!
//! Each side is read once into a [`Distribution`] a column: values counted exactly while they are few, in nested cells afterwards, so that
//! both sides meet in the same cells and the answer depends neither on the order of the rows nor on parallel workers. [`compare`] measures
//! one column by one of the [`Method`]s; [`decide`] says which of all comparisons are alarms.

mod bins;
mod categories;
mod cells;
mod compare;
mod correlation;
mod decision;
mod distance;
mod distribution;
mod histogram;
mod method;
mod ordered;
mod pages;
mod pairs;
mod settings;
mod steps;

#[cfg(test)]
mod tests;

pub use categories::{Both, Category};
pub use cells::Limits;
pub use compare::{BinShares, Comparison, NumberSide, categories as compare_categories, numbers as compare_numbers};
pub use correlation::{Correlation, Correlations, correlations_differ, swapped};
pub use decision::{Evidence, Verdict, decide, shares_differ};
pub use distribution::{Categories, Distribution, Numbers, Scale, ValueDistribution};
pub use histogram::side_by_side;
pub use method::{Compat, Method, Rule};
pub use settings::{BinChoice, Settings};
pub use steps::{Piece, Steps};
