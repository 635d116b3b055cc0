//! The mathematics of checks that need more than a predicate on a row.

pub mod threshold;
